//! Files of every earlier format stay readable, with and without the program that wrote them.
//!
//! `tests/data/format_1_0.h5` was written once by `write_the_file_of_this_format` below and is never written
//! again. A later format gets a file of its own, by the same test under another name.

#![expect(clippy::float_cmp, reason = "what was stored comes back to the bit")]

mod common;

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn, array};
use pypet::prelude::*;
use pypet::run::RunStatus;

/// How to integrate.
#[derive(ParamValue, Clone, Copy, Debug, PartialEq)]
enum Method {
    Euler,
    #[param(rename = "rk4")]
    RungeKutta,
}

/// A cell.
#[parameters]
struct Cell {
    /// Input current.
    #[param(default = 0.5, unit = "nA", range = 0.0..=10.0)]
    i: f64,
    #[param(default = "none")]
    label: String,
}

/// A parameter of every kind.
#[parameters]
struct Kinds {
    #[param(default = true)]
    flag: bool,
    #[param(default = i8::MIN)]
    int8: i8,
    #[param(default = i16::MIN)]
    int16: i16,
    #[param(default = i32::MIN)]
    int32: i32,
    #[param(default = i64::MIN)]
    int64: i64,
    #[param(default = u8::MAX)]
    uint8: u8,
    #[param(default = u16::MAX)]
    uint16: u16,
    #[param(default = u32::MAX)]
    uint32: u32,
    #[param(default = u64::MAX)]
    uint64: u64,
    #[param(default = f32::MIN_POSITIVE)]
    float32: f32,
    #[param(default = -0.0)]
    float64: f64,
    /// Text beyond ASCII.
    #[param(default = "Grüße, 世界")]
    text: String,
    #[param(default = Method::RungeKutta)]
    method: Method,
    #[param(default = vec!["a".to_owned(), String::new()])]
    words: Vec<String>,
    #[param(default = [1, -1, 0, 7])]
    fixed: [i16; 4],
    #[param(default = array![[1.0, 2.0], [3.0, f64::INFINITY]])]
    matrix: Array2<f64>,
    cell: Cell,
    #[param(derived = u32::from(self.uint8) + 1)]
    constant: u32,
    #[param(derived = self.cell.i * 2.0)]
    doubled: f64,
}

/// A result of every layout.
#[results]
#[derive(Debug, PartialEq)]
struct Layouts {
    /// Firing rate.
    #[result(unit = "Hz")]
    rate: f64,
    fast: bool,
    says: String,
    method: Method,
    /// A trace of one length.
    #[result(unit = "mV", dims = ["time"])]
    trace: Array1<f32>,
    /// A different length in each run.
    #[result(unit = "ms")]
    spikes: Vec<f64>,
    /// A different shape in each run.
    area: Array2<u16>,
}

fn layouts(p: &Kinds, run: usize) -> Layouts {
    Layouts {
        rate: 10.0 * p.cell.i,
        fast: p.cell.i > 0.5,
        says: format!("{} {run}", p.cell.label),
        method: p.method,
        trace: Array1::from_iter([0, 1, 2].map(|k: u16| f32::from(k) + 0.5)),
        spikes: (0..run % 4).map(|k| k as f64 + p.cell.i).collect(),
        area: Array2::from_elem((run % 3, 2), u16::try_from(run).expect("small")),
    }
}

/// Everything that format 1.0 can hold.
#[experiment(explore = points)]
fn golden(p: &Kinds, run: &mut Run) -> Result<Layouts, String> {
    let index = run.index();
    if index == 3 {
        return Err("a failure of long ago".into());
    }
    assert!(index != 4, "a panic of long ago");
    if index.is_multiple_of(2) {
        run.add_result("added.size", u32::try_from(index).expect("small"));
        run.add_result("added.list", vec![1_i64; index]);
    }
    Ok(layouts(p, index))
}

