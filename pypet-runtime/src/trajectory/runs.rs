//! One run of a trajectory.

use std::fmt;

use super::TrajectoryError;
use super::typed::Trajectory;
use crate::error::Result;
use crate::experiment::Experiment;
use crate::result::ResultName;
use crate::run::RunStatus;
use crate::value::ResultValue;

/// One run of a trajectory: its parameters, its state, its results.
pub struct RunView<'a, E: Experiment> {
    trajectory: &'a Trajectory<E>,
    index: usize,
}

impl<'a, E: Experiment> RunView<'a, E> {
    pub(super) fn new(trajectory: &'a Trajectory<E>, index: usize) -> Self {
        Self { trajectory, index }
    }

    /// Position in the trajectory, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// How far the run has come.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        self.trajectory.statuses()[self.index]
    }

    /// The parameters that the run was given.
    #[must_use]
    pub fn parameters(&self) -> E::Parameters {
        let mut parameters = self.trajectory.presets().clone();
        self.trajectory.move_to(self.index, &mut parameters);
        parameters
    }

    /// A result; only this run's value is loaded.
    ///
    /// # Errors
    /// The run has no results, or the file cannot be read.
    pub fn get<V: ResultValue>(&self, name: ResultName<E::Results, V>) -> Result<V> {
        self.read(self.trajectory.path_of(name))
    }

    /// A result that the run added itself, by its full name below `results`.
    ///
    /// # Errors
    /// The run has no results, no run added one of this name, it has another type, or the file cannot be read.
    pub fn get_added<V: ResultValue>(&self, name: &str) -> Result<V> {
        self.read(&format!("results/{}", name.replace('.', "/")))
    }

    fn read<V: ResultValue>(&self, path: &str) -> Result<V> {
        if self.status() != RunStatus::Done {
            return Err(TrajectoryError::NotDone { run: self.index, status: self.status() }.into());
        }
        let cells = self.trajectory.any().reader().rows(path, self.index..self.index + 1)?;
        let value = V::read(cells.cell(0));
        Ok(value.map_err(|source| TrajectoryError::Value { name: path.replace('/', "."), source })?)
    }
}

impl<E: Experiment> fmt::Debug for RunView<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} of `{}` ({})", self.index, self.trajectory.name(), self.status())
    }
}
