//! One run of a trajectory.

use std::fmt;

use super::TrajectoryError;
use super::typed::Trajectory;
use crate::error::Result;
use crate::experiment::Experiment;
use crate::result::{GroupName, ResultGroup, ResultName, StoredMembers};
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::NodeKind;
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

    /// A group of results, such as a table.
    ///
    /// # Errors
    /// The run has no results, what is stored is no such group, or the file cannot be read.
    pub fn get_group<G: ResultGroup>(&self, name: GroupName<E::Results, G>) -> Result<G> {
        self.get_added_group(name.name())
    }

    /// A group of results that the run added itself, by its full name below `results`.
    ///
    /// # Errors
    /// As [`RunView::get_group`].
    pub fn get_added_group<G: ResultGroup>(&self, name: &str) -> Result<G> {
        self.check_done()?;
        let any = self.trajectory.any();
        let group = format!("results/{}", name.replace('.', "/"));
        let mut members = Vec::new();
        for node in any.members(&group) {
            let NodeKind::Column(leaf) = &node.kind else { continue };
            let short = node.path.rsplit('/').next().unwrap_or_default();
            let cells = any.reader().rows(&node.path, self.index..self.index + 1)?;
            members.push((Leaf { name: short.into(), ..leaf.clone() }, cells));
        }
        let value = G::take(&StoredMembers::new(members));
        Ok(value.map_err(|source| TrajectoryError::Value { name: name.into(), source })?)
    }

    fn check_done(&self) -> Result<()> {
        match self.status() {
            RunStatus::Done => Ok(()),
            status => Err(TrajectoryError::NotDone { run: self.index, status }.into()),
        }
    }

    fn read<V: ResultValue>(&self, path: &str) -> Result<V> {
        self.check_done()?;
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
