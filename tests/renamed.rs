//! Results that a later program calls otherwise go on under the names that the file knows them by.

#![expect(clippy::float_cmp, reason = "what was stored comes back to the bit")]

mod common;

use std::path::Path;

use pypet::compare::{Comparison, Tolerance, compare};
use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::verify::Rerun;

/// The program of last year.
mod before {
    use super::*;

    #[parameters]
    pub(crate) struct Cell {
        #[param(default = 1.0)]
        pub input: f64,
        #[param(default = false)]
        pub fails: bool,
    }

    #[results]
    pub(crate) struct Network {
        pub size: u32,
        pub weights: Vec<f64>,
    }

    #[results]
    pub(crate) struct Firing {
        /// Spikes per second.
        #[result(unit = "Hz")]
        pub rate: f64,
        pub v: Vec<f64>,
        #[result(group)]
        pub network: Network,
        #[result(group)]
        pub spikes: Table,
    }

    #[experiment]
    pub(crate) fn fire(p: &Cell) -> Result<Firing, String> {
        if p.input == 2.0 && p.fails {
            return Err("not yet".into());
        }
        Ok(Firing {
            rate: 2.0 * p.input,
            v: vec![p.input; 2],
            network: Network { size: 3, weights: vec![-p.input] },
            spikes: Table::new().with("time", vec![p.input]),
        })
    }
}

/// The program of today, which calls everything by another name.
mod today {
    use super::*;

    #[parameters]
    pub(crate) struct Neuron {
        #[param(default = 1.0, alias = "input")]
        pub current: f64,
        #[param(default = false)]
        pub fails: bool,
    }

    #[results]
    pub(crate) struct Layer {
        #[result(alias = "network.size")]
        pub n_cells: u32,
        pub weights: Vec<f64>,
    }

    #[results]
    pub(crate) struct Outcome {
        #[result(group, alias = "network")]
        pub layer: Layer,
        #[result(alias = "potential", alias = "v")]
        pub trace: Vec<f64>,
        #[result(unit = "Hz", alias = "rate")]
        pub firing_rate: f64,
        #[result(group, alias = "spikes")]
        pub events: Table,
        /// There was nothing like it.
        #[result(alias = "nothing_of_this_name")]
        pub energy: f64,
    }

    #[experiment]
    pub(crate) fn fire(p: &Neuron) -> Outcome {
        Outcome {
            layer: Layer { n_cells: 3, weights: vec![-p.current] },
            trace: vec![p.current; 2],
            firing_rate: 2.0 * p.current,
            events: Table::new().with("time", vec![p.current]),
            energy: -p.current,
        }
    }
}

/// Stores the runs of last year; the second one fails if asked to.
fn store_old(file: &Path, fails: bool) {
    let old = before::Cell { fails, ..default() };
    let points = before::Cell::names().input.over([1.0, 2.0, 3.0]);
    drop(Environment::new(file).serial().with_parameters(old).run::<before::fire>(points).unwrap());
}

/// The program of tomorrow, in which everything lies in groups and keeps its short name.
mod tomorrow {
    use super::*;

    #[parameters]
    pub(crate) struct Stimulus {
        #[param(default = 1.0, alias = "input")]
        pub input: f64,
    }

    #[parameters]
    pub(crate) struct Cell {
        pub stimulus: Stimulus,
    }

    #[results]
    pub(crate) struct Activity {
        #[result(unit = "Hz", alias = "rate")]
        pub rate: f64,
        #[result(alias = "v")]
        pub v: Vec<f64>,
        pub n_spikes: u64,
    }

    #[results]
    pub(crate) struct Outcome {
        #[result(group)]
        pub activity: Activity,
    }

    fn activity(input: f64) -> Activity {
        Activity { rate: 2.0 * input, v: vec![input; 2], n_spikes: 7 }
    }

    #[experiment]
    pub(crate) fn fire(p: &Cell) -> Outcome {
        Outcome { activity: activity(p.stimulus.input) }
    }

    /// A group of the name that a result of the file has.
    #[results]
    pub(crate) struct Clash {
        #[result(group)]
        pub rate: Activity,
    }

    pub(crate) mod clash {
        use super::*;

        #[experiment]
        pub(crate) fn fire(p: &Cell) -> Clash {
            Clash { rate: activity(p.stimulus.input) }
        }
    }
}

/// Everything that the program of today asks for, of the runs that are done.
fn check(traj: &Trajectory<today::fire>) {
    let r = today::Outcome::names();
    for run in traj.runs().filter(|run| run.status() == RunStatus::Done) {
        let current = run.parameters().unwrap().current;
        assert_eq!(run.get(r.firing_rate).unwrap(), 2.0 * current);
        assert_eq!(run.get(r.trace).unwrap(), [current; 2]);
        assert_eq!(run.get(r.layer.n_cells).unwrap(), 3);
        assert_eq!(run.get(r.layer.weights).unwrap(), [-current]);
        assert_eq!(run.get_group(r.events).unwrap().column::<f64>("time").unwrap(), [current]);
    }
    let any = traj.any();
    for new in ["firing_rate", "trace", "layer", "events"] {
        assert!(!any.contains(&format!("results.{new}")), "`{new}` goes on under its old name");
    }
}

