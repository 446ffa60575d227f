//! A study on a disk in memory, for the tests that cut it and that let its disk fail.
//!
//! It is a list of [`Step`]s, each of which ends with a commit. What a file must hold follows from how many of
//! them were carried out, so a new kind of change is a new step and a line in [`check`].

#![expect(clippy::cast_possible_truncation, reason = "everything here is small")]

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::disk::{Disk, Part};
use super::transaction::Transaction;
use crate::run::RunStatus;
use crate::schema::{Leaf, Schema};
use crate::storage::hdf5::access::WritableFile;
use crate::storage::hdf5::edit::edit_in;
use crate::storage::hdf5::expand::expand_in;
use crate::storage::hdf5::raw::vfd::Mode;
use crate::storage::hdf5::{Hdf5Reader, Hdf5Writer};
use crate::storage::{
    Block, DynamicColumn, Edit, Expansion, FailedRun, Finished, Header, Plan, State, StorageError, TrajectoryReader,
    TrajectoryWriter,
};
use crate::value::{Cells, ElementType, ResultValue, ValueType};

/// One operation of the system.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Write(Part, u64, Vec<u8>),
    SetLen(Part, u64),
    Sync(Part),
    Rename(Part, Part),
    Remove(Part),
    Publish,
    SyncFolder,
}

/// A disk in memory that remembers what was asked of it.
#[derive(Clone, Default)]
pub(super) struct Recorder {
    shared: Arc<Mutex<Recording>>,
}

#[derive(Default)]
pub(super) struct Recording {
    pub(super) files: BTreeMap<Part, Vec<u8>>,
    pub(super) operations: Vec<Operation>,
    /// Whether the main file has its name.
    pub(super) published: bool,
    /// How often the lock was asked for; where readers are simulated, two of three times in vain.
    n_locks: usize,
    pub(super) readers: bool,
}

impl Recorder {
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Recording) -> T) -> T {
        act(&mut self.shared.lock().expect("the tests do not panic in here"))
    }

    fn record(&self, operation: Operation) {
        self.with(|recording| {
            perform(&mut recording.files, &operation);
            recording.published |= matches!(operation, Operation::Publish);
            recording.operations.push(operation);
        });
    }
}

pub(super) fn perform(files: &mut BTreeMap<Part, Vec<u8>>, operation: &Operation) {
    match operation {
        Operation::Write(part, offset, bytes) => {
            let file = files.entry(*part).or_default();
            let (from, to) = (*offset as usize, *offset as usize + bytes.len());
            if file.len() < to {
                file.resize(to, 0);
            }
            file[from..to].copy_from_slice(bytes);
        }
        Operation::SetLen(part, len) => files.entry(*part).or_default().resize(*len as usize, 0),
        Operation::Rename(from, to) => {
            let file = files.remove(from).expect("what is renamed exists");
            files.insert(*to, file);
        }
        Operation::Remove(part) => {
            files.remove(part);
        }
        Operation::Sync(_) | Operation::Publish | Operation::SyncFolder => {}
    }
}

impl Disk for Recorder {
    fn read_at(&self, part: Part, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|recording| {
            let file = recording.files.get(&part).map_or(&[][..], Vec::as_slice);
            let from = (offset as usize).min(file.len());
            let count = buffer.len().min(file.len() - from);
            buffer[..count].copy_from_slice(&file[from..from + count]);
            Ok(count)
        })
    }

    fn write_at(&mut self, part: Part, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.record(Operation::Write(part, offset, bytes.to_vec()));
        Ok(())
    }

    fn len(&self, part: Part) -> io::Result<Option<u64>> {
        Ok(self.with(|recording| recording.files.get(&part).map(|file| file.len() as u64)))
    }

    fn set_len(&mut self, part: Part, len: u64) -> io::Result<()> {
        self.record(Operation::SetLen(part, len));
        Ok(())
    }

    fn sync(&mut self, part: Part) -> io::Result<()> {
        self.record(Operation::Sync(part));
        Ok(())
    }

    fn rename(&mut self, from: Part, to: Part) -> io::Result<()> {
        self.record(Operation::Rename(from, to));
        Ok(())
    }

    fn remove(&mut self, part: Part) -> io::Result<()> {
        self.record(Operation::Remove(part));
        Ok(())
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.record(Operation::SyncFolder);
        Ok(())
    }

    fn publish(&mut self) -> io::Result<()> {
        self.record(Operation::Publish);
        Ok(())
    }

    fn try_lock_readers_out(&mut self) -> io::Result<bool> {
        Ok(self.with(|recording| {
            recording.n_locks += 1;
            !recording.readers || recording.n_locks.is_multiple_of(3)
        }))
    }

    fn let_readers_in(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn set_durable(&mut self, _: bool) {}
}

