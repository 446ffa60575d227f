//! The command line that every program with `pypet::main!()` has, and the tool `pypet`.
//!
//! One file for each verb; each has a `command` that describes it and a `run` that does it. Exit codes: 0 all
//! is well, 1 some runs failed, 2 wrong usage, 3 the file or the environment.

mod compact;
mod completions;
mod config;
mod diff;
mod environment;
mod export;
mod find;
mod foresee;
mod json;
mod list;
mod merge;
mod output;
mod params;
mod plot;
mod provenance;
mod repair;
mod report;
mod request;
mod resolved;
mod resume;
mod run;
mod show;
mod status;
mod template;
mod verify;
mod view;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use config::Config;

use crate::error::{Error, with_causes};
use crate::export::ExportError;
use crate::plot::PlotError;
use crate::registry::{AnyExperiment, experiments};
use crate::storage::hdf5::trajectories;
use crate::trajectory::{AnyTrajectory, one_line};
use crate::value::text::{quoted_list, suggestion};
#[cfg(feature = "view")]
use crate::view::ViewError;

/// Does what the arguments of the program say.
#[must_use]
pub fn main() -> ExitCode {
    completions::answer_shell();
    answer(std::env::args_os())
}

/// Does what these arguments say; the first is the name of the program.
#[must_use]
pub fn answer(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match done(&arguments) {
        Ok(code) => code,
        Err(Failure::Clap(error)) => {
            // A closed terminal is no reason to say more.
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
        Err(failure) => {
            output::complain(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

fn done(arguments: &[OsString]) -> Done {
    let experiments = experiments();
    let command = command(&experiments);
    let mut matches = command.clone().try_get_matches_from(arguments)?;
    // Without experiments there is no such verb to ask for.
    let run = if experiments.is_empty() { None } else { matches.subcommand_matches("run") };
    let file = run.and_then(|run| run.get_one::<PathBuf>("config"));
    let config = file.map(|file| Config::read(file)).transpose()?;
    if let (Some(config), Some(run)) = (&config, run) {
        config.check_experiment(&experiments)?;
        let arguments = config.complete(arguments, &command, run)?;
        matches = command.try_get_matches_from(arguments)?;
    }
    let is_json = output::wants_json(&matches);
    match matches.subcommand() {
        Some(("list", matches)) => list::run(&experiments, matches),
        Some(("params", matches)) => params::run(&experiments, matches),
        Some(("show", matches)) => show::run(matches),
        Some(("find", matches)) => find::run(matches),
        Some(("merge", matches)) => merge::run(matches),
        Some(("compact", matches)) => compact::run(matches),
        Some(("repair", matches)) => repair::run(matches),
        Some(("verify", matches)) => verify::run(&experiments, matches),
        Some(("provenance", matches)) => provenance::run(matches),
        Some(("status", matches)) => status::run(matches),
        Some(("diff", matches)) => diff::run(matches),
        Some(("export", matches)) => export::run(matches),
        Some(("plot", matches)) => plot::run(matches),
        Some(("view", matches)) => view::run(matches),
        Some(("resume", matches)) => resume::run(&experiments, matches),
        Some(("completions", matches)) => completions::run(matches),
        Some(("run", matches)) => run::run(&experiments, Some(matches), config.as_ref(), is_json),
        _ => run::run(&experiments, None, None, is_json),
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
        .subcommand(repair::command())
        .subcommand(verify::command())
        .subcommand(provenance::command())
        .subcommand(status::command())
        .subcommand(diff::command())
        .subcommand(export::command())
        .subcommand(plot::command())
        .subcommand(view::command())
        .subcommand(completions::command())
        .args(output::arguments())
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
    /// The arguments cannot be understood, or ask for help.
    #[error(transparent)]
    Clap(#[from] clap::Error),
    /// A configuration that cannot be read.
    #[error("{0}")]
    Config(String),
    /// Something is wrong with the arguments.
    #[error("{0}")]
    Usage(String),
    /// A trajectory cannot be written for others.
    #[error("{}", with_causes(.0))]
    Export(#[from] ExportError),
    /// There is no picture.
    #[error("{}", with_causes(.0))]
    Plot(#[from] PlotError),
    /// There is no page.
    #[cfg(feature = "view")]
    #[error("{}", with_causes(.0))]
    View(#[from] ViewError),
    /// The one run that was to be measured.
    #[error("the first run fails: {0}")]
    Measured(String),
    /// Standard output cannot be written to.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Clap(_) => 2,
            Self::Pypet(error) if error.is_usage() => 2,
            Self::Export(error) if error.is_usage() => 2,
            Self::Plot(error) if error.is_usage() => 2,
            #[cfg(feature = "view")]
            Self::View(ViewError::Pypet(error)) if error.is_usage() => 2,
            #[cfg(feature = "view")]
            Self::View(_) => 3,
            Self::Measured(_) => 1,
            Self::Pypet(Error::Finish(_) | Error::FinishPanic { .. }) => 1,
            Self::Pypet(_) | Self::Config(_) | Self::Export(_) | Self::Plot(_) | Self::Output(_) => 3,
        }
    }
}

type Done = Result<ExitCode, Failure>;

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
    open_trajectory(file_of(matches), matches.get_one::<String>("trajectory").map(String::as_str))
}

/// A trajectory as the next command names it: the file alone where it is the newest, which is meant by default.
fn typed(file: &Path, trajectory: &str) -> String {
    let is_newest = trajectories(file).is_ok_and(|names| names.last().is_some_and(|newest| newest == trajectory));
    let file = output::quoted(&file.display().to_string());
    if is_newest { file } else { format!("{file} --trajectory {}", output::quoted(trajectory)) }
}

fn file_of(matches: &ArgMatches) -> &Path {
    matches.get_one::<PathBuf>("file").expect("clap requires it")
}

fn experiment_argument() -> Arg {
    Arg::new("experiment").value_name("EXPERIMENT").help("the experiment; may be left out where there is only one")
}

/// The trajectory of this name, or the newest.
fn open_trajectory(file: &Path, name: Option<&str>) -> Result<AnyTrajectory, Error> {
    match name {
        Some(name) => AnyTrajectory::open_named(file, name),
        None => AnyTrajectory::open(file),
    }
}

/// The experiment of a stored trajectory.
fn of_trajectory(
    experiments: &[&'static dyn AnyExperiment],
    stored: &AnyTrajectory,
) -> Result<&'static dyn AnyExperiment, Failure> {
    let wanted = &stored.header().experiment;
    let found = experiments.iter().find(|experiment| experiment.name() == *wanted);
    found.copied().ok_or_else(|| {
        let near = suggestion(wanted, &names(experiments));
        Failure::Usage(format!(
            "the trajectory is of the experiment `{}`, which this program does not have{near}",
            one_line(wanted)
        ))
    })
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
