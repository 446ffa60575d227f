//! Trajectories of an experiment that the program knows.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use super::grid::{self, Grid};
use super::runs::RunView;
use super::{AnyTrajectory, TrajectoryError};
use crate::error::Result;
use crate::experiment::Experiment;
use crate::explore::Exploration;
use crate::parameter::{AnyParameter, AxisValues, ParameterSet};
use crate::result::{ResultName, declared_results};
use crate::run::RunStatus;
use crate::schema::{Schema, SchemaParameter};
use crate::storage::hdf5::Hdf5Reader;
use crate::storage::{Edit, Header, StorageError, TrajectoryReader};
use crate::value::{Cells, ResultValue};

/// The stored runs of an experiment.
///
/// # Examples
/// ```text
/// let traj = Trajectory::<firing_rate>::open("hdf5/firing_rate.h5")?;
/// let r = Firing::names();
/// let rates: Array1<f64> = traj.all(r.rate)?;
/// for run in traj.find(|p| p.neuron.i > 0.9) {
///     let v = run.get(r.v)?;
/// }
/// ```
pub struct Trajectory<E: Experiment> {
    any: AnyTrajectory,
    presets: E::Parameters,
    explored: Vec<(usize, Arc<dyn AxisValues>)>,
    statuses: Vec<RunStatus>,
    /// Where the declared results lie, in the order of declaration.
    result_paths: Vec<String>,
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
        let schema = Schema::new::<E::Parameters>(declared_results::<E::Results>(E::RESULT, E::COMMENT));
        let differences = schema.differences(&reader.header().schema);
        if !differences.is_empty() {
            return Err(TrajectoryError::Schema { name: reader.header().name.clone(), differences }.into());
        }
        let any = AnyTrajectory::from_reader(reader)?;
        let mut presets = E::Parameters::default();
        let mut explored = Vec::new();
        for (leaf, parameter) in schema.parameters.iter().enumerate() {
            let Some(stored) = any.header().schema.parameter(parameter).cloned() else { continue };
            if parameter.derived {
                continue;
            }
            read_preset(&any, &stored, presets.leaf_mut(leaf))?;
            if let Some(values) = read_explored(&any, &stored, presets.leaf(leaf))? {
                explored.push((leaf, values));
            }
        }
        presets.derive();
        let statuses = any.statuses()?;
        let result_paths = schema.results.iter().map(|leaf| format!("results/{}", leaf.name)).collect();
        Ok(Self { any, presets, explored, statuses, result_paths, pending: Vec::new(), experiment: PhantomData })
    }

    /// The name of the trajectory in its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.any.header().name
    }

    /// What the trajectory is for.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.any.header().comment
    }

    /// The file, unless the trajectory is in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.any.path()
    }

    /// Number of runs.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a trajectory has at least one run")]
    pub fn len(&self) -> usize {
        self.statuses.len()
    }

    /// The same trajectory without types: natural naming at run time, config, the run table.
    #[must_use]
    pub fn any(&self) -> &AnyTrajectory {
        &self.any
    }

    /// Forgets the types.
    #[must_use]
    pub fn into_any(self) -> AnyTrajectory {
        self.any
    }

    /// The values of the parameters that are not explored.
    #[must_use]
    pub fn presets(&self) -> &E::Parameters {
        &self.presets
    }

    /// How far each run has come.
    #[must_use]
    pub fn statuses(&self) -> &[RunStatus] {
        &self.statuses
    }

    /// The runs that failed or took too long, by their indices.
    #[must_use]
    pub fn failed(&self) -> Vec<usize> {
        let has_failed = |run: &usize| matches!(self.statuses[*run], RunStatus::Failed | RunStatus::TimedOut);
        (0..self.len()).filter(has_failed).collect()
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
        let (name, cells) = self.column(name)?;
        let column = V::read_column(&cells);
        Ok(column.map_err(|source| TrajectoryError::Value { name, source })?)
    }

    /// One result shaped by the axes of the exploration, with their values as coordinates.
    ///
    /// # Errors
    /// The points form no grid, a run has no results, or the file cannot be read.
    pub fn grid<V: ResultValue>(&self, name: ResultName<E::Results, V>) -> Result<Grid<V>> {
        let order = grid::order(&self.any)?;
        let axes = grid::axes(&self.any, order.as_deref())?;
        if let Some(run) = (0..self.len()).find(|&run| self.statuses[run] != RunStatus::Done) {
            return Err(TrajectoryError::NotDone { run, status: self.statuses[run] }.into());
        }
        let (name, cells) = self.column(name)?;
        Ok(Grid::new(axes, order.as_deref(), &cells).map_err(|source| TrajectoryError::Value { name, source })?)
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

    /// The runs whose parameters satisfy a condition, whether they are done or not.
    pub fn find(&self, condition: impl Fn(&E::Parameters) -> bool) -> impl Iterator<Item = RunView<'_, E>> {
        let mut parameters = self.presets.clone();
        (0..self.len()).filter_map(move |index| {
            self.move_to(index, &mut parameters);
            condition(&parameters).then(|| RunView::new(self, index))
        })
    }

    /// The explored parameters, by the numbers of their leaves.
    pub(crate) fn explored(&self) -> Vec<usize> {
        self.explored.iter().map(|(leaf, _)| *leaf).collect()
    }

    /// The points of the runs, as they are stored.
    pub(crate) fn exploration(&self) -> Exploration<E::Parameters> {
        let axes = self.explored.iter().map(|(leaf, values)| Exploration::axis(*leaf, values.clone()));
        // Columns of one file have one length, so they go in lock step.
        let together = axes.reduce(Exploration::zip_unchecked);
        // Without explored parameters all runs are repetitions of one point.
        together.unwrap_or_else(|| Exploration::single().repeat("run", self.len()))
    }

    /// Turns the parameters of any other run into those of this one.
    pub(crate) fn move_to(&self, index: usize, parameters: &mut E::Parameters) {
        for (leaf, values) in &self.explored {
            parameters.leaf_mut(*leaf).assign(values.get(index));
        }
        parameters.derive();
    }

    pub(super) fn column<V>(&self, name: ResultName<E::Results, V>) -> Result<(String, Cells)> {
        let path = self.path_of(name);
        Ok((path.replace('/', "."), self.any.reader().rows(path, 0..self.len())?))
    }

    /// The path of a result in the tree.
    pub(super) fn path_of<V>(&self, name: ResultName<E::Results, V>) -> &str {
        &self.result_paths[name.index()]
    }

    /// What is known of the trajectory as a whole.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.any.header()
    }
}

impl<E: Experiment> std::fmt::Debug for Trajectory<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trajectory<{}> `{}` ({} runs)", E::NAME, self.name(), self.len())
    }
}

fn read_preset(any: &AnyTrajectory, stored: &SchemaParameter, leaf: &mut dyn AnyParameter) -> Result<()> {
    let path = format!("parameters/{}", stored.leaf.name.replace('.', "/"));
    let cells = any.reader().read(&path)?;
    let failed = |source| TrajectoryError::Value { name: stored.leaf.name.clone(), source };
    Ok(leaf.read_cell(cells.cell(0)).map_err(failed)?)
}

fn read_explored(
    any: &AnyTrajectory,
    stored: &SchemaParameter,
    leaf: &dyn AnyParameter,
) -> Result<Option<Arc<dyn AxisValues>>> {
    let path = format!("explored/{}", stored.leaf.name);
    let cells = match any.reader().rows(&path, 0..any.header().n_runs) {
        Err(StorageError::NoNode { .. }) => return Ok(None),
        other => other?,
    };
    let failed = |source| TrajectoryError::Value { name: stored.leaf.name.clone(), source };
    Ok(Some(leaf.axis_from(&cells).map_err(failed)?))
}
