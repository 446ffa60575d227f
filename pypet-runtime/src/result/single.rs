//! Result sets of experiments that return one value or none.

use super::{ResultDeclaration, ResultName, ResultSet, Row};
use crate::value::ResultValue;

/// The one value that an experiment returns; its result is named after the experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Single<V>(pub V);

impl<V: ResultValue> ResultSet for Single<V> {
    type Names = ResultName<Self, V>;

    fn declare(declaration: &mut ResultDeclaration) {
        declaration.single::<V>();
    }

    fn names() -> Self::Names {
        ResultName::at(0)
    }

    #[inline]
    fn write(&self, row: &mut Row<'_>) {
        row.put(&self.0);
    }
}

/// What an experiment returns that returns `()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoResults;

impl ResultSet for NoResults {
    type Names = ();

    fn declare(_: &mut ResultDeclaration) {}

    fn names() -> Self::Names {}

    fn write(&self, _: &mut Row<'_>) {}
}
