//! A derived parameter follows from parameters above it.

use pypet::prelude::*;

#[parameters]
struct Simulation {
    #[param(default = 1000.0)]
    duration: f64,
    #[param(derived = (self.duration / self.dt) as usize)]
    steps: usize,
    #[param(default = 0.1)]
    dt: f64,
    #[param(derived = self.own + 1)]
    own: usize,
    #[param(derived = self.step_size)]
    half: f64,
    #[param(derived = count(self))]
    all: usize,
    #[param(default = self.dt)]
    copy: f64,
}

#[parameters]
struct Mismatch {
    #[param(default = 0.5)]
    x: f64,
    #[param(derived = self.x * 2.0)]
    n: usize,
}

fn main() {}
