//! An experiment takes parameters, what runs share, and the run; it returns a set, a value, nothing, or a `Result`.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, clippy::pedantic)]

use pypet::prelude::*;

/// Parameters.
#[parameters]
pub struct Params {
    /// A factor.
    #[param(default = 2.0)]
    pub x: f64,
}

/// Results.
#[results]
pub struct Both {
    /// The sum.
    pub sum: f64,
    /// The product.
    pub product: f64,
}

/// What all runs share.
pub struct Table(f64);

fn build() -> Table {
    Table(3.0)
}

fn build_for(presets: &Params) -> Table {
    Table(presets.x)
}

fn points() -> Exploration<Params> {
    Params::names().x.over([1.0, 2.0])
}

fn points_or_error() -> pypet::Result<Exploration<Params>> {
    Ok(Params::names().x.over([1.0]).zip(Params::names().x.over([2.0, 3.0]))?)
}

fn points_of_a_file() -> std::io::Result<Exploration<Params>> {
    Err(std::io::Error::other("there is no file of points"))
}

/// A set.
#[experiment(explore = points)]
pub fn set(p: &Params) -> Both {
    Both { sum: p.x + p.x, product: p.x * p.x }
}

/// A value under a name of its own.
#[experiment(result = "z", explore = points_or_error)]
pub fn value(p: &Params) -> f64 {
    p.x
}

/// Nothing.
#[experiment(explore = points_of_a_file)]
pub fn nothing(_: &Params) {}

/// A set or an error, with all arguments.
///
/// # Errors
/// The factor is negative.
#[experiment(prepare = build_for)]
pub fn everything(p: &Params, table: &Table, run: &mut Run) -> Result<Both, String> {
    run.add_result("index", run.index() as u64);
    if p.x < 0.0 {
        return Err("negative".into());
    }
    Ok(Both { sum: p.x + table.0, product: p.x * table.0 })
}

/// An array, with what is prepared without presets.
#[experiment(prepare = build)]
pub fn with_table(p: &Params, table: &Table) -> Array1<f64> {
    Array1::from_vec(vec![p.x, table.0])
}

/// A value or an error, with the run.
///
/// # Errors
/// Never.
#[experiment]
pub fn with_run(_: &Params, run: &mut Run) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    Ok(u64::try_from(run.index())?)
}

fn main() {
    let p = Params::default();
    assert!((set(&p).sum - 4.0).abs() < 1e-12);
    assert!(value(&p) > 0.0);
    nothing(&p);
    assert_eq!(with_table(&p, &build()).len(), 2);
    assert_eq!(<everything as Experiment>::NAME, "everything");
    assert_eq!(<everything as Experiment>::COMMENT, "A set or an error, with all arguments.\n# Errors The factor is negative.");
    assert_eq!(<value as Experiment>::RESULT, "z");
    assert_eq!(<with_run as Experiment>::RESULT, "with_run");
    assert_eq!(<set as Experiment>::exploration().unwrap().len(), 2);
    assert!(<value as Experiment>::exploration().is_err());
    assert_eq!(<nothing as Experiment>::exploration().unwrap_err().to_string(), "there is no file of points");
    assert!((<everything as Experiment>::prepare(&p).0 - 2.0).abs() < 1e-12);
}
