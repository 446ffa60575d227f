//! Runs that take longer than they may.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often somebody looks.
const TICK: Duration = Duration::from_millis(50);

/// The run that a worker is at, while there is none.
const NO_RUN: usize = usize::MAX;

/// Why a run without results has none.
pub(super) fn took_longer(timeout: Duration) -> String {
    format!("took longer than {} s (timeout)", timeout.as_secs_f64())
}

/// Names the runs on threads that go on after their timeout, since a thread cannot be stopped from outside.
#[derive(Debug)]
pub(super) struct Overtime {
    timeout: Duration,
    workers: Vec<At>,
}

/// Where a worker is.
#[derive(Debug)]
struct At {
    run: AtomicUsize,
    since: Mutex<Instant>,
}

impl Overtime {
    pub(super) fn new(timeout: Duration, n_workers: usize) -> Self {
        let at = || At { run: AtomicUsize::new(NO_RUN), since: Mutex::new(Instant::now()) };
        Self { timeout, workers: (0..n_workers).map(|_| at()).collect() }
    }

    /// A worker begins a run.
    pub(super) fn begin(&self, worker: usize, run: usize) {
        let at = &self.workers[worker];
        *at.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        at.run.store(run, Ordering::Release);
    }

    /// A worker has ended its run.
    pub(super) fn end(&self, worker: usize) {
        self.workers[worker].run.store(NO_RUN, Ordering::Release);
    }

    /// Looks after all workers until the other end of the channel is gone; names each run once.
    pub(super) fn watch(&self, until: &Receiver<()>, mut say: impl FnMut(&str)) {
        let mut named = vec![NO_RUN; self.workers.len()];
        while until.recv_timeout(TICK.min(self.timeout)) == Err(RecvTimeoutError::Timeout) {
            for (at, named) in self.workers.iter().zip(&mut named) {
                let run = at.run.load(Ordering::Acquire);
                let since = *at.since.lock().unwrap_or_else(PoisonError::into_inner);
                if run == NO_RUN || *named == run || since.elapsed() < self.timeout + TICK {
                    continue;
                }
                *named = run;
                say(&format!(
                    "run {run} goes on after its timeout of {} s: a thread cannot be stopped from outside, \
                     but `--engine processes` can stop a run",
                    self.timeout.as_secs_f64()
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn a_run_that_does_not_end_is_named_once() {
        let overtime = Overtime::new(Duration::from_millis(1), 2);
        let (end, until) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let said: Vec<String> = thread::scope(|scope| {
            overtime.begin(0, 7);
            overtime.begin(1, 8);
            overtime.end(1);
            let listening = scope.spawn(|| {
                let first = told.recv().expect("the run does not end");
                // Time for it to be named again.
                thread::sleep(3 * TICK);
                drop(end);
                std::iter::once(first).chain(told).collect()
            });
            overtime.watch(&until, |line| tell.send(line.to_owned()).expect("somebody listens"));
            drop(tell);
            listening.join().expect("no panic")
        });
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("run 7 goes on after its timeout of 0.001 s"), "{said:?}");
    }
}
