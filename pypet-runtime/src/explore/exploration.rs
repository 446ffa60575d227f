//! The algebra: axes, products, zips, chains, filters, repetitions.

use std::fmt;
use std::ops::{Add, Mul};
use std::sync::{Arc, OnceLock};

use super::node::{Count, Node};
use super::selection::{Rule, Selection};
use super::{ExploreError, GridAxis, Points};
use crate::error::BoxError;
use crate::parameter::{AxisValues, ParameterSet};

/// An ordered list of points in the space of the parameter set `P`; point *i* is what run *i* gets.
///
/// Lazy: it holds the values of its axes, never the points.
///
/// | expression | points |
/// | --- | --- |
/// | `p.a.over(values)` | one for each value |
/// | `a * b` | every combination; the right one varies fastest |
/// | `a.zip(b)?` | in lock step |
/// | `a + b` | first those of `a`, then those of `b` |
/// | `a.filter(\|p\| …)` | those that satisfy a condition |
/// | `a.unique()` | each once |
/// | `a.repeat("trial", 10)` | each ten times |
/// | [`latin_hypercube`](super::latin_hypercube), [`sobol`](super::sobol), [`random`](super::random) | samples |
#[must_use = "an exploration does nothing until an `Environment` runs it"]
pub struct Exploration<P> {
    node: Arc<Node<P>>,
    /// Bound to the declared defaults, for `len` and `point`.
    at_defaults: OnceLock<Arc<Points<P>>>,
}

impl<P: ParameterSet> Exploration<P> {
    /// One point: the presets.
    pub fn single() -> Self {
        Self::new(Node::Single)
    }

    pub(crate) fn axis(leaf: usize, values: Arc<dyn AxisValues>) -> Self {
        Self::new(Node::Axis { leaf, values })
    }

    /// One point for each number of a named repetition.
    pub(crate) fn repetitions(name: &str, numbers: Arc<[usize]>) -> Self {
        Self::new(Node::Repetitions { name: name.into(), numbers })
    }

    fn new(node: Node<P>) -> Self {
        Self { node: Arc::new(node), at_defaults: OnceLock::new() }
    }

