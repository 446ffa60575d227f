//! Nothing that was committed is lost when the process is killed, and nothing has to be repaired by hand.

#![cfg(feature = "bundled-hdf5")] // a library of the system commits without a journal

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::children;
use pypet::prelude::*;
use pypet::run::RunStatus;

const N_KILLS: u64 = 25;
const N_RUNS: usize = 100_000;
/// The run with which a child begins to wait for what stops it.
const HELD: usize = N_RUNS / 2;

/// Which run it is.
#[parameters]
struct Which {
    #[param(default = 0)]
    k: u64,
}

/// Results of every layout.
#[results]
struct Yields {
    square: u64,
    trace: [f64; 16],
    ragged: Vec<u64>,
    word: String,
}

fn yields(k: u64) -> Yields {
    Yields { square: k * k, trace: [k as f64; 16], ragged: (0..k % 4).collect(), word: format!("run {k}") }
}

#[experiment]
fn study(p: &Which, run: &mut Run) -> Yields {
    if p.k.is_multiple_of(100) {
        run.add_result("hundreds", p.k / 100);
    }
    std::thread::sleep(Duration::from_micros(50));
    if p.k >= HELD as u64 && children::folder().is_some() {
        children::wait_to_be_stopped(run);
    }
    yields(p.k)
}

/// What the child does; as a test of its own it does nothing.
#[test]
fn child() {
    let Some(folder) = children::folder() else { return };
    let environment =
        Environment::new(folder.join("trajectory.h5")).with_threads(2).with_commit_every(Duration::from_millis(3));
    let environment = environment.overwrite().with_signals();
    environment.run::<study>(Which::names().k.over(0..N_RUNS as u64)).expect("the study runs until it is killed");
}

#[test]
fn a_killed_study_keeps_every_committed_run() {
    common::with_trajectory_file(|file| {
        let mut most = 0;
        for kill in 0..N_KILLS {
            kill_after(file, Duration::from_millis(60 + kill * 37 % 500));
            if file.exists() {
                most = most.max(assert_runs_are_whole(file));
            }
        }
        println!("{N_KILLS} kills, at most {most} runs done before one");
        let left = std::fs::read_dir(file.parent().expect("in a folder")).expect("the folder can be read");
        let allowed = [".h5", ".lock", ".new"];
        let is_known = |name: String| allowed.iter().any(|ending| name.ends_with(ending));
        assert!(left.map(|entry| entry.expect("readable").file_name()).all(|n| is_known(n.to_string_lossy().into())));
    });
}

#[test]
fn a_killed_study_is_resumed_to_what_an_undisturbed_one_yields() {
    common::with_trajectory_file(|file| {
        let mut child = start(file, Duration::ZERO);
        wait_for_some_runs(file);
        child.kill().expect("the child can be killed");
        child.wait().expect("the child can be waited for");
        let n_done = assert_runs_are_whole(file);
        let traj = Environment::new(file).with_threads(4).resume::<study>().expect("the study is resumed");
        assert!(0 < n_done && n_done < N_RUNS, "{n_done} runs");
        assert_eq!(traj.statuses(), vec![RunStatus::Done; N_RUNS]);
        assert_eq!(assert_runs_are_whole(file), N_RUNS);
        // Every result was committed once, whatever was begun before.
        assert_eq!(traj.any().get::<Vec<u8>>("runs.attempt").unwrap(), vec![1; N_RUNS]);
        let squares: Vec<u64> = (0..N_RUNS as u64).map(|k| k * k).collect();
        assert_eq!(traj.all(Yields::names().square).unwrap().to_vec(), squares);
        let again = Environment::new(file).resume::<study>().expect("there is nothing left to do");
        assert_eq!(again.any().get::<Vec<u8>>("runs.attempt").unwrap(), vec![1; N_RUNS]);
    });
}

