//! Options are spelt right, have a value of the right kind, and are given once.

use pypet::prelude::*;

#[parameters(root = other)]
struct Neuron {
    #[param(defualt = 1.0)]
    tau_v: f64,
    #[param(default = 1.0, unit = ms)]
    tau_ref: f64,
    #[param(default)]
    i: f64,
    #[param(default = 1.0, default = 2.0)]
    v_init: f64,
}

fn main() {}
