//! A parameter has a value: a default, or what it is derived from.

use pypet::prelude::*;

#[parameters]
struct Neuron {
    tau_v: f64,
    #[param(unit = "ms")]
    tau_ref: f64,
    weights: Vec<f64>,
}

#[parameters]
struct Both {
    #[param(default = 1.0)]
    duration: f64,
    #[param(default = 1, derived = self.duration as usize)]
    steps: usize,
}

fn main() {
    let _ = Neuron::names().tau_v.over([1.0, 2.0]);
}
