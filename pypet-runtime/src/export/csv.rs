//! Tables as comma-separated values, as RFC 4180 has them: scalars side by side, each array result in long form.

use std::io::{self, Write};

use super::target::Target;
use super::{ExportError, json_value};
use crate::table::{Column, RunTable};
use crate::value::{Cell, Cells};

/// Writes one line for each run: its index, explored parameters, scalar results and status.
pub(super) fn write_table(table: &RunTable<'_>, results: &[&Column], out: &mut Target) -> Result<(), ExportError> {
    let columns: Vec<&Column> = table.explored.iter().chain(results.iter().copied()).collect();
    write!(out, "run")?;
    for column in &columns {
        write!(out, ",{}", field(&column.label))?;
    }
    writeln!(out, ",status")?;
    let n_runs = table.len();
    for first in (0..n_runs).step_by(STRETCH) {
        let runs = first..(first + STRETCH).min(n_runs);
        let cells: crate::error::Result<Vec<_>> =
            columns.iter().map(|column| table.cells(column, runs.clone())).collect();
        let cells = cells?;
        let mut cells: Vec<_> = cells.iter().map(Cells::iter).collect();
        for run in runs {
            write!(out, "{run}")?;
            for (place, cells) in cells.iter_mut().enumerate() {
                let cell = cells.next().expect("one cell for each run");
                // What stands in the file for a run without results is no result.
                let is_known = place < table.explored.len() || table.is_done(run);
                write!(out, ",{}", if is_known { value(&cell) } else { String::new() })?;
            }
            writeln!(out, ",{}", table.statuses[run].word())?;
        }
    }
    Ok(())
}

/// Runs that are read at once.
const STRETCH: usize = 16_384;

/// Writes one line for each element: run, position along each dimension, value. Runs without results have none.
pub(super) fn write_long(table: &RunTable<'_>, result: &Column, out: &mut Target) -> Result<(), ExportError> {
    let dims = (0..result.leaf.value_type.shape.len()).map(|axis| field(&result.leaf.dim(axis)));
    writeln!(out, "run,{},{}", dims.collect::<Vec<_>>().join(","), field(&result.label))?;
    for runs in table.stretches(result) {
        let cells = table.cells(result, runs.clone())?;
        for (run, cell) in runs.zip(cells.iter()) {
            if table.is_done(run) {
                write_elements(run, &cell, out)?;
            }
        }
    }
    Ok(())
}

fn write_elements(run: usize, cell: &Cell<'_>, out: &mut impl Write) -> io::Result<()> {
    let shape = cell.shape();
    let mut position = vec![0; shape.len()];
    for element in cell.spellings(usize::MAX) {
        write!(out, "{run}")?;
        for index in &position {
            write!(out, ",{index}")?;
        }
        writeln!(out, ",{}", field(&element))?;
        for axis in (0..shape.len()).rev() {
            position[axis] += 1;
            if position[axis] < shape[axis] {
                break;
            }
            position[axis] = 0;
        }
    }
    Ok(())
}

/// A scalar as it is, an array-valued parameter as a list.
fn value(cell: &Cell<'_>) -> String {
    if cell.shape().is_empty() { field(&cell.to_string()) } else { field(&json_value(cell).to_string()) }
}

/// Quoted where RFC 4180 wants it.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_like_several_fields_stays_one() {
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("say \"so\"\n"), "\"say \"\"so\"\"\n\"");
        assert_eq!(field("plain"), "plain");
    }
}
