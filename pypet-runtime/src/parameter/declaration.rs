//! What `#[parameters]` states about each leaf.

use std::fmt::{self, Debug};
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use super::{AnyParameter, ParameterError, ParameterSet};
use crate::result::DeclaredGroup;
use crate::schema::{Leaf, SchemaParameter};
use crate::value::text::quoted_list;
use crate::value::{Cells, Grouped, ParamGroup, ParamValue, ValueType, grouped};

/// One declared parameter.
#[derive(Debug, Clone)]
pub struct ParameterInfo {
    /// Full name below `parameters`, as `neuron.tau_v`.
    pub name: String,
    /// The doc comment of the field.
    pub comment: String,
    /// The unit, empty if none is declared.
    pub unit: String,
    /// What the parameter holds.
    pub value_type: ValueType,
    /// Whether it follows from parameters above it.
    pub derived: bool,
    /// Full names under which older files know the parameter.
    pub aliases: Vec<String>,
    /// What the value is in a file if it is a group there: a parameter for each member.
    pub(crate) members: Vec<Leaf>,
    limit: Option<Limit>,
}

impl ParameterInfo {
    /// The part of the name behind the last dot.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// The declared range or choices in words, as `in 0.0..=2.0`.
    #[must_use]
    pub fn limit_text(&self) -> Option<String> {
        self.limit.as_ref().map(|limit| limit.text.clone())
    }

    /// The declared limit, or else the choices of the type; empty if everything goes.
    pub(crate) fn limit_or_choices(&self) -> String {
        self.limit_text().unwrap_or_else(|| self.value_type.choices.join(" | "))
    }

    /// What stands in a file: one parameter, or one for each member of a group.
    pub(crate) fn stored(&self) -> Vec<SchemaParameter> {
        let stored = |leaf: Leaf, aliases| SchemaParameter { leaf: Leaf { aliases, ..leaf }, derived: self.derived };
        if self.members.is_empty() {
            let leaf = Leaf::new(&self.name, self.value_type.clone()).with_comment(&self.comment);
            return vec![stored(leaf.with_unit(&self.unit), self.aliases.clone())];
        }
        let member = |member: &Leaf| {
            let inside = |group: &String| format!("{group}.{}", member.name);
            let leaf = Leaf { name: inside(&self.name), member: true, ..member.clone() };
            stored(leaf, self.aliases.iter().map(inside).collect())
        };
        self.members.iter().map(member).collect()
    }

    /// Values of the parameter as what stands in a file: one column, or one for each member of a group.
    pub(crate) fn split(&self, values: Cells) -> Vec<Cells> {
        if self.members.is_empty() { vec![values] } else { grouped::split(&values, &self.members) }
    }

    /// Whether the declared range or choices admit a value.
    #[must_use]
    pub fn allows(&self, value: &dyn AnyParameter) -> bool {
        self.limit.as_ref().is_none_or(|limit| (limit.allows)(value))
    }

    /// Why the declared range or choices do not admit a value, if they do not.
    pub(crate) fn refusal(&self, value: &dyn AnyParameter) -> Option<ParameterError> {
        (!self.allows(value)).then(|| ParameterError::Outside {
            name: self.name.clone(),
            value: value.to_text(),
            allowed: self.limit_text().unwrap_or_default(),
        })
    }

    /// Whether values between two that are allowed may not be.
    pub(crate) fn has_choices(&self) -> bool {
        self.limit.as_ref().is_some_and(|limit| limit.are_choices)
    }
}

#[derive(Clone)]
struct Limit {
    text: String,
    are_choices: bool,
    allows: Arc<Condition>,
}

type Condition = dyn Fn(&dyn AnyParameter) -> bool + Send + Sync;

impl Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Collects the declarations of a parameter set and its groups.
#[derive(Debug, Default)]
pub struct Declaration {
    prefix: String,
    parameters: Vec<ParameterInfo>,
    groups: Vec<DeclaredGroup>,
}

