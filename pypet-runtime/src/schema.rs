//! The schema of a trajectory: which parameters and results it has, and of what type.
//!
//! It is stored with the trajectory, so that a typed reader can tell at once whether the file is its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::parameter::{ParameterSet, declared_parameters};
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
    /// Whether a column of arrays is ragged even while they have one length, as those of a group are.
    #[serde(skip)]
    pub(crate) ragged: bool,
}

impl Leaf {
    /// A leaf without comment, unit or names for its dimensions.
    #[must_use]
    pub fn new(name: &str, value_type: ValueType) -> Self {
        let unit = value_type.unit.clone();
        Self { name: name.into(), comment: String::new(), unit, value_type, dims: Vec::new(), ragged: false }
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
    /// Full names under which older files know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
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
        Self {
            parameters: declared_parameters::<P>()
                .into_iter()
                .map(|info| SchemaParameter {
                    leaf: Leaf::new(&info.name, info.value_type).with_comment(&info.comment).with_unit(&info.unit),
                    derived: info.derived,
                    aliases: info.aliases,
                })
                .collect(),
            results,
        }
    }

    /// How a stored schema differs from this one of the program; empty if the file can be read with its types.
    ///
    /// Added parameters take their defaults, and aliases find renamed ones; comments and units may differ.
    #[must_use]
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        for parameter in self.parameters.iter().filter(|parameter| !parameter.derived) {
            if let Some(old) = stored.parameter(parameter) {
                found.extend(Difference::of_types("parameter", &parameter.leaf, &old.leaf));
            }
        }
        for old in stored.parameters.iter().filter(|old| !old.derived) {
            let known = |new: &SchemaParameter| new.leaf.name == old.leaf.name || new.aliases.contains(&old.leaf.name);
            if !self.parameters.iter().any(known) {
                found.push(Difference::Removed { kind: "parameter", name: old.leaf.name.clone() });
            }
        }
        for result in &self.results {
            match stored.results.iter().find(|old| old.name == result.name) {
                Some(old) => found.extend(Difference::of_types("result", result, old)),
                None => found.push(Difference::Missing { name: result.name.clone() }),
            }
        }
        found
    }

    /// The stored parameter of this or an older name.
    pub(crate) fn parameter(&self, wanted: &SchemaParameter) -> Option<&SchemaParameter> {
        let by_name = |name: &String| self.parameters.iter().find(|stored| stored.leaf.name == *name);
        by_name(&wanted.leaf.name).or_else(|| wanted.aliases.iter().find_map(by_name))
    }
}

/// One way in which a file's schema differs from the program's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The file has a parameter that the program does not know.
    Removed {
        /// `parameter` or `result`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The program has a result that the file lacks.
    Missing {
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
}

impl Difference {
    fn of_types(kind: &'static str, declared: &Leaf, stored: &Leaf) -> Option<Self> {
        // Enums may gain and lose variants; a value that no longer exists is an error when it is read.
        let same =
            declared.value_type.agrees(&stored.value_type) && declared.value_type.shape == stored.value_type.shape;
        (!same).then(|| Self::Type {
            kind,
            name: declared.name.clone(),
            stored: stored.value_type.to_string(),
            declared: declared.value_type.to_string(),
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed { kind, name } => write!(
                f,
                "the file has the {kind} `{name}`, which the program does not know \
                 (if it was renamed, add `alias = \"{name}\"` to the new one)"
            ),
            Self::Missing { name } => write!(f, "the program has the result `{name}`, which the file lacks"),
            Self::Type { kind, name, stored, declared } => {
                write!(f, "the {kind} `{name}` is `{stored}` in the file but `{declared}` in the program")
            }
        }
    }
}
