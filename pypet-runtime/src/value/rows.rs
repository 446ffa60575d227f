//! What is appended: arrays by their rows, and tables.

use super::{Cells, Sliceable, Table, ValueError};
use crate::result::{Members, ResultGroup, StoredMembers};
use crate::schema::Leaf;

/// Rows that a run appends to others: an array of at least one dimension, by the first of them, or a [`Table`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no rows that could be appended",
    note = "use an `ndarray` array, a `Vec`, `[T; N]`, or a `Table`"
)]
pub trait Rows: Sized {
    /// Puts each column of the rows under its name; an array is one column without a name.
    fn put(&self, members: &mut Members);

    /// Makes the rows of their columns, each of them one cell.
    ///
    /// # Errors
    /// There are other columns, or they are of another type.
    fn take(members: Vec<(Leaf, Cells)>) -> Result<Self, ValueError>;
}

impl<V: Sliceable> Rows for V {
    fn put(&self, members: &mut Members) {
        members.put("", self);
    }

    fn take(members: Vec<(Leaf, Cells)>) -> Result<Self, ValueError> {
        let names = || members.iter().map(|(leaf, _)| leaf.name.clone()).collect();
        let [(_, cells)] = members.as_slice() else {
            return Err(ValueError::Member { name: String::new(), names: names() });
        };
        V::read(cells.clone().widened(V::value_type().element).cell(0))
    }
}

impl Rows for Table {
    fn put(&self, members: &mut Members) {
        ResultGroup::put(self, members);
    }

    fn take(members: Vec<(Leaf, Cells)>) -> Result<Self, ValueError> {
        ResultGroup::take(&StoredMembers::new(members))
    }
}
