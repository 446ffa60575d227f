//! Threads that compress chunks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads of their own, since those of a study carry out runs as long as it lasts; started when they are wanted first.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Compressors(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// As many as there are cores for 0.
    n_threads: AtomicUsize,
    /// Absent if the system gives no threads.
    pool: OnceLock<Option<ThreadPool>>,
}

impl Compressors {
    /// How many threads there shall be, as many as there are cores for 0.
    pub(in super::super) fn set_threads(&self, n_threads: usize) {
        self.0.n_threads.store(n_threads, Ordering::Relaxed);
    }

    /// Chunks of one column that may be at work or wait for it.
    pub(super) fn most_waiting(&self) -> usize {
        4 * self.n_threads()
    }

    /// Does some work beside, or here where there are no threads.
    pub(super) fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        let pool = self.0.pool.get_or_init(|| {
            let builder = ThreadPoolBuilder::new().num_threads(self.n_threads());
            builder.thread_name(|i| format!("pypet-compress-{i}")).build().ok()
        });
        match pool {
            Some(pool) => pool.spawn(work),
            None => work(),
        }
    }

    fn n_threads(&self) -> usize {
        match self.0.n_threads.load(Ordering::Relaxed) {
            0 => thread::available_parallelism().map_or(1, usize::from),
            n_threads => n_threads,
        }
    }
}
