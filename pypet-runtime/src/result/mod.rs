//! Result sets: structs whose fields become one column each.

mod group;
mod name;
mod shared;
mod single;

pub use group::{GroupName, Members, ResultGroup, StoredMembers};
pub use name::ResultName;
pub(crate) use shared::check_shared_arrays;
pub use shared::{SharedArray, SharedArrayError};
pub use single::{NoResults, Single};

use crate::run::AddedResult;
use crate::schema::Leaf;
use crate::value::{Cells, ResultValue};

/// A struct of results; implemented by `#[results]`.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a result set", note = "put `#[results]` on the struct")]
pub trait ResultSet: Send + Sized + 'static {
    /// A struct of the same shape whose leaves are typed names.
    type Names;

    /// States names, comments and units of all results, in order.
    fn declare(declaration: &mut ResultDeclaration);

    /// The typed names, for reading.
    fn names() -> Self::Names;

    /// Puts every result into the row, in the order of declaration.
    fn write(&self, row: &mut Row<'_>);
}

/// Collects the declarations of a result set.
#[derive(Debug)]
pub struct ResultDeclaration {
    single_name: String,
    single_comment: String,
    results: Vec<Leaf>,
}

impl ResultDeclaration {
    /// Declares a result; the returned builder takes what is optional.
    ///
    /// # Panics
    /// Never.
    pub fn result<V: ResultValue>(&mut self, name: &str, comment: &str) -> DeclaredResult<'_> {
        self.results.push(Leaf::new(name, V::value_type()).with_comment(comment));
        DeclaredResult { info: self.results.last_mut().expect("just pushed") }
    }

    /// Declares the one value that an experiment returns; the experiment gives its name.
    pub(crate) fn single<V: ResultValue>(&mut self) {
        let (name, comment) = (self.single_name.clone(), self.single_comment.clone());
        self.result::<V>(&name, &comment);
    }
}

/// The optional facts about a result that is being declared.
#[derive(Debug)]
pub struct DeclaredResult<'a> {
    info: &'a mut Leaf,
}

impl DeclaredResult<'_> {
    /// The physical unit, unless the values bring their own.
    pub fn unit(self, unit: &str) -> Self {
        *self.info = self.info.clone().with_unit(unit);
        self
    }

    /// Names for the dimensions of an array, outermost first.
    pub fn dims<const N: usize>(self, dims: [&str; N]) -> Self {
        self.info.dims = dims.iter().map(ToString::to_string).collect();
        self
    }

    /// How hard the column is compressed, from 1 to 9; 0 for not at all, whatever the environment says.
    pub fn compress(self, level: u8) -> Self {
        self.info.compress = Some(level.min(9));
        self
    }
}

/// The results of a set in order, with the name that a single value takes.
#[must_use]
pub fn declared_results<R: ResultSet>(single_name: &str, single_comment: &str) -> Vec<Leaf> {
    let mut declaration = ResultDeclaration {
        single_name: single_name.into(),
        single_comment: single_comment.into(),
        results: Vec::new(),
    };
    R::declare(&mut declaration);
    declaration.results
}

/// The columns that one run's results are put into, one after the other.
#[derive(Debug)]
pub struct Row<'a> {
    columns: std::slice::IterMut<'a, Cells>,
    /// What groups put, with names below `results`.
    added: &'a mut Vec<AddedResult>,
}

impl<'a> Row<'a> {
    pub(crate) fn new(columns: &'a mut [Cells], added: &'a mut Vec<AddedResult>) -> Self {
        Self { columns: columns.iter_mut(), added }
    }

    /// Puts the members of a group.
    pub fn put_group<G: ResultGroup>(&mut self, name: &str, group: &G) {
        self.added.extend(AddedResult::members(name, group));
    }

    /// Puts the next result.
    ///
    /// # Panics
    /// If more results are put than were declared.
    #[inline]
    pub fn put<V: ResultValue>(&mut self, value: &V) {
        value.write(self.columns.next().expect("as many results are put as declared"));
    }
}
