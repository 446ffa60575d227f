//! What it costs that commits outlast a power cut: a study with the default durability against one with none.
//!
//! `cargo bench --bench durability` carries out runs of a millisecond and of ten microseconds, one study with each level in turn,
//! and prints the ratio of each pair. The contract is a median of at most 1.05 for runs of a millisecond and longer.

use std::path::Path;
use std::time::{Duration, Instant};

use pypet::environment::Durability;
use pypet::prelude::*;

const N_PAIRS: usize = 5;
/// How long the runs of one study take together.
const STUDY: Duration = Duration::from_secs(4);

/// How long a run takes.
#[parameters]
struct Load {
    #[param(default = 0)]
    k: u64,
    #[param(default = 0.0, unit = "s")]
    seconds: f64,
}

/// A number and a short trace.
#[results]
struct Yield {
    y: f64,
    trace: [f64; 100],
}

#[experiment]
fn spin(p: &Load) -> Yield {
    let begun = Instant::now();
    while begun.elapsed().as_secs_f64() < p.seconds {
        std::hint::spin_loop();
    }
    Yield { y: p.k as f64, trace: [p.k as f64; 100] }
}

/// Seconds that a study takes.
fn study(folder: &Path, run: Duration, durability: Durability) -> f64 {
    let file = folder.join("study.h5");
    let _ = std::fs::remove_file(&file);
    let n_runs = u64::try_from(STUDY.as_micros() / run.as_micros()).expect("few enough");
    let environment = Environment::new(&file).serial().with_durability(durability);
    let presets = Load { seconds: run.as_secs_f64(), ..Load::default() };
    let begun = Instant::now();
    environment.with_parameters(presets).run::<spin>(Load::names().k.over(0..n_runs)).expect("the study runs");
    begun.elapsed().as_secs_f64()
}

fn main() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    for run in [Duration::from_millis(1), Duration::from_micros(10)] {
        let mut ratios: Vec<f64> = Vec::new();
        for pair in 0..N_PAIRS {
            // Whoever comes first in a pair changes, so that a drift of the machine favours nobody.
            let mut levels = [Durability::Commit, Durability::None];
            levels.rotate_left(pair % 2);
            let seconds = levels.map(|level| study(folder.path(), run, level));
            let (commit, none) = if pair % 2 == 0 { (seconds[0], seconds[1]) } else { (seconds[1], seconds[0]) };
            println!("runs of {run:?}: commit {commit:.3} s, none {none:.3} s, ratio {:.3}", commit / none);
            ratios.push(commit / none);
        }
        ratios.sort_by(f64::total_cmp);
        println!("runs of {run:?}: median ratio {:.3}", ratios[N_PAIRS / 2]);
    }
}
