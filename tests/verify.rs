//! What a trajectory says can be proved: whatever differs from what the runs yielded is found, and the run is named.

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use common::examples::run_with;
use common::python;
use ndarray::Array2;
use num_complex::Complex;
use pypet::merge;
use pypet::prelude::*;
use pypet::trajectory::{MergeOptions, TrajectoryEditor, compact, copy};
use pypet::verify::{ProblemKind, Rerun, Verified, verify};

/// Two parameters and a derived one.
#[parameters]
struct Point {
    #[param(default = 0)]
    k: u64,
    #[param(default = 1.0)]
    scale: f64,
    #[param(derived = self.scale * self.k as f64)]
    product: f64,
}

/// Results of every layout.
#[results]
#[derive(Debug, PartialEq)]
struct Yields {
    x: f64,
    is_even: bool,
    word: String,
    z: Complex<f64>,
    trace: [f32; 3],
    #[result(compress = 4)]
    counts: Array1<u16>,
    spikes: Vec<f64>,
    areas: Array2<i32>,
    words: Vec<String>,
    maybe: Option<f64>,
    random: u64,
}

#[experiment]
fn study(p: &Point, run: &mut Run) -> Result<Yields, String> {
    if p.k == 13 {
        return Err("unlucky".into());
    }
    if p.k.is_multiple_of(3) {
        run.add_result("network.size", p.k);
        run.add_result("rows", vec![p.scale; usize::try_from(p.k).expect("small")]);
    }
    if p.k.is_multiple_of(4) {
        run.add_group("table", Table::new().with("t", vec![p.scale; 3]).with("k", vec![p.k; 3]));
    }
    run.annotate("note", p.k);
    let n = usize::try_from(p.k).expect("small");
    Ok(Yields {
        x: p.product + 0.1,
        is_even: p.k.is_multiple_of(2),
        word: if n == 5 { "a\0b".into() } else { "τ".repeat(n % 3) },
        z: Complex::new(p.scale, -0.0),
        trace: [f32::from(u16::try_from(n).expect("small")), f32::NAN, -0.0],
        counts: Array1::from_elem(100, u16::try_from(n).expect("small")),
        spikes: (0..n % 4).map(|i| p.scale + i as f64).collect(),
        areas: Array2::from_elem((n % 3, 2), 7),
        words: (0..n % 3).map(|i| format!("{i}")).collect(),
        maybe: p.k.is_multiple_of(2).then_some(p.scale),
        random: run.rng().random(),
    })
}

fn points(scales: impl IntoIterator<Item = f64>) -> Exploration<Point> {
    let p = Point::names();
    p.scale.over(scales) * p.k.over(0..20_u64)
}

fn environment(file: &Path) -> Environment {
    Environment::new(file).with_seed(7).with_threads(2)
}

fn with_study<T>(test: impl FnOnce(&Path) -> T) -> T {
    common::with_trajectory_file(|file| {
        environment(file).run::<study>(points([1.0, 2.5])).expect("the study runs");
        test(file)
    })
}

fn look(file: &Path) -> Verified {
    verify(file, None, &mut |_| {}).expect("the file is ours")
}

fn content(file: &Path) -> String {
    let any = AnyTrajectory::open(file).expect("the file opens");
    any.content_hash().expect("it can be read").to_string()
}

fn tamper(file: &Path, action: &str) {
    let arguments = [file.to_str().expect("plain text")].into_iter().chain(action.split(' '));
    python::run("tamper.py", arguments);
}

/// What is said of the only problem.
fn only_problem(verified: &Verified, kind: ProblemKind) -> (Vec<usize>, String) {
    assert_eq!(verified.problems.len(), 1, "{verified:#?}");
    let problem = &verified.problems[0];
    assert_eq!(problem.kind, kind, "{problem}");
    (problem.runs.clone(), problem.to_string())
}

#[test]
fn a_sound_trajectory_is_proved_and_another_program_computes_the_same_checksums() {
    with_study(|file| {
        let verified = look(file);
        assert!(verified.is_sound(), "{verified:#?}");
        assert_eq!((verified.n_runs, verified.n_done, verified.n_checked), (40, 38, 38));
        assert_eq!(verified.content.expect("all was read").to_string(), content(file));
        assert_eq!(python::run("checksums.py", [file]).trim(), "38");
        for engine in [environment(file), environment(file).serial()] {
            let again = engine.verify::<study>(&Rerun::All).expect("the program has the experiment");
            assert!(again.is_sound() && again.n_rerun == 40 && again.builds.is_empty(), "{again:#?}");
        }
    });
}

