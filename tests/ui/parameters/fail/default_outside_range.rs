//! A default lies within the declared range, or is one of the declared choices.

use pypet::prelude::*;

#[parameters]
struct Neuron {
    #[param(default = 3.0, range = 0.0..=2.0)]
    i: f64,
    #[param(default = -1, range = 0..)]
    n: i32,
    #[param(default = "rk5", choices = ["euler", "rk4"])]
    method: String,
    #[param(default = 1, range = 5..2)]
    empty: u32,
}

fn main() {}
