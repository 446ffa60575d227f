//! What is stored can be annotated, commented, linked, added to, removed and renamed, all with one commit.

#![expect(clippy::float_cmp, reason = "what is stored comes back to the bit")]

mod common;

use pypet::prelude::*;

/// Two numbers.
#[parameters]
struct Factors {
    #[param(default = 1.0)]
    x: f64,
    /// The second factor.
    #[param(default = 1.0)]
    y: f64,
}

/// Two layouts.
#[results]
struct Yields {
    /// The product.
    z: f64,
    trace: [f64; 4],
    ragged: Vec<u64>,
}

#[experiment]
fn multiply(p: &Factors, run: &mut Run) -> Yields {
    run.add_result("net.size", p.x);
    if p.y > 6.5 {
        run.annotate("checked", true);
    }
    Yields { z: p.x * p.y, trace: [p.x; 4], ragged: vec![1; run.index()] }
}

fn with_stored<T>(test: impl FnOnce(&std::path::Path) -> T) -> T {
    common::with_trajectory_file(|file| {
        let p = Factors::names();
        let points = p.x.over([1.0, 2.0, 3.0]) * p.y.over([6.0, 7.0]);
        Environment::new(file).serial().run::<multiply>(points).unwrap();
        test(file)
    })
}

#[test]
fn everything_is_committed_at_once_and_found_again() {
    with_stored(|file| {
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.annotate("", "analysed_by", "Åda".to_owned()).unwrap();
        edit.annotate("results.z", "limits", vec![0.5_f64, -0.0, f64::INFINITY]).unwrap();
        edit.annotate("parameters.x", "is_checked", true).unwrap();
        edit.annotate("results.ragged", "tags", vec!["a".to_owned(), String::new()]).unwrap();
        edit.annotate("results.net", "layer", -3_i8).unwrap();
        edit.set_comment("y", "another factor").unwrap();
        edit.set_comment("", "a small table").unwrap();
        edit.add_result_with("summary.best", "mV", "the largest", 21.0).unwrap();
        edit.link("best", "summary.best").unwrap();
        edit.link("parameters.network", "results.net").unwrap();
        edit.commit().unwrap();

        let any = AnyTrajectory::open(file).unwrap();
        assert_eq!(any.header().comment, "a small table");
        assert_eq!(any.annotation::<String>("", "analysed_by").unwrap(), "Åda");
        let limits: Vec<f64> = any.annotation("results.z", "limits").unwrap();
        assert_eq!(
            limits.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            [0.5_f64, -0.0, f64::INFINITY].map(f64::to_bits)
        );
        assert!(any.annotation::<bool>("parameters.x", "is_checked").unwrap());
        assert_eq!(any.annotation::<Vec<String>>("ragged", "tags").unwrap(), ["a", ""]);
        assert_eq!(any.annotation::<i8>("results.net", "layer").unwrap(), -3);
        assert_eq!(any.get::<Vec<bool>>("runs.annotations.checked").unwrap(), [false, true, false, true, false, true]);
        assert_eq!(any.get::<f64>("best").unwrap(), 21.0);
        assert_eq!(any.get::<Vec<f64>>("parameters.network.size").unwrap(), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
        let tree = any.to_string();
        assert!(tree.contains("best → results.summary.best"), "{tree}");
        assert!(tree.contains("# another factor") && tree.contains("21.0 mV"), "{tree}");
        assert!(tree.contains("# the largest"), "{tree}");
        drop(any);
        common::python::run("edited.py", [file]);
        common::python::run("opens.py", [file]);
    });
}

#[test]
fn what_is_not_committed_changes_nothing() {
    with_stored(|file| {
        let before = std::fs::read(file).unwrap();
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.annotate("", "note", 1).unwrap();
        edit.remove("results.trace").unwrap();
        drop(edit);
        assert_eq!(std::fs::read(file).unwrap(), before);

        // The last change cannot be, so the first is not made either.
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.annotate("", "note", 1).unwrap();
        edit.annotate("", "large", vec![0.0; 10_000]).unwrap();
        let message = edit.commit().unwrap_err().to_string();
        assert!(message.contains("`large`") && message.contains("80000 bytes"), "{message}");
        assert!(AnyTrajectory::open(file).unwrap().annotations("").unwrap().is_empty());
    });
}

#[test]
fn results_and_links_are_removed_and_overwritten_explicitly() {
    with_stored(|file| {
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.add_result("mean", 3.0).unwrap();
        edit.link("steady", "results.trace").unwrap();
        assert!(edit.add_result("mean", 4.0).unwrap_err().to_string().contains("already"));
        assert!(edit.overwrite_result("results.z", 4.0).is_err());
        edit.commit().unwrap();
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.overwrite_result("mean", vec![1_u8, 2]).unwrap();
        edit.remove("results.trace").unwrap().remove("results.net").unwrap();
        edit.commit().unwrap();
        let any = AnyTrajectory::open(file).unwrap();
        assert_eq!(any.get::<Vec<u8>>("mean").unwrap(), [1, 2]);
        assert!(any.node("steady").is_err() && any.node("results.trace").is_err() && any.node("net.size").is_err());
        assert_eq!(any.get::<Vec<f64>>("results.z").unwrap().len(), 6);
        drop(any);
        common::python::run("opens.py", [file]);
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.remove("parameters.x").unwrap();
        assert!(edit.commit().unwrap_err().to_string().contains("`parameters/x` cannot be removed"));
    });
}

#[test]
fn a_renamed_trajectory_keeps_its_grid_and_links() {
    with_stored(|file| {
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.link("product", "results.z").unwrap().rename("table").unwrap();
        edit.commit().unwrap();
        let traj = Trajectory::<multiply>::open_named(file, "table").unwrap();
        assert_eq!(traj.any().get::<Vec<f64>>("product").unwrap()[5], 21.0);
        assert_eq!(traj.grid(Yields::names().z).unwrap().values[[2, 1]], 21.0);
        drop(traj);
        let printed = common::python::run("opens.py", [file]);
        assert_eq!(printed.trim(), "table/by_run table/grid");
        common::python::run("renamed.py", [file]);
        let p = Factors::names();
        Environment::new(file).with_name("other").run::<multiply>(p.x.over([1.0])).unwrap();
        let mut edit = TrajectoryEditor::open_named(file, "other").unwrap();
        edit.rename("table").unwrap();
        assert!(edit.commit().unwrap_err().to_string().contains("has a trajectory `table` already"));
    });
}

#[test]
fn links_to_nowhere_are_errors_that_name_them() {
    with_stored(|file| {
        common::python::run("dangling.py", [file]);
        let any = AnyTrajectory::open(file).unwrap();
        let message = any.get::<f64>("lost").unwrap_err().to_string();
        assert!(message.starts_with("the link `results.lost` leads to `results.gone`"), "{message}");
        let message = any.get::<f64>("round").unwrap_err().to_string();
        assert!(message.starts_with("the link `results.round` leads back to itself"), "{message}");
        assert!(any.to_string().contains("round → results.about"));
        let mut edit = any.edit().unwrap();
        assert!(edit.link("net.inside", "results.net").unwrap_err().to_string().contains("in its own target"));
        assert!(edit.link("bad", "nowhere").is_err() && edit.annotate("", "no key", 1).is_err());
    });
}

/// Keeps the largest product, in memory as in a file.
#[experiment(finish = largest, result = "z")]
fn kept(p: &Factors) -> f64 {
    p.x * p.y
}

fn largest(traj: &mut Trajectory<kept>) -> Result<(), pypet::Error> {
    let largest = traj.all(kept::results())?.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    traj.add_result("largest", largest)?;
    traj.annotate("results.z", "is_summarised", true)
}

#[test]
fn what_finish_adds_is_kept_in_memory_as_in_a_file() {
    common::with_trajectory_file(|file| {
        let points = || Factors::names().x.over([1.0, 4.0, 2.0]);
        for environment in [Environment::new(file), Environment::in_memory()] {
            let traj = environment.run::<kept>(points()).unwrap();
            assert_eq!(traj.any().get::<f64>("results.largest").unwrap(), 4.0);
            assert!(traj.any().annotation::<bool>("results.z", "is_summarised").unwrap());
        }
        // Finishing again, after more runs, puts the new value in the place of the old one.
        let traj = Environment::new(file).expand::<kept>(Factors::names().x.over([7.0])).unwrap();
        assert_eq!(traj.any().get::<f64>("results.largest").unwrap(), 7.0);
    });
}

#[test]
fn names_and_keys_that_are_wrong_say_what_there_is() {
    with_stored(|file| {
        let any = AnyTrajectory::open(file).unwrap();
        let message = any.annotation::<f64>("", "absent").unwrap_err().to_string();
        assert!(message.contains("no annotation `absent`"), "{message}");
        let memory = Environment::in_memory().run::<multiply>(Exploration::single()).unwrap();
        assert!(memory.any().edit().unwrap_err().to_string().contains("in memory"));
    });
}

#[test]
fn a_value_that_takes_the_place_of_another_keeps_its_notes_and_links() {
    let note = |any: &AnyTrajectory| any.annotation::<String>("results.largest", "checked_by").unwrap();
    common::with_trajectory_file(|file| {
        drop(Environment::new(file).run::<kept>(Factors::names().x.over([1.0, 4.0])).unwrap());
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.annotate("largest", "checked_by", "Ada".to_owned()).unwrap();
        edit.set_comment("largest", "of all inputs").unwrap();
        edit.link("best", "largest").unwrap().link("config.best", "results.best").unwrap();
        edit.commit().unwrap();
        // Post-processing that is repeated puts a new value there, and so does whoever changes it by hand.
        let traj = Environment::new(file).expand::<kept>(Factors::names().x.over([7.0])).unwrap();
        assert_eq!(traj.any().get::<f64>("best").unwrap(), 7.0);
        assert_eq!(note(traj.any()), "Ada");
        drop(traj);
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.overwrite_result("best", 8.0).unwrap();
        edit.commit().unwrap();
        let any = AnyTrajectory::open(file).unwrap();
        assert_eq!((any.get::<f64>("config.best").unwrap(), note(&any).as_str()), (8.0, "Ada"));
        assert_eq!(any.node("results.largest").unwrap().comment(), "of all inputs");
    });
}

#[test]
fn nothing_is_put_into_a_value_where_nobody_would_find_it() {
    with_stored(|file| {
        let before = std::fs::read(file).unwrap();
        for name in ["results.ragged.more", "results.z.more", "net.size.more"] {
            let mut edit = TrajectoryEditor::open(file).unwrap();
            let refused = edit.add_result(name, 1.0).unwrap_err().to_string();
            assert!(refused.contains("it would lie in a value, which is no group"), "{refused}");
            assert!(edit.link(name, "results.trace").is_err());
        }
        let mut traj = Trajectory::<multiply>::open(file).unwrap();
        traj.add_result("ragged.more", 1.0).unwrap();
        let refused = traj.store().unwrap_err().to_string();
        assert!(refused.contains("`results/ragged/more` cannot be added"), "{refused}");
        drop(traj);
        assert_eq!(std::fs::read(file).unwrap(), before);
    });
    let mut traj = Environment::in_memory().run::<multiply>(Exploration::single()).unwrap();
    traj.add_result("z.more", 1.0).unwrap();
    assert!(traj.store().unwrap_err().to_string().contains("`results/z/more` cannot be added"));
}

#[test]
fn links_to_links_go_with_what_they_lead_to() {
    with_stored(|file| {
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.link("first", "results.net").unwrap().link("second", "results.first").unwrap();
        edit.link("third", "results.second").unwrap().link("other", "results.z").unwrap();
        edit.commit().unwrap();
        let mut edit = TrajectoryEditor::open(file).unwrap();
        edit.remove("results.first").unwrap();
        assert!(edit.link("fourth", "third").is_err(), "it is gone already");
        edit.commit().unwrap();
        let any = AnyTrajectory::open(file).unwrap();
        let links: Vec<&str> =
            any.descendants().filter(|node| node.is_link()).map(pypet::trajectory::NodeRef::name).collect();
        assert_eq!(links, ["other"]);
        assert!(any.contains("net.size"));
    });
}

#[test]
fn comments_of_later_are_in_the_grid_and_in_copies() {
    with_stored(|file| {
        let mut edit = TrajectoryEditor::open(file).unwrap();
        for name in ["results.z", "results.ragged", "results.net.size", "explored.x", "runs.status", "parameters.y"] {
            edit.set_comment(name, &format!("about {name}")).unwrap();
        }
        edit.set_comment("results.trace", "").unwrap();
        edit.commit().unwrap();
        let copy = file.with_extension("copy.h5");
        pypet::copy(file, None, &copy, None).unwrap();
        pypet::compact(file).unwrap();
        for file in [file, &copy] {
            let any = AnyTrajectory::open(file).unwrap();
            let commented = any.leaves().filter(|leaf| leaf.comment() == format!("about {}", leaf.full_name()));
            assert_eq!(commented.count(), 6);
            drop(any);
            let comment = common::python::run("comment.py", [file.as_os_str(), "multiply/grid/z".as_ref()]);
            assert_eq!(comment.trim(), "about results.z");
        }
    });
}
