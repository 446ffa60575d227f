//! A disk without space: an error that says so, nothing committed is lost, and the study goes on when there is room.

#![cfg(all(unix, feature = "bundled-hdf5"))] // a library of the system commits without a journal

mod common;

use std::path::Path;
use std::time::Duration;

use common::children;
use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::storage::StorageError;

const N_RUNS: usize = 600;
const TRACE: usize = 1024;

/// Which run it is.
#[parameters]
struct Which {
    #[param(default = 0)]
    k: u64,
}

/// Eight kibibytes, and some text.
#[results]
struct Yields {
    trace: [f64; TRACE],
    word: String,
}

#[experiment]
fn study(p: &Which) -> Yields {
    std::thread::sleep(Duration::from_micros(200));
    Yields { trace: [p.k as f64; TRACE], word: format!("run {}", p.k) }
}

/// Carries the study out until there is no space.
fn run_out_of_space(file: &Path) {
    let environment = Environment::new(file).with_threads(2).with_commit_every(Duration::from_millis(20));
    let ended = environment.run::<study>(Which::names().k.over(0..N_RUNS as u64));
    let error = ended.expect_err("there is no space for all runs");
    assert!(matches!(error, pypet::Error::Storage(StorageError::NoSpace { .. })), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("study.h5") && text.contains("no space left") && text.contains("resume"), "{text}");
}

/// Compares every run that counts as done; gives their number.
fn n_whole_runs(file: &Path) -> usize {
    let traj = Trajectory::<study>::open(file).expect("what was committed can be read");
    let r = Yields::names();
    let done: Vec<usize> = (0..traj.len()).filter(|&run| traj.statuses()[run] == RunStatus::Done).collect();
    for &run in &done {
        assert_eq!(
            traj.get(r.trace, run).expect("it was committed").map(f64::to_bits),
            [(run as f64).to_bits(); TRACE]
        );
        assert_eq!(traj.get(r.word, run).expect("it was committed"), format!("run {run}"));
    }
    done.len()
}

/// Goes on when there is space.
fn resume(file: &Path) {
    let n_before = n_whole_runs(file);
    assert!(0 < n_before && n_before < N_RUNS, "{n_before} runs were committed before the space was used up");
    let traj = Environment::new(file).resume::<study>().expect("there is space now");
    assert_eq!(traj.any().get::<Vec<u8>>("runs.attempt").expect("it is a column"), vec![1; N_RUNS]);
    assert_eq!(n_whole_runs(file), N_RUNS);
    println!("{n_before} of {N_RUNS} runs were committed before the space was used up");
}

#[test]
fn a_full_disk_loses_nothing_and_the_study_is_resumed_when_there_is_space() {
    if let Some(folder) = children::folder() {
        let (file, ballast) = (folder.join("study.h5"), folder.join("ballast"));
        std::fs::write(&ballast, vec![1; 9 << 20]).expect("the small disk has this much room");
        run_out_of_space(&file);
        n_whole_runs(&file);
        std::fs::remove_file(ballast).expect("the ballast can go");
        return resume(&file);
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mount = "mount -t tmpfs -o size=12m tmpfs \"$0\"";
    let name = "a_full_disk_loses_nothing_and_the_study_is_resumed_when_there_is_space";
    if let Some(child) = children::test_with_mounts(mount, name, folder.path()) {
        children::succeed(child);
    }
}

#[test]
fn a_limit_for_the_size_of_files_is_an_error_and_no_death() {
    if let Some(folder) = children::folder() {
        return run_out_of_space(&folder.join("study.h5"));
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    // In blocks of 512 bytes.
    let name = "a_limit_for_the_size_of_files_is_an_error_and_no_death";
    children::succeed(children::test_after("ulimit -f 6000", name, folder.path()));
    resume(&folder.path().join("study.h5"));
}