impl Declaration {
    /// With room for so many parameters.
    pub(crate) fn of_parameters(count: usize) -> Self {
        Self { parameters: Vec::with_capacity(count), ..Self::default() }
    }

    /// Declares a parameter; the returned builder takes what is optional.
    ///
    /// # Panics
    /// Never.
    pub fn parameter<V: ParamValue>(&mut self, name: &str, comment: &str) -> Declared<'_, V> {
        self.parameters.push(ParameterInfo {
            name: format!("{}{name}", self.prefix),
            comment: comment.into(),
            unit: V::value_type().unit,
            value_type: V::value_type(),
            derived: false,
            aliases: Vec::new(),
            members: Vec::new(),
            limit: None,
        });
        let info = self.parameters.last_mut().expect("just pushed");
        Declared { info, value: PhantomData }
    }

    /// Declares a parameter that is a group in a file.
    pub fn grouped<T: ParamGroup>(&mut self, name: &str, comment: &str) -> Declared<'_, Grouped<T>> {
        self.groups.push(DeclaredGroup::new(format!("{}{name}", self.prefix), comment));
        let declared = self.parameter::<Grouped<T>>(name, comment);
        declared.info.members = grouped::leaves::<T>();
        declared
    }

    /// Declares all parameters of a group.
    pub fn group<G: ParameterSet>(&mut self, name: &str, comment: &str) {
        self.groups.push(DeclaredGroup::new(format!("{}{name}", self.prefix), comment));
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        G::declare(self);
        self.prefix.truncate(outer);
    }

    pub(crate) fn finish(self) -> (Vec<ParameterInfo>, Vec<DeclaredGroup>) {
        (self.parameters, self.groups)
    }
}

/// The optional facts about a parameter that is being declared.
#[derive(Debug)]
pub struct Declared<'a, V> {
    info: &'a mut ParameterInfo,
    value: PhantomData<V>,
}

impl<V> Declared<'_, V> {
    /// The physical unit, in the spelling of UDUNITS where there is one, unless the values bring their own.
    pub fn unit(self, unit: &str) -> Self {
        if self.info.value_type.unit.is_empty() {
            self.info.unit = unit.into();
        }
        self
    }

    /// Marks the parameter as computed from others.
    pub fn derived(self) -> Self {
        self.info.derived = true;
        self
    }

    /// A full name under which older files know the parameter.
    pub fn alias(self, name: &str) -> Self {
        self.info.aliases.push(name.into());
        self
    }
}

impl<V: ParamValue> Declared<'_, V> {
    /// The values that are allowed, as a range.
    pub fn range(self, range: impl RangeBounds<V> + Send + Sync + 'static) -> Self
    where
        V: PartialOrd,
    {
        self.info.limit = Some(Limit {
            text: format!("in {}", range_text(&range)),
            are_choices: false,
            allows: Arc::new(move |leaf| value_of::<V>(leaf).is_none_or(|value| range.contains(value))),
        });
        self
    }

    /// The values that are allowed, one by one.
    pub fn choices(self, choices: impl IntoIterator<Item = V>) -> Self {
        let choices: Vec<V> = choices.into_iter().collect();
        let texts: Vec<String> = choices.iter().map(AnyParameter::to_text).collect();
        self.info.limit = Some(Limit {
            text: quoted_list(&texts),
            are_choices: true,
            allows: Arc::new(move |leaf| value_of::<V>(leaf).is_none_or(|value| choices.contains(value))),
        });
        self
    }
}

fn value_of<V: 'static>(leaf: &dyn AnyParameter) -> Option<&V> {
    leaf.as_any().downcast_ref()
}

fn range_text<V: Debug>(range: &impl RangeBounds<V>) -> String {
    let start = match range.start_bound() {
        Bound::Included(value) | Bound::Excluded(value) => format!("{value:?}"),
        Bound::Unbounded => String::new(),
    };
    match range.end_bound() {
        Bound::Included(value) => format!("{start}..={value:?}"),
        Bound::Excluded(value) => format!("{start}..{value:?}"),
        Bound::Unbounded => format!("{start}.."),
    }
}
