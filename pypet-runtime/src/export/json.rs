//! Values as JSON.
//!
//! JSON knows neither NaN nor infinity: NaN is `null`, as pandas and JavaScript have it, and infinities are the texts
//! `inf` and `-inf`, so that they are not lost.

use std::io::{self, Write};

use serde_json::Value;

use super::ExportError;
use super::target::Target;
use crate::table::{Column, RunTable};
use crate::value::{Cell, Cells, ElementType};

/// A value, nested by its shape.
pub(crate) fn json_value(cell: &Cell<'_>) -> Value {
    let mut elements = elements(cell).into_iter();
    nested(cell.shape(), &mut elements)
}

fn nested(shape: &[usize], elements: &mut impl Iterator<Item = Value>) -> Value {
    match shape {
        [] => elements.next().unwrap_or(Value::Null),
        [length, inner @ ..] => (0..*length).map(|_| nested(inner, elements)).collect(),
    }
}

fn elements(cell: &Cell<'_>) -> Vec<Value> {
    let spellings = cell.spellings(usize::MAX);
    if cell.element() == ElementType::Text {
        return spellings.into_iter().map(Value::String).collect();
    }
    // Numbers and truth values are spelled as in JSON, down to the last digit.
    let element = |spelling: String| match spelling.as_str() {
        "NaN" => Value::Null,
        text => serde_json::from_str(text).unwrap_or(Value::String(spelling)),
    };
    spellings.into_iter().map(element).collect()
}

/// Writes the table with one object for each run: a line each, or all of them as one list.
pub(super) fn write(
    table: &RunTable<'_>,
    chosen: &[&Column],
    as_lines: bool,
    out: &mut Target,
) -> Result<(), ExportError> {
    let columns: Vec<&Column> = table.explored.iter().chain(chosen.iter().copied()).collect();
    let widest = columns.iter().max_by_key(|column| table.stretches(column).count());
    let stretches: Vec<_> = match widest {
        Some(column) => table.stretches(column).collect(),
        None => std::iter::once(0..table.len()).collect(),
    };
    if !as_lines {
        out.write_all(b"[\n")?;
    }
    for runs in stretches {
        let cells: crate::error::Result<Vec<_>> =
            columns.iter().map(|column| table.cells(column, runs.clone())).collect();
        let cells = cells?;
        let mut cells: Vec<_> = cells.iter().map(Cells::iter).collect();
        for run in runs {
            write_run(table, &columns, &mut cells, run, out)?;
            let is_last = run + 1 == table.len();
            out.write_all(if as_lines || is_last { b"\n" } else { b",\n" })?;
        }
    }
    if !as_lines {
        out.write_all(b"]\n")?;
    }
    Ok(())
}

fn write_run<'a>(
    table: &RunTable<'_>,
    columns: &[&Column],
    cells: &mut [impl Iterator<Item = Cell<'a>>],
    run: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    write!(out, "{{\"run\":{run}")?;
    for (place, (column, cells)) in columns.iter().zip(cells).enumerate() {
        let cell = cells.next().expect("one cell for each run");
        // What stands in the file for a run without results is no result.
        let is_known = place < table.explored.len() || table.is_done(run);
        let value = if is_known { json_value(&cell) } else { Value::Null };
        write!(out, ",{}:{value}", Value::from(column.label.as_str()))?;
    }
    write!(out, ",\"status\":\"{}\"}}", table.statuses[run].word())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arrays_are_nested_and_what_json_lacks_is_told() {
        let mut cells = Cells::new(ElementType::F64, 2);
        cells.put_numbers(&[0.1, f64::NAN, f64::INFINITY, 1e-7]);
        cells.end_array(&[2, 2]);
        assert_eq!(json_value(&cells.cell(0)), json!([[0.1, null], ["inf", 1e-7]]));
    }

    #[test]
    fn whole_numbers_keep_all_their_digits() {
        let mut cells = Cells::new(ElementType::U64, 0);
        cells.push_number(u64::MAX);
        assert_eq!(json_value(&cells.cell(0)).to_string(), "18446744073709551615");
    }
}