#[test]
fn checksums_and_content_survive_whatever_is_done_to_a_file() {
    with_study(|file| {
        let before = content(file);
        let is_same = |file: &Path| {
            let verified = look(file);
            assert!(verified.is_sound() && verified.n_checked == 38, "{verified:#?}");
            assert_eq!(content(file), before);
        };
        let beside = |name: &str| file.with_file_name(name);
        copy(file, None, beside("copy.h5"), None).expect("there is room");
        is_same(&beside("copy.h5"));
        compact(beside("copy.h5")).expect("nobody else writes");
        is_same(&beside("copy.h5"));
        // In parts, in other orders, by other engines and in other layouts.
        environment(&beside("a.h5")).with_order(Order::Reversed).run::<study>(points([2.5])).expect("it runs");
        let other = environment(&beside("b.h5")).with_order(Order::Shuffled).with_compression(3).serial();
        other.run::<study>(points([1.0])).expect("it runs");
        merge(beside("ab.h5"), [beside("a.h5"), beside("b.h5")], &MergeOptions::default()).expect("both fit");
        is_same(&beside("ab.h5"));
        environment(&beside("a.h5")).expand::<study>(points([1.0, 2.5])).expect("it grows");
        is_same(&beside("a.h5"));
        let in_memory = Environment::in_memory().with_seed(7).run::<study>(points([1.0, 2.5])).expect("it runs");
        assert_eq!(in_memory.content_hash().expect("it is there").to_string(), before);
        assert!(in_memory.any().verify().expect("it is there").is_sound());
        environment(&beside("seed.h5")).with_seed(8).run::<study>(points([1.0, 2.5])).expect("it runs");
        assert_ne!(content(&beside("seed.h5")), before, "the random numbers are others");
    });
}

#[test]
fn a_result_that_is_removed_counts_no_more() {
    with_study(|file| {
        for name in ["x", "spikes", "areas", "table", "network.size"] {
            let mut editor = TrajectoryEditor::open(file).expect("the file opens");
            editor.remove(&format!("results.{name}")).expect("it is there");
            editor.commit().expect("there is room");
            let verified = look(file);
            assert!(verified.is_sound() && verified.n_checked == 38, "{name}: {verified:#?}");
        }
    });
}

#[test]
fn a_result_changed_by_one_ulp_is_found_and_computed_anew_with_both_values() {
    with_study(|file| {
        tamper(file, "ulp x 27");
        let (runs, _) = only_problem(&look(file), ProblemKind::Checksum);
        assert_eq!(runs, [27]);
        let verified = environment(file).verify::<study>(&Rerun::These(vec![27, 28])).expect("it runs");
        let said: Vec<String> = verified.problems.iter().map(ToString::to_string).collect();
        assert_eq!(verified.problems.len(), 2, "{said:?}");
        assert!(said[1].starts_with("run 27: `x`: 17.600000000000005 in the file, 17.6"), "{said:?}");
    });
    with_study(|file| {
        tamper(file, "element spikes/values 3");
        let (runs, _) = only_problem(&look(file), ProblemKind::Checksum);
        let found = environment(file).verify::<study>(&Rerun::These(runs.clone())).expect("it runs");
        let said = found.problems[1].to_string();
        assert!(said.starts_with(&format!("run {}: `spikes`: at [", runs[0])), "{said}");
    });
}

#[cfg(feature = "bundled-hdf5")]
#[test]
fn a_flipped_bit_on_the_disk_is_found_and_the_runs_are_named() {
    with_study(|file| {
        let sound = std::fs::read(file).expect("the study was stored");
        let wanted = 17.6_f64.to_le_bytes();
        let at = (0..sound.len() - 8).find(|&at| sound[at..].starts_with(&wanted)).expect("a plain column");
        let mut damaged = sound.clone();
        damaged[at + 3] ^= 4;
        std::fs::write(file, &damaged).expect("there is room");
        let verified = look(file);
        let problem = verified.problems.first().expect("it is found");
        assert_eq!(problem.kind, ProblemKind::Damage);
        assert!(problem.nodes == ["results/x"] && problem.runs.contains(&27), "{problem}");
        // Wherever it is.
        let mut missed = Vec::new();
        for at in (0..sound.len()).step_by(sound.len() / 40) {
            let mut damaged = sound.clone();
            damaged[at] ^= 0x10;
            std::fs::write(file, &damaged).expect("there is room");
            match verify(file, None, &mut |_| {}) {
                Ok(verified) if verified.is_sound() => missed.push(at),
                _ => {}
            }
        }
        // Free space and padding hold nothing that could be wrong.
        assert!(missed.len() <= 5, "{missed:?}");
    });
}

