//! Runs are found by typed closures and by conditions as text, with one meaning.

#![expect(clippy::float_cmp, reason = "what was stored comes back to the bit")]

mod common;

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use pypet::prelude::*;

#[derive(ParamValue, Clone, Copy, Debug, PartialEq)]
enum Method {
    Euler,
    #[param(rename = "rk4")]
    RungeKutta,
}

/// A cell.
#[parameters]
struct Neuron {
    /// Input current.
    #[param(default = 0.0, unit = "nA")]
    i: f64,
    /// Time constant.
    #[param(default = 20.0, unit = "ms")]
    tau: f64,
}

#[parameters]
struct Model {
    #[param(default = 0)]
    seed: u64,
    #[param(default = Method::Euler)]
    method: Method,
    #[param(default = true)]
    noisy: bool,
    neuron: Neuron,
}

#[results]
struct Measured {
    #[result(unit = "Hz")]
    rate: f64,
    n_spikes: i32,
    fast: bool,
    method: Method,
    v: Vec<f64>,
}

/// Fails for some seeds, and has no rate where there is no input.
#[experiment]
fn measure(p: &Model, run: &mut Run) -> Result<Measured, String> {
    if p.seed % 5 == 4 {
        return Err("unlucky".into());
    }
    run.add_result("net.size", run.index() as u64);
    let rate = if p.neuron.i == 0.0 { f64::NAN } else { 10.0 * p.neuron.i };
    let n_spikes = i32::try_from(p.seed).expect("small") - 3;
    Ok(Measured { rate, n_spikes, fast: rate > 5.0, method: p.method, v: vec![rate; 3] })
}

/// 2 methods × 11 inputs × 10 seeds.
fn points() -> Exploration<Model> {
    let p = Model::names();
    p.method.over([Method::Euler, Method::RungeKutta]) * p.neuron.i.over(linspace(0.0, 1.0, 11)) * p.seed.over(0..10)
}

fn measured() -> Trajectory<measure> {
    Environment::in_memory().run::<measure>(points()).unwrap()
}

fn by_text(traj: &Trajectory<measure>, condition: &str) -> Vec<usize> {
    let found = traj.any().find(condition).unwrap_or_else(|error| panic!("{error}"));
    found.map(|run| run.index()).collect()
}

