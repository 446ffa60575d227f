//! Strangers understand our files: h5py, and xarray with both of its engines.
//!
//! The scripts in `tests/python` hold what is expected; they know nothing of this crate.

mod common;

use ndarray::array;
use pypet::prelude::*;

#[test]
fn h5py_and_xarray_find_the_documented_layout() {
    let printed = common::examples::with_file_of("firing_rate", |file| common::python::run("layout.py", [file]));
    assert_eq!(printed.trim(), "(303,) (3, 101)");
}

#[test]
fn every_kind_of_value_arrives_in_python() {
    common::with_trajectory_file(|file| {
        Environment::new(file).with_threads(1).run::<kinds>(runs()).expect("four small runs succeed");
        common::python::run("kinds.py", [file]);
    });
}

/// How to integrate.
#[derive(ParamValue, Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// First order.
    Euler,
    /// Fourth order.
    RungeKutta,
}

/// One parameter of every kind.
#[parameters]
pub struct Kinds {
    /// Explored: tells the runs apart.
    #[param(default = 0)]
    pub k: u8,
    /// Text beyond ASCII.
    #[param(default = "Ünïcode".to_string())]
    pub title: String,
    /// An enum.
    #[param(default = Method::Euler)]
    pub method: Method,
    /// Truth.
    #[param(default = true)]
    pub verbose: bool,
    /// A list with a unit.
    #[param(default = vec![0.5, 0.25], unit = "nS")]
    pub weights: Vec<f64>,
    /// Beyond the signed integers.
    #[param(default = u64::MAX)]
    pub seed: u64,
}

/// One result of every kind.
#[results]
pub struct AllKinds {
    i_8: i8,
    i_16: i16,
    i_32: i32,
    i_64: i64,
    u_8: u8,
    u_16: u16,
    u_32: u32,
    u_64: u64,
    f_32: f32,
    even: bool,
    word: String,
    method: Method,
    counts: [i32; 3],
    mask: [bool; 2],
    #[result(dims = ["row", "column"])]
    image: Array2<f32>,
    spikes: Vec<f64>,
}

fn runs() -> Exploration<Kinds> {
    Kinds::names().k.over(0..4)
}

/// Yields values that `tests/python/kinds.py` knows.
#[experiment]
fn kinds(p: &Kinds, run: &mut Run) -> AllKinds {
    let k = p.k;
    let even = k.is_multiple_of(2);
    if !even {
        run.add_result("extra", 10.0 * f64::from(k));
    }
    let words = ["", "plain", "Grüße aus Zürich, 東京 🧠", "a longer text with several words in it"];
    let pixel = f32::from(k);
    AllKinds {
        i_8: -(k.cast_signed()),
        i_16: -1000 * i16::from(k),
        i_32: -100_000 * i32::from(k),
        i_64: -(1 << 62) + i64::from(k),
        u_8: u8::MAX - k,
        u_16: u16::MAX - u16::from(k),
        u_32: u32::MAX - u32::from(k),
        u_64: u64::MAX - u64::from(k),
        f_32: f32::from(k) / 2.0,
        even,
        word: words[usize::from(k)].into(),
        method: if even { Method::Euler } else { Method::RungeKutta },
        counts: [1, 10, 100].map(|n| n * i32::from(k)),
        mask: [even, !even],
        image: array![[pixel; 3], [2.0 * pixel; 3]],
        spikes: vec![f64::from(k) + 0.5; usize::from(k)],
    }
}
