//! Results of Cartesian products, shaped by their axes.

use ndarray::{ArrayD, IxDyn};

use super::{AnyTrajectory, NodeRef, TrajectoryError};
use crate::error::Result;
use crate::schema::Leaf;
use crate::value::{Cells, ResultValue, ValueError};

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
    values: Cells,
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
    pub(super) fn new(axes: Vec<Axis>, cells: &Cells) -> Result<Self, ValueError> {
        let shape: Vec<usize> = axes.iter().map(Axis::len).collect();
        let values: Result<Vec<V>, ValueError> = cells.iter().map(V::read).collect();
        let values = ArrayD::from_shape_vec(IxDyn(&shape), values?);
        Ok(Self { values: values.expect("the axes were checked against the number of runs"), axes })
    }
}

/// The axes of a trajectory with their coordinates.
pub(super) fn axes(any: &AnyTrajectory) -> Result<Vec<Axis>> {
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
            axis.coordinates.iter().map(|name| coordinate(any, name, axis.len, stride)).collect();
        let mut coordinates = coordinates?.into_iter();
        let mut first = coordinates.next().expect("checked above");
        first.zipped = coordinates.collect();
        read.push(first);
    }
    Ok(read)
}

/// A coordinate's values along an axis whose neighbouring points are `stride` runs apart.
fn coordinate(any: &AnyTrajectory, name: &str, len: usize, stride: usize) -> Result<Axis> {
    let path = format!("explored/{name}");
    let column = any.reader().rows(&path, 0..any.header().n_runs)?;
    let mut values = Cells::new(column.element(), column.rank());
    for point in 0..len {
        values.push_cell(&column.cell(point * stride));
    }
    let leaf = any.at(&path).and_then(NodeRef::leaf).cloned().unwrap_or_else(|| Leaf::new(name, u64::value_type()));
    Ok(Axis { name: name.into(), comment: leaf.comment, unit: leaf.unit, zipped: Vec::new(), values })
}
