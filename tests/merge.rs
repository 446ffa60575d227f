//! Trajectories are joined, copied, compacted, saved and deleted; killed on the way, nothing is in between.

#![expect(clippy::float_cmp, reason = "what is stored comes back to the bit")]

mod common;

use std::path::{Path, PathBuf};
#[cfg(feature = "bundled-hdf5")]
use std::process::{Command, Stdio};

use proptest::prelude::*;
use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::storage::NodeKind;
use pypet::trajectory::{Agreement, MergeOptions};
use pypet::value::ElementType;

/// Two numbers and what follows from them.
#[parameters]
struct Factors {
    #[param(default = 1.0)]
    x: f64,
    #[param(default = 10.0)]
    y: f64,
    /// Whether results are noisy.
    #[param(default = 0)]
    noise: i64,
    #[param(derived = self.y * 2.0)]
    twice: f64,
}

/// One result of each layout.
#[results]
#[derive(Debug, PartialEq)]
struct Yields {
    z: f64,
    #[result(unit = "mV", dims = ["time"])]
    trace: [f64; 3],
    ragged: Vec<f64>,
    word: String,
}

fn yields(p: &Factors) -> Yields {
    let z = p.x * p.y;
    Yields { z, trace: [z; 3], ragged: vec![p.twice; if p.x > 2.5 { 2 } else { 1 }], word: format!("{} {}", p.x, p.y) }
}

#[experiment]
fn product(p: &Factors, run: &mut Run) -> Result<Yields, String> {
    if p.x == 5.0 {
        return Err("five is too much".into());
    }
    if p.x == 2.0 {
        run.add_result("even", p.y);
        run.annotate("remark", "two".to_owned());
    }
    Ok(yields(p))
}

/// Results that no two studies agree about.
#[experiment(result = "noise")]
fn noisy(p: &Factors) -> f64 {
    static CALLS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    p.x + 0.001 * CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) as f64
}

fn with_folder<T>(test: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    test(folder.path())
}

fn xs(values: impl IntoIterator<Item = i32>) -> Exploration<Factors> {
    Factors::names().x.over(values.into_iter().map(f64::from).collect::<Vec<_>>())
}

fn ys(values: impl IntoIterator<Item = i32>) -> Exploration<Factors> {
    Factors::names().y.over(values.into_iter().map(f64::from).collect::<Vec<_>>())
}

fn study(file: &Path, points: Exploration<Factors>) {
    Environment::new(file).serial().with_comment(format!("{}", points.len())).run::<product>(points).unwrap();
}

/// Everything that a file says about its newest trajectory.
fn content(file: &Path) -> Vec<String> {
    let any = AnyTrajectory::open(file).unwrap();
    let header = any.header();
    let n_runs = header.n_runs;
    let mut lines =
        vec![format!("{} {} {n_runs} {:?} {:?}", header.comment, header.created, header.axes, header.schema)];
    for node in any.nodes() {
        let cells = match &node.kind {
            NodeKind::Column(_) => Some(any.rows(&node.path, 0..n_runs).unwrap()),
            NodeKind::Value(_) => Some(any.cells(&node.path).unwrap()),
            _ => None,
        };
        let rows = cells.map(|cells| {
            let row = |cell: pypet::value::Cell<'_>| match cell.element() {
                ElementType::Text => cell.strings().collect::<Vec<_>>().join("|"),
                _ => format!("{:?}", cell.bytes()),
            };
            cells.iter().map(row).collect::<Vec<_>>()
        });
        let target = if let NodeKind::Link { target } = &node.kind { target.as_str() } else { "" };
        lines.push(format!("{}{target} {:?} {rows:?}", node.path, any.annotations(&node.path).unwrap_or_default()));
    }
    lines.sort();
    lines
}

fn assert_whole(file: &Path, n_failed: usize) -> usize {
    let traj = Trajectory::<product>::open(file).unwrap();
    assert_eq!(traj.failed().len(), n_failed);
    let r = Yields::names();
    for run in traj.runs().filter(|run| run.status() == RunStatus::Done) {
        let p = run.parameters().unwrap();
        let read = Yields {
            z: run.get(r.z).unwrap(),
            trace: run.get(r.trace).unwrap(),
            ragged: run.get(r.ragged).unwrap(),
            word: run.get(r.word).unwrap(),
        };
        assert_eq!(read, yields(&p), "run {}", run.index());
        if p.x == 2.0 {
            assert_eq!(run.get_added::<f64>("even").unwrap(), p.y);
        }
    }
    traj.len()
}