    /// Number of points; `usize::MAX` if there are more.
    ///
    /// Filters are asked with the declared defaults for what is not explored.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.node.count_unfiltered() {
            Some(Count::Known(count)) => count,
            Some(Count::Filtered) => self.at_defaults().map_or(0, |points| points.len()),
            None => usize::MAX,
        }
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A point, with the declared defaults for what is not explored; `None` beyond the end and in an
    /// exploration that contradicts itself.
    #[must_use]
    pub fn point(&self, index: usize) -> Option<P> {
        let points = self.at_defaults()?;
        (index < points.len()).then(|| points.point(index))
    }

    fn at_defaults(&self) -> Option<Arc<Points<P>>> {
        if let Some(points) = self.at_defaults.get() {
            return Some(points.clone());
        }
        let points = Arc::new(self.bind(P::default()).ok()?);
        Some(self.at_defaults.get_or_init(|| points).clone())
    }

    /// Checks the exploration and binds it to the values of all parameters that are not explored.
    ///
    /// # Errors
    /// A parameter is explored over no values, twice in one point or outside its range; a filter rejects
    /// everything; there are too many points.
    pub fn bind(&self, presets: P) -> Result<Points<P>, ExploreError> {
        Points::new(&self.node, presets)
    }

    /// Visits two explorations of equal length in lock step.
    ///
    /// # Shape
    /// n and n points give n points; point `i` takes both parts from `i`.
    ///
    /// # Errors
    /// The lengths differ; the message names both sides.
    pub fn zip(self, other: Self) -> Result<Self, ExploreError> {
        let (expected, found) = (self.len(), other.len());
        if expected != found {
            return Err(ExploreError::ZipLengths {
                first: self.node.describe(),
                expected,
                other: other.node.describe(),
                found,
            });
        }
        Ok(self.zip_unchecked(other))
    }

    /// Zips what is known to have one length; binding checks again.
    pub(crate) fn zip_unchecked(self, other: Self) -> Self {
        Self::new(Node::Zip(self.node, other.node))
    }

    /// Keeps the points that satisfy a condition, in their order.
    ///
    /// Every point is tested once for each set of presets, when the number of points is first needed; what is kept
    /// takes 8 bytes for each point.
    pub fn filter(self, condition: impl Fn(&P) -> bool + Send + Sync + 'static) -> Self {
        Self::new(Node::Selection(Selection::new(self.node, Rule::Condition(Box::new(condition)))))
    }

    /// Keeps the first of all points with the same values, compared bit by bit; repetitions tell points apart.
    ///
    /// While doubled points are looked for, each that is kept takes about 32 bytes, and 8 bytes afterwards.
    ///
    /// # Examples
    /// ```
    /// # use pypet_runtime::explore::Exploration;
    /// # use pypet_runtime::parameter::{Name, ParameterSet};
    /// # fn example<P: ParameterSet>(x: Name<P, f64>, y: Name<P, f64>) -> Exploration<P> {
    /// // The point where the lines cross is there once.
    /// (x.over([0.0, 1.0, 2.0]) * y.over([0.0]) + x.over([0.0]) * y.over([0.0, 1.0, 2.0])).unique()
    /// # }
    /// ```
    pub fn unique(self) -> Self {
        Self::new(Node::Selection(Selection::new(self.node, Rule::Unique)))
    }

    /// The indices of points with equal parameters side by side, in the order of the first of each; repetitions of a
    /// point are in one group. Nothing for an exploration that contradicts itself.
    ///
    /// It takes 8 bytes for each point and about 80 for each group.
    #[must_use]
    pub fn unique_points(&self) -> Vec<Vec<usize>> {
        self.at_defaults().map(|points| points.groups()).unwrap_or_default()
    }

    /// Visits each point `count` times; the repetitions of one point follow each other.
    ///
    /// `name` becomes a coordinate beside the explored parameters and tells the repetitions apart.
    pub fn repeat(self, name: impl Into<String>, count: usize) -> Self {
        Self::new(Node::Repeat { inner: self.node, name: name.into(), count })
    }

    /// The axes of a Cartesian product, outermost first; `None` for filters and sums, whose points form no grid.
    #[must_use]
    pub fn axes(&self) -> Option<Vec<GridAxis>> {
        super::axes::grid_axes(&self.node)
    }
}

impl<P> Clone for Exploration<P> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), at_defaults: self.at_defaults.clone() }
    }
}

impl<P: ParameterSet> fmt::Debug for Exploration<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exploration of {} ({} points)", self.node.describe(), self.len())
    }
}

/// Visits every combination of two explorations; the right one varies fastest.
///
/// # Shape
/// n and m points give n·m points; point `i` takes its left part from `i / m` and its right part from `i % m`.
impl<P: ParameterSet> Mul for Exploration<P> {
    type Output = Self;

    fn mul(self, right: Self) -> Self {
        Self::new(Node::Product(self.node, right.node))
    }
}

/// Visits first the points of the left exploration, then those of the right one.
///
/// # Shape
/// n and m points give n + m points. What only one side explores has its preset on the other.
impl<P: ParameterSet> Add for Exploration<P> {
    type Output = Self;

    fn add(self, right: Self) -> Self {
        Self::new(Node::Chain(self.node, right.node))
    }
}

/// What an environment runs and `explore = …` may return: an exploration, or a `Result` of one with any error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an exploration of `{P}`",
    note = "explorations are made from the names of the experiment's own parameter set: `{P}::names()`"
)]
pub trait IntoExploration<P> {
    /// The exploration, or why there is none.
    ///
    /// # Errors
    /// The exploration contradicts itself, as a zip of unequal lengths does, or whatever else its maker says.
    fn into_exploration(self) -> Result<Exploration<P>, BoxError>;
}

impl<P> IntoExploration<P> for Exploration<P> {
    fn into_exploration(self) -> Result<Self, BoxError> {
        Ok(self)
    }
}

impl<P, E: Into<BoxError>> IntoExploration<P> for Result<Exploration<P>, E> {
    fn into_exploration(self) -> Result<Exploration<P>, BoxError> {
        self.map_err(Into::into)
    }
}
