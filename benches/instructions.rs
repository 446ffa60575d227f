//! How many instructions the hot paths take: figures that a busy machine does not change.
//!
//! `cargo bench --bench instructions` counts under valgrind and compares with `benches/instructions.txt`; it fails where a
//! path takes 5 % more than recorded there. `cargo bench --bench instructions -- --record` records. Without valgrind it
//! says so and does nothing.
//!
//! Each path is counted twice, for few repetitions and for many, in a process of its own with all its threads; the
//! difference is what one repetition costs. A new toolchain or HDF5 moves the figures, and so does a processor with other
//! vector instructions (copies and checksums choose by it); then record again, and look at why.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use pypet::environment::Observer;
use pypet::prelude::*;

/// What makes a process of this program carry out one path.
const ALONE: &str = "--alone";
const RECORD: &str = "--record";
/// Runs of the file that is read.
const N_STORED: usize = 50_000;
/// More of the recorded figure than this is too much.
const TOLERANCE: f64 = 1.05;

/// A hot path: its name, two numbers of repetitions, and what repeats it with a file at hand.
type Hot = (&'static str, usize, usize, fn(usize, &Path));

const PATHS: [Hot; 6] = [
    ("run with one number stored", 20_000, 60_000, run_one),
    ("run that an observer hears of", 20_000, 60_000, run_observed),
    ("run with ten numbers stored", 20_000, 60_000, run_ten),
    ("point of a product", 20_000, 60_000, point),
    ("one run read", 1_000, 6_000, read_run),
    ("number of a column read", 2, 12, read_column),
];

/// One number goes in.
#[parameters]
struct Input {
    #[param(default = 0.0)]
    x: f64,
}

#[experiment(result = "y")]
fn square(p: &Input) -> f64 {
    p.x * p.x
}

/// Four numbers go in.
#[parameters]
struct Inputs {
    #[param(default = 0.0)]
    a: f64,
    #[param(default = 0.0)]
    b: f64,
    #[param(default = 0.0)]
    c: f64,
    #[param(default = 0.0)]
    d: f64,
}

/// Ten numbers come out.
#[results]
struct Ten {
    y0: f64,
    y1: f64,
    y2: f64,
    y3: f64,
    y4: f64,
    y5: f64,
    y6: f64,
    y7: f64,
    y8: f64,
    y9: f64,
}

#[experiment]
fn ten(p: &Inputs) -> Ten {
    let x = p.a;
    Ten { y0: x, y1: x + 1.0, y2: x, y3: x, y4: x, y5: x, y6: x, y7: x, y8: x, y9: x }
}

/// A study in which no clock decides anything.
fn environment(file: &Path) -> Environment {
    let folder = file.parent().expect("the file lies in a folder");
    let (hour, file) = (Duration::from_hours(1), folder.join(format!("study-{}.h5", std::process::id())));
    Environment::new(file).serial().with_seed(7).with_commit_every(hour).with_runs_per_draw(4096).with_progress(false)
}

fn run_one(n: usize, file: &Path) {
    let points = Input::names().x.over(linspace(0.0, 1.0, n));
    environment(file).run::<square>(points).expect("the study runs");
}

/// Does nothing.
struct Silent;

impl Observer for Silent {}

fn run_observed(n: usize, file: &Path) {
    let points = Input::names().x.over(linspace(0.0, 1.0, n));
    environment(file).with_observer(Silent).run::<square>(points).expect("the study runs");
}

fn run_ten(n: usize, file: &Path) {
    let points = Inputs::names().a.over(linspace(0.0, 1.0, n));
    environment(file).run::<ten>(points).expect("the study runs");
}

fn point(n: usize, _: &Path) {
    let p = Inputs::names();
    let axis = || linspace(0.0, 1.0, 1000);
    let points = p.a.over(axis()) * p.b.over(axis()) * p.c.over(axis()) * p.d.over(axis());
    for i in 0..n {
        // Scattered, so that no two neighbours share a part.
        std::hint::black_box(points.point(i * 1_000_003_469 % points.len()));
    }
}

fn read_run(n: usize, file: &Path) {
    let traj = Trajectory::<square>::open(file).expect("it was stored");
    for run in 0..n {
        let value = traj.run(run % N_STORED).and_then(|run| run.get(square::results()));
        std::hint::black_box(value.expect("every run can be read"));
    }
}

fn read_column(n: usize, file: &Path) {
    let traj = Trajectory::<square>::open(file).expect("it was stored");
    for _ in 0..n {
        std::hint::black_box(traj.all(square::results()).expect("the column can be read"));
    }
}

/// Instructions of this program for so many repetitions of a path.
fn count(name: &str, n: usize, file: &Path) -> f64 {
    let program = std::env::current_exe().expect("this program has a file");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([ALONE, name, &n.to_string()])
        .arg(file)
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .expect("valgrind ran before");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
    let line = said.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind tells its count");
    line.1.trim().parse().expect("callgrind counts in numbers")
}

fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

fn recorded(file: &Path) -> BTreeMap<String, f64> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let entries = text.lines().filter_map(|line| line.split_once(" = "));
    entries.filter_map(|(name, figure)| Some((name.to_owned(), figure.parse().ok()?))).collect()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [alone, name, n, file] = arguments.as_slice()
        && alone == ALONE
    {
        let (.., path) = PATHS.iter().find(|(other, ..)| other == name).expect("named by this program");
        path(n.parse().expect("a number"), Path::new(file));
        return ExitCode::SUCCESS;
    }
    if !has_valgrind() {
        println!("skipped: there is no valgrind here");
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file = folder.path().join("stored.h5");
    let points = Input::names().x.over(linspace(0.0, 1.0, N_STORED));
    Environment::new(&file).serial().run::<square>(points).expect("the study runs");

    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    let before = recorded(&record);
    let mut lines = Vec::new();
    let mut is_worse = false;
    for (name, few, many, _) in PATHS {
        let counted = (count(name, many, &file) - count(name, few, &file)) / (many - few) as f64;
        let counted = if name.contains("column") { counted / N_STORED as f64 } else { counted };
        let ratio = before.get(name).map(|before| counted / before);
        is_worse |= ratio.is_some_and(|ratio| ratio > TOLERANCE);
        let ratio = ratio.map_or("not recorded".into(), |ratio| format!("{:+.1} %", (ratio - 1.0) * 100.0));
        println!("{name:<32} {counted:>12.2} instructions  {ratio}");
        lines.push(format!("{name} = {counted:.2}"));
    }
    if arguments.iter().any(|argument| argument == RECORD) {
        std::fs::write(&record, lines.join("\n") + "\n").expect("the project's folder is writable");
        return ExitCode::SUCCESS;
    }
    if is_worse {
        println!("more than 5 % beyond benches/instructions.txt; if that is worth it, record it with -- {RECORD}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
