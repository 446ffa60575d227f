//! One failed run is a result, not the end.

mod common;

use pypet::prelude::*;
use pypet::run::RunStatus;

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
        assert!(places[of(2)].contains("failures.rs:"), "{places:?}");
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
