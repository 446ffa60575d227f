//! Results of Cartesian products, shaped by their axes.

use ndarray::{ArrayD, IxDyn};

use super::{AnyTrajectory, NodeRef, TrajectoryError};
use crate::error::Result;
use crate::schema::Leaf;
use crate::storage::StorageError;
use crate::value::{Cells, ElementType, ResultValue, ValueError, ValueType};

/// One result at every point of a Cartesian product.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid<V> {
    /// The values.
    ///
    /// # Shape
    /// One dimension for each axis, outermost first.
    pub values: ArrayD<V>,
    /// The axes, outermost first.
    pub axes: Vec<Axis>,
}

/// One axis of a grid: an explored parameter or a repetition.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Full name, as `neuron.tau_ref`.
    pub name: String,
    /// Why the parameter exists.
    pub comment: String,
    /// The unit, empty if none is declared.
    pub unit: String,
    /// What varies in lock step with it, if the axis is a zip.
    pub zipped: Vec<Axis>,
    pub(super) values: Cells,
}

impl Axis {
    /// Number of points along the axis.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an axis has at least one point")]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The coordinates: `axis.values::<f64>()`.
    ///
    /// # Errors
    /// The parameter holds another type.
    pub fn values<V: ResultValue>(&self) -> Result<V::Column> {
        let values = V::read_column(&self.values.clone().widened(V::value_type().element));
        Ok(values.map_err(|source| TrajectoryError::Value { name: self.name.clone(), source })?)
    }
}

impl<V: ResultValue> Grid<V> {
    pub(super) fn new(axes: Vec<Axis>, order: Option<&[usize]>, cells: &Cells) -> Result<Self, ValueError> {
        let shape: Vec<usize> = axes.iter().map(Axis::len).collect();
        let values: Result<Vec<V>, ValueError> = match order {
            None => cells.iter().map(V::read).collect(),
            Some(order) => order.iter().map(|&run| V::read(cells.cell(run))).collect(),
        };
        let values = ArrayD::from_shape_vec(IxDyn(&shape), values?);
        Ok(Self { values: values.expect("the axes were checked against the number of runs"), axes })
    }
}

/// The run at each point of the grid, where that is not simply the next: in expanded trajectories.
pub(super) fn order(any: &AnyTrajectory) -> Result<Option<Vec<usize>>> {
    let n_runs = any.header().n_runs;
    let cells = match any.reader().read("grid/run_index") {
        Err(StorageError::NoNode { .. }) => return Ok(None),
        other => other?,
    };
    cells
        .cell(0)
        .expect(&ValueType::scalar(ElementType::I64).with_shape(vec![None; cells.rank()]))
        .map_err(|_| TrajectoryError::NoGrid)?;
    let runs = cells.cell(0).numbers::<i64>().into_iter().map(usize::try_from);
    let runs: Option<Vec<usize>> = runs.map(|run| run.ok().filter(|&run| run < n_runs)).collect();
    Ok(Some(runs.filter(|runs| runs.len() == n_runs).ok_or(TrajectoryError::NoGrid)?))
}

/// The axes of a trajectory with their coordinates.
pub(super) fn axes(any: &AnyTrajectory, order: Option<&[usize]>) -> Result<Vec<Axis>> {
    let header = any.header();
    let axes = header.axes.as_ref().ok_or(TrajectoryError::NoGrid)?;
    let n_points = axes.iter().try_fold(1_usize, |product, axis| product.checked_mul(axis.len));
    if n_points != Some(header.n_runs) || axes.iter().any(|axis| axis.coordinates.is_empty()) {
        return Err(TrajectoryError::NoGrid.into());
    }
    let mut stride = header.n_runs;
    let mut read = Vec::new();
    for axis in axes {
        stride /= axis.len;
        let coordinates: Result<Vec<Axis>> =
            axis.coordinates.iter().map(|name| coordinate(any, name, axis.len, stride, order)).collect();
        let mut coordinates = coordinates?.into_iter();
        let mut first = coordinates.next().expect("checked above");
        first.zipped = coordinates.collect();
        read.push(first);
    }
    Ok(read)
}

/// A coordinate's values along an axis whose neighbouring points are `stride` runs apart.
fn coordinate(any: &AnyTrajectory, name: &str, len: usize, stride: usize, order: Option<&[usize]>) -> Result<Axis> {
    let path = format!("explored/{name}");
    let column = any.reader().rows(&path, 0..any.header().n_runs)?;
    let mut values = Cells::new(column.element(), column.rank());
    for point in 0..len {
        let place = point * stride;
        values.push_cell(&column.cell(order.map_or(place, |order| order[place])));
    }
    let leaf = any.at(&path).and_then(NodeRef::leaf).cloned().unwrap_or_else(|| Leaf::new(name, u64::value_type()));
    Ok(Axis { name: name.into(), comment: leaf.comment, unit: leaf.unit, zipped: Vec::new(), values })
}
