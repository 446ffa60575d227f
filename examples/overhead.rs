//! # Lesson 8: overhead
//!
//! What a run costs beside the simulation. The function does next to nothing, so nearly all of the time is pypet's; a
//! million runs take well below a second and 45 bytes of file each, parameter, result and run table together.
//!
//! ```text
//! cargo run --release --example overhead -- run --threads 1 --explore x=0:1:1000000
//! cargo run --release --example overhead -- status hdf5/overhead.h5    # runs per second
//! ls -l hdf5/overhead.h5
//! ```
//!
//! What to look at afterwards: the same on two threads, and with `--durability none`. What a commit costs is paid once a
//! second and not by each run, so neither changes much. `cargo bench --bench overhead` compares with the bare loop.

use pypet::prelude::*;

/// One number goes in.
#[parameters]
pub struct Input {
    /// The number to be squared.
    #[param(default = 0.0)]
    pub x: f64,
}

/// One number comes out.
#[experiment(explore = a_thousand, result = "y")]
fn overhead(p: &Input) -> f64 {
    p.x * p.x
}

/// A thousand points; `--explore` asks for as many as you like.
fn a_thousand() -> Exploration<Input> {
    Input::names().x.over(linspace(0.0, 1.0, 1000))
}

pypet::main!();
