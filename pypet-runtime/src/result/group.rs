//! Results that are groups: values of several columns, whose names may differ from value to value.

use std::fmt;
use std::marker::PhantomData;

use super::Numbers;
use crate::parameter::GroupNames;
use crate::schema::Leaf;
use crate::value::{Cells, ResultValue, ValueError, ValueType};

/// A value that becomes a group of results: `results/<name>/<member>`.
///
/// A run yields one by a field with `#[result(group)]` or by `Run::add_group`, and `RunView::get_group` or
/// `RunView::get_added_group` reads it.
///
/// # Examples
/// ```
/// use pypet_runtime::result::{Members, ResultGroup, StoredMembers};
/// use pypet_runtime::value::ValueError;
///
/// struct Spikes {
///     times: Vec<f64>,
///     neurons: Vec<u32>,
/// }
///
/// impl ResultGroup for Spikes {
///     fn put(&self, members: &mut Members) {
///         members.put("times", &self.times);
///         members.put("neurons", &self.neurons);
///     }
///
///     fn take(members: &StoredMembers) -> Result<Self, ValueError> {
///         Ok(Self { times: members.get("times")?, neurons: members.get("neurons")? })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no group of results",
    label = "this type is no group",
    note = "use a struct with `#[results]`, `Table`, `ArrayD`, a sparse matrix (feature `sprs`), or implement `ResultGroup`; a single value needs no `group`"
)]
pub trait ResultGroup: Sized + 'static {
    /// Puts each member under its name.
    fn put(&self, members: &mut Members);

    /// Makes the value of its stored members.
    ///
    /// # Errors
    /// A member is missing or of another type, or they do not fit together.
    fn take(members: &StoredMembers) -> Result<Self, ValueError>;
}

/// Where a group's members go.
#[derive(Debug, Default)]
pub struct Members {
    members: Vec<(Leaf, Cells)>,
}

impl Members {
    /// Puts one member. Names are those of results: letters, digits and `_`.
    pub fn put<V: ResultValue>(&mut self, name: &str, value: &V) {
        let value_type = V::value_type();
        let mut cells = Cells::of(&value_type);
        value.write(&mut cells);
        self.put_cells(name, value_type, cells);
    }

    /// Puts one member that is a cell already.
    pub(crate) fn put_cells(&mut self, name: &str, value_type: ValueType, cells: Cells) {
        self.put_leaf(Leaf::new(name, value_type), cells);
    }

    /// Puts one member with what is known of it.
    pub(crate) fn put_leaf(&mut self, mut leaf: Leaf, cells: Cells) {
        // Runs may differ in the lengths of what they put under one name.
        leaf.value_type.shape.fill(None);
        leaf.ragged = !leaf.value_type.is_scalar();
        self.members.push((leaf, cells));
    }

    pub(crate) fn into_members(self) -> Vec<(Leaf, Cells)> {
        self.members
    }
}

/// The members of a group as one run left them.
#[derive(Debug)]
pub struct StoredMembers {
    members: Vec<(Leaf, Cells)>,
}

impl StoredMembers {
    pub(crate) fn new(members: Vec<(Leaf, Cells)>) -> Self {
        Self { members }
    }

    /// One member.
    ///
    /// # Errors
    /// There is none of this name, or it is of another type.
    pub fn get<V: ResultValue>(&self, name: &str) -> Result<V, ValueError> {
        let member = self.members.iter().find(|(leaf, _)| leaf.name == name);
        let (_, cells) = member.ok_or_else(|| ValueError::Member {
            name: name.into(),
            names: self.members.iter().map(|(leaf, _)| leaf.name.clone()).collect(),
        })?;
        V::read(cells.cell(0))
    }

    /// All members as single cells, in the order in which they were first put.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Leaf, Cells)> {
        self.members.iter()
    }
}

/// The name of a group of results that makes a `G`, in the result set `Set`.
pub struct GroupName<Set, G> {
    index: usize,
    meaning: PhantomData<fn() -> (Set, G)>,
}

impl<Set, G> GroupName<Set, G> {
    /// The name of the next group; for generated code.
    #[doc(hidden)]
    #[must_use]
    pub fn next(numbers: &mut Numbers) -> Self {
        Self { index: numbers.next_group(), meaning: PhantomData }
    }

    /// The number of the group, in the order of declaration.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }
}

/// The field of a set's names is a name as well.
impl<Set, G> From<GroupNames<Self>> for GroupName<Set, G> {
    fn from(name: GroupNames<Self>) -> Self {
        *name
    }
}

impl<Set, G> Clone for GroupName<Set, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Set, G> Copy for GroupName<Set, G> {}

impl<Set, G> fmt::Debug for GroupName<Set, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupName({})", self.index)
    }
}
