//! # Lesson 4: isolation
//!
//! A solver that sometimes crashes: for some settings it diverges and aborts the whole program, as a library in C or
//! Fortran does, and for some it never comes to an end. On threads one such run would end the study. Worker processes
//! survive it: why a run has no result is recorded, and all others have theirs.
//!
//! ```text
//! cargo run --example isolation -- run --engine processes --timeout 0.3     # 41 runs into hdf5/isolation.h5
//! cargo run --example isolation -- show hdf5/isolation.h5 runs.errors.message
//! cargo run --example isolation -- resume hdf5/isolation.h5 --failed --retries 1 --engine processes --timeout 1
//! ```
//!
//! What to look at afterwards: `runs/errors`, where the eight runs that diverged and the one without end stand with
//! their reasons. Leave `--engine processes` away to see what happens on threads.

use pypet::prelude::*;

/// A spring that is integrated with a fixed step.
#[parameters]
pub struct Spring {
    /// Stiffness of the spring.
    #[param(default = 1.0, unit = "N/m", range = 0.0..)]
    pub stiffness: f64,
    /// Step of the integration.
    #[param(default = 0.1, unit = "s", range = 0.0..)]
    pub step: f64,
}

/// Energy of the spring after ten seconds, by a solver that takes no care of itself.
#[experiment(explore = settings, result = "energy")]
fn isolation(p: &Spring) -> f64 {
    let (mut x, mut v) = (1.0_f64, 0.0_f64);
    let mut time = 0.0;
    // A step of zero never gets there.
    while time < 10.0 {
        v -= p.stiffness * x * p.step;
        x += v * p.step;
        time += p.step;
        if x.abs() > 1e3 {
            diverged(time);
        }
    }
    0.5 * (v * v + p.stiffness * x * x)
}

/// What solvers do that were written for one run at a time.
#[expect(clippy::disallowed_methods, reason = "this is what the lesson is about")]
fn diverged(time: f64) -> ! {
    eprintln!("solver: diverged at t = {time:.1} s");
    std::process::abort()
}

/// Ten springs with four steps, some of which are too large; and one without a step.
fn settings() -> Exploration<Spring> {
    let p = Spring::names();
    p.stiffness.over(linspace(1.0, 10.0, 10)) * p.step.over([0.01, 0.1, 0.7, 1.0])
        + p.stiffness.over([1.0]) * p.step.over([0.0])
}

pypet::main!();
