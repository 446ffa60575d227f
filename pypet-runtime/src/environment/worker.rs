//! What each worker of an engine does: draw runs, carry them out, hand over what they yield.

use std::error::Error;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant, SystemTime};

use super::{RunFunction, panics};
use crate::explore::Points;
use crate::parameter::ParameterSet;
use crate::result::{ResultSet, Row};
use crate::run::{AddResultError, AddedResult, Run, RunStatus, check_added};
use crate::schema::Leaf;
use crate::storage::{Block, DynamicColumn, FailedRun, Finished};
use crate::value::Cells;

/// Results that wait in a worker before they are handed over.
const BLOCK_BYTES: usize = 1 << 20;
/// The most runs that are drawn at once.
const MOST_RUNS: usize = 4096;
/// A draw is meant to take about this long: far more than drawing costs, far less than a commit interval.
const DRAW_TIME: Range<Duration> = Duration::from_micros(500)..Duration::from_millis(2);

/// The runs that nobody has drawn yet, in order.
#[derive(Debug)]
pub(super) struct Queue {
    /// Position in `runs` of the next to be drawn.
    next: AtomicUsize,
    runs: Runs,
    n_workers: usize,
    stop: Arc<AtomicBool>,
}

/// Which runs are to be carried out.
#[derive(Debug)]
pub(super) enum Runs {
    /// All of so many.
    All(usize),
    /// These, in ascending order.
    These(Vec<usize>),
}

impl Runs {
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
        Self { next: AtomicUsize::new(0), runs, n_workers, stop: Arc::default() }
    }

    /// The next runs: as many as wanted, but never so many that other workers would end up idle.
    fn draw(&self, wanted: usize) -> Option<Range<usize>> {
        if self.is_stopped() {
            return None;
        }
        let stretch = |position: usize| {
            let left = self.runs.len() - position;
            let fair = (left / (4 * self.n_workers)).max(1);
            self.runs.stretch(position, wanted.min(fair).min(left))
        };
        let take = |position: usize| (position < self.runs.len()).then(|| position + stretch(position).len());
        let position = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(stretch(position))
    }

    /// The flag that [`Queue::stop`] sets.
    pub(super) fn stop_flag(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Lets no further run begin.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether every run was drawn.
    pub(super) fn is_exhausted(&self) -> bool {
        self.next.load(Ordering::Relaxed) == self.runs.len()
    }
}

/// One worker with its own parameters and its own block of results.
pub(super) struct Worker<'a, P> {
    points: &'a Points<P>,
    results: &'a [Leaf],
    queue: &'a Queue,
    number: u16,
    sender: SyncSender<Finished>,
    parameters: P,
    run: Run,
    block: Block,
    clock: Clock,
}

/// How a single run ended.
type Ended<T> = Result<T, Failure>;

struct Failure {
    message: String,
    place: String,
    backtrace: String,
}

/// The writer is gone; there is no use in going on.
struct WriterGone;

impl<'a, P: ParameterSet> Worker<'a, P> {
    pub(super) fn new(
        points: &'a Points<P>,
        results: &'a [Leaf],
        queue: &'a Queue,
        number: usize,
        sender: SyncSender<Finished>,
    ) -> Self {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        Self {
            points,
            results,
            queue,
            number,
            sender,
            parameters: points.presets().clone(),
            run: Run::new(points.len(), queue.stop.clone()),
            block: new_block(results, number),
            clock: Clock::start(),
        }
    }

    /// Carries out runs until there are none left.
    pub(super) fn work<R: ResultSet>(mut self, run: &RunFunction<'_, P, R>) {
        let mut wanted = 1;
        while let Some(runs) = self.queue.draw(wanted) {
            let drawn = Instant::now();
            if self.carry_out(runs.clone(), run).and_then(|()| self.hand_over()).is_err() {
                return;
            }
            let took = drawn.elapsed();
            if took < DRAW_TIME.start && runs.len() == wanted {
                wanted = (2 * wanted).min(MOST_RUNS);
            } else if took > DRAW_TIME.end {
                wanted = (wanted / 2).max(1);
            }
        }
    }

