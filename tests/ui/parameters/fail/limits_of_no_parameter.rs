//! What cannot be a parameter has no limits either; it is told once.

use std::time::Instant;

use pypet::prelude::*;

enum Method {
    Euler,
}

#[parameters]
struct Neuron {
    #[param(default = Instant::now(), range = ..Instant::now())]
    refractory: Instant,
    #[param(default = Method::Euler, choices = [Method::Euler])]
    method: Method,
    #[param(group, default = 1.0)]
    weight: f64,
}

fn main() {}
