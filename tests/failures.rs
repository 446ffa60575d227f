//! One failed run is a result, not the end.

mod common;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::value::{Cell, Cells, ResultValue, ValueError, ValueType};

/// Which runs go wrong.
#[parameters]
struct Fate {
    #[param(default = 0)]
    k: u32,
}

/// Fails with an error for 1, panics for 2, adds nonsense for 3.
#[experiment(result = "twice")]
fn fateful(p: &Fate, run: &mut Run) -> Result<u32, std::num::ParseIntError> {
    if p.k == 1 {
        "one".parse::<u32>()?;
    }
    assert!(p.k != 2, "two is too much");
    if p.k == 3 {
        run.add_result("twice", 3.0);
    }
    Ok(2 * p.k)
}

/// The line of this file that begins so.
fn line_of(start: &str) -> usize {
    let is_it = |line: &str| line.trim_start().starts_with(start);
    1 + include_str!("failures.rs").lines().position(is_it).expect("the line is there")
}

fn fates() -> Exploration<Fate> {
    Fate::names().k.over(0..6)
}

#[test]
fn failures_are_recorded_with_their_reasons_and_the_others_go_on() {
    common::with_trajectory_file(|file| {
        let traj = Environment::new(file).with_threads(2).run::<fateful>(fates()).expect("the study goes on");
        assert_eq!(traj.failed(), [1, 2, 3]);
        for run in [0, 4, 5] {
            assert_eq!(traj.get(fateful::results(), run).unwrap(), 2 * u32::try_from(run).unwrap());
        }
        let refused = traj.get(fateful::results(), 2).unwrap_err().to_string();
        assert_eq!(refused, "run 2 has no results: it is failed");

        let any = traj.any();
        let runs: Vec<u64> = any.get("runs.errors.run").unwrap();
        let messages: Vec<String> = any.get("runs.errors.message").unwrap();
        let places: Vec<String> = any.get("runs.errors.place").unwrap();
        let of = |run: u64| runs.iter().position(|&other| other == run).expect("the failure is recorded");
        assert_eq!(messages[of(1)], "invalid digit found in string");
        assert_eq!(messages[of(2)], "two is too much");
        let declared_in = format!("tests/failures.rs:{}:1", line_of("fn fateful") - 1);
        assert_eq!((&places[of(1)], &places[of(3)]), (&declared_in, &declared_in));
        assert_eq!(places[of(2)], format!("tests/failures.rs:{}:5", line_of("assert!(p.k != 2")));
        let backtraces: Vec<String> = any.get("runs.errors.backtrace").unwrap();
        assert!(backtraces[of(2)].contains("fateful"), "{backtraces:?}");
        assert_eq!((backtraces[of(1)].as_str(), any.get::<Vec<u8>>("runs.errors.attempt").unwrap()), ("", vec![1; 3]));
        assert!(messages[of(3)].contains("`twice` is declared"), "{messages:?}");
    });
}

#[test]
fn a_study_that_stops_at_the_first_failure_keeps_what_is_done() {
    common::with_trajectory_file(|file| {
        let environment = Environment::new(file).serial().on_failure(OnFailure::Stop);
        let exploration = Fate::names().k.over((0..1000).map(|k| if k == 500 { 1 } else { 10 }));
        let traj = environment.run::<fateful>(exploration).expect("a failure is no error of the study");
        let count = |wanted: RunStatus| traj.statuses().iter().filter(|status| **status == wanted).count();
        assert_eq!(count(RunStatus::Failed), 1);
        assert!(count(RunStatus::Done) >= 500);
        assert_eq!(traj.header().state.word(), if count(RunStatus::Pending) > 0 { "stopped" } else { "finished" });
    });
}

/// A value that would lose something in the file.
#[experiment(result = "time")]
fn waits(p: &Fate) -> std::time::Duration {
    if p.k == 2 { std::time::Duration::MAX } else { std::time::Duration::from_nanos(u64::from(p.k)) }
}

