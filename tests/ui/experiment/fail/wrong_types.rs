//! An experiment takes a parameter set and returns what can be stored; its helpers fit it.

use pypet::prelude::*;

#[parameters]
struct Params {
    #[param(default = 1.0)]
    x: f64,
}

struct Bare;
struct Network;
struct Other;

fn build_other() -> Other {
    Other
}

fn other_points() -> f64 {
    1.0
}

fn points_or_bare() -> Result<Exploration<Params>, Bare> {
    Err(Bare)
}

#[experiment]
fn no_parameters(_p: &Bare) -> f64 {
    1.0
}

#[experiment]
fn not_storable(_p: &Params) -> Bare {
    Bare
}

#[experiment]
fn fails_oddly(p: &Params) -> Result<f64, Bare> {
    Ok(p.x)
}

#[experiment(prepare = build_other)]
fn other_shared(p: &Params, _network: &Network) -> f64 {
    p.x
}

#[experiment]
fn other_run(p: &Params, _run: &mut Network) -> f64 {
    p.x
}

#[experiment(explore = other_points)]
fn no_exploration(p: &Params) -> f64 {
    p.x
}

#[experiment(explore = points_or_bare)]
fn odd_error(p: &Params) -> f64 {
    p.x
}

#[experiment(explore = missing_points)]
fn misspelt(p: &Params) -> f64 {
    p.x
}

fn main() {}
