//! What parameters and results can hold, and how values travel to storage and back.
//!
//! A [`ResultValue`] writes itself as one *cell* of a column; [`Cells`] is a run of such cells in plain
//! bytes, the only form in which storage ever sees a value. A [`ParamValue`] can besides be compared, shown
//! and parsed from the command line. An [`Element`] is what an array is made of.

mod any_rank;
mod arrays;
#[cfg(feature = "cbor")]
mod cbor;
mod cells;
mod complex;
pub(crate) mod grouped;
#[cfg(feature = "half")]
mod half;
mod json;
mod optional;
mod pointers;
#[cfg(feature = "uom")]
mod quantity;
mod rows;
mod scalars;
mod slice;
#[cfg(feature = "sprs")]
mod sparse;
mod stored_as;
mod table;
pub(crate) mod text;
mod times;
mod wide;

pub use arrays::Item;
#[cfg(feature = "cbor")]
pub use cbor::Cbor;
pub use cells::{Cell, Cells};
pub use grouped::{Grouped, ParamGroup};
pub use json::Json;
pub use optional::Optional;
pub use rows::Rows;
pub use scalars::{Choice, read_scalar, read_scalars, scalar_type, write_scalar};
pub use slice::{Slice, SliceError, Sliceable};
pub(crate) use slice::{Stretch, Window, read_array};
pub use stored_as::{StoredAs, parse_stored, read_stored, read_stored_column, stored_type, write_stored};
#[cfg(feature = "arrow")]
pub use table::ArrowError;
#[cfg(feature = "polars")]
pub use table::FrameError;
pub use table::{RowError, Table};
#[cfg(feature = "parquet")]
pub(crate) use table::{array_of, field_of};

use std::fmt;

use serde::{Deserialize, Serialize};

/// The type of one element, as it stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ElementType {
    /// `true` or `false`; stored as an 8-bit integer with the attribute `dtype = "bool"`.
    Bool,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits; also `isize`.
    I64,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits; also `usize`.
    U64,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
    /// A complex number of two `f32`; stored as a compound of `r` and `i`, as numpy's users do.
    C32,
    /// A complex number of two `f64`.
    C64,
    /// UTF-8 text of any length; also unit enums, by the names of their variants.
    Text,
}

impl ElementType {
    /// The Rust name of the type, `text` for [`ElementType::Text`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::C32 => "c32",
            Self::C64 => "c64",
            Self::Text => "text",
        }
    }

    /// Whether every value of this type is one of the other type, too; a type is as wide as itself.
    #[must_use]
    pub fn widens_to(self, other: Self) -> bool {
        use ElementType::{C32, C64, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        let wider: &[Self] = match self {
            I8 => &[I16, I32, I64, F32, F64],
            I16 => &[I32, I64, F32, F64],
            I32 => &[I64, F64],
            U8 => &[U16, U32, U64, I16, I32, I64, F32, F64],
            U16 => &[U32, U64, I32, I64, F32, F64],
            U32 => &[U64, I64, F64],
            F32 => &[F64],
            C32 => &[C64],
            _ => &[],
        };
        self == other || wider.contains(&other)
    }

    /// Bytes of one element; `None` for text, whose elements differ.
    #[must_use]
    pub fn size(self) -> Option<usize> {
        match self {
            Self::Bool | Self::I8 | Self::U8 => Some(1),
            Self::I16 | Self::U16 => Some(2),
            Self::I32 | Self::U32 | Self::F32 => Some(4),
            Self::I64 | Self::U64 | Self::F64 | Self::C32 => Some(8),
            Self::C64 => Some(16),
            Self::Text => None,
        }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The type of a whole value: its elements and its shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueType {
    /// What the value is made of.
    pub element: ElementType,
    /// One entry for each dimension; `None` where the length is only known at run time.
    pub shape: Vec<Option<usize>>,
    /// The names that an enum allows; empty for all other types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// How the elements spell the value, where they are not the value itself: `json`, `decimal`, …; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub encoding: String,
    /// The Rust type behind an encoding, for people; else empty.
    #[serde(default, rename = "type", skip_serializing_if = "String::is_empty")]
    pub type_name: String,
    /// The unit, where the Rust type implies one; else empty.
    #[serde(skip)]
    pub unit: String,
}

impl ValueType {
    /// The type of a single element.
    #[must_use]
    pub fn scalar(element: ElementType) -> Self {
        Self {
            element,
            shape: Vec::new(),
            choices: Vec::new(),
            encoding: String::new(),
            type_name: String::new(),
            unit: String::new(),
        }
    }

    /// The same elements as the spelling of something else.
    #[must_use]
    pub fn with_encoding(mut self, encoding: &str) -> Self {
        self.encoding = encoding.into();
        self
    }

    /// The same with the unit that all such values have.
    #[must_use]
    pub fn with_unit(mut self, unit: &str) -> Self {
        self.unit = unit.into();
        self
    }

    /// Whether values of both types can stand in one column.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        self.element == other.element && self.shape.len() == other.shape.len() && self.encoding == other.encoding
    }

    /// The same elements with further dimensions.
    #[must_use]
    pub fn with_shape(mut self, shape: impl IntoIterator<Item = Option<usize>>) -> Self {
        self.shape = shape.into_iter().collect();
        self
    }

    /// Whether the value is a single element.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        self.shape.is_empty()
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if grouped::is_group(self) {
            return f.write_str("group");
        }
        self.element.fmt(f)?;
        if !self.encoding.is_empty() {
            write!(f, " ({})", self.encoding)?;
        }
        if self.shape.is_empty() {
            return Ok(());
        }
        let lengths: Vec<String> = self.shape.iter().map(|n| n.map_or_else(|| "_".into(), |n| n.to_string())).collect();
        write!(f, "[{}]", lengths.join(", "))
    }
}

