//! What it costs to read columns back, against the same bytes in a plain file.
//!
//! `cargo bench --bench reading` prints, as medians of several rounds taken in turn, how fast whole columns
//! come back from a file in the page cache: one number for each run, and a trace for each run; then what it costs to
//! read run by run.

use std::hint::black_box;
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
    let (numbers, traces, plain) =
        (folder.path().join("numbers.h5"), folder.path().join("traces.h5"), folder.path().join("plain.bin"));
    let k = Which::names().k;
    Environment::new(&numbers).run::<number>(k.over(0..N_NUMBERS as u64)).expect("the study runs");
    Environment::new(&traces).run::<trace>(k.over(0..N_TRACES as u64)).expect("the study runs");
    std::fs::write(&plain, vec![7; N_NUMBERS * 8]).expect("the disk has room");

    let (of_numbers, of_traces) = (Trajectory::<number>::open(&numbers), Trajectory::<trace>::open(&traces));
    let (of_numbers, of_traces) = (of_numbers.expect("it was stored"), of_traces.expect("it was stored"));
    let read_numbers = || {
        let column = of_numbers.all(number::results()).expect("the column can be read");
        assert_eq!(column.len(), N_NUMBERS);
    };
    let read_traces = || {
        let column = of_traces.all(trace::results()).expect("the column can be read");
        assert_eq!(column.dim(), (N_TRACES, TRACE));
    };
    let cases: [(&str, usize, &dyn Fn()); 3] = [
        ("std::fs::read", N_NUMBERS * 8, &|| drop(black_box(std::fs::read(&plain)))),
        ("one f64 for each run", N_NUMBERS * 8, &read_numbers),
        ("128 f64 for each run", N_TRACES * TRACE * 8, &read_traces),
    ];
    let any = AnyTrajectory::open(&numbers).expect("it was stored");
    let scattered = |i: usize| (i * 7_919 + 13) * 104_729 % N_NUMBERS;
    let typed = |run: usize| of_numbers.run(run).and_then(|run| run.get(number::results())).map(drop);
    let singly: [(&str, Single<'_>); 5] = [
        ("run by run in order, typed", &|i| typed(i)),
        ("run by run in order, by name", &|i| any.run(i)?.get::<f64>("y").map(drop)),
        ("rows in order", &|i| any.rows("results.y", i..i + 1).map(drop)),
        ("scattered runs, typed", &|i| typed(scattered(i))),
        ("scattered rows", &|i| any.rows("results.y", scattered(i)..scattered(i) + 1).map(drop)),
    ];
    for (name, read) in singly {
        let rounds = (0..3).map(|_| {
            let begun = Instant::now();
            (0..N_SINGLE).try_for_each(read).expect("every run can be read");
            begun.elapsed() / u32::try_from(N_SINGLE).expect("few enough")
        });
        println!("{name:<32} {:>8.2} µs per run", median(rounds.collect()).as_secs_f64() * 1e6);
    }
    let mut times = vec![Vec::new(); cases.len()];
    for _ in 0..N_ROUNDS {
        for ((_, _, case), times) in cases.iter().zip(&mut times) {
            let begun = Instant::now();
            case();
            times.push(begun.elapsed());
        }
    }
    println!("median of {N_ROUNDS} rounds");
    for ((name, n_bytes, _), times) in cases.iter().zip(times) {
        println!("{name:<32} {:>8.2} GB/s", *n_bytes as f64 / median(times).as_secs_f64() / 1e9);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
