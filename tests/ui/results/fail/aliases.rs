//! A name in older files is that of one result.

use pypet::prelude::*;

#[results]
struct Firing {
    #[result(alias = "rate")]
    rate: f64,
    #[result(alias = "rate", alias = "mean_rate")]
    mean: f64,
    #[result(alias = "mean_rate")]
    peak: f64,
}

fn main() {}