/// What is done between two commits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Begin {
        n_runs: usize,
    },
    Runs(Range<usize>),
    Finish,
    /// An annotation, a summary and a link, all at once.
    Annotate,
    /// The runs from the first number on are new.
    Expand(Range<usize>),
}

/// A study of so many commits with so many runs each, which is annotated and expanded later.
pub(super) fn steps(n_commits: usize, n_runs_each: usize) -> Vec<Step> {
    let runs = (0..n_commits).map(|commit| Step::Runs(commit * n_runs_each..(commit + 1) * n_runs_each));
    let n_runs = n_commits * n_runs_each;
    let new = n_runs..n_runs + 17;
    let later = [Step::Finish, Step::Annotate, Step::Expand(new.clone()), Step::Runs(new), Step::Finish];
    std::iter::once(Step::Begin { n_runs }).chain(runs).chain(later).collect()
}

/// A study that is being carried out.
pub(super) struct Study<'a> {
    disk: Box<dyn Fn() -> Box<dyn Disk> + 'a>,
    /// While runs are carried out.
    writer: Option<Hdf5Writer>,
    done: Vec<Step>,
}

impl<'a> Study<'a> {
    /// A study of which nothing was done, on a disk that is asked for whenever the file is opened.
    pub(super) fn new(disk: impl Fn() -> Box<dyn Disk> + 'a) -> Self {
        Self::after(disk, &[])
    }

    /// A study of which these steps were done.
    pub(super) fn after(disk: impl Fn() -> Box<dyn Disk> + 'a, done: &[Step]) -> Self {
        Self { disk: Box::new(disk), writer: None, done: done.to_vec() }
    }

    /// Carries out one step; its commit is done when this returns.
    pub(super) fn carry_out(&mut self, step: &Step) -> Result<(), StorageError> {
        match step {
            Step::Begin { n_runs } => {
                let file = WritableFile::over(Transaction::begin_new((self.disk)()), Mode::Create)?;
                crate::storage::hdf5::file::mark(&file).map_err(place().failed("mark", "/"))?;
                let writer = self.writer.insert(Hdf5Writer::over(file, "study"));
                writer.begin(&plan(*n_runs), &mut |_| Vec::new())?;
            }
            Step::Runs(runs) => {
                let writer = self.writer()?;
                for run in runs.clone() {
                    let finished = if fails(run) { Finished::Failed(failed(run)) } else { Finished::Done(block(run)) };
                    writer.write(&finished)?;
                }
                writer.commit()?;
            }
            Step::Finish => {
                self.writer()?.finish(State::Finished)?;
                self.writer = None;
            }
            Step::Annotate => edit_in(self.open()?, Path::new("test.h5"), "study", &edits())?,
            Step::Expand(new) => {
                let plan = plan(new.end);
                let new = Expansion { plan: &plan, n_before: new.start, order: None };
                expand_in(self.open()?, Path::new("test.h5"), new, &mut |_| Vec::new())?;
            }
        }
        self.done.push(step.clone());
        Ok(())
    }

    fn open(&self) -> Result<WritableFile, StorageError> {
        let transaction = Transaction::open((self.disk)()).map_err(place().io("recover"))?;
        WritableFile::over(transaction, Mode::Write)
    }

