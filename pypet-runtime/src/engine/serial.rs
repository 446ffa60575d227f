//! One run after the other on the calling thread.

use super::Engine;

/// Carries out runs on the calling thread, one after the other.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial;

impl Engine for Serial {
    fn name(&self) -> &'static str {
        "serial"
    }

    fn n_workers(&self) -> usize {
        1
    }

    fn execute(&self, work: &(dyn Fn(usize) + Sync)) {
        work(0);
    }
}
