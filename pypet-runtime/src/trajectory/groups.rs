//! Groups of results, as tables are: of one run, of the trajectory as a whole, and of all runs together.

use super::naming::Of;
use super::{AnyRunView, AnyTrajectory, NodeRef, RunView, Trajectory, TrajectoryError};
use crate::error::Result;
use crate::experiment::Experiment;
use crate::result::{ResultGroup, StoredMembers};
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::table::RunTable;
use crate::value::{Cells, Table, ValueError};

impl AnyTrajectory {
    /// A table by its name: a result of the trajectory as a whole, or the rows of all runs.
    ///
    /// What runs left comes one run after the other, with the index of the run as the first column: `run`, or `run_` if
    /// that is taken. A column that a run lacks holds NaN, zero or empty text in its rows.
    ///
    /// # Errors
    /// Nothing or too much fits the name, or it is no table.
    pub fn table(&self, name: &str) -> Result<Table> {
        match self.resolve(name)? {
            (node, Of::Run(run)) => self.run(run)?.group_of(node),
            (node, _) if node.children().any(NodeRef::is_column) => self.rows_of_runs(node),
            (node, _) => taken(node, None),
        }
    }

    /// A group of results of the trajectory as a whole.
    ///
    /// # Errors
    /// Nothing or too much fits the name, it is no such group, or it belongs to runs.
    pub fn get_group<G: ResultGroup>(&self, name: &str) -> Result<G> {
        match self.resolve(name)? {
            (node, Of::Run(run)) => self.run(run)?.group_of(node),
            (node, _) => taken(node, None),
        }
    }

    /// The runs side by side: index, explored parameters, scalar results, and status.
    ///
    /// Runs without results hold NaN, zero, or empty text; `status` tells which. Where a name is taken, it is
    /// `parameters.<name>` or `results.<name>`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn run_table(&self) -> Result<Table> {
        RunTable::of(self)?.to_table()
    }

    /// The rows of all runs that are done.
    fn rows_of_runs(&self, group: NodeRef<'_>) -> Result<Table> {
        let mut columns = Vec::new();
        for (leaf, node) in members(group, true) {
            columns.push((leaf, self.reader().rows(node.path(), 0..self.header().n_runs)?));
        }
        let statuses = self.statuses()?;
        let mut rows_of_run = vec![0; statuses.len()];
        for (_, cells) in &columns {
            for ((rows, cell), status) in rows_of_run.iter_mut().zip(cells.iter()).zip(statuses) {
                let of_cell = cell.shape().first().copied().unwrap_or(0);
                *rows = if *status == RunStatus::Done { of_cell.max(*rows) } else { 0 };
            }
        }
        let names: Vec<&str> = columns.iter().map(|(leaf, _)| leaf.name.as_str()).collect();
        let mut index = "run".to_owned();
        while names.contains(&index.as_str()) {
            index.push('_');
        }
        let runs = rows_of_run.iter().enumerate().flat_map(|(run, &rows)| std::iter::repeat_n(run as u64, rows));
        let mut table = Table::new().with(&index, runs);
        for (leaf, cells) in columns {
            let (leaf, cells) = stacked(leaf, &cells, &rows_of_run)
                .map_err(|source| TrajectoryError::Value { name: group.full_name(), source })?;
            table = table.with_cells(leaf, cells);
        }
        Ok(table)
    }
}

impl AnyRunView<'_> {
    /// A table that the run left, or one of the trajectory as a whole.
    ///
    /// # Errors
    /// Nothing or too much fits the name, it is no table, or the run has no results.
    pub fn table(&self, name: &str) -> Result<Table> {
        self.get_group(name)
    }

    /// A group of results that the run left, or one of the trajectory as a whole.
    ///
    /// # Errors
    /// Nothing or too much fits the name, it is no such group, or the run has no results.
    pub fn get_group<G: ResultGroup>(&self, name: &str) -> Result<G> {
        match self.trajectory().resolve(name)? {
            (node, Of::Run(other)) => self.trajectory().run(other)?.group_of(node),
            (node, Of::All) => taken(node, None),
            (node, Of::Asker) => self.group_of(node),
        }
    }

    pub(super) fn group_of<G: ResultGroup>(&self, group: NodeRef<'_>) -> Result<G> {
        if !group.children().any(NodeRef::is_column) {
            return taken(group, None);
        }
        match self.status() {
            RunStatus::Done => taken(group, Some(self.index())),
            status => Err(TrajectoryError::NotDone { run: self.index(), status }.into()),
        }
    }
}

impl<E: Experiment> RunView<'_, E> {
    /// A table that the run left, by its full name below `results`.
    ///
    /// # Errors
    /// As [`RunView::get_group`].
    pub fn table(&self, name: &str) -> Result<Table> {
        self.get_added_group(name)
    }
}

impl<E: Experiment> Trajectory<E> {
    /// The runs side by side, see [`AnyTrajectory::run_table`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn run_table(&self) -> Result<Table> {
        self.any().run_table()
    }
}

/// The members that are columns, or those that are not, by their names in the group.
fn members(group: NodeRef<'_>, is_column: bool) -> impl Iterator<Item = (Leaf, NodeRef<'_>)> {
    let wanted = group.children().filter(move |node| node.is_column() == is_column);
    wanted.filter_map(|node| Some((Leaf { name: node.name().into(), ..node.leaf()?.clone() }, node)))
}

/// A group as one run left it, or as it stands for the trajectory as a whole.
fn taken<G: ResultGroup>(group: NodeRef<'_>, run: Option<usize>) -> Result<G> {
    if !group.is_group() {
        return Err(TrajectoryError::NoGroup { name: group.full_name() }.into());
    }
    if run.is_none() && group.children().any(NodeRef::is_column) {
        return Err(TrajectoryError::OfRuns { name: group.full_name() }.into());
    }
    let mut found = Vec::new();
    for (leaf, node) in members(group, run.is_some()) {
        let cells = run.map_or_else(|| node.cells(), |run| node.row(run))?;
        found.push((leaf, cells));
    }
    if found.is_empty() {
        let members = group.children().map(NodeRef::full_name).collect();
        return Err(TrajectoryError::NoMembers { name: group.full_name(), members }.into());
    }
    let value = G::take(&StoredMembers::new(found));
    Ok(value.map_err(|source| TrajectoryError::Value { name: group.full_name(), source })?)
}

/// The arrays of all runs one after the other, each as so many rows.
fn stacked(leaf: Leaf, arrays: &Cells, rows_of_run: &[usize]) -> Result<(Leaf, Cells), ValueError> {
    let misfit = |n_rows| ValueError::Rows { name: leaf.name.clone(), n_rows };
    if arrays.rank() == 0 {
        return Err(misfit(rows_of_run.iter().copied().max().unwrap_or(0)));
    }
    let value_type = leaf.value_type.clone().with_shape(leaf.value_type.shape[1..].iter().copied());
    let mut cells = Cells::of(&value_type);
    for (array, &n_rows) in arrays.iter().zip(rows_of_run) {
        match array.shape()[0] {
            found if found == n_rows => cells.push_rows(&array),
            // Another run made this column, or the run has no results.
            0 => (0..n_rows).for_each(|_| cells.push_fill(&array.shape()[1..])),
            _ if n_rows == 0 => {}
            _ => return Err(misfit(n_rows)),
        }
    }
    Ok((Leaf { value_type, ragged: false, ..leaf }, cells))
}
