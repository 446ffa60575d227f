//! The points of stored runs: as an exploration, as a grid, and those that are equal.

use std::sync::Arc;

use super::{AnyTrajectory, Axis, Trajectory, TrajectoryError, grid};
use crate::error::Result;
use crate::experiment::Experiment;
use crate::explore::Exploration;
use crate::explore::key::{PointKey, groups};
use crate::value::{Cells, ResultValue};

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

impl<E: Experiment> Trajectory<E> {
    /// The points of the runs, in their order, to build on: with `+` and `*`, `filter` and `unique`.
    ///
    /// It holds the explored columns, and does not need the file any more.
    ///
    /// # Errors
    /// The file cannot be read.
    ///
    /// # Examples
    /// ```text
    /// let slow = traj.exploration()?.filter(|p| p.neuron.tau_v > 20.0);
    /// environment.run::<firing_rate>(slow * FiringRate::names().simulation.dt.over([0.05, 0.1]))?;
    /// ```
    pub fn exploration(&self) -> Result<Exploration<E::Parameters>> {
        let axes = self.explored_values()?.into_iter().map(|(leaf, values)| Exploration::axis(leaf, values.clone()));
        let repetitions = self.repetitions()?;
        let repetitions = repetitions.iter().map(|(name, numbers)| Exploration::repetitions(name, numbers.clone()));
        // Columns of one file have one length, so they go in lock step.
        Ok(axes.chain(repetitions).reduce(Exploration::zip_unchecked).unwrap_or_else(Exploration::single))
    }

    /// The numbers of all named repetitions, one for each run: what is explored and no parameter.
    fn repetitions(&self) -> Result<Vec<(String, Arc<[usize]>)>> {
        let parameters = &self.header().schema.parameters;
        let explored = self.any.nodes().iter().filter_map(|node| node.path.strip_prefix("explored/"));
        let repetitions = explored.filter(|name| parameters.iter().all(|parameter| parameter.leaf.name != *name));
        let read = |name: &str| {
            let cells = self.any.reader().rows(&format!("explored/{name}"), 0..self.len())?;
            let numbers: Result<Vec<usize>, _> = cells.iter().map(usize::read).collect();
            let numbers = numbers.map_err(|source| TrajectoryError::Value { name: name.into(), source })?;
            Ok((name.to_owned(), numbers.into()))
        };
        repetitions.map(read).collect()
    }

    /// The axes of the grid that the points form, outermost first, with the values along them.
    ///
    /// # Errors
    /// The points form no grid, or the file cannot be read.
    pub fn axes(&self) -> Result<Vec<Axis>> {
        self.any.axes()
    }

    /// The runs with equal parameters side by side; see [`AnyTrajectory::unique_points`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn unique_points(&self) -> Result<Vec<Vec<usize>>> {
        self.any.unique_points()
    }
}
