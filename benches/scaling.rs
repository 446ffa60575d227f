//! How well a study uses its threads.
//!
//! `cargo bench --bench scaling` carries out runs that compute for about a millisecond, on one thread and on as many as
//! there are cores, in turn. It prints how many times faster the latter are than one thread (the contract is 97 % of the
//! number of threads), and how much of the threads' time the runs fill, which a busy machine disturbs less. Then it carries
//! out runs of very unequal length and prints for how much of the time threads were idle while there was work left.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use pypet::prelude::*;

const N_RUNS: usize = 4000;
const N_ROUNDS: usize = 5;

/// How much a run computes.
#[parameters]
struct Work {
    #[param(default = 0)]
    k: usize,
    /// Steps of the computation.
    #[param(default = 0)]
    steps: usize,
    /// Whether some runs take up to sixty times as long as others.
    #[param(default = false)]
    unequal: bool,
}

#[experiment(result = "y")]
fn compute(p: &Work) -> f64 {
    // Multiplying by an odd number visits all lengths in an order without pattern.
    let factor = if p.unequal { 1 + p.k * 37 % 61 } else { 31 };
    steps(p.steps / 31 * factor)
}

/// A computation that takes as long as it has steps.
fn steps(n: usize) -> f64 {
    (0..n).fold(1.0, |x: f64, _| black_box(x * 0.999_999 + 1e-6))
}

/// What came of one study.
struct Outcome {
    seconds: f64,
    /// The part of all threads' time that runs took, from the first start of a run to the last end.
    busy: f64,
    /// The same, but to the last start: until then there was work left.
    busy_while_work_is_left: f64,
}

fn study(n_threads: usize, presets: Work) -> Outcome {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file = folder.path().join("scaling.h5");
    let environment = Environment::new(&file).with_threads(n_threads).with_parameters(presets);
    let begun = Instant::now();
    let traj = environment.run::<compute>(Work::names().k.over(0..N_RUNS)).expect("the study runs");
    let seconds = begun.elapsed().as_secs_f64();
    let column = |name: &str| traj.any().get::<Vec<f64>>(name).expect("every run is in the table");
    let started = column("runs.started");
    let runtime = traj.any().get::<Vec<f32>>("runs.runtime").expect("every run is in the table");
    let runs: Vec<(f64, f64)> = started.iter().zip(&runtime).map(|(&start, &time)| (start, f64::from(time))).collect();
    let first = started.iter().copied().fold(f64::INFINITY, f64::min);
    let last_start = started.iter().copied().fold(first, f64::max);
    let last_end = runs.iter().map(|(start, time)| start + time).fold(first, f64::max);
    let busy_until = |end: f64| {
        let busy: f64 = runs.iter().map(|(start, time)| (start + time).min(end) - start.min(end)).sum();
        busy / (n_threads as f64 * (end - first))
    };
    Outcome { seconds, busy: busy_until(last_end), busy_while_work_is_left: busy_until(last_start) }
}

fn main() {
    let n_threads = thread::available_parallelism().map_or(2, usize::from).max(2);
    let begun = Instant::now();
    steps(10_000_000);
    // Ten million steps took this long; a millisecond is enough for these.
    let steps = 10_000_000_000 / begun.elapsed().as_micros().max(1);
    let steps = usize::try_from(steps).expect("a computer is not that fast");
    let presets = || Work { steps, ..Work::default() };
    let (mut speedups, mut busy, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..N_ROUNDS {
        let (one, all) = (study(1, presets()), study(n_threads, presets()));
        speedups.push(one.seconds / all.seconds / n_threads as f64);
        busy.push(all.busy);
        let unequal = study(n_threads, Work { unequal: true, ..presets() });
        idle.push(1.0 - unequal.busy_while_work_is_left);
    }
    println!("{N_RUNS} runs of about a millisecond on {n_threads} threads, median of {N_ROUNDS} rounds");
    println!("{:.1} % of {n_threads} times one thread", median(speedups) * 100.0);
    println!("{:.2} % of the threads' time is filled by runs", median(busy) * 100.0);
    println!("{:.3} % idle while work is left, with runs of 0.03 to 2 ms", median(idle) * 100.0);
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
