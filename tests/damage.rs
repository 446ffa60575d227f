//! A byte that changed since it was written is told, and never passed on as a value.

#![cfg(feature = "bundled-hdf5")] // a library of the system keeps text without checksums

mod common;

use std::path::{Path, PathBuf};

use pypet::prelude::*;
use pypet::storage::StorageError;
use pypet::verify::ProblemKind;

const N_RUNS: usize = 50;

/// Parameters of every kind.
#[parameters]
struct Input {
    #[param(default = 0)]
    k: u64,
    #[param(default = 1_234.5)]
    number: f64,
    #[param(default = "a note that stands alone".to_string())]
    note: String,
    #[param(default = "explored".to_string())]
    label: String,
    #[param(default = (0..3000).map(|i| f64::from(i) + 0.25).collect::<Vec<f64>>())]
    large: Vec<f64>,
}

/// Results of every layout.
#[results]
struct Output {
    x: f64,
    is_even: bool,
    word: String,
    words: Vec<String>,
    spikes: Vec<f64>,
    #[result(compress = 4)]
    packed: [u64; 8],
}

#[experiment]
fn study(p: &Input) -> Result<Output, String> {
    if p.k == 13 {
        return Err("unlucky number thirteen".into());
    }
    let k = p.k as f64;
    Ok(Output {
        x: k + 0.125,
        is_even: p.k.is_multiple_of(2),
        word: format!("the word of run {}.", p.k),
        words: (0..p.k % 4).map(|i| format!("word {i} of run {}.", p.k)).collect(),
        spikes: (0..p.k % 3).map(|i| k + i as f64 + 0.375).collect(),
        packed: [p.k; 8],
    })
}

fn with_study(test: impl FnOnce(&Path)) {
    common::with_trajectory_file(|file| {
        let p = Input::names();
        let labels = (0..N_RUNS).map(|k| format!("the label of run {k}."));
        let points = p.k.over(0..N_RUNS as u64).zip(p.label.over(labels)).expect("both have one length");
        Environment::new(file).with_threads(1).run::<study>(points).expect("the study runs");
        test(file);
    });
}

/// A copy of a file in which the last byte of something is another, wherever it stands.
fn damaged(file: &Path, bytes: &[u8]) -> PathBuf {
    let mut content = std::fs::read(file).expect("the study was stored");
    let found: Vec<usize> = (0..content.len() - bytes.len()).filter(|&at| content[at..].starts_with(bytes)).collect();
    assert!(!found.is_empty(), "{bytes:?} stands nowhere in the file");
    for at in found {
        content[at + bytes.len() - 1] ^= 1;
    }
    let copy = file.with_file_name("damaged.h5");
    std::fs::write(&copy, content).expect("there is room for a copy");
    copy
}

/// What is said of a leaf that is damaged.
fn error_of(file: &Path, bytes: &[u8], name: &str) -> StorageError {
    let read = AnyTrajectory::open(damaged(file, bytes)).and_then(|traj| {
        // Of a ragged result the runs are read.
        if name == "results.words" { traj.rows(name, 31..32) } else { traj.cells(name) }
    });
    match read.expect_err("what is damaged is not passed on") {
        pypet::Error::Storage(error @ StorageError::Damaged { .. }) => {
            let text = error.to_string();
            assert!(text.contains("damaged.h5` is damaged") && text.contains("ask `repair"), "{text}");
            error
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_changed_byte_of_a_column_is_found_and_the_runs_are_named() {
    with_study(|file| {
        let error = error_of(file, &7.125_f64.to_le_bytes(), "results.x");
        // All of these runs lie in one chunk.
        assert!(
            error.to_string().contains("`results/x`") && error.to_string().contains("in the runs 0 to 49"),
            "{error}"
        );
        let r = Output::names();
        let open = |bytes: &[u8]| Trajectory::<study>::open(damaged(file, bytes)).expect("the file opens");
        let error = open(&32.375_f64.to_le_bytes()).get(r.spikes, 32).expect_err("a damaged number is not passed on");
        assert!(error.to_string().contains("`results/spikes`") && error.to_string().contains("in run 32"), "{error}");
    });
}

#[test]
fn a_changed_byte_of_a_text_is_found() {
    with_study(|file| {
        error_of(file, b"the word of run 31.", "results.word");
        error_of(file, b"word 0 of run 31.", "results.words");
        error_of(file, b"the label of run 8.", "explored.label");
        error_of(file, b"unlucky number thirteen", "runs.errors.message");
        error_of(file, b"a note that stands alone", "parameters.note");
    });
}

#[test]
fn a_truth_value_that_is_not_known_as_one_is_no_number() {
    with_study(|file| {
        let kind = [4_u64.to_le_bytes().as_slice(), b"bool"].concat();
        let read = AnyTrajectory::open(damaged(file, &kind)).and_then(|traj| traj.cells("results.is_even"));
        let error = read.expect_err("what is damaged is not passed on").to_string();
        // Those in `config` are hit as well.
        assert!(error.contains("is damaged"), "{error}");
    });
}

#[test]
fn a_damaged_text_costs_no_other() {
    with_study(|file| {
        let traj = AnyTrajectory::open(damaged(file, b"the word of run 31.")).expect("the file opens");
        for run in 0..N_RUNS {
            let word = traj.run(run).and_then(|run| run.get::<String>("results.word"));
            match word {
                Err(_) => assert!([13, 31].contains(&run), "run {run}"),
                Ok(word) => assert_eq!(word, format!("the word of run {run}.")),
            }
        }
        traj.rows("results.words", 0..N_RUNS).expect("other texts can be read");
        for name in ["explored.label", "parameters.note", "runs.errors.message"] {
            traj.cells(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    });
}

#[test]
fn a_changed_byte_of_a_parameter_is_found() {
    with_study(|file| {
        error_of(file, &1_234.5_f64.to_le_bytes(), "parameters.number");
        error_of(file, &2999.25_f64.to_le_bytes(), "parameters.large");
    });
}

#[test]
fn damage_that_only_other_readers_and_the_next_writer_meet_is_found() {
    with_study(|file| {
        // A name for netCDF, who made the file, the meaning of the states, and a list of free space.
        for bytes in ["run index", "pypet 0.1.0", "timed_out cancelled", "FSHD"] {
            let copy = damaged(file, bytes.as_bytes());
            let verified = pypet::verify(&copy, None, &mut |_| {}).expect("the file can be opened");
            let problems = &verified.problems;
            assert!(problems.iter().any(|problem| problem.kind == ProblemKind::Damage), "{bytes}: {verified:?}");
        }
        assert!(pypet::verify(file, None, &mut |_| {}).expect("the file can be opened").is_sound());
    });
}
