//! Which points of an exploration are kept: what filters decide, and `unique`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::key::PointKey;
use super::node::Node;
use super::points::Tree;
use crate::parameter::{ParameterSet, one_cell};

/// An exploration some of whose points are kept.
pub(super) struct Selection<P> {
    pub(super) inner: Arc<Node<P>>,
    pub(super) rule: Rule<P>,
    /// Which points were kept last, and with which presets, so that no point is tested twice.
    decided: Mutex<Option<(P, Arc<[usize]>)>>,
}

/// Which points are kept.
pub(super) enum Rule<P> {
    /// Those that satisfy a condition.
    Condition(Box<dyn Fn(&P) -> bool + Send + Sync>),
    /// The first of equal ones.
    Unique,
}

impl<P> Selection<P> {
    pub(super) fn new(inner: Arc<Node<P>>, rule: Rule<P>) -> Self {
        Self { inner, rule, decided: Mutex::default() }
    }
}

impl<P: ParameterSet> Selection<P> {
    /// The points that are kept with these presets; `tree` is what the inner exploration is bound to.
    pub(super) fn decide(&self, tree: &Tree, presets: &P) -> Arc<[usize]> {
        // What a panic elsewhere leaves behind is whole.
        let decided = || self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, selected)) = &*decided()
            && are_same(before, presets)
        {
            return selected.clone();
        }
        let selected: Arc<[usize]> = match &self.rule {
            Rule::Condition(condition) => select(tree, presets, |_, point| condition(point)),
            Rule::Unique => {
                let (leaves, mut seen) = (self.inner.leaves(), HashSet::new());
                select(tree, presets, |index, point| {
                    let values = leaves.iter().map(|&leaf| point.leaf(leaf));
                    seen.insert(PointKey::of(values, tree.repetitions(index)))
                })
            }
        };
        *decided() = Some((presets.clone(), selected.clone()));
        selected
    }
}

/// Whether all values are the same, bit for bit.
fn are_same<P: ParameterSet>(a: &P, b: &P) -> bool {
    (0..P::LEN).all(|leaf| one_cell(a.leaf(leaf)) == one_cell(b.leaf(leaf)))
}

fn select<P: ParameterSet>(tree: &Tree, presets: &P, mut keeps: impl FnMut(usize, &P) -> bool) -> Arc<[usize]> {
    let mut point = presets.clone();
    let has_chain = tree.has_chain();
    let satisfies = |index: &usize| {
        if has_chain {
            point.clone_from(presets);
        }
        tree.assign(*index, &mut point);
        point.derive();
        keeps(*index, &point)
    };
    (0..tree.len()).filter(satisfies).collect()
}
