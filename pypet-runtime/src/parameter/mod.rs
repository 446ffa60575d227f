//! Parameter sets: structs whose leaves are parameters and whose nested sets are groups.
//!
//! `#[parameters]` implements [`ParameterSet`]. Leaves are numbered in the order of their declaration, nested
//! groups included; a leaf's number is all that a [`Name`], an exploration or a file needs to find it.

mod any;
mod declaration;
mod identity;
mod name;

pub use any::AnyParameter;
pub(crate) use any::{AxisValues, Values, digest_value, one_cell, parse_values};
pub use declaration::{Declaration, Declared, ParameterInfo};
pub use identity::Identity;
pub(crate) use identity::{Encoding, Leaves};
pub use name::{GroupNames, Name};

use std::fmt::Debug;

use crate::result::DeclaredGroup;

/// A struct of parameters; implemented by `#[parameters]`.
///
/// A run sees it as `&T` and nobody keeps a mutable one: parameters are locked by the borrow checker.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a parameter set",
    label = "this type is not a parameter set",
    note = "put `#[parameters]` on the struct; or, if the field is a parameter and not a group, give it a value: `#[param(default = …)]`"
)]
pub trait ParameterSet: Clone + Debug + Default + PartialEq + Send + Sync + 'static {
    /// A struct of the same shape whose leaves are typed names.
    type Names<Root: ParameterSet>;

    /// Number of leaves, those of nested groups included.
    const LEN: usize;

    /// States names, comments, units and limits of all leaves, in order.
    fn declare(declaration: &mut Declaration);

    /// The names of this set as a part of `Root`, whose leaves before this set are `first` in number.
    fn names_from<Root: ParameterSet>(first: usize) -> Self::Names<Root>;

    /// A leaf by its number.
    fn leaf(&self, index: usize) -> &dyn AnyParameter;

    /// A leaf by its number, to be changed before the runs begin.
    fn leaf_mut(&mut self, index: usize) -> &mut dyn AnyParameter;

    /// Computes all derived parameters anew.
    fn derive(&mut self);
}

/// The declarations of all leaves of a parameter set, in order.
#[must_use]
pub fn declared_parameters<P: ParameterSet>() -> Vec<ParameterInfo> {
    declared::<P>().0
}

/// The declarations of all leaves and of all groups of a parameter set, in order.
pub(crate) fn declared<P: ParameterSet>() -> (Vec<ParameterInfo>, Vec<DeclaredGroup>) {
    let mut declaration = Declaration::of_parameters(P::LEN);
    P::declare(&mut declaration);
    declaration.finish()
}

/// Sets a parameter from text, by its full name or an unambiguous end of it.
///
/// # Errors
/// There is no such parameter, it is derived, or the text is no value of its type.
pub fn set_from_text<P: ParameterSet>(parameters: &mut P, name: &str, text: &str) -> Result<(), ParameterError> {
    let infos = declared_parameters::<P>();
    let index = find(&infos, name)?;
    if infos[index].derived {
        return Err(ParameterError::Derived { name: infos[index].name.clone() });
    }
    let invalid = |source| ParameterError::Invalid { name: infos[index].name.clone(), source };
    parameters.leaf_mut(index).set_from_text(text).map_err(invalid)?;
    parameters.derive();
    Ok(())
}

/// The number of the leaf with this full name, or with this unambiguous end of a full name.
///
/// # Errors
/// No leaf or more than one matches.
pub fn find(infos: &[ParameterInfo], name: &str) -> Result<usize, ParameterError> {
    let wanted = name.strip_prefix("parameters.").unwrap_or(name);
    if let Some(exact) = infos.iter().position(|info| info.name == wanted) {
        return Ok(exact);
    }
    let ends_with = |info: &ParameterInfo| info.name.strip_suffix(wanted).is_some_and(|start| start.ends_with('.'));
    let matches: Vec<usize> = (0..infos.len()).filter(|&i| ends_with(&infos[i])).collect();
    let names = |indices: &[usize]| indices.iter().map(|&i| infos[i].name.clone()).collect();
    match matches.as_slice() {
        [only] => Ok(*only),
        [] => Err(ParameterError::Unknown { name: name.into(), names: infos.iter().map(|i| i.name.clone()).collect() }),
        several => Err(ParameterError::Ambiguous { name: name.into(), names: names(several) }),
    }
}

/// Checks every parameter against its declared range or choices.
///
/// # Errors
/// The first parameter whose value is not allowed.
pub fn check_limits<P: ParameterSet>(parameters: &P) -> Result<(), ParameterError> {
    check_limits_of(&declared_parameters::<P>(), parameters)
}

/// The same where the declarations are at hand.
pub(crate) fn check_limits_of<P: ParameterSet>(infos: &[ParameterInfo], parameters: &P) -> Result<(), ParameterError> {
    let mut refusals = infos.iter().enumerate().filter_map(|(index, info)| info.refusal(parameters.leaf(index)));
    refusals.next().map_or(Ok(()), Err)
}

/// What can be wrong with a parameter's name or value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// No parameter has this name.
    #[error("there is no parameter `{name}`{}", crate::value::text::suggestion(.name, .names))]
    Unknown {
        /// The name asked for.
        name: String,
        /// All full names.
        names: Vec<String>,
    },
    /// The end of a name fits several parameters.
    #[error("`{name}` could be {}; write the full name", crate::value::text::quoted_list(.names))]
    Ambiguous {
        /// The name asked for.
        name: String,
        /// The full names it fits.
        names: Vec<String>,
    },
    /// A derived parameter follows from others.
    #[error("`{name}` is derived from other parameters and cannot be set; set those instead")]
    Derived {
        /// The derived parameter.
        name: String,
    },
    /// A text that does not spell a value.
    #[error("cannot set `{name}`")]
    Invalid {
        /// The parameter.
        name: String,
        /// Why not.
        source: crate::value::ParseValueError,
    },
    /// A value outside the declared range or choices.
    #[error("`{name}` is {value}, but must be {allowed}")]
    Outside {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// The range or the choices, in words.
        allowed: String,
    },
}
