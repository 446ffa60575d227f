//! Observers: those who want to know how a study goes, and may not get in its way.
//!
//! Each [`Observer`] hears of what happens on a thread of its own (`telling`). What waits for it is bounded: one that
//! is slow misses events, one that panics hears of nothing more, and one that hangs is left behind at the end. Each is
//! said once, and no run waits. [`Hook`] tells other programs.

mod hook;
mod telling;

pub use hook::Hook;
pub(super) use telling::Telling;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;

use super::panics;
use crate::error::{BoxError, Error};
use crate::run::RunStatus;

/// Hears how studies go.
///
/// All methods do nothing unless they are written. Resuming a trajectory is a study, and so is each round of further
/// points that post-processing asks for. Worker processes tell nobody; their program does.
///
/// # Examples
/// ```
/// use pypet_runtime::environment::{Environment, Observer, RunFailed, StudyFinished};
///
/// struct Bell;
///
/// impl Observer for Bell {
///     fn run_failed(&mut self, run: &RunFailed) {
///         println!("\u{7}run {} failed: {}", run.run, run.message);
///     }
///
///     fn finished(&mut self, study: &StudyFinished) {
///         println!("\u{7}{} runs done", study.n_done);
///     }
/// }
///
/// let environment = Environment::in_memory().with_observer(Bell);
/// ```
pub trait Observer: Send {
    /// Whether it can do its work; asked before the first run.
    ///
    /// # Errors
    /// It cannot; then the study does not begin.
    fn ready(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    /// The trajectory is in its file, and the first run is about to begin.
    fn started(&mut self, _study: &StudyStarted) {}

    /// A run is done; when it is durable is told by [`committed`](Self::committed).
    fn run_finished(&mut self, _run: &RunFinished) {}

    /// A try of a run has failed.
    fn run_failed(&mut self, _run: &RunFailed) {}

    /// What was told before is in the file, whatever happens from now on.
    fn committed(&mut self, _counts: &Committed) {}

    /// All is stored; also told of a study that was stopped or failed.
    fn finished(&mut self, _study: &StudyFinished) {}

    /// How long the end of a study waits for this observer.
    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }
}

/// A study begins.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StudyStarted {
    /// The trajectory's name.
    pub trajectory: String,
    /// The experiment's.
    pub experiment: String,
    /// Where it is stored, unless it is in memory.
    pub file: Option<PathBuf>,
    /// Runs of the trajectory.
    pub n_runs: usize,
    /// Runs that are to be carried out.
    pub n_left: usize,
}

/// A run is done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunFinished {
    /// Its index.
    pub run: usize,
    /// When it began, in seconds since 1970.
    pub started: f64,
    /// How many seconds it took.
    pub runtime: f64,
}

/// A run has failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunFailed {
    /// Its index.
    pub run: usize,
    /// `failed`, `timed out`, or `pending` if it will be tried again.
    #[serde(serialize_with = "as_text")]
    pub status: RunStatus,
    /// Why.
    pub message: String,
    /// Where, as far as it is known.
    pub place: String,
}

/// Runs are in the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Committed {
    /// Runs that this study has done so far.
    pub n_done: usize,
    /// Runs that have failed in it so far.
    pub n_failed: usize,
}

/// A study has ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StudyFinished {
    /// The trajectory's name.
    pub trajectory: String,
    /// Where it is stored, unless it is in memory.
    pub file: Option<PathBuf>,
    /// `finished`; `stopped` if runs are left that can be resumed; `failed` if the file or the engine gave up.
    pub state: &'static str,
    /// Runs that were done.
    pub n_done: usize,
    /// Runs that failed.
    pub n_failed: usize,
    /// Runs that were not carried out.
    pub n_left: usize,
    /// How long it took.
    pub seconds: f64,
    /// Why it failed; empty if it did not.
    pub error: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn as_text<S: serde::Serializer>(status: &RunStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(status)
}

/// Observers that an environment tells.
#[derive(Clone, Default)]
pub struct Observers(Vec<Arc<Mutex<Box<dyn Observer>>>>);

impl Observers {
    /// Adds one.
    pub fn add(&mut self, observer: impl Observer + 'static) {
        self.0.push(Arc::new(Mutex::new(Box::new(observer))));
    }
}

impl Observers {
    /// # Errors
    /// One of them cannot do its work.
    pub(super) fn expect_ready(&self) -> Result<(), Error> {
        for observer in &self.0 {
            // One that still has not ended its last study cannot be asked.
            let Ok(mut observer) = observer.try_lock() else { continue };
            let ready = panics::catch(|| observer.ready()).unwrap_or_else(|panic| Err(panic.message.into()));
            ready.map_err(Error::Observer)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} observers", self.0.len())
    }
}
