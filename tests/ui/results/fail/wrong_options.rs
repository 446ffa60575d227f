//! Options of results are spelt right, and names differ.

use pypet::prelude::*;

#[results]
struct Firing {
    #[result(units = "Hz")]
    rate: f64,
    #[result(dims = "time")]
    v: Array1<f64>,
    #[result(compress = 10)]
    trace: Vec<f64>,
    rate: f64,
    #[result(group, compress = 4)]
    table: Table,
}

fn main() {}
