//! One writer for each file, and places that cannot be written to.

#![cfg(all(unix, feature = "bundled-hdf5"))] // a library of the system knows no names of lock holders

mod common;

use std::path::Path;
use std::time::Duration;

use common::children;
use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::storage::StorageError;

/// Which run it is.
#[parameters]
struct Which {
    #[param(default = 0)]
    k: u64,
}

/// Tells a child that its later runs may end.
const SIGN: &str = "go-on";

#[experiment(result = "square")]
fn study(p: &Which) -> u64 {
    if let Some(folder) = children::folder().filter(|_| p.k >= 5) {
        children::wait_until(|| folder.join(SIGN).exists());
    }
    p.k * p.k
}

fn runs(n_runs: u64) -> Exploration<Which> {
    Which::names().k.over(0..n_runs)
}

fn serial(file: &Path) -> Environment {
    Environment::new(file).serial().with_commit_every(Duration::from_millis(10))
}

fn storage_error<T>(result: pypet::Result<T>) -> StorageError {
    match result.err().expect("this is refused") {
        pypet::Error::Storage(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_writer_is_told_who_the_first_is_and_takes_over_when_that_is_killed() {
    if let Some(folder) = children::folder() {
        serial(&folder.join("study.h5")).run::<study>(runs(10_000)).expect("it runs until it is killed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("study.h5");
    let name = "a_second_writer_is_told_who_the_first_is_and_takes_over_when_that_is_killed";
    let mut first = children::test(name, folder.path()).spawn().expect("the test program can be started again");
    children::wait_until(|| file.exists());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let who = format!("process {} on {}", first.id(), host.trim());
    for refused in [Environment::new(&file).run::<study>(runs(3)), Environment::new(&file).resume::<study>()] {
        let error = storage_error(refused);
        assert!(matches!(&error, StorageError::InUse { holder, .. } if holder.starts_with(&who)), "{error:?}");
    }
    Trajectory::<study>::open(&file).expect("readers are not kept out");
    first.kill().expect("a child can be killed");
    first.wait().expect("a child can be waited for");
    let second = Environment::new(&file).with_name("second").run::<study>(runs(3)).expect("nobody is in the way");
    assert_eq!(second.statuses(), [RunStatus::Done; 3]);
    assert_eq!(AnyTrajectory::open_named(&file, "study").expect("the first is still there").header().n_runs, 10_000);
}

#[test]
fn a_second_writer_follows_when_the_first_has_ended() {
    if let Some(folder) = children::folder() {
        serial(&folder.join("study.h5")).run::<study>(runs(30)).expect("it runs to its end");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("study.h5");
    let name = "a_second_writer_follows_when_the_first_has_ended";
    let mut first = children::test(name, folder.path()).spawn().expect("the test program can be started again");
    children::wait_until(|| file.exists());
    let error = storage_error(Environment::new(&file).run::<study>(runs(3)));
    assert!(matches!(error, StorageError::InUse { .. }), "{error:?}");
    std::fs::write(folder.path().join(SIGN), "").expect("the folder can be written to");
    assert!(first.wait().expect("a child can be waited for").success(), "the first is not disturbed");
    assert_eq!(Trajectory::<study>::open(&file).expect("it is whole").statuses(), [RunStatus::Done; 30]);
    Environment::new(&file).with_name("second").run::<study>(runs(3)).expect("nobody is in the way");
    std::fs::remove_file(folder.path().join(SIGN)).expect("the sign is there");
    let left = std::fs::read_dir(folder.path()).expect("the folder can be read");
    assert_eq!(left.count(), 1, "no lock is left behind");
}

/// The contents of a folder, by name.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut contents: Vec<_> =
        paths.map(|path| (path.display().to_string(), std::fs::read(&path).expect("the file can be read"))).collect();
    contents.sort();
    contents
}

/// Reading works, writing is refused with the name of the file, and nothing changes.
fn read_and_be_refused(file: &Path, folder: &Path) {
    let before = contents(folder);
    let traj = Trajectory::<study>::open(file).expect("reading needs no right to write");
    assert_eq!(traj.all(study::results()).expect("the column is there").to_vec(), [0, 1, 4, 9]);
    drop(traj);
    for refused in [Environment::new(file).run::<study>(runs(3)), Environment::new(file).resume::<study>()] {
        let error = storage_error(refused);
        assert!(matches!(error, StorageError::Io { .. }), "{error:?}");
        assert!(error.to_string().contains("study.h5"), "{error}");
    }
    assert_eq!(contents(folder), before);
}

#[test]
fn a_read_only_folder_is_read_without_a_lock_and_refused_for_writing() {
    if let Some(folder) = children::folder() {
        read_and_be_refused(&folder.join("study.h5"), &folder);
        let error = storage_error(Environment::new(folder.join("new.h5")).run::<study>(runs(3)));
        assert!(matches!(error, StorageError::Io { .. }) && error.to_string().contains("new.h5"), "{error:?}");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    Environment::new(folder.path().join("study.h5")).run::<study>(runs(4)).expect("the folder can be written");
    // Permissions do not bind root, mounts do.
    let mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"";
    let name = "a_read_only_folder_is_read_without_a_lock_and_refused_for_writing";
    if let Some(child) = children::test_with_mounts(mount, name, folder.path()) {
        children::succeed(child);
    }
}

#[test]
fn a_read_only_file_is_refused_for_writing() {
    if let Some(folder) = children::folder() {
        return read_and_be_refused(&folder.join("study.h5"), &folder);
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    Environment::new(folder.path().join("study.h5")).run::<study>(runs(4)).expect("the folder can be written");
    let file = "\"$0/study.h5\"";
    let mount = format!("mount --bind {file} {file} && mount -o remount,bind,ro {file}");
    let name = "a_read_only_file_is_refused_for_writing";
    if let Some(child) = children::test_with_mounts(&mount, name, folder.path()) {
        children::succeed(child);
    }
}