#[test]
fn a_missing_run_is_found() {
    with_study(|file| {
        tamper(file, "shorten results/x");
        let (runs, said) = only_problem(&look(file), ProblemKind::Rows);
        assert!(runs == [39] && said.contains("`results/x`: it has 39 rows for 40 runs"), "{said}");
    });
    with_study(|file| {
        tamper(file, "shorten results/x runs/status runs/checksum");
        let verified = look(file);
        assert!(verified.problems.iter().all(|p| p.kind == ProblemKind::Rows && p.runs == [39]), "{verified:#?}");
        assert_eq!(verified.problems.len(), 3, "{verified:#?}");
    });
}

#[test]
fn a_doubled_run_is_found() {
    with_study(|file| {
        tamper(file, "double");
        let verified = look(file);
        assert!(!verified.is_sound());
        assert!(verified.problems.iter().all(|p| p.kind == ProblemKind::Rows && p.runs == [40]), "{verified:#?}");
    });
    with_study(|file| {
        tamper(file, "double counted");
        let said: Vec<String> = look(file).problems.iter().map(ToString::to_string).collect();
        assert!(said.contains(&"the grid of 2 × 20 points has 41 runs".into()), "{said:?}");
        assert!(said.iter().any(|what| what.starts_with("the runs 39 to 40: they are at one point")), "{said:?}");
    });
    with_study(|file| {
        tamper(file, "repeat 4 8");
        let (runs, said) = only_problem(&look(file), ProblemKind::Point);
        assert!(runs == [4, 8] && said.ends_with("of a grid, which visits each once"), "{said}");
    });
    with_study(|file| {
        tamper(file, "move 4 8");
        let (runs, said) = only_problem(&look(file), ProblemKind::Point);
        assert!(runs == [4, 8] && said.ends_with("yielded different results"), "{said}");
    });
}

#[test]
fn points_that_an_exploration_visits_twice_are_no_mistake() {
    common::with_trajectory_file(|file| {
        let p = Point::names();
        environment(file).run::<study>(p.k.over(0..5) + p.k.over(3..6)).expect("it runs");
        let verified = look(file);
        assert!(verified.is_sound(), "{verified:#?}");
        assert_eq!(verified.notes, ["4 runs share their points with others, and agree with them"]);
        environment(file).with_name("axis").run::<study>(p.k.over([1, 1, 2])).expect("it runs");
        assert!(look(file).is_sound());
    });
}

#[test]
fn a_state_that_there_is_not_is_found() {
    with_study(|file| {
        tamper(file, "status 9 77");
        let (runs, said) = only_problem(&look(file), ProblemKind::Status);
        assert!(runs == [9] && said.contains("77 is no state of a run"), "{said}");
    });
    with_study(|file| {
        // The failed run passes as done, with nothing to show for it.
        tamper(file, "status 13 1");
        let verified = look(file);
        assert_eq!(verified.n_without_checksum, 1, "{verified:#?}");
        let again = environment(file).verify::<study>(&Rerun::These(vec![13])).expect("it runs");
        let (_, said) = only_problem(&again, ProblemKind::Rerun);
        assert!(said.contains("done in the file, and failed now: unlucky"), "{said}");
    });
}

#[test]
fn files_of_older_versions_are_read_and_what_cannot_be_proved_is_told() {
    with_study(|file| {
        let before = content(file);
        tamper(file, "without_checksums");
        let verified = look(file);
        assert!(verified.is_sound() && verified.n_checked == 0 && verified.n_without_checksum == 38, "{verified:#?}");
        assert!(verified.notes[0].starts_with("38 runs were stored by an older version"), "{verified:#?}");
        assert_eq!(content(file), before, "it is computed from what is stored");
        // What is added has checksums.
        environment(file).expand::<study>(points([4.0])).expect("it grows");
        let verified = look(file);
        assert!(verified.is_sound() && verified.n_checked == 19, "{verified:#?}");
        tamper(file, "ulp x 45");
        assert_eq!(only_problem(&look(file), ProblemKind::Checksum).0, [45]);
    });
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format_1_0.h5");
    let verified = look(&golden);
    assert!(verified.is_sound() && verified.n_without_checksum > 0, "{verified:#?}");
}

