//! Typed names of results.

use std::fmt;
use std::marker::PhantomData;

/// The name of a result that holds a `V`, in the result set `Set`.
///
/// Names come from `Set::names()`: `traj.all(Firing::names().rate)`.
pub struct ResultName<Set, V> {
    index: usize,
    meaning: PhantomData<fn() -> (Set, V)>,
}

/// Numbers results and groups in the order of their declaration, nested sets included.
#[derive(Debug, Default)]
pub struct Numbers {
    n_results: usize,
    n_groups: usize,
}

impl Numbers {
    /// The number of the next result.
    pub(super) fn next_result(&mut self) -> usize {
        self.n_results += 1;
        self.n_results - 1
    }

    /// The number of the next group; a nested set is one before its members.
    pub fn next_group(&mut self) -> usize {
        self.n_groups += 1;
        self.n_groups - 1
    }
}

impl<Set, V> ResultName<Set, V> {
    /// The name of the next result; for generated code.
    #[doc(hidden)]
    #[must_use]
    pub fn next(numbers: &mut Numbers) -> Self {
        Self { index: numbers.next_result(), meaning: PhantomData }
    }

    /// The number of the result, in the order of declaration.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }
}

impl<Set, V> Clone for ResultName<Set, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Set, V> Copy for ResultName<Set, V> {}

impl<Set, V> fmt::Debug for ResultName<Set, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResultName({})", self.index)
    }
}
