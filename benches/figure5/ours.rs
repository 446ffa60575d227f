//! pypet in Rust: the programs that a user would write.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use ndarray::{Array1, Array2};
use pypet::prelude::*;

use super::{Case, Phase, random, random_array, sampled};

/// What tells the runs apart, and something that does not.
#[parameters]
struct Input {
    /// Number of the run.
    #[param(default = 0)]
    x: u64,
    /// The same in every run.
    #[param(default = 1.0)]
    scale: f64,
}

/// A random number.
#[experiment(result = "z")]
fn returned(p: &Input) -> f64 {
    p.scale * random(p.x)
}

/// A random number that the run stores itself.
#[experiment]
fn stored(p: &Input, run: &mut Run) {
    run.add_result("z", p.scale * random(p.x));
}

/// A random array.
#[experiment(result = "z")]
fn array(p: &Input) -> Array2<f64> {
    random_array(p.x)
}

pub(super) fn carry_out(case: Case, n_runs: usize, phase: Phase, folder: &Path, n_threads: usize) -> Duration {
    let file = folder.join("trajectory.h5");
    let begun = Instant::now();
    match phase {
        Phase::Run => {
            let environment = Environment::new(&file).with_threads(n_threads);
            let points = Input::names().x.over(0..n_runs as u64);
            let done = match case {
                Case::Returned => environment.run::<returned>(points).map(drop),
                Case::Stored => environment.run::<stored>(points).map(drop),
                Case::Array => environment.run::<array>(points).map(drop),
            };
            done.expect("the study is carried out");
        }
        Phase::LoadAll => {
            let any = AnyTrajectory::open(&file).expect("the file can be read");
            black_box(any.get::<Array1<u64>>("explored.x").expect("the parameters can be read"));
            if case == Case::Array {
                black_box(any.get::<ndarray::Array3<f64>>("results.z").expect("the arrays can be read"));
            } else {
                black_box(any.get::<Array1<f64>>("results.z").expect("the numbers can be read"));
            }
        }
        Phase::LoadEach => {
            let any = AnyTrajectory::open(&file).expect("the file can be read");
            for run in sampled(n_runs) {
                black_box(any.rows("results.z", run..run + 1).expect("the run can be read"));
            }
            return begun.elapsed().mul_f64(n_runs as f64 / sampled(n_runs).count() as f64);
        }
    }
    begun.elapsed()
}
