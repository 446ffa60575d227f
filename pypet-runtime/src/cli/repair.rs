//! `repair`: say what is wrong with a file, put it right, and save what can be read of a damaged one.

use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value, json};

use super::{Done, output};
use crate::storage::hdf5::Loss;
use crate::telling::with_bar;
use crate::trajectory::{RepairOptions, Repaired, RepairedTrajectory, repair};

pub(super) fn command() -> Command {
    Command::new("repair")
        .about("Says what is wrong with a file, finishes what a killed program left, and saves what can be read")
        .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)))
        .arg(
            Arg::new("out")
                .short('o')
                .long("out")
                .value_name("OUT")
                .value_parser(value_parser!(PathBuf))
                .help("where to save what can be read of a damaged file; x.repaired.h5 for x.h5 by default"),
        )
        .after_help("exit codes: 0 nothing is lost, 1 something could not be read, 3 the file cannot be opened")
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let file = matches.get_one::<PathBuf>("file").expect("clap requires it");
    let options = matches
        .get_one::<PathBuf>("out")
        .map_or_else(RepairOptions::default, |out| RepairOptions::default().with_out(out));
    let repaired = with_bar("reading", || repair(file, &options))?;
    if output::wants_json(matches) {
        output::print_json(&answer(&repaired))?;
    } else {
        output::print(&repaired.to_string())?;
    }
    Ok(ExitCode::from(u8::from(repaired.is_loss())))
}

fn answer(repaired: &Repaired) -> Value {
    json!({
        "file": repaired.file.display().to_string(),
        "sound": repaired.is_sound(),
        "damaged": repaired.is_damaged(),
        "lost": repaired.is_loss(),
        "found": repaired.found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "losses": losses(&repaired.losses),
        "trajectories": repaired.trajectories.iter().map(trajectory).collect::<Vec<_>>(),
        "saved": repaired.saved.as_ref().map(|saved| saved.display().to_string()),
    })
}

fn trajectory(trajectory: &RepairedTrajectory) -> Value {
    json!({
        "trajectory": trajectory.name,
        "n_runs": trajectory.n_runs,
        "losses": losses(&trajectory.losses),
        "pending": runs(&trajectory.pending),
        "beyond_repair": trajectory.beyond_repair,
    })
}

fn losses(losses: &[Loss]) -> Vec<Value> {
    let loss = |loss: &Loss| json!({ "path": loss.path, "runs": runs(&loss.runs), "reason": loss.reason, "made_anew": loss.is_made_anew });
    losses.iter().map(loss).collect()
}

/// Each range as its first run and the one behind its last.
fn runs(runs: &[Range<usize>]) -> Vec<[usize; 2]> {
    runs.iter().map(|runs| [runs.start, runs.end]).collect()
}