#[test]
fn shards_join_to_what_a_single_study_yields() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        study(&file("a.h5"), xs([1, 3, 5]) * ys([10, 20]));
        study(&file("b.h5"), xs([2, 4]) * ys([10, 20]));
        let mut edit = TrajectoryEditor::open(file("a.h5")).unwrap();
        edit.annotate("results.z", "by", "Ada".to_owned()).unwrap();
        edit.add_result("mean", 1.5).unwrap().link("product", "results.z").unwrap();
        edit.commit().unwrap();
        let mut edit = TrajectoryEditor::open(file("b.h5")).unwrap();
        edit.annotate("results.z", "by", "Bob".to_owned()).unwrap();
        edit.set_comment("results", "of all runs").unwrap();
        edit.commit().unwrap();

        let merged = pypet::merge(file("all.h5"), [file("b.h5"), file("a.h5")], &MergeOptions::default()).unwrap();
        assert_eq!((merged.n_runs, merged.n_duplicates), (10, 0));
        assert_eq!(assert_whole(&file("all.h5"), 2), 10);
        let any = AnyTrajectory::open(file("all.h5")).unwrap();
        let expected: Vec<f64> = [1.0, 2.0, 3.0, 4.0, 5.0].iter().flat_map(|&x| [x; 2]).collect();
        assert_eq!(any.get::<Vec<f64>>("explored.x").unwrap(), expected);
        assert_eq!(any.header().comment, "6\n4");
        assert_eq!(any.annotation::<String>("results.z", "by").unwrap(), "Ada");
        assert_eq!(any.annotation::<String>("results.z", "by_2").unwrap(), "Bob");
        assert_eq!(any.get::<f64>("mean").unwrap(), 1.5);
        assert_eq!(any.get::<Vec<f64>>("product").unwrap()[9].to_bits(), f64::NAN.to_bits());
        assert_eq!(any.get::<Vec<u64>>("runs.errors.run").unwrap(), [8, 9]);
        assert_eq!(any.get::<Vec<String>>("runs.annotations.remark").unwrap()[2], "two");
        assert_eq!(any.get::<String>("config.merged_2.versions.pypet").unwrap(), env!("CARGO_PKG_VERSION"));
        drop(any);

        // A single study at the same points has the same parameters, results and views.
        study(&file("single.h5"), xs(1..6) * ys([10, 20]));
        let (all, single) =
            (Trajectory::<product>::open(file("all.h5")), Trajectory::<product>::open(file("single.h5")));
        let (all, single) = (all.unwrap(), single.unwrap());
        assert_eq!(all.header().axes, single.header().axes);
        for run in 0..10 {
            assert_eq!(all.run(run).unwrap().parameters().unwrap(), single.run(run).unwrap().parameters().unwrap());
        }
        drop((all, single));
        for name in ["a.h5", "all.h5"] {
            common::python::run("opens.py", [file(name)]);
        }
        // What is joined is a trajectory like any other.
        Environment::new(file("all.h5")).expand::<product>(xs([6]) * ys([10, 20])).unwrap();
        assert_eq!(assert_whole(&file("all.h5"), 2), 12);
    });
}

#[test]
fn done_goes_before_failed_and_pending_and_constants_become_explored() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        Environment::new(file("a.h5")).serial().on_failure(OnFailure::Stop).run::<product>(xs([5, 1, 2])).unwrap();
        let presets = || Factors { y: 20.0, ..default() };
        Environment::new(file("b.h5")).serial().with_parameters(presets()).run::<product>(xs([2, 1])).unwrap();
        study(&file("c.h5"), xs([1, 2]));
        let inputs = [file("c.h5"), file("a.h5"), file("b.h5")];
        let merged = pypet::merge(file("all.h5"), inputs, &MergeOptions::default()).unwrap();
        assert_eq!((merged.n_runs, merged.n_duplicates), (5, 2));
        let traj = Trajectory::<product>::open(file("all.h5")).unwrap();
        assert_eq!(traj.failed(), [4]);
        assert_eq!(traj.any().get::<Vec<f64>>("explored.y").unwrap(), [10.0, 20.0, 10.0, 20.0, 10.0]);
        assert_eq!(traj.any().get::<Vec<f64>>("twice").unwrap(), [20.0, 40.0, 20.0, 40.0, 20.0]);
        assert_eq!(traj.header().state.word(), "finished");
        drop(traj);
        assert_whole(&file("all.h5"), 1);
    });
}

