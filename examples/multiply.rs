//! # Lesson 1: multiply
//!
//! The smallest whole experiment, and the first program of Python's pypet: z = x · y for every combination of
//! x in 1, 2, 3, 4 and y in 6, 7, 8. It teaches the three parts of every program: parameters, a function of
//! them, and the points to visit.
//!
//! ```text
//! cargo run --example multiply                            # 12 runs into hdf5/multiply.h5
//! cargo run --example multiply -- run --set x=10 --explore y=0:1:11
//! cargo run --example multiply -- params                  # what can be set, with comments and defaults
//! ```
//!
//! What to look at afterwards: every result stands beside its parameters, labelled, for any HDF5 reader.
//!
//! ```text
//! python3 -c "import xarray; print(xarray.open_dataset('hdf5/multiply.h5', group='multiply/grid').z)"
//! ```

use pypet::prelude::*;

/// Two numbers to be multiplied.
#[parameters]
pub struct Factors {
    /// The first factor.
    #[param(default = 1.0)]
    pub x: f64,
    /// The second factor.
    #[param(default = 1.0)]
    pub y: f64,
}

/// Multiplies two numbers.
#[experiment(explore = all_pairs, result = "z")]
fn multiply(p: &Factors) -> f64 {
    p.x * p.y
}

/// Four values times three: twelve points, the right factor varies fastest.
fn all_pairs() -> Exploration<Factors> {
    let p = Factors::names();
    p.x.over([1.0, 2.0, 3.0, 4.0]) * p.y.over([6.0, 7.0, 8.0])
}

pypet::main!();
