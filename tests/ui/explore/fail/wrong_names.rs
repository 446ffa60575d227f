//! An exploration names parameters that exist, with values of their type, all of one parameter set.

use pypet::prelude::*;

#[parameters]
struct Neuron {
    #[param(default = 1.0)]
    tau: f64,
}

#[parameters]
struct Params {
    #[param(default = 1.0)]
    x: f64,
    #[param(default = 1)]
    n: usize,
    neuron: Neuron,
}

#[parameters]
struct Others {
    #[param(default = 1.0)]
    y: f64,
}

#[experiment(explore = points_of_others)]
fn simulate(p: &Params) -> f64 {
    p.x
}

fn points_of_others() -> Exploration<Others> {
    Others::names().y.over([1.0])
}

fn unknown_parameter() -> Exploration<Params> {
    Params::names().neuron.tau_ref.over([1.0])
}

fn unknown_group() -> Exploration<Params> {
    Params::names().synapse.tau.over([1.0])
}

fn wrong_value() -> Exploration<Params> {
    Params::names().x.over(["fast", "slow"])
}

fn whole_for_real() -> Exploration<Params> {
    Params::names().x.over([1, 2, 3])
}

fn real_for_whole() -> Exploration<Params> {
    Params::names().n.over(linspace(0.0, 1.0, 3))
}

fn mixed_sets() -> Exploration<Params> {
    Params::names().x.over([1.0]) * Others::names().y.over([1.0])
}

fn main() {}
