//! Closures, trajectories in memory and renamed parameters are carried on with as files of experiments are.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use pypet::prelude::*;
use pypet::run::RunStatus;

/// Two numbers and what follows from them.
#[parameters]
struct Factors {
    #[param(default = 1.0)]
    x: f64,
    #[param(default = 10.0)]
    y: f64,
    #[param(derived = self.y * 2.0)]
    twice: f64,
}

#[experiment(result = "z")]
fn multiply(p: &Factors) -> f64 {
    p.x * p.y
}

fn get(any: &AnyTrajectory, name: &str) -> Vec<f64> {
    any.get(name).unwrap()
}

#[test]
fn closures_are_expanded_and_compute_only_what_is_new() {
    common::with_trajectory_file(|file| {
        let (p, n_calls) = (Factors::names(), AtomicUsize::new(0));
        let product = |p: &Factors, _: &mut Run| {
            n_calls.fetch_add(1, Ordering::Relaxed);
            p.x * p.y
        };
        Environment::new(file).run_with("product", p.x.over([1.0, 2.0]), product).unwrap();
        let grid = || p.x.over([1.0, 2.0, 3.0]) * p.y.over([10.0, 20.0]);
        let any = Environment::new(file).expand_with("product", grid(), product).unwrap();
        assert_eq!((any.header().n_runs, n_calls.swap(0, Ordering::Relaxed)), (6, 6));
        assert_eq!(get(&any, "results.product"), [10.0, 20.0, 20.0, 40.0, 30.0, 60.0]);
        assert_eq!(any.axes().unwrap().iter().map(pypet::trajectory::Axis::len).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(any.get::<u64>("config.expansion_1.first_run").unwrap(), 2);
        drop(any);
        let any = Environment::new(file).expand_with("product", grid(), product).unwrap();
        assert_eq!((any.header().n_runs, n_calls.load(Ordering::Relaxed)), (6, 0));
        drop(any);
        let other = Factors { y: 5.0, ..default() };
        let refused = Environment::new(file).with_parameters(other).expand_with("product", grid(), product);
        assert!(refused.unwrap_err().to_string().starts_with("`y` is 5.0 here but 10.0 in the file"));
    });
}

#[test]
fn closures_are_resumed() {
    common::with_trajectory_file(|file| {
        let is_broken = |p: &Factors, _: &mut Run| if p.x > 1.0 { Err("broken") } else { Ok(p.x) };
        Environment::new(file).run_with("tried", Factors::names().x.over([1.0, 2.0]), is_broken).unwrap();
        let n_calls = AtomicUsize::new(0);
        let mended = |p: &Factors, _: &mut Run| {
            n_calls.fetch_add(1, Ordering::Relaxed);
            p.x
        };
        let any = Environment::new(file).with_failed().resume_with("tried", mended).unwrap();
        assert_eq!((get(&any, "results.tried"), n_calls.load(Ordering::Relaxed)), (vec![1.0, 2.0], 1));
    });
}

#[test]
fn trajectories_in_memory_are_expanded_as_files_are() {
    let p = Factors::names();
    let grid = || p.x.over([1.0, 2.0, 3.0]) * p.y.over([10.0, 20.0]);
    let expand = |environment: Environment| environment.serial().expand::<multiply>(grid()).unwrap();
    let content = |traj: &Trajectory<multiply>| {
        let any = traj.any();
        let axes = traj.grid(multiply::results()).unwrap();
        let derived: Vec<f64> = any.get("twice").unwrap();
        (get(any, "explored.x"), get(any, "explored.y"), derived, axes.values, any.header().axes.clone())
    };
    let in_memory = Environment::in_memory().run::<multiply>(p.x.over([1.0, 2.0])).unwrap();
    let in_memory = expand(Environment::of(in_memory.into_any()).unwrap());
    assert_eq!(in_memory.statuses(), [RunStatus::Done; 6]);
    assert!(!in_memory.any().contains("grid.run_index"));
    common::with_trajectory_file(|file| {
        let stored = Environment::new(file).run::<multiply>(p.x.over([1.0, 2.0])).unwrap();
        let stored = expand(Environment::of(stored.into_any()).unwrap());
        assert_eq!(content(&in_memory), content(&stored));
    });
    let further = p.x.over([3.0, 4.0]).repeat("trial", 2);
    let again = Environment::of(in_memory.into_any()).unwrap().expand::<multiply>(further).unwrap();
    // A repetition with the number 0 is the point itself.
    assert_eq!(again.len(), 6 + 3);
    assert!(again.axes().is_err(), "no product any more");

    let none = Environment::in_memory().expand::<multiply>(grid()).unwrap_err();
    assert!(none.to_string().contains("`Environment::of(trajectory)`"));
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
    let last = traj.run(traj.len() - 1)?;
    let (x, error) = (last.parameters()?.x, last.get(square_root::results())?);
    Ok((error.abs() > 1e-9).then(|| Guess::names().x.over([x - error / (2.0 * x)])))
}

#[test]
fn post_processing_in_memory_asks_for_further_points() {
    let traj = Environment::in_memory().run::<square_root>(Guess::names().x.over([2.0])).unwrap();
    let best = traj.run(traj.len() - 1).unwrap().parameters().unwrap().x;
    assert!(traj.len() > 3 && (best - 2.0_f64.sqrt()).abs() < 1e-9, "{} runs", traj.len());
}

#[test]
fn worker_processes_come_to_further_points_in_memory() {
    let name = "worker_processes_come_to_further_points_in_memory";
    let environment = Environment::in_memory().with_processes(2);
    let environment = environment.with_worker_arguments([name, "--exact", "--nocapture"]);
    let traj = environment.clone().run::<square_root>(Guess::names().x.over([2.0])).unwrap();
    let n_runs = traj.len();
    assert!(n_runs > 3, "{n_runs} runs");
    let engine = Environment::of(traj.into_any()).unwrap().with_processes(2);
    let engine = engine.with_worker_arguments([name, "--exact", "--nocapture"]);
    let traj = engine.expand::<square_root>(Guess::names().x.over([-1.0])).unwrap();
    assert!(traj.len() > n_runs + 1, "{} runs", traj.len());
    assert_eq!(traj.statuses(), vec![RunStatus::Done; traj.len()]);
}

/// The program of last year.
mod before {
    use super::*;

    #[parameters]
    pub(crate) struct Cell {
        #[param(default = 1.0)]
        pub(crate) tau: f64,
        #[param(default = 2.0)]
        pub(crate) current: f64,
        /// Only this program has it.
        #[param(default = 3)]
        pub(crate) unused: i64,
    }

    #[experiment(result = "rate")]
    pub(crate) fn fire(p: &Cell) -> f64 {
        p.current / p.tau
    }
}

/// The program of today, in which both parameters have moved and one is new.
mod today {
    use super::*;

    #[parameters]
    pub(crate) struct Neuron {
        #[param(default = 1.0, alias = "tau")]
        pub(crate) tau_m: f64,
        #[param(default = 2.0, alias = "current")]
        pub(crate) input: f64,
        #[param(default = 0.0)]
        pub(crate) noise: f64,
    }

    #[experiment(result = "rate")]
    pub(crate) fn fire(p: &Neuron) -> f64 {
        p.input / p.tau_m + p.noise
    }
}

/// The program of tomorrow, with other types.
mod tomorrow {
    use super::*;

    #[parameters]
    pub(crate) struct Neuron {
        #[param(default = 1.0)]
        pub(crate) tau: f64,
        #[param(default = 2.0)]
        pub(crate) current: f32,
    }

    #[experiment(result = "rate")]
    pub(crate) fn fire(p: &Neuron) -> f64 {
        f64::from(p.current) / p.tau
    }
}

#[test]
fn renamed_parameters_go_on_under_the_names_of_the_file() {
    common::with_trajectory_file(|file| {
        Environment::new(file).run::<before::fire>(before::Cell::names().tau.over([1.0, 2.0])).unwrap();
        let p = today::Neuron::names();
        let grid = p.tau_m.over([1.0, 2.0, 4.0]) * p.input.over([2.0, 8.0]);
        let traj = Environment::new(file).expand::<today::fire>(grid.clone()).unwrap();
        assert_eq!(traj.len(), 6);
        let any = traj.any();
        assert_eq!(get(any, "explored.tau"), [1.0, 2.0, 1.0, 2.0, 4.0, 4.0]);
        assert_eq!(get(any, "explored.current"), [2.0, 2.0, 8.0, 8.0, 2.0, 8.0]);
        assert!(!any.contains("parameters.tau_m") && any.get::<f64>("parameters.noise").unwrap() == 0.0);
        assert_eq!(traj.run(5).unwrap().parameters().unwrap(), today::Neuron { tau_m: 4.0, input: 8.0, noise: 0.0 });
        assert_eq!(traj.grid(today::fire::results()).unwrap().values.shape(), [3, 2]);
        drop(traj);
        assert_eq!(Environment::new(file).expand::<today::fire>(grid * p.noise.over([0.0, 1.0])).unwrap().len(), 12);

        // The program of last year still knows its file, with the parameter that the other does not have.
        let traj = Trajectory::<before::fire>::open(file).unwrap();
        assert_eq!(traj.run(5).unwrap().parameters().unwrap(), before::Cell { tau: 4.0, current: 8.0, unused: 3 });
        assert!(traj.header().schema.parameters.iter().any(|parameter| parameter.leaf.name == "unused"));
    });
}

#[test]
fn a_column_does_not_go_on_with_values_of_another_type() {
    common::with_trajectory_file(|file| {
        let p = before::Cell::names();
        Environment::new(file).run::<before::fire>(p.tau.over([1.0, 2.0]) * p.current.over([1.0, 2.0])).unwrap();
        let expand = || Environment::new(file).expand::<tomorrow::fire>(tomorrow::Neuron::names().tau.over([3.0]));
        let refused = expand().unwrap_err().to_string();
        assert!(refused.contains("`current` is `f64` in the file but `f32` in the program"), "{refused}");
        assert_eq!(Trajectory::<before::fire>::open(file).unwrap().len(), 4);
    });
}
