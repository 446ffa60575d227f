//! Engines: who carries out runs. They know nothing of experiments, files or storage.

#[cfg_attr(not(unix), path = "processes/elsewhere.rs")]
pub(crate) mod processes;
mod serial;
mod threads;

pub use processes::Processes;
pub use serial::Serial;
pub use threads::Threads;

use std::fmt::Debug;

/// Carries out work on a number of workers.
///
/// Every worker draws its runs from the same queue, so an engine decides where runs happen and never which.
pub trait Engine: Debug + Send + Sync {
    /// The name in options and files.
    fn name(&self) -> &'static str;

    /// How many workers there are; at least one.
    fn n_workers(&self) -> usize;

    /// Calls `work` once for each worker, with its number, and returns when all have returned.
    fn execute(&self, work: &(dyn Fn(usize) + Sync));
}

/// Why an engine cannot work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The system gives no further process.
    #[error("cannot start this program again as a worker process")]
    Process {
        /// What the system says.
        source: std::io::Error,
    },
    /// A worker process ended before it could carry out a run.
    #[error(
        "a worker process {how}\nit ended before it was ready to carry out runs; started again with the same arguments, \
         the program must come to the same study"
    )]
    NotReady {
        /// How it ended, and what it said.
        how: String,
    },
    /// This system has no worker processes.
    #[error("the engine `processes` is only for unix; use `threads`")]
    OnlyUnix,
    /// The system gives no more threads.
    #[error("cannot start {n_threads} threads; ask for fewer with `threads`")]
    Threads {
        /// How many were wanted.
        n_threads: usize,
        /// What the system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
