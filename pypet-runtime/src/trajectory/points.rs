//! The points of stored runs: the axes of their grid, and which are equal.

use super::{AnyTrajectory, Axis, grid};
use crate::error::Result;
use crate::explore::key::{PointKey, groups};
use crate::value::Cells;

impl AnyTrajectory {
    /// The axes of the grid that the points form, outermost first, with the values along them.
    ///
    /// # Errors
    /// The points form no grid, or the file cannot be read.
    pub fn axes(&self) -> Result<Vec<Axis>> {
        grid::axes(self, grid::order(self)?.as_deref())
    }

    /// The runs with equal parameters side by side, in the order of the first of each; repetitions of a point are in
    /// one group.
    ///
    /// It takes the explored columns, 8 bytes for each run and about 80 for each group.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn unique_points(&self) -> Result<Vec<Vec<usize>>> {
        let n_runs = self.header().n_runs;
        let explored =
            self.header().schema.parameters.iter().map(|parameter| format!("explored/{}", parameter.leaf.name));
        let columns = explored.filter(|path| self.at(path).is_some());
        let columns: Vec<Cells> =
            columns.map(|path| self.reader().rows(&path, 0..n_runs)).collect::<std::result::Result<_, _>>()?;
        Ok(groups((0..n_runs).map(|run| PointKey::of_cells(columns.iter().map(|column| column.cell(run))))))
    }
}
