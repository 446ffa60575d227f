//! The command line that every program with `pypet::main!()` has, and the tool `pypet`.
//!
//! One file for each verb; each has a `command` that describes it and a `run` that does it. Exit codes: 0 all
//! is well, 1 some runs failed, 2 wrong usage, 3 the file or the environment.

mod compact;
mod environment;
mod find;
mod list;
mod merge;
mod output;
mod params;
mod provenance;
mod report;
mod resume;
mod run;
mod show;

use std::error::Error as _;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};

use crate::error::Error;
use crate::registry::{AnyExperiment, experiments};
use crate::trajectory::AnyTrajectory;
use crate::value::text::{quoted_list, suggestion};

/// Does what the arguments of the program say.
#[must_use]
pub fn main() -> ExitCode {
    answer(std::env::args_os())
}

/// Does what these arguments say; the first is the name of the program.
#[must_use]
pub fn answer(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let experiments = experiments();
    let matches = match command(&experiments).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // A closed terminal is no reason to say more.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let done = match matches.subcommand() {
        Some(("list", _)) => list::run(&experiments),
        Some(("params", matches)) => params::run(&experiments, matches),
        Some(("show", matches)) => show::run(matches),
        Some(("find", matches)) => find::run(matches),
        Some(("merge", matches)) => merge::run(matches),
        Some(("compact", matches)) => compact::run(matches),
        Some(("provenance", matches)) => provenance::run(matches),
        Some(("resume", matches)) => resume::run(&experiments, matches),
        Some(("run", matches)) => run::run(&experiments, Some(matches)),
        _ => run::run(&experiments, None),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

fn command(experiments: &[&'static dyn AnyExperiment]) -> Command {
    let about = match experiments {
        [] => "Looks into the trajectories of pypet".to_owned(),
        [only] if !only.comment().is_empty() => only.comment().to_owned(),
        several => format!("Carries out {}", quoted_list(&names(several))),
    };
    let command = Command::new("pypet")
        .about(about)
        .subcommand(list::command())
        .subcommand(params::command())
        .subcommand(show::command())
        .subcommand(find::command())
        .subcommand(merge::command())
        .subcommand(compact::command())
        .subcommand(provenance::command())
        .after_help("exit codes: 0 all is well, 1 some runs failed, 2 wrong usage, 3 the file or the environment");
    if experiments.is_empty() {
        return command.subcommand_required(true).arg_required_else_help(true);
    }
    command.subcommand(run::command(experiments)).subcommand(resume::command()).after_help(
        "without a command: run\n\
         exit codes: 0 all is well, 1 some runs failed, 2 wrong usage, 3 the file or the environment",
    )
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// pypet's own errors, with all their causes.
    #[error("{}", with_causes(.0))]
    Pypet(#[from] Error),
    /// Something is wrong with the arguments.
    #[error("{0}")]
    Usage(String),
    /// Standard output cannot be written to.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Pypet(error) if error.is_usage() => 2,
            Self::Pypet(Error::Finish(_) | Error::FinishPanic { .. }) => 1,
            Self::Pypet(_) | Self::Output(_) => 3,
        }
    }
}

type Done = Result<ExitCode, Failure>;

fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn names(experiments: &[&'static dyn AnyExperiment]) -> Vec<&'static str> {
    experiments.iter().map(|experiment| experiment.name()).collect()
}

/// The file and which of its trajectories, for verbs that look into one.
fn file_arguments() -> [Arg; 2] {
    let trajectory = Arg::new("trajectory").long("trajectory").value_name("NAME");
    [
        Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)),
        trajectory.help("which trajectory of the file; the newest by default"),
    ]
}

fn open_file(matches: &ArgMatches) -> Result<AnyTrajectory, Error> {
    let file = matches.get_one::<PathBuf>("file").expect("clap requires it");
    match matches.get_one::<String>("trajectory") {
        Some(name) => AnyTrajectory::open_named(file, name),
        None => AnyTrajectory::open(file),
    }
}

fn experiment_argument() -> Arg {
    Arg::new("experiment").value_name("EXPERIMENT").help("the experiment; may be left out where there is only one")
}

/// The experiment that is meant.
fn choose(
    experiments: &[&'static dyn AnyExperiment],
    matches: Option<&ArgMatches>,
) -> Result<&'static dyn AnyExperiment, Failure> {
    let named = matches.and_then(|matches| matches.get_one::<String>("experiment"));
    let names = names(experiments);
    match (named, experiments) {
        (Some(name), _) => experiments
            .iter()
            .find(|experiment| experiment.name() == name)
            .copied()
            .ok_or_else(|| Failure::Usage(format!("there is no experiment `{name}`{}", suggestion(name, &names)))),
        (None, []) => Err(Failure::Usage("this program has no experiment; put `#[experiment]` on a function".into())),
        (None, [only]) => Ok(*only),
        (None, _) => Err(Failure::Usage(format!("which experiment? add {} behind the command", quoted_list(&names)))),
    }
}
