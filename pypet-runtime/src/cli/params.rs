//! `params`: the parameters of an experiment, grouped as in the structs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::config::Config;
use super::{
    Done, Failure, choose, experiment_argument, json, of_trajectory, open_trajectory, output, resolved, template,
};
use crate::environment::Options;
use crate::parameter::ParameterInfo;
use crate::registry::{AnyExperiment, Request};
use crate::telling::with_bar;
use crate::value::Cells;

pub(super) fn command() -> Command {
    Command::new("params")
        .about("Shows the parameters of an experiment with type, default, unit, range and comment")
        .arg(experiment_argument())
        .arg(
            Arg::new("toml")
                .long("toml")
                .action(ArgAction::SetTrue)
                .conflicts_with("json")
                .help("writes a file for `run --config` with all defaults"),
        )
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("json")
                .help("writes a file for `run --config` with what a stored trajectory was carried out with"),
        )
        .arg(
            Arg::new("trajectory")
                .long("trajectory")
                .value_name("NAME")
                .requires("from")
                .help("which trajectory of the file; the newest by default"),
        )
}

pub(super) fn run(experiments: &[&'static dyn AnyExperiment], matches: &ArgMatches) -> Done {
    if let Some(file) = matches.get_one::<PathBuf>("from") {
        output::print(&with_bar("reading", || of_stored(experiments, file, matches))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let experiment = choose(experiments, Some(matches))?;
    if output::wants_json(matches) {
        output::print_json(&json::parameters(experiment))?;
    } else if matches.get_flag("toml") {
        output::print(&template::config_file(experiment))?;
    } else {
        output::print(&describe(experiment))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration of a stored trajectory, which says the same when it is read.
fn of_stored(experiments: &[&'static dyn AnyExperiment], file: &Path, matches: &ArgMatches) -> Result<String, Failure> {
    let stored = open_trajectory(file, matches.get_one::<String>("trajectory").map(String::as_str))?;
    let experiment = of_trajectory(experiments, &stored)?;
    let text = resolved::config_file(&stored, experiment)?;
    let config = Config::parse(Path::new("the configuration"), &text)?;
    let mut request = config.merge(experiment, Request::default())?;
    request.repeat = config.repeat()?;
    let name = Some(stored.header().name.clone());
    let reuse = experiment.reusable(file, Options { name, ..Options::default() }, &request)?;
    if reuse.is_possible() && reuse.n_new() == 0 {
        return Ok(text);
    }
    let what = "a configuration cannot spell all of its values";
    Err(Failure::Config(format!("`{}`: {what}: {reuse}", stored.header().name)))
}

/// One line for each parameter, with a blank line between groups.
pub(super) fn describe(experiment: &dyn AnyExperiment) -> String {
    let parameters = experiment.parameters();
    let defaults = experiment.defaults();
    let rows: Vec<Vec<String>> = parameters.iter().zip(&defaults).map(|(info, default)| row(info, default)).collect();
    let table = output::table(2, &rows);
    let mut text = String::new();
    let mut last_group = None;
    for (info, line) in parameters.iter().zip(table.lines()) {
        let group = info.name.rsplit_once('.').map(|(group, _)| group);
        if last_group.is_some_and(|last| last != group) {
            text.push('\n');
        }
        last_group = Some(group);
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn row(info: &ParameterInfo, default: &Cells) -> Vec<String> {
    let unit = if info.unit.is_empty() { String::new() } else { format!(" {}", info.unit) };
    let value = format!("{}{unit}", default.cell(0));
    let value = if info.derived { format!("derived, {value}") } else { value };
    vec![
        info.name.clone(),
        info.value_type.to_string(),
        value,
        info.limit_or_choices(),
        info.comment.replace('\n', " "),
    ]
}
