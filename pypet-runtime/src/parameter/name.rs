//! Typed names: natural naming that the compiler checks.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::Arc;

use super::{ParameterInfo, ParameterSet, Values, declared_parameters};
use crate::explore::Exploration;
use crate::value::ParamValue;

/// The name of a parameter that holds a `V`, somewhere in the parameter set `Root`.
///
/// Names come from `Root::names()`; natural naming is field access: `p.neuron.tau_ref`.
pub struct Name<Root, V> {
    index: usize,
    meaning: PhantomData<fn() -> (Root, V)>,
}

impl<Root: ParameterSet, V: ParamValue> Name<Root, V> {
    /// The name of the leaf with this number; for generated code.
    #[doc(hidden)]
    #[must_use]
    pub fn at(index: usize) -> Self {
        Self { index, meaning: PhantomData }
    }

    /// The number of the leaf, in the order of declaration.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }

    /// All that is declared about the parameter.
    #[must_use]
    pub fn info(self) -> ParameterInfo {
        declared_parameters::<Root>().swap_remove(self.index)
    }

    /// The full name, as `parameters.neuron.tau_ref`.
    #[must_use]
    pub fn full_name(self) -> String {
        format!("parameters.{}", self.info().name)
    }

    /// The doc comment of the parameter.
    #[must_use]
    pub fn comment(self) -> String {
        self.info().comment
    }

    /// The declared unit, empty if there is none.
    #[must_use]
    pub fn unit(self) -> String {
        self.info().unit
    }

    /// The declared default, or for a derived parameter what follows from the defaults.
    ///
    /// # Panics
    /// Never: the leaf of this number holds a `V`.
    #[must_use]
    pub fn default(self) -> V {
        let root = Root::default();
        let value = root.leaf(self.index).as_any().downcast_ref::<V>();
        value.expect("names and leaves come from one declaration").clone()
    }

    /// Explores the parameter over these values, one point for each.
    ///
    /// # Examples
    /// `p.neuron.tau_ref.over([5.0, 7.5, 10.0])`, `p.neuron.i.over(linspace(0.0, 1.0, 101))`
    pub fn over(self, values: impl IntoIterator<Item = V>) -> Exploration<Root> {
        Exploration::axis(self.index, Arc::new(Values(values.into_iter().collect::<Vec<V>>())))
    }
}

impl<Root, V> Clone for Name<Root, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Root, V> Copy for Name<Root, V> {}

impl<Root: ParameterSet, V: ParamValue> fmt::Debug for Name<Root, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full_name())
    }
}

/// The typed names of a group; natural naming goes on behind it.
///
/// `ManuallyDrop` keeps the compiler from looking into the names where they go out of scope, and so from telling
/// there once more that the type of a field is no parameter set.
#[derive(Debug, Clone, Copy)]
pub struct GroupNames<Names>(ManuallyDrop<Names>);

impl<Names> GroupNames<Names> {
    /// The names of a group; for generated code.
    #[doc(hidden)]
    #[must_use]
    pub fn new(names: Names) -> Self {
        Self(ManuallyDrop::new(names))
    }
}

impl<Names> Deref for GroupNames<Names> {
    type Target = Names;

    fn deref(&self) -> &Names {
        &self.0
    }
}
