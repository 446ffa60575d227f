//! One study gives one content hash: whoever carries it out, on however many threads, in whatever order, straight
//! through or killed and resumed, at once or in parts.

#![cfg(feature = "bundled-hdf5")] // a library of the system commits without a journal

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::children;
use pypet::environment::{EngineChoice, Options};
use pypet::merge;
use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::trajectory::MergeOptions;
use pypet::verify::Rerun;

/// Tells the test program to be a study: its file, and how it is carried out.
const FILE: &str = "PYPET_DETERMINISM_FILE";
const HOW: &str = "PYPET_DETERMINISM_HOW";

/// Where the walk goes.
#[parameters]
struct Walk {
    #[param(default = 1.0)]
    step: f64,
    #[param(default = 10)]
    length: u32,
    #[param(derived = self.step * f64::from(self.length))]
    reach: f64,
}

/// Where it ends and what it touches.
#[results]
struct Trace {
    end: f64,
    path: Vec<f64>,
    hits: [u32; 4],
    word: String,
}

/// A random walk; takes its time, and more where it is to be killed.
#[experiment(explore = points)]
fn walk(p: &Walk, run: &mut Run) -> Result<Trace, String> {
    std::thread::sleep(Duration::from_millis(2));
    if N_BEGUN.fetch_add(1, Ordering::Relaxed) >= *N_BEFORE_THE_KILL {
        children::wait_to_be_stopped(run);
    }
    if p.length == 7 && p.step > 1.0 {
        return Err("the walker falls into the sea".into());
    }
    let mut position = 0.0;
    let path: Vec<f64> = (0..p.length)
        .map(|_| {
            position += p.step * run.rng().random_range(-1.0..1.0);
            position
        })
        .collect();
    let mut hits = [0; 4];
    (0..p.length).for_each(|_| hits[run.rng_for("hits").random_range(0..4)] += 1);
    if position > 0.0 {
        run.add_result("luck", position);
    }
    Ok(Trace { end: position, path, hits, word: format!("{position:.3}") })
}

/// Runs that this process has begun.
static N_BEGUN: AtomicUsize = AtomicUsize::new(0);

/// With how many of them a process is content whose study is to be killed in the middle.
static N_BEFORE_THE_KILL: LazyLock<usize> = LazyLock::new(|| {
    let how = std::env::var(HOW).unwrap_or_default();
    match how.split(' ').collect::<Vec<_>>()[..] {
        [engine, n_threads, _, "begin"] => {
            let n_processes = if engine == "processes" { n_threads.parse().expect("a number") } else { 1 };
            24 / n_processes
        }
        _ => usize::MAX,
    }
});

fn points() -> Exploration<Walk> {
    let p = Walk::names();
    (p.step.over([0.5, 1.0, 1.5]) * p.length.over(5..10_u32)).repeat("trial", 3)
}

/// How a study is carried out.
#[derive(Debug, Clone, Copy)]
struct How {
    engine: &'static str,
    n_threads: usize,
    order: Order,
}

fn matrix() -> Vec<How> {
    let mut all = Vec::new();
    for order in Order::ALL {
        all.push(How { engine: "serial", n_threads: 1, order });
        for n_threads in [1, 2, 8] {
            all.push(How { engine: "threads", n_threads, order });
            if cfg!(unix) {
                all.push(How { engine: "processes", n_threads, order });
            }
        }
    }
    all
}

