//! A result can be stored.

use pypet::prelude::*;

struct Trace;

#[results]
struct Firing {
    trace: Trace,
    thread: std::thread::Thread,
    #[result(unit = "Hz")]
    rate: Option<Trace>,
    traces: Vec<Trace>,
    #[result(serde)]
    last: Trace,
    #[result(group)]
    all: f64,
    layer: Layer,
}

#[results]
struct Layer {
    rate: f64,
}

fn main() {
    let _ = Firing::names().trace;
}
