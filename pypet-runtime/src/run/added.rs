//! Results that no result set declares: what they are, and whether they can be stored.

use super::aside::Part;
use crate::result::checksum::{Parts, ValueHash};
use crate::result::{Members, ResultGroup};
use crate::schema::Leaf;
use crate::storage::DynamicColumn;
use crate::value::{Cells, ResultValue, Slice, SliceError, text};

/// A result that no result set declares.
#[derive(Debug)]
pub(crate) struct AddedResult {
    /// Whether it is a result or an annotation.
    pub(crate) branch: &'static str,
    pub(crate) leaf: Leaf,
    /// One cell; none if the run has put the value aside as a whole.
    pub(crate) cells: Cells,
    /// What the run has put aside before: the value, or the rows before those in the cell.
    pub(crate) aside: Vec<Part>,
    /// What that counts in the run's checksum, and the shape of all of it.
    pub(super) hashed: Option<(Parts, Vec<usize>)>,
    /// Whether rows may be appended to it.
    pub(crate) grows: bool,
}

impl AddedResult {
    pub(crate) fn new(branch: &'static str, leaf: Leaf, cells: Cells) -> Self {
        Self { branch, leaf, cells, aside: Vec::new(), hashed: None, grows: false }
    }

    /// Counts one cell, behind those before, which is about to be put aside.
    pub(super) fn hash_aside(&mut self, cells: &Cells) {
        let cell = cells.last();
        if let Some((parts, shape)) = &mut self.hashed {
            parts.put(&cell);
            shape[0] += cell.shape()[0];
        } else {
            let mut parts = self.hash().begin();
            parts.put(&cell);
            self.hashed = Some((parts, cell.shape().to_vec()));
        }
    }

    /// What the whole value counts in the run's checksum, wherever its parts are.
    pub(crate) fn counted(&mut self) -> u64 {
        let Some((mut parts, mut shape)) = self.hashed.take() else { return self.hash().of(&self.cells.last()) };
        for rest in self.cells.iter() {
            parts.put(&rest);
            shape[0] += rest.shape()[0];
        }
        parts.end(&shape)
    }

    fn hash(&self) -> ValueHash {
        ValueHash::new(&self.leaf.name, self.cells.element())
    }

    /// A single value.
    pub(crate) fn of<V: ResultValue>(branch: &'static str, name: &str, value: &V) -> Self {
        let mut value_type = V::value_type();
        let mut cells = Cells::of(&value_type);
        value.write(&mut cells);
        // Runs may add arrays of different lengths under one name.
        value_type.shape.fill(None);
        Self::new(branch, Leaf::new(name, value_type), cells)
    }

    /// A group, member by member.
    pub(crate) fn members<G: ResultGroup>(name: &str, group: &G) -> impl Iterator<Item = Self> {
        let mut members = Members::default();
        group.put(&mut members);
        members.into_members().into_iter().map(move |(mut leaf, cells)| {
            leaf.name = format!("{name}.{}", leaf.name);
            Self::new(DynamicColumn::RESULTS, leaf, cells)
        })
    }
}

/// Checks what one run adds beside the declared results: names, and whether values can be stored.
///
/// `declared` is what has its place below `results` already.
pub(crate) fn check_added<'a>(
    added: &[AddedResult],
    declared: &(impl Iterator<Item = &'a Leaf> + Clone),
) -> Result<(), AddResultError> {
    for (position, AddedResult { branch, leaf, cells, .. }) in added.iter().enumerate() {
        let (own, name) = (&leaf.name, || leaf.name.clone());
        if !is_valid_name(own) {
            return Err(AddResultError::Name { name: name() });
        }
        if added[..position].iter().any(|earlier| (earlier.branch, &earlier.leaf.name) == (*branch, own)) {
            return Err(AddResultError::Twice { name: name() });
        }
        let is_result = *branch == DynamicColumn::RESULTS;
        if is_result && declared.clone().any(|result| result.name == *own) {
            return Err(AddResultError::Declared { name: name() });
        }
        let earlier = added[..position].iter().filter(|earlier| earlier.branch == *branch);
        let declared = declared.clone().filter(|_| is_result).map(|leaf| &leaf.name);
        let mut others = earlier.map(|earlier| &earlier.leaf.name).chain(declared);
        if let Some(other) = others.find(|other| is_inside(own, other) || is_inside(other, own)) {
            let (inner, outer) = if is_inside(own, other) { (own, other) } else { (other, own) };
            return Err(AddResultError::Inside { inner: inner.clone(), outer: outer.clone() });
        }
        if let Some(problem) = cells.refusal() {
            return Err(AddResultError::Refused { name: name(), problem: problem.into() });
        }
    }
    Ok(())
}

/// Whether a result would lie in a group that has the name of the other.
fn is_inside(name: &str, other: &str) -> bool {
    name.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'))
}

