//! `merge`: join trajectories of one parameter space.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::json;

use super::{Done, output};
use crate::telling::with_bar;
use crate::trajectory::{Agreement, MergeOptions, merge};

pub(super) fn command() -> Command {
    let value = |id: &'static str, name, help| Arg::new(id).long(id).value_name(name).help(help);
    Command::new("merge")
        .about("Joins the newest trajectories of several files to one; runs that are there twice become one")
        .arg(Arg::new("out").value_name("OUT").required(true).value_parser(value_parser!(PathBuf)))
        .arg(Arg::new("inputs").value_name("IN").required(true).num_args(1..).value_parser(value_parser!(PathBuf)))
        .arg(value("name", "NAME", "the trajectory's name; that of the oldest by default"))
        .arg(
            value("prefer", "WHICH", "which file wins where the same run has different results; else that is an error")
                .value_parser(PossibleValuesParser::new(["first", "last"])),
        )
        .arg(
            value(
                "trial",
                "NAME",
                "keeps all runs of one point, and numbers them anew in this repetition or parameter",
            )
            .conflicts_with("prefer"),
        )
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let out = matches.get_one::<PathBuf>("out").expect("clap requires it");
    let inputs: Vec<&PathBuf> = matches.get_many("inputs").expect("clap requires it").collect();
    let agreement = match matches.get_one::<String>("prefer").map(String::as_str) {
        Some("first") => Agreement::First,
        Some("last") => Agreement::Last,
        _ => Agreement::Required,
    };
    let text = |id| matches.get_one::<String>(id).cloned();
    let options = MergeOptions { name: text("name"), agreement, trial: text("trial") };
    let merged = with_bar("joining", || merge(out, &inputs, &options))?;
    if output::wants_json(matches) {
        output::print_json(&json!({
            "file": out.display().to_string(),
            "trajectory": merged.name,
            "n_runs": merged.n_runs,
            "n_duplicates": merged.n_duplicates,
            "apart": merged.apart.iter().map(|array| json!({
                "file": array.file.display().to_string(),
                "name": array.name,
                "new_name": array.new_name,
            })).collect::<Vec<_>>(),
            "bytes": std::fs::metadata(out)?.len(),
            "inputs": inputs.iter().map(|input| input.display().to_string()).collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let duplicates = match merged.n_duplicates {
        0 => String::new(),
        n => format!(", {n} that were there twice left out"),
    };
    output::print(&format!(
        "{} runs of {} files joined{duplicates} → {} (trajectory `{}`)\n",
        merged.n_runs,
        inputs.len(),
        out.display(),
        merged.name
    ))?;
    for array in &merged.apart {
        output::print(&format!(
            "`{}` of {} is `{}`: it has another shape, or its elements were written in an older file as well\n",
            array.name,
            array.file.display(),
            array.new_name
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
