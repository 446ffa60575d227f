//! `#[derive(ParamValue)]` stands beside `Clone`, `Copy`, `Debug` and `PartialEq`.

use pypet::prelude::*;

#[derive(Debug, Clone, PartialEq, ParamValue)]
enum Method {
    Euler,
    Rk4,
}

fn main() {}