#[test]
fn runs_that_disagree_are_named_unless_told_what_to_do() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        for name in ["a.h5", "b.h5"] {
            Environment::new(file(name)).serial().run::<noisy>(xs([1, 2])).unwrap();
        }
        let inputs = || [file("b.h5"), file("a.h5")];
        let error = pypet::merge(file("all.h5"), inputs(), &MergeOptions::default()).unwrap_err().to_string();
        assert!(error.contains("run 0 of") && error.contains("differ in `noise`"), "{error}");
        assert!(!file("all.h5").exists());

        let mut options = MergeOptions::default();
        options.agreement = Agreement::First;
        pypet::merge(file("first.h5"), inputs(), &options).unwrap();
        let noise = |name: &str| AnyTrajectory::open(file(name)).unwrap().get::<Vec<f64>>("results.noise").unwrap();
        assert_eq!(noise("first.h5"), noise("b.h5"));

        let mut options = MergeOptions::default();
        options.trial = Some("trial".into());
        assert_eq!(pypet::merge(file("trials.h5"), inputs(), &options).unwrap().n_runs, 4);
        let any = AnyTrajectory::open(file("trials.h5")).unwrap();
        assert_eq!(any.get::<Vec<u64>>("explored.trial").unwrap(), [0, 1, 0, 1]);
        options.trial = Some("noise".into());
        assert_eq!(pypet::merge(file("parameter.h5"), inputs(), &options).unwrap().n_runs, 4);
        options.trial = Some("x".into());
        assert!(
            pypet::merge(file("x.h5"), inputs(), &options).unwrap_err().to_string().contains("cannot number trials")
        );
    });
}

#[test]
fn what_does_not_fit_together_is_refused_with_reasons() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        study(&file("a.h5"), xs([1]));
        Environment::new(file("b.h5")).run::<noisy>(xs([1])).unwrap();
        let merge = |out: &str, inputs: &[PathBuf]| {
            pypet::merge(file(out), inputs, &MergeOptions::default()).unwrap_err().to_string()
        };
        assert!(merge("o.h5", &[file("a.h5"), file("b.h5")]).contains("of the experiment `product`"));
        assert!(merge("a.h5", &[file("a.h5")]).contains("write the result to another file"));
        assert!(merge("o.h5", &[]).contains("nothing to join"));
        assert!(merge("o.h5", &[file("none.h5")]).contains("there is no file"));
        Environment::new(file("c.h5"))
            .run_with("product", Exploration::<Factors>::single(), |p: &Factors, _| p.x)
            .unwrap();
        let message = merge("o.h5", &[file("a.h5"), file("c.h5")]);
        assert!(message.contains("only the first has the result `trace`"), "{message}");
        assert!(!file("o.h5").exists());
    });
}

#[test]
fn files_of_older_versions_join_resume_and_grow_whose_runtimes_have_more_digits() {
    with_folder(|folder| {
        let (old, new) = (folder.join("old.h5"), folder.join("new.h5"));
        study(&old, xs([1, 2, 5]));
        study(&new, xs([3, 4]));
        common::python::run("double_runtime.py", [old.as_os_str(), "product".as_ref()]);
        let element = |file: &Path| AnyTrajectory::open(file).unwrap().node("runs.runtime").unwrap().element().unwrap();
        let runtimes = |file: &Path| AnyTrajectory::open(file).unwrap().get::<Vec<f64>>("runs.runtime").unwrap();
        assert_eq!((element(&old), element(&new)), (ElementType::F64, ElementType::F32));

        for (order, name) in [([&old, &new], "one.h5"), ([&new, &old], "other.h5")] {
            let joined = folder.join(name);
            pypet::merge(&joined, order, &MergeOptions::default()).unwrap();
            assert_eq!(element(&joined), ElementType::F32);
            let (parts, whole) = ([runtimes(&old), runtimes(&new)].concat(), runtimes(&joined));
            let total = |runtimes: &[f64]| runtimes.iter().sum::<f64>();
            assert!((total(&whole) / total(&parts) - 1.0).abs() < 1e-6, "{whole:?} of {parts:?}");
        }
        Environment::new(&old).with_failed().resume::<product>().unwrap();
        Environment::new(&old).expand::<product>(xs([6])).unwrap();
        assert_eq!(element(&old), ElementType::F64);
        assert!(runtimes(&old).iter().all(|&seconds| seconds > 0.0));
    });
}

