//! The tree without types: natural naming, wildcards, walking, and one run looked at by itself.

#![expect(clippy::float_cmp, reason = "what was stored comes back to the bit")]

mod common;

use std::time::{Duration, SystemTime};

use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::trajectory::{NodeRef, Value};
use pypet::value::ElementType;

/// A population of cells.
#[parameters]
struct Population {
    /// Time constant.
    #[param(default = 20.0, unit = "ms")]
    tau_m: f64,
    /// Refractory time.
    #[param(default = 5.0, unit = "ms")]
    tau_ref: f64,
    #[param(default = 10)]
    size: u32,
}

#[parameters]
struct Network {
    exc: Population,
    inh: Population,
    #[param(default = "a net")]
    title: String,
    #[param(derived = self.exc.size + self.inh.size)]
    n_cells: u32,
}

#[results]
struct Activity {
    /// Spikes per second.
    #[result(unit = "Hz")]
    rate: f64,
    /// When cell 0 fired.
    #[result(unit = "ms")]
    spikes: Vec<f64>,
}

/// Fails in run 3 with an error, in run 4 with a panic.
#[experiment]
fn network(p: &Network, run: &mut Run) -> Result<Activity, String> {
    match run.index() {
        3 => return Err("unstable".into()),
        index => assert!(index != 4, "index 4 is out of bounds"),
    }
    run.add_result("exc.rate", p.exc.size * 2);
    run.add_result("exc.layers.a.rate", vec![1.5_f32; 2]);
    Ok(Activity { rate: f64::from(p.n_cells), spikes: vec![0.5; run.index()] })
}

fn explored(file: &std::path::Path) -> AnyTrajectory {
    let p = Network::names();
    let sizes = p.exc.size.over(0..6).zip(p.inh.tau_m.over(linspace(1.0, 6.0, 6))).unwrap();
    Environment::new(file).serial().with_comment("a study").run::<network>(sizes).unwrap().into_any()
}

fn message<T>(result: pypet::Result<T>) -> String {
    result.err().expect("the request is refused").to_string()
}

#[test]
fn names_are_found_by_their_parts() {
    common::with_trajectory_file(|file| {
        let any = explored(file);
        assert_eq!(any.get::<f64>("parameters.exc.tau_m").unwrap(), 20.0);
        assert_eq!(any.get::<f64>("par.inh.tau_ref").unwrap(), 5.0);
        assert_eq!(any.get::<String>("title").unwrap(), "a net");
        assert_eq!(any.get::<Array1<u32>>("dpar.n_cells").unwrap().to_vec(), [10, 11, 12, 13, 14, 15]);
        assert_eq!(any.get::<String>("conf.engine").unwrap(), "serial");
        assert_eq!(any.node("rate").unwrap().full_name(), "results.rate", "the shallowest wins");
        assert_eq!(any.node("exc.rate").unwrap().full_name(), "results.exc.rate");
        assert_eq!(any.node("layers.rate").unwrap().full_name(), "results.exc.layers.a.rate");
        assert_eq!(any.get::<Array1<u8>>("runs.attempt").unwrap().to_vec(), [1; 6]);
        assert_eq!(any.get::<Array1<u32>>("explored.exc.size").unwrap().to_vec(), [0, 1, 2, 3, 4, 5]);

        let ambiguous = message(any.get::<f64>("tau_m"));
        assert_eq!(
            ambiguous,
            "`tau_m` could be `parameters.exc.tau_m` or `parameters.inh.tau_m`; write more of the name"
        );
        assert!(message(any.node("exc.tau_n")).contains("did you mean `parameters.exc.tau_m`"));
        assert!(message(any.node("ref")).contains("`parameters.exc.tau_ref`"), "a part of a name is near");
        assert!(message(any.get::<f64>("ex.tau_m")).starts_with("there is no node"), "parts are compared whole");
        assert!(message(any.get::<f64>("par.exc")).contains("is a group, not a value; it has `parameters.exc.tau_m`"));
        assert!(any.contains("inh.size") && !any.contains("tau_m") && !any.contains("nothing") && !any.contains(""));
    });
}

