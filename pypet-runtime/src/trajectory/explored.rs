//! Columns of explored parameters, read when they are needed.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::{AnyTrajectory, TrajectoryError};
use crate::error::Result;
use crate::parameter::{AnyParameter, AxisValues, ParameterInfo};
use crate::schema::Leaf;
use crate::storage::StorageError;
use crate::value::{Cells, grouped};

/// Values that are read one by one before the whole column is worth reading.
const SINGLE_READS: usize = 16;

/// A parameter of the program, as a file has it.
pub(super) struct StoredParameter {
    /// The parameter's name in the file, which may be an older one.
    name: String,
    /// Its members, each a parameter of the file; none if it is one itself.
    members: Vec<Leaf>,
}

impl StoredParameter {
    /// `None` if the file does not know the parameter, or if it is derived now or was then.
    pub(super) fn of(any: &AnyTrajectory, info: &ParameterInfo) -> Option<Self> {
        let wanted = info.stored().swap_remove(0);
        let stored = any.header().schema.parameter(&wanted).filter(|stored| !info.derived && !stored.derived)?;
        let mut name = stored.leaf.name.as_str();
        if let Some(first) = info.members.first() {
            name = name.strip_suffix(&first.name)?.strip_suffix('.')?;
        }
        Some(Self { name: name.into(), members: info.members.clone() })
    }

    /// Gives a parameter its preset.
    pub(super) fn read_preset(&self, any: &AnyTrajectory, parameter: &mut dyn AnyParameter) -> Result<()> {
        let path = format!("parameters/{}", self.name.replace('.', "/"));
        let cells = self.cells(parameter, |member| match member {
            None => any.reader().read(&path),
            Some(member) => any.reader().read(&format!("{path}/{member}")),
        })?;
        let failed = |source| TrajectoryError::Value { name: path.replace('/', "."), source };
        Ok(parameter.read_cell(cells.cell(0)).map_err(failed)?)
    }

    /// Whether it differs from run to run, or one of its members.
    fn is_explored(&self, any: &AnyTrajectory) -> bool {
        let is_column = |name: &str| any.at(&format!("explored/{name}")).is_some();
        let member = |member: &Leaf| is_column(&format!("{}.{}", self.name, member.name));
        is_column(&self.name) || self.members.iter().any(member)
    }

    /// The values in some runs.
    fn rows(&self, any: &AnyTrajectory, runs: &Range<usize>, parameter: &dyn AnyParameter) -> Result<Cells> {
        self.cells(parameter, |member| {
            let Some(member) = member else {
                return any.reader().rows(&format!("explored/{}", self.name), runs.clone());
            };
            match any.reader().rows(&format!("explored/{}.{member}", self.name), runs.clone()) {
                // In a joined trajectory a member may be the same in all runs.
                Err(StorageError::NoNode { .. }) => {
                    let preset = any.reader().read(&format!("parameters/{}/{member}", self.name.replace('.', "/")))?;
                    let mut rows = Cells::new(preset.element(), preset.rank());
                    runs.clone().for_each(|_| rows.push_cell(&preset.cell(0)));
                    Ok(rows)
                }
                rows => rows,
            }
        })
    }

    /// Puts together what is read for each member, as the type that is asked for.
    fn cells(
        &self,
        parameter: &dyn AnyParameter,
        read: impl Fn(Option<&str>) -> Result<Cells, StorageError>,
    ) -> Result<Cells> {
        if self.members.is_empty() {
            return Ok(read(None)?.widened(parameter.stored_type().element));
        }
        let member = |member: &Leaf| {
            let cells = read(Some(&member.name))?.widened(member.value_type.element);
            let name = || format!("{}.{}", self.name, member.name);
            cells.expect(&member.value_type).map_err(|source| TrajectoryError::Value { name: name(), source })?;
            Ok(cells)
        };
        let members: Result<Vec<Cells>> = self.members.iter().map(member).collect();
        Ok(grouped::join(&members?))
    }
}

/// What one parameter was in each run.
pub(super) struct ExploredColumn {
    /// The number of the parameter in the program's parameter set.
    pub(super) leaf: usize,
    stored: StoredParameter,
    values: OnceLock<Arc<dyn AxisValues>>,
    n_single_reads: AtomicUsize,
}

impl ExploredColumn {
    /// The column of a stored parameter; `None` if it is not explored.
    pub(super) fn of(any: &AnyTrajectory, stored: StoredParameter, leaf: usize) -> Option<Self> {
        let is_explored = stored.is_explored(any);
        is_explored.then(|| Self { leaf, stored, values: OnceLock::new(), n_single_reads: AtomicUsize::new(0) })
    }

    /// All values; `kind` is any value of the parameter.
    pub(super) fn values(&self, any: &AnyTrajectory, kind: &dyn AnyParameter) -> Result<&Arc<dyn AxisValues>> {
        if let Some(values) = self.values.get() {
            return Ok(values);
        }
        let cells = self.stored.rows(any, &(0..any.header().n_runs), kind)?;
        let values = kind.axis_from(&cells).map_err(|source| self.unreadable(source))?;
        Ok(self.values.get_or_init(|| values))
    }

    /// Gives a parameter its value in one run.
    pub(super) fn assign(&self, any: &AnyTrajectory, run: usize, parameter: &mut dyn AnyParameter) -> Result<()> {
        let is_loaded = self.values.get().is_some();
        if is_loaded || self.n_single_reads.fetch_add(1, Ordering::Relaxed) >= SINGLE_READS {
            let values = self.values(any, parameter)?.clone();
            values.assign(run, parameter);
            return Ok(());
        }
        let cells = self.stored.rows(any, &(run..run + 1), parameter)?;
        Ok(parameter.read_cell(cells.cell(0)).map_err(|source| self.unreadable(source))?)
    }

    fn unreadable(&self, source: crate::value::ValueError) -> TrajectoryError {
        TrajectoryError::Value { name: format!("explored.{}", self.stored.name), source }
    }
}
