//! A run that takes its process down is recorded with the reason, and all others are carried out.
//!
//! The worker processes are this test program once more, told to do one test only; so each test that has workers is
//! itself what they do, and comes in them as far as its study.

#![cfg(unix)]

mod common;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::children;
use pypet::prelude::*;
use pypet::run::RunStatus;

/// What befalls a run.
#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
enum Fate {
    Fine,
    Abort,
    Segfault,
    StackOverflow,
    Killed,
    Exit,
    ForEver,
    PanicInDrop,
    NoMemory,
    OddPanic,
    Error,
}

/// What the runs differ in.
#[parameters]
struct Voyage {
    #[param(default = Fate::Fine)]
    fate: Fate,
    #[param(default = 0)]
    k: u32,
}

/// Goes as its fate says.
#[experiment(result = "k")]
fn voyage(p: &Voyage) -> Result<u32, String> {
    match p.fate {
        Fate::Fine => {}
        Fate::Abort => abort(),
        Fate::Segfault => signal("-SEGV"),
        Fate::StackOverflow => drop(black_box(fall(0))),
        Fate::Killed => signal("-KILL"),
        Fate::Exit => exit(),
        Fate::ForEver => loop {
            std::thread::sleep(Duration::from_millis(10));
        },
        Fate::PanicInDrop => {
            let _bomb = Bomb;
            panic!("the first of two");
        }
        Fate::NoMemory => drop(black_box(Vec::<u8>::with_capacity(isize::MAX as usize))),
        Fate::OddPanic => std::panic::panic_any(p.k),
        Fate::Error => return Err("rocks ahead".into()),
    }
    Ok(p.k)
}

#[expect(clippy::disallowed_methods, reason = "this is what the test is about")]
fn abort() {
    eprintln!("the solver gives up");
    std::process::abort();
}

#[expect(clippy::disallowed_methods, reason = "this is what the test is about")]
fn exit() {
    std::process::exit(7);
}

/// Sends a signal to this process until it dies of it: Rust's own handler forgives the first SIGSEGV.
fn signal(name: &str) {
    loop {
        let sent = Command::new("kill").args([name, &std::process::id().to_string()]).status();
        assert!(sent.expect("there is `kill`").success());
    }
}

/// Needs a page of the stack at each step.
fn fall(depth: usize) -> usize {
    let page = black_box([depth; 512]);
    if black_box(depth) == usize::MAX { 0 } else { fall(depth + 1) + page[depth % 512] }
}

/// Makes things worse.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the second of two");
    }
}

/// A file that a test and its workers agree on.
fn file_of(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("isolation-{test}.h5"))
}

/// Two processes that do nothing but this test.
fn environment(test: &str) -> Environment {
    let environment = Environment::new(file_of(test)).overwrite().with_processes(2);
    environment.with_worker_arguments([test, "--exact", "--nocapture"])
}

/// The failures in the file: run and message.
fn failures(any: &AnyTrajectory) -> Vec<(u64, String)> {
    let runs: Vec<u64> = any.get("runs.errors.run").unwrap();
    let messages: Vec<String> = any.get("runs.errors.message").unwrap();
    let mut failures: Vec<_> = runs.into_iter().zip(messages).collect();
    failures.sort();
    failures
}

/// Carries out runs of this fate among fine ones, and gives what is recorded of each.
fn messages_of(test: &str, fate: Fate) -> Vec<String> {
    let fates = [Fate::Fine, fate, Fate::Fine, Fate::Fine, fate, Fate::Fine];
    let p = Voyage::names();
    let points = p.fate.over(fates).zip(p.k.over(0..6)).expect("as many as fates");
    // Only a run without end may run into it: a backtrace of a big program can take seconds to print.
    let timeout = if fate == Fate::ForEver { 3 } else { 600 };
    let environment = environment(test).with_timeout(Duration::from_secs(timeout));
    let traj = environment.run::<voyage>(points).expect("the study goes on");
    assert_eq!(traj.failed(), [1, 4]);
    for (run, k) in [(0, 0), (2, 2), (3, 3), (5, 5)] {
        assert_eq!(traj.get(voyage::results(), run).unwrap(), k);
    }
    assert_eq!(traj.any().get::<Vec<u8>>("runs.attempt").unwrap(), [1; 6]);
    let failures = failures(traj.any());
    assert_eq!(failures.iter().map(|(run, _)| *run).collect::<Vec<_>>(), [1, 4]);
    failures.into_iter().map(|(_, message)| message).collect()
}

