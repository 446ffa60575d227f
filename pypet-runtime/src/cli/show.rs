//! `show`: what is in a file.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use tracing::Level;

use super::{Done, file_arguments, json, open_file, output};
use crate::storage::hdf5::trajectories;
use crate::trajectory::{AnyRunView, AnyTrajectory, NodeRef, one_line, write_tree};
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
    let mut text = String::new();
    let (path, run) = (matches.get_one::<String>("path"), matches.get_one::<usize>("run").copied());
    if let Some(run) = run.or_else(|| any.run_of(path?)) {
        let run = any.run(run)?;
        text = path.map_or_else(|| Ok(run.to_string()), |path| value_of_run(run, path))?;
    } else if let Some(path) = path {
        describe_node(&any, path, &mut text)?;
    } else {
        text.push_str(&any.to_string());
        let names = trajectories(file).map_err(crate::error::Error::from)?;
        let others: Vec<&str> = names.iter().map(String::as_str).filter(|n| *n != any.header().name).collect();
        if !others.is_empty() {
            let _ = writeln!(text, "other trajectories (--trajectory NAME): {}", others.join(", "));
        }
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
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

fn describe_node(any: &AnyTrajectory, path: &str, text: &mut String) -> Result<(), crate::error::Error> {
    let node = any.node(path)?;
    // Writing to a `String` cannot fail.
    let _ = write_tree(any, Some(node), text);
    if !node.is_column() {
        let is_result = node.path().starts_with("results/") && node.is_group();
        if let Some(table) = any.get_group::<Table>(path).ok().filter(|table| is_result && table.n_rows() > 0) {
            let _ = write!(text, "\n{table}");
        }
        return Ok(());
    }
    let n_runs = any.header().n_runs;
    let rows = any.rows(path, 0..n_runs.min(SHOWN))?;
    for (run, cell) in rows.iter().enumerate() {
        let _ = writeln!(text, "  run {run:<6} {}", one_line(&cell.to_string()));
    }
    if n_runs > SHOWN {
        let _ = writeln!(text, "  … {} more runs", n_runs - SHOWN);
    }
    Ok(())
}