/// A value that a run may yield: it writes itself as one cell of a column and reads itself back.
#[diagnostic::on_unimplemented(
    message = "a result cannot hold `{Self}`",
    label = "this type cannot be stored",
    note = "use a number, `bool`, `char`, `String`, an enum with `#[derive(ParamValue)]`, an `Option` of one of these, or a time; an array of these; a tuple, or a map from text",
    note = "any type with `serde::Serialize` and `serde::Deserialize` can be stored by `#[result(serde)]`; `#[derive(ResultValue)]` makes a value of your own type"
)]
pub trait ResultValue: Send + Sized + 'static {
    /// All runs' values together: for a scalar an `Array1`, for an array one with a leading run axis.
    type Column;

    /// Elements and shape.
    fn value_type() -> ValueType;

    /// Appends this value as one cell.
    fn write(&self, cells: &mut Cells);

    /// Reads one cell back.
    ///
    /// # Errors
    /// The cell holds other elements or another number of dimensions.
    fn read(cell: Cell<'_>) -> Result<Self, ValueError>;

    /// Reads all cells one by one; numbers at the speed of memory.
    ///
    /// # Errors
    /// As [`ResultValue::read`].
    fn read_all(cells: &Cells) -> Result<Vec<Self>, ValueError> {
        cells.iter().map(Self::read).collect()
    }

    /// Reads all cells at once.
    ///
    /// # Errors
    /// As [`ResultValue::read`], and where the cells of an array differ in shape.
    fn read_column(cells: &Cells) -> Result<Self::Column, ValueError>;

    /// A column of this shape that `fill` puts the bytes of all numbers into; `None` where numbers are not what it is
    /// made of.
    #[doc(hidden)]
    fn fill_column(shape: &[usize], fill: &mut dyn FnMut(&mut [u8])) -> Option<Self::Column> {
        let _ = (shape, fill);
        None
    }
}

/// A value that a parameter may hold; `#[derive(ParamValue)]` implements it for enums without fields.
#[diagnostic::on_unimplemented(
    message = "a parameter cannot hold `{Self}`",
    label = "this type cannot be a parameter",
    note = "use a number, `bool`, `char`, `String`, an enum with `#[derive(ParamValue)]`, an `Option` of one of these, or a time; an array of these; a tuple, or a map from text",
    note = "any type with `serde::Serialize` and `serde::Deserialize` can be one by `#[param(serde, …)]`; `#[derive(ParamValue)]` makes a value of your own type",
    note = "a field without `#[param(…)]` is a group; a group's type has `#[parameters]`"
)]
pub trait ParamValue: ResultValue + Clone + PartialEq + fmt::Debug + Sync {
    /// Reads the value from what a user typed: `20`, `rk4`, `[1, 2, 3]`.
    ///
    /// # Errors
    /// The text does not spell such a value.
    fn parse(text: &str) -> Result<Self, ParseValueError>;