fn refusal(traj: &Trajectory<measure>, condition: &str) -> String {
    match traj.any().find(condition) {
        Ok(found) => panic!("`{condition}` finds {} runs", found.count()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn conditions_on_parameters_mean_the_same_as_text() {
    let traj = measured();
    let same = |condition: &str, closure: fn(&Model) -> bool| {
        let typed: Vec<usize> = traj.find(closure).unwrap().map(|run| run.index()).collect();
        assert!(!typed.is_empty() && typed.len() < traj.len(), "`{condition}` tells nothing apart");
        assert_eq!(by_text(&traj, condition), typed, "{condition}");
    };
    same("neuron.i > 0.5", |p| p.neuron.i > 0.5);
    same("i > 0.5 nA && seed != 3", |p| p.neuron.i > 0.5 && p.seed != 3);
    same("seed in [1, 2, 9] and not par.method == 'rk4'", |p| [1, 2, 9].contains(&p.seed) && p.method == Method::Euler);
    same("!(seed < 3 || i <= 0.2)", |p| !(p.seed < 3 || p.neuron.i <= 0.2));
    same("seed * 2 - 1 >= 7 or -i == -1", |p| p.seed * 2 > 7 || p.neuron.i == 1.0);
    same("seed / 2 == 1.5", |p| p.seed == 3);
    same("noisy && seed == 3", |p| p.noisy && p.seed == 3);
    same("tau + 1 ms > 20 ms and seed == 1", |p| p.neuron.tau + 1.0 > 20.0 && p.seed == 1);
    same("seed - 5 < 0", |p| p.seed < 5);
    assert_eq!(by_text(&traj, "run < 3"), [0, 1, 2]);
    assert_eq!(by_text(&traj, "run < 10 && status == 'failed'"), [4, 9]);
    assert!(by_text(&traj, "status == \"pending\"").is_empty());
}

#[test]
fn conditions_on_results_mean_the_same_as_text() {
    let traj = measured();
    let r = Measured::names();
    let same = |condition: &str, typed: Vec<usize>| {
        assert!(!typed.is_empty() && typed.len() < traj.len(), "`{condition}` tells nothing apart");
        assert_eq!(by_text(&traj, condition), typed, "{condition}");
    };
    let found = traj.find_with(r.rate, |_, rate| rate > 5.0).unwrap().map(|run| run.index()).collect();
    same("rate > 5 Hz", found);
    let found = traj.find_with((r.rate, r.n_spikes), |p, (rate, n)| rate >= 3.0 && n < 0 && p.seed > 0);
    same("rate >= 3 && n_spikes < 0 && seed > 0", found.unwrap().map(|run| run.index()).collect());
    let found = traj.find_with((r.fast, r.method), |_, (fast, method)| !fast && method == Method::RungeKutta);
    same("!fast && results.method == 'rk4'", found.unwrap().map(|run| run.index()).collect());
    let found = traj.find_with(r.v, |_, v| v.first() == Some(&10.0)).unwrap();
    same("rate == 10", found.map(|run| run.index()).collect());
    let found: Vec<usize> = by_text(&traj, "net.size == run");
    assert_eq!(found.len(), 176, "every run that is done");
    same("results.r_7.net.size == run", vec![7]);
}

#[test]
fn runs_without_results_and_nan_satisfy_nothing() {
    let traj = measured();
    let n_failed = traj.failed().len();
    assert_eq!(n_failed, 44);
    let count = |condition: &str| by_text(&traj, condition).len();
    // Of 220 runs 44 failed and 16 have NaN; all comparisons with NaN but `!=` are false, and `!` turns that.
    assert_eq!(count("rate > 5") + count("rate <= 5"), 160);
    assert_eq!(count("rate > 5") + count("!(rate > 5)"), 176);
    assert_eq!((count("rate != rate"), count("rate == rate")), (16, 160));
    assert_eq!(count("rate > 5 || status == 'failed'"), count("rate > 5") + n_failed);
    assert_eq!(count("rate > 5 && status == 'failed'"), 0);
    assert_eq!(count("rate in [0, 10] || !(rate in [0, 10])"), 176);
    assert_eq!(count("fast || !fast"), 176);
    assert_eq!(count("(fast == true) != true"), count("!fast"));
    let r = Measured::names();
    assert_eq!(traj.find_with(r.rate, |_, _| true).unwrap().count(), 176);
}

#[test]
fn a_number_may_have_a_unit_with_another_prefix() {
    let traj = measured();
    for (condition, in_its_own_unit) in [
        ("i > 500 pA", "i > 0.5"),
        ("i == 0.0000005 mA", "i == 0.5"),
        ("i in [100 pA, 0.2 nA]", "i in [0.1, 0.2]"),
        ("rate >= 0.005 kHz", "rate >= 5"),
        ("-4e6 µHz <= -rate", "rate <= 4"),
        ("tau + 1 s == 1.02 s and seed == 1", "seed == 1"),
    ] {
        let found = by_text(&traj, condition);
        assert!(!found.is_empty() && found.len() < traj.len(), "`{condition}` tells nothing apart");
        assert_eq!(found, by_text(&traj, in_its_own_unit), "{condition}");
    }
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let traj = measured();
    let cases = [
        ("rate >", "expected a name, a number, a text in quotes, or `(`, but the condition ends", 6),
        ("rate > 5 5", "expected an operator such as `&&` or `>`, or the end, but there is a number", 9),
        ("(rate > 5", "expected `)`, but the condition ends", 9),
        ("rate = 5", "write `==` to compare", 5),
        ("rate > 5 & fast", "write `&&`", 9),
        ("1 < seed < 3", "comparisons cannot follow each other", 9),
        ("ratee > 5", "there is no parameter or result `ratee`; did you mean `results.rate`?", 0),
        ("neuron > 5", "`neuron` is a group, not a value; it has `parameters.neuron.i` or `parameters.neuron.tau`", 0),
        ("v > 5", "`v` is an array (`f64[_]`) in each run", 0),
        ("par.method == 5", "cannot compare `par.method`, a text, with `5`, a number", 0),
        ("seed == 'one'", "cannot compare `seed`, a number, with `'one'`, a text", 0),
        ("seed + 1", "`seed + 1` is a number, not a condition; compare it, as in `seed + 1 > 0`", 0),
        ("seed && fast", "`&&` joins conditions, but `seed` is a number", 0),
        ("fast < true", "truth values have no order", 0),
        ("par.method == 'rk5'", "`par.method` is never \"rk5\"; it is one of `Euler` or `rk4`", 14),
        ("par.method == euler", "a text stands in quotes: `\"euler\"`", 14),
        ("status == 'lost'", "it is one of `pending`, `done`, `failed`, `timed out` or `cancelled`", 10),
        ("tau > 5 nA", "`tau` is in `ms`, but `5 nA` is in `nA`", 0),
        ("tau > 5 kHz", "`tau` is in `ms`, but `5 kHz` is in `kHz`", 0),
        ("seed > 5 ms", "`seed` has no unit, but `5 ms` is in `ms`", 0),
        ("tau > i", "`tau` is in `ms`, but `i` is in `nA`", 0),
        ("tau > 5 kg", "`kg` is no unit of this trajectory, only `Hz`, `ms`, `nA` or `s`", 8),
        ("seed in []", "expected a name", 9),
        ("seed in 5", "expected a list such as `[1, 2]`", 8),
        ("par.method == 'rk4", "the text has no closing '", 14),
        ("seed ; 5", "`;` has no meaning here", 5),
        ("", "but the condition ends", 0),
        ("'ä' == 'ö' && ü", "there is no parameter or result `ü`", 14),
    ];
    for (condition, expected, place) in cases {
        let refused = refusal(&traj, condition);
        assert!(refused.contains(expected), "`{condition}`: {refused}");
        let lines: Vec<&str> = refused.lines().collect();
        let [.., shown, carets] = lines.as_slice() else { panic!("`{condition}`: {refused}") };
        assert_eq!(*shown, format!("  {condition}"));
        assert_eq!(carets.find('^'), Some(place + 2), "`{condition}`: {refused}");
    }
    for long in ["(".repeat(100_000), "!".repeat(100_000), vec!["fast"; 100_000].join("&&"), "not ".repeat(100_000)] {
        let refused = refusal(&traj, &long);
        assert!(refused.contains("too deeply") || refused.contains("at most 500 operators"), "{}", &refused[..80]);
    }
}

#[parameters]
struct Wide {
    #[param(default = 0)]
    id: u128,
    #[param(default = None)]
    limit: Option<u32>,
}

#[results]
struct Widely {
    sum: i128,
    first: Option<u64>,
    sure: Option<bool>,
}

#[experiment]
fn widely(p: &Wide) -> Result<Widely, String> {
    let id = i128::try_from(p.id).map_err(|_| "too large")?;
    if id == 1 {
        return Err("one is none".into());
    }
    let first = p.limit.map(u64::from).filter(|_| id > 0);
    Ok(Widely { sum: -id, first, sure: p.limit.map(|limit| limit > 3) })
}

#[test]
fn numbers_that_are_spelled_as_text_are_compared_as_numbers() {
    common::with_trajectory_file(|file| {
        let (p, r) = (Wide::names(), Widely::names());
        let points = p.id.over([0, 1, 9, 10, 1 << 100, (1 << 100) + 1]) * p.limit.over([None, Some(2), Some(10)]);
        drop(Environment::new(file).serial().run::<widely>(points).unwrap());
        let traj = Trajectory::<widely>::open(file).unwrap();
        let same = |condition: &str, typed: Vec<usize>| {
            let found = traj.any().find(condition).unwrap_or_else(|error| panic!("{error}"));
            assert!(!typed.is_empty() && typed.len() < traj.len(), "`{condition}` tells nothing apart");
            assert_eq!(found.map(|run| run.index()).collect::<Vec<_>>(), typed, "{condition}");
        };
        let of_points = |is_wanted: fn(&Wide) -> bool| traj.find(is_wanted).unwrap().map(|run| run.index()).collect();
        same("id > 9", of_points(|p| p.id > 9));
        same("id == 1267650600228229401496703205377", of_points(|p| p.id == (1 << 100) + 1));
        same("limit > 2", of_points(|p| p.limit.is_some_and(|limit| limit > 2)));
        same("limit <= 2 || limit > 2", of_points(|p| p.limit.is_some()));
        let found = traj.find_with(r.sum, |_, sum| sum < -9).unwrap().map(|run| run.index()).collect();
        same("sum < -9", found);
        let found = traj.find_with(r.first, |_, first| first.is_some_and(|first| first >= 10)).unwrap();
        same("first >= 10", found.map(|run| run.index()).collect());
        let found = traj.find_with(r.sure, |_, sure| sure == Some(false)).unwrap().map(|run| run.index()).collect();
        same("!sure", found);
    });
    let p = Wide::names();
    let traj = Environment::in_memory().run::<widely>(p.id.over([0, u128::MAX])).unwrap();
    let refused = traj.any().find("id > 1").map(|_| ()).unwrap_err().to_string();
    assert!(
        refused.contains("`id` cannot be compared: 340282366920938463463374607431768211455 is beyond"),
        "{refused}"
    );
}

#[test]
fn large_whole_numbers_are_compared_exactly() {
    let p = Model::names();
    let seeds = [u64::MAX, u64::MAX - 1, 9_007_199_254_740_993, 9_007_199_254_740_992];
    let run = |p: &Model, _: &mut Run| p.seed;
    let any = Environment::in_memory().serial().run_with("seeds", p.seed.over(seeds), run).unwrap();
    let found = |condition: &str| any.find(condition).unwrap().map(|run| run.index()).collect::<Vec<_>>();
    assert_eq!(found("seed == 18446744073709551615"), [0]);
    assert_eq!(found("seeds == 9_007_199_254_740_993"), [2]);
    assert_eq!(found("seed + 1 == 18446744073709551615"), [1]);
    assert_eq!(found("seed * seed > 0 && -seed < 0"), [0, 1, 2, 3]);
}

/// One study for all that is only asked of it.
static MEASURED: LazyLock<Trajectory<measure>> = LazyLock::new(measured);

proptest! {
    #[test]
    fn any_text_is_answered_or_refused_with_a_place(condition in ".{0,60}") {
        refused_or_answered(&condition);
    }

    #[test]
    fn any_words_are_answered_or_refused_with_a_place(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "rate", "seed", "run", "status", "par.method", "fast", "v", "neuron", "'rk4'", "\"", "5", "1e3", ".5", "5 ms",
                "1e999", "170141183460469231731687303715884105727", "(", ")", "[", "]", ",", "+", "-", "*", "/", "<", "<=",
                "==", "!=", ">", "&&", "||", "!", "not", "in", "true", "$", "r_3.rate", "r_4.rate", "é",
            ]),
            0..12,
        )
    ) {
        refused_or_answered(&words.join(" "));
    }
}

