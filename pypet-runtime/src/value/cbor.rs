//! Values of any type that serde knows, as bytes of CBOR: more compact than JSON, and exact for every NaN.

use std::any::type_name;
use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

use ndarray::Array1;
use ref_cast::RefCast;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Cell, Cells, Json, ParamValue, ParseValueError, ResultValue, ValueError, ValueType};

/// A value of any type that serde knows, stored as CBOR (RFC 8949).
///
/// A field with `#[param(serde = "cbor")]` or `#[result(serde = "cbor")]` is stored as one, and its name is a name
/// of one. On the command line it is JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, RefCast)]
#[repr(transparent)]
pub struct Cbor<T>(pub T);

impl<T> Deref for Cbor<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Cbor<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Cbor<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Serialize + DeserializeOwned + Send + 'static> ResultValue for Cbor<T> {
    type Column = Array1<Self>;

    fn value_type() -> ValueType {
        ValueType { type_name: type_name::<T>().into(), ..Vec::<u8>::value_type().with_encoding("cbor") }
    }

    fn write(&self, cells: &mut Cells) {
        let mut bytes = Vec::new();
        let written = ciborium::into_writer(&self.0, &mut bytes).map_err(|problem| problem.to_string());
        let read = || ciborium::from_reader::<T, _>(&*bytes).map_err(|problem| problem.to_string());
        if let Err(problem) = written.and_then(|()| read()) {
            cells.refuse(format!("`{}` does not come back from CBOR: {problem}", type_name::<T>()));
        }
        bytes.write(cells);
    }

    fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
        let bytes = Vec::<u8>::read(cell)?;
        ciborium::from_reader(&*bytes).map(Self).map_err(|problem| ValueError::Malformed {
            expected: format!("`{}` in CBOR: {problem}", type_name::<T>()),
            found: format!("{} bytes", bytes.len()),
        })
    }

    fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
        cells.iter().map(Self::read).collect()
    }
}

impl<T> ParamValue for Cbor<T>
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static,
{
    fn parse(text: &str) -> Result<Self, ParseValueError> {
        Json::parse(text).map(|Json(value)| Self(value))
    }
}
