//! Carrying out single runs, wherever that happens: in this process or in one of its workers.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime};

use super::panics::{self, Panic};
use super::study::Study;
use super::timeout::took_longer;
use crate::explore::Explored;
use crate::parameter::{ParameterSet, declared_parameters};
use crate::result::checksum::{self, ValueHash};
use crate::result::{ResultSet, Row, SharedArray};
use crate::run::{AddResultError, AddedResult, Depot, Early, EarlyResult, Part, Run, RunStatus, Streams, check_added};
use crate::schema::Leaf;
use crate::storage::{Block, DynamicColumn, FailedRun};
use crate::value::Cells;

/// Carries out runs one after the other and collects in a block what they yield.
pub(super) struct Carrier<'a, P, R> {
    study: &'a Study<'a, P, R>,
    timeout: Option<Duration>,
    number: u16,
    parameters: P,
    run: Run,
    block: Block,
    /// One for each declared result.
    hashes: Vec<ValueHash>,
    clock: Clock,
}

/// Why a run has no results.
struct Failure {
    message: String,
    place: String,
    backtrace: String,
}

impl<'a, P: ParameterSet, R: ResultSet> Carrier<'a, P, R> {
    /// `number` is that of the worker; runs ask `cancelled` whether they may end early, and hand over to the `depot`
    /// what is not to wait for their end.
    pub(super) fn new(
        study: &'a Study<'a, P, R>,
        timeout: Option<Duration>,
        number: u16,
        cancelled: Arc<AtomicBool>,
        depot: Option<Box<dyn Depot>>,
    ) -> Self {
        let early = Early::new(study.arrays.clone(), depot);
        Self {
            study,
            timeout,
            number,
            parameters: study.points.presets().clone(),
            run: Run::new(study.points.len(), cancelled, Streams::new(study.seed, study.points), early),
            block: Block::new(&study.subject.results, number),
            hashes: study
                .subject
                .results
                .iter()
                .map(|leaf| ValueHash::new(&leaf.name, leaf.value_type.element))
                .collect(),
            clock: Clock::start(),
        }
    }

    /// Begins to count the time of the next run.
    pub(super) fn start_clock(&mut self) {
        self.clock.lap();
    }

    /// Carries out one run, whose results are then in the block.
    ///
    /// The time of a run begins where that of the run before ended.
    ///
    /// # Errors
    /// How the run failed; the block is as before.
    pub(super) fn carry_out(&mut self, index: usize) -> Result<(), FailedRun> {
        self.run.start(index, self.timeout.map(|timeout| Instant::now() + timeout));
        let n_before = self.block.started.len();
        let study = self.study;
        // All that is the user's happens in here: also derived parameters, the text of an error, writing the
        // results and dropping them.
        let ended = panics::catch(|| {
            study.points.move_to(index, &mut self.parameters);
            let point = Point { study, parameters: &self.parameters };
            let _span = tracing::debug_span!(target: "pypet::run", "run", run = index, point = %point).entered();
            let results = (study.run)(&self.parameters, &mut self.run);
            let results = results.map_err(|error| Failure::from_error(&*error, study.subject.place))?;
            keep(study, &mut self.run, &mut self.block.results, &results)
        });
        let (started, runtime) = self.clock.lap();
        let mut status = RunStatus::Failed;
        let mut ended = ended.unwrap_or_else(|panic| Err(Failure::from_panic(panic)));
        if let Some(timeout) = self.timeout.filter(|timeout| runtime > timeout.as_secs_f64()) {
            status = RunStatus::TimedOut;
            let message = took_longer(timeout);
            ended = Err(Failure { message, place: study.subject.place.into(), backtrace: String::new() });
        }
        let Failure { message, place, backtrace } = match ended {
            Ok(()) => {
                if n_before == 0 {
                    self.block.first = index;
                }
                let mut checksum = checksum::NOTHING;
                for mut result in self.run.take_added() {
                    if result.branch == DynamicColumn::RESULTS {
                        checksum = checksum.wrapping_add(result.counted());
                    }
                    self.block.add(index, result);
                }
                self.block.slices.extend(self.run.take_slices());
                self.block.started.push(started);
                self.block.runtime.push(runtime);
                self.block.checksum.push(checksum);
                return Ok(());
            }
            Err(failure) => failure,
        };
        self.block.results.iter_mut().for_each(|cells| cells.rewind(n_before));
        Err(FailedRun { index, worker: self.number, status, started, runtime, message, place, backtrace })
    }

    /// Bytes that wait in the block.
    pub(super) fn n_bytes(&self) -> usize {
        self.block.n_bytes()
    }