    fn carry_out<R: ResultSet>(
        &mut self,
        runs: Range<usize>,
        function: &RunFunction<'_, P, R>,
    ) -> Result<(), WriterGone> {
        self.clock.lap();
        for index in runs {
            self.points.move_to(index, &mut self.parameters);
            self.run.start(index);
            let ended = match panics::catch(|| function(&self.parameters, &mut self.run)) {
                Ok(Ok(results)) => self.keep(index, &results),
                Ok(Err(error)) => Err(Failure::from_error(&*error)),
                Err(panic) => Err(Failure { message: panic.message, place: panic.place, backtrace: panic.backtrace }),
            };
            let (started, runtime) = self.clock.lap();
            match ended {
                Ok(()) => {
                    self.block.started.push(started);
                    self.block.runtime.push(runtime);
                    if self.block.n_bytes() >= BLOCK_BYTES {
                        self.hand_over()?;
                        self.clock.lap();
                    }
                }
                Err(failure) => {
                    self.hand_over()?;
                    self.send(Finished::Failed(FailedRun {
                        index,
                        worker: self.number,
                        status: RunStatus::Failed,
                        started,
                        runtime,
                        message: failure.message,
                        place: failure.place,
                        backtrace: failure.backtrace,
                    }))?;
                    self.clock.lap();
                }
            }
        }
        Ok(())
    }

    /// Puts a run's results into the block.
    fn keep<R: ResultSet>(&mut self, index: usize, results: &R) -> Ended<()> {
        let mut added = self.run.take_added();
        if self.block.started.is_empty() {
            self.block.first = index;
        }
        results.write(&mut Row::new(&mut self.block.results, &mut added));
        let mut declared = self.results.iter().zip(&self.block.results);
        let refused = declared.find_map(|(leaf, cells)| Some((leaf.name.clone(), cells.refusal()?.to_owned())));
        let checked = match refused {
            Some((name, problem)) => Err(AddResultError::Refused { name, problem }),
            None => check_added(&added, self.results),
        };
        if let Err(mistake) = checked {
            self.block.results.iter_mut().for_each(Cells::pop);
            return Err(Failure::from_error(&mistake));
        }
        for result in added {
            keep_added(&mut self.block.added, index, &result);
        }
        Ok(())
    }

    /// Hands the block over and begins a new one.
    fn hand_over(&mut self) -> Result<(), WriterGone> {
        if self.block.started.is_empty() {
            return Ok(());
        }
        let block = std::mem::replace(&mut self.block, new_block(self.results, self.number));
        self.send(Finished::Done(block))
    }

    fn send(&self, finished: Finished) -> Result<(), WriterGone> {
        self.sender.send(finished).map_err(|_| WriterGone)
    }
}

fn new_block(results: &[Leaf], worker: u16) -> Block {
    Block {
        first: 0,
        worker,
        started: Vec::new(),
        runtime: Vec::new(),
        results: results.iter().map(|leaf| Cells::of(&leaf.value_type)).collect(),
        added: Vec::new(),
    }
}

fn keep_added(columns: &mut Vec<DynamicColumn>, run: usize, added: &AddedResult) {
    let AddedResult { leaf, cells } = added;
    let fits =
        |column: &DynamicColumn| column.leaf.name == leaf.name && column.leaf.value_type.agrees(&leaf.value_type);
    let position = columns.iter().position(fits).unwrap_or_else(|| {
        let column = Cells::new(cells.element(), cells.rank());
        columns.push(DynamicColumn { leaf: leaf.clone(), runs: Vec::new(), cells: column });
        columns.len() - 1
    });
    let column = &mut columns[position];
    column.runs.push(run);
    column.cells.push_cell(&cells.cell(0));
}

impl Failure {
    /// The error with all its causes.
    fn from_error(error: &(dyn Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Self { message, place: String::new(), backtrace: String::new() }
    }
}

/// Times runs one after the other with one look at the clock for each.
struct Clock {
    /// Seconds since 1970 at `origin`.
    epoch: f64,
    origin: Instant,
    last: Instant,
}

impl Clock {
    fn start() -> Self {
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let now = Instant::now();
        Self { epoch, origin: now, last: now }
    }

    /// Start, in seconds since 1970, and duration of what happened since the last call.
    fn lap(&mut self) -> (f64, f64) {
        let now = Instant::now();
        let started = self.epoch + (self.last - self.origin).as_secs_f64();
        let runtime = (now - self.last).as_secs_f64();
        self.last = now;
        (started, runtime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_drawn_once_and_the_last_ones_singly() {
        let queue = Queue::new(Runs::All(1000), 2);
        let mut seen = Vec::new();
        while let Some(runs) = queue.draw(64) {
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
        while let Some(runs) = queue.draw(100) {
            drawn.extend(runs);
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
}
