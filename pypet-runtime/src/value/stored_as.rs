//! Types of one's own, stored as another type.

use std::any::type_name;
use std::num::NonZero;

use ndarray::Array1;

use super::{Cell, Cells, ParamValue, ParseValueError, ResultValue, ValueError, ValueType};

/// A type that is stored as another one; implemented by `#[derive(ParamValue)]` and `#[derive(ResultValue)]`.
///
/// A program that does not know the type reads what it is stored as.
pub trait StoredAs: Sized + Send + 'static {
    /// What stands in the file.
    type Stored: ResultValue;

    /// The value as it is stored.
    fn to_stored(&self) -> Self::Stored;

    /// The stored value as one of this type.
    ///
    /// # Errors
    /// Says in words why there is no such value.
    fn from_stored(stored: Self::Stored) -> Result<Self, String>;
}

/// [`ResultValue::value_type`] of such a type.
#[must_use]
pub fn stored_type<T: StoredAs>() -> ValueType {
    ValueType { type_name: type_name::<T>().into(), ..T::Stored::value_type() }
}

/// [`ResultValue::write`] of such a type.
pub fn write_stored<T: StoredAs>(value: &T, cells: &mut Cells) {
    value.to_stored().write(cells);
}

/// [`ResultValue::read`] of such a type.
///
/// # Errors
/// The cell holds another type, or what is stored is no value of this one.
pub fn read_stored<T: StoredAs>(cell: &Cell<'_>) -> Result<T, ValueError> {
    let found = || cell.to_string();
    T::from_stored(T::Stored::read(cell.clone())?).map_err(|problem| ValueError::Malformed {
        expected: format!("`{}`: {problem}", type_name::<T>()),
        found: found(),
    })
}

/// [`ResultValue::read_column`] of such a type.
///
/// # Errors
/// As [`read_stored`].
pub fn read_stored_column<T: StoredAs>(cells: &Cells) -> Result<Array1<T>, ValueError> {
    cells.iter().map(|cell| read_stored(&cell)).collect()
}

/// [`ParamValue::parse`] of such a type.
///
/// # Errors
/// The text spells no value of the stored type, or none of this one.
pub fn parse_stored<T: StoredAs<Stored: ParamValue>>(text: &str) -> Result<T, ParseValueError> {
    T::from_stored(T::Stored::parse(text)?)
        .map_err(|problem| ParseValueError::new(text, format!("`{}`: {problem}", type_name::<T>())))
}

macro_rules! stored_as {
    ($($type:ty),*) => { $(
        impl ResultValue for $type {
            type Column = Array1<$type>;

            fn value_type() -> ValueType {
                stored_type::<$type>()
            }

            fn write(&self, cells: &mut Cells) {
                write_stored(self, cells);
            }

            fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
                read_stored(&cell)
            }

            fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
                read_stored_column(cells)
            }
        }

        impl ParamValue for $type {
            fn parse(text: &str) -> Result<Self, ParseValueError> {
                parse_stored(text)
            }
        }
    )* };
}

macro_rules! non_zero {
    ($($type:ty),*) => { $(
        impl StoredAs for NonZero<$type> {
            type Stored = $type;

            fn to_stored(&self) -> $type {
                self.get()
            }

            fn from_stored(stored: $type) -> Result<Self, String> {
                Self::new(stored).ok_or_else(|| "it must not be zero".into())
            }
        }

        stored_as!(NonZero<$type>);
    )* };
}

non_zero!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
