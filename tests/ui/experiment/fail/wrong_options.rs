//! Options of experiments are spelt right and name functions.

use pypet::prelude::*;

#[parameters]
struct Params {
    #[param(default = 1.0)]
    x: f64,
}

#[experiment(explores = points)]
fn misspelt(p: &Params) -> f64 {
    p.x
}

#[experiment(explore = "points", result = z)]
fn of_another_kind(p: &Params) -> f64 {
    p.x
}

fn main() {}
