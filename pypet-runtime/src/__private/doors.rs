//! What generated code asks of a field, whatever its type.
//!
//! Each trait gathers all that is asked, so that a type which cannot be a parameter, a group or a result gives
//! one message, under the type, and not one for each thing that is asked.

#![expect(missing_docs, reason = "each method only opens the door to the one it is named after")]

use std::fmt::Debug;
use std::ops::RangeBounds;

use ref_cast::RefCast;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::parameter::{AnyParameter, Declaration, Declared, GroupNames, Name, ParameterSet};
use crate::result::{
    DeclaredMembers, DeclaredResult, GroupName, Numbers, ResultDeclaration, ResultGroup, ResultSet, Row,
};
use crate::value::{Grouped, Json, ParamGroup, ParamValue, ResultValue};

/// A field of a parameter set that is a parameter.
#[diagnostic::on_unimplemented(
    message = "a parameter cannot hold `{Self}`",
    label = "this type cannot be a parameter",
    note = "use a number, `bool`, `char`, `String`, an enum with `#[derive(ParamValue)]`, an `Option` of one of these, or a time; an array of these; a tuple, or a map from text",
    note = "any type with `serde::Serialize` and `serde::Deserialize` can be one by `#[param(serde, …)]`; `#[derive(ParamValue)]` makes a value of your own type",
    note = "a field without `#[param(…)]` is a group; a group's type has `#[parameters]`",
    note = "`ArrayD` and sparse matrices are parameters by `#[param(group, …)]`"
)]
pub trait ParameterLeaf: Sized {
    fn name<Root: ParameterSet>(index: usize) -> Name<Root, Self>;
    fn declare<'a>(declaration: &'a mut Declaration, name: &str, comment: &str) -> Declared<'a, Self>;
    fn range(declared: Declared<'_, Self>, range: impl RangeBounds<Self> + Send + Sync + 'static)
    where
        Self: PartialOrd;
    fn choices<const N: usize>(declared: Declared<'_, Self>, choices: [Self; N]);
    fn leaf(&self) -> &dyn AnyParameter;
    fn leaf_mut(&mut self) -> &mut dyn AnyParameter;
    fn duplicate(&self) -> Self;
    fn equals(&self, other: &Self) -> bool;
    fn as_debug(&self) -> &dyn Debug;
}

#[diagnostic::do_not_recommend]
impl<V: ParamValue> ParameterLeaf for V {
    fn name<Root: ParameterSet>(index: usize) -> Name<Root, V> {
        Name::at(index)
    }

    fn declare<'a>(declaration: &'a mut Declaration, name: &str, comment: &str) -> Declared<'a, V> {
        declaration.parameter::<V>(name, comment)
    }

    fn range(declared: Declared<'_, V>, range: impl RangeBounds<V> + Send + Sync + 'static)
    where
        V: PartialOrd,
    {
        declared.range(range);
    }

    fn choices<const N: usize>(declared: Declared<'_, V>, choices: [V; N]) {
        declared.choices(choices);
    }

    fn leaf(&self) -> &dyn AnyParameter {
        self
    }

    fn leaf_mut(&mut self) -> &mut dyn AnyParameter {
        self
    }

    fn duplicate(&self) -> V {
        self.clone()
    }

    fn equals(&self, other: &V) -> bool {
        self == other
    }

    fn as_debug(&self) -> &dyn Debug {
        self
    }
}

/// A field of a parameter set that is a group.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a parameter set",
    label = "this type is not a parameter set",
    note = "put `#[parameters]` on the struct; or, if the field is a parameter and not a group, give it a value: `#[param(default = …)]`"
)]
pub trait ParameterGroup: Sized {
    const LEN: usize;
    type Names<Root: ParameterSet>;
    fn names_from<Root: ParameterSet>(first: usize) -> GroupNames<Self::Names<Root>>;
    fn declare_group(declaration: &mut Declaration, name: &str, comment: &str);
    fn leaf(&self, index: usize) -> &dyn AnyParameter;
    fn leaf_mut(&mut self, index: usize) -> &mut dyn AnyParameter;
    fn derive(&mut self);
    fn initial() -> Self;
    fn duplicate(&self) -> Self;
    fn equals(&self, other: &Self) -> bool;
    fn as_debug(&self) -> &dyn Debug;
}

#[diagnostic::do_not_recommend]
impl<G: ParameterSet> ParameterGroup for G {
    const LEN: usize = <G as ParameterSet>::LEN;
    type Names<Root: ParameterSet> = <G as ParameterSet>::Names<Root>;

