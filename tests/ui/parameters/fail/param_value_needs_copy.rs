//! `#[derive(ParamValue)]` stands beside `Clone`, `Copy`, `Debug` and `PartialEq`.
//!
//! FIXME: the one missing derive is told four times, since four impls of the runtime need it.

use pypet::prelude::*;

#[derive(Debug, Clone, PartialEq, ParamValue)]
enum Method {
    Euler,
    Rk4,
}

fn main() {}