#[test]
fn narrower_numbers_are_read_as_wider_ones_and_nothing_is_lost() {
    common::with_trajectory_file(|file| {
        let any = explored(file);
        assert_eq!(any.get::<u64>("inh.size").unwrap(), 10);
        assert_eq!(any.get::<i64>("inh.size").unwrap(), 10);
        assert_eq!(any.get::<f64>("inh.size").unwrap(), 10.0);
        assert_eq!(any.get::<Vec<f64>>("res.exc.layers.a.r_1.rate").unwrap(), [1.5, 1.5]);
        for narrower in [any.get::<u16>("inh.size").is_ok(), any.get::<i32>("inh.size").is_ok()] {
            assert!(!narrower);
        }
        assert!(any.get::<f32>("inh.size").is_err() && any.get::<f32>("exc.tau_ref").is_err());
    });
}

#[test]
fn names_may_say_which_run_they_are_about() {
    common::with_trajectory_file(|file| {
        let any = explored(file);
        for name in ["results.r_5.rate", "results.runs.run_00000005.rate", "r_5.rate", "rate.run_5"] {
            assert_eq!(any.get::<f64>(name).unwrap(), 15.0, "{name}");
        }
        assert_eq!(any.get::<u32>("par.r_5.exc.size").unwrap(), 5);
        assert_eq!(any.value("r_5.spikes").unwrap(), Value::Floats(ArrayD::from_elem(vec![5], 0.5)));
        assert_eq!(any.get::<Array1<f64>>("results.$.rate").unwrap().len(), 6, "outside of a run `$` is all of them");
        assert_eq!(message(any.get::<f64>("r_3.rate")), "run 3 has no results: it is failed");
        assert_eq!(message(any.get::<f64>("r_6.rate")), "there is no run 6; the trajectory has 6 runs, from 0 on");
    });
}

#[test]
fn one_run_is_looked_at_by_itself() {
    common::with_trajectory_file(|file| {
        let any = explored(file);
        let run = any.run(5).unwrap();
        assert_eq!((run.index(), run.status()), (5, RunStatus::Done));
        assert_eq!(run.get::<u32>("par.exc.size").unwrap(), 5);
        assert_eq!(run.get::<u32>("par.inh.size").unwrap(), 10, "what is not explored is the same in every run");
        assert_eq!(run.get::<u32>("n_cells").unwrap(), 15);
        assert_eq!(run.get::<f64>("rate").unwrap(), 15.0);
        assert_eq!(run.get::<f64>("results.crun.rate").unwrap(), 15.0);
        assert_eq!(run.get::<f64>("results.r_2.rate").unwrap(), 12.0, "another run can be named");
        assert_eq!(run.get::<Array1<f64>>("results.run_ALL.rate").unwrap().len(), 6);
        assert_eq!(run.get::<Vec<f64>>("spikes").unwrap(), [0.5; 5]);
        assert!(run.error().unwrap().is_none());
        let age = SystemTime::now().duration_since(run.started().unwrap().unwrap()).unwrap();
        assert!(age < Duration::from_mins(10) && run.runtime().unwrap().unwrap() < Duration::from_mins(10));

        let map = run.to_map().unwrap();
        assert_eq!(map["parameters.exc.size"], Value::UInt(5));
        assert_eq!(map["results.rate"], Value::Float(15.0));
        assert!(map.keys().all(|name| !name.starts_with("runs") && !name.starts_with("explored")));
        assert!(!any.run(3).unwrap().to_map().unwrap().contains_key("results.rate"));
        assert_eq!(message(any.run(6)), "there is no run 6; the trajectory has 6 runs, from 0 on");
        assert_eq!(any.runs().unwrap().filter(|run| run.status() == RunStatus::Done).count(), 4);
    });
}

