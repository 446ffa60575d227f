//! A parameter holds a storable value; a field without `#[param]` is a parameter set.

use std::collections::HashMap;
use std::time::Instant;

use pypet::prelude::*;

struct Bare;

enum Method {
    Euler,
}

#[parameters]
struct Neuron {
    #[param(default = Instant::now())]
    refractory: Instant,
    #[param(default = HashMap::new())]
    weights: HashMap<u8, f64>,
    #[param(default = Method::Euler, unit = "1")]
    method: Method,
    bare: Bare,
}

#[parameters]
struct Network {
    neuron: Neuron,
}

fn main() {
    let p = Network::names();
    let _ = p.neuron.method;
    let _ = Network::default().clone();
}
