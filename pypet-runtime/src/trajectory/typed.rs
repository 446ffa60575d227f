//! Trajectories of an experiment that the program knows.

use std::marker::PhantomData;
use std::ops::Range;
use std::path::Path;

use ndarray::{Array, Dimension, SliceArg};

use super::grid::{self, Axis, Grid};
use super::runs::RunView;
use super::stored::Stored;
use super::{AnyTrajectory, RunFailure, TrajectoryError};
use crate::error::Result;
use crate::experiment::Experiment;
use crate::explore::Exploration;
use crate::result::{GroupName, ResultName, declared, declared_results};
use crate::run::RunStatus;
use crate::schema::Schema;
use crate::storage::hdf5::Hdf5Reader;
use crate::storage::{Edit, Header, TrajectoryReader};
use crate::value::{Cells, ResultValue, Slice, Sliceable, ValueError, read_array};
use crate::verify::ContentHash;

/// The stored runs of an experiment.
///
/// # Examples
/// ```text
/// let traj = Trajectory::<firing_rate>::open("hdf5/firing_rate.h5")?;
/// let r = Firing::names();
/// let rates: Array1<f64> = traj.all(r.rate)?;
/// for run in traj.find(|p| p.neuron.i > 0.9)? {
///     let v = run.get(r.v)?;
/// }
/// ```
pub struct Trajectory<E: Experiment> {
    stored: Stored<E::Parameters>,
    /// The groups among the declared results, below `results`.
    group_names: Vec<String>,
    /// Changes that are not stored yet.
    pub(super) pending: Vec<Edit>,
    experiment: PhantomData<E>,
}

impl<E: Experiment> Trajectory<E> {
    /// Opens the newest trajectory of the experiment in a file.
    ///
    /// # Errors
    /// The file cannot be read, holds no trajectory of the experiment, or one of another schema; the error
    /// lists all differences.
    pub fn open(file: impl AsRef<Path>) -> Result<Self> {
        Self::from_reader(Box::new(Hdf5Reader::of_experiment(file.as_ref(), E::NAME)?))
    }

    /// Opens the trajectory of this name.
    ///
    /// # Errors
    /// As [`Trajectory::open`].
    pub fn open_named(file: impl AsRef<Path>, name: &str) -> Result<Self> {
        Self::from_reader(Box::new(Hdf5Reader::named(file.as_ref(), name)?))
    }

    pub(crate) fn from_reader(reader: Box<dyn TrajectoryReader>) -> Result<Self> {
        Ok(Self::from_stored_points(Stored::read(reader, schema_of::<E>())?))
    }