/// Results that may be what stands for a missing one.
#[results]
struct Voids {
    number: f64,
    count: u64,
    word: String,
    counts: Vec<u32>,
}

/// In run 0 all are.
#[experiment]
fn void(p: &Point, run: &mut Run) -> Voids {
    if p.k == 0 {
        run.add_result("more", vec![0_i16; 2]);
        return Voids { number: f64::NAN, count: 0, word: String::new(), counts: vec![0; 3] };
    }
    Voids { number: 1.5, count: p.k, word: "w".into(), counts: vec![7; if p.k == 1 { 2 } else { 0 }] }
}

#[test]
fn a_value_that_stands_for_a_missing_one_is_told_from_all_others() {
    let with_voids = |test: &dyn Fn(&Path)| {
        common::with_trajectory_file(|file| {
            environment(file).run::<void>(Point::names().k.over(0..4)).expect("it runs");
            test(file);
        });
    };
    with_voids(&|file| {
        let again = environment(file).verify::<void>(&Rerun::All).expect("it runs");
        assert!(again.is_sound() && (again.n_checked, again.n_rerun) == (4, 4), "{again:#?}");
        assert_eq!(python::run("checksums.py", [file]).trim(), "4");
    });
    // Into it, and out of it.
    let into = ["number 1 nan", "count 2 0", "word 3 "];
    for action in into.into_iter().chain(["number 0 1.5", "count 0 1", "word 0 w"]) {
        with_voids(&|file| {
            tamper(file, &format!("set {action}"));
            let run: usize = action.split(' ').nth(1).expect("a run").parse().expect("a number");
            assert_eq!(only_problem(&look(file), ProblemKind::Checksum).0, [run], "{action}");
        });
    }
    // How many of them an array has is the one thing that no checksum tells; a rerun does.
    for (n, name, expected) in [(2, "counts", "u32[2] in the file, u32[3] now"), (0, "counts", "u32[0] in the file")] {
        with_voids(&|file| {
            tamper(file, &format!("size {name} 0 {n}"));
            assert!(look(file).is_sound());
            let again = environment(file).verify::<void>(&Rerun::All).expect("it runs");
            let (runs, said) = only_problem(&again, ProblemKind::Rerun);
            assert!(runs == [0] && said.starts_with(&format!("run 0: `{name}`: {expected}")), "{said}");
        });
    }
}

#[test]
fn a_file_of_another_build_says_in_what_it_differs() {
    with_study(|file| {
        tamper(file, "build rustc rustc~1.2.3");
        tamper(file, "build lock_sha256 abc");
        let again = environment(file).verify::<study>(&Rerun::These(vec![3])).expect("it runs");
        assert!(again.is_sound() && again.n_rerun == 1, "another build may yield the same: {again:#?}");
        let told: Vec<_> = again.builds.iter().map(|build| (build.name.as_str(), build.stored.as_str())).collect();
        assert_eq!(told, [("lock_sha256", "abc"), ("rustc", "rustc~1.2.3")]);
        assert!(again.builds.iter().all(|build| !build.here.is_empty() && build.here != build.stored));
    });
}

static CALLS: AtomicU64 = AtomicU64::new(0);

/// Counts its calls, as programs do that ask the time.
#[experiment(result = "n")]
fn moody(p: &Point) -> u64 {
    if p.k == 3 { CALLS.fetch_add(1, Ordering::Relaxed) + 1 } else { p.k }
}

#[test]
fn an_experiment_that_is_not_reproducible_is_found() {
    common::with_trajectory_file(|file| {
        environment(file).run::<moody>(Point::names().k.over(0..6)).expect("it runs");
        assert!(look(file).is_sound(), "nothing is wrong with the file");
        let verified = environment(file).verify::<moody>(&Rerun::Drawn { n_runs: 6, seed: 1 }).expect("it runs");
        let (runs, said) = only_problem(&verified, ProblemKind::Rerun);
        assert!(runs == [3] && said == "run 3: `n`: 1 in the file, 2 now", "{said}");
        let none = environment(file).verify::<moody>(&Rerun::These(vec![6]));
        assert!(none.expect_err("there is no such run").to_string().contains('6'));
    });
}

