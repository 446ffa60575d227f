//! How long a program takes to its first run, and what of it is ours.
//!
//! `cargo bench --bench start` starts this program again and again: as a study of a few runs in a new file, and as a program that does
//! nothing but look at the clock. Printed are the medians of the times from before the start to the first run, to
//! the end of `main`, and to the only line of the other. The contract is 10 ms to the first run, beyond the other.

use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pypet::prelude::*;

const N_STARTS: usize = 41;
/// Tells a child what to be.
const ROLE: &str = "PYPET_BENCH_START";

#[parameters]
struct Point {
    /// A number.
    #[param(default = 0.0)]
    x: f64,
}

/// The number, squared.
#[experiment]
fn square(p: &Point) -> f64 {
    static FIRST: Once = Once::new();
    FIRST.call_once(|| println!("first {}", now().as_nanos()));
    p.x * p.x
}

/// What all processes of a machine agree on.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970")
}

/// What a child does; the file is new each time.
fn be(role: &str) {
    if role != "bare" {
        let study = Environment::new(role).with_threads(1).with_progress(false);
        study.run::<square>(Point::names().x.over([1.0, 2.0])).expect("the study runs");
    }
    println!("end {}", now().as_nanos());
}

/// Milliseconds from before the start to each line of a child.
fn start(role: &Path) -> Vec<f64> {
    let begun = now();
    let output = Command::new(env::current_exe().expect("a program has a file")).env(ROLE, role).output();
    let said = String::from_utf8(output.expect("a program starts").stdout).expect("it is text");
    let times = said.lines().map(|line| line.split_once(' ').expect("a name and a time").1);
    let times = times.map(|time| Duration::from_nanos(time.parse().expect("nanoseconds")));
    times.map(|time| time.saturating_sub(begun).as_secs_f64() * 1e3).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    if let Ok(role) = env::var(ROLE) {
        return be(&role);
    }
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let (mut bare, mut first, mut end) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..N_STARTS {
        bare.extend(start(Path::new("bare")));
        let times = start(&folder.path().join(format!("{number}.h5")));
        first.push(times[0]);
        end.push(times[1]);
    }
    let (bare, first, end) = (median(bare), median(first), median(end));
    println!("{N_STARTS} starts each, medians in ms, in {}", folder.path().display());
    println!("a program that does nothing   {bare:6.2}");
    println!("a study, to its first run     {first:6.2}   beyond the other: {:.2}", first - bare);
    println!("a study of two runs, stored   {end:6.2}   beyond the other: {:.2}", end - bare);
}
