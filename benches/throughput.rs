//! How fast arrays of a megabyte get into the file, against a plain sequential write of the same bytes.
//!
//! `cargo bench --bench throughput` stores runs of 1000 × 125 `f64` and prints, as the best of several rounds taken in
//! turn, gigabytes per second of payload and the ratio to `std::fs`, which asks the disk to keep its bytes as often as
//! the default commits do: every 64 MiB. Arrays whose length differs from run to run come next, then compressed ones on
//! one thread and on two. The last column is what the file takes beyond the payload.
//!
//! A number behind `--` is that of the runs, 2000 by default (2 GB for each case).

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use ndarray::Array2;
use pypet::prelude::*;

const ROWS: usize = 1000;
const COLUMNS: usize = 125;
const N_ROUNDS: usize = 3;
/// Bytes between two commits.
const COMMIT_BYTES: usize = 64 << 20;

/// Something to time, given a file.
type Case<'a> = &'a dyn Fn(&Path);

/// A random walk, as noisy in its last digits as what simulations yield.
static WALK: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let (mut state, mut x) = (1_u64, 0.0);
    let mut step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        x += (state >> 11) as f64 / 2_f64.powi(53) - 0.5;
        x
    };
    (0..2 * ROWS * COLUMNS).map(|_| step()).collect()
});

/// Which run it is.
#[parameters]
struct Which {
    #[param(default = 0)]
    k: usize,
}

/// So many rows of the walk, different for each run.
fn walk(k: usize, rows: usize) -> Array2<f64> {
    let scale = 1.0 + k as f64 * 1e-3;
    let walk = WALK[k % ROWS..].iter().take(rows * COLUMNS).map(|x| x * scale);
    Array2::from_shape_vec((rows, COLUMNS), walk.collect()).expect("the walk is long enough")
}

#[experiment(result = "v")]
fn dense(p: &Which) -> Array2<f64> {
    walk(p.k, ROWS)
}

/// As many bytes as [`dense`] on average.
#[experiment(result = "v")]
fn ragged(p: &Which) -> Array2<f64> {
    walk(p.k, if p.k.is_multiple_of(2) { ROWS - 10 } else { ROWS + 10 })
}

fn plain(file: &Path, n_runs: usize) {
    let mut file = File::create(file).expect("the folder is writable");
    let mut waiting = 0;
    for k in 0..n_runs {
        let array = walk(k, ROWS);
        let bytes = bytes_of(&array);
        file.write_all(bytes).expect("the disk has room");
        waiting += bytes.len();
        if waiting >= COMMIT_BYTES {
            file.sync_data().expect("the disk works");
            waiting = 0;
        }
    }
    file.sync_data().expect("the disk works");
}

fn bytes_of(array: &Array2<f64>) -> &[u8] {
    bytemuck::cast_slice(array.as_slice().expect("it was made in this order"))
}

fn runs(n_runs: usize) -> Exploration<Which> {
    Which::names().k.over(0..n_runs)
}

fn main() {
    let given = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let n_runs: usize = given.unwrap_or(2000);
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let environment = |file: &Path, n_threads| Environment::new(file).with_threads(n_threads);
    let of_dense = |environment: Environment| drop(environment.run::<dense>(runs(n_runs)).expect("the study runs"));
    let of_ragged = |environment: Environment| drop(environment.run::<ragged>(runs(n_runs)).expect("the study runs"));
    let cases: [(&str, Case<'_>); 7] = [
        ("std::fs, fsync every 64 MiB", &|file| plain(file, n_runs)),
        ("study, 1 thread", &|file| of_dense(environment(file, 1))),
        ("study, 2 threads", &|file| of_dense(environment(file, 2))),
        ("ragged study, 1 thread", &|file| of_ragged(environment(file, 1))),
        ("ragged study, 2 threads", &|file| of_ragged(environment(file, 2))),
        ("compressed study, 1 thread", &|file| of_dense(environment(file, 1).with_compression(1))),
        ("compressed study, 2 threads", &|file| of_dense(environment(file, 2).with_compression(1))),
    ];
    let payload = (n_runs * ROWS * COLUMNS * 8) as f64;
    let mut times = vec![Vec::new(); cases.len()];
    let mut beyond = vec![0.0; cases.len()];
    for _ in 0..N_ROUNDS {
        for (number, (_, case)) in cases.iter().enumerate() {
            let file = folder.path().join("case.h5");
            let begun = Instant::now();
            case(&file);
            times[number].push(begun.elapsed());
            beyond[number] = std::fs::metadata(&file).expect("it was written").len() as f64 / payload - 1.0;
            std::fs::remove_file(&file).expect("it was written");
        }
    }
    let rates: Vec<f64> = times.iter().map(|times| payload / best(times) / 1e9).collect();
    println!("{n_runs} runs of {ROWS} × {COLUMNS} f64, best of {N_ROUNDS} rounds");
    println!("{:<32} {:>8} {:>10} {:>10}", "", "GB/s", "/ std::fs", "space");
    for ((name, _), (rate, beyond)) in cases.iter().zip(rates.iter().zip(beyond)) {
        println!("{name:<32} {rate:>8.2} {:>10.2} {:>+9.2}%", rate / rates[0], beyond * 100.0);
    }
    println!("ragged / dense: {:.2} on 1 thread, {:.2} on 2", rates[3] / rates[1], rates[4] / rates[2]);
    println!("compressed, 2 threads / 1: {:.2}", rates[6] / rates[5]);
}

/// The seconds of the round that was disturbed least.
fn best(times: &[Duration]) -> f64 {
    times.iter().min().expect("there was a round").as_secs_f64()
}
