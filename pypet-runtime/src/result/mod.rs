//! Result sets: structs whose fields become one column each.

pub(crate) mod checksum;
mod group;
mod name;
mod shared;
mod single;

pub use group::{GroupName, Members, ResultGroup, StoredMembers};
pub use name::{Numbers, ResultName};
pub(crate) use shared::check_shared_arrays;
pub use shared::{SharedArray, SharedArrayError};
pub use single::{NoResults, Single};

use crate::run::AddedResult;
use crate::schema::Leaf;
use crate::value::{Cells, ResultValue};

/// A struct of results; implemented by `#[results]`.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a result set", note = "put `#[results]` on the struct")]
pub trait ResultSet: Send + Sized + 'static {
    /// A struct of the same shape whose leaves are typed names, in the set `Root` that an experiment yields.
    type Names<Root>;

    /// States names, comments and units of all results, in order.
    fn declare(declaration: &mut ResultDeclaration);

    /// The typed names of this set as a part of `Root`, which go on from those before it.
    fn names_from<Root>(numbers: &mut Numbers) -> Self::Names<Root>;

    /// The typed names, for reading.
    #[must_use]
    fn names() -> Self::Names<Self> {
        Self::names_from(&mut Numbers::default())
    }

    /// Puts every result into the row, in the order of declaration.
    fn write(&self, row: &mut Row<'_>);
}

/// Collects the declarations of a result set.
#[derive(Debug)]
pub struct ResultDeclaration {
    single_name: String,
    single_comment: String,
    prefix: String,
    declared: DeclaredResults,
}

/// All that a result set declares, in order.
#[derive(Debug, Clone, Default)]
pub struct DeclaredResults {
    /// The results, those of nested sets included, with names as `network.rate`.
    pub leaves: Vec<Leaf>,
    /// The groups: nested sets, and values of several columns.
    pub groups: Vec<DeclaredGroup>,
}

/// A group that a parameter set or a result set declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredGroup {
    /// Full name below its branch, as `network.layer`.
    pub name: String,
    /// The doc comment of the field.
    pub comment: String,
    /// Full names under which older files know it.
    pub aliases: Vec<String>,
}

impl DeclaredGroup {
    pub(crate) fn new(name: String, comment: &str) -> Self {
        Self { name, comment: comment.into(), aliases: Vec::new() }
    }
}

impl ResultDeclaration {
    /// Declares a result; the returned builder takes what is optional.
    ///
    /// # Panics
    /// Never.
    pub fn result<V: ResultValue>(&mut self, name: &str, comment: &str) -> DeclaredResult<'_> {
        let name = format!("{}{name}", self.prefix);
        self.declared.leaves.push(Leaf::new(&name, V::value_type()).with_comment(comment));
        DeclaredResult { info: self.declared.leaves.last_mut().expect("just pushed") }
    }

    /// Declares a group whose members each run states for itself; the returned builder takes what is optional.
    pub fn group(&mut self, name: &str, comment: &str) -> DeclaredMembers<'_> {
        self.declared.groups.push(DeclaredGroup::new(format!("{}{name}", self.prefix), comment));
        DeclaredMembers {
            leaves: &mut [],
            groups: self.declared.groups.last_mut().map_or(&mut [], std::slice::from_mut),
        }
    }

    /// Declares all results of a nested set; the returned builder takes what is optional.
    pub fn set<S: ResultSet>(&mut self, name: &str, comment: &str) -> DeclaredMembers<'_> {
        let (n_leaves, n_groups) = (self.declared.leaves.len(), self.declared.groups.len());
        self.group(name, comment);
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        S::declare(self);
        self.prefix.truncate(outer);
        let DeclaredResults { leaves, groups } = &mut self.declared;
        DeclaredMembers { leaves: &mut leaves[n_leaves..], groups: &mut groups[n_groups..] }
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

    /// A full name under which older files know the result.
    pub fn alias(self, name: &str) -> Self {
        self.info.aliases.push(name.into());
        self
    }
}

/// The optional facts about a group that is being declared.
#[derive(Debug)]
pub struct DeclaredMembers<'a> {
    /// All that a nested set declares.
    leaves: &'a mut [Leaf],
    /// The group itself, and those inside.
    groups: &'a mut [DeclaredGroup],
}

impl DeclaredMembers<'_> {
    /// A full name under which older files know the group, with all that lies in it.
    pub fn alias(self, name: &str) -> Self {
        let outer = self.groups.first().map_or(0, |group| group.name.len());
        let older = |own: &str| format!("{name}{}", &own[outer..]);
        self.leaves.iter_mut().for_each(|leaf| leaf.aliases.push(older(&leaf.name)));
        self.groups.iter_mut().for_each(|group| group.aliases.push(older(&group.name)));
        self
    }
}

/// The results of a set in order, with the name that a single value takes.
#[must_use]
pub fn declared_results<R: ResultSet>(single_name: &str, single_comment: &str) -> Vec<Leaf> {
    declared::<R>(single_name, single_comment).leaves
}

/// The results and groups of a set in order, with the name that a single value takes.
#[must_use]
pub fn declared<R: ResultSet>(single_name: &str, single_comment: &str) -> DeclaredResults {
    let mut declaration = ResultDeclaration {
        single_name: single_name.into(),
        single_comment: single_comment.into(),
        prefix: String::new(),
        declared: DeclaredResults::default(),
    };
    R::declare(&mut declaration);
    declaration.declared
}

/// The columns that one run's results are put into, one after the other.
#[derive(Debug)]
pub struct Row<'a> {
    columns: std::slice::IterMut<'a, Cells>,
    groups: std::slice::Iter<'a, DeclaredGroup>,
    /// What groups put, with names below `results`.
    added: &'a mut Vec<AddedResult>,
}

impl<'a> Row<'a> {
    pub(crate) fn new(columns: &'a mut [Cells], groups: &'a [DeclaredGroup], added: &'a mut Vec<AddedResult>) -> Self {
        Self { columns: columns.iter_mut(), groups: groups.iter(), added }
    }

    /// Puts the members of the next group.
    ///
    /// # Panics
    /// If more groups are put than were declared.
    pub fn put_group<G: ResultGroup>(&mut self, group: &G) {
        let declared = self.groups.next().expect("as many groups are put as declared");
        self.added.extend(AddedResult::members(&declared.name, group));
    }

    /// Puts the results of the next group, a nested set.
    #[inline]
    pub fn put_set<S: ResultSet>(&mut self, set: &S) {
        self.groups.next();
        set.write(self);
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