#[test]
fn renamed_results_are_read_by_their_types() {
    common::with_trajectory_file(|file| {
        store_old(file, false);
        let traj = Trajectory::<today::fire>::open(file).unwrap();
        check(&traj);
        let r = today::Outcome::names();
        assert_eq!(traj.all(r.firing_rate).unwrap().to_vec(), [2.0, 4.0, 6.0]);
        assert_eq!(traj.grid(r.layer.n_cells).unwrap().values.shape(), [3]);
        let found = traj.find_with((r.firing_rate, r.trace), |p, (rate, v)| rate == 4.0 && v == [p.current; 2]);
        assert_eq!(found.unwrap().map(|run| run.index()).collect::<Vec<_>>(), [1]);
        let missing = traj.all(r.energy).unwrap_err().to_string();
        assert!(missing.contains("has no result `energy`"), "{missing}");
    });
}

#[test]
fn renamed_results_go_on_under_the_names_of_the_file() {
    common::with_trajectory_file(|file| {
        store_old(file, true);
        let environment = || Environment::new(file).serial();
        let traj = environment().with_failed().resume::<today::fire>().unwrap();
        assert_eq!(traj.statuses(), [RunStatus::Done; 3]);
        check(&traj);
        let r = today::Outcome::names();
        let energies = traj.all(r.energy).unwrap();
        assert!(energies[0].is_nan() && energies[1] == -2.0 && energies[2].is_nan(), "{energies}");
        drop(traj);
        let again = environment().verify::<today::fire>(&Rerun::These(vec![1])).unwrap();
        assert!(again.is_sound(), "{again:?}");

        let more = today::Neuron::names().current.over([3.0, 4.0]);
        let traj = environment().expand::<today::fire>(more).unwrap();
        assert_eq!(traj.all(r.firing_rate).unwrap().to_vec(), [2.0, 4.0, 6.0, 8.0]);
        check(&traj);
        drop(traj);
        let traj = Trajectory::<before::fire>::open(file).unwrap();
        assert_eq!(traj.get(before::Firing::names().v, 3).unwrap(), [4.0, 4.0], "the first program still reads it");
    });
}

#[test]
fn workers_and_memory_know_the_old_names_too() {
    let old = || before::Cell::names().input.over([1.0, 2.0]);
    let new = || today::Neuron::names().current.over([3.0, 4.0]);
    let traj = Environment::in_memory().serial().run::<before::fire>(old()).unwrap();
    let traj = Environment::of(traj.into_any()).unwrap().expand::<today::fire>(new()).unwrap();
    assert_eq!(traj.all(today::Outcome::names().firing_rate).unwrap().to_vec(), [2.0, 4.0, 6.0, 8.0]);
    check(&traj);

    common::with_trajectory_file(|file| {
        drop(Environment::new(file).serial().run::<before::fire>(old()).unwrap());
        let environment = Environment::new(file).with_processes(2);
        let name = "workers_and_memory_know_the_old_names_too";
        let environment = environment.with_worker_arguments([name, "--exact", "--nocapture"]);
        let traj = environment.expand::<today::fire>(new()).unwrap();
        assert_eq!(traj.statuses(), [RunStatus::Done; 4], "{:?}", traj.failures());
        check(&traj);
    });
}

/// Two results that were one, as the program says; and one that was widened.
mod confused {
    use super::*;

    #[results]
    pub(crate) struct Twice {
        #[result(alias = "rate")]
        pub first: f64,
    }

    #[results]
    pub(crate) struct Outcome {
        #[result(group)]
        pub a: Twice,
        #[result(group)]
        pub b: Twice,
    }

    #[experiment]
    pub(crate) fn fire(p: &before::Cell) -> Outcome {
        Outcome { a: Twice { first: 10.0 * p.input }, b: Twice { first: 20.0 * p.input } }
    }

    #[results]
    pub(crate) struct Narrow {
        #[result(alias = "rate")]
        pub firing_rate: f32,
    }

    pub(crate) mod narrow {
        use super::*;

        #[experiment]
        pub(crate) fn fire(_: &before::Cell) -> Narrow {
            Narrow { firing_rate: 1.0 }
        }
    }
}

#[test]
fn two_results_never_share_a_column_of_the_file() {
    common::with_trajectory_file(|file| {
        store_old(file, false);
        let more = before::Cell::names().input.over([5.0]);
        let traj = Environment::new(file).serial().expand::<confused::fire>(more).unwrap();
        let r = confused::Outcome::names();
        assert_eq!(traj.all(r.a.first).unwrap().to_vec(), [2.0, 4.0, 6.0, 50.0]);
        assert_eq!(traj.get(r.b.first, 3).unwrap(), 100.0);
        assert!(traj.get(r.b.first, 0).unwrap().is_nan());
        drop(traj);
        let refused = Trajectory::<confused::narrow::fire>::open(file).unwrap_err().to_string();
        assert!(refused.contains("the result `rate` is `f64` in the file but `f32` in the program"), "{refused}");
    });
}

