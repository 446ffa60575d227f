//! Parameters of one set have different names, older names included.

use pypet::prelude::*;

#[parameters]
struct Neuron {
    #[param(default = 1.0)]
    tau: f64,
    #[param(default = 2.0)]
    tau: f64,
    #[param(default = 3.0, alias = "tau")]
    tau_ref: f64,
}

fn main() {}