/// One test for each fate, since workers do one test only: what is recorded contains all of these words.
macro_rules! fates {
    ($($test:ident: $fate:ident says $($words:literal),+;)+) => {$(
        #[test]
        fn $test() {
            for message in messages_of(stringify!($test), Fate::$fate) {
                for words in [$($words),+] {
                    assert!(message.contains(words), "`{words}` is not in: {message}");
                }
            }
        }
    )+};
}

fates! {
    an_abort_is_recorded: Abort says "the worker process died of signal 6 (SIGABRT): the solver gives up";
    a_segfault_is_recorded: Segfault says "the worker process died of signal 11 (SIGSEGV)";
    a_stack_overflow_is_recorded: StackOverflow says "signal 6 (SIGABRT)", "has overflowed its stack";
    a_kill_is_recorded: Killed says "was killed by signal 9 (SIGKILL), perhaps for want of memory";
    an_exit_is_recorded: Exit says "the worker process ended with exit code 7";
    a_run_without_end_is_recorded: ForEver says "took longer than 3 s (timeout)";
    a_panic_while_unwinding_is_recorded: PanicInDrop says "(SIGABRT)", "the first of two", "the second of two";
    want_of_memory_is_recorded: NoMemory says "(SIGABRT)", "memory allocation of 9223372036854775807 bytes failed";
    an_odd_panic_is_recorded: OddPanic says "panicked with a payload that is no text";
    an_error_is_recorded: Error says "rocks ahead";
}

#[test]
fn a_dead_worker_is_told_apart_from_a_run_that_took_too_long() {
    let name = "a_dead_worker_is_told_apart_from_a_run_that_took_too_long";
    let fates = Voyage::names().fate.over([Fate::ForEver, Fate::Killed, Fate::Fine]);
    // Long enough for the other one to die.
    let environment = environment(name).with_timeout(Duration::from_secs(5));
    let traj = environment.run::<voyage>(fates).unwrap();
    assert_eq!(traj.statuses(), [RunStatus::TimedOut, RunStatus::Failed, RunStatus::Done]);
    let places: Vec<String> = traj.any().get("runs.errors.place").unwrap();
    assert!(places.iter().all(|place| place.starts_with("tests/isolation.rs:")), "{places:?}");
    let runtimes: Vec<f64> = traj.any().get("runs.runtime").unwrap();
    assert!(runtimes[0] >= 5.0, "{runtimes:?}");
}

/// Results of every layout.
#[results]
struct Cargo {
    weight: f64,
    crates: Vec<u16>,
    table: Array2<f32>,
    label: String,
}

#[experiment]
fn load(p: &Voyage, run: &mut Run) -> Result<Cargo, String> {
    if p.k % 50 == 49 {
        return Err(format!("{} does not fit", p.k));
    }
    if p.k.is_multiple_of(3) {
        run.add_result("hold.thirds", vec![u64::from(p.k); p.k as usize % 4]);
    }
    Ok(Cargo {
        weight: if p.k == 5 { f64::NAN } else { f64::from(p.k).sqrt() },
        crates: (0..5).take(p.k as usize % 5).collect(),
        table: Array2::from_elem((2, p.k as usize % 3), p.k as f32),
        label: format!("crate {} ⚓", p.k),
    })
}

#[test]
fn processes_yield_the_same_bytes_as_threads() {
    let name = "processes_yield_the_same_bytes_as_threads";
    let points = || Voyage::names().k.over(0..500);
    // Workers come past this first study, which is not carried out again.
    let threads = Environment::new(file_of(name)).overwrite().with_name("on_threads").with_threads(2);
    let threads = threads.run::<load>(points()).unwrap();
    assert_eq!(threads.name(), "on_threads");
    let processes = environment(name).with_name("in_processes").run::<load>(points()).unwrap();
    assert_eq!(processes.failed(), threads.failed());
    assert_eq!(processes.statuses(), threads.statuses());
    for column in ["weight", "crates", "table", "label", "hold.thirds"] {
        let rows = |traj: &Trajectory<load>| traj.any().rows(&format!("results.{column}"), 0..500).unwrap();
        assert_eq!(rows(&processes), rows(&threads), "{column}");
    }
    assert_eq!(failures(processes.any()), failures(threads.any()));
    assert_eq!(processes.any().get::<String>("config.environment.engine").unwrap(), "processes");
}

#[test]
fn a_study_in_memory_has_workers_too() {
    let name = "a_study_in_memory_has_workers_too";
    // Workers carry this one out again, since there is nothing that they could read it from.
    let first = Environment::in_memory().serial().run::<voyage>(Voyage::names().k.over(0..3)).unwrap();
    let most = first.all(voyage::results()).unwrap().sum();
    let points = Voyage::names().k.over(0..10 * most);
    let environment = Environment::in_memory().with_processes(0).with_worker_arguments([name, "--exact"]);
    let second = environment.run_with("doubled", points, |p: &Voyage, _| 2 * p.k).unwrap();
    assert_eq!(second.get::<Vec<u32>>("results.doubled").unwrap(), (0..30).map(|k| 2 * k).collect::<Vec<_>>());
}