#[test]
fn comments_that_were_made_later_are_kept_of_all_files() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        study(&file("a.h5"), xs([1, 2]));
        study(&file("b.h5"), xs([2, 3]));
        for name in ["a.h5", "b.h5"] {
            let mut edit = TrajectoryEditor::open(file(name)).unwrap();
            for node in ["results.z", "explored.x", "parameters.y", "results"] {
                edit.set_comment(node, &format!("for both\nof {name}")).unwrap();
            }
            edit.commit().unwrap();
        }
        pypet::merge(file("all.h5"), [file("b.h5"), file("a.h5")], &MergeOptions::default()).unwrap();
        let any = AnyTrajectory::open(file("all.h5")).unwrap();
        for node in ["results.z", "explored.x", "parameters.y", "results"] {
            assert_eq!(any.comment(node).unwrap(), "for both\nof a.h5\nof b.h5", "{node}");
        }
    });
}

#[test]
fn a_joined_trajectory_with_notes_about_its_parts_is_joined_again() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        study(&file("a.h5"), xs([1]));
        study(&file("b.h5"), xs([3]));
        study(&file("c.h5"), xs([4]));
        let merge = |out: &str, inputs: [&str; 2]| {
            pypet::merge(file(out), inputs.map(file), &MergeOptions::default()).unwrap();
        };
        merge("ab.h5", ["a.h5", "b.h5"]);
        let mut edit = TrajectoryEditor::open(file("ab.h5")).unwrap();
        edit.annotate("config.merged_2", "about", "b".to_owned()).unwrap();
        edit.annotate("config.merged_2.environment.seed", "about", "the seed of b".to_owned()).unwrap();
        edit.add_result("config.note", "about both".to_owned()).unwrap();
        edit.link("second", "config.merged_2").unwrap();
        edit.commit().unwrap();
        merge("abc.h5", ["ab.h5", "c.h5"]);
        merge("cab.h5", ["c.h5", "ab.h5"]);
        assert_eq!(content(&file("abc.h5")), content(&file("cab.h5")));

        let any = AnyTrajectory::open(file("abc.h5")).unwrap();
        let parts = any.find_all("config.merged_*");
        let annotated: Vec<_> =
            parts.into_iter().filter(|part| !any.annotations(&part.full_name()).unwrap().is_empty()).collect();
        let [of_b] = &annotated[..] else { panic!("one part has a note: {annotated:?}") };
        assert_eq!(any.get::<String>(&format!("{}.created", of_b.full_name())).unwrap(), created(&file("b.h5")));
        assert_eq!(
            any.annotation::<String>(&format!("{}.environment.seed", of_b.full_name()), "about").unwrap(),
            "the seed of b"
        );
        assert_eq!(any.node("results.second.created").unwrap().full_name(), format!("{}.created", of_b.full_name()));
        assert_eq!(any.get::<String>("note").unwrap(), "about both");
    });
}

fn created(file: &Path) -> String {
    AnyTrajectory::open(file).unwrap().header().created.clone()
}

#[test]
fn copies_that_went_on_apart_join_to_the_same_in_any_order() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        study(&file("a.h5"), xs([1]));
        for (name, x) in [("b.h5", 3), ("c.h5", 4), ("d.h5", 6)] {
            std::fs::copy(file("a.h5"), file(name)).unwrap();
            drop(Environment::new(file(name)).serial().expand::<product>(xs([x])).unwrap());
            let mut edit = TrajectoryEditor::open(file(name)).unwrap();
            edit.annotate("results.z", "note", name.to_owned()).unwrap().add_result("mean", x).unwrap();
            edit.commit().unwrap();
        }
        let merged = |out: &str, inputs: [&str; 3]| {
            pypet::merge(file(out), inputs.map(file), &MergeOptions::default()).unwrap();
            content(&file(out))
        };
        let expected = merged("bcd.h5", ["b.h5", "c.h5", "d.h5"]);
        assert_eq!(merged("dcb.h5", ["d.h5", "c.h5", "b.h5"]), expected);
        assert_eq!(merged("cdb.h5", ["c.h5", "d.h5", "b.h5"]), expected);
    });
}

