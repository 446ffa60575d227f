//! The three cases of Figure 5 of the pypet paper (Meyer & Obermayer 2016), for pypet in Rust, pypet in Python, h5py, plain HDF5 and plain files.
//!
//! `cargo bench --bench figure5` measures how long it takes to run and store a trajectory, to load all of it, and to
//! load it run by run, and how large the file is, from 100 to 10⁶ runs as far as each system gets. It takes some ten
//! minutes, prints a table, and leaves `figure5.csv`, `figure5.md` and `figure5.svg` in `target/figure5`.
//!
//! Every measurement is made by a process of its own; loads come from a warm page cache. The Python packages
//! are installed below the target folder at the first call; without Python their rows are missing.

mod ours;
mod plain;
mod python;
mod report;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What the processes that measure are told.
const TASK: &str = "PYPET_FIGURE5_TASK";
/// A system is given up for a case when the next size would take longer than this.
const PATIENCE: Duration = Duration::from_secs(40);
/// Runs that are loaded one by one at most; the time is scaled up.
const SAMPLED: usize = 1000;
/// The array of one run: 1 MB.
const SHAPE: (usize, usize) = (1000, 125);

/// What a run yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    /// One number that is returned, all of them stored together.
    Returned,
    /// One number that each run stores.
    Stored,
    /// An array of 1 MB that each run stores.
    Array,
}

impl Case {
    const ALL: [Self; 3] = [Self::Returned, Self::Stored, Self::Array];

    fn name(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Stored => "stored",
            Self::Array => "array",
        }
    }

    /// Bytes of one run's value.
    fn payload(self) -> usize {
        match self {
            Self::Returned | Self::Stored => 8,
            Self::Array => 8 * SHAPE.0 * SHAPE.1,
        }
    }

    fn sizes(self) -> &'static [usize] {
        match self {
            Self::Returned | Self::Stored => &[100, 1000, 10_000, 100_000, 1_000_000],
            Self::Array => &[100, 1000],
        }
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Run,
    LoadAll,
    LoadEach,
}

impl Phase {
    const ALL: [Self; 3] = [Self::Run, Self::LoadAll, Self::LoadEach];

    fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::LoadAll => "load_all",
            Self::LoadEach => "load_each",
        }
    }
}

/// Who stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Ours,
    OursOnTwoThreads,
    Files,
    Hdf5,
    H5pyRows,
    H5pyGroups,
    PythonPypet,
}

impl System {
    const ALL: [Self; 7] = [
        Self::Ours,
        Self::OursOnTwoThreads,
        Self::Files,
        Self::Hdf5,
        Self::H5pyRows,
        Self::H5pyGroups,
        Self::PythonPypet,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Ours => "pypet (Rust), 1 thread",
            Self::OursOnTwoThreads => "pypet (Rust), 2 threads",
            Self::Files => "std::fs, one file",
            Self::Hdf5 => "HDF5, one row per run",
            Self::H5pyRows => "h5py, one row per run",
            Self::H5pyGroups => "h5py, one group per run",
            Self::PythonPypet => "pypet (Python)",
        }
    }

    fn is_python(self) -> bool {
        matches!(self, Self::H5pyRows | Self::H5pyGroups | Self::PythonPypet)
    }
}

/// A value by its name in a task.
fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, wanted: &str) -> T {
    all.iter().copied().find(|&one| name(one) == wanted).expect("a name of a task")
}

/// One measurement.
struct Measured {
    case: Case,
    system: System,
    n_runs: usize,
    /// Seconds of each phase.
    seconds: [f64; 3],
    /// Bytes of all files.
    bytes: u64,
}

