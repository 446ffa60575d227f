//! Explorations bound to presets: any point at the cost of the number of axes.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::key::{self, PointKey};
use super::node::Node;
use super::{ExploreError, GridAxis};
use crate::parameter::{AxisValues, ParameterInfo, ParameterSet, check_limits_of, declared_parameters, digest_value};

/// The points of an exploration, bound to the values of all parameters that are not explored.
#[derive(Clone)]
pub struct Points<P> {
    presets: P,
    tree: Arc<Tree>,
    /// What would be asked of the tree for each run.
    len: usize,
    has_chain: bool,
    explored: Vec<Explored>,
    axes: Option<Vec<GridAxis>>,
}

/// What tells the points apart: an explored parameter, or a repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Explored {
    /// A parameter, by the number of its leaf.
    Parameter(usize),
    /// A named repetition.
    Repetition(String),
}

/// What one point says about one axis.
enum Coordinate<'a> {
    /// A parameter, by the number of its leaf, and the position of its value along an axis.
    Value(usize, &'a dyn AxisValues, usize),
    Repetition(&'a str, usize),
}

/// The exploration with its filters decided, so that a condition is never asked twice.
pub(super) enum Tree {
    Single,
    Axis { leaf: usize, values: Arc<dyn AxisValues> },
    Product(Box<Tree>, Box<Tree>),
    Zip(Box<Tree>, Box<Tree>),
    Chain(Box<Tree>, Box<Tree>),
    Selection(Box<Tree>, Arc<[usize]>),
    Repeat { inner: Box<Tree>, name: String, count: usize },
    Repetitions { name: String, numbers: Arc<[usize]> },
}

impl<P: ParameterSet> Points<P> {
    pub(super) fn new(node: &Node<P>, presets: P) -> Result<Self, ExploreError> {
        let infos = declared_parameters::<P>();
        check_once(node, &infos)?;
        check_limits_of(&infos, &presets)?;
        let tree = Tree::bind(node, &presets, &infos)?;
        drop(infos);
        if tree.is_empty() {
            return Err(ExploreError::NoValues { name: "the exploration".into() });
        }
        let leaves = node.leaves().into_iter().map(Explored::Parameter);
        let repetitions = node.repetitions().into_iter().map(Explored::Repetition);
        let (len, has_chain) = (tree.len(), tree.has_chain());
        let (explored, axes) = (leaves.chain(repetitions).collect(), super::axes::grid_axes(node));
        Ok(Self { presets, tree: Arc::new(tree), len, has_chain, explored, axes })
    }

    /// Number of points; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "points are never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The values of the parameters that are not explored.
    #[must_use]
    pub fn presets(&self) -> &P {
        &self.presets
    }

    /// The axes if the points form a grid, outermost first.
    #[must_use]
    pub fn axes(&self) -> Option<&[GridAxis]> {
        self.axes.as_deref()
    }

    /// What is explored, each once.
    pub(crate) fn explored(&self) -> &[Explored] {
        &self.explored
    }

    /// The parameters of a run.
    ///
    /// # Panics
    /// If there are not that many points.
    #[must_use]
    pub fn point(&self, index: usize) -> P {
        let mut point = self.presets.clone();
        self.move_to(index, &mut point);
        point
    }

    /// Turns any other point into this one, without allocating for scalars.
    pub(crate) fn move_to(&self, index: usize, point: &mut P) {
        assert!(index < self.len(), "point {index} of {}", self.len());
        if self.has_chain {
            // What only the other side of a sum explores goes back to its preset.
            for explored in &self.explored {
                if let Explored::Parameter(leaf) = explored {
                    point.leaf_mut(*leaf).assign(self.presets.leaf(*leaf));
                }
            }
        }
        self.tree.assign(index, point);
        point.derive();
    }

    /// The points in groups with equal parameters.
    pub(super) fn groups(&self) -> Vec<Vec<usize>> {
        let leaves = self.explored.iter().filter_map(|explored| match explored {
            Explored::Parameter(leaf) => Some(*leaf),
            Explored::Repetition(_) => None,
        });
        let leaves: Vec<usize> = leaves.collect();
        let mut point = self.presets.clone();
        key::groups((0..self.len()).map(|index| {
            self.move_to(index, &mut point);
            PointKey::of(leaves.iter().map(|&leaf| point.leaf(leaf)), [])
        }))
    }

    /// A number that is the same for the same points of the same presets, and hardly ever for others.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (0..P::LEN).for_each(|leaf| digest_value(self.presets.leaf(leaf), &mut hasher));
        self.tree.digest(&mut hasher);
        hasher.finish()
    }

    /// Which repetition a point is, 0 if it is not repeated.
    pub(crate) fn repetition(&self, index: usize, name: &str) -> usize {
        let mut found = 0;
        self.tree.visit(index, &mut |coordinate| match coordinate {
            Coordinate::Repetition(other, repetition) if other == name => found = repetition,
            _ => {}
        });
        found
    }

    /// Which repetition a point is, for each name of one, in the order of the names.
    pub(crate) fn repetitions(&self, index: usize) -> Vec<(&str, u64)> {
        self.tree.repetitions(index)
    }
}

