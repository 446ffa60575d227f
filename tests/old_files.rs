//! Files of every earlier format stay readable, with and without the program that wrote them.
//!
//! `tests/data/format_1_0.h5` was written once by `write_the_file_of_this_format` below and is never written
//! again. A later format gets a file of its own, by the same test under another name.

mod common;

use std::path::{Path, PathBuf};

use ndarray::array;
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
    #[param(derived = self.uint8 as u32 + 1)]
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
    if index % 2 == 0 {
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
