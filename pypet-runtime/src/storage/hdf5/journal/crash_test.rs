//! Every crash point of a study.
//!
//! A study is written through a disk that records every operation of the system. Then, after each of them,
//! the states are made that a kill, a torn write or a power cut would leave, and each is recovered, read with
//! the plain library and compared with what was committed.

#![expect(clippy::cast_possible_truncation, reason = "everything here is small")]

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::disk::{Disk, Part};
use super::transaction::{Transaction, recover};
use crate::run::RunStatus;
use crate::schema::{Leaf, Schema};
use crate::storage::hdf5::access::WritableFile;
use crate::storage::hdf5::edit::edit_in;
use crate::storage::hdf5::expand::expand_in;
use crate::storage::hdf5::raw::vfd::Mode;
use crate::storage::hdf5::{Hdf5Reader, Hdf5Writer};
use crate::storage::{
    Block, DynamicColumn, Edit, FailedRun, Finished, Header, Plan, State, TrajectoryReader, TrajectoryWriter,
};
use crate::value::{Cells, ElementType, ResultValue, ValueType};

const N_COMMITS: usize = 30;
const RUNS_PER_COMMIT: usize = 4;
const N_RUNS: usize = N_COMMITS * RUNS_PER_COMMIT;
/// Runs that are added at the end.
const N_NEW: usize = 17;
const SECTOR: usize = 512;

/// One operation of the system.
#[derive(Debug, Clone)]
enum Operation {
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
struct Recorder {
    shared: Arc<Mutex<Recording>>,
}

#[derive(Default)]
struct Recording {
    files: BTreeMap<Part, Vec<u8>>,
    operations: Vec<Operation>,
    /// How many operations had happened when a commit was acknowledged.
    acknowledged: Vec<usize>,
    /// How often the lock was asked for; where readers are simulated, two of three times in vain.
    n_locks: usize,
    readers: bool,
}

impl Recorder {
    fn with<T>(&self, act: impl FnOnce(&mut Recording) -> T) -> T {
        act(&mut self.shared.lock().expect("the tests do not panic in here"))
    }

    fn record(&self, operation: Operation) {
        self.with(|recording| {
            perform(&mut recording.files, &operation);
            recording.operations.push(operation);
        });
    }
}

fn perform(files: &mut BTreeMap<Part, Vec<u8>>, operation: &Operation) {
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
}

/// A disk as a crash leaves it: durable contents, what was written since, and names likewise.
#[derive(Default, Clone)]
struct Machine {
    files: HashMap<usize, Contents>,
    next: usize,
    names: BTreeMap<Part, usize>,
    durable_names: BTreeMap<Part, usize>,
    /// Changes of names since the folder was synced, oldest first.
    renames: Vec<BTreeMap<Part, usize>>,
    /// Whether the main file has its name, now and durably.
    published: (bool, bool),
}

#[derive(Default, Clone)]
struct Contents {
    durable: Vec<u8>,
    now: Vec<u8>,
    /// Writes and changes of length since the last sync.
    pending: Vec<Operation>,
}

impl Machine {
    fn perform(&mut self, operation: &Operation) {
        match operation {
            Operation::Write(part, ..) | Operation::SetLen(part, _) => {
                let file = self.file(*part);
                apply_to(&mut file.now, operation);
                file.pending.push(operation.clone());
            }
            Operation::Sync(part) => {
                let file = self.file(*part);
                file.durable = file.now.clone();
                file.pending.clear();
            }
            Operation::Rename(from, to) => {
                let file = self.names.remove(from).expect("what is renamed exists");
                self.names.insert(*to, file);
                self.renames.push(self.names.clone());
            }
            Operation::Remove(part) => {
                self.names.remove(part);
                self.renames.push(self.names.clone());
            }
            Operation::Publish => self.published.0 = true,
            Operation::SyncFolder => {
                self.durable_names = self.names.clone();
                self.renames.clear();
                self.published.1 = self.published.0;
            }
        }
    }

    fn file(&mut self, part: Part) -> &mut Contents {
        if !self.names.contains_key(&part) {
            self.names.insert(part, self.next);
            self.renames.push(self.names.clone());
            self.next += 1;
        }
        self.files.entry(self.names[&part]).or_default()
    }