/// What the child does; as a test of its own it does nothing.
#[test]
fn child() {
    let (Some(file), Ok(how)) = (std::env::var_os(FILE), std::env::var(HOW)) else { return };
    let words: Vec<&str> = how.split(' ').collect();
    let n_threads = words[1].parse().expect("a number");
    let mut options = Options::default();
    options.engine = match words[0] {
        "serial" => EngineChoice::Serial,
        "threads" => EngineChoice::Threads(n_threads),
        _ => EngineChoice::Processes(n_threads),
    };
    options.order = *Order::ALL.iter().find(|order| order.word() == words[2]).expect("an order");
    options.seed = Some(42);
    options.commit_every = Duration::from_millis(5);
    options.worker_arguments = Some(vec!["child".into(), "--exact".into(), "--nocapture".into()]);
    let environment = Environment::new(file).with_options(options);
    let traj = match words[3] {
        "run" | "begin" => environment.run::<walk>(points()).expect("the study runs"),
        _ => environment.resume::<walk>().expect("the study is resumed"),
    };
    assert_eq!(traj.failed().len(), 3);
}

fn start(file: &Path, how: How, verb: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
    let how = format!("{} {} {} {verb}", how.engine, how.n_threads, how.order.word());
    command.args(["child", "--exact", "--nocapture"]).env(FILE, file).env(HOW, how);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the test program can be started again")
}

fn carry_out(file: &Path, how: How, verb: &str) {
    let ended = start(file, how, verb).wait().expect("the child ends");
    assert!(ended.success(), "{how:?}, {verb}: {ended}");
}

/// Kills a study when some runs are done and others are not.
fn kill_in_the_middle(file: &Path, how: How) {
    let mut child = start(file, how, "begin");
    let n_done = |file: &Path| {
        let traj = Trajectory::<walk>::open(file).expect("a file can be read beside its writer");
        traj.statuses().iter().filter(|status| **status == RunStatus::Done).count()
    };
    children::wait_until(|| file.exists() && n_done(file) > 4);
    child.kill().expect("the child can be killed");
    child.wait().expect("the child can be waited for");
    assert!((5..42).contains(&n_done(file)), "{how:?}");
}

fn content(file: &Path) -> String {
    let any = AnyTrajectory::open(file).expect("the file opens");
    let verified = any.verify().expect("it can be read");
    assert!(verified.is_sound() && verified.n_checked == 42, "{verified:#?}");
    verified.content.expect("all was read").to_string()
}

/// What all of them have to give; it changes only with the streams, the ranges of `rand` or the definition of the hash.
const GOLDEN: &str = "83f6de93a9897be292907a977aa233f068e12a159320d6a7e4f2c1c9267f04bc";

#[test]
fn every_way_to_carry_a_study_out_gives_one_content_hash() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (number, how) in matrix().into_iter().enumerate() {
        let straight = folder.path().join(format!("{number}.h5"));
        carry_out(&straight, how, "run");
        assert_eq!(content(&straight), GOLDEN, "{how:?}");
        let resumed = folder.path().join(format!("{number}-resumed.h5"));
        kill_in_the_middle(&resumed, how);
        // Another engine goes on than began.
        let others = matrix();
        carry_out(&resumed, others[(number + 5) % others.len()], "resume");
        assert_eq!(content(&resumed), GOLDEN, "{how:?}, killed and resumed");
    }
}

#[test]
fn parts_that_are_joined_give_the_content_hash_of_the_whole() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let beside = |name: &str| folder.path().join(name);
    let part = |file: &str, steps: &[f64]| {
        let p = Walk::names();
        let points = (p.length.over(5..10_u32) * p.step.over(steps.to_vec())).repeat("trial", 3);
        Environment::new(beside(file)).with_seed(42).run::<walk>(points).expect("a part runs");
    };
    part("a.h5", &[1.5, 0.5]);
    part("b.h5", &[1.0]);
    for inputs in [["a.h5", "b.h5"], ["b.h5", "a.h5"]] {
        let out = beside(&format!("{}-first.h5", inputs[0]));
        merge(&out, inputs.map(beside), &MergeOptions::default()).expect("the parts fit");
        assert_eq!(content(&out), GOLDEN);
        let again = Environment::new(&out).verify::<walk>(&Rerun::All).expect("it runs");
        assert!(again.is_sound() && again.n_rerun == 45, "{again:#?}");
    }
}
