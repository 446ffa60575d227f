//! One run of a trajectory.

use std::fmt;
use std::time::{Duration, SystemTime};

use ndarray::{Array, ArrayD, SliceArg, SliceInfoElem};

use super::typed::Trajectory;
use super::{AnyRunView, RunFailure, TrajectoryError};
use crate::error::Result;
use crate::experiment::Experiment;
use crate::parameter::Identity;
use crate::result::{GroupName, ResultGroup, ResultName};
use crate::run::RunStatus;
use crate::value::{Element, ResultValue, Slice, Sliceable, read_array};

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
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn parameters(&self) -> Result<E::Parameters> {
        self.trajectory.stored_points().parameters_of(self.index)
    }

    /// The identity of the run's point: equal for equal parameter values, in every file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn identity(&self) -> Result<Identity> {
        Ok(Identity::of(&self.parameters()?))
    }

    /// A result; only this run's value is loaded.
    ///
    /// # Errors
    /// The run has no results, the file is older than the result, or it cannot be read.
    pub fn get<V: ResultValue>(&self, name: ResultName<E::Results, V>) -> Result<V> {
        self.expect_done()?;
        let cells = self.trajectory.result_rows(name, self.index..self.index + 1)?;
        Ok(V::read(cells.cell(0)).map_err(|source| self.trajectory.unreadable(name, source))?)
    }

    /// A part of an array; no more than that is loaded.
    ///
    /// # Examples
    /// ```text
    /// let v: Array1<f64> = run.get_slice(r.v, s![100..200])?;
    /// ```
    ///
    /// # Errors
    /// As [`RunView::get`]; and the array has no such part.
    pub fn get_slice<V: Sliceable, I: SliceArg<V::Dim>>(
        &self,
        name: ResultName<E::Results, V>,
        slice: I,
    ) -> Result<Array<V::Element, I::OutDim>> {
        self.expect_done()?;
        let cells = self.trajectory.result_slice(name, self.index..self.index + 1, &Slice::of(slice))?;
        Ok(read_array(&cells.cell(0)).map_err(|source| self.trajectory.unreadable(name, source))?)
    }

    /// A part of an array that the run added itself, by its full name below `results`.
    ///
    /// # Errors
    /// As [`RunView::get_added`]; and the array has no such part.
    pub fn get_added_slice<T: Element>(&self, name: &str, slice: impl AsRef<[SliceInfoElem]>) -> Result<ArrayD<T>> {
        self.any().get_slice(&format!("results.{name}"), slice)
    }

    /// A result that the run added itself, by its full name below `results`.
    ///
    /// # Errors
    /// The run has no results, no run added one of this name, it has another type, or the file cannot be read.
    pub fn get_added<V: ResultValue>(&self, name: &str) -> Result<V> {
        self.expect_done()?;
        let cells = self.trajectory.any().result_rows(name, self.index..self.index + 1)?;
        super::read_value(&format!("results.{name}"), cells)
    }

    /// Why the run failed the last time it was tried; `None` if it did not.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn error(&self) -> Result<Option<RunFailure>> {
        self.any().error()
    }

    /// When the run was begun the last time; `None` if it never was.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn started(&self) -> Result<Option<SystemTime>> {
        self.any().started()
    }

    /// How long the run took; `None` if it was never begun.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn runtime(&self) -> Result<Option<Duration>> {
        self.any().runtime()
    }

    /// The same run without types: natural naming at run time.
    #[must_use]
    pub fn any(&self) -> AnyRunView<'a> {
        AnyRunView::new(self.trajectory.any(), self.index, self.status())
    }

    /// A group of results, such as a table.
    ///
    /// # Errors
    /// The run has no results, what is stored is no such group, or the file cannot be read.
    pub fn get_group<G: ResultGroup>(&self, name: impl Into<GroupName<E::Results, G>>) -> Result<G> {
        self.get_added_group(self.trajectory.group_name(name.into()))
    }

    /// A group of results that the run added itself, by its full name below `results`.
    ///
    /// # Errors
    /// As [`RunView::get_group`].
    pub fn get_added_group<G: ResultGroup>(&self, name: &str) -> Result<G> {
        self.expect_done()?;
        self.any().group_of(self.trajectory.any().target(&format!("results.{name}"))?)
    }

    fn expect_done(&self) -> Result<()> {
        match self.status() {
            RunStatus::Done => Ok(()),
            status => Err(TrajectoryError::NotDone { run: self.index, status }.into()),
        }
    }
}

impl<E: Experiment> fmt::Debug for RunView<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} of `{}` ({})", self.index, self.trajectory.name(), self.status())
    }
}
