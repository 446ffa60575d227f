//! `show`: what is in a file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use tracing::Level;

use super::{Done, Failure, file_arguments, find, json, open_file, output};
use crate::storage::hdf5::trajectories;
use crate::trajectory::{AnyRunView, AnyTrajectory, NodeRef, of_runs, one_line, write_tree};
use crate::value::Table;

/// Runs of a column that are shown one by one.
const SHOWN: usize = 20;

pub(super) fn command() -> Command {
    Command::new("show")
        .about("Shows a trajectory's tree, or one node of it")
        .args(file_arguments())
        .arg(Arg::new("path").value_name("PATH").help("a node, as `neuron.i`; groups may be left out"))
        .arg(
            Arg::new("run")
                .long("run")
                .value_name("N")
                .value_parser(value_parser!(usize))
                .help("what run N was given and what came of it; of a node, its whole value"),
        )
        .arg(
            Arg::new("log")
                .long("log")
                .action(ArgAction::SetTrue)
                .conflicts_with("path")
                .help("what was logged; with --run, while that run was carried out"),
        )
        .arg(
            Arg::new("level")
                .long("level")
                .value_name("LEVEL")
                .requires("log")
                .value_parser(PossibleValuesParser::new(["error", "warn", "info", "debug", "trace"]))
                .help("leaves out of the log what is less grave"),
        )
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let file = matches.get_one::<PathBuf>("file").expect("clap requires it");
    let any = open_file(matches)?;
    if matches.get_flag("log") {
        return show_log(&any, matches);
    }
    if output::wants_json(matches) {
        let run = matches.get_one::<usize>("run").copied();
        output::print_json(&json::show(&any, matches.get_one::<String>("path").map(String::as_str), run)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (path, run) = (matches.get_one::<String>("path"), matches.get_one::<usize>("run").copied());
    match (path, run.or_else(|| any.run_of(path?))) {
        (Some(path), Some(run)) => output::print(&value_of_run(any.run(run)?, path)?)?,
        (None, Some(run)) => describe_run(any.run(run)?)?,
        (Some(path), None) => describe_node(&any, path)?,
        (None, None) => output::print_aligned(&format!("{any}{}", others(&any, file)?))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn describe_run(run: AnyRunView<'_>) -> Result<(), Failure> {
    let text = run.to_string();
    // Why it failed is worth more than columns.
    if run.error()?.is_some() {
        output::print(&text)?;
    } else {
        output::print_aligned(&text)?;
    }
    Ok(())
}

/// What else there is in the file.
fn others(any: &AnyTrajectory, file: &Path) -> Result<String, Failure> {
    let names = trajectories(file).map_err(crate::error::Error::from)?;
    let others: Vec<String> =
        names.iter().filter(|name| **name != any.header().name).map(|name| one_line(name)).collect();
    if others.is_empty() {
        return Ok(String::new());
    }
    Ok(format!("other trajectories (--trajectory NAME): {}\n", others.join(", ")))
}

fn show_log(any: &AnyTrajectory, matches: &ArgMatches) -> Done {
    let mut lines = any.log(matches.get_one::<usize>("run").copied())?;
    if let Some(level) = matches.get_one::<String>("level").and_then(|level| level.parse::<Level>().ok()) {
        lines.retain(|line| line.level <= level);
    }
    if output::wants_json(matches) {
        output::print_json(&json::log(&lines))?;
    } else {
        let text = lines.iter().fold(String::new(), |text, line| text + &line.to_string() + "\n");
        output::print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A value on a line, or a table on several.
fn value_of_run(run: AnyRunView<'_>, path: &str) -> Result<String, crate::error::Error> {
    if run.trajectory().target(path).is_ok_and(NodeRef::is_group)
        && let Ok(table) = run.table(path)
    {
        return Ok(table.to_string());
    }
    Ok(format!("{}\n", run.value(path)?))
}

fn describe_node(any: &AnyTrajectory, path: &str) -> Result<(), Failure> {
    let node = any.node(path)?;
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_tree(any, Some(node), &mut text);
    if node.is_column() {
        let n_runs = any.header().n_runs;
        for (run, value) in of_runs(any, node, SHOWN)?.iter().enumerate() {
            let _ = writeln!(text, "  run {run:<6} {}", one_line(value));
        }
        text.extend(output::more(n_runs, SHOWN, "runs").map(|more| format!("  {more}\n")));
    } else if node.path() == "runs" {
        let _ = write!(text, "\n{}", find::first_runs(any, SHOWN)?);
    } else if node.path() == "runs/errors" {
        let failures = any.failures()?;
        for (number, failure) in failures.iter().take(SHOWN).enumerate() {
            let _ = writeln!(text, "{}{}", if number == 0 { "\n" } else { "" }, one_line(&failure.to_string()));
        }
        text.extend(output::more(failures.len(), SHOWN, "runs").map(|more| more + "\n"));
    } else if node.path().starts_with("results/")
        && let Some(table) = any.get_group::<Table>(path).ok().filter(|table| table.n_rows() > 0)
    {
        let _ = write!(text, "\n{table}");
    }
    // Of a single node, and of failures, everything is said.
    if node.is_group() && node.path() != "runs/errors" {
        output::print_aligned(&text)?;
    } else {
        output::print(&text)?;
    }
    Ok(())
}
