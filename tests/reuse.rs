//! What is done already is not carried out again, where it is the same.

mod common;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use pypet::prelude::*;
use pypet::run::RunStatus;

/// What runs were carried out, and whether they fail beyond 10.
static CARRIED_OUT: Mutex<Vec<u64>> = Mutex::new(Vec::new());
static IS_BROKEN: AtomicBool = AtomicBool::new(false);
/// Tests that look at what was carried out take turns.
static TURN: Mutex<()> = Mutex::new(());

#[parameters]
struct Input {
    #[param(default = 0)]
    k: u64,
    #[param(default = 1.0)]
    scale: f64,
}

#[experiment(result = "y")]
fn study(p: &Input) -> Result<f64, String> {
    CARRIED_OUT.lock().unwrap().push(p.k);
    if p.k > 10 && IS_BROKEN.load(Ordering::Relaxed) {
        return Err("broken".into());
    }
    Ok(p.k as f64 * p.scale)
}

/// The same experiment after its result has changed.
mod later {
    use super::Input;
    use pypet::prelude::*;

    #[experiment(result = "y")]
    pub(crate) fn study(p: &Input) -> String {
        p.k.to_string()
    }
}

fn up_to(n: u64) -> Exploration<Input> {
    Input::names().k.over(0..n)
}

fn carried_out() -> Vec<u64> {
    let mut runs = std::mem::take(&mut *CARRIED_OUT.lock().unwrap());
    runs.sort_unstable();
    runs
}

fn environment(file: &Path) -> Environment {
    Environment::new(file).with_threads(2).with_reuse()
}

fn names(file: &Path) -> Vec<String> {
    pypet::storage::hdf5::trajectories(file).unwrap()
}

#[test]
fn points_that_are_done_are_left_out_and_told() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    common::with_trajectory_file(|file| {
        carried_out();
        let said = |n| environment(file).reusable::<study>(&up_to(n)).unwrap().to_string();
        assert_eq!(said(8), "there are no runs yet that could be reused");
        environment(file).run::<study>(up_to(8)).unwrap();
        assert_eq!(carried_out(), (0..8).collect::<Vec<_>>());
        assert_eq!(said(8), "8 of 8 runs are done in `study` and reused");
        IS_BROKEN.store(true, Ordering::Relaxed);
        assert_eq!(environment(file).run::<study>(up_to(13)).unwrap().failed(), [11, 12]);
        assert_eq!(carried_out(), [8, 9, 10, 11, 12]);
        IS_BROKEN.store(false, Ordering::Relaxed);
        let reuse = environment(file).reusable::<study>(&up_to(15)).unwrap();
        assert_eq!((reuse.n_done, reuse.n_failed, reuse.n_pending, reuse.n_new()), (11, 2, 0, 2));
        assert_eq!(said(15), "11 of 15 runs are done in `study` and reused; carried out: 2 new, 2 failed before");
        let traj = environment(file).run::<study>(up_to(15)).unwrap();
        assert_eq!(carried_out(), [11, 12, 13, 14]);
        assert_eq!(traj.statuses(), [RunStatus::Done; 15]);
        assert_eq!(names(file), ["study"]);
        // The same points in other words, and each of them once more.
        let p = Input::names();
        environment(file).run::<study>(p.scale.over([1.0]) * p.k.over([3, 2])).unwrap();
        assert!(carried_out().is_empty());
        environment(file).run::<study>(p.k.over([3]).repeat("trial", 2)).unwrap();
        assert_eq!(carried_out(), [3]);
    });
}

#[test]
fn what_does_not_fit_is_left_alone_and_the_reasons_are_told() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    common::with_trajectory_file(|file| {
        carried_out();
        environment(file).with_seed(1).run::<study>(up_to(3)).unwrap();
        let reasons = |environment: Environment| environment.reusable::<study>(&up_to(3)).unwrap().obstacles;
        assert_eq!(reasons(environment(file)), [] as [&str; 0]);
        assert_eq!(reasons(environment(file).with_seed(2)), ["the seed is 2 here but 1"]);
        let other = environment(file).with_parameters(Input { scale: 2.0, ..default() });
        let reuse = other.reusable::<study>(&up_to(3)).unwrap();
        assert_eq!(reuse.to_string(), "no run of `study` can be reused: `scale` is 2.0 here but 1.0");
        other.run::<study>(up_to(3)).unwrap();
        assert_eq!((carried_out().len(), names(file).len()), (6, 2));
        let reuse = environment(file).with_name("study").reusable::<later::study>(&up_to(3)).unwrap();
        assert_eq!(reuse.obstacles, ["the result `y` is `f64` in the file but `text` in the program"]);
        environment(file).run::<later::study>(up_to(3)).unwrap();
        assert_eq!(names(file).len(), 3);
    });
}

#[cfg(unix)]
#[test]
fn worker_processes_come_to_the_same_points() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reuse-processes.h5");
    if std::env::args().all(|argument| argument != "--include-ignored") {
        // Not as a worker, which is started with this argument.
        let _ = std::fs::remove_file(&file);
    }
    let test = "worker_processes_come_to_the_same_points";
    for n in [4, 7, 7] {
        let arguments = [test, "--exact", "--nocapture", "--include-ignored"];
        let environment = Environment::new(&file).with_reuse().with_processes(2).with_worker_arguments(arguments);
        // A worker of a later study passes here and sees what has become of this one.
        environment.run::<study>(up_to(n)).unwrap();
    }
    assert_eq!(Trajectory::<study>::open(&file).unwrap().statuses(), [RunStatus::Done; 7]);
    assert_eq!(names(&file), ["study"]);
}

#[test]
fn the_command_line_counts_only_what_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = |arguments: &str| {
        let output = common::examples::run_with("multiply", folder.path(), arguments.split(' '));
        String::from_utf8(output.stdout).expect("text")
    };
    said("run -q -o x.h5 --explore x=[1,2]");
    let foreseen = said("run --dry-run --reuse -o x.h5 --explore x=[1,2,3]");
    assert!(foreseen.starts_with("multiply would carry out 1 runs, 8 bytes"), "{foreseen}");
}
