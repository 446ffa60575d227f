//! `#[derive(ParamValue)]` stands beside `Clone`, `Copy`, `Debug` and `PartialEq`.

use pypet::prelude::*;

#[derive(ParamValue)]
enum Method {
    Euler,
    Rk4,
}

fn main() {}