/// Carried out by the post-processing of another study.
#[experiment(finish = refine)]
fn coarse(p: &Voyage) -> u32 {
    p.k
}

fn refine(traj: &mut Trajectory<coarse>) -> pypet::Result<()> {
    let best = traj.all(coarse::results())?.into_iter().max().unwrap_or_default();
    let name = "a_study_within_the_post_processing_of_another_has_workers_too";
    let points = Voyage::names().k.over(best..best + 5);
    let refined = environment(name).with_name("fine").run_with("fine", points, |p: &Voyage, _| p.k)?;
    assert_eq!(refined.get::<Vec<u32>>("results.fine")?, [3, 4, 5, 6, 7]);
    Ok(())
}

#[test]
fn a_study_within_the_post_processing_of_another_has_workers_too() {
    let name = "a_study_within_the_post_processing_of_another_has_workers_too";
    environment(name).run::<coarse>(Voyage::names().k.over(0..4)).unwrap();
    assert_eq!(AnyTrajectory::open_named(file_of(name), "fine").unwrap().header().n_runs, 5);
}

#[test]
fn runs_that_crash_are_tried_again() {
    let name = "runs_that_crash_are_tried_again";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("isolation-tries");
    let points = Voyage::names().k.over(0..8);
    if !folder.exists() {
        std::fs::create_dir(&folder).unwrap();
    }
    // Each try leaves a file behind; runs 2 and 5 crash until there are three, run 7 for ever.
    let any = environment(name).with_retries(2).run_with("stubborn", points, |p: &Voyage, _| {
        let try_of = |number| folder.join(format!("{}-{number}", p.k));
        let number = (1..100).find(|&number| !try_of(number).exists()).expect("there are enough numbers");
        std::fs::write(try_of(number), "").expect("the folder can be written to");
        if p.k == 7 || ([2, 5].contains(&p.k) && number < 3) {
            abort();
        }
        number
    });
    let any = any.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(any.get::<Vec<u8>>("runs.attempt").unwrap(), [1, 1, 3, 1, 1, 3, 1, 3]);
    assert_eq!(any.get::<Vec<i32>>("results.stubborn").unwrap()[..7], [1, 1, 3, 1, 1, 3, 1]);
    let mut expected = [RunStatus::Done; 8];
    expected[7] = RunStatus::Failed;
    assert_eq!(any.statuses().unwrap(), expected);
    assert_eq!(any.get::<Vec<u64>>("runs.errors.run").unwrap().len(), 7);
}

#[test]
fn a_program_that_computes_other_points_in_its_workers_is_refused() {
    let name = "a_program_that_computes_other_points_in_its_workers_is_refused";
    let points = Voyage::names().k.over([std::process::id()]);
    let error = environment(name).run::<voyage>(points).unwrap_err().to_string();
    assert!(error.contains("computes other values of the parameters"), "{error}");
    let n_runs = std::process::id();
    let error = environment(name).run::<voyage>(Voyage::names().k.over(0..n_runs)).unwrap_err().to_string();
    assert!(error.contains("came to the study of `voyage` instead of") || error.contains("runs instead of"), "{error}");
}

#[test]
fn a_program_that_does_not_come_to_the_study_again_is_told_so() {
    let environment = environment("no_test_of_this_name");
    let error = environment.run::<voyage>(Voyage::names().k.over(0..3)).unwrap_err().to_string();
    assert!(error.contains("a worker process ended with exit code 0"), "{error}");
    assert!(error.contains("must come to the same study"), "{error}");
    let traj = Trajectory::<voyage>::open(file_of("no_test_of_this_name")).expect("the file is whole");
    assert_eq!(traj.statuses(), [RunStatus::Pending; 3]);
}

/// What all runs share cannot be computed.
#[experiment(prepare = no_harbour)]
fn stranded(_p: &Voyage, harbour: &[u8; 32]) -> u8 {
    harbour[0]
}

fn no_harbour() -> [u8; 32] {
    panic!("no harbour in sight")
}

#[test]
fn a_panic_of_prepare_in_a_worker_is_an_error_of_the_study() {
    let name = "a_panic_of_prepare_in_a_worker_is_an_error_of_the_study";
    let error = environment(name).run::<stranded>(Voyage::names().k.over(0..3)).unwrap_err().to_string();
    assert!(error.contains("refused: the experiment's `prepare` panicked: no harbour in sight"), "{error}");
}

