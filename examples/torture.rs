//! # Torture: nothing is lost
//!
//! A study is carried out by a process of its own, which is killed at random moments, again and again, and resumed
//! each time until it is done. After each kill the file is opened as it is, and every run that was ever
//! committed must still be there; at the end all results must be those of an undisturbed study, each
//! computed into the file once, and each run yields once more what is stored. It shows `Environment::resume`,
//! `Environment::verify` and what commits are worth.
//!
//! ```text
//! cargo run --release --example torture                    # 100 kills
//! cargo run --release --example torture -- --kills 10000   # some minutes
//! ```
//!
//! The last lines count runs lost, doubled and not proved (all 0) and say how long opening a killed file takes.

use std::error::Error;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::verify::Rerun;

/// Tells a process that it is the one to be killed, and where its file is.
const FILE: &str = "PYPET_TORTURE_FILE";
const N_RUNS: usize = 4000;

/// What tells the runs apart.
#[parameters]
struct Step {
    /// Number of the step.
    #[param(default = 0)]
    k: u64,
}

/// Results of every layout that a file has.
#[results]
struct Traces {
    /// One number.
    square: u64,
    /// An array of one shape.
    dense: [f64; 32],
    /// Arrays that differ in length.
    ragged: Vec<u64>,
    /// Text.
    word: String,
}

/// What a step yields.
fn traces(k: u64) -> Traces {
    Traces {
        square: k * k,
        dense: [k as f64; 32],
        ragged: (0..k % 5).map(|i| k + i).collect(),
        word: format!("step {k}"),
    }
}

/// A step that takes a moment.
#[experiment]
fn steps(p: &Step, run: &mut Run) -> Traces {
    if p.k.is_multiple_of(50) {
        run.add_result("fifties", p.k / 50);
    }
    std::thread::sleep(Duration::from_micros(20));
    traces(p.k)
}

/// Begins the study, or carries on where it was killed.
fn carry_out(file: &Path) -> pypet::Result<Trajectory<steps>> {
    let environment = Environment::new(file).with_threads(2).with_commit_every(Duration::from_millis(2));
    if file.exists() { environment.resume() } else { environment.run(Step::names().k.over(0..N_RUNS as u64)) }
}

/// What became of all kills.
#[derive(Default)]
struct Tally {
    kills: usize,
    studies: usize,
    lost: usize,
    doubled: usize,
    unproved: usize,
    opening: Vec<Duration>,
}

/// Kills and resumes one study until it is done or enough kills were dealt.
fn torture(file: &Path, kills: usize, tally: &mut Tally) -> Result<(), Box<dyn Error>> {
    let mut committed = vec![false; N_RUNS];
    while tally.kills < kills {
        // Numbers that look random: the moments differ, and a second call tries the same ones.
        let moment = (tally.kills as u64 + 1).wrapping_mul(6_364_136_223_846_793_005) >> 33;
        let mut child = start(file)?;
        std::thread::sleep(Duration::from_micros(2000 + moment % 160_000));
        let ended = child.try_wait()?.is_some();
        kill(&mut child)?;
        if ended {
            break;
        }
        tally.kills += 1;
        if file.exists() {
            let begun = Instant::now();
            let traj = Trajectory::<steps>::open(file)?;
            tally.opening.push(begun.elapsed());
            tally.lost += count_lost(&traj, &mut committed)?;
        }
    }
    let traj = carry_out(file)?;
    tally.lost += count_lost(&traj, &mut committed)? + committed.iter().filter(|done| !**done).count();
    let attempts: Vec<u8> = traj.any().get("runs.attempt")?;
    tally.doubled += attempts.iter().filter(|&&attempts| attempts != 1).count();
    drop(traj);
    // Everything is read, and each run yields once more what is stored.
    let proof = Environment::new(file).with_threads(2).verify::<steps>(&Rerun::All)?;
    tally.unproved += proof.problems.len() + N_RUNS - proof.n_checked.min(proof.n_rerun);
    tally.studies += 1;
    Ok(())
}

/// Starts the study in a process of its own, with a process group of its own.
fn start(file: &Path) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.env(FILE, file).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Kills the whole group at once, as a scheduler does whose time is up.
fn kill(child: &mut Child) -> std::io::Result<()> {
    #[cfg(unix)]
    Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status()?;
    child.kill()?;
    child.wait().map(drop)
}

/// Counts committed runs that are gone or hold other results, and notes those that are new.
fn count_lost(traj: &Trajectory<steps>, committed: &mut [bool]) -> pypet::Result<usize> {
    let r = Traces::names();
    let squares = traj.all(r.square)?;
    let mut lost = 0;
    for (run, was_done) in committed.iter_mut().enumerate() {
        let is_done = traj.statuses()[run] == RunStatus::Done;
        let expected = traces(run as u64);
        // Arrays and text are read run by run, so only when a run is new or every so often.
        let is_checked = is_done && (!*was_done || run.is_multiple_of(97));
        let is_right = !is_checked
            || (squares[run] == expected.square
                && traj.get(r.ragged, run)? == expected.ragged
                && traj.get(r.dense, run)?.map(f64::to_bits) == expected.dense.map(f64::to_bits)
                && traj.get(r.word, run)? == expected.word);
        lost += usize::from((*was_done && !is_done) || !is_right);
        *was_done |= is_done;
    }
    Ok(lost)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Some(file) = std::env::var_os(FILE) {
        carry_out(Path::new(&file))?;
        return Ok(ExitCode::SUCCESS);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kills = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 100,
        ["--kills", number] => number.parse()?,
        _ => return Err("usage: torture [--kills N]".into()),
    };
    let mut tally = Tally::default();
    while tally.kills < kills {
        let folder = tempfile::tempdir()?;
        torture(&folder.path().join("torture.h5"), kills, &mut tally)?;
    }
    tally.opening.sort();
    let opening = |share: usize| tally.opening.get(tally.opening.len() * share / 100).copied().unwrap_or_default();
    println!("{} kills of {} studies with {N_RUNS} runs each", tally.kills, tally.studies);
    let Tally { lost, doubled, unproved, .. } = tally;
    println!("{lost} runs lost, {doubled} runs doubled, {unproved} runs not proved, 0 steps by hand");
    println!("opening a killed file: median {:.1?}, 99 % within {:.1?}", opening(50), opening(99));
    Ok(if lost + doubled + unproved == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
