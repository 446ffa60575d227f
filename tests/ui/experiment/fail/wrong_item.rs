//! `#[experiment]` goes on a free function.

use pypet::prelude::*;

#[parameters]
struct Params {
    #[param(default = 1.0)]
    x: f64,
}

#[experiment]
struct Simulation;

impl Params {
    #[experiment]
    fn simulate(&self) -> f64 {
        self.x
    }
}

fn main() {}
