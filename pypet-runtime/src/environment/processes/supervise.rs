//! What the program does for each of its workers: start it, tell it what to do, take what it yields, replace it.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::message::{Fingerprint, Order, Report, decode, encode};
use crate::engine::processes::{Listener, Received, WorkerProcess};
use crate::engine::{EngineError, Processes};
use crate::environment::Options;
use crate::environment::outbox::{Outbox, WriterGone};
use crate::environment::plan::Subject;
use crate::environment::queue::{Draw, Pace, Queue};
use crate::environment::study::Study;
use crate::environment::timeout::took_longer;
use crate::environment::worker::{BLOCK_BYTES, narrow};
use crate::error::Error;
use crate::logs::{self, LogLine};
use crate::parameter::ParameterSet;
use crate::result::SharedArray;
use crate::run::{Depot, Part, RunStatus};
use crate::storage::{Block, FailedRun, Finished};
use crate::value::Cells;

/// How often a supervisor looks for what no message tells.
const TICK: Duration = Duration::from_millis(50);
/// How long runs that are done wait for others to join them.
const JOINING: Duration = Duration::from_millis(1);
/// What a run gets beyond its timeout, to end by itself when it is told that its time is up, or to name the functions
/// on the stack of a panic.
const GRACE: Duration = Duration::from_millis(500);
/// Workers that may die one after the other without a run.
const MOST_DEATHS: usize = 3;

/// What all supervisors of a study share.
pub(in crate::environment) struct Supervision<'a> {
    engine: &'a Processes,
    request: String,
    fingerprint: Fingerprint,
    subject: &'a Subject<'a>,
    arrays: &'a [SharedArray],
    options: &'a Options,
    queue: &'a Queue,
    /// Whether some worker was ever ready, so that others can be.
    has_begun: AtomicBool,
    error: Mutex<Option<Error>>,
}

/// Looks after one worker.
pub(in crate::environment) struct Supervisor<'a> {
    all: &'a Supervision<'a>,
    number: u16,
    outbox: Outbox<'a>,
    worker: Option<WorkerProcess>,
    has_told_to_cancel: bool,
    /// Workers that died since the last run.
    n_deaths: usize,
    /// Where the runs' early results are put aside.
    depot: Option<Box<dyn Depot>>,
    /// Those of the run that the worker is at.
    aside: Vec<Part>,
}

/// Why a supervisor goes home.
enum Stop {
    /// There is nothing left that could be done.
    WriterGone,
    /// The study cannot go on.
    Error(Error),
}

impl From<WriterGone> for Stop {
    fn from(_: WriterGone) -> Self {
        Self::WriterGone
    }
}

impl<'a> Supervision<'a> {
    pub(in crate::environment) fn new<P: ParameterSet, R>(
        engine: &'a Processes,
        request: String,
        study: &'a Study<'a, P, R>,
        options: &'a Options,
        queue: &'a Queue,
    ) -> Self {
        Self {
            engine,
            request,
            fingerprint: Fingerprint::of(study),
            subject: &study.subject,
            arrays: &study.arrays,
            options,
            queue,
            has_begun: AtomicBool::new(false),
            error: Mutex::new(None),
        }
    }

    /// What ended the study before its time.
    pub(in crate::environment) fn into_result(self) -> Result<(), Error> {
        self.error.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn tell(&self, error: Error) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.queue.stop();
    }
}

impl<'a> Supervisor<'a> {
    pub(in crate::environment) fn new(
        all: &'a Supervision<'a>,
        number: usize,
        outbox: Outbox<'a>,
        depot: Option<Box<dyn Depot>>,
    ) -> Self {
        let number = narrow(number);
        Self { all, number, outbox, worker: None, has_told_to_cancel: false, n_deaths: 0, depot, aside: Vec::new() }
    }

    /// Has runs carried out until there are none left.
    pub(in crate::environment) fn work(mut self) {
        let mut pace = Pace::new();
        while let Some(draw) = self.all.queue.draw(pace.wanted) {
            let carried_out = match self.ready_worker() {
                Ok(Some(worker)) => self.carry_out(worker, &draw),
                nobody => {
                    self.all.queue.give_back(draw.clone());
                    nobody.map(|_| Duration::ZERO)
                }
            };
            match carried_out {
                Ok(took) => pace.learn(draw.runs.len(), took),
                Err(Stop::WriterGone) => return,
                Err(Stop::Error(error)) => return self.all.tell(error),
            }
        }
        if let Some(mut worker) = self.worker.take()
            && worker.send(encode(&Order::End)).is_ok()
        {
            worker.end();
        }
    }

