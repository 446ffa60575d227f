//! What it costs to read columns back, against the same bytes in a plain file and against h5py.
//!
//! `cargo bench --bench reading` prints what it costs to read run by run. Then it prints, as the best of several rounds
//! taken in turn, how fast whole columns come back from a file in the page cache: one number for each run, a trace for
//! each run, and the same compressed; beside each the ratio to `std::fs::read` of as many bytes, and to h5py.

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
