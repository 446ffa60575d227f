//! `find`: the runs that satisfy a condition.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value as Json};

use super::{Done, Failure, file_arguments, open_file, output};
use crate::run::RunStatus;
use crate::table::cells_at;
use crate::telling::with_bar;
use crate::trajectory::{AnyRunView, AnyTrajectory, NodeRef, Value, one_line};
use crate::value::Cells;

/// Rows that a terminal shows unless it is asked for all.
const SHOWN: usize = 50;

pub(super) fn command() -> Command {
    Command::new("find")
        .about("Finds the runs that satisfy a condition, with their explored parameters and single-valued results")
        .args(file_arguments())
        .arg(
            Arg::new("condition")
                .value_name("CONDITION")
                .required(true)
                .allow_hyphen_values(true)
                .help("as 'neuron.i > 0.5 && rate > 10'; `run` is the index, `status` the state of a run"),
        )
        .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).help("shows all runs on a terminal, too"))
        .after_help(
            "numbers may carry the unit of the parameter (tau > 5 ms); texts stand in quotes (status == \"failed\");\n\
             == != < <= > >= in [a, b], && || ! (and or not), + - * /, and parentheses",
        )
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let any = open_file(matches)?;
    let condition = matches.get_one::<String>("condition").expect("clap requires it");
    let json = output::wants_json(matches);
    let is_cut = !json && !matches.get_flag("all") && std::io::stdout().is_terminal();
    let text = with_bar("searching", || -> Result<String, Failure> {
        let found: Vec<AnyRunView<'_>> = any.find(condition)?.collect();
        let shown = &found[..if is_cut { found.len().min(SHOWN) } else { found.len() }];
        let columns = columns(&any, shown)?;
        if json { as_json(shown, &columns) } else { Ok(as_table(&any, shown, &columns, found.len())) }
    })?;
    if json {
        output::print(&text)?;
    } else {
        output::print_aligned(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The run table of the first runs, for those who only want to look.
pub(super) fn first_runs(any: &AnyTrajectory, most: usize) -> Result<String, Failure> {
    let n_runs = any.header().n_runs;
    let shown = (0..n_runs.min(most)).map(|run| any.run(run)).collect::<Result<Vec<_>, _>>()?;
    let more = output::more(n_runs, most, "runs (`find FILE 'run >= 0'`)").map(|more| more + "\n");
    Ok(table(&shown, &columns(any, &shown)?) + &more.unwrap_or_default())
}

/// One explored parameter or result of the runs that are shown, a cell for each.
struct Column {
    label: String,
    unit: String,
    is_result: bool,
    cells: Cells,
}

fn columns(any: &AnyTrajectory, shown: &[AnyRunView<'_>]) -> Result<Vec<Column>, Failure> {
    let explored = any.find_all("explored.**").into_iter().filter(|node| !node.is_group());
    let results = any.find_all("results.**").into_iter().filter(|node| node.is_column());
    let is_scalar = |node: &NodeRef<'_>| node.leaf().is_some_and(|leaf| leaf.value_type.is_scalar());
    let runs: Vec<usize> = shown.iter().map(AnyRunView::index).collect();
    let mut columns: Vec<Column> = Vec::new();
    for node in explored.chain(results.filter(is_scalar)) {
        let (branch, name) = node.path().split_once('/').unwrap_or_default();
        let name = name.replace('/', ".");
        let is_taken = ["run", "status"].contains(&name.as_str()) || columns.iter().any(|other| other.label == name);
        let label = if is_taken { format!("{branch}.{name}") } else { name };
        let (unit, is_result) = (node.unit().to_owned(), branch == "results");
        let value_type = &node.leaf().expect("a column is a leaf").value_type;
        columns.push(Column { label, unit, is_result, cells: cells_at(any, node.path(), value_type, &runs)? });
    }
    Ok(columns)
}

impl Column {
    /// Whether a run has a value here.
    fn has(&self, run: &AnyRunView<'_>) -> bool {
        !self.is_result || run.status() == RunStatus::Done
    }

    fn header(&self) -> String {
        one_line(&if self.unit.is_empty() { self.label.clone() } else { format!("{} ({})", self.label, self.unit) })
    }
}

fn as_table(any: &AnyTrajectory, shown: &[AnyRunView<'_>], columns: &[Column], n_found: usize) -> String {
    let more = output::more(n_found, shown.len(), "(--all)").map(|more| more + "\n").unwrap_or_default();
    format!("{}{more}{n_found} of {} runs\n", table(shown, columns), any.header().n_runs)
}

/// A line for each run, below what stands in its columns.
fn table(shown: &[AnyRunView<'_>], columns: &[Column]) -> String {
    let header = ["run".to_owned(), "status".to_owned()].into_iter().chain(columns.iter().map(Column::header));
    let mut rows: Vec<Vec<String>> = if shown.is_empty() { Vec::new() } else { vec![header.collect()] };
    for (row, run) in shown.iter().enumerate() {
        let value = |column: &Column| {
            if column.has(run) { one_line(&column.cells.cell(row).to_string()) } else { String::new() }
        };
        let start = [run.index().to_string(), run.status().to_string()];
        rows.push(start.into_iter().chain(columns.iter().map(value)).collect());
    }
    output::table(0, &rows)
}

fn as_json(shown: &[AnyRunView<'_>], columns: &[Column]) -> Result<String, Failure> {
    let object = |(row, run): (usize, &AnyRunView<'_>)| {
        let mut object = Map::new();
        object.insert("run".into(), run.index().into());
        object.insert("status".into(), run.status().word().into());
        for column in columns {
            let value = column.has(run).then(|| Value::of(&column.cells.cell(row)));
            object.insert(column.label.clone(), serde_json::to_value(value)?);
        }
        Ok(Json::Object(object))
    };
    let objects: serde_json::Result<Vec<Json>> = shown.iter().enumerate().map(object).collect();
    let text = objects.and_then(|objects| serde_json::to_string_pretty(&objects)).map_err(std::io::Error::from)?;
    Ok(text + "\n")
}
