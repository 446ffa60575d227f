//! The expression that an exploration is.

use std::sync::Arc;

use super::selection::Selection;
use crate::parameter::{AxisValues, ParameterSet, declared_parameters};

/// One operation of the algebra with its operands.
pub(super) enum Node<P> {
    Single,
    Axis {
        leaf: usize,
        values: Arc<dyn AxisValues>,
    },
    Product(Arc<Node<P>>, Arc<Node<P>>),
    Zip(Arc<Node<P>>, Arc<Node<P>>),
    Chain(Arc<Node<P>>, Arc<Node<P>>),
    Selection(Selection<P>),
    Repeat {
        inner: Arc<Node<P>>,
        name: String,
        count: usize,
    },
    /// One point for each number, which tells the repetition; from a file.
    Repetitions {
        name: String,
        numbers: Arc<[usize]>,
    },
}

impl<P> Node<P> {
    /// The explored parameters in order of first mention.
    pub(super) fn leaves(&self) -> Vec<usize> {
        let mut leaves = Vec::new();
        self.walk(&mut |node| {
            if let Self::Axis { leaf, .. } = node
                && !leaves.contains(leaf)
            {
                leaves.push(*leaf);
            }
        });
        leaves
    }

    /// The named repetitions in order of first mention.
    pub(super) fn repetitions(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.walk(&mut |node| {
            if let Self::Repeat { name, .. } | Self::Repetitions { name, .. } = node
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        });
        names
    }

    /// Visits all nodes, operands before what joins them.
    fn walk(&self, see: &mut impl FnMut(&Self)) {
        match self {
            Self::Single | Self::Axis { .. } | Self::Repetitions { .. } => {}
            Self::Product(a, b) | Self::Zip(a, b) | Self::Chain(a, b) => {
                a.walk(see);
                b.walk(see);
            }
            Self::Selection(selection) => selection.inner.walk(see),
            Self::Repeat { inner, .. } => inner.walk(see),
        }
        see(self);
    }
}

/// How many points a node has, if that is plain arithmetic.
pub(super) enum Count {
    Known(usize),
    Filtered,
}

impl<P: ParameterSet> Node<P> {
    /// The number of points; `None` beyond `usize`.
    pub(super) fn count_unfiltered(&self) -> Option<Count> {
        let both = |a: &Self, b: &Self, join: fn(usize, usize) -> Option<usize>| match (
            a.count_unfiltered()?,
            b.count_unfiltered()?,
        ) {
            (Count::Known(a), Count::Known(b)) => join(a, b).map(Count::Known),
            _ => Some(Count::Filtered),
        };
        match self {
            Self::Single => Some(Count::Known(1)),
            Self::Axis { values, .. } => Some(Count::Known(values.len())),
            Self::Product(a, b) => both(a, b, usize::checked_mul),
            Self::Chain(a, b) => both(a, b, usize::checked_add),
            Self::Zip(a, _) => a.count_unfiltered(),
            Self::Selection(_) => Some(Count::Filtered),
            Self::Repetitions { numbers, .. } => Some(Count::Known(numbers.len())),
            Self::Repeat { inner, count, .. } => match inner.count_unfiltered()? {
                Count::Known(n) => n.checked_mul(*count).map(Count::Known),
                Count::Filtered => Some(Count::Filtered),
            },
        }
    }

    /// The explored parameters in words.
    pub(super) fn describe(&self) -> String {
        let infos = declared_parameters::<P>();
        let leaves = self.leaves();
        let mut names: Vec<String> = leaves.iter().map(|&leaf| format!("`{}`", infos[leaf].name)).collect();
        names.extend(self.repetitions().iter().map(|name| format!("`{name}`")));
        if names.is_empty() { "the single point".into() } else { names.join(", ") }
    }
}
