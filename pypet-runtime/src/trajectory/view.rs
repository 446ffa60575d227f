//! One run of a trajectory of which nothing is known beforehand.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use ndarray::{ArrayD, SliceInfoElem};

use super::naming::Of;
use super::{AnyTrajectory, NodeRef, RunFailure, TrajectoryError, Value, tree};
use crate::error::Result;
use crate::run::RunStatus;
use crate::value::{Cells, Element, ResultValue, Slice};

/// One run: explored parameters have the value of this run, and results are the run's own.
///
/// # Examples
/// ```text
/// let run = any.run(7)?;
/// let i: f64 = run.get("neuron.i")?; // what run 7 was given
/// let rate: f64 = run.get("rate")?;  // what came of it
/// ```
#[derive(Clone, Copy)]
pub struct AnyRunView<'a> {
    any: &'a AnyTrajectory,
    index: usize,
    status: RunStatus,
}

impl<'a> AnyRunView<'a> {
    pub(super) fn new(any: &'a AnyTrajectory, index: usize, status: RunStatus) -> Self {
        Self { any, index, status }
    }

    /// Position in the trajectory, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// How far the run has come.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// The trajectory it is a run of.
    #[must_use]
    pub fn trajectory(&self) -> &'a AnyTrajectory {
        self.any
    }

    /// A value by its name, as the run saw or made it.
    ///
    /// # Errors
    /// Nothing or too much fits the name, it is a group, it holds another type, or it is a result and the run
    /// has none.
    pub fn get<V: ResultValue>(&self, name: &str) -> Result<V> {
        super::read_value(name, self.cells(name)?)
    }

    /// A value by its name, whatever its type.
    ///
    /// # Errors
    /// As [`AnyRunView::get`].
    pub fn value(&self, name: &str) -> Result<Value> {
        Ok(Value::of(&self.cells(name)?.cell(0)))
    }

    /// A value of whatever type, as one cell.
    ///
    /// # Errors
    /// As [`AnyRunView::get`].
    pub fn cells(&self, name: &str) -> Result<Cells> {
        match self.any.resolve(name)? {
            (node, Of::Asker) => self.cells_of(node),
            (node, Of::Run(other)) => self.any.run(other)?.cells_of(node),
            (node, Of::All) => node.cells(),
        }
    }

    /// A part of an array, as the run saw or made it; no more than that is loaded.
    ///
    /// # Errors
    /// As [`AnyRunView::get`]; and the array has no such part.
    pub fn get_slice<T: Element>(&self, name: &str, slice: impl AsRef<[SliceInfoElem]>) -> Result<ArrayD<T>> {
        match self.any.resolve(name)? {
            (node, Of::Asker) => self.slice_of(node, slice),
            (node, Of::Run(other)) => self.any.run(other)?.slice_of(node, slice),
            (_, Of::All) => self.any.get_slice(name, slice),
        }
    }

    pub(super) fn slice_of<T: Element>(
        &self,
        node: NodeRef<'_>,
        slice: impl AsRef<[SliceInfoElem]>,
    ) -> Result<ArrayD<T>> {
        node.refuse_group()?;
        self.expect_results(node)?;
        let column = if node.is_column() { Some(node) } else { self.any.explored_of(node) };
        let runs = column.map(|_| self.index..self.index + 1);
        let path = column.unwrap_or(node).path();
        let cells = self.any.reader().slice(path, runs, &Slice::of(slice))?.widened(T::TYPE);
        super::read_part(&node.full_name(), &cells)
    }

    /// A run that is not done has no results.
    fn expect_results(&self, node: NodeRef<'_>) -> Result<()> {
        if node.has_value_of(self.status) {
            return Ok(());
        }
        Err(TrajectoryError::NotDone { run: self.index, status: self.status }.into())
    }

    pub(crate) fn cells_of(&self, node: NodeRef<'_>) -> Result<Cells> {
        node.refuse_group()?;
        self.expect_results(node)?;
        if node.is_column() {
            return node.row(self.index);
        }
        match self.any.explored_of(node) {
            Some(column) => column.row(self.index),
            None => node.cells(),
        }
    }

    /// The parameters, derived parameters and results of the run by their full names; results only of runs
    /// that are done.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn to_map(&self) -> Result<BTreeMap<String, Value>> {
        let is_of_run = |node: &NodeRef<'_>| match node.path().split('/').next() {
            Some("parameters" | "derived_parameters") => true,
            Some("results") => node.has_value_of(self.status),
            _ => false,
        };
        let value = |node: NodeRef<'_>| Ok((node.full_name(), Value::of(&self.cells_of(node)?.cell(0))));
        self.any.leaves().filter(is_of_run).map(value).collect()
    }

    /// Why the run failed the last time it was tried; `None` if it did not.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn error(&self) -> Result<Option<RunFailure>> {
        match self.status {
            RunStatus::Done | RunStatus::Pending => Ok(None),
            _ => super::failures::of_run(self.any, self.index, self.status).map(Some),
        }
    }

    /// When the run was begun the last time; `None` if it never was.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn started(&self) -> Result<Option<SystemTime>> {
        let seconds = self.seconds("started")?;
        Ok(seconds.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)))
    }

    /// How long the run took; `None` if it was never begun.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn runtime(&self) -> Result<Option<Duration>> {
        self.seconds("runtime")
    }

    fn seconds(&self, column: &str) -> Result<Option<Duration>> {
        let Some(node) = self.any.at(&format!("runs/{column}")) else { return Ok(None) };
        // A run that was never begun holds NaN, which is no duration.
        Ok(node.row(self.index)?.cell(0).as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
    }
}

/// The tree as the run sees it.
impl fmt::Display for AnyRunView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree::write_run(self, f)
    }
}

impl fmt::Debug for AnyRunView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} of `{}` ({})", self.index, self.any.header().name, self.status)
    }
}