impl Tree {
    fn bind<P: ParameterSet>(node: &Node<P>, presets: &P, infos: &[ParameterInfo]) -> Result<Self, ExploreError> {
        let bind = |node: &Node<P>| Ok::<_, ExploreError>(Box::new(Self::bind(node, presets, infos)?));
        let too_many = || ExploreError::TooMany;
        Ok(match node {
            Node::Single => Self::Single,
            Node::Axis { leaf, values } => {
                values.check(&infos[*leaf])?;
                Self::Axis { leaf: *leaf, values: values.clone() }
            }
            Node::Product(a, b) => {
                let (a, b) = (bind(a)?, bind(b)?);
                a.len().checked_mul(b.len()).ok_or_else(too_many)?;
                Self::Product(a, b)
            }
            Node::Chain(a, b) => {
                let (a, b) = (bind(a)?, bind(b)?);
                a.len().checked_add(b.len()).ok_or_else(too_many)?;
                Self::Chain(a, b)
            }
            Node::Zip(a, b) => {
                let (left, right) = (bind(a)?, bind(b)?);
                // Filters are decided only now, so the lengths may differ although `zip` saw them agree.
                if left.len() != right.len() {
                    let (first, other) = (a.describe(), b.describe());
                    let (expected, found) = (left.len(), right.len());
                    return Err(ExploreError::ZipLengths { first, expected, other, found });
                }
                Self::Zip(left, right)
            }
            Node::Selection(selection) => {
                let inner = bind(&selection.inner)?;
                let selected = selection.decide(&inner, presets);
                if selected.is_empty() {
                    return Err(ExploreError::AllFiltered { n_points: inner.len() });
                }
                Self::Selection(inner, selected)
            }
            Node::Repetitions { name, numbers } => Self::Repetitions { name: name.clone(), numbers: numbers.clone() },
            Node::Repeat { inner, name, count } => {
                if *count == 0 {
                    return Err(ExploreError::NoValues { name: format!("`{name}`") });
                }
                let inner = bind(inner)?;
                inner.len().checked_mul(*count).ok_or_else(too_many)?;
                Self::Repeat { inner, name: name.clone(), count: *count }
            }
        })
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Single => 1,
            Self::Axis { values, .. } => values.len(),
            Self::Product(a, b) => a.len() * b.len(),
            Self::Chain(a, b) => a.len() + b.len(),
            Self::Zip(a, _) => a.len(),
            Self::Selection(_, selected) => selected.len(),
            Self::Repeat { inner, count, .. } => inner.len() * count,
            Self::Repetitions { numbers, .. } => numbers.len(),
        }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn digest(&self, hasher: &mut DefaultHasher) {
        std::mem::discriminant(self).hash(hasher);
        match self {
            Self::Single => {}
            Self::Axis { leaf, values } => {
                leaf.hash(hasher);
                values.digest(hasher);
            }
            Self::Product(a, b) | Self::Zip(a, b) | Self::Chain(a, b) => {
                a.digest(hasher);
                b.digest(hasher);
            }
            Self::Selection(inner, selected) => {
                inner.digest(hasher);
                selected.hash(hasher);
            }
            Self::Repetitions { name, numbers } => (name, numbers).hash(hasher),
            Self::Repeat { inner, name, count } => {
                inner.digest(hasher);
                (name, count).hash(hasher);
            }
        }
    }

