//! The runs that are still to be carried out, and who gets how many of them at a time.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Dxsm;

use super::Order;

/// The most runs that are drawn at once.
const MOST_RUNS: usize = 4096;
/// A draw is meant to take about this long: far more than drawing costs, far less than a commit interval.
const DRAW_TIME: Range<Duration> = Duration::from_micros(500)..Duration::from_millis(2);

/// The runs that nobody has drawn yet, in order, and those that came back.
#[derive(Debug)]
pub(super) struct Queue {
    /// Position in `runs` of the next to be drawn.
    next: AtomicUsize,
    runs: Runs,
    n_workers: usize,
    stop: Arc<AtomicBool>,
    returned: Mutex<Vec<Draw>>,
    /// So that a draw asks for the lock only where something came back.
    n_returned: AtomicUsize,
}

/// Runs with consecutive indices for one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draw {
    pub(super) runs: Range<usize>,
    /// How often this program has tried them before.
    pub(super) n_tries: usize,
}

/// Which runs are to be carried out.
#[derive(Debug)]
pub(super) enum Runs {
    /// All of so many.
    All(usize),
    /// These, in this order.
    These(Vec<usize>),
}

impl Runs {
    /// The same in another order.
    pub(super) fn in_order(self, order: Order, seed: u64) -> Self {
        if order == Order::Natural {
            return self;
        }
        let mut runs = match self {
            Self::All(n_runs) => (0..n_runs).collect(),
            Self::These(runs) => runs,
        };
        match order {
            Order::Natural => {}
            Order::Reversed => runs.reverse(),
            Order::Shuffled => runs.shuffle(&mut Pcg64Dxsm::seed_from_u64(seed)),
        }
        Self::These(runs)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::All(n_runs) => *n_runs,
            Self::These(runs) => runs.len(),
        }
    }

    /// The run at a position, and how many after it, at most `most`, follow each other without a gap.
    fn stretch(&self, position: usize, most: usize) -> Range<usize> {
        match self {
            Self::All(_) => position..position + most,
            Self::These(runs) => {
                let first = runs[position];
                let neighbours = runs[position..].iter().take(most).zip(first..);
                first..first + neighbours.take_while(|(run, expected)| *run == expected).count()
            }
        }
    }
}

impl Queue {
    pub(super) fn new(runs: Runs, n_workers: usize) -> Self {
        Self {
            next: AtomicUsize::new(0),
            runs,
            n_workers,
            stop: Arc::default(),
            returned: Mutex::default(),
            n_returned: AtomicUsize::new(0),
        }
    }

    /// The next runs: as many as wanted, but never so many that other workers would end up idle.
    pub(super) fn draw(&self, wanted: usize) -> Option<Draw> {
        if self.is_stopped() {
            return None;
        }
        if self.n_returned.load(Ordering::Acquire) > 0 {
            let mut returned = self.returned();
            if let Some(draw) = returned.pop() {
                self.n_returned.store(returned.len(), Ordering::Release);
                return Some(draw);
            }
        }
        let stretch = |position: usize| {
            let left = self.runs.len() - position;
            let fair = (left / (4 * self.n_workers)).max(1);
            self.runs.stretch(position, wanted.min(fair).min(left))
        };
        let take = |position: usize| (position < self.runs.len()).then(|| position + stretch(position).len());
        let position = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(Draw { runs: stretch(position), n_tries: 0 })
    }

    /// Takes runs back that were not carried out, or are to be tried again.
    ///
    /// Whoever gives runs back draws once more afterwards, so that none are left over.
    pub(super) fn give_back(&self, draw: Draw) {
        if draw.runs.is_empty() {
            return;
        }
        let mut returned = self.returned();
        returned.push(draw);
        self.n_returned.store(returned.len(), Ordering::Release);
    }

    fn returned(&self) -> MutexGuard<'_, Vec<Draw>> {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The flag that [`Queue::stop`] sets.
    pub(super) fn stop_flag(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Lets no further run begin.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether every run was drawn and none came back.
    pub(super) fn is_exhausted(&self) -> bool {
        self.next.load(Ordering::Relaxed) == self.runs.len() && self.returned().is_empty()
    }
}

/// How many runs a worker draws at a time, from how long the last ones took.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) wanted: usize,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { wanted: 1 }
    }

    pub(super) fn learn(&mut self, n_runs: usize, took: Duration) {
        if took < DRAW_TIME.start && n_runs == self.wanted {
            self.wanted = (2 * self.wanted).min(MOST_RUNS);
        } else if took > DRAW_TIME.end {
            self.wanted = (self.wanted / 2).max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_drawn_once_and_the_last_ones_singly() {
        let queue = Queue::new(Runs::All(1000), 2);
        let mut seen = Vec::new();
        while let Some(Draw { runs, .. }) = queue.draw(64) {
            assert!(seen.len() < 992 || runs.len() == 1);
            seen.extend(runs);
        }
        assert!(seen.into_iter().eq(0..1000));
        assert!(queue.is_exhausted());
    }

    #[test]
    fn gaps_divide_what_is_drawn() {
        let queue = Queue::new(Runs::These(vec![1, 2, 3, 7, 8, 20]), 1);
        let mut drawn = Vec::new();
        while let Some(draw) = queue.draw(100) {
            drawn.extend(draw.runs);
        }
        assert_eq!(drawn, [1, 2, 3, 7, 8, 20]);
    }

    #[test]
    fn a_stopped_queue_gives_nothing() {
        let queue = Queue::new(Runs::All(10), 1);
        assert!(queue.draw(1).is_some());
        queue.stop();
        assert!(queue.draw(1).is_none());
        assert!(!queue.is_exhausted());
    }

    #[test]
    fn what_is_given_back_is_drawn_again() {
        let queue = Queue::new(Runs::All(1), 1);
        let first = queue.draw(1).unwrap();
        queue.give_back(Draw { n_tries: 1, ..first });
        assert!(!queue.is_exhausted());
        assert_eq!(queue.draw(1), Some(Draw { runs: 0..1, n_tries: 1 }));
        assert_eq!(queue.draw(1), None);
        assert!(queue.is_exhausted());
    }
}
