//! A default has the type of its parameter.

use pypet::prelude::*;

#[parameters]
struct Neuron {
    #[param(default = "fast")]
    tau_v: f64,
    #[param(default = 1.5)]
    n: usize,
}

fn main() {}