    /// What is in the block, which is empty then.
    pub(super) fn take_block(&mut self) -> Option<Block> {
        if self.block.started.is_empty() {
            return None;
        }
        let next = Block::new(&self.study.subject.results, self.number);
        let mut block = std::mem::replace(&mut self.block, next);
        // Column by column, since what one of many values costs is to find out what it is.
        for (hash, column) in self.hashes.iter().zip(&block.results) {
            hash.count_each(column, &mut block.checksum);
        }
        Some(block)
    }
}

/// What a run was given of what is explored, as text.
struct Point<'a, P, R> {
    study: &'a Study<'a, P, R>,
    parameters: &'a P,
}

impl<P: ParameterSet, R> fmt::Display for Point<'_, P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let infos = declared_parameters::<P>();
        let mut gap = "";
        for explored in self.study.points.explored() {
            if let Explored::Parameter(leaf) = explored {
                write!(f, "{gap}{}={}", infos[*leaf].name, self.parameters.leaf(*leaf).to_text())?;
                gap = " ";
            }
        }
        Ok(())
    }
}

/// Puts a run's declared results into their columns, and checks all that it yields.
fn keep<P, R: ResultSet>(
    study: &Study<'_, P, R>,
    run: &mut Run,
    columns: &mut [Cells],
    results: &R,
) -> Result<(), Failure> {
    let declared = &study.subject.results;
    let failed = |mistake: AddResultError| Failure::from_error(&mistake, study.subject.place);
    let added = run.end().map_err(failed)?;
    results.write(&mut Row::new(columns, &study.subject.groups, added));
    let refused = |(leaf, cells): (&Leaf, &Cells)| {
        cells.refusal().map(|problem| AddResultError::Refused { name: leaf.name.clone(), problem: problem.into() })
    };
    let checked = match declared.iter().zip(&*columns).find_map(refused) {
        Some(refused) => Err(refused),
        None => check_added(added, &declared.iter().chain(study.arrays.iter().map(SharedArray::leaf))),
    };
    checked.map_err(failed)
}

impl Failure {
    /// The error with all its causes.
    fn from_error(error: &(dyn Error + 'static), place: &str) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Self { message, place: place.into(), backtrace: String::new() }
    }

    fn from_panic(panic: Panic) -> Self {
        Self { backtrace: panic.stack(), message: panic.message, place: panic.place }
    }
}

impl Block {
    /// No runs yet.
    pub(super) fn new(results: &[Leaf], worker: u16) -> Self {
        Self {
            first: 0,
            worker,
            started: Vec::new(),
            runtime: Vec::new(),
            checksum: Vec::new(),
            results: results.iter().map(|leaf| Cells::of(&leaf.value_type)).collect(),
            added: Vec::new(),
            early: Vec::new(),
            slices: Vec::new(),
        }
    }

    /// Keeps a result or an annotation that a run added.
    pub(super) fn add(&mut self, run: usize, added: AddedResult) {
        let AddedResult { branch, leaf, cells, aside: mut parts, .. } = added;
        if !parts.is_empty() {
            let has_more = cells.iter().any(|rest| !rest.shape().starts_with(&[0]));
            parts.extend(has_more.then_some(Part::Kept(cells)));
            self.early.push(EarlyResult { run, leaf, parts });
            return;
        }
        let fits = |column: &DynamicColumn| {
            let same_place = (column.branch, &column.leaf.name) == (branch, &leaf.name);
            same_place && column.leaf.value_type.agrees(&leaf.value_type)
        };
        let position = self.added.iter().position(fits).unwrap_or_else(|| {
            let none = Cells::new(cells.element(), cells.rank());
            self.added.push(DynamicColumn { branch, leaf: leaf.clone(), runs: Vec::new(), cells: none });
            self.added.len() - 1
        });
        let column = &mut self.added[position];
        column.runs.push(run);
        column.cells.append(&cells);
    }
}

/// Times runs one after the other with one look at the clock for each.
struct Clock {
    /// Seconds since 1970 at `origin`.
    epoch: f64,
    origin: Instant,
    /// Seconds from `origin` to the last look.
    last: f64,
}

impl Clock {
    fn start() -> Self {
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        Self { epoch, origin: Instant::now(), last: 0.0 }
    }

    /// Start, in seconds since 1970, and duration of what happened since the last call.
    fn lap(&mut self) -> (f64, f64) {
        let now = self.origin.elapsed().as_secs_f64();
        let last = std::mem::replace(&mut self.last, now);
        (self.epoch + last, now - last)
    }
}
