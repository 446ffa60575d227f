//! The verbs of the command line, as people and programs use them.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::examples::{program, run_with};
use common::{python, transcripts};
use pypet::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

#[test]
fn the_transcripts_in_the_documentation_are_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join("command-line.md");
    let folder = tempfile::tempdir().unwrap();
    let n_commands = transcripts::check(&fs::read_to_string(page).unwrap(), folder.path());
    assert!(n_commands > 20, "only {n_commands} commands were found");
}

/// What a command printed and its exit code.
fn multiply(folder: &Path, arguments: &str) -> (String, String, Option<i32>) {
    let output = run_with("multiply", folder, arguments.split_whitespace());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// Standard output of a command that succeeds.
fn said(folder: &Path, arguments: &str) -> String {
    let (stdout, stderr, code) = multiply(folder, arguments);
    assert_eq!(code, Some(0), "`{arguments}`: {stderr}");
    stdout
}

fn with_study<T>(test: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    said(folder.path(), "run -q -o study.h5");
    test(folder.path())
}

mod json {
    //! The answers to programs: every key that there is, and no other.

    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::Value;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct List {
        pub experiments: Vec<Experiment>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Experiment {
        pub name: String,
        comment: String,
        parameters: String,
        results: Vec<Leaf>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Leaf {
        name: String,
        r#type: String,
        unit: String,
        comment: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Parameters {
        experiment: String,
        pub parameters: Vec<Parameter>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Parameter {
        pub name: String,
        r#type: String,
        pub default: Value,
        unit: String,
        limit: String,
        derived: bool,
        comment: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Status {
        file: String,
        bytes: u64,
        changed: String,
        pub writer: Option<String>,
        pub trajectories: Vec<Progress>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Progress {
        trajectory: String,
        experiment: String,
        pub state: String,
        pub n_runs: usize,
        pub runs: BTreeMap<String, usize>,
        first_run: Option<String>,
        last_run: Option<String>,
        runs_per_second: Option<f64>,
        pub remaining_seconds: Option<f64>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Tree {
        trajectory: String,
        experiment: String,
        comment: String,
        created: String,
        state: String,
        n_runs: usize,
        runs: BTreeMap<String, usize>,
        pub nodes: Vec<Node>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Node {
        pub name: String,
        kind: String,
        r#type: Option<String>,
        unit: Option<String>,
        comment: Option<String>,
        pub value: Option<Value>,
        pub values: Option<Vec<Value>>,
        members: Option<Vec<String>>,
        target: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Comparison {
        pub same: bool,
        pub n_matched: usize,
        pub n_different: usize,
        pub differences: Vec<Difference>,
        pub provenance: Vec<Value>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "that they are there is all that is asked")]
    pub(crate) struct Difference {
        pub kind: String,
        pub name: String,
        pub runs: [Option<usize>; 2],
        position: Option<Vec<usize>>,
        pub values: [String; 2],
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Files {
        pub files: Vec<String>,
    }
}

fn parsed<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

#[test]
fn programs_get_json_with_documented_keys() {
    with_study(|folder| {
        let list: json::List = parsed(&said(folder, "list --json"));
        assert_eq!(list.experiments[0].name, "multiply");
        let parameters: json::Parameters = parsed(&said(folder, "--json params"));
        assert_eq!((&*parameters.parameters[1].name, parameters.parameters[1].default.as_f64()), ("y", Some(1.0)));
        let status: json::Status = parsed(&said(folder, "status study.h5 --json"));
        assert_eq!((status.trajectories[0].n_runs, status.trajectories[0].runs["done"]), (12, 12));
        assert_eq!((status.writer, status.trajectories[0].remaining_seconds), (None, None));
        let tree: json::Tree = parsed(&said(folder, "show study.h5 --json"));
        let x = tree.nodes.iter().find(|node| node.name == "parameters.x").unwrap();
        assert_eq!(x.value.as_ref().and_then(serde_json::Value::as_f64), Some(1.0));
        let z: json::Node = parsed(&said(folder, "show study.h5 z --json"));
        assert_eq!(z.values.unwrap().len(), 12);
        let same: json::Comparison = parsed(&said(folder, "diff study.h5 study.h5 --json"));
        assert!(same.same && same.n_matched == 12 && same.n_different == 0 && same.differences.is_empty());
        assert!(same.provenance.is_empty());
        let files: json::Files = parsed(&said(folder, "export study.h5 --to jsonl --json"));
        assert_eq!(files.files, ["study.jsonl"]);
    });
}

#[cfg(unix)]
#[test]
fn what_a_program_prints_itself_is_no_part_of_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    // Its `finish` prints a table.
    for (arguments, is_json) in [("run -q -o a.h5 --json", true), ("run -q -o b.h5", false)] {
        let output = run_with("ragged_spikes", folder.path(), arguments.split_whitespace());
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "{}", python::report(&output));
        assert_eq!(
            (stdout.starts_with('{'), stderr.contains("rate (Hz)  n_spikes")),
            (is_json, is_json),
            "{arguments}"
        );
    }
}

/// Some runs fail.
#[parameters]
struct Trouble {
    #[param(default = 0)]
    n: i64,
}

#[experiment]
fn troubled(p: &Trouble) -> Result<f64, String> {
    if p.n == 2 { Err("two is too many".into()) } else { Ok(1.0 / p.n as f64) }
}

#[test]
fn a_dry_run_tells_what_a_study_would_take_and_makes_no_file() {
    common::with_trajectory_file(|file| {
        let foresee = |points: [i64; 3]| {
            let environment = Environment::new(file).with_threads(2);
            environment.dry_run::<troubled>(Trouble::names().n.over(points)).unwrap()
        };
        let foreseen = foresee([1, 2, 3]);
        assert_eq!((foreseen.n_runs, foreseen.n_workers, foreseen.bytes()), (3, 2, Some(24)));
        assert!(foreseen.seconds().unwrap() < 60.0);
        assert_eq!(foresee([2, 1, 3]).first.unwrap().failure.unwrap(), "two is too many");
        // What runs write together is there for the first one as well.
        let folder = file.parent().unwrap();
        let output = run_with("shared", folder, ["run", "--dry-run=measure"]);
        assert!(output.status.success(), "{}", python::report(&output));
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    });
}

#[test]
fn status_tells_by_its_exit_code_whether_all_is_done() {
    common::with_trajectory_file(|file| {
        let folder = file.parent().unwrap();
        Environment::new(file).serial().run::<troubled>(Trouble::names().n.over([1, 2, 3])).unwrap();
        let (stdout, _, code) = multiply(folder, "status trajectory.h5 --color never");
        assert_eq!(code, Some(1), "{stdout}");
        assert!(stdout.contains("2 done, 1 failed of 3"), "{stdout}");
        assert!(!stdout.contains('\u{1b}'), "{stdout}");
        let (stdout, ..) = multiply(folder, "status trajectory.h5 --color always");
        assert!(stdout.contains("\u{1b}[31m1 failed\u{1b}[0m"), "{stdout}");
    });
}

#[cfg(feature = "bundled-hdf5")]
#[test]
fn status_names_the_writer_and_tells_a_killed_study_from_a_running_one() {
    common::with_trajectory_file(|file| {
        let folder = file.parent().unwrap();
        let copy = folder.join("copy.h5");
        let look = |p: &Trouble, _: &mut Run| {
            if p.n == 1 {
                fs::copy(file, &copy).unwrap();
                return multiply(folder, "status trajectory.h5 --json").0;
            }
            String::new()
        };
        let any = Environment::new(file).serial().run_with("look", Trouble::names().n.over([0, 1]), look).unwrap();
        let seen: json::Status = parsed(&any.get::<Vec<String>>("results.look").unwrap()[1]);
        assert!(seen.writer.unwrap().starts_with(&format!("process {}", std::process::id())));
        assert_eq!(seen.trajectories[0].state, "running");
        let killed: json::Status = parsed(&multiply(folder, "status copy.h5 --json").0);
        assert_eq!((killed.writer, &*killed.trajectories[0].state), (None, "interrupted"));
    });
}

#[test]
fn a_difference_in_one_result_is_found_and_named() {
    with_study(|folder| {
        // The same points in another order are the same study.
        said(folder, "run -q -o turned.h5 --explore y=[8,7,6] x=[4,3,2,1]");
        assert!(said(folder, "diff study.h5 turned.h5").contains("the same: 12 points"));
        python::run("nudge.py", [folder.join("turned.h5").as_os_str(), "z".as_ref(), "0".as_ref(), "1e-9".as_ref()]);
        let (stdout, _, code) = multiply(folder, "diff study.h5 turned.h5 --json");
        let found: json::Comparison = parsed(&stdout);
        assert_eq!((code, found.same, found.n_different), (Some(1), false, 1));
        let difference = &found.differences[0];
        assert_eq!((&*difference.kind, &*difference.name, difference.runs), ("result", "z", [Some(11), Some(0)]));
        assert_eq!(difference.values, ["32.0", "32.000000001"]);
        said(folder, "diff study.h5 turned.h5 --abs 1e-8");
        said(folder, "diff study.h5 turned.h5 --rel 1e-10");
        assert_eq!(multiply(folder, "diff study.h5 turned.h5 --rel 1e-11").2, Some(1));
        python::run("nudge.py", [folder.join("turned.h5").as_os_str(), "z".as_ref(), "0".as_ref(), "nan".as_ref()]);
        fs::copy(folder.join("turned.h5"), folder.join("copy.h5")).unwrap();
        said(folder, "diff turned.h5 copy.h5");
        assert_eq!(multiply(folder, "diff study.h5 turned.h5 --abs 1e9").2, Some(1));
        assert_eq!(multiply(folder, "diff study.h5 turned.h5 --abs -1").2, Some(2));
    });
}

#[test]
fn another_exploration_and_another_schema_are_differences() {
    with_study(|folder| {
        said(folder, "run -q -o fewer.h5 --explore x=[1,2] y=[6,7,9]");
        let found: json::Comparison = parsed(&multiply(folder, "diff study.h5 fewer.h5 --json").0);
        assert_eq!((found.n_matched, found.n_different), (4, 10));
        assert!(found.differences.iter().all(|difference| difference.kind == "point"));
        said(folder, "run -q -o preset.h5 --set x=3 --explore y=[6]");
        said(folder, "run -q -o other.h5 --set x=4 --explore y=[6]");
        let found: json::Comparison = parsed(&multiply(folder, "diff preset.h5 other.h5 --json").0);
        let kinds: Vec<&str> = found.differences.iter().map(|difference| &*difference.kind).collect();
        assert_eq!(kinds, ["preset", "result"]);
        run_with("firing_rate", folder, "run -q -o rates.h5 --explore neuron.i=[0.5]".split_whitespace());
        let (stdout, _, code) = multiply(folder, "diff study.h5 rates.h5 --most 3");
        assert_eq!(code, Some(1));
        assert!(stdout.starts_with("A is of the experiment `multiply`, B of `firing_rate`"), "{stdout}");
        assert!(stdout.contains("parameters.x") && stdout.contains("more differences"), "{stdout}");
    });
}

#[test]
fn long_texts_are_shown_where_they_differ() {
    common::with_trajectory_file(|file| {
        let folder = file.parent().unwrap();
        for end in ["1", "2"] {
            let text = |_: &Trouble, _: &mut Run| "x".repeat(500) + end;
            let file = folder.join(end).with_extension("h5");
            Environment::new(file).serial().run_with("text", Trouble::names().n.over([1]), text).unwrap();
        }
        let (stdout, _, code) = multiply(folder, "diff 1.h5 2.h5");
        assert_eq!(code, Some(1));
        assert!(stdout.contains("…xxxxxxxxxxxxxxxxxxxx1 → …xxxxxxxxxxxxxxxxxxxx2\n"), "{stdout}");
    });
}

#[test]
fn what_a_run_without_results_has_in_the_file_is_not_shown_as_a_result() {
    common::with_trajectory_file(|file| {
        let folder = file.parent().unwrap();
        let count = |p: &Trouble, _: &mut Run| if p.n == 2 { Err("two is too many".to_owned()) } else { Ok(p.n) };
        Environment::new(file).serial().run_with("count", Trouble::names().n.over([1, 2, 3]), count).unwrap();
        assert!(said(folder, "show trajectory.h5").contains("  1; (failed); 3\n"));
        let column = said(folder, "show trajectory.h5 results.count");
        assert!(column.contains("run 1      (failed)\n"), "{column}");
        let column: Json = parsed(&said(folder, "show trajectory.h5 results.count --json"));
        assert_eq!(column["values"], serde_json::json!([1, null, 3]));
        let run = said(folder, "show trajectory.h5 --run 1");
        assert!(run.contains("two is too many") && run.contains("parameters") && !run.contains("results"), "{run}");
        let table = said(folder, "show trajectory.h5 runs");
        assert!(
            table.ends_with("run  status  n  count\n0    done    1  1\n1    failed  2\n2    done    3  3\n"),
            "{table}"
        );
        let errors = said(folder, "show trajectory.h5 runs.errors");
        assert!(errors.contains("\nrun 1 failed: two is too many ("), "{errors}");
    });
}

#[test]
fn proposed_commands_are_of_the_trajectory_that_was_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let logging = |arguments: &[&str]| {
        let output = run_with("logging", folder.path(), arguments);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let first = logging(&["run", "-q", "-o", "my roots.h5"]);
    assert!(first.contains("`show 'my roots.h5' runs.errors`"), "{first}");
    assert!(first.contains("`resume 'my roots.h5' --failed`"), "{first}");
    logging(&["run", "-q", "-o", "my roots.h5", "--name", "later"]);
    let resumed = logging(&["resume", "-q", "my roots.h5", "--trajectory", "logging"]);
    assert!(resumed.contains("`show 'my roots.h5' --trajectory logging runs.errors`"), "{resumed}");
    assert!(resumed.contains("`resume 'my roots.h5' --trajectory logging --failed`"), "{resumed}");
}

/// A result of every shape.
#[results]
struct Shapes {
    scalar: f64,
    /// An array of one shape.
    #[result(unit = "mV", dims = ["time"])]
    trace: Array1<f32>,
    /// Arrays whose lengths differ.
    ragged: Vec<i64>,
    word: String,
}

#[experiment]
fn shapes(p: &Trouble) -> Result<Shapes, String> {
    if p.n == 2 {
        return Err("no result".into());
    }
    let n = usize::try_from(p.n).unwrap();
    Ok(Shapes {
        scalar: if p.n == 3 { f64::NAN } else { 0.1 * p.n as f64 },
        trace: Array1::from_elem(3, p.n as f32),
        ragged: (0..p.n).collect(),
        word: ["plain", "a,b", "", "say \"so\"\nand more"][n].into(),
    })
}

#[test]
fn pandas_and_xarray_read_what_is_exported() {
    common::with_trajectory_file(|file| {
        let folder = file.parent().unwrap();
        Environment::new(file).serial().run::<shapes>(Trouble::names().n.over([0, 1, 2, 3])).unwrap();
        for format in ["csv", "jsonl", "json", "netcdf"] {
            said(folder, &format!("export trajectory.h5 --to {format}"));
        }
        python::run("exported.py", [folder]);
        let (_, stderr, code) = multiply(folder, "export trajectory.h5 --to csv");
        assert_eq!(code, Some(3));
        assert!(stderr.contains("`trajectory.csv` exists already"), "{stderr}");
        // One of several files is enough to refuse, and then none is touched.
        fs::remove_file(folder.join("trajectory.csv")).unwrap();
        assert_eq!(multiply(folder, "export trajectory.h5 --to csv").2, Some(3));
        assert!(!folder.join("trajectory.csv").exists());
        said(folder, "export trajectory.h5 --to csv --force --results scalar,trace");
        let (_, stderr, code) = multiply(folder, "export trajectory.h5 --to csv --force --results tracee");
        assert_eq!(code, Some(2));
        assert!(stderr.contains("did you mean `trace`?"), "{stderr}");
    });
}

#[test]
fn products_are_exported_with_their_axes() {
    with_study(|folder| {
        said(folder, "export study.h5 --to netcdf -o grid.nc");
        python::run("exported_grid.py", [folder.join("grid.nc")]);
    });
}

#[test]
fn pictures_are_well_formed_and_complete() {
    with_study(|folder| {
        said(folder, "plot study.h5");
        said(folder, "plot study.h5 z --lines -o lines.svg");
        said(folder, "plot study.h5 -o page.html");
        for picture in ["study.svg", "lines.svg"] {
            python::run("well_formed.py", [folder.join(picture)]);
        }
        let map = fs::read_to_string(folder.join("study.svg")).unwrap();
        assert!(map.contains("x = 4&#10;y = 8&#10;32</title>"), "{map}");
        assert!(map.contains(">The first factor</text>") && map.contains(">The second factor</text>"));
        let page = fs::read_to_string(folder.join("page.html")).unwrap();
        for address in ["http:", "https:", "src=", "@import", "url("] {
            let page = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!page.contains(address), "the page loads something by `{address}`");
        }
        assert_eq!(multiply(folder, "plot study.h5").2, Some(3), "a picture is replaced only if asked for");
        said(folder, "plot study.h5 --force");
        let cases = [
            ("plot study.h5 zz -o new.svg", "has no result `zz`"),
            ("plot study.h5 -o new.gif", "`new.gif` is no kind of picture"),
            ("plot study.h5 --run 99 -o new.svg", "there are 12 runs"),
            ("plot study.h5 z --run 1 -o new.svg", "`z` is one value in each run; leave the run out"),
        ];
        for (arguments, expected) in cases {
            let (_, stderr, code) = multiply(folder, arguments);
            assert_eq!(code, Some(2), "`{arguments}`: {stderr}");
            assert!(stderr.contains(expected), "`{arguments}`: {stderr}");
        }
        assert!(fs::read_dir(folder).unwrap().all(|entry| entry.unwrap().file_name() != "new.svg"));
    });
}

#[test]
fn pictures_say_what_they_cannot_show() {
    common::with_trajectory_file(|file| {
        let folder = file.parent().unwrap();
        let odd = |p: &Trouble, run: &mut Run| {
            let is_wild = run.index() % 3 == 2;
            run.add_result("wild", if is_wild { f64::INFINITY } else { p.n as f64 + 0.1 * run.index() as f64 });
            run.add_result("none", f64::NAN);
        };
        let points = Trouble::names().n.over([1, 2, 3]).repeat("trial", 3);
        Environment::new(file).serial().run_with("odd", points, odd).unwrap();
        said(folder, "plot trajectory.h5 -o odd.svg");
        python::run("well_formed.py", [folder.join("odd.svg")]);
        let picture = fs::read_to_string(folder.join("odd.svg")).unwrap();
        assert!(picture.contains("3 infinite values"), "the subtitle says so: {picture}");
        assert_eq!(picture.matches(">no finite value</text>").count(), 1);
        let points = picture.split("points=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        assert!(points.clone().all(|points| !points.contains("inf") && !points.contains("NaN")));
        assert!(points.clone().any(|points| points.split(' ').count() == 6), "a band of three points, up to the edge");
        assert!(picture.contains("n = 1&#10;1.1 (1.02 to ∞ in 3 runs)"), "{picture}");
    });
}

#[test]
fn lines_of_more_than_two_parameters_are_small_multiples() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        "run -q -o s.h5 --set simulation.duration=20 --explore neuron.tau_v=[5,10] neuron.tau_ref=[1,2] neuron.i=0:2:3",
        "plot s.h5 rate --lines -o lines.svg",
    ] {
        let output = run_with("firing_rate", folder.path(), arguments.split_whitespace());
        assert!(output.status.success(), "{}", python::report(&output));
    }
    let picture = fs::read_to_string(folder.path().join("lines.svg")).unwrap();
    let lines = picture.split("<polyline points=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    assert_eq!(lines.filter(|points| points.split(' ').count() == 3).count(), 4, "two lines in each of two panels");
    assert!(picture.contains("tau_v = 5 ms") && picture.contains("tau_v = 10 ms"), "{picture}");
}

#[test]
fn samples_of_three_parameters_are_lines_across_parallel_axes() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        "run -q -o s.h5 --set simulation.duration=20 --sample latin_hypercube:20:3 neuron.i=0:2 neuron.tau_v=5:20 \
         neuron.tau_ref=1:9",
        "plot s.h5 rate -o lines.svg",
        "plot s.h5 rate -o lines.html",
    ] {
        let output = run_with("firing_rate", folder.path(), arguments.split_whitespace());
        assert!(output.status.success(), "{}", python::report(&output));
    }
    python::run("well_formed.py", [folder.path().join("lines.svg")]);
    for picture in ["lines.svg", "lines.html"] {
        let picture = fs::read_to_string(folder.path().join(picture)).unwrap();
        let lines = picture.split("<polyline points=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        assert_eq!(lines.filter(|points| points.split(' ').count() == 3).count(), 20, "a line for each run");
        assert!(picture.contains("run 19&#10;i = "), "each says what it is");
    }
}

#[test]
fn hostile_names_and_comments_stay_text() {
    with_study(|folder| {
        python::run("hostile.py", [folder.join("study.h5")]);
        for arguments in [
            "show study.h5",
            "status study.h5",
            "show study.h5 --json",
            "diff study.h5 study.h5",
            "show study.h5 nothing",
            "find study.h5 run>=0",
            "verify study.h5",
            "verify study.h5 --json",
            "provenance study.h5",
            "repair study.h5",
            "merge joined.h5 study.h5",
            "merge joined.h5 study.h5 --json",
            "compact study.h5",
            "params --from study.h5",
            "show study.h5 --run 0",
            "show study.h5 z",
            "show study.h5 runs",
            "plot study.h5 nothing -o nothing.svg",
            "show study.h5 --log",
            "find study.h5 run>=0 --json",
            "export study.h5 --to csv -o all.csv",
            "plot study.h5 -o all.svg --json",
            "resume study.h5 -q",
        ] {
            let (stdout, stderr, _) = multiply(folder, arguments);
            let printed = format!("{stdout}{stderr}");
            assert!(
                !printed.contains(['\u{1b}', '\u{9b}', '\u{7}', '\u{202e}']),
                "`{arguments}` passes control characters on"
            );
            assert!(!printed.contains("panicked"), "`{arguments}`: {stderr}");
            // The file names columns and units, but lines are ours alone.
            let is_ours = ["merge", "compact"].iter().all(|verb| !arguments.starts_with(verb));
            assert!(!is_ours || !printed.contains("\nrun 0 {picture}"), "`{arguments}`: {printed}");
        }
        let outside = folder.join("evil");
        let inside = folder.join("below").join("deeper");
        fs::create_dir_all(&inside).unwrap();
        for format in ["csv", "jsonl", "json", "netcdf"] {
            said(folder, &format!("export study.h5 --to {format} -o below/deeper/out.{format}"));
        }
        assert!(!outside.exists());
        assert!(
            fs::read_dir(folder.join("below")).unwrap().count() == 1,
            "something was written outside of the folder"
        );
        said(folder, "plot study.h5 -o page.html");
        said(folder, "plot study.h5 -o picture.svg");
        python::run("well_formed.py", [folder.join("picture.svg")]);
        let page = fs::read_to_string(folder.join("page.html")).unwrap();
        assert_eq!(page.matches("<script").count(), 1, "a name became a script");
        assert!(!page.contains("<img") && !page.contains('\u{1b}'));
        assert!(page.contains("&lt;script&gt;"), "the hostile text is shown as text");
    });
}

#[test]
fn files_that_are_missing_or_not_ours_are_errors_of_every_verb() {
    with_study(|folder| {
        fs::write(folder.join("table.csv"), "x,y\n").unwrap();
        for verb in [
            "status F",
            "status F --trajectory multiply",
            "show F",
            "diff F study.h5",
            "diff study.h5 F",
            "find F x>1",
            "export F --to csv -o o.csv",
            "plot F -o o.svg",
            "merge o.h5 F",
            "merge o.h5 study.h5 F --json",
            "compact F",
            "verify F",
            "verify F --all -q",
            "view F",
            "repair F",
            "provenance F",
            "params --from F",
            "resume F",
        ] {
            for (file, expected) in [("missing.h5", "there is no file `missing.h5`"), ("table.csv", "is no HDF5 file")]
            {
                let arguments = verb.replace('F', file);
                let (_, stderr, code) = multiply(folder, &arguments);
                assert_eq!(code, Some(3), "`{arguments}`: {stderr}");
                assert!(stderr.contains(expected), "`{arguments}`: {stderr}");
            }
        }
        let mut left: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["study.h5", "table.csv"], "what fails leaves nothing behind");
        let (_, stderr, code) = multiply(folder, "export study.h5 --to csv --trajectory multipli");
        assert_eq!(code, Some(3));
        assert!(stderr.contains("it has `multiply`"), "{stderr}");
    });
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    with_study(|folder| {
        // More than a pipe holds.
        said(folder, "run -q -o long.h5 --explore x=0:1:20000");
        let program = program("multiply").display();
        for arguments in [
            "show study.h5 --json | head -c 1",
            "run -q -o other.h5 | true",
            "merge joined.h5 study.h5 other.h5 | true",
            "compact joined.h5 --json | true",
            "verify study.h5 | true",
            "repair study.h5 | true",
            "completions bash | true",
            "list | true",
            "params | true",
            "params --toml | true",
            "run --help | head -1",
            "run --dry-run | true",
            "show study.h5 | head -1",
            "show study.h5 z | head -1",
            "show study.h5 --run 3 | head -1",
            "status study.h5 | head -1",
            "find long.h5 'run >= 0' | head -1",
            "find long.h5 'run >= 0' --json | head -1",
            "diff long.h5 long.h5 | true",
            "provenance study.h5 | head -1",
            "plot study.h5 | true",
            "export study.h5 --to csv --json | true",
        ] {
            let pipe = format!("{program} {arguments}");
            let mut shell = Command::new("bash");
            let output = shell.args(["-o", "pipefail", "-c", &pipe]).current_dir(folder).output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{arguments}: {}", python::report(&output));
        }
    });
}

#[cfg(unix)]
#[test]
fn what_takes_long_tells_a_terminal_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let study = "run -q -o long.h5 --explore x=0:1:40000";
    let output = run_with("overhead", folder.path(), study.split(' '));
    assert!(output.status.success(), "{}", python::report(&output));
    // Where there is no terminal it says nothing.
    let output = run_with("overhead", folder.path(), ["verify", "long.h5"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", python::report(&output));
    print!("{}", python::run("bars.py", [program("overhead"), folder.path()]));
}

#[test]
fn a_written_configuration_runs_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let rates = |arguments: &str| {
        let output = run_with("firing_rate", folder.path(), arguments.split_whitespace());
        assert!(output.status.success(), "`{arguments}`: {}", python::report(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let written = rates("params --toml");
    assert!(written.contains("[parameters.neuron]") && written.contains("# Externally applied current."), "{written}");
    fs::write(folder.path().join("run.toml"), written).unwrap();
    assert!(rates("run --config run.toml --dry-run").contains("303 runs"));
}

#[test]
fn the_command_line_counts_more_than_the_file_and_the_file_more_than_the_declarations() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let config = "experiment = \"multiply\"\n[parameters]\nx = 5.0\n[explore]\ny = \"0:10:11\"\n\
                  [environment]\nname = \"from_file\"\nengine = \"serial\"\noutput = \"o.h5\"\nquiet = true\n";
    fs::write(folder.join("run.toml"), config).unwrap();
    let shown = |arguments: &str, node: &str| -> json::Node {
        let _ = fs::remove_file(folder.join("o.h5"));
        said(folder, &format!("run --config run.toml {arguments}"));
        parsed(&said(folder, &format!("show o.h5 {node} --json")))
    };
    let values =
        |node: json::Node| -> Vec<f64> { node.values.unwrap().iter().map(|value| value.as_f64().unwrap()).collect() };
    let fives: Vec<f64> = (0..11).map(|y| 5.0 * f64::from(y)).collect();
    assert_eq!(values(shown("", "z")), fives);
    assert_eq!(shown("", "config.environment.engine").value.unwrap(), "serial");
    assert_eq!(values(shown("--set x=2 --explore y=[1,2]", "z")), [2.0, 4.0]);
    assert_eq!(values(shown("--set y=3", "z")), [15.0], "a typed value counts more than an axis of the file");
    assert_eq!(values(shown("--zip x=[1,2] y=[3,4]", "z")), [3.0, 8.0]);
    assert_eq!(shown("--engine threads --threads 1", "config.environment.engine").value.unwrap(), "threads");
    let status: json::Status = parsed(&said(folder, "status o.h5 --json"));
    assert_eq!(status.trajectories.len(), 1);
}

#[test]
fn mistakes_in_a_configuration_are_told_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cases = [
        ("[parameters]\n\nxx = 1.0\n", "run.toml:3: there is no parameter `xx`; did you mean `x`?"),
        ("[parameters]\nx = \"one\"\n", "run.toml:2: `x` is `f64`, not a text"),
        ("[parameters]\nx = true\n", "run.toml:2: cannot set `x`: `true` is no number"),
        ("[explore]\nx = [1, 2]\ny = \"0:1\"\n", "run.toml:3: cannot set `y`"),
        ("[explore]\nx = []\n", "run.toml:2: "),
        ("[environment]\nthread = 4\n", "run.toml:2: there is no option `thread`; did you mean `threads`?"),
        ("[environment]\nthreads = \"many\"\n", "run.toml:2: invalid value 'many'"),
        ("[environment]\nquiet = 3\n", "run.toml:2: `quiet` is either true or false"),
        ("[enviroment]\n", "run.toml:1: there is no table `enviroment`; did you mean `environment`?"),
        ("experiment = \"multipli\"\n", "run.toml:1: there is no experiment `multipli`"),
        ("[parameters\n", "run.toml:1: "),
        ("[zip]\nx = [1, 2]\ny = [1, 2, 3]\n", "has 2 points but"),
    ];
    for (config, expected) in cases {
        fs::write(folder.join("run.toml"), config).unwrap();
        let (_, stderr, code) = multiply(folder, "run --config run.toml -o o.h5");
        assert_eq!(code, Some(2), "{config}: {stderr}");
        assert!(stderr.contains(expected), "{config}: {stderr}");
        assert!(!folder.join("o.h5").exists());
    }
    let (_, stderr, code) = multiply(folder, "run --config missing.toml");
    assert_eq!(code, Some(3));
    assert!(stderr.contains("cannot read `missing.toml`"), "{stderr}");
}

#[test]
fn shells_learn_the_names_of_parameters() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(said(folder.path(), &format!("completions {shell}")).contains("COMPLETE"));
    }
    let ask = |words: &[&str]| {
        let mut command = Command::new(program("firing_rate"));
        let output = command.env("COMPLETE", "fish").arg("--").arg("firing_rate").args(words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let names = ask(&["run", "--set", "neuron.ta"]);
    assert!(names.contains("neuron.tau_v=\tMembrane time constant.") && names.contains("neuron.tau_ref="), "{names}");
    assert!(!names.contains("simulation"), "{names}");
    assert!(ask(&["pl"]).contains("plot"));
}
