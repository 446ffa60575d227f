//! What a run is, and what it can say beside its results.

mod status;
mod stream;

pub use status::RunStatus;
pub use stream::Stream;
pub(crate) use stream::{Streams, drawn_seed};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::parameter::Identity;
use crate::result::{Members, ResultGroup};
use crate::schema::Leaf;
use crate::storage::DynamicColumn;
use crate::value::{Cells, ResultValue};

/// The run that is being carried out, as `&mut Run` in an experiment's arguments.
#[derive(Debug)]
pub struct Run {
    index: usize,
    n_runs: usize,
    cancelled: Arc<AtomicBool>,
    deadline: Option<Instant>,
    streams: Streams,
    added: Vec<AddedResult>,
}

/// A result that no result set declares.
#[derive(Debug)]
pub(crate) struct AddedResult {
    /// Whether it is a result or an annotation.
    pub(crate) branch: &'static str,
    pub(crate) leaf: Leaf,
    /// One cell.
    pub(crate) cells: Cells,
}

impl AddedResult {
    /// A group, member by member.
    pub(crate) fn members<G: ResultGroup>(name: &str, group: &G) -> impl Iterator<Item = Self> {
        let mut members = Members::default();
        group.put(&mut members);
        members.into_members().into_iter().map(move |(mut leaf, cells)| {
            leaf.name = format!("{name}.{}", leaf.name);
            Self { branch: DynamicColumn::RESULTS, leaf, cells }
        })
    }
}

impl Run {
    pub(crate) fn new(n_runs: usize, cancelled: Arc<AtomicBool>, streams: Streams) -> Self {
        Self { index: 0, n_runs, cancelled, deadline: None, streams, added: Vec::new() }
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
    /// Nothing is written before the run ends. A name that is malformed or given twice in one run fails the
    /// run, and the error says so.
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn add_result<V: ResultValue>(&mut self, name: &str, value: V) {
        self.add(DynamicColumn::RESULTS, name, &value);
    }

    /// Notes something about this run, as `runs/annotations/<key>`: a column with a value for each run that has one.
    ///
    /// Keys are as the names of added results, and mistakes fail the run in the same way.
    #[expect(clippy::needless_pass_by_value, reason = "a note that was taken is done with")]
    pub fn annotate<V: ResultValue>(&mut self, key: &str, value: V) {
        self.add(DynamicColumn::ANNOTATIONS, key, &value);
    }

    fn add<V: ResultValue>(&mut self, branch: &'static str, name: &str, value: &V) {
        let mut value_type = V::value_type();
        let mut cells = Cells::of(&value_type);
        value.write(&mut cells);
        // Runs may add arrays of different lengths under one name.
        value_type.shape.fill(None);
        self.added.push(AddedResult { branch, leaf: Leaf::new(name, value_type), cells });
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
    }

    /// The added results.
    pub(crate) fn take_added(&mut self) -> Vec<AddedResult> {
        std::mem::take(&mut self.added)
    }
}

/// Checks what one run adds beside the declared results: names, and whether values can be stored.
pub(crate) fn check_added(added: &[AddedResult], declared: &[Leaf]) -> Result<(), AddResultError> {
    for (position, AddedResult { branch, leaf, cells }) in added.iter().enumerate() {
        let (own, name) = (&leaf.name, || leaf.name.clone());
        if !is_valid_name(own) {
            return Err(AddResultError::Name { name: name() });
        }
        if added[..position].iter().any(|earlier| (earlier.branch, &earlier.leaf.name) == (*branch, own)) {
            return Err(AddResultError::Twice { name: name() });
        }
        let is_result = *branch == DynamicColumn::RESULTS;
        if is_result && declared.iter().any(|result| result.name == *own) {
            return Err(AddResultError::Declared { name: name() });
        }
        let earlier = added[..position].iter().filter(|earlier| earlier.branch == *branch).map(|earlier| &earlier.leaf);
        let mut others = earlier.chain(declared.iter().filter(|_| is_result)).map(|leaf| &leaf.name);
        if let Some(other) = others.find(|other| is_inside(own, other) || is_inside(other, own)) {
            let (inner, outer) = if is_inside(own, other) { (own, other) } else { (other, own) };
            return Err(AddResultError::Inside { inner: inner.clone(), outer: outer.clone() });
        }
        if let Some(problem) = cells.refusal() {
            return Err(AddResultError::Refused { name: name(), problem: problem.into() });
        }
    }
    Ok(())
}

/// Whether a result would lie in a group that has the name of the other.
fn is_inside(name: &str, other: &str) -> bool {
    name.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'))
}

/// Why a result cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddResultError {
    /// A name that would be no path.
    #[error("`{name}` is no name for a result; use letters, digits and `_`, with dots between groups")]
    Name {
        /// The name given.
        name: String,
    },
    /// The same name twice in one run.
    #[error("the result `{name}` was added twice in one run; add it once, or under two names")]
    Twice {
        /// The name given.
        name: String,
    },
    /// One name would be a value and a group.
    #[error("the result `{inner}` would lie in `{outer}`, which is a value and no group; rename one of them")]
    Inside {
        /// The result with the longer name.
        inner: String,
        /// The one in which it would lie.
        outer: String,
    },
    /// A declared result of this name exists.
    #[error("the result `{name}` is declared in the result set; add yours under another name")]
    Declared {
        /// The name given.
        name: String,
    },
    /// A value that cannot be stored without loss.
    #[error("the result `{name}` cannot be stored: {problem}")]
    Refused {
        /// The name of the result.
        name: String,
        /// Why not.
        problem: String,
    },
}

/// Whether each dot-separated part begins with a letter or `_` and goes on with letters, digits and `_`.
pub(crate) fn is_valid_name(name: &str) -> bool {
    name.split('.').all(|part| {
        let starts_well = part.starts_with(|c: char| c.is_alphabetic() || c == '_');
        starts_well && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_results_have_proper_names_given_once() {
        let mut run = Run::new(1, Arc::default(), Streams::of_nothing());
        let mut check = |add: fn(&mut Run)| {
            run.start(0, None);
            add(&mut run);
            check_added(&run.take_added(), &[Leaf::new("rate", f64::value_type())])
        };
        assert_eq!(check(|run| run.add_result("net.size", 3_u32)), Ok(()));
        assert!(matches!(check(|run| run.add_result("../etc", 3_u32)), Err(AddResultError::Name { .. })));
        assert!(matches!(check(|run| run.add_result("rate", 3_u32)), Err(AddResultError::Declared { .. })));
        let twice = check(|run| {
            run.add_result("a", 1.0);
            run.add_result("a", 2.0);
        });
        assert!(matches!(twice, Err(AddResultError::Twice { .. })));
        let inside = check(|run| {
            run.add_result("net.size", 1.0);
            run.add_result("net", 2.0);
        });
        assert!(matches!(inside, Err(AddResultError::Inside { inner, .. }) if inner == "net.size"));
        assert!(matches!(check(|run| run.add_result("rate.max", 1.0)), Err(AddResultError::Inside { .. })));
        assert_eq!(check(|run| run.add_result("rates", 1.0)), Ok(()));
    }
}