#[test]
fn notes_about_results_whose_runs_lost_do_not_keep_files_apart() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        let study = |name: &str, adds: bool| {
            let simulate = move |p: &Factors, run: &mut Run| {
                if adds {
                    run.add_result("extra", p.x);
                }
                p.x
            };
            drop(Environment::new(file(name)).serial().run_with("adds", xs([1, 2]), simulate).unwrap());
        };
        study("a.h5", true);
        study("b.h5", false);
        let mut edit = TrajectoryEditor::open(file("a.h5")).unwrap();
        edit.annotate("results.extra", "note", 1).unwrap();
        edit.commit().unwrap();
        let mut options = MergeOptions::default();
        options.agreement = Agreement::Last;
        pypet::merge(file("all.h5"), [file("a.h5"), file("b.h5")], &options).unwrap();
        assert!(!AnyTrajectory::open(file("all.h5")).unwrap().contains("results.extra"));
    });
}

#[test]
fn compacting_refuses_to_lose_what_others_put_into_a_file() {
    with_folder(|folder| {
        let file = folder.join("a.h5");
        study(&file, xs([1]));
        common::python::run("foreign_node.py", [&file]);
        let before = std::fs::read(&file).unwrap();
        let message = pypet::compact(&file).unwrap_err().to_string();
        assert!(message.contains("`/product/results/pair`") && message.contains("would be lost"), "{message}");
        assert_eq!(std::fs::read(&file).unwrap(), before);
    });
}

#[test]
fn copies_have_everything_and_deleted_space_is_given_back() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        study(&file("a.h5"), xs([1, 2, 5]) * ys([10, 20]));
        Environment::new(file("a.h5")).expand::<product>(xs([1, 2, 5]) * ys([15])).unwrap();
        let mut edit = TrajectoryEditor::open(file("a.h5")).unwrap();
        edit.annotate("", "note", 7).unwrap().add_result("mean", 1.5).unwrap().link("product", "results.z").unwrap();
        edit.set_comment("results", "of all runs").unwrap();
        edit.commit().unwrap();
        assert_eq!(pypet::copy(file("a.h5"), None, file("b.h5"), None).unwrap(), "product");
        assert_eq!(content(&file("b.h5")), content(&file("a.h5")));
        assert_eq!(pypet::copy(file("a.h5"), Some("product"), file("a.h5"), Some("again")).unwrap(), "again");
        let (a, b) =
            (Trajectory::<product>::open_named(file("a.h5"), "again"), Trajectory::<product>::open(file("b.h5")));
        assert_eq!(a.unwrap().grid(Yields::names().trace).is_err(), b.unwrap().grid(Yields::names().trace).is_err());
        common::python::run("opens.py", [file("a.h5")]);

        pypet::delete(file("a.h5"), "again").unwrap();
        assert!(pypet::delete(file("a.h5"), "again").unwrap_err().to_string().contains("no trajectory named `again`"));
        let before = content(&file("a.h5"));
        let compacted = pypet::compact(file("a.h5")).unwrap();
        assert!(compacted.after < compacted.before, "{compacted:?}");
        assert_eq!(content(&file("a.h5")), before);
        common::python::run("opens.py", [file("a.h5")]);
        pypet::backup(file("a.h5"), file("saved.h5")).unwrap();
        assert_eq!(std::fs::read(file("a.h5")).unwrap(), std::fs::read(file("saved.h5")).unwrap());
        assert!(pypet::backup(file("a.h5"), file("saved.h5")).is_err());
        assert_eq!(names_in(folder), ["a.h5", "a.logs", "b.h5", "saved.h5"], "a failed run is in the log");
        pypet::delete(file("a.h5"), "product").unwrap();
        pypet::compact(file("a.h5")).unwrap();
        assert!(AnyTrajectory::open(file("a.h5")).is_err());
        study(&file("a.h5"), xs([1]));
    });
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn merging_is_associative_commutative_and_idempotent(
        a in prop::collection::hash_set(0..7_i32, 1..5),
        b in prop::collection::hash_set(0..7_i32, 1..5),
        c in prop::collection::hash_set(0..7_i32, 1..5),
        y in 0..3_i32,
    ) {
        with_folder(|folder| {
            let file = |name: &str| folder.join(name);
            study(&file("a"), xs(a.clone()));
            study(&file("b"), xs(b.clone()) * ys([y, 9]));
            let presets = Factors { y: f64::from(y), ..default() };
            Environment::new(file("c")).serial().with_parameters(presets).run::<product>(xs(c.clone())).unwrap();
            let merge = |out: &str, inputs: &[&str]| {
                let inputs: Vec<PathBuf> = inputs.iter().map(|name| file(name)).collect();
                pypet::merge(file(out), inputs, &MergeOptions::default()).unwrap();
                content(&file(out))
            };
            let ab = merge("ab", &["a", "b"]);
            assert_eq!(merge("ba", &["b", "a"]), ab, "commutative");
            let abc = merge("abc", &["a", "b", "c"]);
            assert_eq!(merge("ab_c", &["ab", "c"]), abc, "associative");
            merge("bc", &["c", "b"]);
            assert_eq!(merge("a_bc", &["bc", "a"]), abc, "associative");
            assert_eq!(merge("twice", &["b", "abc", "a", "abc"]), abc, "idempotent");
            assert_whole(&file("abc"), n_failed(&file("abc")));
        });
    }
}

