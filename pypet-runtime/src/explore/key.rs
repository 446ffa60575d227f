//! What tells points from each other, in few bytes.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::lattice::push_key;
use crate::parameter::{AnyParameter, one_cell};
use crate::value::Cell;

/// A hash of some values and repetitions, of 128 bits: equal values have equal keys, and no two others ever had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PointKey([u8; 16]);

impl PointKey {
    /// The key of these values and numbers of repetitions, always given in one order.
    pub(crate) fn of<'a>(
        values: impl Iterator<Item = &'a dyn AnyParameter>,
        repetitions: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Self {
        let mut bytes = Vec::with_capacity(64);
        values.for_each(|value| push_key(&one_cell(value).cell(0), &mut bytes));
        for (name, number) in repetitions {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Self::hash(&bytes)
    }

    /// The key of stored values.
    pub(crate) fn of_cells<'a>(cells: impl Iterator<Item = Cell<'a>>) -> Self {
        let mut bytes = Vec::with_capacity(64);
        cells.for_each(|cell| push_key(&cell, &mut bytes));
        Self::hash(&bytes)
    }

    fn hash(bytes: &[u8]) -> Self {
        let hash = Sha256::digest(bytes);
        Self(std::array::from_fn(|i| hash[i]))
    }
}

/// Positions with equal keys side by side, in the order of their first.
pub(crate) fn groups(keys: impl Iterator<Item = PointKey>) -> Vec<Vec<usize>> {
    let mut number_of: HashMap<PointKey, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (position, key) in keys.enumerate() {
        let number = *number_of.entry(key).or_insert(groups.len());
        match groups.get_mut(number) {
            Some(group) => group.push(position),
            None => groups.push(vec![position]),
        }
    }
    groups
}
