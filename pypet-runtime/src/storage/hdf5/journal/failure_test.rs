//! Every call that fails.
//!
//! A study is carried out on a disk whose n-th operation fails, for every n until none is left that could: with
//! no space, with an error of the device, or with a part of the bytes written. Whatever fails, the study says so
//! or goes on, the file holds every step that was acknowledged, and once the disk works again the study goes on
//! from there to the same end.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::disk::{Disk, Part};
use super::test_study::{self, Recorder, Step, Study, steps};
use super::transaction::{Transaction, recover};
use crate::storage::hdf5::access::ReadableFile;
use crate::storage::hdf5::{Hdf5Reader, Place};
use crate::storage::{StorageError, TrajectoryReader};

/// How operations fail.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// Once, with an error of the device.
    Device,
    /// Once; of a write, half of the bytes are written.
    Short,
    /// The disk is full from then on: writes, and whatever makes a file longer or a name.
    Full,
    /// A read fails once.
    Read,
}

/// What counts the operations and lets one of them fail; shared with the test.
#[derive(Debug)]
struct Plan {
    fault: Fault,
    /// Operations before the one that fails.
    left: usize,
    has_failed: bool,
}

/// A disk that fails according to plan.
#[derive(Clone)]
struct Failing {
    disk: Recorder,
    plan: Arc<Mutex<Plan>>,
}

impl Failing {
    fn new(disk: &Recorder, fault: Fault, left: usize) -> (Self, Arc<Mutex<Plan>>) {
        let plan = Arc::new(Mutex::new(Plan { fault, left, has_failed: false }));
        (Self { disk: disk.clone(), plan: plan.clone() }, plan)
    }

    /// Whether this operation is the one, or one of those, that fail.
    fn fails(&self, is_read: bool, takes_space: bool) -> Option<io::Error> {
        let mut plan = self.plan.lock().expect("nobody panics with it");
        if is_read != (plan.fault == Fault::Read) {
            return None;
        }
        if plan.has_failed {
            return (plan.fault == Fault::Full && takes_space).then(|| io::ErrorKind::StorageFull.into());
        }
        if plan.fault == Fault::Full && !takes_space {
            return None;
        }
        if plan.left > 0 {
            plan.left -= 1;
            return None;
        }
        plan.has_failed = true;
        Some(match plan.fault {
            Fault::Full => io::ErrorKind::StorageFull.into(),
            _ => io::Error::other("input/output error"),
        })
    }

    fn change(&mut self, takes_space: bool, act: impl FnOnce(&mut Recorder) -> io::Result<()>) -> io::Result<()> {
        match self.fails(false, takes_space) {
            Some(error) => Err(error),
            None => act(&mut self.disk),
        }
    }
}

impl Disk for Failing {
    fn read_at(&self, part: Part, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.fails(true, false).map_or_else(|| self.disk.read_at(part, offset, buffer), Err)
    }

    fn write_at(&mut self, part: Part, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let Some(error) = self.fails(false, true) else { return self.disk.write_at(part, offset, bytes) };
        let fault = self.plan.lock().expect("nobody panics with it").fault;
        if fault != Fault::Device {
            self.disk.write_at(part, offset, &bytes[..bytes.len() / 2])?;
        }
        Err(error)
    }

    fn len(&self, part: Part) -> io::Result<Option<u64>> {
        self.fails(true, false).map_or_else(|| self.disk.len(part), Err)
    }

    fn set_len(&mut self, part: Part, len: u64) -> io::Result<()> {
        self.change(true, |disk| disk.set_len(part, len))
    }

    fn sync(&mut self, part: Part) -> io::Result<()> {
        self.change(true, |disk| disk.sync(part))
    }

    fn rename(&mut self, from: Part, to: Part) -> io::Result<()> {
        self.change(true, |disk| disk.rename(from, to))
    }