    fn names_from<Root: ParameterSet>(first: usize) -> GroupNames<Self::Names<Root>> {
        GroupNames::new(<G as ParameterSet>::names_from(first))
    }

    fn declare_group(declaration: &mut Declaration, name: &str, comment: &str) {
        declaration.group::<G>(name, comment);
    }

    fn leaf(&self, index: usize) -> &dyn AnyParameter {
        <G as ParameterSet>::leaf(self, index)
    }

    fn leaf_mut(&mut self, index: usize) -> &mut dyn AnyParameter {
        <G as ParameterSet>::leaf_mut(self, index)
    }

    fn derive(&mut self) {
        <G as ParameterSet>::derive(self);
    }

    fn initial() -> G {
        G::default()
    }

    fn duplicate(&self) -> G {
        self.clone()
    }

    fn equals(&self, other: &G) -> bool {
        self == other
    }

    fn as_debug(&self) -> &dyn Debug {
        self
    }
}

/// A field of a result set.
#[diagnostic::on_unimplemented(
    message = "a result cannot hold `{Self}`",
    label = "this type cannot be stored",
    note = "use a number, `bool`, `char`, `String`, an enum with `#[derive(ParamValue)]`, an `Option` of one of these, or a time; an array of these; a tuple, or a map from text",
    note = "any type with `serde::Serialize` and `serde::Deserialize` can be stored by `#[result(serde)]`; `#[derive(ResultValue)]` makes a value of your own type",
    note = "several results are a group by `#[result(group)]`: a struct with `#[results]`, a `Table`, an `ArrayD` or a sparse matrix"
)]
pub trait ResultLeaf {
    fn declare<'a>(declaration: &'a mut ResultDeclaration, name: &str, comment: &str) -> DeclaredResult<'a>;
    fn put(&self, row: &mut Row<'_>);
}

#[diagnostic::do_not_recommend]
impl<V: ResultValue> ResultLeaf for V {
    fn declare<'a>(declaration: &'a mut ResultDeclaration, name: &str, comment: &str) -> DeclaredResult<'a> {
        declaration.result::<V>(name, comment)
    }

    #[inline]
    fn put(&self, row: &mut Row<'_>) {
        row.put(self);
    }
}

/// A wrapper that stores any type of serde's.
pub trait Wrapper<T>: Sized {
    fn of(value: &T) -> &Self;
    fn of_mut(value: &mut T) -> &mut Self;
}

impl<T> Wrapper<T> for Json<T> {
    fn of(value: &T) -> &Self {
        Self::ref_cast(value)
    }

    fn of_mut(value: &mut T) -> &mut Self {
        Self::ref_cast_mut(value)
    }
}

#[cfg(feature = "cbor")]
impl<T> Wrapper<T> for crate::value::Cbor<T> {
    fn of(value: &T) -> &Self {
        Self::ref_cast(value)
    }

    fn of_mut(value: &mut T) -> &mut Self {
        Self::ref_cast_mut(value)
    }
}

/// A field of a parameter set that serde stores, as a `W` of its type.
#[diagnostic::on_unimplemented(
    message = "serde cannot store `{Self}` as a parameter",
    label = "this type lacks a trait",
    note = "derive `serde::Serialize`, `serde::Deserialize`, `Clone`, `Debug` and `PartialEq` for it"
)]
pub trait SerdeParameter<W>: Sized {
    fn name<Root: ParameterSet>(index: usize) -> Name<Root, W>;
    fn declare<'a>(declaration: &'a mut Declaration, name: &str, comment: &str) -> Declared<'a, W>;
    fn leaf(&self) -> &dyn AnyParameter;
    fn leaf_mut(&mut self) -> &mut dyn AnyParameter;
    fn duplicate(&self) -> Self;
    fn equals(&self, other: &Self) -> bool;
    fn as_debug(&self) -> &dyn Debug;
}

#[diagnostic::do_not_recommend]
impl<T, W> SerdeParameter<W> for T
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static,
    W: Wrapper<T> + ParamValue,
{
    fn name<Root: ParameterSet>(index: usize) -> Name<Root, W> {
        Name::at(index)
    }

    fn declare<'a>(declaration: &'a mut Declaration, name: &str, comment: &str) -> Declared<'a, W> {
        declaration.parameter::<W>(name, comment)
    }

    fn leaf(&self) -> &dyn AnyParameter {
        W::of(self)
    }

    fn leaf_mut(&mut self) -> &mut dyn AnyParameter {
        W::of_mut(self)
    }

    fn duplicate(&self) -> T {
        self.clone()
    }

    fn equals(&self, other: &T) -> bool {
        self == other
    }

    fn as_debug(&self) -> &dyn Debug {
        self
    }
}