/// Two methods by three zipped cells by two repetitions: twelve runs.
fn points() -> Exploration<Kinds> {
    let p = Kinds::names();
    let cells = p.cell.i.over([0.25, 0.5, 0.75]).zip(p.cell.label.over(["low", "mid", "högh"].map(str::to_owned)));
    p.method.over([Method::Euler, Method::RungeKutta]) * cells.expect("of one length").repeat("trial", 2)
}

fn file_of(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("data").join(format)
}

#[test]
#[ignore = "writes the file of the present format; only for a new format, under its name"]
fn write_the_file_of_this_format() {
    let file = file_of("format_1_0.h5");
    let presets = Kinds { int8: 5, ..default() };
    Environment::new(&file).serial().with_comment("golden").with_parameters(presets).run::<golden>(points()).unwrap();
}

/// A copy of an old file, since opening one may leave traces beside it.
fn with_copy_of<T>(format: &str, test: impl FnOnce(&Path) -> T) -> T {
    common::with_trajectory_file(|file| {
        std::fs::copy(file_of(format), file).expect("the old file is in `tests/data`");
        test(file)
    })
}

#[test]
fn format_1_0_is_read_with_the_types_of_the_program() {
    with_copy_of("format_1_0.h5", |file| {
        let traj = Trajectory::<golden>::open(file).unwrap();
        assert_eq!((traj.len(), traj.comment(), traj.failed()), (12, "golden", vec![3, 4]));
        let presets = Kinds { int8: 5, ..default() };
        assert_eq!(*traj.presets(), presets);
        assert!(traj.presets().float64.is_sign_negative());
        let r = Layouts::names();
        let points = points().bind(presets).unwrap();
        for run in traj.runs() {
            let index = run.index();
            let p = run.parameters().unwrap();
            assert_eq!(p, points.point(index));
            if [3, 4].contains(&index) {
                assert_eq!(run.status(), RunStatus::Failed);
                continue;
            }
            let read = Layouts {
                rate: run.get(r.rate).unwrap(),
                fast: run.get(r.fast).unwrap(),
                says: run.get(r.says).unwrap(),
                method: run.get(r.method).unwrap(),
                trace: run.get(r.trace).unwrap(),
                spikes: run.get(r.spikes).unwrap(),
                area: run.get(r.area).unwrap(),
            };
            assert_eq!(read, layouts(&p, index));
            if index % 2 == 0 {
                assert_eq!(run.get_added::<u32>("added.size").unwrap() as usize, index);
                assert_eq!(run.get_added::<Vec<i64>>("added.list").unwrap(), vec![1; index]);
            }
        }
        assert!(traj.all(r.rate).unwrap()[3].is_nan());
        assert_eq!(traj.all(r.trace).unwrap().dim(), (12, 3));
    });
}

