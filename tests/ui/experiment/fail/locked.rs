//! Parameters are locked in a run.

use pypet::prelude::*;

#[parameters]
struct Neuron {
    #[param(default = 1.0)]
    tau: f64,
}

#[parameters]
struct Params {
    #[param(default = 1.0)]
    x: f64,
    neuron: Neuron,
}

#[experiment]
fn simulate(p: &Params) -> f64 {
    p.x = 2.0;
    p.neuron.tau *= 2.0;
    p.x
}

fn main() {}
