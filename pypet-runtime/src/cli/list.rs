//! `list`: the experiments of a program.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::{Done, json, output};
use crate::registry::AnyExperiment;

pub(super) fn command() -> Command {
    Command::new("list").about("Lists the experiments of this program")
}

pub(super) fn run(experiments: &[&'static dyn AnyExperiment], matches: &ArgMatches) -> Done {
    if output::wants_json(matches) {
        output::print_json(&json::experiments(experiments))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = experiments
        .iter()
        .map(|experiment| {
            let results: Vec<String> = experiment.results().into_iter().map(|result| result.name).collect();
            let signature = format!("{} → {}", experiment.parameter_set(), results.join(", "));
            vec![experiment.name().into(), signature, experiment.comment().lines().next().unwrap_or("").into()]
        })
        .collect();
    let text = if rows.is_empty() { "no experiments\n".into() } else { output::table(0, &rows) };
    output::print_aligned(&text)?;
    Ok(ExitCode::SUCCESS)
}
