//! Trajectories get further points; what is there is recognised and not computed again.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use pypet::prelude::*;
use pypet::run::RunStatus;

/// Two numbers and what follows from them.
#[parameters]
struct Factors {
    #[param(default = 1.0)]
    x: f64,
    #[param(default = 10.0)]
    y: f64,
    /// Follows from `y` alone.
    #[param(derived = self.y * 2.0)]
    twice: f64,
    #[param(default = vec![1.0])]
    weights: Vec<f64>,
}

/// One result of each layout.
#[results]
#[derive(Debug, PartialEq)]
struct Yields {
    z: f64,
    /// A vector.
    #[result(unit = "mV", dims = ["time"])]
    trace: [f64; 3],
    ragged: Vec<f64>,
    word: String,
}

static N_CALLS: AtomicUsize = AtomicUsize::new(0);

fn yields(p: &Factors) -> Yields {
    let z = p.x * p.y;
    let n_elements = if p.x > 1.5 { 2 } else { 1 };
    Yields { z, trace: [z; 3], ragged: vec![p.twice; n_elements], word: format!("{} {}", p.x, p.weights.len()) }
}

/// Counts how often it is called.
#[experiment]
fn counted(p: &Factors, run: &mut Run) -> Yields {
    N_CALLS.fetch_add(1, Ordering::Relaxed);
    run.add_result("added", p.x);
    run.annotate("remark", format!("x is {}", p.x));
    yields(p)
}

/// The same without counting, for tests that run beside each other.
#[experiment]
fn plain(p: &Factors) -> Yields {
    yields(p)
}

fn assert_whole<E: Experiment<Parameters = Factors, Results = Yields>>(traj: &Trajectory<E>) {
    assert_eq!(traj.statuses(), vec![RunStatus::Done; traj.len()]);
    let r = Yields::names();
    for run in traj.runs() {
        let read = Yields {
            z: run.get(r.z).unwrap(),
            trace: run.get(r.trace).unwrap(),
            ragged: run.get(r.ragged).unwrap(),
            word: run.get(r.word).unwrap(),
        };
        assert_eq!(read, yields(&run.parameters().unwrap()), "run {}", run.index());
    }
}

