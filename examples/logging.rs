//! # Lesson 5: logging
//!
//! A simulation says what it is at with the macros of the crate `tracing`, as any program does, and the log of the
//! trajectory has the run in every line. Nothing needs to be set up: the log is beside the file.
//!
//! ```text
//! cargo run --example logging                                               # 6 runs into hdf5/logging.h5
//! cargo run --example logging -- show hdf5/logging.h5 --log --run 2         # what run 2 said
//! cargo run --example logging -- show hdf5/logging.h5 --log --level warn    # what is worth a look
//! cargo run --example logging -- run --log-level info,logging::newton=debug --log-dir 'logs/$traj'
//! ```
//!
//! What to look at afterwards: `hdf5/logging.logs/logging.log`, and beside it `logging.errors.log` with the run that
//! failed. The last command keeps the steps of Newton's method too, in a folder of its own.

use pypet::prelude::*;
use tracing::{info, warn};

/// A root to look for.
#[parameters]
pub struct Search {
    /// The number whose square root is wanted.
    #[param(default = 2.0)]
    pub number: f64,
    /// Where the search begins.
    #[param(default = 1.0, range = 0.0..)]
    pub start: f64,
}

/// A square root by Newton's method.
#[experiment(explore = numbers, result = "root")]
fn logging(p: &Search) -> Result<f64, String> {
    info!(number = p.number, "looking for a root");
    let root = newton::square_root(p.number, p.start)?;
    if root > 1e3 {
        warn!(root, "a large root");
    }
    Ok(root)
}

mod newton {
    //! A solver with a target of its own: the path of its module, `logging::newton`.

    use tracing::{debug, debug_span};

    /// The square root of a number.
    pub(super) fn square_root(number: f64, start: f64) -> Result<f64, String> {
        // What is logged within the span has its name and fields.
        let _span = debug_span!("newton", start).entered();
        let mut x = start;
        for step in 0..60 {
            let next = x.midpoint(number / x);
            debug!(step, x = next, "step");
            if (next - x).abs() <= 1e-12 * next.abs() {
                return Ok(next);
            }
            x = next;
        }
        Err(format!("no root of {number} after 60 steps"))
    }
}

fn numbers() -> Exploration<Search> {
    let p = Search::names();
    p.number.over([1.0, 2.0, 1e7, -2.0]) + p.number.over([9.0]) * p.start.over([2.0, 3.0])
}

pypet::main!();