    /// All that was written, as after a kill.
    fn after_kill(&self) -> Option<BTreeMap<Part, Vec<u8>>> {
        let contents = |(&part, file): (&Part, &usize)| (part, self.files[file].now.clone());
        self.published.0.then(|| self.names.iter().map(contents).collect())
    }

    /// What was synced and, by chance, some sectors and names that were not, as after a power cut.
    fn after_power_cut(&self, chance: &mut Chance, keep: u64) -> Option<BTreeMap<Part, Vec<u8>>> {
        let published = self.published.1 || (self.published.0 && chance.below(2) == 0);
        let n_names = chance.below(self.renames.len() as u64 + 1) as usize;
        let names = if n_names == 0 { &self.durable_names } else { &self.renames[n_names - 1] };
        let mut files = BTreeMap::new();
        for (&part, file) in names {
            let contents = &self.files[file];
            let mut bytes = contents.durable.clone();
            for operation in &contents.pending {
                match operation {
                    Operation::Write(_, offset, written) => {
                        for (number, sector) in written.chunks(SECTOR).enumerate() {
                            if chance.below(4) < keep {
                                let at = offset + (number * SECTOR) as u64;
                                apply_to(&mut bytes, &Operation::Write(part, at, sector.to_vec()));
                            }
                        }
                    }
                    other if chance.below(4) < keep => apply_to(&mut bytes, other),
                    _ => {}
                }
            }
            files.insert(part, bytes);
        }
        published.then_some(files)
    }
}

fn apply_to(bytes: &mut Vec<u8>, operation: &Operation) {
    let mut files = BTreeMap::from([(Part::Main, std::mem::take(bytes))]);
    let operation = match operation.clone() {
        Operation::Write(_, offset, written) => Operation::Write(Part::Main, offset, written),
        Operation::SetLen(_, len) => Operation::SetLen(Part::Main, len),
        other => other,
    };
    perform(&mut files, &operation);
    *bytes = files.remove(&Part::Main).expect("put there above");
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn results() -> Vec<Leaf> {
    vec![
        Leaf::new("x", f64::value_type()),
        Leaf::new("spikes", Vec::<f64>::value_type()),
        Leaf::new("trace", <[f64; 40]>::value_type()),
        Leaf::new("word", String::value_type()),
    ]
}

fn plan() -> Plan {
    let header = Header {
        name: "study".into(),
        experiment: "study".into(),
        comment: "cut at every point".into(),
        created: "2026-01-01T00:00:00+00:00".into(),
        n_runs: N_RUNS,
        schema: Schema { parameters: Vec::new(), results: results() },
        state: State::Running,
        axes: None,
    };
    Plan { header, values: Vec::new(), coordinates: Vec::new(), axes: None }
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

fn block(run: usize) -> Block {
    let mut cells: Vec<Cells> = results().iter().map(|leaf| Cells::of(&leaf.value_type)).collect();
    (run as f64).write(&mut cells[0]);
    spikes(run).write(&mut cells[1]);
    [run as f64; 40].write(&mut cells[2]);
    word(run).write(&mut cells[3]);
    let mut added = Vec::new();
    if run.is_multiple_of(10) {
        let mut cells = Cells::new(ElementType::U64, 0);
        cells.push_number(run as u64);
        added.push(DynamicColumn {
            branch: DynamicColumn::RESULTS,
            leaf: Leaf::new("tens", u64::value_type()),
            runs: vec![run],
            cells,
        });
    }
    Block { first: run, worker: 0, started: vec![run as f64], runtime: vec![1.0], results: cells, added }
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

/// Carries the study out; the recording tells all that happened on the disk.
fn record_study(readers: bool) -> Recorder {
    let disk = Recorder::default();
    disk.with(|recording| recording.readers = readers);
    let acknowledge = || disk.with(|recording| recording.acknowledged.push(recording.operations.len()));
    let file = WritableFile::over(Transaction::begin_new(Box::new(disk.clone())), Mode::Create);
    crate::storage::hdf5::file::mark(&file).expect("the file can be marked");
    let mut writer = Hdf5Writer::over(file, "study");
    writer.begin(&plan(), &mut |_| Vec::new()).expect("the study begins");
    acknowledge();
    for commit in 0..N_COMMITS {
        for run in commit * RUNS_PER_COMMIT..(commit + 1) * RUNS_PER_COMMIT {
            let finished = if fails(run) { Finished::Failed(failed(run)) } else { Finished::Done(block(run)) };
            writer.write(&finished).expect("the run can be written");
        }
        writer.commit().expect("the commit succeeds");
        acknowledge();
    }
    writer.finish(State::Finished).expect("the study ends");
    acknowledge();
    // Later the study is annotated, and then expanded.
    let reopen = || {
        let transaction = Transaction::open(Box::new(disk.clone())).expect("the file can be opened again");
        WritableFile::over(transaction, Mode::Write)
    };
    let mut note = Cells::new(ElementType::Text, 0);
    note.push_str("looked at");
    let summary = Edit::AddValue {
        path: "results/sum/all".into(),
        leaf: Leaf::new("sum.all", String::value_type()),
        value: note.clone(),
    };
    let edits = [
        Edit::Annotate { path: "results/x".into(), key: "note".into(), value: note },
        summary,
        Edit::Link { path: "results/link".into(), target: "results/x".into() },
    ];
    edit_in(reopen(), Path::new("test.h5"), "study", &edits).expect("the study is annotated");
    acknowledge();
    let mut plan = plan();
    plan.header.n_runs = N_RUNS + N_NEW;
    expand_in(reopen(), Path::new("test.h5"), &plan, N_RUNS, None, &mut |_| Vec::new()).expect("the study is expanded");
    acknowledge();
    disk
}

/// Recovers a crashed disk and compares it with what was committed; says what is wrong.
fn check(files: Option<BTreeMap<Part, Vec<u8>>>, at_least: usize, file: &Path) -> Result<(), String> {
    let Some(files) = files.filter(|files| files.contains_key(&Part::Main)) else {
        return if at_least == 0 { Ok(()) } else { Err("the file is gone".into()) };
    };
    let mut disk = Recorder::default();
    disk.with(|recording| recording.files = files);
    check_view(&disk)?;
    recover(&mut disk).map_err(|error| format!("cannot recover: {error}"))?;
    let files = disk.with(|recording| recording.files.clone());
    if files.len() > 1 {
        return Err("recovery leaves a journal".into());
    }
    std::fs::write(file, &files[&Part::Main]).map_err(|error| error.to_string())?;
    // Through the library's own driver, as any other program would.
    let plain = hdf5::File::open(file).map_err(|error| format!("plain HDF5 cannot open: {error}"))?;
    drop(plain);
    let reader = Hdf5Reader::newest(file).map_err(|error| format!("{error:?}"))?;
    check_runs(&reader, at_least)
}

/// A reader that may change nothing sees the bytes that a recovery would leave.
fn check_view(crashed: &Recorder) -> Result<(), String> {
    let view = Transaction::view(Box::new(crashed.clone())).map_err(|error| format!("cannot view: {error}"))?;
    let mut recovered = Recorder::default();
    let files = crashed.with(|recording| recording.files.clone());
    recovered.with(|recording| recording.files = files);
    recover(&mut recovered).map_err(|error| format!("cannot recover: {error}"))?;
    let expected = recovered.with(|recording| recording.files[&Part::Main].clone());
    let mut seen = vec![0; expected.len()];
    view.read(0, &mut seen).map_err(|error| error.to_string())?;
    if seen == expected { Ok(()) } else { Err("a reader sees other bytes than a recovery leaves".into()) }
}

fn check_runs(reader: &Hdf5Reader, at_least: usize) -> Result<(), String> {
    let say = |error: crate::storage::StorageError| format!("{error:?}");
    check_later_changes(reader, at_least)?;
    let statuses = reader.rows("runs/status", 0..N_RUNS).map_err(say)?;
    let n_tried = statuses.bytes().iter().filter(|&&status| status != 0).count();
    let committed = |commits: usize| (commits.saturating_sub(1) * RUNS_PER_COMMIT).min(N_RUNS);
    if n_tried != committed(at_least) && n_tried != committed(at_least + 1) {
        return Err(format!("{n_tried} runs, but {at_least} commits were acknowledged"));
    }
    // A dynamic column exists from the first run on that adds it.
    let column = |name: &str| reader.rows(&format!("results/{name}"), 0..n_tried).map_err(say);
    let columns = if n_tried > 0 {
        Some((column("x")?, column("spikes")?, column("trace")?, column("word")?, column("tens")?))
    } else {
        None
    };
    for (run, &status) in statuses.bytes()[..n_tried].iter().enumerate() {
        let expected = if fails(run) { RunStatus::Failed } else { RunStatus::Done };
        if status != expected.code() {
            return Err(format!("run {run} has status {status}"));
        }
        let Some((x, spiked, traces, words, tens)) = columns.as_ref().filter(|_| !fails(run)) else { continue };
        let same = f64::read(x.cell(run)) == Ok(run as f64)
            && Vec::read(spiked.cell(run)) == Ok(spikes(run))
            && <[f64; 40]>::read(traces.cell(run)) == Ok([run as f64; 40])
            && String::read(words.cell(run)) == Ok(word(run))
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

/// What is changed after the study is changed wholly or not at all.
fn check_later_changes(reader: &Hdf5Reader, at_least: usize) -> Result<(), String> {
    let is_annotated = reader.annotations("results/x").is_ok_and(|all| all.contains_key("note"));
    let parts = [is_annotated, reader.read("results/sum/all").is_ok(), reader.read("results/link").is_ok()];
    if parts != [is_annotated; 3] || (at_least >= N_COMMITS + 3 && !is_annotated) {
        return Err(format!("{parts:?} of the changes are there, but {at_least} commits were acknowledged"));
    }
    let n_runs = reader.header().n_runs;
    let expected = if n_runs == N_RUNS { N_RUNS } else { N_RUNS + N_NEW };
    if n_runs != expected || (at_least >= N_COMMITS + 4 && n_runs == N_RUNS) {
        return Err(format!("{n_runs} runs, but {at_least} commits were acknowledged"));
    }
    for column in ["runs/status", "runs/runtime", "results/x", "results/trace", "results/spikes"] {
        // Ragged columns and arrays exist from the first run on.
        let rows = reader.rows(column, 0..n_runs);
        if n_runs > N_RUNS && rows.is_err() {
            return Err(format!("`{column}` has not grown: {rows:?}"));
        }
    }
    Ok(())
}

/// Tries every crash point of a study; gives the number of states and what failed.
fn try_all(readers: bool) -> (usize, Vec<String>) {
    let disk = record_study(readers);
    let (operations, acknowledged) = disk.with(|r| (r.operations.clone(), r.acknowledged.clone()));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("crashed.h5");
    let mut chance = Chance(88_172_645_463_325_252);
    let mut machine = Machine::default();
    let (mut n_states, mut failures) = (0, Vec::new());
    for (position, operation) in operations.iter().enumerate() {
        let mut states = Vec::new();
        if let Operation::Write(part, offset, bytes) = operation {
            // Cut within the write, between two sectors.
            let n_sectors = bytes.len().div_ceil(SECTOR) as u64;
            let whole = (chance.below(n_sectors) as usize * SECTOR).min(bytes.len());
            let mut torn = machine.clone();
            torn.perform(&Operation::Write(*part, *offset, bytes[..whole].to_vec()));
            states.push(("torn", torn.after_kill()));
        }
        machine.perform(operation);
        states.push(("kill", machine.after_kill()));
        for keep in [0, 1, 1, 2, 2, 3, 3] {
            states.push(("power cut", machine.after_power_cut(&mut chance, keep)));
        }
        let at_least = acknowledged.iter().filter(|&&after| after <= position + 1).count();
        // Before the operation is over the commit may or may not be acknowledged; it is one of the two.
        let before = acknowledged.iter().filter(|&&after| after <= position).count();
        for (what, state) in states {
            n_states += 1;
            let at_least = if what == "torn" { before } else { at_least };
            if let Err(problem) = check(state, at_least, &file) {
                failures.push(format!("{what} after operation {position} ({operation:.60?}): {problem}"));
            }
        }
    }
    (n_states, failures)
}

#[test]
fn every_crash_point_leaves_the_committed_runs() {
    let mut n_all = 0;
    for readers in [false, true] {
        let (n_states, failures) = try_all(readers);
        println!("readers {readers}: {n_states} states tried, {} failures", failures.len());
        assert!(failures.is_empty(), "{} failures, the first: {}", failures.len(), failures[0]);
        n_all += n_states;
    }
    assert!(n_all >= 10_000, "only {n_all} states");
}
