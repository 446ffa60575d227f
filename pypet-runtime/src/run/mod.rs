//! What a run is, and what it can say beside its results.

mod added;
mod aside;
mod early;
mod status;
mod stream;

pub use added::AddResultError;
pub(crate) use added::{AddedResult, check_added, is_valid_name};
pub(crate) use aside::{Beside, Depot, EarlyResult, Part, SliceWrite};
pub(crate) use early::Early;
pub use status::RunStatus;
pub use stream::Stream;
pub(crate) use stream::{Streams, drawn_seed};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::parameter::Identity;
use crate::result::ResultGroup;
use crate::storage::DynamicColumn;
use crate::value::ResultValue;

/// The run that is being carried out, as `&mut Run` in an experiment's arguments.
#[derive(Debug)]
pub struct Run {
    index: usize,
    n_runs: usize,
    cancelled: Arc<AtomicBool>,
    deadline: Option<Instant>,
    streams: Streams,
    added: Vec<AddedResult>,
    early: Early,
}

impl Run {
    pub(crate) fn new(n_runs: usize, cancelled: Arc<AtomicBool>, streams: Streams, early: Early) -> Self {
        Self { index: 0, n_runs, cancelled, deadline: None, streams, added: Vec::new(), early }
    }

    /// Position in the trajectory, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Number of runs of the trajectory.
    #[must_use]
    pub fn n_runs(&self) -> usize {
        self.n_runs
    }

    /// Whether the study is being stopped or the run has used up its time, so that a long run may end early.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The run's stream of random numbers; a second call goes on where the first stopped.
    ///
    /// It depends on the seed, the parameters of the point and the number of the repetition alone, so a run gets
    /// the same numbers on any number of threads, after resuming, and in a larger exploration.
    ///
    /// # Source
    /// `docs/reproducibility.md` tells how another program computes the same numbers.
    ///
    /// # Examples
    /// ```text
    /// #[experiment]
    /// fn walk(p: &Walk, run: &mut Run) -> f64 {
    ///     (0..p.n_steps).map(|_| run.rng().random_range(-1.0..1.0)).sum()
    /// }
    ///
    /// let traj = Environment::in_memory().with_seed(7).run::<walk>(Exploration::single().repeat("trial", 3))?;
    /// let ends = traj.all(walk::results())?;
    /// assert!(ends[0] != ends[1] && ends[1] != ends[2]);
    /// ```
    pub fn rng(&mut self) -> &mut Stream {
        self.streams.get("")
    }

    /// A further stream, independent of all others of the run, so that a part of a simulation keeps its numbers
    /// when another part draws more.
    ///
    /// Each name has one stream in a run; a second call goes on where the first stopped. To hold several at
    /// once, clone them: `let mut synapses = run.rng_for("synapses").clone();`.
    pub fn rng_for(&mut self, name: &str) -> &mut Stream {
        self.streams.get(name)
    }

    /// The identity of the run's point: equal for equal parameter values, wherever they are visited.
    pub fn identity(&mut self) -> Identity {
        self.streams.identity()
    }

    /// Adds a result that the result set does not foresee, as `results/<name>`.
    ///
    /// Names consist of letters, digits and `_`, with dots between groups: `network.layer_1`.
    /// Nothing is written before the run ends; [`write`](Self::write) is for values that are too large for that. A name that is malformed or given twice in one run fails the
    /// run, and the error says so.
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn add_result<V: ResultValue>(&mut self, name: &str, value: V) {
        self.added.push(AddedResult::of(DynamicColumn::RESULTS, name, &value));
    }

    /// Notes something about this run, as `runs/annotations/<key>`: a column with a value for each run that has one.
    ///
    /// Keys are as the names of added results, and mistakes fail the run in the same way.
    #[expect(clippy::needless_pass_by_value, reason = "a note that was taken is done with")]
    pub fn annotate<V: ResultValue>(&mut self, key: &str, value: V) {
        self.added.push(AddedResult::of(DynamicColumn::ANNOTATIONS, key, &value));
    }

    /// Adds a group of results, such as a `Table`, as `results/<name>/<member>`; see [`Run::add_result`].
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn add_group<G: ResultGroup>(&mut self, name: &str, group: G) {
        self.added.extend(AddedResult::members(name, &group));
    }

    pub(crate) fn start(&mut self, index: usize, deadline: Option<Instant>) {
        self.index = index;
        self.deadline = deadline;
        self.streams.start(index);
        self.added.clear();
        self.early.begin();
    }

    /// The run has ended: completes what it has added by records of what it has written of shared arrays.
    ///
    /// # Errors
    /// The first mistake that the run has made with what it handed over before its end.
    pub(crate) fn end(&mut self) -> Result<&mut Vec<AddedResult>, AddResultError> {
        if let Some(mistake) = self.early.mistake() {
            return Err(mistake);
        }
        self.early.note_slices(&mut self.added);
        Ok(&mut self.added)
    }

    /// What the run has added.
    pub(crate) fn take_added(&mut self) -> impl Iterator<Item = AddedResult> {
        self.added.drain(..)
    }

    /// What it has written of shared arrays.
    pub(crate) fn take_slices(&mut self) -> impl Iterator<Item = SliceWrite> {
        self.early.take_slices()
    }
}
