//! h5py, and we ourselves, read a file in a loop while a study writes it.

#![cfg(feature = "bundled-hdf5")] // a library of the system commits without a journal

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::children;
use pypet::prelude::*;
use pypet::run::RunStatus;

/// How long is read, in seconds; a minute where everything is tested.
const SECONDS: &str = "PYPET_READER_SECONDS";

/// Has the study commit a thousand times a second.
const BUSY: &str = "PYPET_BUSY_WRITER";

/// Which run it is.
#[parameters]
struct Which {
    #[param(default = 0)]
    k: u64,
}

/// Something of each kind.
#[results]
struct Yields {
    square: u64,
    #[result(compress = 1)]
    trace: [f64; 20],
    word: String,
}

#[experiment]
fn study(p: &Which, run: &mut Run) -> Yields {
    std::thread::sleep(Duration::from_millis(2));
    if p.k + 1000 >= n_runs() {
        children::wait_to_be_stopped(run);
    }
    Yields { square: p.k * p.k, trace: [p.k as f64; 20], word: format!("run {}", p.k) }
}

fn seconds() -> u64 {
    std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(10)
}

/// More than two threads can carry out while Python starts and reads; the last of them wait to be killed.
fn n_runs() -> u64 {
    (seconds() + 60) * 1000
}

/// What the child does; as a test of its own it does nothing.
#[test]
fn child() {
    let Some(folder) = children::folder() else { return };
    let mut environment = Environment::new(folder.join("study.h5")).with_threads(2);
    if std::env::var_os(BUSY).is_some() {
        environment = environment.with_commit_every(Duration::from_millis(1));
    }
    environment.run::<study>(Which::names().k.over(0..n_runs())).expect("it runs until it is killed");
}

#[test]
fn h5py_reads_beside_the_writer_and_finds_the_newest_runs() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("study.h5");
    let mut writer = children::test("child", folder.path()).spawn().expect("the test program can be started again");
    children::wait_until(|| file.exists());
    let printed = common::python::run("beside.py", [file.as_os_str(), seconds().to_string().as_ref()]);
    assert!(writer.try_wait().expect("a child can be asked").is_none(), "the study still goes on");
    writer.kill().expect("a child can be killed");
    writer.wait().expect("a child can be waited for");
    println!("{}", printed.trim());

    let told: serde_json::Value = serde_json::from_str(&printed).expect("the script prints JSON");
    assert!(told["reads"].as_u64() > Some(10) && told["runs"].as_u64() > Some(100), "{told}");
    assert!(told["newer"].as_u64() > Some(4), "{told}");
    assert_eq!((&told["errors"], &told["wrong"]), (&0.into(), &0.into()), "{told}");
    // Readers who come again and again would hold every commit up if each had to wait until nobody reads.
    if std::env::var_os(SECONDS).is_some() {
        let refused_again = told["refused_again"].as_u64().expect("a number");
        assert!(refused_again * 10 <= told["reads"].as_u64().expect("a number"), "{told}");
        assert!(told["oldest_newest_run"].as_f64() <= Some(seconds() as f64 / 3.0), "{told}");
    }
}

/// Opens the file until the time is over and something was seen; gives how often, and the most runs that were done.
fn read_again_and_again(file: &Path, time: Duration) -> (usize, usize) {
    let begun = Instant::now();
    let (mut n_opened, mut n_most) = (0, 0);
    while begun.elapsed() < time || n_opened <= 50 || n_most <= 100 {
        assert!(begun.elapsed() < time + children::PATIENCE, "opened {n_opened} times, with {n_most} runs at most");
        let traj = Trajectory::<study>::open(file).expect("a file can be read beside its writer");
        let done: Vec<_> = traj.runs().filter(|run| run.status() == RunStatus::Done).collect();
        if let Some(newest) = done.last() {
            let k = newest.index() as u64;
            assert_eq!(newest.get(Yields::names().square).expect("it can be read"), k * k);
            assert_eq!(newest.get(Yields::names().word).expect("it can be read"), format!("run {k}"));
        }
        n_opened += 1;
        n_most = n_most.max(done.len());
    }
    (n_opened, n_most)
}

#[test]
fn readers_that_come_and_go_disturb_no_commit_and_miss_none() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("study.h5");
    let mut command = children::test("child", folder.path());
    let mut writer = command.env(BUSY, "").spawn().expect("the test program can be started again");
    children::wait_until(|| file.exists());
    let time = Duration::from_secs(seconds() / 2);
    let (n_opened, n_most) = std::thread::scope(|scope| {
        let readers = [(); 2].map(|()| scope.spawn(|| read_again_and_again(&file, time)));
        let read = readers.map(|reader| reader.join().expect("a reader finds nothing wrong"));
        (read[0].0 + read[1].0, read[0].1.max(read[1].1))
    });
    assert!(writer.try_wait().expect("a child can be asked").is_none(), "the study still goes on");
    writer.kill().expect("a child can be killed");
    writer.wait().expect("a child can be waited for");
    println!("opened {n_opened} times, the last time with {n_most} runs");
}
