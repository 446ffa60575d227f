//! The schema of a trajectory: which parameters and results it has, and of what type.
//!
//! It is stored with the trajectory, so that a typed reader can tell at once whether the file is its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::parameter::{ParameterInfo, ParameterSet, declared_parameters};
use crate::value::ValueType;

/// One parameter or result: all that a stranger needs to read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Name below its branch, as `neuron.tau_v`.
    pub name: String,
    /// Why it exists; the doc comment of the field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The unit, empty if none is declared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Elements and shape of one value.
    #[serde(flatten)]
    pub value_type: ValueType,
    /// Names of the value's own dimensions; empty for `<name>_0`, `<name>_1`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dims: Vec<String>,
    /// Full names under which older files know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Whether it is but a member of a value: `net.weights.data` of the parameter `net.weights`, which is a group.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) member: bool,
    /// How hard a column is compressed, from 0 to 9, if that is said of this leaf; no part of its type.
    #[serde(skip)]
    pub compress: Option<u8>,
    /// Whether a column of arrays is ragged even while they have one length, as those of a group are.
    #[serde(skip)]
    pub(crate) ragged: bool,
}

impl Leaf {
    /// A leaf without comment, unit or names for its dimensions.
    #[must_use]
    pub fn new(name: &str, value_type: ValueType) -> Self {
        let (unit, comment) = (value_type.unit.clone(), String::new());
        Self {
            name: name.into(),
            comment,
            unit,
            value_type,
            dims: Vec::new(),
            aliases: Vec::new(),
            member: false,
            compress: None,
            ragged: false,
        }
    }

    /// The same with a comment.
    #[must_use]
    pub fn with_comment(mut self, comment: &str) -> Self {
        self.comment = comment.into();
        self
    }

    /// The same with a unit, unless the values bring their own.
    #[must_use]
    pub fn with_unit(mut self, unit: &str) -> Self {
        if self.value_type.unit.is_empty() {
            self.unit = unit.into();
        }
        self
    }

    /// Whether both have units and these are spelled differently, so that one number means two things.
    pub(crate) fn has_other_unit(&self, other: &Self) -> bool {
        !self.unit.is_empty() && !other.unit.is_empty() && self.unit != other.unit
    }

    /// Whether a column is ragged whatever the shapes: of arrays that are members of values.
    pub(crate) fn is_ragged(&self) -> bool {
        !self.value_type.is_scalar() && (self.ragged || self.member)
    }

    /// The name of one of the value's own dimensions.
    #[must_use]
    pub fn dim(&self, axis: usize) -> String {
        self.dims.get(axis).cloned().unwrap_or_else(|| format!("{}_{axis}", self.name))
    }
}

/// A parameter in the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaParameter {
    /// Name, comment, unit and type.
    #[serde(flatten)]
    pub leaf: Leaf,
    /// Whether it follows from other parameters.
    #[serde(default)]
    pub derived: bool,
}

/// Parameters and results of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// In the order of declaration, derived ones included.
    pub parameters: Vec<SchemaParameter>,
    /// In the order of declaration; dynamic results are not part of the schema.
    pub results: Vec<Leaf>,
}

impl Schema {
    /// The schema of a parameter set with these results.
    pub(crate) fn new<P: ParameterSet>(results: Vec<Leaf>) -> Self {
        Self::of(&declared_parameters::<P>(), results)
    }

    /// The schema of these parameters and results.
    pub(crate) fn of(infos: &[ParameterInfo], results: Vec<Leaf>) -> Self {
        Self { parameters: infos.iter().flat_map(ParameterInfo::stored).collect(), results }
    }