/// A field of a parameter set that is a group in a file, as a [`Grouped`] of its type.
#[diagnostic::on_unimplemented(
    message = "a parameter cannot be the group `{Self}`",
    label = "this type is no group that parameters hold",
    note = "use `ArrayD`, a sparse matrix (feature `sprs`), or implement `ParamGroup`; a single value needs no `group`, and a nested parameter set no `#[param(…)]`"
)]
pub trait GroupedParameter: Sized {
    fn name<Root: ParameterSet>(index: usize) -> Name<Root, Grouped<Self>>;
    fn declare<'a>(declaration: &'a mut Declaration, name: &str, comment: &str) -> Declared<'a, Grouped<Self>>;
    fn leaf(&self) -> &dyn AnyParameter;
    fn leaf_mut(&mut self) -> &mut dyn AnyParameter;
    fn duplicate(&self) -> Self;
    fn equals(&self, other: &Self) -> bool;
    fn as_debug(&self) -> &dyn Debug;
}

#[diagnostic::do_not_recommend]
impl<T: ParamGroup> GroupedParameter for T {
    fn name<Root: ParameterSet>(index: usize) -> Name<Root, Grouped<T>> {
        Name::at(index)
    }

    fn declare<'a>(declaration: &'a mut Declaration, name: &str, comment: &str) -> Declared<'a, Grouped<T>> {
        declaration.grouped::<T>(name, comment)
    }

    fn leaf(&self) -> &dyn AnyParameter {
        Grouped::ref_cast(self)
    }

    fn leaf_mut(&mut self) -> &mut dyn AnyParameter {
        Grouped::ref_cast_mut(self)
    }

    fn duplicate(&self) -> T {
        self.clone()
    }

    fn equals(&self, other: &T) -> bool {
        self == other
    }

    fn as_debug(&self) -> &dyn Debug {
        self
    }
}

/// A field of a result set that serde stores, as a `W` of its type.
#[diagnostic::on_unimplemented(
    message = "serde cannot store `{Self}`",
    label = "this type lacks a trait",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait SerdeResult<W> {
    fn declare<'a>(declaration: &'a mut ResultDeclaration, name: &str, comment: &str) -> DeclaredResult<'a>;
    fn put(&self, row: &mut Row<'_>);
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static, W: Wrapper<T> + ResultValue> SerdeResult<W> for T {
    fn declare<'a>(declaration: &'a mut ResultDeclaration, name: &str, comment: &str) -> DeclaredResult<'a> {
        declaration.result::<W>(name, comment)
    }

    fn put(&self, row: &mut Row<'_>) {
        row.put(W::of(self));
    }
}

/// A field of a result set that is a group: a value of several columns, or a nested set, for which `#[results]`
/// implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no group of results",
    label = "this type is no group",
    note = "use a struct with `#[results]`, `Table`, `ArrayD`, a sparse matrix (feature `sprs`), or implement `ResultGroup`; a single value needs no `group`"
)]
pub trait GroupLeaf {
    type Names<Root>;
    fn names_from<Root>(numbers: &mut Numbers) -> GroupNames<Self::Names<Root>>;
    fn declare<'a>(declaration: &'a mut ResultDeclaration, name: &str, comment: &str) -> DeclaredMembers<'a>;
    fn put(&self, row: &mut Row<'_>);
}

#[diagnostic::do_not_recommend]
impl<G: ResultGroup> GroupLeaf for G {
    type Names<Root> = GroupName<Root, G>;

    fn names_from<Root>(numbers: &mut Numbers) -> GroupNames<GroupName<Root, G>> {
        GroupNames::new(GroupName::next(numbers))
    }

    fn declare<'a>(declaration: &'a mut ResultDeclaration, name: &str, comment: &str) -> DeclaredMembers<'a> {
        declaration.group(name, comment)
    }

    fn put(&self, row: &mut Row<'_>) {
        row.put_group(self);
    }
}

/// [`GroupLeaf::names_from`] of a nested set.
pub fn nested_names<S: ResultSet, Root>(numbers: &mut Numbers) -> GroupNames<S::Names<Root>> {
    numbers.next_group();
    GroupNames::new(S::names_from(numbers))
}

/// Stands for what a mistake left out; such a program does not compile.
///
/// # Panics
/// Always.
pub fn missing<V>() -> V {
    unreachable!("the compiler has told what is missing")
}