#[test]
fn an_expanded_trajectory_has_the_union_and_computes_only_what_is_new() {
    common::with_trajectory_file(|file| {
        let p = Factors::names();
        Environment::new(file).serial().run::<counted>(p.x.over([1.0, 2.0])).unwrap();
        assert_eq!(N_CALLS.swap(0, Ordering::Relaxed), 2);

        // A parameter that was not explored, and a derived one that did not vary.
        let grid = || p.x.over([1.0, 2.0, 3.0]) * p.y.over([10.0, 20.0]);
        let traj = Environment::new(file).serial().expand::<counted>(grid()).unwrap();
        assert_eq!((traj.len(), N_CALLS.swap(0, Ordering::Relaxed)), (6, 4));
        assert_whole(&traj);
        let any = traj.any();
        assert_eq!(any.get::<Vec<f64>>("explored.x").unwrap(), [1.0, 2.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(any.get::<Vec<f64>>("explored.y").unwrap(), [10.0, 10.0, 20.0, 20.0, 10.0, 20.0]);
        assert_eq!(any.get::<Vec<f64>>("twice").unwrap(), [20.0, 20.0, 40.0, 40.0, 20.0, 40.0]);
        assert_eq!(any.get::<Vec<f64>>("results.added").unwrap(), [1.0, 2.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(any.get::<Vec<String>>("runs.annotations.remark").unwrap()[4], "x is 3");
        assert_eq!(any.get::<u64>("config.expansion_1.first_run").unwrap(), 2);
        let map = traj.grid(Yields::names().z).unwrap();
        assert_eq!(map.values.shape(), [3, 2]);
        assert_eq!(map.axes[0].values::<f64>().unwrap().to_vec(), [1.0, 2.0, 3.0]);
        assert_eq!(map.values.iter().copied().collect::<Vec<_>>(), [10.0, 20.0, 20.0, 40.0, 30.0, 60.0]);
        drop(traj);
        common::python::run("expanded.py", [file]);

        let again = Environment::new(file).expand::<counted>(grid()).unwrap();
        assert_eq!((again.len(), N_CALLS.load(Ordering::Relaxed)), (6, 0));
        drop(again);

        // No product any more; and a vector of another length.
        let lonely = p.weights.over([vec![1.0, 2.0]]);
        let traj = Environment::new(file).serial().expand::<counted>(lonely).unwrap();
        assert_eq!((traj.len(), N_CALLS.load(Ordering::Relaxed)), (7, 1));
        assert_whole(&traj);
        assert!(traj.grid(Yields::names().z).is_err());
        drop(traj);
        common::python::run("opens.py", [file]);
    });
}

#[test]
fn repetitions_count_on() {
    common::with_trajectory_file(|file| {
        let trials = |n| Factors::names().x.over([1.0, 2.0]).repeat("trial", n);
        Environment::new(file).run::<plain>(trials(2)).unwrap();
        let traj = Environment::new(file).expand::<plain>(trials(3)).unwrap();
        assert_eq!(traj.any().get::<Vec<u64>>("explored.trial").unwrap(), [0, 1, 0, 1, 2, 2]);
        assert_eq!(traj.grid(Yields::names().z).unwrap().values.shape(), [2, 3]);
    });
}

#[test]
fn presets_come_from_the_file_and_others_are_named() {
    common::with_trajectory_file(|file| {
        let p = Factors::names();
        let presets = || Factors { y: 5.0, ..default() };
        Environment::new(file).with_parameters(presets()).run::<plain>(p.x.over([1.0])).unwrap();
        let traj = Environment::new(file).expand::<plain>(p.x.over([2.0])).unwrap();
        assert_eq!(traj.all(Yields::names().z).unwrap().to_vec(), [5.0, 10.0]);
        drop(traj);
        Environment::new(file).with_parameters(presets()).expand::<plain>(p.x.over([3.0])).unwrap();
        let other = Environment::new(file).with_parameters(Factors::default()).expand::<plain>(p.x.over([4.0]));
        let message = other.unwrap_err().to_string();
        assert!(message.starts_with("`y` is 10.0 here but 5.0 in the file"), "{message}");
        assert_eq!(Trajectory::<plain>::open(file).unwrap().len(), 3);
    });
}

/// Halves the distance to √2 until it is small.
#[parameters]
struct Guess {
    #[param(default = 1.0)]
    x: f64,
}

#[experiment(finish = closer, result = "error")]
fn square_root(p: &Guess) -> f64 {
    p.x * p.x - 2.0
}

fn closer(traj: &mut Trajectory<square_root>) -> Result<Option<Exploration<Guess>>, pypet::Error> {
    let errors = traj.all(square_root::results())?;
    let last = traj.run(traj.len() - 1)?.parameters()?.x;
    traj.add_result("best", last)?;
    traj.annotate("", "n_steps", traj.len())?;
    let next = last - errors[traj.len() - 1] / (2.0 * last);
    Ok((errors[traj.len() - 1].abs() > 1e-9).then(|| Guess::names().x.over([next])))
}

#[test]
fn post_processing_asks_for_further_points_until_it_is_content() {
    common::with_trajectory_file(|file| {
        let traj = Environment::new(file).run::<square_root>(Guess::names().x.over([2.0])).unwrap();
        assert!(traj.len() > 3, "{} runs", traj.len());
        let any = AnyTrajectory::open(file).unwrap();
        let best: f64 = any.get("results.best").unwrap();
        assert!((best - 2.0_f64.sqrt()).abs() < 1e-9);
        assert_eq!(any.annotation::<u64>("", "n_steps").unwrap(), traj.len() as u64);
    });
}

#[test]
fn worker_processes_come_to_further_points() {
    let name = "worker_processes_come_to_further_points";
    // Workers come here, too, so they must agree with the program about the file.
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("expand-workers.h5");
    let environment =
        || Environment::new(&file).with_processes(2).with_worker_arguments([name, "--exact", "--nocapture"]);
    let traj = environment().overwrite().run::<square_root>(Guess::names().x.over([2.0])).unwrap();
    let n_runs = traj.len();
    assert!(n_runs > 3, "{n_runs} runs");
    drop(traj);
    let traj = environment().expand::<square_root>(Guess::names().x.over([2.0, -1.0])).unwrap();
    assert!(traj.len() > n_runs + 1, "{} runs", traj.len());
    assert_eq!(traj.statuses(), vec![RunStatus::Done; traj.len()]);
    drop(traj);
    std::fs::remove_file(&file).unwrap();
}

/// What the runs of a trajectory are, whatever their order.
fn content(traj: &Trajectory<plain>) -> Vec<String> {
    let z = Yields::names().z;
    let line = |run: RunView<'_, plain>| format!("{:?} {:?}", run.parameters(), run.get(z).unwrap());
    let mut lines: Vec<String> = traj.runs().map(line).collect();
    lines.sort();
    lines.dedup();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn expanding_is_the_union(
        a in prop::collection::hash_set(0..6_i32, 1..4),
        b in prop::collection::hash_set(0..6_i32, 1..4),
        ys in prop::collection::hash_set(0..3_i32, 1..3),
    ) {
        let p = Factors::names();
        let floats = |set: &std::collections::HashSet<i32>| set.iter().map(|&n| f64::from(n)).collect::<Vec<_>>();
        let first = || p.x.over(floats(&a));
        let second = || p.x.over(floats(&b)) * p.y.over(floats(&ys));
        common::with_trajectory_file(|file| {
            Environment::new(file).serial().run::<plain>(first()).unwrap();
            let once = Environment::new(file).serial().expand::<plain>(second()).unwrap();
            assert_whole(&once);
            let expected = content(&once);
            let n_runs = once.len();
            assert_eq!(expected.len(), n_runs, "no point is there twice");
            drop(once);
            let twice = Environment::new(file).serial().expand::<plain>(second() + first()).unwrap();
            assert_eq!((content(&twice), twice.len()), (expected.clone(), n_runs));
            drop(twice);
            let together = Environment::in_memory().serial().run::<plain>(first() + second()).unwrap();
            assert_eq!(content(&together), expected);
        });
    }
}

#[test]
fn what_was_noted_of_a_derived_parameter_stays_when_it_varies() {
    common::with_trajectory_file(|file| {
        let p = Factors::names();
        drop(Environment::new(file).serial().run::<plain>(p.x.over([1.0, 2.0])).unwrap());
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.annotate("derived_parameters.twice", "checked", true).unwrap();
        edit.set_comment("derived_parameters.twice", "as agreed on").unwrap();
        edit.link("doubled", "derived_parameters.twice").unwrap();
        edit.commit().unwrap();
        let traj = Environment::new(file).serial().expand::<plain>(p.y.over([20.0])).unwrap();
        assert_whole(&traj);
        let any = traj.any();
        assert_eq!(any.get::<Vec<f64>>("results.doubled").unwrap(), [20.0, 20.0, 40.0]);
        assert!(any.annotation::<bool>("derived_parameters.twice", "checked").unwrap());
        assert_eq!(any.node("derived_parameters.twice").unwrap().comment(), "as agreed on");
    });
}
