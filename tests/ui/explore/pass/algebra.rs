//! Explorations of one parameter set combine, over groups and types.
#![forbid(unsafe_code)]
#![deny(warnings)]

use pypet::prelude::*;

#[parameters]
struct Neuron {
    #[param(default = 10.0)]
    tau: f64,
    #[param(default = 1)]
    n: usize,
}

#[parameters]
struct Network {
    pre: Neuron,
    post: Neuron,
    #[param(default = "random")]
    kind: String,
}

fn main() {
    let p = Network::names();
    let taus = p.pre.tau.over(linspace(1.0, 2.0, 3));
    let sizes = p.post.n.over([1, 2]);
    let kinds = p.kind.over(["ring".to_owned(), "random".to_owned()]);
    assert_eq!((taus * sizes * kinds).len(), 12);
}
