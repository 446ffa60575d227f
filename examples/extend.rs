//! # Lesson 5: extend
//!
//! Where does the logistic map x → r·x·(1 − x) begin to oscillate? A coarse look at the growth rate r shows about
//! where; then the study is extended there, again and again, until the place is known to four digits. It teaches
//! how post-processing (`finish`) asks for further points, which join the runs that are there, and how it keeps
//! what it found beside them. A trajectory is extended by hand just so, by `run --expand` or `Environment::expand`:
//! points that are there already are not computed again.
//!
//! ```text
//! cargo run --example extend                                        # until the place is found
//! cargo run --example extend -- run --expand --explore r=2.5:2.9:5    # then points of your own
//! cargo run --example extend -- show hdf5/extend.h5 results.bifurcation
//! ```

use pypet::prelude::*;

/// A population that grows until it starves.
#[parameters]
pub struct Population {
    /// Growth rate per generation.
    #[param(default = 2.5, range = 0.0..=4.0)]
    pub r: f64,
    /// Share of the capacity that is taken at the start.
    #[param(default = 0.4, range = 0.0..=1.0)]
    pub start: f64,
}

/// How far two generations lie apart in the long run; zero where the population settles.
#[experiment(explore = coarse, finish = closer, result = "swing")]
fn extend(p: &Population) -> f64 {
    let next = |x: f64| p.r * x * (1.0 - x);
    let settled = (0..20_000).fold(p.start, |x, _| next(x));
    (settled - next(settled)).abs()
}

/// Growth rates from where the population settles to where it oscillates.
fn coarse() -> Exploration<Population> {
    Population::names().r.over([2.5, 2.9, 3.3])
}

/// Looks between the last rate that settles and the first that swings, until they are close together.
fn closer(traj: &mut Trajectory<extend>) -> Result<Option<Exploration<Population>>, pypet::Error> {
    let swings = traj.all(extend::results())?;
    let (mut settles, mut oscillates) = (0.0_f64, 4.0_f64);
    for run in traj.runs() {
        let r = run.parameters()?.r;
        if swings[run.index()] < 1e-3 {
            settles = settles.max(r);
        } else {
            oscillates = oscillates.min(r);
        }
    }
    traj.add_result("bifurcation", f64::midpoint(settles, oscillates))?;
    traj.annotate("results.swing", "is_settled_below", 1e-3)?;
    if oscillates - settles < 1e-4 {
        return Ok(None);
    }
    Ok(Some(Population::names().r.over(linspace(settles, oscillates, 5))))
}

pypet::main!();