    /// The writer, which goes on with the file if it has to.
    fn writer(&mut self) -> Result<&mut Hdf5Writer, StorageError> {
        if self.writer.is_none() {
            let Expected { n_runs, n_tried, .. } = Expected::after(&self.done);
            let is_done: Vec<bool> = (0..n_runs).map(|run| run < n_tried && !fails(run)).collect();
            self.writer = Some(Hdf5Writer::reopen_over(self.open()?, "study", &results(), &is_done)?);
        }
        Ok(self.writer.as_mut().expect("just made"))
    }
}

fn edits() -> [Edit; 3] {
    let mut note = Cells::new(ElementType::Text, 0);
    note.push_str("looked at");
    let leaf = Leaf::new("sum.all", String::value_type());
    [
        Edit::Annotate { path: "results/x".into(), key: "note".into(), value: note.clone() },
        Edit::AddValue { path: "results/sum/all".into(), leaf, value: note },
        Edit::Link { path: "results/link".into(), target: "results/x".into() },
    ]
}

fn place() -> crate::storage::hdf5::Place {
    crate::storage::hdf5::Place::new(Path::new("test.h5"))
}

/// Results of every layout: dense, ragged, compressed, text and ragged text.
fn results() -> Vec<Leaf> {
    let compressed = |leaf: Leaf| Leaf { compress: Some(4), ..leaf };
    vec![
        Leaf::new("x", f64::value_type()),
        Leaf::new("spikes", Vec::<f64>::value_type()),
        compressed(Leaf::new("trace", <[f64; 40]>::value_type())),
        Leaf::new("word", String::value_type()),
        Leaf::new("words", Vec::<String>::value_type()),
    ]
}

fn plan(n_runs: usize) -> Plan {
    let header = Header {
        name: "study".into(),
        experiment: "study".into(),
        comment: "cut at every point".into(),
        created: "2026-01-01T00:00:00+00:00".into(),
        n_runs,
        seed: 0,
        schema: Schema { parameters: Vec::new(), results: results() },
        state: State::Running,
        axes: None,
    };
    Plan { header, values: Vec::new(), coordinates: Vec::new(), axes: None, groups: Vec::new() }
}

fn fails(run: usize) -> bool {
    run % 7 == 3
}

fn spikes(run: usize) -> Vec<f64> {
    (0..run % 5).map(|i| (run * 10 + i) as f64).collect()
}

fn word(run: usize) -> String {
    "wörd ".repeat(run % 3) + &run.to_string()
}

fn words(run: usize) -> Vec<String> {
    (0..run % 3).map(word).collect()
}

fn block(run: usize) -> Block {
    let mut cells: Vec<Cells> = results().iter().map(|leaf| Cells::of(&leaf.value_type)).collect();
    (run as f64).write(&mut cells[0]);
    spikes(run).write(&mut cells[1]);
    [run as f64; 40].write(&mut cells[2]);
    word(run).write(&mut cells[3]);
    words(run).write(&mut cells[4]);
    let mut added = Vec::new();
    if run.is_multiple_of(10) {
        let mut cells = Cells::new(ElementType::U64, 0);
        cells.push_number(run as u64);
        let leaf = Leaf::new("tens", u64::value_type());
        added.push(DynamicColumn { branch: DynamicColumn::RESULTS, leaf, runs: vec![run], cells });
    }
    Block {
        first: run,
        worker: 0,
        started: vec![run as f64],
        runtime: vec![1.0],
        checksum: vec![1],
        results: cells,
        added,
        early: Vec::new(),
        slices: Vec::new(),
    }
}

fn failed(run: usize) -> FailedRun {
    FailedRun {
        index: run,
        worker: 0,
        status: RunStatus::Failed,
        started: run as f64,
        runtime: 1.0,
        message: format!("run {run} failed"),
        place: String::new(),
        backtrace: String::new(),
    }
}

/// What a file holds after some steps.
#[derive(Debug)]
struct Expected {
    n_runs: usize,
    n_tried: usize,
    state: State,
    is_annotated: bool,
}

