//! `#[parameters]` goes on a struct with named fields.

use pypet::prelude::*;

#[parameters]
enum Method {
    Euler,
}

#[parameters]
struct Tau(#[param(default = 1.0)] f64);

#[parameters]
struct Nothing;

#[parameters]
fn simulate() {}

#[parameters]
struct Cell<T> {
    #[param(default = 1.0)]
    tau: T,
}

fn main() {}
