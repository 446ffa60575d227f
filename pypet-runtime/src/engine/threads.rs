//! Runs on the threads of a rayon pool.

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Engine, EngineError};

/// Carries out runs on the threads of a pool of its own.
///
/// A simulation that uses rayon itself works in the same pool, so it takes no further cores; when the last
/// runs leave threads idle, they help.
#[derive(Debug)]
pub struct Threads {
    pool: ThreadPool,
}

impl Threads {
    /// A pool of this many threads; of all cores for 0.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn new(n_threads: usize) -> Result<Self, EngineError> {
        let builder = ThreadPoolBuilder::new().num_threads(n_threads).thread_name(|i| format!("pypet-run-{i}"));
        let pool = builder.build().map_err(|source| EngineError::Threads { n_threads, source: source.into() })?;
        Ok(Self { pool })
    }
}

impl Engine for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn n_workers(&self) -> usize {
        self.pool.current_num_threads()
    }

    fn execute(&self, work: &(dyn Fn(usize) + Sync)) {
        self.pool.broadcast(|context| work(context.index()));
    }
}
