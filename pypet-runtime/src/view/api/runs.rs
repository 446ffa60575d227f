//! The run table, page by page: sorted and filtered here, so that a million runs are as quick as a hundred.

use serde::Deserialize;
use serde_json::json;

use super::overview::column;
use super::{Answer, Ask, Refusal};
use crate::table::{Column, RunTable, cells_at};
use crate::trajectory::one_line;
use crate::value::Cells;
use crate::view::memo::{Choice, has_value};
use crate::view::reading::Source;

/// Rows of one answer.
const MOST_ROWS: usize = 200;
/// Columns of the table; results beyond are found in the runs themselves.
const MOST_COLUMNS: usize = 100;

/// Some rows of the table.
#[derive(Debug, Deserialize)]
pub(super) struct RunsQuery {
    trajectory: Option<String>,
    /// A condition in the language of `find`.
    condition: Option<String>,
    /// The label of a column.
    sort: Option<String>,
    #[serde(default)]
    descending: bool,
    /// The first row.
    #[serde(default)]
    from: usize,
    /// How many rows.
    #[serde(default = "most_rows")]
    count: usize,
}

fn most_rows() -> usize {
    MOST_ROWS
}

impl Ask for RunsQuery {
    fn ask(self, source: &mut Source) -> Result<Answer, Refusal> {
        let (any, memo) = source.open(self.trajectory.as_deref())?;
        let table = RunTable::of(any)?;
        let is_said = |text: &String| !text.trim().is_empty();
        let choice = Choice {
            condition: self.condition.filter(is_said),
            is_descending: self.descending && self.sort.as_ref().is_some_and(is_said),
            sort: self.sort.filter(is_said),
        };
        let count = self.count.min(MOST_ROWS);
        let page = |n_found: usize| self.from.min(n_found)..self.from.saturating_add(count).min(n_found);
        let (n_found, runs): (usize, Vec<usize>) = if choice.is_everything() {
            (table.len(), page(table.len()).collect())
        } else {
            let found = memo.runs(&table, &choice)?;
            (found.len(), found[page(found.len())].iter().map(|&run| run as usize).collect())
        };
        let all = table.explored.iter().chain(table.results.iter().filter(|column| column.leaf.value_type.is_scalar()));
        let columns: Vec<&Column> = all.clone().take(MOST_COLUMNS).collect();
        let cells = columns.iter().map(|column| cells_at(any, &column.path, &column.leaf.value_type, &runs));
        let cells: Vec<Cells> = cells.collect::<crate::error::Result<_>>()?;
        let row = |(row, &run): (usize, &usize)| {
            let status = table.statuses[run];
            let text = |(column, cells): (&&Column, &Cells)| {
                if has_value(column, status) { one_line(&cells.cell(row).to_string()) } else { String::new() }
            };
            let texts = columns.iter().zip(&cells).map(text);
            [run.to_string(), status.to_string()].into_iter().chain(texts).collect::<Vec<String>>()
        };
        Ok(Answer::Json(json!({
            "n_runs": table.len(),
            "n_found": n_found,
            "from": self.from,
            "columns": columns.iter().map(|known| column(known)).collect::<Vec<_>>(),
            "n_hidden_columns": all.count() - columns.len(),
            "rows": runs.iter().enumerate().map(row).collect::<Vec<_>>(),
        })))
    }
}
