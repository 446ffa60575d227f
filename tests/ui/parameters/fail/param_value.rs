//! `#[derive(ParamValue)]` is for enums without fields, whose names differ.

use pypet::prelude::*;

#[derive(ParamValue)]
struct Tau {
    ms: f64,
}

#[derive(Debug, Clone, PartialEq, ParamValue)]
enum Input {
    Off,
    Constant(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
enum Method {
    #[param(rename = "Rk4")]
    Euler,
    Rk4,
}

fn main() {}