#[test]
fn results_and_parameters_move_into_groups_with_their_short_names() {
    let check = |traj: &Trajectory<tomorrow::fire>| {
        let r = tomorrow::Outcome::names();
        assert_eq!(traj.statuses(), [RunStatus::Done; 4], "{:?}", traj.failures());
        assert_eq!(traj.all(r.activity.rate).unwrap().to_vec(), [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(traj.get(r.activity.v, 3).unwrap(), [4.0, 4.0]);
        assert_eq!(traj.get(r.activity.n_spikes, 3).unwrap(), 7);
        assert!(traj.any().contains("results.activity.n_spikes") && !traj.any().contains("results.activity.rate"));
    };
    let more = || tomorrow::Cell::names().stimulus.input.over([3.0, 4.0]);
    common::with_trajectory_file(|file| {
        store_old(file, false);
        check(&Environment::new(file).serial().expand::<tomorrow::fire>(more()).unwrap());
        let clash = Environment::new(file).serial().expand::<tomorrow::clash::fire>(more()).map(drop);
        let clash = clash.unwrap_err().to_string();
        let said = "the result `rate.n_spikes` cannot be stored, since the file has `results.rate` in its place";
        assert!(clash.contains(said) && clash.contains("the group that it is in, another name"), "{clash}");
    });
    let points = before::Cell::names().input.over([1.0, 2.0, 3.0]);
    let old = Environment::in_memory().serial().run::<before::fire>(points).unwrap();
    check(&Environment::of(old.into_any()).unwrap().serial().expand::<tomorrow::fire>(more()).unwrap());
}

/// The program of the same year with its results in another order, and one more before them.
mod sorted {
    use super::*;

    #[results]
    pub(crate) struct Sorted {
        pub energy: f64,
        pub v: Vec<f64>,
        #[result(unit = "Hz")]
        pub rate: f64,
    }

    #[experiment]
    pub(crate) fn fire(p: &before::Cell) -> Sorted {
        Sorted { energy: -p.input, v: vec![p.input; 2], rate: 2.0 * p.input }
    }
}

#[test]
fn results_in_another_order_find_their_columns_in_files_and_in_memory() {
    let old = before::Cell { fails: true, ..default() };
    let points = before::Cell::names().input.over([1.0, 2.0, 3.0]);
    let check = |traj: &Trajectory<sorted::fire>| {
        let r = sorted::Sorted::names();
        assert_eq!(traj.all(r.rate).unwrap().to_vec(), [2.0, 4.0, 6.0]);
        assert_eq!(traj.get(r.v, 1).unwrap(), [2.0, 2.0]);
        assert_eq!(traj.get(r.energy, 1).unwrap(), -2.0);
        assert!(traj.get(r.energy, 0).unwrap().is_nan());
        assert!(traj.any().verify().unwrap().is_sound());
    };
    common::with_trajectory_file(|file| {
        store_old(file, true);
        check(&Environment::new(file).serial().with_failed().resume::<sorted::fire>().unwrap());
    });
    let kept = Environment::in_memory().serial().with_parameters(old).run::<before::fire>(points).unwrap();
    let environment = Environment::of(kept.into_any()).unwrap().serial().with_failed();
    check(&environment.resume::<sorted::fire>().unwrap());
}

fn compared(a: &AnyTrajectory, b: &AnyTrajectory) -> Comparison {
    compare(a, b, Tolerance::default(), 100).unwrap()
}

#[test]
fn what_was_renamed_is_compared_all_the_same() {
    let run = |points: [f64; 3]| {
        let environment = Environment::in_memory().serial();
        environment.run::<today::fire>(today::Neuron::names().current.over(points)).unwrap().into_any()
    };
    let old = Environment::in_memory().serial();
    let old = old.run::<before::fire>(before::Cell::names().input.over([1.0, 2.0, 3.0])).unwrap().into_any();
    let new = run([3.0, 2.0, 1.0]);
    for (a, b) in [(&old, &new), (&new, &old)] {
        let found = compared(a, b);
        assert_eq!(found.n_matched, 3, "points are matched by parameters that were renamed");
        let mut names: Vec<&str> = found.findings.iter().map(|finding| finding.name.as_str()).collect();
        names.sort_unstable();
        // Which columns a table has is known of its runs alone, so nothing tells that it was renamed.
        assert_eq!(names, ["results.energy", "results.events.time", "results.spikes.time"]);
    }
    let other = compared(&old, &run([1.0, 2.0, 7.0]));
    assert_eq!(other.n_matched, 2);
    assert!(other.findings.iter().any(|finding| finding.name == "input"), "as the first calls it");
}
