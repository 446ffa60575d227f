//! The axes of Cartesian products, for grids.

use std::fmt;
use std::sync::Arc;

use super::node::Node;
use crate::parameter::AxisValues;

/// One axis of a grid.
#[derive(Debug, Clone)]
pub struct GridAxis {
    /// Number of points along the axis.
    pub len: usize,
    /// What varies along it: one coordinate, or several in lock step if it is a zip.
    pub coordinates: Vec<GridCoordinate>,
}

/// What varies along an axis.
#[derive(Clone)]
pub enum GridCoordinate {
    /// A parameter, by the number of its leaf.
    #[doc(hidden)]
    Parameter(usize, Arc<dyn AxisValues>),
    /// A named repetition.
    Repetition(String),
}

impl fmt::Debug for GridCoordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(leaf, _) => write!(f, "Parameter({leaf})"),
            Self::Repetition(name) => write!(f, "Repetition({name:?})"),
        }
    }
}

/// The axes, outermost first; `None` if the points form no grid.
pub(super) fn grid_axes<P>(node: &Node<P>) -> Option<Vec<GridAxis>> {
    match node {
        Node::Single => Some(Vec::new()),
        Node::Axis { leaf, values } => Some(vec![GridAxis {
            len: values.len(),
            coordinates: vec![GridCoordinate::Parameter(*leaf, values.clone())],
        }]),
        Node::Product(a, b) => {
            let mut axes = grid_axes(a)?;
            axes.extend(grid_axes(b)?);
            Some(axes)
        }
        Node::Zip(a, b) => match (grid_axes(a)?.as_slice(), grid_axes(b)?.as_slice()) {
            ([a], [b]) => {
                let coordinates = a.coordinates.iter().chain(&b.coordinates).cloned().collect();
                Some(vec![GridAxis { len: a.len, coordinates }])
            }
            _ => None,
        },
        Node::Repeat { inner, name, count } => {
            let mut axes = grid_axes(inner)?;
            axes.push(GridAxis { len: *count, coordinates: vec![GridCoordinate::Repetition(name.clone())] });
            Some(axes)
        }
        Node::Chain(..) | Node::Selection(_) | Node::Repetitions { .. } => None,
    }
}