#[test]
fn a_value_that_the_file_would_change_fails_its_run_alone() {
    common::with_trajectory_file(|file| {
        let traj = Environment::new(file).serial().run::<waits>(fates()).expect("the study goes on");
        assert_eq!(traj.failed(), [2]);
        assert_eq!(traj.get(waits::results(), 3).unwrap().as_nanos(), 3);
        let messages: Vec<String> = traj.any().get("runs.errors.message").unwrap();
        assert!(messages[0].contains("`time` cannot be stored"), "{messages:?}");
    });
}

/// The shared part cannot be computed.
#[experiment(prepare = impossible)]
fn unprepared(_p: &Fate, shared: &[u8; 32]) -> u8 {
    shared[0]
}

fn impossible() -> [u8; 32] {
    panic!("no network today")
}

#[test]
fn a_panic_of_prepare_is_an_error_before_any_file_is_made() {
    common::with_trajectory_file(|file| {
        let error = Environment::new(file).run::<unprepared>(fates()).expect_err("nothing can run");
        assert!(error.to_string().contains("no network today"), "{error}");
        assert!(!file.exists());
    });
}

/// A list of the user's own that cannot always be written, or dropped.
struct Brittle(Vec<u32>);

impl ResultValue for Brittle {
    type Column = Vec<Vec<u32>>;

    fn value_type() -> ValueType {
        Vec::<u32>::value_type()
    }

    fn write(&self, cells: &mut Cells) {
        cells.put_numbers(&self.0);
        assert!(self.0 != [1], "no way to write one");
        cells.end_array(&[self.0.len()]);
    }

    fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
        Ok(Self(Vec::read(cell)?))
    }

    fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
        cells.iter().map(Vec::read).collect()
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        assert!(self.0 != [2], "no way to drop two");
    }
}

/// An error that cannot say what it is.
#[derive(Debug)]
struct Speechless;

impl fmt::Display for Speechless {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no words")
    }
}

impl std::error::Error for Speechless {}

/// Results, the last of which is brittle.
#[results]
struct Fragments {
    number: u32,
    list: Brittle,
}

/// Goes wrong outside of the function's own body: for 1 while it is written, for 2 while it is dropped, for 3 in
/// the text of an error, for 4 with a payload of its own.
#[experiment]
fn brittle(p: &Fate) -> Result<Fragments, Speechless> {
    match p.k {
        3 => Err(Speechless),
        4 => std::panic::panic_any(4.0),
        k => Ok(Fragments { number: k, list: Brittle(vec![k; length(k)]) }),
    }
}

fn length(k: u32) -> usize {
    if k > 2 { 3 } else { 1 }
}

#[test]
fn whatever_is_the_users_may_panic_and_the_neighbours_in_the_block_are_untouched() {
    common::with_trajectory_file(|file| {
        let exploration = Fate::names().k.over([0, 0, 5, 5, 0, 1, 5, 2, 3, 4, 5, 0, 5]);
        let traj = Environment::new(file).serial().run::<brittle>(exploration).expect("the study goes on");
        let any = traj.any();
        let messages: Vec<String> = any.get("runs.errors.message").unwrap();
        let unknown = "panicked with a payload that is no text";
        assert_eq!(messages, ["no way to write one", "no way to drop two", "no words", unknown]);
        assert_eq!(any.get::<Vec<u64>>("runs.errors.run").unwrap(), [5, 7, 8, 9]);
        for run in traj.runs().filter(|run| run.status() == RunStatus::Done) {
            let k = run.parameters().unwrap().k;
            assert_eq!(run.get(Fragments::names().number).unwrap(), k);
            assert_eq!(run.get(Fragments::names().list).unwrap().0, vec![k; length(k)]);
        }
    });
}