#[test]
fn format_1_0_is_read_without_any_types() {
    with_copy_of("format_1_0.h5", |file| {
        let any = AnyTrajectory::open(file).unwrap();
        let text = |name: &str| serde_json::to_string(&any.value(name).unwrap()).unwrap();
        let expected = [
            ("flag", "true"),
            ("int8", "5"),
            ("int16", "-32768"),
            ("int32", "-2147483648"),
            ("int64", "-9223372036854775808"),
            ("uint8", "255"),
            ("uint16", "65535"),
            ("uint32", "4294967295"),
            ("uint64", "18446744073709551615"),
            ("float64", "-0.0"),
            ("par.text", r#""Grüße, 世界""#),
            ("par.method", r#""rk4""#),
            ("words", r#"["a",""]"#),
            ("fixed", "[1,-1,0,7]"),
            ("matrix", r#"[[1.0,2.0],[3.0,"inf"]]"#),
            ("par.cell.i", "0.5"),
            ("constant", "256"),
            ("doubled", "[0.5,0.5,1.0,1.0,1.5,1.5,0.5,0.5,1.0,1.0,1.5,1.5]"),
            ("explored.trial", "[0,1,0,1,0,1,0,1,0,1,0,1]"),
            ("explored.cell.label", &format!("[{0},{0}]", r#""low","low","mid","mid","högh","högh""#)),
            ("runs.status", "[1,1,1,2,2,1,1,1,1,1,1,1]"),
            ("runs.errors.run", "[3,4]"),
            ("results.rate", r#"[2.5,2.5,5.0,"NaN","NaN",7.5,2.5,2.5,5.0,5.0,7.5,7.5]"#),
            ("results.r_5.says", r#""högh 5""#),
            ("results.trace.r_0", "[0.5,1.5,2.5]"),
            ("results.spikes.r_11", "[0.75,1.75,2.75]"),
            ("results.area.r_2", "[[2,2],[2,2]]"),
            ("results.added.size.r_8", "8"),
            ("results.added.list.r_6", "[1,1,1,1,1,1]"),
            ("versions.pypet", r#""0.1.0""#),
        ];
        for (name, value) in expected {
            assert_eq!(text(name), value, "{name}");
        }
        let spikes = any.node("spikes").unwrap();
        assert_eq!((spikes.unit(), spikes.comment()), ("ms", "A different length in each run."));
        let failures = any.failures().unwrap();
        assert_eq!(failures[0].to_string(), "run 3 failed: a failure of long ago");
        assert!(failures[1].place.starts_with("tests/old_files.rs:"), "{:?}", failures[1]);
        assert_eq!(any.find("rate > 5 && trial == 1 && results.method == 'Euler'").unwrap().count(), 1);
    });
}

/// The program of `golden` some years on.
mod later {
    use super::*;

    #[parameters]
    pub(crate) struct Cell {
        /// Input current, which had another name.
        #[param(default = 0.0, alias = "cell.i", unit = "nA")]
        pub current: f64,
        /// There was nothing like it.
        #[param(default = 7)]
        pub added: u16,
        #[param(default = "")]
        pub label: String,
    }

    #[parameters]
    pub(crate) struct Kinds {
        /// Wider than they were.
        #[param(default = 0)]
        pub int8: i64,
        #[param(default = 0)]
        pub uint32: i64,
        #[param(default = 0)]
        pub uint16: u64,
        #[param(default = 0.0)]
        pub float32: f64,
        #[param(default = vec![])]
        pub fixed: Vec<i16>,
        #[param(default = Method::Euler)]
        pub method: Method,
        pub cell: Cell,
    }

    #[results]
    pub(crate) struct Layouts {
        pub rate: f64,
        /// Wider than it was.
        pub trace: Array1<f64>,
        pub area: Array2<u32>,
        /// There was nothing like it.
        pub energy: f64,
        pub history: Vec<u8>,
    }

    #[experiment]
    pub(crate) fn golden(p: &Kinds, run: &mut Run) -> Layouts {
        let energy = p.cell.current + f64::from(p.cell.added);
        let history = vec![1; run.index()];
        Layouts { rate: 1.0, trace: array![1.0, 2.0, 3.0], area: Array2::zeros((1, 2)), energy, history }
    }
}

#[test]
fn an_old_file_is_read_by_a_later_program() {
    with_copy_of("format_1_0.h5", |file| {
        let traj = Trajectory::<later::golden>::open(file).unwrap();
        let p = traj.presets();
        assert_eq!((p.int8, p.uint32, p.uint16), (5, i64::from(u32::MAX), u64::from(u16::MAX)));
        assert_eq!((p.float32, &p.fixed), (f64::from(f32::MIN_POSITIVE), &vec![1, -1, 0, 7]));
        let run = traj.run(5).unwrap();
        let p = run.parameters().unwrap();
        assert_eq!((p.cell.current, p.cell.added, p.cell.label.as_str()), (0.75, 7, "högh"));
        let r = later::Layouts::names();
        assert_eq!(run.get(r.trace).unwrap(), array![0.5, 1.5, 2.5]);
        assert_eq!(traj.run(2).unwrap().get(r.area).unwrap(), array![[2, 2], [2, 2]]);
        assert_eq!(traj.all(r.trace).unwrap().dim(), (12, 3));
        assert_eq!(traj.grid(r.rate).unwrap_err().to_string(), "run 3 has no results: it is failed");
        let found = traj.find_with((r.rate, r.trace), |p, (rate, _)| p.cell.current > 0.5 && rate > 7.0).unwrap();
        assert_eq!(found.map(|run| run.index()).collect::<Vec<_>>(), [5, 10, 11]);

        let missing = "the trajectory `golden` has no result `energy`; its program did not store one";
        assert_eq!(run.get(r.energy).unwrap_err().to_string(), missing);
        assert_eq!(traj.all(r.energy).unwrap_err().to_string(), missing);
        assert_eq!(traj.find_with(r.energy, |_, _| true).err().unwrap().to_string(), missing);
        assert!(traj.any().get::<bool>("flag").unwrap(), "what the program forgot stays readable");
    });
}

#[test]
fn what_a_later_program_would_store_otherwise_cannot_be_resumed() {
    with_copy_of("format_1_0.h5", |file| {
        let before = std::fs::read(file).unwrap();
        let refused = Environment::new(file).with_failed().resume::<later::golden>().unwrap_err().to_string();
        assert!(refused.starts_with("the trajectory `golden` can be read but not resumed"), "{refused}");
        assert!(
            refused.contains("the result `trace` is `f32[_]` in the file but `f64[_]` in the program"),
            "{refused}"
        );
        assert!(refused.contains("the result `area`") && !refused.contains("energy"), "{refused}");
        assert_eq!(std::fs::read(file).unwrap(), before);
    });
}

/// What `grown` was at first.
mod first {
    use super::*;

    #[parameters]
    pub(crate) struct Old {
        #[param(default = 1)]
        pub k: u32,
        #[param(default = 2)]
        pub dropped: u32,
    }

    #[experiment(result = "twice")]
    pub(crate) fn grown(p: &Old) -> Result<u32, String> {
        if p.k == 2 { Err("not yet".into()) } else { Ok(2 * p.k) }
    }
}

/// What it became: renamed, widened and added parameters, and two more results.
mod then {
    use super::*;

    #[parameters]
    pub(crate) struct New {
        #[param(default = 1, alias = "k")]
        pub number: u64,
        #[param(default = 0.5)]
        pub added: f64,
    }

    #[results]
    pub(crate) struct More {
        pub twice: u32,
        pub half: f64,
        pub list: Vec<f64>,
    }

    #[experiment]
    pub(crate) fn grown(p: &New) -> More {
        let twice = u32::try_from(2 * p.number).expect("small");
        More { twice, half: p.added * p.number as f64, list: vec![1.0; 2] }
    }
}

#[test]
fn an_old_trajectory_is_resumed_with_added_results() {
    common::with_trajectory_file(|file| {
        let environment = || Environment::new(file).serial();
        drop(environment().run::<first::grown>(first::Old::names().k.over(0..4)).unwrap());
        let traj = environment().with_failed().resume::<then::grown>().unwrap();
        assert_eq!(traj.statuses(), [RunStatus::Done; 4]);
        let r = then::More::names();
        assert_eq!(traj.all(r.twice).unwrap().to_vec(), [0, 2, 4, 6]);
        assert_eq!(traj.get(r.half, 2).unwrap(), 1.0);
        assert_eq!(traj.get(r.list, 2).unwrap(), [1.0, 1.0]);
        assert!(traj.get(r.half, 1).unwrap().is_nan(), "runs that were done before have no value");
        assert!(traj.header().schema.results.iter().any(|leaf| leaf.name == "half"), "the file knows its results");
        assert_eq!(traj.any().get::<f64>("parameters.added").unwrap(), 0.5, "and what the new runs were given");
        drop(traj);
        assert!(Trajectory::<first::grown>::open(file).is_ok(), "the first program still reads it");
    });
}

/// What it became beside: a wider parameter, a new one that is a group, and groups of results.
mod wider {
    use super::*;

    #[parameters]
    pub(crate) struct New {
        #[param(default = 1)]
        pub k: u64,
        /// There was nothing like it.
        #[param(group, default = ArrayD::from_elem(IxDyn(&[2, 1]), 0.5))]
        pub field: ArrayD<f64>,
    }

    #[results]
    pub(crate) struct Detail {
        #[result(unit = "1")]
        pub half: f64,
        pub list: Vec<f64>,
    }

    #[results]
    pub(crate) struct More {
        pub twice: u32,
        /// How it came about.
        #[result(group)]
        pub detail: Detail,
        #[result(group)]
        pub table: Table,
    }

    #[experiment]
    pub(crate) fn grown(p: &New) -> More {
        let detail = Detail { half: p.field.sum() * p.k as f64, list: vec![1.0; 2] };
        More { twice: 7, detail, table: Table::new().with("k", vec![p.k]) }
    }
}

/// Both read the file, the new one finds what is new in runs of its own only.
fn check_wider(traj: &Trajectory<wider::grown>, new_runs: &[usize]) {
    let r = wider::More::names();
    for run in traj.runs() {
        let is_new = new_runs.contains(&run.index());
        assert_eq!(run.get(r.twice).unwrap() == 7, is_new);
        assert_eq!(run.get(r.detail.half).unwrap().is_nan(), !is_new, "run {}", run.index());
        assert_eq!(run.get(r.detail.list).unwrap().iter().all(|x| *x == 1.0), is_new, "others hold NaN");
        assert_eq!(run.get_group(r.table).unwrap().n_rows(), usize::from(is_new));
        assert_eq!(run.parameters().unwrap().field.shape(), [2, 1]);
    }
    let any = traj.any();
    assert_eq!(any.comment("results.detail").unwrap(), "How it came about.");
    assert_eq!(any.node("results.detail.half").unwrap().unit(), "1");
    assert_eq!(any.get::<u32>("parameters.dropped").unwrap(), 2, "what the program forgot stays");
}

#[test]
fn an_old_trajectory_is_read_resumed_and_expanded_with_groups() {
    common::with_trajectory_file(|file| {
        let environment = || Environment::new(file).serial();
        drop(environment().run::<first::grown>(first::Old::names().k.over(0..4)).unwrap());
        let traj = Trajectory::<wider::grown>::open(file).unwrap();
        let r = wider::More::names();
        assert_eq!(traj.presets().field, wider::New::default().field, "the default stands for what the file lacks");
        assert_eq!(traj.run(3).unwrap().parameters().unwrap().k, 3);
        let missing = traj.get(r.detail.half, 0).unwrap_err().to_string();
        assert!(missing.contains("has no result `detail.half`"), "{missing}");
        drop(traj);
        check_wider(&environment().with_failed().resume::<wider::grown>().unwrap(), &[2]);

        let more = wider::New::names().k.over([1, 2, 7, u64::from(u32::MAX) + 1]);
        let traj = environment().expand::<wider::grown>(more).unwrap();
        assert_eq!(traj.len(), 6, "points that are there are recognised, though their type was narrower");
        assert_eq!(traj.run(5).unwrap().parameters().unwrap().k, u64::from(u32::MAX) + 1);
        check_wider(&traj, &[2, 4, 5]);
        drop(traj);
        let refused = Trajectory::<first::grown>::open(file).unwrap_err().to_string();
        assert!(refused.contains("the parameter `k` is `u64` in the file but `u32` in the program"), "{refused}");
    });
}

/// A program whose result is wider.
mod widened {
    use super::*;

    #[experiment(result = "twice")]
    pub(crate) fn grown(p: &first::Old) -> u64 {
        2 * u64::from(p.k)
    }
}

#[test]
fn a_trajectory_is_not_expanded_with_wider_results() {
    common::with_trajectory_file(|file| {
        let points = || first::Old::names().k.over([0, 1]);
        drop(Environment::new(file).serial().run::<first::grown>(points()).unwrap());
        let before = std::fs::read(file).unwrap();
        let more = first::Old::names().k.over([7]);
        let refused = Environment::new(file).expand::<widened::grown>(more).unwrap_err().to_string();
        assert!(refused.contains("the result `twice` is `u32` in the file but `u64` in the program"), "{refused}");
        assert_eq!(std::fs::read(file).unwrap(), before);
    });
}

/// A program whose added results change their types.
fn changing(p: &first::Old, run: &mut Run) -> u32 {
    match run.index() {
        0 => run.add_result("added", 1.0),
        1 if p.dropped == 2 => run.add_result("added", vec![1.0]),
        1 => run.add_result("added.inside", 1.0),
        _ => {}
    }
    p.k
}

#[test]
fn an_added_result_has_one_type_in_a_file_and_in_memory() {
    common::with_trajectory_file(|file| {
        for (dropped, expected) in [
            (2, "the result `added` is `f64[_]` in run 1 but `f64` in runs before; store it under another name"),
            (3, "run 1 adds the result `added.inside` where runs before have `added`"),
        ] {
            for environment in [Environment::new(file), Environment::in_memory()] {
                let points = first::Old::names().k.over(0..3);
                let environment = environment.serial().with_parameters(first::Old { dropped, ..default() });
                let refused = environment.run_with("changing", points, changing).unwrap_err().to_string();
                assert!(refused.starts_with(expected), "{refused}");
            }
        }
    });
}

/// A program that forgot what it explored.
mod forgetful {
    use super::*;

    #[parameters]
    pub(crate) struct None {
        #[param(default = 2)]
        pub dropped: u32,
    }

    #[experiment(result = "twice")]
    pub(crate) fn grown(p: &None) -> u32 {
        p.dropped
    }
}

#[test]
fn a_program_without_an_explored_parameter_reads_but_does_not_resume() {
    common::with_trajectory_file(|file| {
        drop(Environment::new(file).serial().run::<first::grown>(first::Old::names().k.over(0..4)).unwrap());
        let traj = Trajectory::<forgetful::grown>::open(file).unwrap();
        assert_eq!(traj.all(forgetful::grown::results()).unwrap()[3], 6);
        drop(traj);
        let refused = Environment::new(file).resume::<forgetful::grown>().unwrap_err().to_string();
        assert!(refused.contains("the file explores the parameter `k`, which the program does not know"), "{refused}");
    });
}

/// A program that counts in other units.
mod other_units {
    use super::*;

    #[parameters]
    pub(crate) struct Cell {
        #[param(default = 10.0, unit = "ms")]
        pub tau: f64,
        #[param(default = 1.0)]
        pub input: f64,
    }

    #[experiment(result = "rate")]
    pub(crate) fn fire(p: &Cell) -> f64 {
        p.input / p.tau
    }

    pub(crate) mod later {
        use super::*;

        #[parameters]
        pub(crate) struct Cell {
            #[param(default = 0.01, unit = "s")]
            pub tau: f64,
            #[param(default = 1.0, unit = "nA")]
            pub input: f64,
        }

        #[experiment(result = "rate")]
        pub(crate) fn fire(p: &Cell) -> f64 {
            p.input / p.tau
        }
    }
}

#[test]
fn numbers_in_other_units_are_not_taken_for_ones_own() {
    use other_units::{Cell, fire, later};

    common::with_trajectory_file(|file| {
        drop(Environment::new(file).serial().run::<fire>(Cell::names().tau.over([5.0, 10.0])).unwrap());
        let refused = Trajectory::<later::fire>::open(file).unwrap_err().to_string();
        assert!(refused.contains("the parameter `tau` is in `ms` in the file but in `s` in the program"), "{refused}");
        assert!(!refused.contains("input"), "a unit may be added: {refused}");
        let more = later::Cell::names().tau.over([0.02]);
        assert!(Environment::new(file).expand::<later::fire>(more).is_err());

        let (other, joined) = (file.with_extension("other.h5"), file.with_extension("joined.h5"));
        drop(Environment::new(&other).serial().run::<later::fire>(later::Cell::names().tau.over([0.02])).unwrap());
        let refused = pypet::merge(&joined, [file, &*other], &pypet::trajectory::MergeOptions::default()).unwrap_err();
        let refused = refused.to_string();
        assert!(refused.contains("the parameter `tau` is in `ms` in the first but in `s` in the second"), "{refused}");
    });
}
