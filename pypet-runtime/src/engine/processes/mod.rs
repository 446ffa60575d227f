//! Worker processes of the same program, and byte messages between them and it.
//!
//! [`Processes`] starts this program again as a [`WorkerProcess`], whose standard input is one end of a pair of
//! sockets; in there [`Link`] is the other end. `frames` cuts the stream of bytes into messages, `output` passes
//! on what a worker writes, `death` puts into words how it ended. What the messages mean, and what becomes of
//! a run whose worker died, is no concern of this folder.
//!
//! A worker leads a process group of its own: Ctrl-C at the terminal does not reach it, and it is killed together
//! with all that it has started. When the program is gone, the socket closes and the worker ends itself.

mod death;
mod frames;
mod link;
mod output;
mod worker;

pub(crate) use link::{Link, request};
pub(crate) use output::mark_outputs;
pub(crate) use worker::{Received, WorkerProcess};

use std::ffi::OsString;
use std::sync::Arc;
use std::thread;

use super::{Engine, EngineError};
use crate::logs::Stream;

/// Takes each line that a worker writes, with the run that it is of and how often that was tried before.
pub(crate) type Listener = Arc<dyn Fn(Stream, Option<(usize, usize)>, &[u8]) + Send + Sync>;

/// Carries out runs in processes of the same program, each of which does one run at a time.
#[derive(Debug, Clone)]
pub struct Processes {
    n_workers: usize,
    arguments: Vec<OsString>,
}

impl Processes {
    /// This many workers; one for each core for 0.
    ///
    /// They are started with these arguments, or with those of this program.
    ///
    /// # Errors
    /// None on unix.
    pub fn new(n_workers: usize, arguments: Option<&[OsString]>) -> Result<Self, EngineError> {
        let n_cores = || thread::available_parallelism().map_or(1, usize::from);
        let arguments = arguments.map_or_else(|| std::env::args_os().skip(1).collect(), <[_]>::to_vec);
        Ok(Self { n_workers: if n_workers == 0 { n_cores() } else { n_workers }, arguments })
    }

    /// Starts a worker, which finds the request in its environment.
    ///
    /// # Errors
    /// The system gives no further process.
    pub(crate) fn start_worker(&self, request: &str, listener: &Listener) -> Result<WorkerProcess, EngineError> {
        WorkerProcess::start(self, request, listener).map_err(|source| EngineError::Process { source })
    }
}

impl Engine for Processes {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn n_workers(&self) -> usize {
        self.n_workers
    }

    /// Each call looks after one worker process, so it takes a thread but no core.
    fn execute(&self, work: &(dyn Fn(usize) + Sync)) {
        thread::scope(|scope| {
            for number in 0..self.n_workers {
                scope.spawn(move || work(number));
            }
        });
    }
}
