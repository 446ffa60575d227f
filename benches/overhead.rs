//! What a run costs beside the simulation: 10⁶ runs that each return one `f64`, stored with commits on.
//!
//! `cargo bench --bench overhead` prints, as medians of several rounds taken in turn, the bare loop, the
//! same 8 MB written with `std::fs`, and the study on one thread, on two, with an observer that does nothing, with a result
//! that each run adds, and with ten parameters and ten results. The last columns are what counts on a noisy machine:
//! nanoseconds per run beyond the bare loop, and the ratio to the plain file. What the observer costs is the median of
//! the differences in the same round.
//!
//! Then it prints the memory that 10⁷ runs take at most, each case in a process of its own (on Linux).

use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pypet::environment::Observer;
use pypet::prelude::*;

const N_RUNS: usize = 1_000_000;
const N_ROUNDS: usize = 5;
/// The sides of a product of 10⁷ runs.
const SIDES: (usize, usize) = (10_000, 1_000);
/// The cases whose difference is what an observer costs.
const STUDY: &str = "study, 1 thread";
const OBSERVED: &str = "study with an observer, 1 thread";
/// What makes a process of this program carry out one case, and tell its memory.
const ALONE: &str = "--alone";

/// Something to time, given a folder for its files.
type Case<'a> = &'a dyn Fn(&Path);

/// The same in a process of its own.
type Alone = fn(&Path);

/// One number goes in.
#[parameters]
struct Input {
    /// The number.
    #[param(default = 0.0)]
    x: f64,
}

/// One number comes out.
#[experiment(result = "y")]
fn square(p: &Input) -> f64 {
    p.x * p.x
}

/// A second number comes out that is not declared.
#[experiment(result = "y")]
fn square_and_cube(p: &Input, run: &mut Run) -> f64 {
    run.add_result("z", p.x * p.x * p.x);
    p.x * p.x
}

/// Two numbers go in.
#[parameters]
struct Sides {
    #[param(default = 0.0)]
    x: f64,
    #[param(default = 0.0)]
    y: f64,
}

#[experiment(result = "area")]
fn area(p: &Sides) -> f64 {
    p.x * p.y
}

/// Ten numbers go in.
#[parameters]
struct TenInputs {
    #[param(default = 0.0)]
    x0: f64,
    #[param(default = 1.0)]
    x1: f64,
    #[param(default = 2.0)]
    x2: f64,
    #[param(default = 3.0)]
    x3: f64,
    #[param(default = 4.0)]
    x4: f64,
    #[param(default = 5.0)]
    x5: f64,
    #[param(default = 6.0)]
    x6: f64,
    #[param(default = 7.0)]
    x7: f64,
    #[param(default = 8.0)]
    x8: f64,
    #[param(default = 9.0)]
    x9: f64,
}

/// Ten numbers come out.
#[results]
struct TenResults {
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
fn squares(p: &TenInputs) -> TenResults {
    TenResults {
        y0: p.x0 * p.x0,
        y1: p.x1 * p.x0,
        y2: p.x2 * p.x0,
        y3: p.x3 * p.x0,
        y4: p.x4 * p.x0,
        y5: p.x5 * p.x0,
        y6: p.x6 * p.x0,
        y7: p.x7 * p.x0,
        y8: p.x8 * p.x0,
        y9: p.x9 * p.x0,
    }
}

/// Hears of every run and does nothing.
struct Silent;

impl Observer for Silent {}

fn values() -> impl Iterator<Item = f64> {
    linspace(0.0, 1.0, N_RUNS)
}

fn bare_loop(_: &Path) {
    for x in values() {
        black_box(square(&Input { x: black_box(x) }));
    }
}

fn plain_file(folder: &Path) {
    let file = std::fs::File::create(folder.join("plain.bin")).expect("the folder is writable");
    let mut file = std::io::BufWriter::new(file);
    for x in values() {
        file.write_all(&square(&Input { x }).to_ne_bytes()).expect("the disk has room");
    }
    file.into_inner().expect("the disk has room").sync_data().expect("the disk works");
}

fn study(folder: &Path, environment: impl Fn(Environment) -> Environment) {
    let file = folder.join("study.h5");
    let _ = std::fs::remove_file(&file);
    let exploration = Input::names().x.over(values());
    environment(Environment::new(&file)).run::<square>(exploration).expect("the study runs");
}

fn study_that_adds(folder: &Path) {
    let file = folder.join("added.h5");
    let _ = std::fs::remove_file(&file);
    let exploration = Input::names().x.over(values());
    Environment::new(&file).serial().run::<square_and_cube>(exploration).expect("the study runs");
}

fn study_of_ten(folder: &Path) {
    let file = folder.join("ten.h5");
    let _ = std::fs::remove_file(&file);
    let exploration = TenInputs::names().x0.over(values());
    Environment::new(&file).serial().run::<squares>(exploration).expect("the study runs");
}

fn bare_product(_: &Path) {
    for x in linspace(0.0, 1.0, SIDES.0) {
        for y in linspace(0.0, 1.0, SIDES.1) {
            black_box(area(&Sides { x: black_box(x), y: black_box(y) }));
        }
    }
}

fn study_of_product(folder: &Path) {
    let (p, file) = (Sides::names(), folder.join("product.h5"));
    let exploration = p.x.over(linspace(0.0, 1.0, SIDES.0)) * p.y.over(linspace(0.0, 1.0, SIDES.1));
    Environment::new(&file).serial().run::<area>(exploration).expect("the study runs");
}

fn bare_axis(_: &Path) {
    // An axis holds its values, so the loop has them in memory too.
    let values: Vec<f64> = linspace(0.0, 1.0, SIDES.0 * SIDES.1).collect();
    for x in black_box(values) {
        black_box(square(&Input { x }));
    }
}

fn study_of_axis(folder: &Path) {
    let exploration = Input::names().x.over(linspace(0.0, 1.0, SIDES.0 * SIDES.1));
    Environment::new(folder.join("axis.h5")).serial().run::<square>(exploration).expect("the study runs");
}

const IN_MEMORY: [(&str, Alone); 4] = [
    ("bare loop over a product", bare_product),
    ("study of a product", study_of_product),
    ("bare loop over one axis", bare_axis),
    ("study of one axis", study_of_axis),
];

/// The most memory that this process ever took.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The same of a process that carries out one case and nothing else.
fn peak_mib_of(name: &str) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).args([ALONE, name]).output().ok()?;
    let kib: u64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(kib as f64 / 1024.0)
}