impl Expected {
    fn after(steps: &[Step]) -> Self {
        let mut expected = Self { n_runs: 0, n_tried: 0, state: State::Running, is_annotated: false };
        for step in steps {
            match step {
                Step::Begin { n_runs } => expected.n_runs = *n_runs,
                Step::Runs(runs) => {
                    expected.n_tried = runs.end;
                    expected.state = State::Running;
                }
                Step::Finish => expected.state = State::Finished,
                Step::Annotate => expected.is_annotated = true,
                Step::Expand(new) => {
                    expected.n_runs = new.end;
                    expected.state = State::Running;
                }
            }
        }
        expected
    }
}

/// Compares a file with what it holds after `at_least` of these steps, or one more; gives how many it is.
pub(super) fn check(reader: &Hdf5Reader, steps: &[Step], at_least: usize) -> Result<usize, String> {
    let may_be = [at_least, at_least + 1].into_iter().filter(|&n_steps| 0 < n_steps && n_steps <= steps.len());
    let mut problems = Vec::new();
    for n_steps in may_be {
        match check_exactly(reader, &Expected::after(&steps[..n_steps])) {
            Ok(()) => return Ok(n_steps),
            Err(problem) => problems.push(problem),
        }
    }
    Err(format!("{at_least} steps were acknowledged: {}", problems.join("; ")))
}

fn check_exactly(reader: &Hdf5Reader, expected: &Expected) -> Result<(), String> {
    let say = |error: StorageError| format!("{error:?}");
    let &Expected { n_runs, n_tried, state, is_annotated } = expected;
    if reader.header().n_runs != n_runs {
        return Err(format!("{} runs, not {n_runs}", reader.header().n_runs));
    }
    let has_note = reader.annotations("results/x").map_err(say)?.contains_key("note");
    let changes = [has_note, reader.read("results/sum/all").is_ok(), reader.read("results/link").is_ok()];
    if changes != [is_annotated; 3] {
        return Err(format!("{changes:?} of the changes are there"));
    }
    let statuses = reader.rows("runs/status", 0..n_runs).map_err(say)?;
    let found = statuses.bytes().iter().filter(|&&status| status != 0).count();
    if found != n_tried || reader.header().state != state {
        return Err(format!("{found} runs were tried, not {n_tried}, or the study is not {}", state.word()));
    }
    // A dynamic column exists from the first run on that adds it.
    let column = |name: &str| reader.rows(&format!("results/{name}"), 0..n_tried).map_err(say);
    let columns = if n_tried > 0 {
        let lists = (column("spikes")?, column("words")?);
        Some((column("x")?, lists, column("trace")?, column("word")?, column("tens")?))
    } else {
        None
    };
    for (run, &status) in statuses.bytes()[..n_tried].iter().enumerate() {
        let expected = if fails(run) { RunStatus::Failed } else { RunStatus::Done };
        if status != expected.code() {
            return Err(format!("run {run} has status {status}"));
        }
        let Some((x, (spiked, lists), traces, texts, tens)) = columns.as_ref().filter(|_| !fails(run)) else {
            continue;
        };
        let same = f64::read(x.cell(run)) == Ok(run as f64)
            && Vec::read(spiked.cell(run)) == Ok(spikes(run))
            && <[f64; 40]>::read(traces.cell(run)) == Ok([run as f64; 40])
            && String::read(texts.cell(run)) == Ok(word(run))
            && Vec::read(lists.cell(run)) == Ok(words(run))
            && (!run.is_multiple_of(10) || u64::read(tens.cell(run)) == Ok(run as u64));
        if !same {
            return Err(format!("run {run} holds other results than it yielded"));
        }
    }
    let errors = reader.read("runs/errors/run").map_err(say)?;
    let n_failed = (0..n_tried).filter(|&run| fails(run)).count();
    let expected = ValueType::scalar(ElementType::U64).with_shape([None]);
    errors.expect(&expected).map_err(|error| error.to_string())?;
    if errors.cell(0).shape() != [n_failed] {
        return Err(format!("{:?} errors, but {n_failed} runs failed", errors.cell(0).shape()));
    }
    Ok(())
}