#[test]
fn failures_come_with_their_reasons() {
    common::with_trajectory_file(|file| {
        drop(explored(file));
        let traj = Trajectory::<network>::open(file).unwrap();
        let failures = traj.failures().unwrap();
        assert_eq!(failures.iter().map(|failure| failure.run).collect::<Vec<_>>(), [3, 4]);
        assert!(failures[0].to_string().starts_with("run 3 failed: unstable (tests/tree.rs:"), "{}", failures[0]);
        assert!(failures[1].place.contains("tree.rs:") && failures[1].message == "index 4 is out of bounds");
        assert_eq!(traj.run(4).unwrap().error().unwrap(), Some(failures[1].clone()));
        assert!(traj.run(4).unwrap().runtime().unwrap().is_some() && traj.run(4).unwrap().started().unwrap().is_some());
        assert!(traj.run(0).unwrap().error().unwrap().is_none());
        drop(traj);
        // A run that fails again is listed once, with its last reason.
        let again = Environment::new(file).serial().with_failed().resume::<network>().unwrap();
        assert_eq!(again.failures().unwrap().len(), 2);
        assert_eq!(again.any().get::<Vec<u64>>("runs.errors.run").unwrap(), [3, 4, 3, 4]);
    });
}

#[test]
fn a_trajectory_in_memory_tells_as_much() {
    let sizes = Network::names().exc.size.over(0..6);
    let traj = Environment::in_memory().serial().run::<network>(sizes).unwrap();
    let failures: Vec<String> = traj.failures().unwrap().iter().map(|failure| failure.message.clone()).collect();
    assert_eq!(failures, ["unstable", "index 4 is out of bounds"]);
    assert_eq!(traj.run(4).unwrap().error().unwrap().unwrap().message, failures[1]);
    assert!(traj.run(3).unwrap().started().unwrap() <= traj.run(5).unwrap().started().unwrap());
    assert!(traj.run(0).unwrap().runtime().unwrap().is_some());
    assert_eq!(traj.any().find("status == 'failed' && exc.size > 3").unwrap().count(), 1);
    assert!(traj.any().to_map().unwrap().len() > 20 && traj.any().to_string().contains("run × u8"));
}

#[test]
fn wildcards_find_many_nodes() {
    common::with_trajectory_file(|file| {
        let any = explored(file);
        let found = |pattern| any.find_all(pattern).into_iter().map(NodeRef::full_name).collect::<Vec<_>>();
        assert_eq!(found("**.rate"), ["results.rate", "results.exc.rate", "results.exc.layers.a.rate"]);
        assert_eq!(found("par.*.tau_*").len(), 4);
        assert_eq!(found("**.exc.*_ref"), ["parameters.exc.tau_ref"]);
        assert_eq!(found("explored.**").len(), 3, "the branch itself and two columns");
        assert!(found("tau_*").is_empty() && found("**.nothing").is_empty());
    });
}

#[test]
fn nodes_know_themselves_and_their_neighbours() {
    common::with_trajectory_file(|file| {
        let any = explored(file);
        let tau = any.node("exc.tau_ref").unwrap();
        assert_eq!((tau.name(), tau.comment(), tau.unit()), ("tau_ref", "Refractory time.", "ms"));
        assert_eq!((tau.element(), tau.shape()), (Some(ElementType::F64), vec![]));
        assert_eq!((tau.get::<f64>().unwrap(), tau.value().unwrap()), (5.0, Value::Float(5.0)));
        let group = tau.parent().unwrap();
        assert_eq!(group.full_name(), "parameters.exc");
        assert_eq!(group.children().map(NodeRef::name).collect::<Vec<_>>(), ["tau_m", "tau_ref", "size"]);
        assert!(group.is_group() && group.parent().unwrap().parent().is_none());
        assert_eq!(any.node("rate").unwrap().shape(), [Some(6)]);
        assert_eq!(any.node("spikes").unwrap().shape(), [Some(6), None]);
        let results = any.node("results").unwrap();
        let levels: Vec<usize> = results.descendants().map(|node| node.path().matches('/').count()).collect();
        assert!(levels.is_sorted(), "breadth first: {levels:?}");
        assert_eq!(results.leaves().count(), 4);
        assert_eq!(any.leaves().count() + any.descendants().filter(|node| node.is_group()).count(), any.nodes().len());
    });
}

