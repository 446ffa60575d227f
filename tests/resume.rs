//! A study that was stopped carries on with what is missing, and with nothing else.

mod common;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pypet::prelude::*;
use pypet::run::RunStatus;

/// Which run it is.
#[parameters]
struct Which {
    #[param(default = 0)]
    k: usize,
    #[param(default = 1.0)]
    scale: f64,
}

/// Arrays that have one shape in the first runs and others later.
#[results]
#[derive(PartialEq, Debug)]
struct Shapes {
    list: Vec<f64>,
    scaled: f64,
}

/// Whether runs from the 20th on fail, and how often any was carried out.
static BROKEN: AtomicBool = AtomicBool::new(true);
static N_CALLS: AtomicUsize = AtomicUsize::new(0);

fn shapes(p: &Which) -> Shapes {
    Shapes { list: vec![p.k as f64; if p.k < 20 { 3 } else { p.k % 7 }], scaled: p.scale * p.k as f64 }
}

#[experiment]
fn fragile(p: &Which, run: &mut Run) -> Result<Shapes, String> {
    N_CALLS.fetch_add(1, Ordering::Relaxed);
    if p.k >= 20 && BROKEN.load(Ordering::Relaxed) {
        return Err("broken".into());
    }
    run.add_result("list_of_its_own", vec![p.k as u64; 2]);
    if p.k >= 20 {
        run.add_result("late", p.k as u64);
    }
    Ok(shapes(p))
}

#[test]
fn failed_runs_are_tried_again_only_when_asked_for() {
    common::with_trajectory_file(|file| {
        let presets = Which { scale: 2.5, ..default() };
        let exploration = Which::names().k.over(0..50);
        let environment = Environment::new(file).serial().with_parameters(presets);
        let traj = environment.run::<fragile>(exploration).unwrap();
        assert_eq!(traj.failed(), (20..50).collect::<Vec<_>>());
        drop(traj);
        BROKEN.store(false, Ordering::Relaxed);
        assert_eq!(N_CALLS.swap(0, Ordering::Relaxed), 50);

        let traj = Environment::new(file).resume::<fragile>().unwrap();
        assert_eq!((traj.failed().len(), N_CALLS.load(Ordering::Relaxed)), (30, 0));
        drop(traj);

        let traj = Environment::new(file).with_threads(2).with_failed().resume::<fragile>().unwrap();
        assert_eq!(N_CALLS.load(Ordering::Relaxed), 30);
        assert_eq!(traj.statuses(), [RunStatus::Done; 50]);
        let r = Shapes::names();
        for run in traj.runs() {
            let p = run.parameters().unwrap();
            let read = Shapes { list: run.get(r.list).unwrap(), scaled: run.get(r.scaled).unwrap() };
            assert_eq!(read, shapes(&p));
            assert_eq!(run.get_added::<Vec<u64>>("list_of_its_own").unwrap(), [p.k as u64; 2]);
        }
        let attempts: Vec<u8> = traj.any().get("runs.attempt").unwrap();
        assert_eq!(attempts, [vec![1; 20], vec![2; 30]].concat());
        assert_eq!(traj.any().get::<Vec<u64>>("results.late").unwrap()[49], 49);
        assert_eq!(traj.grid(r.scaled).unwrap().values.shape(), [50]);
        drop(traj);
        common::python::run("resumed.py", [file]);
    });
}

#[test]
fn files_that_do_not_count_failed_tries_are_resumed_without() {
    common::with_trajectory_file(|file| {
        let sour = |p: &Which, _: &mut Run| if p.k == 1 { Err("sour") } else { Ok(p.k as u64) };
        Environment::new(file).serial().run_with("sometimes", Which::names().k.over(0..3), sour).unwrap();
        common::python::run("without_attempts.py", [file.as_os_str(), "sometimes".as_ref()]);
        let traj = Environment::new(file).serial().with_failed().resume::<sometimes>().unwrap();
        assert_eq!(traj.failed(), [1]);
        assert_eq!(traj.any().get::<Vec<u64>>("runs.errors.run").unwrap(), [1, 1]);
        assert!(traj.any().get::<Vec<u8>>("runs.errors.attempt").is_err());
    });
}

/// Fails for ever.
#[experiment]
fn sometimes(p: &Which) -> Result<u64, String> {
    if p.k == 1 { Err("sour".into()) } else { Ok(p.k as u64) }
}

#[test]
fn what_is_not_in_a_file_cannot_be_resumed() {
    let error = Environment::in_memory().resume::<fragile>().unwrap_err().to_string();
    assert!(error.starts_with("a new environment in memory has no trajectory"), "{error}");
}

/// The file that is resumed twice, and whether that was done already.
static CONTESTED: OnceLock<PathBuf> = OnceLock::new();
static IS_RESUMED: AtomicBool = AtomicBool::new(false);

/// The first runs alone succeed before it is resumed.
#[experiment(result = "k", prepare = be_slow)]
fn contested(p: &Which, _: &[u8; 32]) -> Result<usize, String> {
    if p.k < 2 || IS_RESUMED.load(Ordering::Relaxed) { Ok(p.k) } else { Err("not yet".into()) }
}

/// Takes so long that somebody else does all that is left.
fn be_slow() -> [u8; 32] {
    if let Some(file) = CONTESTED.get()
        && !IS_RESUMED.swap(true, Ordering::Relaxed)
    {
        let traj = Environment::new(file).with_failed().resume::<contested>().expect("nobody writes");
        assert_eq!(traj.statuses(), [RunStatus::Done; 4]);
    }
    [0; 32]
}

#[test]
fn who_is_late_to_resume_is_told_that_another_program_has_gone_on() {
    common::with_trajectory_file(|file| {
        let traj = Environment::new(file).run::<contested>(Which::names().k.over(0..4)).unwrap();
        assert_eq!(traj.failed(), [2, 3]);
        drop(traj);
        CONTESTED.set(file.into()).unwrap();
        let late = Environment::new(file).with_failed().resume::<contested>().unwrap_err().to_string();
        assert!(late.contains("`contested` was changed by another program in the meantime; try again"), "{late}");
        let again = Environment::new(file).resume::<contested>().unwrap();
        assert_eq!(again.any().get::<Vec<u8>>("runs.attempt").unwrap(), [1, 1, 2, 2]);
    });
}
