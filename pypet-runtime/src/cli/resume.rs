//! `resume`: carry out what is missing in a trajectory.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::report::report;
use super::{Done, environment, of_trajectory, output};
use crate::registry::AnyExperiment;
use crate::trajectory::AnyTrajectory;

pub(super) fn command() -> Command {
    Command::new("resume")
        .about("Carries out the runs that are missing in a file")
        .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)))
        .arg(
            Arg::new("trajectory")
                .long("trajectory")
                .value_name("NAME")
                .help("which trajectory of the file; the newest by default"),
        )
        .arg(Arg::new("failed").long("failed").action(ArgAction::SetTrue).help("tries failed runs again"))
        .args(environment::arguments())
}

pub(super) fn run(experiments: &[&'static dyn AnyExperiment], matches: &ArgMatches) -> Done {
    let file = matches.get_one::<PathBuf>("file").expect("clap requires it");
    let stored = match matches.get_one::<String>("trajectory") {
        Some(name) => AnyTrajectory::open_named(file, name)?,
        None => AnyTrajectory::open(file)?,
    };
    let experiment = of_trajectory(experiments, &stored)?;
    let mut options = environment::options(matches)?;
    options.name = Some(stored.header().name.clone());
    options.failed = matches.get_flag("failed");
    drop(stored);
    let begun = Instant::now();
    let is_json = output::wants_json(matches);
    let trajectory = output::apart(is_json, || experiment.resume(file, options))??;
    report(&trajectory, file, begun.elapsed(), is_json)
}
