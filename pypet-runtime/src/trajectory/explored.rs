//! Columns of explored parameters, read when they are needed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::{AnyTrajectory, TrajectoryError};
use crate::error::Result;
use crate::parameter::{AnyParameter, AxisValues};

/// Values that are read one by one before the whole column is worth reading.
const SINGLE_READS: usize = 16;

/// What one parameter was in each run.
pub(super) struct ExploredColumn {
    /// The number of the parameter in the program's parameter set.
    pub(super) leaf: usize,
    /// The parameter's name in the file, which may be an older one.
    name: String,
    values: OnceLock<Arc<dyn AxisValues>>,
    n_single_reads: AtomicUsize,
}

impl ExploredColumn {
    /// The column of a stored parameter; `None` if it is not explored.
    pub(super) fn of(any: &AnyTrajectory, name: &str, leaf: usize) -> Option<Self> {
        any.at(&format!("explored/{name}"))?;
        Some(Self { leaf, name: name.into(), values: OnceLock::new(), n_single_reads: AtomicUsize::new(0) })
    }

    /// All values; `kind` is any value of the parameter.
    pub(super) fn values(&self, any: &AnyTrajectory, kind: &dyn AnyParameter) -> Result<&Arc<dyn AxisValues>> {
        if let Some(values) = self.values.get() {
            return Ok(values);
        }
        let cells = any.reader().rows(&self.path(), 0..any.header().n_runs)?.widened(kind.stored_type().element);
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
        let cells = any.reader().rows(&self.path(), run..run + 1)?.widened(parameter.stored_type().element);
        Ok(parameter.read_cell(cells.cell(0)).map_err(|source| self.unreadable(source))?)
    }

    fn path(&self) -> String {
        format!("explored/{}", self.name)
    }

    fn unreadable(&self, source: crate::value::ValueError) -> TrajectoryError {
        TrajectoryError::Value { name: format!("explored.{}", self.name), source }
    }
}
