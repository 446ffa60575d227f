//! What was worked out about a trajectory and holds until its file changes: orders of runs, and which runs fit.

use std::sync::Arc;

use crate::error::Result;
use crate::progress::Progress;
use crate::run::RunStatus;
use crate::storage::hdf5::Fingerprint;
use crate::table::{Column, RunTable};
use crate::value::text::suggestion;
use crate::value::{Cells, ElementType};

/// Lists of runs that are kept; a million runs take four megabytes each.
const KEPT: usize = 12;

/// What is remembered of one trajectory in one state of its file.
#[derive(Debug, Default)]
pub(super) struct Memo {
    trajectory: String,
    state: Option<Fingerprint>,
    /// How far it has come, which is asked every second.
    pub(super) progress: Option<Progress>,
    lists: Vec<(Choice, Arc<Vec<u32>>)>,
}

/// Which runs are wanted, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// A condition in the language of `find`.
    pub(super) condition: Option<String>,
    /// The label of a column, or `run`, or `status`.
    pub(super) sort: Option<String>,
    pub(super) is_descending: bool,
}

impl Choice {
    /// Whether it is all runs as they are.
    pub(super) fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

impl Memo {
    /// Nothing yet.
    pub(super) fn of(trajectory: &str, state: Fingerprint) -> Self {
        Self { trajectory: trajectory.into(), state: Some(state), ..Self::default() }
    }

    pub(super) fn is_of(&self, trajectory: &str, state: &Fingerprint) -> bool {
        self.trajectory == trajectory && self.state.as_ref() == Some(state)
    }

    /// The runs of a choice.
    ///
    /// # Errors
    /// The condition is malformed, there is no such column, or the file cannot be read.
    pub(super) fn runs(&mut self, table: &RunTable<'_>, choice: &Choice) -> Result<Arc<Vec<u32>>, Mischoice> {
        if let Some((_, known)) = self.lists.iter().find(|(other, _)| other == choice) {
            return Ok(known.clone());
        }
        let runs = match choice {
            Choice { condition: Some(condition), sort: None, .. } => {
                table.trajectory().find(condition)?.map(|run| number_of(run.index())).collect()
            }
            Choice { condition: Some(_), .. } => {
                let fitting = self.runs(table, &Choice { condition: choice.condition.clone(), ..Choice::default() })?;
                let mut fits = vec![false; table.len()];
                fitting.iter().for_each(|&run| fits[run as usize] = true);
                let sorted = self.runs(table, &Choice { condition: None, ..choice.clone() })?;
                sorted.iter().copied().filter(|&run| fits[run as usize]).collect()
            }
            Choice { condition: None, sort: Some(label), is_descending } => sorted(table, label, *is_descending)?,
            Choice { condition: None, sort: None, .. } => (0..number_of(table.len())).collect(),
        };
        let runs = Arc::new(runs);
        if self.lists.len() == KEPT {
            self.lists.remove(0);
        }
        self.lists.push((choice.clone(), runs.clone()));
        Ok(runs)
    }
}

/// Why runs cannot be chosen so.
#[derive(Debug, thiserror::Error)]
pub(super) enum Mischoice {
    #[error("there is no column `{0}`{1}")]
    NoColumn(String, String),
    #[error("`{0}` holds arrays, which have no order; sort by a column of single values")]
    Arrays(String),
    #[error(transparent)]
    Pypet(#[from] crate::error::Error),
}

/// Whether a run of this status has a value in a column: only runs that are done have results.
pub(super) fn has_value(column: &Column, status: RunStatus) -> bool {
    !column.path.starts_with("results/") || status == RunStatus::Done
}

fn number_of(run: usize) -> u32 {
    u32::try_from(run).expect("a trajectory has fewer than 2^32 runs")
}

/// All runs in the order of a column; runs without a value are last in both directions.
fn sorted(table: &RunTable<'_>, label: &str, is_descending: bool) -> Result<Vec<u32>, Mischoice> {
    let mut runs: Vec<u32> = (0..number_of(table.len())).collect();
    if label == "run" {
        if is_descending {
            runs.reverse();
        }
        return Ok(runs);
    }
    if label == "status" {
        let codes = table.statuses.iter().map(|status| i128::from(status.code())).collect();
        sort(&mut runs, &Keys::Wholes(codes), is_descending);
        return Ok(runs);
    }
    let columns: Vec<&Column> = table.explored.iter().chain(&table.results).collect();
    let Some(column) = columns.iter().find(|column| column.label == label) else {
        let labels: Vec<&str> = columns.iter().map(|column| column.label.as_str()).collect();
        return Err(Mischoice::NoColumn(label.into(), suggestion(label, &labels)));
    };
    if !column.leaf.value_type.is_scalar() {
        return Err(Mischoice::Arrays(label.into()));
    }
    let cells = table.cells(column, 0..table.len())?;
    let keys = Keys::of(&cells);
    let is_known = |run: u32| has_value(column, table.statuses[run as usize]) && !keys.is_nan(run);
    let (mut known, unknown): (Vec<u32>, Vec<u32>) = runs.into_iter().partition(|&run| is_known(run));
    sort(&mut known, &keys, is_descending);
    known.extend(unknown);
    Ok(known)
}

/// What runs are ordered by.
enum Keys<'a> {
    Wholes(Vec<i128>),
    Floats(Vec<f64>),
    Texts(Vec<&'a str>),
}

impl<'a> Keys<'a> {
    fn of(cells: &'a Cells) -> Self {
        match cells.element() {
            ElementType::Text => Self::Texts(cells.strings().collect()),
            // Floats would not tell large numbers apart.
            ElementType::I64 => Self::Wholes(cells.iter().map(|cell| cell.numbers::<i64>()[0].into()).collect()),
            ElementType::U64 => Self::Wholes(cells.iter().map(|cell| cell.numbers::<u64>()[0].into()).collect()),
            _ => Self::Floats(cells.iter().map(|cell| cell.as_f64().unwrap_or(f64::NAN)).collect()),
        }
    }

    fn is_nan(&self, run: u32) -> bool {
        matches!(self, Self::Floats(keys) if keys[run as usize].is_nan())
    }
}

/// Orders runs by their keys; those with the same key stay as they are.
fn sort(runs: &mut [u32], keys: &Keys<'_>, is_descending: bool) {
    let order = |order: std::cmp::Ordering| if is_descending { order.reverse() } else { order };
    match keys {
        Keys::Wholes(keys) => runs.sort_by(|&a, &b| order(keys[a as usize].cmp(&keys[b as usize]))),
        Keys::Floats(keys) => runs.sort_by(|&a, &b| order(keys[a as usize].total_cmp(&keys[b as usize]))),
        Keys::Texts(keys) => runs.sort_by(|&a, &b| order(keys[a as usize].cmp(keys[b as usize]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_with_the_same_key_stay_in_their_order_in_both_directions() {
        let keys = Keys::Floats(vec![2.0, 1.0, 2.0, 1.0]);
        let mut runs = [0, 1, 2, 3];
        sort(&mut runs, &keys, false);
        assert_eq!(runs, [1, 3, 0, 2]);
        let mut runs = [0, 1, 2, 3];
        sort(&mut runs, &keys, true);
        assert_eq!(runs, [0, 2, 1, 3]);
    }
}
