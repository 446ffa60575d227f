//! Result sets of experiments that return one value or none.

use super::{Numbers, ResultDeclaration, ResultName, ResultSet, Row};
use crate::value::ResultValue;

/// The one value that an experiment returns; its result is named after the experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Single<V>(pub V);

impl<V: ResultValue> ResultSet for Single<V> {
    type Names<Root> = ResultName<Root, V>;

    fn declare(declaration: &mut ResultDeclaration) {
        declaration.single::<V>();
    }

    fn names_from<Root>(numbers: &mut Numbers) -> Self::Names<Root> {
        ResultName::next(numbers)
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
    type Names<Root> = ();

    fn declare(_: &mut ResultDeclaration) {}

    fn names_from<Root>(_: &mut Numbers) -> Self::Names<Root> {}

    fn write(&self, _: &mut Row<'_>) {}
}