#[test]
fn the_whole_tree_becomes_a_map_and_json() {
    common::with_trajectory_file(|file| {
        let map = explored(file).to_map().unwrap();
        assert_eq!(map["parameters.title"], Value::Text("a net".into()));
        let Value::Floats(rates) = &map["results.rate"] else { panic!("{:?}", map["results.rate"]) };
        assert_eq!((rates.shape(), rates[[5]]), (&[6][..], 15.0));
        assert!(matches!(&map["results.spikes"], Value::List(runs) if runs.len() == 6));
        let json = serde_json::to_value(&map).unwrap();
        assert_eq!(json["results.rate"], serde_json::json!([10.0, 11.0, 12.0, "NaN", "NaN", 15.0]));
        assert_eq!(json["results.spikes"][2], serde_json::json!([0.5, 0.5]));
        assert_eq!(json["runs.status"], serde_json::json!([1, 1, 1, 2, 2, 1]));
    });
}

#[test]
fn the_printed_tree_lines_up_and_long_groups_are_cut() {
    common::with_trajectory_file(|file| {
        let any = explored(file);
        let tree = any.to_string();
        let column = |of: &str, mark: &str| {
            let line = tree.lines().find(|line| line.contains(of)).unwrap_or_else(|| panic!("no `{of}` in\n{tree}"));
            line.char_indices().map(|(at, _)| at).position(|at| line[at..].starts_with(mark))
        };
        assert_eq!(column("# Refractory", "#"), column("# Spikes", "#"), "comments line up:\n{tree}");
        assert!(tree.contains("├─ tau_m") && tree.contains("20.0 ms"), "{tree}");
        assert!(tree.contains("run × f64[_]"), "ragged results say so:\n{tree}");
        assert!(tree.contains("0; 1; 2; …"), "explored parameters show their values:\n{tree}");
        let run = any.run(4).unwrap().to_string();
        assert!(run.starts_with("run 4 of network — failed") && run.contains("index 4 is out of bounds"), "{run}");
        assert!(run.contains("size") && !run.contains("attempt"), "{run}");

        let many = |_: &Population, run: &mut Run| (0..80).for_each(|k| run.add_result(&format!("many.k_{k}"), k));
        let any = Environment::in_memory().serial().run_with("wide", Population::names().size.over([1]), many).unwrap();
        assert!(any.to_string().contains("└─ … 30 more"), "{any}");
    });
}

#[test]
fn show_prints_one_run() {
    common::with_trajectory_file(|file| {
        drop(explored(file));
        let show = |arguments: &[&str]| {
            let all = ["show"].into_iter().chain(file.to_str()).chain(arguments.iter().copied());
            let output = common::examples::run_with("multiply", file.parent().unwrap(), all);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (output.status.code(), text(&output.stdout), text(&output.stderr))
        };
        assert_eq!(show(&["rate", "--run", "5"]).1, "15.0\n");
        assert_eq!(show(&["spikes", "--run", "2"]).1, "[0.5, 0.5]\n");
        assert!(show(&["--run", "3"]).1.contains("unstable"));
        assert_eq!(show(&["r_5.rate"]).1, "15.0\n");
        assert_eq!(show(&["rate", "--run", "6"]).0, Some(2));
        assert_eq!(show(&["--run", "many"]).0, Some(2));
    });
}