    /// The worker, or a new one in its place; none if the study is stopped before one is ready.
    fn ready_worker(&mut self) -> Result<Option<WorkerProcess>, Stop> {
        while !self.all.queue.is_stopped() {
            let how = match self.worker.take() {
                Some(worker) if worker.is_alive() => return Ok(Some(worker)),
                // It died between two runs, so of neither.
                Some(worker) => worker.death(SystemTime::UNIX_EPOCH),
                None => {
                    let worker = self.all.engine.start_worker(&self.all.request, &listener());
                    match self.wait_until_ready(worker.map_err(|error| Stop::Error(error.into()))?)? {
                        Ready::Yes(worker) => return Ok(Some(worker)),
                        Ready::Stopped => return Ok(None),
                        Ready::Died(how) => how,
                    }
                }
            };
            self.n_deaths += 1;
            let is_hopeless = self.n_deaths >= MOST_DEATHS || !self.all.has_begun.load(Ordering::Relaxed);
            // What ends the study may have ended a worker that was not yet deaf to it.
            if is_hopeless && !self.all.queue.is_stopped() {
                return Err(Stop::Error(EngineError::NotReady { how }.into()));
            }
        }
        Ok(None)
    }

    fn wait_until_ready(&mut self, mut worker: WorkerProcess) -> Result<Ready, Stop> {
        self.has_told_to_cancel = false;
        loop {
            let report = match worker.receive(TICK) {
                Received::Frame(frame) => decode(worker.bytes(frame)),
                Received::Nothing if self.all.queue.is_stopped() => {
                    worker.kill();
                    return Ok(Ready::Stopped);
                }
                Received::Nothing => continue,
                Received::Gone => return Ok(Ready::Died(worker.death(SystemTime::UNIX_EPOCH))),
            };
            return match report {
                Some(Report::Ready(theirs)) => {
                    if let Some(difference) = self.all.fingerprint.difference(&theirs) {
                        return Err(Stop::Error(Error::OtherPoints { difference }));
                    }
                    self.all.has_begun.store(true, Ordering::Relaxed);
                    worker.pass_output_on();
                    Ok(Ready::Yes(worker))
                }
                Some(Report::Logged(entry)) => {
                    take_entry(&entry);
                    continue;
                }
                Some(Report::Refused(reason)) => {
                    worker.end();
                    Err(Stop::Error(EngineError::NotReady { how: format!("refused: {reason}") }.into()))
                }
                _ => Ok(Ready::Died(worker.death(SystemTime::UNIX_EPOCH))),
            };
        }
    }