    pub(super) fn has_chain(&self) -> bool {
        match self {
            Self::Single | Self::Axis { .. } | Self::Repetitions { .. } => false,
            Self::Chain(..) => true,
            Self::Product(a, b) | Self::Zip(a, b) => a.has_chain() || b.has_chain(),
            Self::Selection(inner, _) | Self::Repeat { inner, .. } => inner.has_chain(),
        }
    }

    /// Gives all explored parameters their values.
    pub(super) fn assign<P: ParameterSet>(&self, index: usize, point: &mut P) {
        self.visit(index, &mut |coordinate| {
            if let Coordinate::Value(leaf, values, position) = coordinate {
                values.assign(position, point.leaf_mut(leaf));
            }
        });
    }

    /// The numbers of all repetitions, in the order of their names.
    pub(super) fn repetitions(&self, index: usize) -> Vec<(&str, u64)> {
        let mut found = Vec::new();
        self.visit(index, &mut |coordinate| {
            if let Coordinate::Repetition(name, repetition) = coordinate {
                found.push((name, repetition as u64));
            }
        });
        found.sort_unstable();
        found
    }

    fn visit<'a>(&'a self, index: usize, say: &mut impl FnMut(Coordinate<'a>)) {
        match self {
            Self::Single => {}
            Self::Axis { leaf, values } => say(Coordinate::Value(*leaf, &**values, index)),
            Self::Product(a, b) => {
                let inner = b.len();
                a.visit(index / inner, say);
                b.visit(index % inner, say);
            }
            Self::Zip(a, b) => {
                a.visit(index, say);
                b.visit(index, say);
            }
            Self::Chain(a, b) => match index.checked_sub(a.len()) {
                None => a.visit(index, say),
                Some(index) => b.visit(index, say),
            },
            Self::Selection(inner, selected) => inner.visit(selected[index], say),
            Self::Repeat { inner, name, count } => {
                inner.visit(index / count, say);
                say(Coordinate::Repetition(name, index % count));
            }
            Self::Repetitions { name, numbers } => say(Coordinate::Repetition(name, numbers[index])),
        }
    }
}

/// No parameter and no repetition may be given twice in one point.
fn check_once<P>(node: &Node<P>, infos: &[ParameterInfo]) -> Result<(), ExploreError> {
    match node {
        Node::Axis { leaf, .. } if infos[*leaf].derived => {
            Err(ExploreError::Derived { name: infos[*leaf].name.clone() })
        }
        Node::Single | Node::Axis { .. } | Node::Repetitions { .. } => Ok(()),
        Node::Chain(a, b) => check_once(a, infos).and_then(|()| check_once(b, infos)),
        Node::Product(a, b) | Node::Zip(a, b) => {
            let mut names: HashSet<String> = names_of(a, infos).into_iter().collect();
            if let Some(name) = names_of(b, infos).into_iter().find(|name| !names.insert(name.clone())) {
                return Err(ExploreError::Twice { name });
            }
            check_once(a, infos).and_then(|()| check_once(b, infos))
        }
        Node::Selection(selection) => check_once(&selection.inner, infos),
        Node::Repeat { inner, name, .. } => {
            if names_of(inner, infos).contains(name) || infos.iter().any(|info| info.name == *name) {
                return Err(ExploreError::Twice { name: name.clone() });
            }
            check_once(inner, infos)
        }
    }
}

fn names_of<P>(node: &Node<P>, infos: &[ParameterInfo]) -> Vec<String> {
    let leaves = node.leaves().into_iter().map(|leaf| infos[leaf].name.clone());
    leaves.chain(node.repetitions()).collect()
}
