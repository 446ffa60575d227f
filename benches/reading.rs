//! What it costs to read columns back, against the same bytes in a plain file and against h5py.
//!
//! `cargo bench --bench reading` prints what it costs to read run by run, on one thread and on all, and to find runs by
//! conditions. Then it prints, as the best of several rounds taken in turn, how fast whole columns come back from a file
//! in the page cache: one number for each run, a trace for each run, and the same compressed; beside each the ratio to
//! `std::fs::read` of as many bytes, and to h5py.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use pypet::prelude::*;

const N_NUMBERS: usize = 4_000_000;
const N_TRACES: usize = 60_000;
const TRACE: usize = 128;
const N_ROUNDS: usize = 9;
/// Runs that are read one by one.
const N_SINGLE: usize = 20_000;
/// Runs so far from each other lie in different chunks.
const FAR: usize = 16_384;
/// Values along each of the three axes of the runs among which some are found.
const SIDE: usize = 100;

/// Reads one run, or one after it in some order.
type Single<'a> = &'a dyn Fn(usize) -> pypet::Result<()>;

/// A column: its name, how many numbers it has, the file and the dataset, and how to read it.
type Column<'a> = (&'a str, usize, &'a Path, &'a str, &'a dyn Fn());

/// Which run it is.
#[parameters]
struct Which {
    #[param(default = 0)]
    k: u64,
}

#[experiment(result = "y")]
fn number(p: &Which) -> f64 {
    (p.k as f64).sqrt()
}

#[experiment(result = "v")]
fn trace(p: &Which) -> [f64; TRACE] {
    std::array::from_fn(|i| (p.k as f64 + i as f64).sqrt())
}

/// What runs are found by, beside their results.
#[parameters]
struct Searched {
    #[param(default = 0.0)]
    a: f64,
    #[param(default = 0)]
    b: i64,
    #[param(default = 0)]
    c: u32,
}

#[results]
struct Found {
    rate: f64,
    count: i32,
    fast: bool,
}

#[experiment]
fn search(p: &Searched) -> Found {
    let rate = p.a * 100.0 + p.b as f64;
    Found { rate, count: (p.b % 10) as i32, fast: p.c.is_multiple_of(3) }
}

/// As people type them, from short to long.
const CONDITIONS: [&str; 4] = [
    "a > 0.5",
    "a > 0.5 && rate > 70",
    "rate / 10 + b * 2 > c - 1 || status == 'failed'",
    "a > 0.1 && a < 0.9 && b in [1, 5, 7, 11, 13] && c != 50 && rate > 10 && rate <= 90 && !(count < 3 || fast) && \
     status == 'done' && run >= 1000 && (count * 2 > 7 || a + rate < 30 || c in [3, 4, 5]) && b - c < 90 && -rate < 5",
];

fn main() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file = |name: &str| folder.path().join(name);
    let (numbers, traces, packed, plain) = (file("numbers.h5"), file("traces.h5"), file("packed.h5"), file("plain"));
    let k = Which::names().k;
    let runs = || k.over(0..N_TRACES as u64);
    Environment::new(&numbers).run::<number>(k.over(0..N_NUMBERS as u64)).expect("the study runs");
    Environment::new(&traces).run::<trace>(runs()).expect("the study runs");
    Environment::new(&packed).with_compression(1).run::<trace>(runs()).expect("the study runs");
    print_single(&numbers);
    print_found(&file("searched.h5"));

    let of_numbers = Trajectory::<number>::open(&numbers).expect("it was stored");
    let [of_traces, of_packed] = [&traces, &packed].map(|file| Trajectory::<trace>::open(file).expect("it was stored"));
    let read_numbers = || {
        let column = of_numbers.all(number::results()).expect("the column can be read");
        assert_eq!(column.len(), N_NUMBERS);
    };
    let read_traces = |traj: &Trajectory<trace>| {
        let column = traj.all(trace::results()).expect("the column can be read");
        assert_eq!(column.dim(), (N_TRACES, TRACE));
    };
    let cases: [Column<'_>; 3] = [
        ("one f64 for each run", N_NUMBERS, &numbers, "number/results/y", &read_numbers),
        ("128 f64 for each run", N_TRACES * TRACE, &traces, "trace/results/v", &|| read_traces(&of_traces)),
        ("the same compressed", N_TRACES * TRACE, &packed, "trace/results/v", &|| read_traces(&of_packed)),
    ];
    let datasets = cases.iter().flat_map(|(_, _, file, name, _)| [file.as_os_str(), name.as_ref()]);
    let h5py = common::python::run("read_speed.py", datasets);
    println!("whole columns, best of {N_ROUNDS} rounds");
    println!("{:<32} {:>8} {:>16} {:>8}", "", "GB/s", "/ std::fs::read", "/ h5py");
    for ((name, n_numbers, _, _, read), h5py) in cases.into_iter().zip(h5py.lines()) {
        std::fs::write(&plain, vec![7; n_numbers * 8]).expect("the disk has room");
        let (mut times, mut plain_times) = (Vec::new(), Vec::new());
        for _ in 0..N_ROUNDS {
            plain_times.push(time_of(&|| drop(black_box(std::fs::read(&plain)))));
            times.push(time_of(read));
        }
        let (seconds, plain) = (best(times), best(plain_times));
        let h5py: f64 = h5py.parse().expect("the script prints seconds");
        let rate = n_numbers as f64 * 8.0 / seconds / 1e9;
        println!("{name:<32} {rate:>8.2} {:>16.2} {:>8.2}", plain / seconds, h5py / seconds);
    }
}

