//! `run`: carry an experiment out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{Done, Failure, choose, experiment_argument, output, params};
use crate::environment::{EngineChoice, OnFailure, Options};
use crate::registry::{AnyExperiment, Request};
use crate::run::RunStatus;
use crate::trajectory::AnyTrajectory;
use crate::value::Cells;

/// Indices of failed runs that are printed; more are only counted.
const SHOWN_FAILURES: usize = 20;

pub(super) fn command(experiments: &[&'static dyn AnyExperiment]) -> Command {
    let mut parameters = String::new();
    for experiment in experiments {
        let _ = write!(parameters, "Parameters of {}:\n{}\n", experiment.name(), params::describe(*experiment));
    }
    let pairs = |id: &'static str, name, help| {
        Arg::new(id).long(id).value_name(name).num_args(1..).action(ArgAction::Append).help(help)
    };
    let flag = |id: &'static str, help| Arg::new(id).long(id).action(ArgAction::SetTrue).help(help);
    let value = |id: &'static str, name, help| Arg::new(id).long(id).value_name(name).help(help);
    Command::new("run")
        .about("Carries out all runs of an experiment and stores them")
        .arg(experiment_argument())
        .arg(pairs("set", "NAME=VALUE", "sets parameters, as `neuron.tau_v=20`"))
        .arg(pairs(
            "explore",
            "NAME=VALUES",
            "explores parameters instead of the declared exploration; `a=0:1:101` is start:stop:count, both ends \
             included, `b=[5,7.5,10]` a list; several give a product, the last varies fastest",
        ))
        .arg(
            value("output", "FILE", "the HDF5 file; hdf5/<experiment>.h5 by default")
                .short('o')
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(value("threads", "N", "threads that carry out runs; all cores for 0").value_parser(value_parser!(usize)))
        .arg(
            value("engine", "ENGINE", "who carries out runs")
                .value_parser(PossibleValuesParser::new(["threads", "serial"])),
        )
        .arg(value("name", "NAME", "the trajectory's name; that of the experiment by default"))
        .arg(flag("add-time", "adds the time to the trajectory's name"))
        .arg(value("comment", "TEXT", "what the trajectory is for"))
        .arg(flag("overwrite", "replaces an old trajectory of the same name instead of adding the time to the name"))
        .arg(
            value("on-failure", "WHAT", "what happens when a run fails")
                .value_parser(PossibleValuesParser::new(["continue", "stop"]))
                .conflicts_with("max-failures"),
        )
        .arg(value("max-failures", "N", "begins no further run after N failures").value_parser(value_parser!(usize)))
        .arg(
            value("commit-every", "SECONDS", "longest time that finished runs wait to be stored")
                .value_parser(value_parser!(f64)),
        )
        .arg(flag("dry-run", "counts the runs and ends"))
        .arg(flag("quiet", "shows no progress").short('q'))
        .after_help(parameters.trim_end().to_owned())
}

/// Carries out what the arguments say, or everything by default.
pub(super) fn run(experiments: &[&'static dyn AnyExperiment], matches: Option<&ArgMatches>) -> Done {
    let experiment = choose(experiments, matches)?;
    let request = matches.map(request).transpose()?.unwrap_or_default();
    let options = matches.map(options).transpose()?.unwrap_or_else(|| Options {
        progress: Some(true),
        signals: true,
        ..Options::default()
    });
    let file = matches.and_then(|matches| matches.get_one::<PathBuf>("output")).cloned();
    let file = file.unwrap_or_else(|| Path::new("hdf5").join(format!("{}.h5", experiment.name())));
    let prospect = experiment.check(&request)?;
    if matches.is_some_and(|matches| matches.get_flag("dry-run")) {
        output::print(&format!("{} would carry out {} runs\n", experiment.name(), prospect.n_runs))?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.progress == Some(true) {
        eprintln!("{}: {} runs → {}", experiment.name(), prospect.n_runs, file.display());
    }
    let begun = Instant::now();
    let trajectory = experiment.run(&file, options, &request)?;
    report(&trajectory, &file, begun.elapsed())
}

fn request(matches: &ArgMatches) -> Result<Request, Failure> {
    Ok(Request { set: pairs(matches, "set")?, explore: pairs(matches, "explore")? })
}

fn pairs(matches: &ArgMatches, id: &str) -> Result<Vec<(String, String)>, Failure> {
    let split = |pair: &String| {
        let (name, value) = pair
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| Failure::Usage(format!("`--{id} {pair}` has no value; write `--{id} name=value`")))?;
        Ok((name.trim().to_owned(), value.to_owned()))
    };
    matches.get_many::<String>(id).into_iter().flatten().map(split).collect()
}

fn options(matches: &ArgMatches) -> Result<Options, Failure> {
    let mut options = Options { progress: Some(!matches.get_flag("quiet")), ..Options::default() };
    options.signals = true;
    options.name = matches.get_one::<String>("name").cloned();
    options.add_time = matches.get_flag("add-time");
    options.overwrite = matches.get_flag("overwrite");
    if let Some(comment) = matches.get_one::<String>("comment") {
        options.comment.clone_from(comment);
    }
    let n_threads = matches.get_one::<usize>("threads").copied();
    options.engine = match (matches.get_one::<String>("engine").map(String::as_str), n_threads) {
        (Some("serial"), Some(n_threads)) if n_threads != 1 => {
            return Err(Failure::Usage(format!("the engine `serial` has one thread, not {n_threads}")));
        }
        (Some("serial"), _) => EngineChoice::Serial,
        (_, n_threads) => EngineChoice::Threads(n_threads.unwrap_or(0)),
    };
    if matches.get_one::<String>("on-failure").is_some_and(|what| what == "stop") {
        options.on_failure = OnFailure::Stop;
    }
    if let Some(&most) = matches.get_one::<usize>("max-failures") {
        options.on_failure = OnFailure::MaxFailures(most);
    }
    if let Some(&seconds) = matches.get_one::<f64>("commit-every") {
        options.commit_every = Duration::try_from_secs_f64(seconds)
            .map_err(|error| Failure::Usage(format!("`--commit-every {seconds}`: {error}")))?;
    }
    Ok(options)
}

/// Says what came of it and where it is.
fn report(trajectory: &AnyTrajectory, file: &Path, took: Duration) -> Done {
    let header = trajectory.header();
    let statuses = trajectory.statuses()?;
    let count = |wanted: RunStatus| statuses.iter().filter(|status| **status == wanted).count();
    let mut text = format!(
        "{} of {} runs done in {:.2} s → {} (trajectory `{}`)\n",
        count(RunStatus::Done),
        header.n_runs,
        took.as_secs_f64(),
        file.display(),
        header.name
    );
    text.push_str(&results_table(trajectory, &statuses)?);
    let failed: Vec<usize> = (0..statuses.len()).filter(|&run| statuses[run] == RunStatus::Failed).collect();
    let pending = count(RunStatus::Pending);
    if !failed.is_empty() {
        let shown: Vec<String> = failed.iter().take(SHOWN_FAILURES).map(ToString::to_string).collect();
        let more = failed.len().saturating_sub(SHOWN_FAILURES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(text, "{} failed: {}{more} (see runs.errors)", failed.len(), shown.join(", "));
    }
    if pending > 0 {
        let _ = writeln!(text, "{pending} were not begun");
    }
    output::print(&text)?;
    Ok(ExitCode::from(u8::from(!failed.is_empty() || pending > 0)))
}

/// Minimum, median and maximum of each scalar result; the type of all others.
fn results_table(trajectory: &AnyTrajectory, statuses: &[RunStatus]) -> Result<String, Failure> {
    let mut rows = Vec::new();
    for leaf in &trajectory.header().schema.results {
        let unit = leaf.unit.clone();
        if !leaf.value_type.is_scalar() {
            rows.push(vec![leaf.name.clone(), format!("{} per run", leaf.value_type), unit]);
            continue;
        }
        let cells = trajectory.rows(&format!("results.{}", leaf.name), 0..statuses.len())?;
        rows.push(vec![leaf.name.clone(), spread(&cells, statuses), unit]);
    }
    Ok(output::table(2, &rows))
}

fn spread(cells: &Cells, statuses: &[RunStatus]) -> String {
    let done = cells.iter().zip(statuses).filter(|(_, status)| **status == RunStatus::Done);
    let mut numbers: Vec<f64> = done.filter_map(|(cell, _)| cell.as_f64()).filter(|x| !x.is_nan()).collect();
    if numbers.is_empty() {
        return cells.element().to_string();
    }
    let middle = numbers.len() / 2;
    let median = *numbers.select_nth_unstable_by(middle, f64::total_cmp).1;
    let (min, max) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
    format!("min {min}, median {median}, max {max}")
}