#[test]
fn an_error_of_a_closure_is_recorded_with_the_place_of_its_study() {
    let line = line!() + 1;
    let any = Environment::in_memory().run_with("sour", fates(), |_: &Fate, _| Err::<u8, _>("sour"));
    let any = any.expect("failures are no error of the study");
    assert_eq!(any.statuses().unwrap(), [RunStatus::Failed; 6]);
    common::with_trajectory_file(|file| {
        let any = Environment::new(file).run_with("sour", fates(), |_: &Fate, _| Err::<u8, _>("sour")).unwrap();
        let places: Vec<String> = any.get("runs.errors.place").unwrap();
        assert!(places[0].starts_with(&format!("tests/failures.rs:{}:", line + 4)), "{places:?}");
    });
}

/// How often each run was carried out.
static N_TRIES: [AtomicUsize; 6] = [const { AtomicUsize::new(0) }; 6];

/// Succeeds at the k-th try.
#[experiment(result = "tries")]
fn moody(p: &Fate, run: &mut Run) -> Result<usize, String> {
    let tries = 1 + N_TRIES[run.index()].fetch_add(1, Ordering::Relaxed);
    if tries < p.k as usize { Err(format!("not in the mood for {}", p.k)) } else { Ok(tries) }
}

#[test]
fn failed_runs_are_tried_again_and_every_try_is_recorded() {
    common::with_trajectory_file(|file| {
        let environment = Environment::new(file).with_threads(2).with_retries(2).on_failure(OnFailure::MaxFailures(3));
        let traj = environment.run::<moody>(fates()).expect("the study goes on");
        // Runs 4 and 5 want more tries than they are given; all others succeed at some try.
        assert_eq!(traj.failed(), [4, 5]);
        assert_eq!(traj.header().state.word(), "finished");
        assert_eq!(traj.get(moody::results(), 3).unwrap(), 3);
        assert_eq!(traj.any().get::<Vec<u8>>("runs.attempt").unwrap(), [1, 1, 2, 3, 3, 3]);
        let runs: Vec<u64> = traj.any().get("runs.errors.run").unwrap();
        let attempts: Vec<u8> = traj.any().get("runs.errors.attempt").unwrap();
        let mut rows: Vec<(u64, u8)> = runs.into_iter().zip(attempts).collect();
        rows.sort_unstable();
        assert_eq!(rows, [(2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3), (5, 1), (5, 2), (5, 3)]);
        drop(traj);

        let traj = Environment::new(file).serial().with_failed().with_retries(1).resume::<moody>().unwrap();
        assert_eq!(traj.statuses()[4], RunStatus::Done);
        assert_eq!(traj.failed(), [5_usize; 0]);
        assert_eq!(traj.any().get::<Vec<u8>>("runs.attempt").unwrap(), [1, 1, 2, 3, 4, 5]);
    });
}

/// Takes too long for 1, notices for 2, and is quick for all others.
#[experiment(result = "k")]
fn slow(p: &Fate, run: &mut Run) -> u32 {
    if p.k == 1 {
        std::thread::sleep(Duration::from_millis(1500));
    }
    while p.k == 2 && !run.is_cancelled() {
        std::thread::sleep(Duration::from_millis(1));
    }
    p.k
}

#[test]
fn a_run_on_a_thread_that_took_too_long_has_timed_out_whatever_it_returned() {
    common::with_trajectory_file(|file| {
        let environment = Environment::new(file).with_threads(2).with_timeout(Duration::from_millis(500));
        let traj = environment.run::<slow>(fates()).expect("the study goes on");
        assert_eq!(traj.failed(), [1, 2]);
        assert_eq!(traj.statuses()[1..3], [RunStatus::TimedOut; 2]);
        assert!(traj.get(slow::results(), 1).is_err(), "a run that timed out has no results");
        let any = traj.any();
        assert_eq!(any.get::<Vec<String>>("runs.errors.message").unwrap(), ["took longer than 0.5 s (timeout)"; 2]);
        let declared_in = format!("tests/failures.rs:{}:1", line_of("fn slow") - 1);
        assert_eq!(any.get::<Vec<String>>("runs.errors.place").unwrap(), vec![declared_in; 2]);
        assert!((any.get::<f64>("config.environment.timeout").unwrap() - 0.5).abs() < 1e-12);
    });
}
