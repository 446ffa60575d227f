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

impl<Set, V> ResultName<Set, V> {
    /// The name of the result with this number; for generated code.
    #[doc(hidden)]
    #[must_use]
    pub fn at(index: usize) -> Self {
        Self { index, meaning: PhantomData }
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
