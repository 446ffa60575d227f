//! [`Json`], and the types that are stored as JSON without being asked.

use std::any::type_name;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

use ndarray::Array1;
use ref_cast::RefCast;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{from_text, to_text};
use crate::value::{Cell, Cells, ElementType, ParamValue, ParseValueError, ResultValue, ValueError, ValueType};

/// A value of any type that serde knows, stored as JSON text.
///
/// A field with `#[param(serde)]` or `#[result(serde)]` is stored as one, and its name is a name of one:
/// `p.stimulus.over([a, b].map(Json))`, `traj.get(r.state, 0)?.0`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, RefCast)]
#[repr(transparent)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

/// JSON text that says which type it is of.
fn json_type<T>() -> ValueType {
    let text = ValueType::scalar(ElementType::Text).with_encoding("json");
    ValueType { type_name: type_name::<T>().into(), ..text }
}

/// Appends a value as text; what could not be read again is refused.
fn write_json<T: Serialize, R: DeserializeOwned>(value: &T, cells: &mut Cells) {
    let text = to_text(value).and_then(|text| from_text::<R>(&text).map(|_| text));
    if let Err(problem) = &text {
        cells.refuse(format!("`{}` does not come back from JSON: {problem}", type_name::<R>()));
    }
    cells.push_str(&text.unwrap_or_default());
}

fn read_json<T: DeserializeOwned>(cell: &Cell<'_>) -> Result<T, ValueError> {
    cell.expect(&ValueType::scalar(ElementType::Text))?;
    let text = cell.strings().next().unwrap_or_default();
    from_text(text).map_err(|problem| ValueError::Malformed {
        expected: format!("`{}` in JSON: {problem}", type_name::<T>()),
        found: text.into(),
    })
}

/// Implements [`ResultValue`] and [`ParamValue`] by the JSON text of what `$view` shows of the value.
macro_rules! by_serde {
    ([$($generics:ident),*] $type:ty, $named:ty, $view:expr) => {
        impl<$($generics: Serialize + DeserializeOwned + Send + 'static),*> ResultValue for $type {
            type Column = Array1<$type>;

            fn value_type() -> ValueType {
                json_type::<$named>()
            }

            fn write(&self, cells: &mut Cells) {
                let view = $view;
                write_json::<_, $type>(&view(self), cells);
            }

            fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
                read_json(&cell)
            }

            fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
                cells.iter().map(Self::read).collect()
            }
        }

        impl<$($generics),*> ParamValue for $type
        where
            $($generics: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static),*
        {
            fn parse(text: &str) -> Result<Self, ParseValueError> {
                from_text(text).map_err(|problem| {
                    ParseValueError::new(text, format!("`{}` in JSON: {problem}", type_name::<$named>()))
                })
            }
        }
    };
}

fn same<T>(value: &T) -> &T {
    value
}

/// Equal maps are to be equal in the file, so their keys are sorted.
fn sorted<T>(map: &HashMap<String, T>) -> BTreeMap<&String, &T> {
    map.iter().collect()
}

by_serde!([T] Json<T>, T, same::<Json<T>>);
by_serde!([T] Vec<Vec<T>>, Vec<Vec<T>>, same::<Vec<Vec<T>>>);
by_serde!([T] BTreeMap<String, T>, BTreeMap<String, T>, same::<BTreeMap<String, T>>);
by_serde!([T] HashMap<String, T>, HashMap<String, T>, sorted::<T>);
by_serde!([A, B](A, B), (A, B), same::<(A, B)>);
by_serde!([A, B, C](A, B, C), (A, B, C), same::<(A, B, C)>);
by_serde!([A, B, C, D](A, B, C, D), (A, B, C, D), same::<(A, B, C, D)>);
