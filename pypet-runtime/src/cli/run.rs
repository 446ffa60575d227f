//! `run`: carry an experiment out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::config::Config;
use super::foresee::foresee;
use super::report::report;
use super::{Done, Failure, choose, environment, experiment_argument, output, params, request};
use crate::environment::{EngineChoice, Options};
use crate::registry::AnyExperiment;
use crate::storage::hdf5::ATOMIC_COMMITS;
use crate::telling::with_bar;
use crate::trajectory::one_line;

pub(super) fn command(experiments: &[&'static dyn AnyExperiment]) -> Command {
    let mut parameters = String::new();
    for experiment in experiments {
        let _ = write!(parameters, "Parameters of {}:\n{}\n", experiment.name(), params::describe(*experiment));
    }
    let flag = |id: &'static str, help| Arg::new(id).long(id).action(ArgAction::SetTrue).help(help);
    let value = |id: &'static str, name, help| Arg::new(id).long(id).value_name(name).help(help);
    Command::new("run")
        .about("Carries out all runs of an experiment and stores them")
        .arg(experiment_argument())
        .args(request::arguments())
        .arg(
            value("config", "FILE", "parameters, exploration and flags from a TOML file, as `params --toml` writes it")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            value("output", "FILE", "the HDF5 file; hdf5/<experiment>.h5 by default")
                .short('o')
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(value("name", "NAME", "the trajectory's name; that of the experiment by default"))
        .arg(flag("add-time", "adds the time to the trajectory's name"))
        .arg(value("comment", "TEXT", "what the trajectory is for"))
        .arg(
            value("seed", "N", "what all random streams begin with; drawn by default").value_parser(value_parser!(u64)),
        )
        .arg(flag("overwrite", "replaces an old trajectory of the same name instead of adding the time to the name"))
        .arg(
            flag("reuse", "goes on with the file's trajectory if it fits, and leaves out the runs that are done there")
                .conflicts_with_all(["add-time", "overwrite", "comment", "expand"]),
        )
        .arg(
            flag("expand", "adds the points that the file's trajectory lacks, and carries these out")
                .conflicts_with_all(["add-time", "overwrite", "comment"]),
        )
        .arg(
            value(
                "dry-run",
                "HOW",
                "tells how many runs there are and what they take, and ends; `=measure` carries out the first",
            )
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("count")
            .value_parser(PossibleValuesParser::new(["count", "measure"])),
        )
        .args(environment::arguments())
        .after_help(parameters.trim_end().to_owned())
}

/// Carries out what the arguments say, or everything by default.
pub(super) fn run(
    experiments: &[&'static dyn AnyExperiment],
    matches: Option<&ArgMatches>,
    config: Option<&Config>,
    is_json: bool,
) -> Done {
    let experiment = choose(experiments, matches)?;
    let mut request = matches.map(request::request).transpose()?.unwrap_or_default();
    if let Some(config) = config {
        request = config.merge(experiment, request)?;
    }
    let options = matches.map(options).transpose()?.unwrap_or_else(|| Options {
        progress: Some(true),
        signals: true,
        ..Options::default()
    });
    let file = matches.and_then(|matches| matches.get_one::<PathBuf>("output")).cloned();
    let file = file.unwrap_or_else(|| Path::new("hdf5").join(format!("{}.h5", experiment.name())));
    let prospect = output::apart(is_json, || experiment.check(&request))??;
    let mut n_runs = prospect.n_runs;
    if options.reuse {
        let look = || experiment.reusable(&file, options.clone(), &request);
        let reuse = output::apart(is_json, || with_bar("looking for runs that are done", look))??;
        eprintln!("{}", one_line(&reuse.to_string()));
        if reuse.is_possible() {
            n_runs -= reuse.n_done;
        }
    }
    if let Some(how) = matches.and_then(|matches| matches.get_one::<String>("dry-run")) {
        return foresee(experiment, n_runs, &request, &options, how == "measure", is_json);
    }
    if options.progress == Some(true) {
        let crew = crew(options.engine, n_runs);
        eprintln!("{}: {n_runs} runs {crew} → {}", experiment.name(), file.display());
        if !ATOMIC_COMMITS {
            eprintln!("note: built against the system's libhdf5, so a kill during a commit may damage the file");
        }
    }
    let begun = Instant::now();
    let expands = matches.is_some_and(|matches| matches.get_flag("expand"));
    let trajectory = output::apart(is_json, || {
        if expands { experiment.expand(&file, options, &request) } else { experiment.run(&file, options, &request) }
    })??;
    report(&trajectory, &file, begun.elapsed(), is_json)
}

/// Who carries the runs out, in words.
fn crew(engine: EngineChoice, n_runs: usize) -> String {
    match (engine, engine.n_workers(n_runs)) {
        (EngineChoice::Processes(_), 1) => "in 1 process".into(),
        (EngineChoice::Processes(_), n) => format!("in {n} processes"),
        (_, 1) => "on 1 thread".into(),
        (_, n) => format!("on {n} threads"),
    }
}

fn options(matches: &ArgMatches) -> Result<Options, Failure> {
    let mut options = environment::options(matches)?;
    options.name = matches.get_one::<String>("name").cloned();
    options.add_time = matches.get_flag("add-time");
    options.seed = matches.get_one::<u64>("seed").copied();
    options.overwrite = matches.get_flag("overwrite");
    options.reuse = matches.get_flag("reuse");
    if let Some(comment) = matches.get_one::<String>("comment") {
        options.comment.clone_from(comment);
    }
    Ok(options)
}