    /// Has some runs carried out by a worker that is ready; tells how long that took.
    fn carry_out(&mut self, mut worker: WorkerProcess, draw: &Draw) -> Result<Duration, Stop> {
        let Supervision { subject, options, queue, .. } = self.all;
        let drawn = Instant::now();
        // When the worker began the run that it is at, by its own account: it is ahead of what was received.
        let mut since = SystemTime::now();
        let mut runs = draw.runs.clone();
        // A worker that cannot be told is a dead one, which shows below.
        let _ = worker.send(encode(&Order::CarryOut { first: runs.start, n_runs: runs.len(), n_tries: draw.n_tries }));
        let mut block = Block::new(&subject.results, self.number);
        let mut begun = drawn;
        while !runs.is_empty() {
            let index = runs.start;
            let mut problem = None;
            let asked = Instant::now();
            let received = worker.receive(if block.started.is_empty() { TICK } else { JOINING });
            // The run has no part in it where this program itself stands still.
            begun += asked.elapsed().saturating_sub(2 * TICK);
            let ended = match received {
                Received::Frame(frame) => match decode(worker.bytes(frame)) {
                    Some(Report::Part(cells)) => {
                        problem = self.put_aside(cells).err();
                        None
                    }
                    Some(Report::Logged(entry)) => {
                        take_entry(&entry);
                        None
                    }
                    report => Some(report),
                },
                Received::Nothing => {
                    let handing_over = Instant::now();
                    self.hand_over(&mut block)?;
                    // Nor where the writer has no room: what the run yields may have come meanwhile.
                    begun += handing_over.elapsed();
                    if queue.is_stopped() && !self.has_told_to_cancel {
                        self.has_told_to_cancel = worker.send(encode(&Order::Cancel)).is_ok();
                    }
                    None
                }
                Received::Gone => Some(None),
            };
            let Some(report) = ended else {
                let overdue = options.timeout.filter(|timeout| begun.elapsed() > *timeout + GRACE);
                let (status, message) = match (problem, overdue) {
                    (Some(problem), _) => (RunStatus::Failed, problem),
                    (None, Some(timeout)) => (RunStatus::TimedOut, took_longer(timeout)),
                    (None, None) => continue,
                };
                worker.kill();
                self.hand_over(&mut block)?;
                self.take_aside();
                let failed = self.failed(index, status, begun, message);
                self.end_early(failed, runs, draw.n_tries)?;
                return Ok(drawn.elapsed());
            };
            let sent = self.take_aside();
            let joined = match report {
                Some(Report::Done(run)) => {
                    since = run.end();
                    run.join(index, sent, &subject.results, self.all.arrays, &mut block)
                }
                Some(Report::Failed(failed)) => {
                    since = failed.end();
                    self.hand_over(&mut block)?;
                    let failed = failed.of_run(index, self.number);
                    self.outbox.send_failed(failed, queue, draw.n_tries, options.retries)?;
                    Some(())
                }
                _ => None,
            };
            if joined.is_none() {
                self.hand_over(&mut block)?;
                self.n_deaths = 0;
                let message = format!("the worker process {}", worker.death(since));
                let failed = self.failed(index, RunStatus::Failed, begun, message);
                self.end_early(failed, runs, draw.n_tries)?;
                return Ok(drawn.elapsed());
            }
            runs.start += 1;
            self.n_deaths = 0;
            if block.n_bytes() >= BLOCK_BYTES {
                self.hand_over(&mut block)?;
            }
            begun = Instant::now();
        }
        self.hand_over(&mut block)?;
        self.worker = Some(worker);
        Ok(drawn.elapsed())
    }

    /// Puts aside what the worker's run hands over before its end.
    fn put_aside(&mut self, cells: Cells) -> Result<(), String> {
        let put = match &mut self.depot {
            _ if !cells.is_whole() || cells.len() != 1 => return Err("its worker sent what is no value".into()),
            Some(depot) => depot.put(cells),
            None => Ok(Part::Kept(cells)),
        };
        self.aside.push(put.map_err(|error| format!("what it handed over cannot be put aside: {error}"))?);
        Ok(())
    }

    /// What was put aside of a run that has ended.
    fn take_aside(&mut self) -> Vec<Part> {
        if !self.aside.is_empty() {
            self.depot.iter_mut().for_each(|depot| depot.begin());
        }
        std::mem::take(&mut self.aside)
    }

    /// Records the run that took its worker with it, and leaves those that were to follow to others.
    fn end_early(&self, failed: FailedRun, runs: Range<usize>, n_tries: usize) -> Result<(), Stop> {
        self.all.queue.give_back(Draw { runs: failed.index + 1..runs.end, n_tries });
        Ok(self.outbox.send_failed(failed, self.all.queue, n_tries, self.all.options.retries)?)
    }

    fn failed(&self, index: usize, status: RunStatus, begun: Instant, message: String) -> FailedRun {
        let runtime = begun.elapsed();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        FailedRun {
            index,
            worker: self.number,
            status,
            started: now.saturating_sub(runtime).as_secs_f64(),
            runtime: runtime.as_secs_f64(),
            message,
            place: self.all.subject.place.into(),
            backtrace: String::new(),
        }
    }

    fn hand_over(&self, block: &mut Block) -> Result<(), WriterGone> {
        if block.started.is_empty() {
            return Ok(());
        }
        let next = Block::new(&self.all.subject.results, self.number);
        self.outbox.send(Finished::Done(std::mem::replace(block, next)))
    }
}

/// Puts what a worker has logged into the log.
fn take_entry(entry: &str) {
    if let (Some(book), Some(line)) = (logs::book_of_this_thread(), LogLine::read(entry)) {
        book.write(&line);
    }
}

/// Puts what a worker prints on the program's own outputs and into the log.
fn listener() -> Listener {
    let book = logs::book_of_this_thread();
    Arc::new(move |stream, run, bytes| {
        logs::write(stream, bytes);
        if let Some(book) = &book {
            book.output(stream, run, bytes);
        }
    })
}

/// What became of a worker that was started.
enum Ready {
    Yes(WorkerProcess),
    Stopped,
    Died(String),
}
