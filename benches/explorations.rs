//! What it costs to choose points: a product of 10¹², samples of 10⁹, and a filter.
//!
//! `cargo bench --bench explorations` prints the time and the memory that explorations take until they are bound, and what
//! one point costs, beside the bare arithmetic that computes the same point in the same round. Times are medians of several
//! rounds taken in turn, memory is the most that was allocated at once, until they are made and until they are bound.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use pypet::explore::Points;
use pypet::prelude::*;

const N_ROUNDS: usize = 9;
/// Points that are computed in a round.
const N_POINTS: usize = 1_000_000;
/// Values along each of the six axes of the product.
const SIDE: usize = 100;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Six numbers go in.
#[parameters]
struct Box6 {
    #[param(default = 0.0)]
    x0: f64,
    #[param(default = 0.0)]
    x1: f64,
    #[param(default = 0.0)]
    x2: f64,
    #[param(default = 0.0)]
    x3: f64,
    #[param(default = 0.0)]
    x4: f64,
    #[param(default = 0.0)]
    x5: f64,
}

/// Something to explore.
type Case = (&'static str, fn() -> Exploration<Box6>);

const CASES: [Case; 5] = [
    ("product of 10^12 points, 6 axes", product),
    ("latin_hypercube of 10^9 points, 6 dimensions", || latin_hypercube(dimensions(), 1_000_000_000, 1)),
    ("sobol of 10^9 points, 6 dimensions", || sobol(dimensions(), 1_000_000_000)),
    ("random, 10^9 points, 6 dimensions", || random(dimensions(), 1_000_000_000, 1)),
    ("filter that keeps half of 10^6 points", filtered),
];

fn product() -> Exploration<Box6> {
    let (p, values) = (Box6::names(), || linspace(0.0, 1.0, SIDE));
    let outer = p.x0.over(values()) * p.x1.over(values()) * p.x2.over(values());
    outer * p.x3.over(values()) * p.x4.over(values()) * p.x5.over(values())
}

fn dimensions() -> [pypet::explore::Dimension<Box6>; 6] {
    let p = Box6::names();
    [p.x0, p.x1, p.x2, p.x3, p.x4, p.x5].map(|name| name.between(0.0, 1.0))
}

/// Conditions that were asked.
static N_ASKED: AtomicUsize = AtomicUsize::new(0);

fn filtered() -> Exploration<Box6> {
    let (p, values) = (Box6::names(), || linspace(0.0, 1.0, SIDE));
    let cube = p.x0.over(values()) * p.x1.over(values()) * p.x2.over(values());
    cube.filter(|point| {
        N_ASKED.fetch_add(1, Ordering::Relaxed);
        point.x0 > point.x1
    })
}

/// A position far from the one before.
fn scattered(i: usize, len: usize) -> usize {
    i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % len
}

/// The points of the product without any tool.
fn bare_points() -> f64 {
    let values: Vec<f64> = linspace(0.0, 1.0, SIDE).collect();
    let mut sum = 0.0;
    for i in 0..N_POINTS {
        let mut index = scattered(black_box(i), SIDE.pow(6));
        let mut coordinate = || {
            let value = values[index % SIDE];
            index /= SIDE;
            value
        };
        let [x5, x4, x3, x2, x1, x0] = std::array::from_fn(|_| coordinate());
        let point = black_box(Box6 { x0, x1, x2, x3, x4, x5 });
        sum += point.x0 + point.x5;
    }
    sum
}

fn points_of(points: &Points<Box6>) -> f64 {
    let mut sum = 0.0;
    for i in 0..N_POINTS {
        let point = black_box(points.point(scattered(black_box(i), points.len())));
        sum += point.x0 + point.x5;
    }
    sum
}

/// What it takes to make an exploration and to bind it.
#[derive(Clone, Copy, Default)]
struct Cost {
    time: Duration,
    /// Bytes that were allocated at once at most, until it was made and until it was bound.
    made: usize,
    bound: usize,
}

fn construction(of: fn() -> Exploration<Box6>) -> Cost {
    let before = ALLOCATOR.current_usage();
    let most = || ALLOCATOR.peak_usage().saturating_sub(before);
    ALLOCATOR.reset_peak_usage();
    let begun = Instant::now();
    let exploration = of();
    let made = most();
    let points = exploration.bind(Box6::default()).expect("the exploration is sound");
    let time = begun.elapsed();
    black_box(points.len());
    Cost { time, made, bound: most() }
}

fn timed(compute: impl FnOnce() -> f64) -> Duration {
    let begun = Instant::now();
    black_box(compute());
    begun.elapsed()
}

fn main() {
    let bound = CASES.map(|(_, of)| of().bind(Box6::default()).expect("the exploration is sound"));
    let mut made = vec![Vec::new(); CASES.len()];
    let mut most = [Cost::default(); CASES.len()];
    let mut found = vec![Vec::new(); CASES.len()];
    let mut bare = Vec::new();
    for _ in 0..N_ROUNDS {
        bare.push(timed(bare_points));
        for (case, (_, of)) in CASES.iter().enumerate() {
            most[case] = construction(*of);
            made[case].push(most[case].time);
            found[case].push(timed(|| points_of(&bound[case])));
        }
    }
    let bare = per_point(bare);
    println!("median of {N_ROUNDS} rounds; the bare arithmetic of the product takes {bare:.1} ns per point");
    println!("{:<46} {:>8} {:>8} {:>8} {:>10} {:>8}", "", "µs", "kB made", "kB bound", "ns/point", "/ bare");
    for (case, (name, _)) in CASES.iter().enumerate() {
        let made = median(std::mem::take(&mut made[case])).as_secs_f64() * 1e6;
        let point = per_point(std::mem::take(&mut found[case]));
        let [made_kb, bound_kb] = [most[case].made, most[case].bound].map(|bytes| bytes as f64 / 1e3);
        println!("{name:<46} {made:>8.1} {made_kb:>8.1} {bound_kb:>8.1} {point:>10.1} {:>8.1}", point / bare);
    }
    N_ASKED.store(0, Ordering::Relaxed);
    let exploration = filtered();
    let n_points = exploration.len();
    let bound = exploration.bind(Box6::default()).expect("the exploration is sound");
    let traj = Environment::in_memory().run_with(
        "kept",
        exploration.filter(|point| point.x2 == 0.0),
        |p: &Box6, _: &mut Run| p.x0,
    );
    let n_runs = traj.expect("the study runs").header().n_runs;
    println!(
        "counting {n_points} points, binding {}, running {n_runs}: {} points tested {:.2} times each",
        bound.len(),
        SIDE.pow(3),
        N_ASKED.load(Ordering::Relaxed) as f64 / SIDE.pow(3) as f64
    );
}

fn per_point(times: Vec<Duration>) -> f64 {
    median(times).as_secs_f64() / N_POINTS as f64 * 1e9
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