fn n_failed(file: &Path) -> usize {
    let traj = Trajectory::<product>::open(file).unwrap();
    traj.find(|p| p.x == 5.0).unwrap().count()
}

/// Tells the test program to be the child that is killed, and in which folder.
#[cfg(feature = "bundled-hdf5")]
const FOLDER: &str = "PYPET_MERGE_TEST_FOLDER";

/// What the children do; as a test of its own it does nothing.
#[cfg(feature = "bundled-hdf5")]
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let file = |name: &str| Path::new(&folder).join(name);
    if std::env::var_os("PYPET_MERGE_TEST_COMPACT").is_some() {
        pypet::compact(file("a.h5")).unwrap();
    } else {
        pypet::merge(file("all.h5"), [file("a.h5"), file("b.h5")], &MergeOptions::default()).unwrap();
    }
}

#[cfg(feature = "bundled-hdf5")]
fn start_child(folder: &Path, compact: bool) -> std::process::Child {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut child = Command::new(program);
    child.args(["child", "--exact"]).env(FOLDER, folder).stdout(Stdio::null()).stderr(Stdio::null());
    if compact {
        child.env("PYPET_MERGE_TEST_COMPACT", "1");
    }
    child.spawn().expect("the test program can be started again")
}

/// Kills a child at moments spread over more than the time that an undisturbed one takes.
#[cfg(feature = "bundled-hdf5")]
fn kill_often(folder: &Path, compact: bool, mut look: impl FnMut()) {
    const N_KILLS: u32 = 40;
    let begun = std::time::Instant::now();
    assert!(start_child(folder, compact).wait().expect("the child ends").success());
    let undisturbed = begun.elapsed();
    look();
    for kill in 0..N_KILLS {
        let mut child = start_child(folder, compact);
        std::thread::sleep(undisturbed * 6 / 5 * kill / N_KILLS);
        child.kill().expect("the child can be killed");
        child.wait().expect("the child can be waited for");
        look();
    }
}

#[cfg(feature = "bundled-hdf5")]
#[test]
fn killed_merges_and_compactions_leave_what_was_or_what_is_to_be() {
    with_folder(|folder| {
        let file = |name: &str| folder.join(name);
        study(&file("a.h5"), xs(6..66) * ys(0..40));
        study(&file("b.h5"), xs(66..126) * ys(0..40));
        let (a, b) = (content(&file("a.h5")), content(&file("b.h5")));
        pypet::merge(file("whole.h5"), [file("b.h5"), file("a.h5")], &MergeOptions::default()).unwrap();
        let whole = content(&file("whole.h5"));
        let (mut n_before, mut n_after) = (0, 0);
        kill_often(folder, false, || {
            if file("all.h5").exists() {
                assert_eq!(content(&file("all.h5")), whole);
                std::fs::remove_file(file("all.h5")).unwrap();
                n_after += 1;
            } else {
                n_before += 1;
            }
        });
        println!("merge: {n_before} times nothing, {n_after} times all");
        let (mut n_replaced, mut last) = (0, std::fs::metadata(file("a.h5")).unwrap().modified().unwrap());
        kill_often(folder, true, || {
            assert_eq!(content(&file("a.h5")), a);
            let modified = std::fs::metadata(file("a.h5")).unwrap().modified().unwrap();
            n_replaced += usize::from(std::mem::replace(&mut last, modified) != modified);
        });
        println!("compact: {n_replaced} times compacted");
        pypet::merge(file("all.h5"), [file("b.h5"), file("a.h5")], &MergeOptions::default()).unwrap();
        pypet::compact(file("a.h5")).unwrap();
        assert_eq!((content(&file("a.h5")), content(&file("b.h5")), content(&file("all.h5"))), (a, b, whole));
        let left = names_in(folder);
        let is_known = |name: &String| [".h5", ".lock"].iter().any(|ending| name.ends_with(ending));
        assert!(left.iter().all(is_known), "{left:?}");
    });
}