/// Prints what a run costs that is read by itself.
fn print_single(numbers: &Path) {
    let (typed, any) = (Trajectory::<number>::open(numbers), AnyTrajectory::open(numbers));
    let (typed, any) = (typed.expect("it was stored"), any.expect("it was stored"));
    let scattered = |i: usize| (i * 7_919 + 13) * 104_729 % N_NUMBERS;
    let typed = |run: usize| typed.run(run).and_then(|run| run.get(number::results())).map(drop);
    let singly: [(&str, Single<'_>); 5] = [
        ("run by run in order, typed", &|i| typed(i)),
        ("run by run in order, by name", &|i| any.run(i)?.get::<f64>("y").map(drop)),
        ("rows in order", &|i| any.rows("results.y", i..i + 1).map(drop)),
        ("scattered runs, typed", &|i| typed(scattered(i))),
        ("scattered rows", &|i| any.rows("results.y", scattered(i)..scattered(i) + 1).map(drop)),
    ];
    for (name, read) in singly {
        let all = || (0..N_SINGLE).try_for_each(read).expect("every run can be read");
        let times = (0..3).map(|_| time_of(&all) / u32::try_from(N_SINGLE).expect("few enough"));
        println!("{name:<32} {:>8.2} µs per run", best(times) * 1e6);
    }
    let times = (0..N_ROUNDS).map(|_| {
        let traj = Trajectory::<number>::open(numbers).expect("it was stored");
        let first = |run: usize| traj.run(run).and_then(|run| run.get(number::results())).map(drop);
        let all = || (0..N_NUMBERS).step_by(FAR).try_for_each(first).expect("every run can be read");
        time_of(&all) / u32::try_from(N_NUMBERS.div_ceil(FAR)).expect("few enough")
    });
    println!("{:<32} {:>8.2} µs per run", "the first run of each chunk", best(times) * 1e6);
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let [one, all] = [1, n_threads].map(|n_threads| {
        let part = |thread: usize| thread * N_NUMBERS / 10 / n_threads..(thread + 1) * N_NUMBERS / 10 / n_threads;
        let read = |thread| part(thread).try_for_each(typed).expect("every run can be read");
        let all =
            || std::thread::scope(|scope| (0..n_threads).for_each(|thread| drop(scope.spawn(move || read(thread)))));
        best((0..N_ROUNDS).map(|_| time_of(&all)))
    });
    println!("run by run on {n_threads} threads {:.2} times as fast as on one", one / all);
}

/// Prints what it costs to find some of a million runs.
fn print_found(file: &Path) {
    let p = Searched::names();
    let side = u32::try_from(SIDE).expect("few enough");
    let points = p.a.over(linspace(0.0, 1.0, SIDE)) * p.b.over(0..side.into()) * p.c.over(0..side);
    let traj = Environment::new(file).run::<search>(points).expect("the study runs");
    let any = AnyTrajectory::open(file).expect("it was stored");
    let print = |what: &str, find: &dyn Fn() -> usize| {
        let times = (0..N_ROUNDS).map(|_| time_of(&|| _ = black_box(find())));
        println!("{:>8.1} ms to find {} of {} by {what}", best(times) * 1e3, find(), any.header().n_runs);
    };
    for condition in CONDITIONS {
        print(condition, &|| any.find(condition).expect("it is well formed").count());
    }
    let r = Found::names();
    print("a closure on parameters", &|| {
        traj.find(|p| p.a > 0.1 && p.a < 0.9 && p.b > 3).expect("the file can be read").count()
    });
    print("a closure on results, too", &|| {
        let found = traj.find_with((r.rate, r.count), |p, (rate, count)| p.a > 0.1 && rate > 10.0 && count < 3);
        found.expect("the file can be read").count()
    });
}

fn time_of(act: &dyn Fn()) -> Duration {
    let begun = Instant::now();
    act();
    begun.elapsed()
}

/// The seconds of the round that was disturbed least.
fn best(times: impl IntoIterator<Item = Duration>) -> f64 {
    times.into_iter().min().expect("there was a round").as_secs_f64()
}
