//! Ranges and choices are of the parameter's own type, and only for what can be set.

use pypet::prelude::*;

#[parameters]
struct Neuron {
    #[param(default = 1.0, range = 0..=2)]
    i: f64,
    #[param(default = 1, choices = [1.5, 2.5])]
    n: i32,
    #[param(default = 1, range = LIMITS)]
    k: i32,
    #[param(default = 1, range = 0..5, choices = [1, 2])]
    m: i32,
    #[param(derived = self.k, range = 0..5)]
    l: i32,
}

fn main() {}
