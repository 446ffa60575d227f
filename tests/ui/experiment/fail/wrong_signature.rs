//! An experiment is a function `fn f(p: &Params, shared: &Shared, run: &mut Run) -> Results`.

use pypet::prelude::*;

#[parameters]
struct Params {
    #[param(default = 1.0)]
    x: f64,
}

struct Network;

fn build() -> Network {
    Network
}

#[experiment]
fn nothing() {}

#[experiment]
fn by_value(p: Params) -> f64 {
    p.x
}

#[experiment]
fn unlocked(p: &mut Params) -> f64 {
    p.x
}

#[experiment]
fn run_first(_run: &mut Run, p: &Params) -> f64 {
    p.x
}

#[experiment]
fn unprepared(p: &Params, _network: &Network) -> f64 {
    p.x
}

#[experiment(prepare = build)]
fn not_shared(p: &Params) -> f64 {
    p.x
}

#[experiment(prepare = build)]
fn wrong_order(p: &Params, _run: &mut Run, _network: &Network) -> f64 {
    p.x
}

#[experiment]
fn unchanged_run(p: &Params, _run: &Run) -> f64 {
    p.x
}

#[experiment(prepare = build)]
fn too_many(p: &Params, _network: &Network, _run: &mut Run, _n: &usize) -> f64 {
    p.x
}

#[experiment]
async fn later(p: &Params) -> f64 {
    p.x
}

#[experiment]
fn generic<T>(p: &Params) -> f64 {
    p.x
}

#[experiment]
fn hidden(p: &Params) -> impl Sized {
    p.x
}

fn main() {}
