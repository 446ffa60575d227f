//! What is stored is what is loaded, whatever the place and the engine.

mod common;

use ndarray::array;
use proptest::prelude::*;
use pypet::prelude::*;

/// How far to go.
#[derive(ParamValue, Clone, Copy, Debug, PartialEq)]
enum Pace {
    Slow,
    Fast,
}

/// Parameters of many kinds, two of them explored.
#[parameters]
struct Walk {
    /// How many steps.
    #[param(default = 1)]
    n_steps: usize,
    #[param(default = Pace::Slow)]
    pace: Pace,
    #[param(default = [1.0, 2.0])]
    start: [f64; 2],
    #[param(default = vec![3, 4])]
    marks: Vec<i32>,
    #[param(default = "a walk")]
    title: String,
    #[param(derived = self.n_steps * 2)]
    n_feet: usize,
}

/// Results of many kinds.
#[results]
#[derive(Debug, Clone, PartialEq)]
struct Path {
    /// A different length in each run.
    steps: Vec<f64>,
    /// A different shape in each run.
    area: Array2<u16>,
    names: Vec<String>,
    pace: Pace,
    far: bool,
    corners: [i8; 4],
}

fn walked(p: &Walk) -> Path {
    let n = p.n_steps;
    Path {
        steps: (0..n).map(|i| i as f64 + p.start[0]).collect(),
        area: Array2::from_shape_fn((n % 3, n), |(i, j)| u16::try_from(10 * i + j).expect("small")),
        names: (0..n % 4).map(|i| format!("{} ñ {i}", p.title)).collect(),
        pace: p.pace,
        far: n > 5,
        corners: [1, -1, 0, i8::MIN],
    }
}

/// A walk of some steps.
#[experiment]
fn walk(p: &Walk, run: &mut Run) -> Path {
    if p.n_steps % 2 == 1 {
        run.add_result("odd.steps", u32::try_from(p.n_steps).expect("small"));
        run.add_result("odd.list", vec![p.n_steps as f64; p.n_steps]);
    }
    walked(p)
}

fn walks() -> Exploration<Walk> {
    let p = Walk::names();
    p.pace.over([Pace::Slow, Pace::Fast]) * p.n_steps.over(1..40)
}

fn assert_all_there(traj: &Trajectory<walk>) {
    let r = Path::names();
    assert_eq!(traj.len(), 78);
    for run in traj.runs() {
        let p = run.parameters().unwrap();
        let expected = walked(&p);
        let index = run.index();
        assert_eq!((p.n_steps, p.n_feet), (index % 39 + 1, 2 * (index % 39 + 1)));
        assert_eq!(run.get(r.steps).unwrap(), expected.steps);
        assert_eq!(run.get(r.area).unwrap(), expected.area);
        assert_eq!(run.get(r.names).unwrap(), expected.names);
        assert_eq!(run.get(r.pace).unwrap(), expected.pace);
        assert_eq!(run.get(r.far).unwrap(), expected.far);
        assert_eq!(run.get(r.corners).unwrap(), expected.corners);
        if p.n_steps % 2 == 1 {
            assert_eq!(run.get_added::<u32>("odd.steps").unwrap() as usize, p.n_steps);
            assert_eq!(run.get_added::<Vec<f64>>("odd.list").unwrap(), vec![p.n_steps as f64; p.n_steps]);
        }
    }
    assert_eq!(traj.all(r.corners).unwrap().dim(), (78, 4));
    let ragged = traj.all(r.steps).unwrap_err();
    assert!(format!("{ragged:?}").contains("Ragged"), "{ragged:?}");
    let fast = traj.find(|p| p.pace == Pace::Fast && p.n_steps > 37).unwrap();
    assert_eq!(fast.map(|run| run.index()).collect::<Vec<_>>(), [76, 77]);
    let grid = traj.grid(r.far).unwrap();
    assert_eq!(grid.values.shape(), [2, 39]);
    assert_eq!(grid.axes[1].values::<usize>().unwrap()[38], 39);
    assert!(grid.values[[0, 38]] && !grid.values[[1, 0]]);
}