/// Tells a process what to do and in which folder.
const TASK: &str = "PYPET_ISOLATION_TEST_TASK";
const FOLDER: &str = "PYPET_ISOLATION_TEST_FOLDER";
const N_RUNS: u32 = 300;

#[experiment(result = "k")]
fn long_voyage(p: &Voyage, run: &mut Run) -> u32 {
    leave_mark();
    std::thread::sleep(Duration::from_millis(5));
    if p.k >= N_RUNS / 2 && std::env::var(TASK).is_ok_and(|task| task == "run") {
        children::wait_to_be_stopped(run);
    }
    p.k
}

/// Goes on until the study is stopped.
#[experiment(result = "is_cancelled")]
fn endless_voyage(_: &Voyage, run: &mut Run) -> bool {
    leave_mark();
    children::wait_to_be_stopped(run);
    run.is_cancelled()
}

/// Lets the test know which processes carry out runs.
fn leave_mark() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("the study is told its folder"));
    let mark = folder.join(format!("{}.pid", std::process::id()));
    std::fs::write(mark, "").expect("the folder can be written to");
}

/// What the processes do that other tests start, and their workers; as a test of its own it does nothing.
#[test]
fn child() {
    let (Ok(task), Some(folder)) = (std::env::var(TASK), std::env::var_os(FOLDER)) else { return };
    let file = Path::new(&folder).join("study.h5");
    let environment = Environment::new(&file).with_processes(2).with_commit_every(Duration::from_millis(10));
    let environment = environment.with_signals();
    let points = Voyage::names().k.over(0..N_RUNS);
    match task.as_str() {
        "run" => drop(environment.run::<long_voyage>(points).expect("the study runs until it is killed")),
        "resume" => drop(environment.resume::<long_voyage>().expect("the study is resumed")),
        "wait" => drop(environment.run::<endless_voyage>(points).expect("the study runs until it is interrupted")),
        other => unreachable!("no task {other}"),
    }
}

/// Starts this program once more.
fn start(task: &str, folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("a running program has a path"));
    child.args(["child", "--exact"]).env(TASK, task).env(FOLDER, folder);
    let child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.expect("the test program can be started again")
}

#[test]
fn an_interrupted_study_lets_its_workers_finish() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut child = start("wait", folder.path());
    children::wait_until(|| workers(folder.path()).len() >= 2);
    common::signals::send("-TERM", &child);
    assert!(child.wait().expect("the child can be waited for").success());
    let traj = Trajectory::<endless_voyage>::open(folder.path().join("study.h5")).unwrap();
    assert_eq!(traj.header().state.word(), "stopped");
    let done: Vec<usize> = traj.runs().filter(|run| run.status() == RunStatus::Done).map(|run| run.index()).collect();
    assert_eq!(done, [0, 1]);
    assert!(traj.get(endless_voyage::results(), 1).unwrap(), "the worker was told");
    assert!(!workers(folder.path()).iter().any(|pid| is_running(pid)));
}

#[test]
fn a_killed_program_leaves_no_worker_behind_and_is_resumed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("study.h5");
    let n_done = || {
        let traj = Trajectory::<long_voyage>::open(&file).expect("a file can be read beside its writer");
        traj.statuses().iter().filter(|status| **status == RunStatus::Done).count()
    };

    let mut child = start("run", folder.path());
    children::wait_until(|| file.exists() && n_done() > 20);
    child.kill().expect("the child can be killed");
    child.wait().expect("the child can be waited for");
    let workers = workers(folder.path());
    assert_eq!(workers.len(), 2);
    // They would wait as long as this does, were it not for their program.
    children::wait_until(|| !workers.iter().any(|pid| is_running(pid)));
    let before = n_done();
    assert!(before > 20 && before < N_RUNS as usize, "{before} runs");

    assert!(start("resume", folder.path()).wait().expect("the child can be waited for").success());
    let traj = Trajectory::<long_voyage>::open(&file).unwrap();
    assert_eq!(traj.all(long_voyage::results()).unwrap().to_vec(), (0..N_RUNS).collect::<Vec<_>>());
    assert_eq!(traj.any().get::<Vec<u8>>("runs.attempt").unwrap(), [1; N_RUNS as usize]);
}

/// The processes that have carried out runs, by their marks.
fn workers(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let names = entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_suffix(".pid").map(ToOwned::to_owned)).collect()
}

/// Whether a process lives; one that is dead and not yet buried does not.
fn is_running(pid: &str) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().expect("there is `ps`");
    let state = String::from_utf8_lossy(&output.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}