    /// How a stored schema differs from this one of the program; empty if the file can be read with its types.
    ///
    /// Added parameters take their defaults, aliases find renamed ones, and removed ones are not looked at. Results
    /// are named as in the file, and one that the file lacks is an error when it is asked for. Stored numbers may be narrower than those of
    /// the program if they fit without loss, and arrays of one length may be read as those of any. Comments may
    /// differ, and a unit may be there or not, but not be another one.
    #[must_use]
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        let of_parameter = |parameter: &SchemaParameter| {
            let old = stored.parameter(parameter).filter(|old| !old.derived && !parameter.derived)?;
            Difference::of("parameter", &parameter.leaf, &old.leaf)
        };
        let of_result = |result: &Leaf| Difference::of("result", result, stored.result(&result.name)?);
        let parameters = self.parameters.iter().filter_map(of_parameter);
        parameters.chain(self.results.iter().filter_map(of_result)).collect()
    }

    /// What besides keeps the program from adding runs to a trajectory with a stored schema.
    ///
    /// Results must be of the very type that is stored, since a column has one type, and every explored
    /// parameter must be there, since without it the runs would be the same.
    pub(crate) fn obstacles(&self, stored: &Self, explored: impl Fn(&str) -> bool) -> Vec<Difference> {
        let knows = |old: &SchemaParameter| {
            let is_old =
                |new: &SchemaParameter| new.leaf.name == old.leaf.name || new.leaf.aliases.contains(&old.leaf.name);
            self.parameters.iter().any(is_old)
        };
        let removed = stored.parameters.iter().filter(|old| explored(&old.leaf.name) && !knows(old));
        let removed = removed.map(|old| Difference::Removed { name: old.leaf.name.clone() });
        let widened = self.results.iter().filter_map(|result| {
            let old = stored.result(&result.name)?;
            let same = old.value_type.element == result.value_type.element;
            (!same).then(|| Difference::new("result", result, old))
        });
        removed.chain(widened).collect()
    }

    /// Takes over what only a stored schema has, behind what is there.
    pub(crate) fn keep_what_is_gone(&mut self, stored: &Self) {
        let is_kept = |old: &SchemaParameter| self.parameters.iter().any(|new| new.leaf.name == old.leaf.name);
        let parameters: Vec<_> = stored.parameters.iter().filter(|old| !is_kept(old)).cloned().collect();
        self.parameters.extend(parameters);
        let results: Vec<_> = stored.results.iter().filter(|old| self.result(&old.name).is_none()).cloned().collect();
        self.results.extend(results);
    }

    fn result(&self, name: &str) -> Option<&Leaf> {
        self.results.iter().find(|leaf| leaf.name == name)
    }

    /// The stored parameter of this or an older name.
    pub(crate) fn parameter(&self, wanted: &SchemaParameter) -> Option<&SchemaParameter> {
        let by_name = |name: &String| self.parameters.iter().find(|stored| stored.leaf.name == *name);
        by_name(&wanted.leaf.name).or_else(|| wanted.leaf.aliases.iter().find_map(by_name))
    }
}

/// One way in which a file's schema differs from the program's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The file explores a parameter that the program does not know.
    Removed {
        /// Its name.
        name: String,
    },
    /// Both know the name, but as different types.
    Type {
        /// `parameter` or `result`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The type in the file.
        stored: String,
        /// The type in the program.
        declared: String,
    },
    /// Both know the name, but in different units.
    Unit {
        /// `parameter` or `result`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The unit in the file.
        stored: String,
        /// The unit in the program.
        declared: String,
    },
    /// The file has something else where a result of the program would be stored.
    Place {
        /// The result.
        name: String,
        /// The full name of what is there.
        found: String,
    },
}

impl Difference {
    fn of(kind: &'static str, declared: &Leaf, stored: &Leaf) -> Option<Self> {
        Self::of_types(kind, declared, stored).or_else(|| {
            declared.has_other_unit(stored).then(|| Self::Unit {
                kind,
                name: declared.name.clone(),
                stored: stored.unit.clone(),
                declared: declared.unit.clone(),
            })
        })
    }

    fn of_types(kind: &'static str, declared: &Leaf, stored: &Leaf) -> Option<Self> {
        // Enums may gain and lose variants; a value that no longer exists is an error when it is read.
        let (new, old) = (&declared.value_type, &stored.value_type);
        let fits = |(new, old): (&Option<usize>, &Option<usize>)| new.is_none() || new == old;
        let same_kind = new.shape.len() == old.shape.len() && new.encoding == old.encoding;
        let is_wider = old.element.widens_to(new.element);
        let readable = is_wider && same_kind && new.shape.iter().zip(&old.shape).all(fits);
        (!readable).then(|| Self::new(kind, declared, stored))
    }

    fn new(kind: &'static str, declared: &Leaf, stored: &Leaf) -> Self {
        let (stored, declared_type) = (stored.value_type.to_string(), declared.value_type.to_string());
        Self::Type { kind, name: declared.name.clone(), stored, declared: declared_type }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed { name } => write!(
                f,
                "the file explores the parameter `{name}`, which the program does not know \
                 (if it was renamed, add `alias = \"{name}\"` to the new one)"
            ),
            Self::Type { kind, name, stored, declared } => {
                write!(f, "the {kind} `{name}` is `{stored}` in the file but `{declared}` in the program")
            }
            Self::Unit { kind, name, stored, declared } => write!(
                f,
                "the {kind} `{name}` is in `{stored}` in the file but in `{declared}` in the program \
                 (give one in the new unit a name of its own; if only the spelling differs, keep that of the file)"
            ),
            Self::Place { name, found } => write!(
                f,
                "the result `{name}` cannot be stored, since the file has `{found}` in its place \
                 (give the result, or the group that it is in, another name)"
            ),
        }
    }
}
