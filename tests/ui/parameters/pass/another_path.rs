//! `crate = …` tells where pypet is found.
#![deny(warnings)]

mod framework {
    pub use pypet as tools;
}

use framework::tools::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
#[param(crate = crate::framework::tools)]
enum Method {
    Euler,
}

#[parameters(crate = crate::framework::tools)]
struct Cell {
    #[param(default = Method::Euler)]
    method: Method,
}

#[results(crate = crate::framework::tools)]
struct Spikes {
    n: u64,
}

#[experiment(crate = crate::framework::tools)]
fn count(p: &Cell) -> Spikes {
    Spikes { n: u64::from(p.method == Method::Euler) }
}

fn main() {
    assert_eq!(count(&Cell::default()).n, 1);
}