/// Starts the study in a process of its own and lets it go on for a while.
fn start(file: &Path, time: Duration) -> Child {
    let child = study_on(file).spawn().expect("the test program can be started again");
    std::thread::sleep(time);
    child
}

/// The study as a command.
fn study_on(file: &Path) -> Command {
    let mut command = children::test("child", file.parent().expect("in a folder"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Reads the file beside its writer until some runs are done.
fn wait_for_some_runs(file: &Path) {
    let some = |traj: Trajectory<study>| traj.statuses().contains(&RunStatus::Done);
    let open = || Trajectory::open(file).expect("a file can be read beside its writer");
    children::wait_until(|| file.exists() && some(open()));
}

fn kill_after(file: &Path, time: Duration) {
    let mut child = start(file, time);
    child.kill().expect("the child can be killed");
    child.wait().expect("the child can be waited for");
}

#[cfg(unix)]
#[test]
fn an_interrupted_study_stores_what_has_begun_and_ends() {
    common::with_trajectory_file(|file| {
        let mut child = common::signals::heard(study_on(file)).spawn().expect("the study starts");
        wait_for_some_runs(file);
        common::signals::send("-INT", &child);
        assert!(child.wait().expect("the child ends").success());
        let n_done = assert_runs_are_whole(file);
        assert!(0 < n_done && n_done < N_RUNS, "{n_done} runs");
        let traj = Trajectory::<study>::open(file).expect("the file is closed");
        assert_eq!(traj.header().state.word(), "stopped");
        assert_eq!(traj.statuses()[..n_done], vec![RunStatus::Done; n_done]);
        let left = std::fs::read_dir(file.parent().expect("in a folder")).expect("the folder can be read");
        assert_eq!(left.count(), 1, "neither journal nor lock is left behind");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_shell_has_a_study_ignore_stays_ignored_and_other_signals_end_it_in_order() {
    common::with_trajectory_file(|file| {
        let mut child = common::signals::ignored(&study_on(file)).spawn().expect("the study starts");
        wait_for_some_runs(file);
        common::signals::send("-INT", &child);
        common::signals::send("-HUP", &child);
        let before = assert_runs_are_whole(file);
        // Of the runs that wait some may be in one block with those before.
        let later = (before + 20).min(HELD - 1000);
        while assert_runs_are_whole(file) < later {
            assert!(child.try_wait().expect("a child").is_none(), "an ignored signal has ended it");
        }
        assert!(child.try_wait().expect("a child").is_none(), "an ignored signal has ended it");
        common::signals::send("-TERM", &child);
        assert!(child.wait().expect("the child ends").success());
        assert!(assert_runs_are_whole(file) < N_RUNS);
        assert_eq!(Trajectory::<study>::open(file).expect("the file is closed").header().state.word(), "stopped");
    });
}

/// Opens the file as it is, and compares every run that counts as done; gives their number.
fn assert_runs_are_whole(file: &Path) -> usize {
    let traj = Trajectory::<study>::open(file).expect("a killed study can be opened");
    let r = Yields::names();
    let done: Vec<usize> = (0..traj.len()).filter(|&run| traj.statuses()[run] == RunStatus::Done).collect();
    let step = (done.len() / 200).max(1);
    for &run in done.iter().step_by(step) {
        let expected = yields(run as u64);
        assert_eq!(traj.get(r.square, run).unwrap(), expected.square, "run {run}");
        assert_eq!(traj.get(r.trace, run).unwrap().map(f64::to_bits), expected.trace.map(f64::to_bits), "run {run}");
        assert_eq!(traj.get(r.ragged, run).unwrap(), expected.ragged, "run {run}");
        assert_eq!(traj.get(r.word, run).unwrap(), expected.word, "run {run}");
        if run % 100 == 0 {
            assert_eq!(traj.run(run).unwrap().get_added::<u64>("hundreds").unwrap(), run as u64 / 100);
        }
    }
    done.len()
}