    fn remove(&mut self, part: Part) -> io::Result<()> {
        self.change(false, |disk| disk.remove(part))
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.change(false, Disk::sync_folder)
    }

    fn publish(&mut self) -> io::Result<()> {
        self.change(true, Disk::publish)
    }

    fn try_lock_readers_out(&mut self) -> io::Result<bool> {
        let mut locked = false;
        self.change(false, |disk| disk.try_lock_readers_out().map(|alone| locked = alone))?;
        Ok(locked)
    }

    fn let_readers_in(&mut self) -> io::Result<()> {
        self.change(false, Disk::let_readers_in)
    }

    fn set_durable(&mut self, _: bool) {}
}

/// What came of a study on a failing disk.
struct Attempt {
    acknowledged: usize,
    ended: Result<(), StorageError>,
    has_failed: bool,
}

fn attempt(disk: &Recorder, steps: &[Step], fault: Fault, n_before: usize) -> Attempt {
    let (failing, plan) = Failing::new(disk, fault, n_before);
    let mut acknowledged = 0;
    let mut study = Study::new(|| Box::new(failing.clone()));
    let ended = steps.iter().try_for_each(|step| study.carry_out(step).map(|()| acknowledged += 1));
    let has_failed = plan.lock().expect("nobody panics with it").has_failed;
    Attempt { acknowledged, ended, has_failed }
}

/// Compares what a study left with what was acknowledged, and goes on to the end.
fn check_and_resume(disk: &Recorder, steps: &[Step], acknowledged: usize, file: &Path) -> Result<(), String> {
    let is_there = disk.with(|recording| recording.published && recording.files.contains_key(&Part::Main));
    if !is_there {
        return if acknowledged == 0 { Ok(()) } else { Err("the file is gone".into()) };
    }
    let n_steps = check(disk, steps, acknowledged, file)?;
    if n_steps == steps.len() {
        return Ok(());
    }
    let mut study = Study::after(|| Box::new(disk.clone()), &steps[..n_steps]);
    let resumed = steps[n_steps..].iter().try_for_each(|step| study.carry_out(step));
    resumed.map_err(|error| format!("cannot resume: {error:?}"))?;
    check(disk, steps, steps.len(), file).map(|_| ())
}

/// Compares what a recovery would leave; the disk stays as it is.
fn check(disk: &Recorder, steps: &[Step], at_least: usize, file: &Path) -> Result<usize, String> {
    let mut recovered = copy(disk);
    recover(&mut recovered).map_err(|error| format!("cannot recover: {error}"))?;
    let bytes = recovered.with(|recording| recording.files[&Part::Main].clone());
    std::fs::write(file, bytes).map_err(|error| error.to_string())?;
    let plain = hdf5::File::open(file).map_err(|error| format!("plain HDF5 cannot open: {error}"))?;
    drop(plain);
    let reader = Hdf5Reader::newest(file).map_err(|error| format!("{error:?}"))?;
    test_study::check(&reader, steps, at_least)
}

fn copy(disk: &Recorder) -> Recorder {
    let copy = Recorder::default();
    let files = disk.with(|recording| recording.files.clone());
    copy.with(|recording| recording.files = files);
    copy
}

/// Lets one call fail and checks all that follows; `None` if the study makes fewer calls, else whether it did no harm.
fn try_case(steps: &[Step], fault: Fault, readers: bool, n_before: usize, file: &Path) -> Option<bool> {
    let disk = Recorder::default();
    disk.with(|recording| recording.readers = readers);
    let Attempt { acknowledged, ended, has_failed } = attempt(&disk, steps, fault, n_before);
    if !has_failed {
        return None;
    }
    let is_typed = match (&ended, fault) {
        (Err(StorageError::NoSpace { .. }), Fault::Full) => true,
        (Err(_), Fault::Full) => false,
        (Ok(()) | Err(StorageError::Io { .. } | StorageError::Hdf5 { .. }), _) => true,
        (Err(_), _) => false,
    };
    assert!(is_typed, "{fault:?} {n_before}: {ended:?}");
    let checked = check_and_resume(&disk, steps, acknowledged, file);
    assert!(checked.is_ok(), "{fault:?}, readers {readers}, call {n_before}: {checked:?}, after {ended:?}");
    Some(ended.is_ok())
}

