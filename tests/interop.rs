//! Strangers understand our files: h5py, and xarray with both of its engines.
//!
//! The scripts in `tests/python` hold what is expected; they know nothing of this crate.

mod common;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ndarray::{ArrayD, array};
use num_complex::Complex;
use pypet::prelude::*;
use serde::{Deserialize, Serialize};
use sprs::CsMat;
use uom::si::f64::Length;
use uom::si::length::millimeter;

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

#[test]
fn python_reads_what_rust_wrote_kind_by_kind() {
    common::with_trajectory_file(|file| {
        Environment::new(file).serial().run::<every_value>(Exploration::single()).expect("one small run succeeds");
        println!("{}", common::python::run("values.py", [file]));
    });
}

/// A current over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Stimulus {
    /// From one value to another, or for ever.
    Ramp { from: f64, to: Option<f64> },
}

/// A potential that is no other number.
#[derive(Debug, Clone, PartialEq, ParamValue)]
struct Millivolt(f64);

#[parameters]
struct Nothing {}

/// A set in a set.
#[results]
struct Layer {
    /// Mean of all cells.
    #[result(unit = "Hz")]
    rate: f64,
    #[result(dims = ["cell"])]
    of_each: [f32; 2],
    #[result(group)]
    events: Table,
}

#[results]
struct EveryValue {
    i_8: i8,
    i_16: i16,
    i_32: i32,
    i_64: i64,
    i_128: i128,
    u_8: u8,
    u_16: u16,
    u_32: u32,
    u_64: u64,
    u_128: u128,
    non_zero: NonZero<u16>,
    f_16: half::f16,
    f_32: f32,
    f_64: f64,
    boolean: bool,
    character: char,
    string: String,
    choice: Method,
    complex_32: Complex<f32>,
    complex_64: Complex<f64>,
    no_float: Option<f64>,
    some_float: Option<f64>,
    no_count: Option<u32>,
    some_count: Option<u32>,
    some_text: Option<String>,
    span: Duration,
    time: SystemTime,
    bytes: Vec<u8>,
    list: Vec<f64>,
    points: Vec<[i32; 2]>,
    nested: [[f64; 2]; 2],
    matrix: Array2<u16>,
    lists: Vec<Vec<i64>>,
    tuple: (f64, String),
    map: BTreeMap<String, f64>,
    #[result(serde)]
    by_serde: Stimulus,
    #[result(serde = "cbor")]
    by_cbor: (u8, u8),
    newtype: Millivolt,
    length: Length,
    truths: Vec<bool>,
    texts: Vec<String>,
    spans: Vec<Duration>,
    complexes: [Complex<f64>; 2],
    single_element: ndarray::Array0<f32>,
    boxed: Box<i64>,
    boxed_list: Box<[u16]>,
    shared_text: Arc<str>,
    borrowed: Cow<'static, str>,
    /// One of several.
    #[result(group)]
    layer: Layer,
    #[result(group)]
    any_rank: ArrayD<i16>,
    /// Rows of this run.
    #[result(group)]
    table: Table,
    #[result(group)]
    sparse: CsMat<i64>,
}

/// Yields values that `tests/python/values.py` knows.
#[experiment]
fn every_value(_: &Nothing) -> EveryValue {
    EveryValue {
        i_8: i8::MIN,
        i_16: i16::MIN,
        i_32: i32::MIN,
        i_64: i64::MIN,
        i_128: i128::MIN,
        u_8: u8::MAX,
        u_16: u16::MAX,
        u_32: u32::MAX,
        u_64: u64::MAX,
        u_128: u128::MAX,
        non_zero: NonZero::new(7).expect("seven is not zero"),
        f_16: half::f16::from_f32(0.1),
        f_32: 0.1,
        f_64: 0.1,
        boolean: true,
        character: 'ß',
        string: "Grüße\0🧠".into(),
        choice: Method::RungeKutta,
        complex_32: Complex::new(1.0, -2.0),
        complex_64: Complex::new(0.1, 0.2),
        no_float: None,
        some_float: Some(2.5),
        no_count: None,
        some_count: Some(3),
        some_text: Some("a".into()),
        span: Duration::from_nanos(1_500_000_001),
        time: SystemTime::UNIX_EPOCH - Duration::from_nanos(1),
        bytes: vec![0, 255],
        list: vec![0.5, -0.0],
        points: vec![[1, 2], [3, 4]],
        nested: [[1.0, 2.0], [3.0, 4.0]],
        matrix: array![[1, 2, 3], [4, 5, 6]],
        lists: vec![vec![1], vec![], vec![2, 3]],
        tuple: (f64::INFINITY, "x".into()),
        map: BTreeMap::from([("a".into(), 1.0), ("ä".into(), -0.5)]),
        by_serde: Stimulus::Ramp { from: 0.25, to: None },
        by_cbor: (1, 2),
        newtype: Millivolt(-65.0),
        length: Length::new::<millimeter>(2.0),
        truths: vec![true, false],
        texts: vec!["ä".into(), String::new()],
        spans: vec![Duration::from_nanos(1), Duration::ZERO],
        complexes: [Complex::new(0.0, 1.0), Complex::new(-1.0, 0.5)],
        single_element: ndarray::arr0(0.5),
        boxed: Box::new(-5),
        boxed_list: Box::new([1, 2]),
        shared_text: "shared".into(),
        borrowed: "borrowed".into(),
        layer: Layer { rate: 12.5, of_each: [0.5, -0.0], events: Table::new().with("at", vec![1_u8, 2]) },
        any_rank: array![[[1, 2, 3]], [[4, 5, 6]]].into_dyn(),
        table: Table::new().with("time", vec![0.5, 1.5]).with("word", ["a", "b"].map(String::from)),
        sparse: CsMat::new((2, 3), vec![0, 1, 3], vec![1, 0, 2], vec![2, 3, 4]),
    }
}

/// Arrays as parameters.
#[parameters]
pub struct Filter {
    /// Explored, and of one length.
    #[param(default = vec![0.0; 3])]
    kernel: Vec<f64>,
    /// Explored in lock step with the kernel.
    #[param(default = [[0; 2]; 2])]
    shifts: [[i32; 2]; 2],
    #[param(default = 1.0)]
    gain: f64,
    /// A derived one that varies.
    #[param(derived = self.kernel.iter().map(|weight| weight * self.gain).collect())]
    scaled: Vec<f64>,
}

#[experiment(result = "response")]
fn filtered(p: &Filter) -> Vec<f64> {
    p.scaled.clone()
}

#[test]
fn arrays_that_are_explored_have_dimensions_of_their_own() {
    common::with_trajectory_file(|file| {
        let p = Filter::names();
        let kernels = |n: u8| {
            let kernels = (0..n).map(|i| vec![f64::from(i); 3]);
            p.kernel.over(kernels).zip(p.shifts.over((0..n).map(|i| [[i.into(), 1], [2, 3]]))).expect("of one length")
        };
        let environment = Environment::new(file).serial();
        environment.clone().run::<filtered>(kernels(2)).expect("two small runs succeed");
        common::python::run("array_axes.py", [file.as_os_str(), "2".as_ref(), "1".as_ref()]);

        let more = kernels(3) * p.gain.over([1.0, 2.0]);
        environment.clone().expand::<filtered>(more).expect("so do four more");
        common::python::run("array_axes.py", [file.as_os_str(), "3".as_ref(), "2".as_ref()]);

        let longer = p.kernel.over([vec![1.0; 5]]);
        environment.expand::<filtered>(longer).expect("a kernel may be of another length");
        common::python::run("opens.py", [file]);
    });
}
