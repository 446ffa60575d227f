//! h5py reads a file in a loop while a study writes it.

#![cfg(feature = "bundled-hdf5")] // a library of the system commits without a journal

mod common;

use std::time::Duration;

use common::children;
use pypet::prelude::*;

/// How long is read, in seconds; a minute where everything is tested.
const SECONDS: &str = "PYPET_READER_SECONDS";

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
fn study(p: &Which) -> Yields {
    std::thread::sleep(Duration::from_millis(2));
    Yields { square: p.k * p.k, trace: [p.k as f64; 20], word: format!("run {}", p.k) }
}

fn seconds() -> u64 {
    std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(10)
}

/// What the child does; as a test of its own it does nothing.
#[test]
fn child() {
    let Some(folder) = children::folder() else { return };
    // More runs than two threads can carry out while Python starts and reads.
    let n_runs = (seconds() + 60) * 1000;
    let environment = Environment::new(folder.join("study.h5")).with_threads(2);
    environment.run::<study>(Which::names().k.over(0..n_runs)).expect("it runs until it is killed");
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
    assert_eq!((&told["errors"], &told["wrong"]), (&0.into(), &0.into()), "{told}");
    let refused_again = told["refused_again"].as_u64().expect("a number");
    assert!(refused_again * 100 <= told["reads"].as_u64().expect("a number"), "{told}");
    // Where this is one of many tests, the machine may have other things to do.
    let oldest = if std::env::var_os(SECONDS).is_some() { 2.0 } else { 5.0 };
    assert!(told["oldest_newest_run"].as_f64() <= Some(oldest), "{told}");
}