    /// The value as people read it.
    fn to_text(&self) -> String {
        let mut cells = Cells::of(&Self::value_type());
        self.write(&mut cells);
        cells.cell(0).to_string()
    }

    /// The nearest value to a number, for ranges of the command line such as `0:1:101`; `None` if there is none.
    fn from_f64(number: f64) -> Option<Self> {
        let _ = number;
        None
    }
}

/// What an array is made of: numbers, `bool`, `char`, `String`, options, and enums with `#[derive(ParamValue)]`.
#[diagnostic::on_unimplemented(
    message = "an array cannot be made of `{Self}`",
    note = "use numbers, `bool`, `char`, `String`, options of these, or an enum with `#[derive(ParamValue)]`"
)]
pub trait Element: Clone + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// The type in the file.
    const TYPE: ElementType;

    /// How the element spells the value, see [`ValueType::encoding`].
    const ENCODING: &'static str = "";

    /// The unit that all such values have; empty for none.
    #[must_use]
    fn unit() -> String {
        String::new()
    }

    /// The names an enum allows.
    fn choices() -> &'static [&'static str] {
        &[]
    }

    /// Appends the elements of one cell.
    fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells);

    /// Appends the elements of one cell that lie side by side.
    fn put_slice(elements: &[Self], cells: &mut Cells) {
        Self::put_all(elements.iter(), cells);
    }

    /// Reads all elements of a cell.
    ///
    /// # Errors
    /// The cell holds elements of another type.
    fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError>;

    /// So many elements whose bytes `fill` provides; `None` unless these are the bytes in the file as well.
    #[doc(hidden)]
    fn filled(n_elements: usize, fill: &mut dyn FnMut(&mut [u8])) -> Option<Vec<Self>> {
        let _ = (n_elements, fill);
        None
    }

    /// Reads one element from text.
    ///
    /// # Errors
    /// The text does not spell one.
    fn parse_element(text: &str) -> Result<Self, ParseValueError>;

    /// See [`ParamValue::from_f64`].
    fn element_from_f64(number: f64) -> Option<Self> {
        let _ = number;
        None
    }
}

/// Why a stored value cannot be read as the type asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Other elements, or another number of dimensions.
    #[error("the value is stored as `{found}`, not as `{expected}`")]
    Type {
        /// What the program asked for.
        expected: String,
        /// What is stored.
        found: String,
    },
    /// A text that is none of an enum's variants.
    #[error("`{found}` is none of {}", text::quoted_list(.expected))]
    Choice {
        /// The variants.
        expected: Vec<String>,
        /// The stored text.
        found: String,
    },
    /// A text that does not spell a value of the type.
    #[error("the stored text `{found}` is no {expected}")]
    Malformed {
        /// What the program asked for, in words.
        expected: String,
        /// The stored text.
        found: String,
    },
    /// A group of results without a member of this name.
    #[error("there is no `{name}` in the group{}", text::suggestion(.name, .names))]
    Member {
        /// The name asked for.
        name: String,
        /// The names there are.
        names: Vec<String>,
    },
    /// A group of results that is no table.
    #[error("`{name}` is no column of {n_rows} rows, as others of the group are, so they form no table")]
    Rows {
        /// The member.
        name: String,
        /// What the longest member has.
        n_rows: usize,
    },
    /// Arrays of different shapes cannot be stacked.
    #[error(
        "the runs' arrays differ in shape ({first:?} and {other:?}), so they form no single array; read them run by run"
    )]
    Ragged {
        /// The shape of the first array.
        first: Vec<usize>,
        /// The first shape that differs from it.
        other: Vec<usize>,
    },
}

/// Why a text is no value of a parameter's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {expected}")]
pub struct ParseValueError {
    /// What the user gave.
    pub text: String,
    /// What was expected, in words.
    pub expected: String,
}

impl ParseValueError {
    /// `text` is not what `expected` describes.
    pub fn new(text: &str, expected: impl Into<String>) -> Self {
        Self { text: text.into(), expected: expected.into() }
    }
}