#[test]
fn every_call_that_fails_leaves_what_was_acknowledged_and_the_study_can_go_on() {
    let steps = steps(4, 5);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("failed.h5");
    let mut n_all = 0;
    for (fault, readers) in [
        (Fault::Device, false),
        (Fault::Device, true),
        (Fault::Short, false),
        (Fault::Full, false),
        (Fault::Full, true),
    ] {
        let cases: Vec<bool> = (0..).map_while(|n| try_case(&steps, fault, readers, n, &file)).collect();
        let n_harmless = cases.iter().filter(|harmless| **harmless).count();
        println!("{fault:?}, readers {readers}: {} calls failed, {n_harmless} of them without harm", cases.len());
        n_all += cases.len();
    }
    println!("{n_all} cases");
    assert!(n_all >= 1000, "only {n_all} cases");
}

/// Tells the test program to be a child, and which read fails in it.
///
/// Afterwards the library may keep something that it could not close, on which later calls stumble, also those for
/// other files; so each case gets a process.
const FAILING_READ: &str = "PYPET_FAILING_READ";

/// What the child does; as a test of its own it does nothing.
#[test]
fn one_read_fails() {
    let Ok(n_before) = std::env::var(FAILING_READ) else { return };
    let n_before = n_before.parse().expect("a number");
    let steps = steps(4, 5);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("failed.h5");
    let case = try_case(&steps, Fault::Read, false, n_before, &file);
    println!("cases: {}", usize::from(case.is_some()));
}

#[test]
fn every_read_that_fails_while_writing_leaves_what_was_acknowledged() {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut n_all = 0;
    loop {
        let mut child = std::process::Command::new(&program);
        child.args(["one_read_fails", "--nocapture"]).env(FAILING_READ, n_all.to_string());
        let output = child.output().expect("the test program can be started again");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let n_cases = said.lines().find_map(|line| line.strip_prefix("cases: ")?.parse::<usize>().ok());
        let told = || format!("read {n_all}: {}\n{said}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        let n_cases = n_cases.unwrap_or_else(|| panic!("{}", told()));
        n_all += n_cases;
        if n_cases == 0 {
            break;
        }
    }
    println!("{n_all} reads failed");
    assert!(n_all >= 300, "only {n_all} cases");
}

#[test]
fn every_read_that_fails_is_an_error_and_no_wrong_value() {
    let steps = steps(4, 5);
    let disk = Recorder::default();
    let mut study = Study::new(|| Box::new(disk.clone()));
    steps.iter().try_for_each(|step| study.carry_out(step)).expect("a healthy disk takes every step");
    for n_before in 0.. {
        let (failing, plan) = Failing::new(&disk, Fault::Read, n_before);
        let opened = Transaction::view(Box::new(failing)).map_err(Place::new(Path::new("test.h5")).io("read"));
        let read = opened.and_then(ReadableFile::over).and_then(Hdf5Reader::over);
        let has_failed = || plan.lock().expect("nobody panics with it").has_failed;
        match read {
            Err(error) => assert!(has_failed(), "{error:?}"),
            Ok(reader) => {
                let compared = reader.nodes().map_err(|error| format!("{error:?}"));
                let compared = compared.and_then(|_| test_study::check(&reader, &steps, steps.len()));
                assert!(compared.is_ok() || has_failed(), "{compared:?}");
                let told = compared.err().unwrap_or_default();
                assert!(!told.contains("other results"), "call {n_before}: {told}");
            }
        }
        if !has_failed() {
            println!("{n_before} reads failed");
            assert!(n_before > 50);
            break;
        }
    }
}