/// Why a result cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddResultError {
    /// A name that would be no path.
    #[error("`{name}` is no name for a result; use letters, digits and `_`, with dots between groups")]
    Name {
        /// The name given.
        name: String,
    },
    /// The same name twice in one run.
    #[error("the result `{name}` was added twice in one run; add it once, or under two names")]
    Twice {
        /// The name given.
        name: String,
    },
    /// One name would be a value and a group.
    #[error("the result `{inner}` would lie in `{outer}`, which is a value and no group; rename one of them")]
    Inside {
        /// The result with the longer name.
        inner: String,
        /// The one in which it would lie.
        outer: String,
    },
    /// A declared result of this name exists.
    #[error("`{name}` is declared as a result or a shared array; add yours under another name")]
    Declared {
        /// The name given.
        name: String,
    },
    /// Rows unlike those before.
    #[error("rows of `{found}` were appended to `{name}`, which has rows of `{expected}`; give all one type and shape")]
    Rows {
        /// The name of the result.
        name: String,
        /// What its rows are.
        expected: String,
        /// What was appended.
        found: String,
    },
    /// A table unlike those before.
    #[error("a table of {found} was appended to `{name}`, which has the columns {expected}; give all the same columns")]
    Columns {
        /// The name of the result.
        name: String,
        /// The columns it has.
        expected: String,
        /// Those of what was appended.
        found: String,
    },
    /// A shared array that is not there.
    #[error(
        "there is no shared array `{name}`{}; declare it with `Environment::with_shared_array`, or in the attribute: \
         `#[experiment(shared_arrays = …)]`", text::suggestion(.name, .names)
    )]
    NoSharedArray {
        /// The name given.
        name: String,
        /// Those that are declared.
        names: Vec<String>,
    },
    /// A slice that is not one of the shared array.
    #[error("a part of the shared array `{name}` cannot be written")]
    Slice {
        /// The name of the array.
        name: String,
        /// Why not.
        #[source]
        problem: SliceError,
    },
    /// Elements of another type than the shared array's.
    #[error("elements of `{found}` were written to the shared array `{name}`, which is one of `{expected}`")]
    SliceType {
        /// The name of the array.
        name: String,
        /// What it is declared as.
        expected: String,
        /// What was written.
        found: String,
    },
    /// Values that do not fill a slice.
    #[error(
        "the slice `{slice}` of the shared array `{name}` has the shape {expected:?}, but the values have {found:?}"
    )]
    SliceShape {
        /// The name of the array.
        name: String,
        /// The slice.
        slice: Slice,
        /// The shape of the slice.
        expected: Vec<usize>,
        /// That of the values.
        found: Vec<usize>,
    },
    /// Values that were handed over before the end of the run, and for which there was no place.
    #[error("`{name}` cannot be put aside until the run is done: {problem}")]
    Aside {
        /// The name of the result.
        name: String,
        /// What the system says.
        problem: String,
    },
    /// A value that cannot be stored without loss.
    #[error("the result `{name}` cannot be stored: {problem}")]
    Refused {
        /// The name of the result.
        name: String,
        /// Why not.
        problem: String,
    },
}

/// Whether each dot-separated part begins with a letter or `_` and goes on with letters, digits and `_`.
pub(crate) fn is_valid_name(name: &str) -> bool {
    name.split('.').all(|part| {
        let starts_well = part.starts_with(|c: char| c.is_alphabetic() || c == '_');
        starts_well && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::run::{Early, Run, Streams};

    #[test]
    fn added_results_have_proper_names_given_once() {
        let mut run = Run::new(1, Arc::default(), Streams::of_nothing(), Early::default());
        let mut check = |add: fn(&mut Run)| {
            run.start(0, None);
            add(&mut run);
            let added = run.end()?;
            check_added(added, &[Leaf::new("rate", f64::value_type())].iter())
        };
        assert_eq!(check(|run| run.add_result("net.size", 3_u32)), Ok(()));
        assert!(matches!(check(|run| run.add_result("../etc", 3_u32)), Err(AddResultError::Name { .. })));
        assert!(matches!(check(|run| run.add_result("rate", 3_u32)), Err(AddResultError::Declared { .. })));
        let twice = check(|run| {
            run.add_result("a", 1.0);
            run.add_result("a", 2.0);
        });
        assert!(matches!(twice, Err(AddResultError::Twice { .. })));
        let inside = check(|run| {
            run.add_result("net.size", 1.0);
            run.add_result("net", 2.0);
        });
        assert!(matches!(inside, Err(AddResultError::Inside { inner, .. }) if inner == "net.size"));
        assert!(matches!(check(|run| run.add_result("rate.max", 1.0)), Err(AddResultError::Inside { .. })));
        assert_eq!(check(|run| run.add_result("rates", 1.0)), Ok(()));
    }
}