/// Numbers that look random and are the same in every call (splitmix64; Steele, Lea & Flood 2014).
fn random(index: u64) -> f64 {
    let mut z = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The array of a run.
fn random_array(run: u64) -> ndarray::Array2<f64> {
    let first = run * (SHAPE.0 * SHAPE.1) as u64;
    ndarray::Array2::from_shape_fn(SHAPE, |(i, j)| random(first + (i * SHAPE.1 + j) as u64))
}

/// The runs that are loaded one by one.
fn sampled(n_runs: usize) -> impl Iterator<Item = usize> {
    let count = n_runs.min(SAMPLED);
    (0..count).map(move |k| k * n_runs / count)
}

/// Carries out one phase in this process, and prints its seconds.
fn carry_out(task: &str) {
    let parts: Vec<&str> = task.split('|').collect();
    let [system, case, n_runs, phase, folder] = parts[..] else { panic!("a task has five parts") };
    let system = named(&System::ALL, System::name, system);
    let case = named(&Case::ALL, Case::name, case);
    let phase = named(&Phase::ALL, Phase::name, phase);
    let (n_runs, folder) = (n_runs.parse().expect("a number"), Path::new(folder));
    let took = match system {
        System::Ours => ours::carry_out(case, n_runs, phase, folder, 1),
        System::OursOnTwoThreads => ours::carry_out(case, n_runs, phase, folder, 2),
        System::Files => plain::files(case, n_runs, phase, folder),
        System::Hdf5 => plain::hdf5(case, n_runs, phase, folder),
        System::H5pyRows | System::H5pyGroups | System::PythonPypet => unreachable!("done by Python"),
    };
    println!("seconds {}", took.as_secs_f64());
}

/// Has one phase carried out by a process of its own; `None` if it fails.
fn measure(system: System, case: Case, n_runs: usize, phase: Phase, folder: &Path) -> Option<f64> {
    let mut command = if system.is_python() {
        python::command(system, case, n_runs, phase, folder)?
    } else {
        let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
        let task = [system.name(), case.name(), &n_runs.to_string(), phase.name(), &folder.to_string_lossy()];
        command.env(TASK, task.join("|"));
        command
    };
    let output = command.current_dir(folder).output().expect("a process can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let seconds = text.lines().find_map(|line| line.strip_prefix("seconds ")?.parse().ok());
    if seconds.is_none() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = errors.lines().rev().take(3).collect::<Vec<_>>().join(" / ");
        eprintln!("{} {} {n_runs}: {} failed: {last}", system.name(), case.name(), phase.name());
    }
    seconds
}

/// All phases of one system on one size.
fn measure_all(system: System, case: Case, n_runs: usize) -> Option<Measured> {
    let folder = tempfile::tempdir_in(results_folder()).expect("a folder can be made");
    let mut seconds = [0.0; 3];
    for (seconds, phase) in seconds.iter_mut().zip(Phase::ALL) {
        *seconds = measure(system, case, n_runs, phase, folder.path())?;
    }
    let entries = std::fs::read_dir(folder.path()).expect("the folder can be read");
    let bytes = entries.filter_map(|entry| entry.ok()?.metadata().ok()).map(|data| data.len()).sum();
    Some(Measured { case, system, n_runs, seconds, bytes })
}

/// Where the results go; on the same disk as the files that are measured.
fn results_folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("inside of the target folder").join("figure5");
    std::fs::create_dir_all(&folder).expect("the folder of the results can be made");
    folder
}

fn main() {
    if let Ok(task) = std::env::var(TASK) {
        return carry_out(&task);
    }
    let mut measured: Vec<Measured> = Vec::new();
    for case in Case::ALL {
        for system in System::ALL {
            let mut last: Option<(usize, f64)> = None;
            for &n_runs in case.sizes() {
                // Python's pypet grows with the square of the runs; the others in proportion.
                let expected = last.map_or(0.0, |(before, took)| {
                    let growth = n_runs as f64 / before as f64;
                    took * if system == System::PythonPypet { growth * growth / 2.0 } else { growth }
                });
                if expected > PATIENCE.as_secs_f64() {
                    break;
                }
                let Some(one) = measure_all(system, case, n_runs) else { break };
                eprintln!("{}", report::line(&one));
                last = Some((n_runs, one.seconds[0].max(one.seconds[1])));
                measured.push(one);
            }
        }
    }
    let folder = results_folder();
    println!("{}", report::table(&measured));
    report::write(&measured, &folder);
    println!("\nfigure5.csv, figure5.md and figure5.svg are in {}", folder.display());
}