fn print_memory() {
    let peaks = IN_MEMORY.map(|(name, _)| (name, peak_mib_of(name)));
    println!("\npeak memory of {} runs in MiB", SIDES.0 * SIDES.1);
    for pair in peaks.chunks(2) {
        let &[(loop_name, Some(bare)), (name, Some(study))] = pair else {
            println!("{:<48} unknown on this system", pair[1].0);
            continue;
        };
        println!("{loop_name:<48} {bare:>10.1}");
        println!("{name:<48} {study:>10.1} {:>10.1} beyond", study - bare);
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [alone, name] = arguments.as_slice()
        && alone == ALONE
    {
        let (_, case) = IN_MEMORY.iter().find(|(other, _)| other == name).expect("named by this program");
        case(folder.path());
        println!("{}", peak_kib().unwrap_or_default());
        return;
    }
    let cases: [(&str, Case<'_>); 7] = [
        ("bare loop", &bare_loop),
        ("std::fs, 8 MB, one fsync", &plain_file),
        (STUDY, &|folder| study(folder, Environment::serial)),
        (OBSERVED, &|folder| study(folder, |environment| environment.serial().with_observer(Silent))),
        ("study, 2 threads", &|folder| study(folder, |environment| environment.with_threads(2))),
        ("study with an added result, 1 thread", &study_that_adds),
        ("study of 10 parameters and 10 results, 1 thread", &study_of_ten),
    ];
    let mut times = vec![Vec::new(); cases.len()];
    for _ in 0..N_ROUNDS {
        for ((_, case), times) in cases.iter().zip(&mut times) {
            let begun = Instant::now();
            case(folder.path());
            times.push(begun.elapsed());
        }
    }
    let observer = cost_of_observer(&cases.map(|(name, _)| name), &times);
    let medians: Vec<Duration> = times.into_iter().map(median).collect();
    println!("{N_RUNS} runs, median of {N_ROUNDS} rounds");
    println!("{:<48} {:>10} {:>16} {:>14}", "", "seconds", "ns/run beyond", "/ plain file");
    for ((name, _), time) in cases.iter().zip(&medians) {
        let beyond = time.saturating_sub(medians[0]).as_secs_f64() / N_RUNS as f64 * 1e9;
        let ratio = time.as_secs_f64() / medians[1].as_secs_f64();
        println!("{name:<48} {:>10.3} {beyond:>16.0} {ratio:>14.2}", time.as_secs_f64());
    }
    println!("an observer that does nothing: {observer:.0} ns per run");
    for name in ["study.h5", "added.h5", "ten.h5"] {
        let size = std::fs::metadata(folder.path().join(name)).expect("the study was stored").len();
        println!("{name}: {:.1} bytes per run", size as f64 / N_RUNS as f64);
    }
    print_memory();
}

/// Nanoseconds per run.
fn cost_of_observer(names: &[&str], times: &[Vec<Duration>]) -> f64 {
    let of = |wanted: &str| &times[names.iter().position(|name| *name == wanted).expect("it is one of the cases")];
    let pairs = of(STUDY).iter().zip(of(OBSERVED));
    let mut costs: Vec<f64> = pairs.map(|(without, with)| with.as_secs_f64() - without.as_secs_f64()).collect();
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2] / N_RUNS as f64 * 1e9
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