#[test]
fn every_engine_and_place_gives_one_tree() {
    common::with_trajectory_file(|file| {
        assert_all_there(&Environment::new(file).serial().with_name("serial").run::<walk>(walks()).unwrap());
        assert_all_there(&Environment::new(file).with_threads(4).with_name("threads").run::<walk>(walks()).unwrap());
        assert_all_there(&Trajectory::open_named(file, "serial").unwrap());
        assert_all_there(&Trajectory::open(file).unwrap());
        common::python::run("ragged.py", [file.as_os_str(), "serial".as_ref()]);
    });
    assert_all_there(&Environment::in_memory().with_threads(3).run::<walk>(walks()).unwrap());
}

/// A number.
#[parameters]
struct Count {
    #[param(default = 0)]
    k: u32,
}

#[test]
fn added_results_stay_with_the_runs_that_added_them() {
    common::with_trajectory_file(|file| {
        let x = |k: u32| (k % 7 < 4).then(|| vec![f64::from(k); if k < 60 { 2 } else { k as usize % 3 }]);
        let adding = |p: &Count, run: &mut Run| {
            if let Some(x) = x(p.k) {
                run.add_result("x", x);
                run.annotate("twice", 2 * p.k);
            }
            p.k
        };
        let exploration = Count::names().k.over(0..200);
        Environment::new(file).with_threads(2).run_with("adding", exploration, adding).unwrap();
        let traj = AnyTrajectory::open(file).unwrap();
        for k in 0..200 {
            let run = traj.run(k as usize).unwrap();
            assert_eq!(run.get::<Vec<f64>>("x").unwrap(), x(k).unwrap_or_default(), "run {k}");
            let twice: u32 = run.get("runs.annotations.twice").unwrap();
            assert_eq!(twice, if k % 7 < 4 { 2 * k } else { 0 }, "run {k}");
        }
    });
}

#[test]
fn presets_are_what_is_not_explored() {
    common::with_trajectory_file(|file| {
        let presets = Walk { title: "ein Gang".into(), marks: vec![], start: [0.5, 0.0], ..default() };
        let environment = Environment::new(file).with_parameters(presets.clone()).with_comment("presets");
        let traj = environment.run::<walk>(Walk::names().n_steps.over([2, 3])).unwrap();
        assert_eq!(traj.comment(), "presets");
        assert_eq!(traj.run(1).unwrap().parameters().unwrap(), Walk { n_steps: 3, n_feet: 6, ..presets });
        assert_eq!(traj.any().get::<String>("title").unwrap(), "ein Gang");
        assert_eq!(traj.any().get::<Array1<u64>>("dpar.n_feet").unwrap(), array![4, 6]);
    });
}

#[test]
fn a_closure_can_be_an_experiment() {
    common::with_trajectory_file(|file| {
        let p = Walk::names();
        let run = |p: &Walk, run: &mut Run| {
            run.add_result("index", run.index());
            p.n_steps * 10
        };
        let any = Environment::new(file).run_with("tenfold", p.n_steps.over(1..=5), run).unwrap();
        assert_eq!(any.get::<Vec<usize>>("tenfold").unwrap(), [10, 20, 30, 40, 50]);
        assert_eq!(any.get::<Vec<usize>>("results.index").unwrap(), [0, 1, 2, 3, 4]);
    });
}

/// Values that come from a property test.
#[parameters]
struct Anything {
    #[param(default = 0.0)]
    float: f64,
    #[param(default = String::new())]
    text: String,
    #[param(default = vec![])]
    list: Vec<i64>,
}

#[results]
struct Same {
    float: f64,
    text: String,
    list: Vec<i64>,
}

#[experiment]
fn echo(p: &Anything) -> Same {
    Same { float: p.float, text: p.text.clone(), list: p.list.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn load_of_store_is_the_value_to_the_bit(
        floats in prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 1..10),
        text in "[^\0]{0,40}",
        list in prop::collection::vec(any::<i64>(), 0..10),
    ) {
        common::with_trajectory_file(|file| {
            let presets = Anything { text: text.clone(), list: list.clone(), ..default() };
            let exploration = Anything::names().float.over(floats.clone());
            let traj = Environment::new(file).serial().with_parameters(presets).run::<echo>(exploration).unwrap();
            let r = Same::names();
            for (run, float) in traj.runs().zip(&floats) {
                assert_eq!(run.get(r.float).unwrap().to_bits(), float.to_bits());
                assert_eq!(run.parameters().unwrap().float.to_bits(), float.to_bits());
                assert_eq!(run.get(r.text).unwrap(), text);
                assert_eq!(run.parameters().unwrap().list, list);
                assert_eq!(run.get(r.list).unwrap(), list);
            }
        });
    }
}