#[test]
fn the_command_line_tells_it_with_exit_codes_and_as_json() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let multiply = |arguments: &str| {
        let output = run_with("multiply", folder.path(), arguments.split(' '));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr), output.status.code())
    };
    assert_eq!(multiply("run -q -o study.h5").2, Some(0));
    let (said, _, code) = multiply("verify study.h5 --rerun 5 --rerun-seed 3 --engine serial -q");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("5 carried out once more (seed 3)"), "{said}");
    tamper(&folder.path().join("study.h5"), "ulp z 4");
    let (said, _, code) = multiply("verify study.h5 --all --json -q");
    assert_eq!(code, Some(1), "{said}");
    let answer: serde_json::Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!((&answer["sound"], &answer["n_rerun"], &answer["n_checked"]), (&false.into(), &12.into(), &11.into()));
    assert_eq!(answer["problems"][0]["kind"], "checksum");
    assert_eq!(answer["problems"][1]["what"], "14.000000000000002 in the file, 14.0 now");
    assert_eq!(answer["problems"][1]["runs"], serde_json::json!([4]));
    for (arguments, expected) in [("verify none.h5", 3), ("verify study.h5 --runs 99", 2), ("verify", 2)] {
        assert_eq!(multiply(arguments).2, Some(expected), "{arguments}");
    }
    let (_, said, code) = multiply("verify study.h5 --rerun 1 --all");
    assert!(code == Some(2) && said.contains("cannot be used with"), "{said}");
}

/// How results are handed over.
#[parameters]
struct Way {
    #[param(default = false)]
    early: bool,
    #[param(default = 0)]
    n_rows: usize,
}

/// Yields the same whether early or not.
fn yields(p: &Way, run: &mut Run) {
    let numbers: Vec<f64> = (0..p.n_rows).map(|row| row as f64 / 7.0).collect();
    let times: Vec<f64> = numbers.iter().copied().step_by(4).collect();
    let texts: Vec<String> = times.iter().map(ToString::to_string).collect();
    let pairs = Array2::from_shape_fn((p.n_rows, 2), |(row, column)| (row * 2 + column) as f32);
    if !p.early {
        run.add_result("numbers", numbers);
        run.add_result("texts", texts.clone());
        run.add_result("pairs", pairs);
        return run.add_group("events", Table::new().with("time", times).with("name", texts));
    }
    run.write("numbers", &numbers);
    run.append("pairs", &pairs);
    run.append("texts", &Vec::<String>::new());
    for (times, names) in times.chunks(9999).zip(texts.chunks(9999)) {
        run.append("texts", &names.to_vec());
        run.append("events", &Table::new().with("time", times.to_vec()).with("name", names.to_vec()));
    }
    run.append("events", &Table::new().with("time", Vec::<f64>::new()).with("name", Vec::<String>::new()));
}

#[cfg(unix)]
#[test]
fn what_is_handed_over_early_has_the_checksum_of_what_is_added_at_the_end() {
    let p = Way::names();
    let points = || p.early.over([false, true]) * p.n_rows.over([0, 3, 200_000]);
    common::with_trajectory_file(|file| {
        let name = "what_is_handed_over_early_has_the_checksum_of_what_is_added_at_the_end";
        let processes = Environment::new(file).with_processes(2).with_worker_arguments([name, "--exact"]);
        let environments = [Environment::new(file).serial(), processes, Environment::in_memory()];
        for (environment, name) in environments.into_iter().zip(["serial", "processes", "memory"]) {
            let any = environment.with_name(name).run_with("yields", points(), yields).unwrap();
            assert_eq!(any.failures().unwrap().len(), 0);
            let sums: Vec<u64> = any.get("runs.checksum").unwrap();
            assert_eq!(sums[..3], sums[3..], "{name}");
            assert!(sums[0] != sums[1] && sums[1] != sums[2]);
        }
        // Workers do not come here, where nobody writes any more.
        for name in ["serial", "processes"] {
            let verified = verify(file, Some(name), &mut |_| {}).unwrap();
            assert!(verified.is_sound() && verified.n_checked == 6, "{verified:#?}");
        }
        // As another program computes them.
        assert_eq!(common::python::run("checksums.py", [file]).trim(), "12");
    });
}