fn refused_or_answered(condition: &str) {
    match MEASURED.any().find(condition) {
        Ok(found) => assert!(found.count() <= 220),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn find(file: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = file.parent().expect("the file is in a folder");
    let all = ["find"].into_iter().chain(file.to_str()).chain(arguments.iter().copied());
    let output = common::examples::run_with("multiply", folder, all);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_command_line_prints_a_table_or_json() {
    common::with_trajectory_file(|file| {
        drop(Environment::new(file).run::<measure>(points()).unwrap());
        let (code, table, _) = find(file, &["seed in [3, 4] && i == 0.1 && run < 110"]);
        assert_eq!(code, Some(0));
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            lines[0].join(" "),
            "run status method neuron.i (nA) seed rate (Hz) n_spikes fast results.method net.size"
        );
        assert_eq!(lines[1].join(" "), "13 done Euler 0.1 3 1.0 0 false Euler 13");
        assert_eq!(lines[2].join(" "), "14 failed Euler 0.1 4");
        assert_eq!(lines[3].join(" "), "2 of 220 runs");

        let (_, json, _) = find(file, &["--json", "i == 0 && run in [0, 4]"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json[0]["rate"], &json[0]["n_spikes"]), (&"NaN".into(), &(-3).into()));
        assert_eq!((&json[1]["run"], &json[1]["status"], &json[1]["rate"]), (&4.into(), &"failed".into(), &().into()));

        let (_, all, _) = find(file, &["run >= 0"]);
        assert!(all.ends_with("220 of 220 runs\n") && all.lines().count() == 222, "{all}");
        let (_, none, _) = find(file, &["-run > 0"]);
        assert_eq!(none, "0 of 220 runs\n");
        let (code, _, stderr) = find(file, &["rate >> 5"]);
        assert_eq!(code, Some(2));
        assert!(stderr.contains("  rate >> 5\n        ^"), "{stderr}");
        assert_eq!(find(&file.with_file_name("missing.h5"), &["true"]).0, Some(3));
    });
}