    /// The name of the trajectory in its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.any().header().name
    }

    /// What the trajectory is for.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.any().header().comment
    }

    /// The file, unless the trajectory is in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.any().path()
    }

    /// Number of runs.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a trajectory has at least one run")]
    pub fn len(&self) -> usize {
        self.header().n_runs
    }

    /// The same trajectory without types: natural naming at run time, config, the run table.
    #[must_use]
    pub fn any(&self) -> &AnyTrajectory {
        self.stored.any()
    }

    /// Forgets the types.
    #[must_use]
    pub fn into_any(self) -> AnyTrajectory {
        self.stored.into_any()
    }

    /// The values of the parameters that are not explored.
    #[must_use]
    pub fn presets(&self) -> &E::Parameters {
        self.stored.presets()
    }

    /// What all random streams begin with.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.header().seed
    }

    /// How far each run has come.
    #[must_use]
    pub fn statuses(&self) -> &[RunStatus] {
        // They are read when the trajectory is opened: a byte for each run.
        self.any().known_statuses()
    }

    /// The runs that failed or took too long, by their indices.
    #[must_use]
    pub fn failed(&self) -> Vec<usize> {
        let has_failed = |run: &usize| matches!(self.statuses()[*run], RunStatus::Failed | RunStatus::TimedOut);
        (0..self.len()).filter(has_failed).collect()
    }

    /// The runs that were tried and have no results, with their reasons.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn failures(&self) -> Result<Vec<RunFailure>> {
        self.any().failures()
    }

    /// The hash of points, states and results: the same whoever carried the runs out, and in whatever file they are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn content_hash(&self) -> Result<ContentHash> {
        self.any().content_hash()
    }

    /// One result of all runs, in run order.
    ///
    /// # Shape
    /// A scalar gives an `Array1`, an array one with the run as its first dimension. Runs without results hold
    /// NaN, zero, or empty text; [`statuses`](Self::statuses) tells which.
    ///
    /// # Errors
    /// The arrays differ in shape from run to run, or the file cannot be read.
    pub fn all<V: ResultValue>(&self, name: ResultName<E::Results, V>) -> Result<V::Column> {
        if let Some(column) = self.any().number_column::<V>(self.name_of(name))? {
            return Ok(column);
        }
        let column = V::read_column(&self.column(name)?);
        Ok(column.map_err(|source| self.unreadable(name, source))?)
    }

    /// A part of an array of some runs, with the run as the first dimension; no more than that is loaded.
    ///
    /// # Shape
    /// As [`all`](Self::all). Where arrays differ in shape from run to run, the parts must not.
    ///
    /// # Examples
    /// ```text
    /// let starts: Array2<f64> = traj.slice(r.v, 0..traj.len(), s![..100])?;
    /// ```
    ///
    /// # Errors
    /// There are fewer runs, an array has no such part, or the file cannot be read.
    pub fn slice<V: Sliceable, I: SliceArg<V::Dim>>(
        &self,
        name: ResultName<E::Results, V>,
        runs: Range<usize>,
        slice: I,
    ) -> Result<Array<V::Element, <I::OutDim as Dimension>::Larger>> {
        if runs.end > self.len() {
            return Err(TrajectoryError::NoRun { run: runs.end - 1, n_runs: self.len() }.into());
        }
        let cells = self.result_slice(name, runs, &Slice::of(slice))?;
        let unreadable = |source| self.unreadable(name, source);
        let one = cells.as_one().ok_or_else(|| unreadable(ValueError::of_shapes(&cells)))?;
        Ok(read_array(&one.cell(0)).map_err(unreadable)?)
    }

    /// One result shaped by the axes of the exploration, with their values as coordinates.
    ///
    /// # Errors
    /// The points form no grid, a run has no results, or the file cannot be read.
    pub fn grid<V: ResultValue>(&self, name: ResultName<E::Results, V>) -> Result<Grid<V>> {
        let order = grid::order(self.any())?;
        let axes = grid::axes(self.any(), order.as_deref())?;
        if let Some(run) = self.statuses().iter().position(|&status| status != RunStatus::Done) {
            return Err(TrajectoryError::NotDone { run, status: self.statuses()[run] }.into());
        }
        let grid = Grid::new(axes, order.as_deref(), &self.column(name)?);
        Ok(grid.map_err(|source| self.unreadable(name, source))?)
    }

    /// One run.
    ///
    /// # Errors
    /// There is no such run.
    pub fn run(&self, index: usize) -> Result<RunView<'_, E>> {
        if index < self.len() {
            return Ok(RunView::new(self, index));
        }
        Err(TrajectoryError::NoRun { run: index, n_runs: self.len() }.into())
    }

    /// One result of one run.
    ///
    /// # Errors
    /// There is no such run, it has no results, or the file cannot be read.
    pub fn get<V: ResultValue>(&self, name: ResultName<E::Results, V>, run: usize) -> Result<V> {
        self.run(run)?.get(name)
    }

    /// All runs in order.
    pub fn runs(&self) -> impl Iterator<Item = RunView<'_, E>> {
        (0..self.len()).map(|index| RunView::new(self, index))
    }

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
        self.stored.exploration()
    }

    /// The axes of the grid that the points form, outermost first, with the values along them.
    ///
    /// # Errors
    /// The points form no grid, or the file cannot be read.
    pub fn axes(&self) -> Result<Vec<Axis>> {
        self.any().axes()
    }

    /// The runs with equal parameters side by side; see [`AnyTrajectory::unique_points`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn unique_points(&self) -> Result<Vec<Vec<usize>>> {
        self.any().unique_points()
    }

    /// What is known of it by the parameter set alone.
    pub(crate) fn stored_points(&self) -> &Stored<E::Parameters> {
        &self.stored
    }

    pub(crate) fn from_stored_points(stored: Stored<E::Parameters>) -> Self {
        let mut groups = declared::<E::Results>(E::RESULT, E::COMMENT).groups;
        stored.name_groups(&mut groups);
        let group_names = groups.into_iter().map(|group| group.name).collect();
        Self { stored, group_names, pending: Vec::new(), experiment: PhantomData }
    }

    /// The same, with nothing else left.
    pub(crate) fn into_stored_points(self) -> Stored<E::Parameters> {
        self.stored
    }

    /// A result of all runs, as the type that is asked for.
    pub(super) fn column<V: ResultValue>(&self, name: ResultName<E::Results, V>) -> Result<Cells> {
        self.result_rows(name, 0..self.len())
    }

    /// A result of some runs, as the type that is asked for.
    pub(super) fn result_rows<V: ResultValue>(
        &self,
        name: ResultName<E::Results, V>,
        runs: Range<usize>,
    ) -> Result<Cells> {
        Ok(self.any().result_rows(self.name_of(name), runs)?.widened(V::value_type().element))
    }

    /// A part of a result of some runs, as the type that is asked for.
    pub(super) fn result_slice<V: Sliceable>(
        &self,
        name: ResultName<E::Results, V>,
        runs: Range<usize>,
        slice: &Slice,
    ) -> Result<Cells> {
        let cells = self.any().result_slice(self.name_of(name), runs, slice)?;
        Ok(cells.widened(V::value_type().element))
    }

    /// The name of a result below `results`.
    pub(super) fn name_of<V>(&self, name: ResultName<E::Results, V>) -> &str {
        &self.stored.schema().results[name.index()].name
    }

    /// The name of a group below `results`.
    pub(super) fn group_name<G>(&self, name: GroupName<E::Results, G>) -> &str {
        &self.group_names[name.index()]
    }

    pub(super) fn unreadable<V>(&self, name: ResultName<E::Results, V>, source: ValueError) -> TrajectoryError {
        TrajectoryError::Value { name: format!("results.{}", self.name_of(name)), source }
    }

    /// What is known of the trajectory as a whole.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.any().header()
    }
}

impl<E: Experiment> std::fmt::Debug for Trajectory<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trajectory<{}> `{}` ({} runs)", E::NAME, self.name(), self.len())
    }
}

/// Parameters and results of an experiment.
pub(crate) fn schema_of<E: Experiment>() -> Schema {
    Schema::new::<E::Parameters>(declared_results::<E::Results>(E::RESULT, E::COMMENT))
}
