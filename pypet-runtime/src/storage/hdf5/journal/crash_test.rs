//! Every crash point of a study.
//!
//! A study is written through a disk that records every operation of the system. Then, after each of them,
//! the states are made that a kill, a torn write or a power cut would leave, and each is recovered, read with
//! the plain library and compared with what was committed.

#![expect(clippy::cast_possible_truncation, reason = "everything here is small")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use super::disk::Part;
use super::test_study::{self, Operation, Recorder, Step, Study, perform, steps};
use super::transaction::{Transaction, recover};
use crate::storage::hdf5::Hdf5Reader;

const N_COMMITS: usize = 30;
const RUNS_PER_COMMIT: usize = 4;
const SECTOR: usize = 512;

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

/// Carries a study out; gives all that happened on the disk, and how much of it after each step.
fn record_study(steps: &[Step], readers: bool) -> (Vec<Operation>, Vec<usize>) {
    let disk = Recorder::default();
    disk.with(|recording| recording.readers = readers);
    let mut study = Study::new(|| Box::new(disk.clone()));
    let mut acknowledged = Vec::new();
    for step in steps {
        study.carry_out(step).expect("a healthy disk takes every step");
        acknowledged.push(disk.with(|recording| recording.operations.len()));
    }
    (disk.with(|recording| recording.operations.clone()), acknowledged)
}

/// Recovers a crashed disk and compares it with what was committed; says what is wrong.
fn check(files: Option<BTreeMap<Part, Vec<u8>>>, steps: &[Step], at_least: usize, file: &Path) -> Result<(), String> {
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
    test_study::check(&reader, steps, at_least).map(|_| ())
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

/// Tries every crash point of a study; gives the number of states and what failed.
fn try_all(readers: bool) -> (usize, Vec<String>) {
    let steps = steps(N_COMMITS, RUNS_PER_COMMIT);
    let (operations, acknowledged) = record_study(&steps, readers);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("crashed.h5");
    let mut chance = Chance(88_172_645_463_325_252);
    let mut machine = Machine::default();
    let (mut n_states, mut failures, mut tried) = (0, Vec::new(), HashSet::new());
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
            let mut hasher = DefaultHasher::new();
            (&state, at_least).hash(&mut hasher);
            // A sync or a rename often leaves nothing by chance, so that states repeat.
            if tried.insert(hasher.finish())
                && let Err(problem) = check(state, &steps, at_least, &file)
            {
                failures.push(format!("{what} after operation {position} ({operation:.60?}): {problem}"));
            }
        }
    }
    println!(
        "readers {readers}: {n_states} states tried, {} of them distinct, {} failures",
        tried.len(),
        failures.len()
    );
    (n_states, failures)
}

#[test]
fn every_crash_point_leaves_the_committed_runs() {
    let mut n_all = 0;
    for readers in [false, true] {
        let (n_states, failures) = try_all(readers);
        assert!(failures.is_empty(), "{} failures, the first: {}", failures.len(), failures[0]);
        n_all += n_states;
    }
    assert!(n_all >= 10_000, "only {n_all} states");
}
