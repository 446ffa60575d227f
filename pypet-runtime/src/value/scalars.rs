//! Numbers, truth values and text.

use bytemuck::Pod;
use ndarray::Array1;

use super::text::{quoted_list, unquoted};
use super::{Cell, Cells, Element, ElementType, ParamValue, ParseValueError, ResultValue, ValueError, ValueType};

/// Implements [`ResultValue`] and [`ParamValue`] for a type that is its own [`Element`].
macro_rules! scalar_value {
    ($type:ty $(where [$($generics:tt)*])? $(, $bound:ty: $trait:path)?) => {
        impl $(<$($generics)*>)? $crate::value::ResultValue for $type
        $(where $bound: $trait)?
        {
            type Column = ndarray::Array1<$type>;

            fn value_type() -> $crate::value::ValueType {
                $crate::value::scalars::scalar_type::<$type>()
            }

            #[inline]
            fn write(&self, cells: &mut $crate::value::Cells) {
                $crate::value::write_scalar(self, cells);
            }

            fn read(cell: $crate::value::Cell<'_>) -> Result<Self, $crate::value::ValueError> {
                $crate::value::scalars::read_scalar(&cell)
            }

            fn read_column(cells: &$crate::value::Cells) -> Result<Self::Column, $crate::value::ValueError> {
                $crate::value::scalars::read_scalars(cells)
            }
        }

        impl $(<$($generics)*>)? $crate::value::ParamValue for $type
        $(where $bound: $trait)?
        {
            fn parse(text: &str) -> Result<Self, $crate::value::ParseValueError> {
                $crate::value::Element::parse_element(text)
            }

            fn from_f64(number: f64) -> Option<Self> {
                $crate::value::Element::element_from_f64(number)
            }
        }
    };
}
pub(super) use scalar_value;

/// The type of a single element of this type.
#[must_use]
pub fn scalar_type<T: Element>() -> ValueType {
    let choices = T::choices().iter().map(ToString::to_string).collect();
    // An option spelled as text does not tell by itself what it may hold.
    let is_spelled = T::ENCODING == "optional" && T::TYPE == ElementType::Text;
    let name = if is_spelled { std::any::type_name::<T>() } else { "" };
    let type_name = name.strip_prefix("core::option::").unwrap_or(name).into();
    ValueType { choices, type_name, ..ValueType::scalar(T::TYPE).with_encoding(T::ENCODING).with_unit(&T::unit()) }
}

/// [`ResultValue::write`] of a single element.
#[inline]
pub fn write_scalar<T: Element>(element: &T, cells: &mut Cells) {
    T::put_slice(std::slice::from_ref(element), cells);
    cells.end_array(&[]);
}

/// [`ResultValue::read`] of a single element.
///
/// # Errors
/// The cell holds other elements, or an array.
///
/// # Panics
/// Never: a cell without dimensions has one element.
pub fn read_scalar<T: Element>(cell: &Cell<'_>) -> Result<T, ValueError> {
    cell.expect(&scalar_type::<T>())?;
    let mut elements = T::take_all(cell)?;
    Ok(elements.pop().expect("a cell without dimensions has one element"))
}

/// [`ResultValue::read_column`] of single elements.
///
/// # Errors
/// As [`read_scalar`].
pub fn read_scalars<T: Element>(cells: &Cells) -> Result<Array1<T>, ValueError> {
    cells.expect(&scalar_type::<T>())?;
    cells.iter().map(|cell| Ok(T::take_all(&cell)?.remove(0))).collect()
}

/// Numbers from the bytes that `fill` provides.
pub(super) fn filled_numbers<T: Pod>(n_numbers: usize, fill: &mut dyn FnMut(&mut [u8])) -> Vec<T> {
    let mut numbers = bytemuck::zeroed_vec(n_numbers);
    fill(bytemuck::cast_slice_mut(&mut numbers));
    numbers
}

macro_rules! number {
    ($type:ty, $stored:ty, $element:ident, $words:expr, $from_f64:expr) => {
        impl Element for $type {
            const TYPE: ElementType = ElementType::$element;

            fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
                for &element in elements {
                    cells.put_numbers(&[element as $stored]);
                }
            }

            fn put_slice(elements: &[Self], cells: &mut Cells) {
                // On the platforms where `usize` is stored as itself the cast costs nothing.
                match bytemuck::try_cast_slice::<$type, $stored>(elements) {
                    Ok(stored) => cells.put_numbers(stored),
                    Err(_) => Self::put_all(elements.iter(), cells),
                }
            }

            fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
                Ok(cell.numbers::<$stored>().into_iter().map(|x| x as $type).collect())
            }

            fn filled(n_elements: usize, fill: &mut dyn FnMut(&mut [u8])) -> Option<Vec<Self>> {
                (size_of::<$type>() == size_of::<$stored>()).then(|| filled_numbers(n_elements, fill))
            }

            fn parse_element(text: &str) -> Result<Self, ParseValueError> {
                text.trim().replace('_', "").parse().map_err(|_| ParseValueError::new(text, $words))
            }

            fn element_from_f64(number: f64) -> Option<Self> {
                let convert: fn(f64) -> Option<$type> = $from_f64;
                convert(number)
            }
        }

        impl ResultValue for $type {
            type Column = Array1<$type>;

            fn value_type() -> ValueType {
                scalar_type::<$type>()
            }

            #[inline]
            fn write(&self, cells: &mut Cells) {
                cells.push_number(*self as $stored);
            }

            fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
                read_scalar(&cell)
            }

            fn read_all(cells: &Cells) -> Result<Vec<Self>, ValueError> {
                cells.expect(&scalar_type::<$type>())?;
                let stored: Vec<$stored> = bytemuck::pod_collect_to_vec(cells.bytes());
                Ok(stored.into_iter().map(|x| x as $type).collect())
            }

            fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
                Self::read_all(cells).map(Array1::from_vec)
            }

            fn fill_column(shape: &[usize], fill: &mut dyn FnMut(&mut [u8])) -> Option<Self::Column> {
                Self::filled(shape.iter().product(), fill).map(Array1::from_vec)
            }
        }

        impl ParamValue for $type {
            fn parse(text: &str) -> Result<Self, ParseValueError> {
                Self::parse_element(text)
            }

            fn from_f64(number: f64) -> Option<Self> {
                Self::element_from_f64(number)
            }
        }
    };
}

macro_rules! integers {
    ($($type:ident as $stored:ident: $element:ident),*) => { $(
        number!($type, $stored, $element, concat!("whole number of type `", stringify!($type), "`"), |number| {
            let whole = number.fract() == 0.0 && number >= <$type>::MIN as f64 && number <= <$type>::MAX as f64;
            whole.then_some(number as $type)
        });
    )* };
}

mod integers {
    #![allow(
        clippy::unnecessary_cast,
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        reason = "one macro serves types of every width; floats are checked to be whole and in range first"
    )]
    use super::{
        Array1, Cell, Cells, Element, ElementType, ParamValue, ParseValueError, ResultValue, ValueError, ValueType,
        filled_numbers, read_scalar, scalar_type,
    };

    integers!(i8 as i8: I8, i16 as i16: I16, i32 as i32: I32, i64 as i64: I64, isize as i64: I64);
    integers!(u8 as u8: U8, u16 as u16: U16, u32 as u32: U32, u64 as u64: U64, usize as u64: U64);
    number!(f32, f32, F32, "number", |number| Some(number as f32));
    number!(f64, f64, F64, "number", Some);
}

impl Element for bool {
    const TYPE: ElementType = ElementType::Bool;

    fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
        for &element in elements {
            cells.put_numbers(&[u8::from(element)]);
        }
    }

    fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
        Ok(cell.bytes().iter().map(|&byte| byte != 0).collect())
    }

    fn parse_element(text: &str) -> Result<Self, ParseValueError> {
        text.trim().parse().map_err(|_| ParseValueError::new(text, "truth value; use `true` or `false`"))
    }
}

scalar_value!(bool);

impl Element for String {
    const TYPE: ElementType = ElementType::Text;

    fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
        for element in elements {
            cells.put_str(element);
        }
    }

    fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
        Ok(cell.strings().map(ToOwned::to_owned).collect())
    }

    fn parse_element(text: &str) -> Result<Self, ParseValueError> {
        Ok(unquoted(text).to_owned())
    }
}

scalar_value!(String);

impl Element for char {
    const TYPE: ElementType = ElementType::Text;

    fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
        for element in elements {
            cells.put_str(element.encode_utf8(&mut [0; 4]));
        }
    }

    fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
        let only = |text: &str| {
            let mut characters = text.chars();
            // Runs without results hold empty text.
            match (characters.next(), characters.next()) {
                (first, None) => Ok(first.unwrap_or_default()),
                _ => Err(ValueError::Malformed { expected: "single character".into(), found: text.into() }),
            }
        };
        cell.strings().map(only).collect()
    }

    fn parse_element(text: &str) -> Result<Self, ParseValueError> {
        unquoted(text).parse().map_err(|_| ParseValueError::new(text, "single character"))
    }
}

scalar_value!(char);

/// An enum without fields; stored as the names of its variants.
///
/// Implemented by `#[derive(ParamValue)]`, which makes a value of parameters and results of it as well.
pub trait Choice: Copy + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// All variants, in the order of their declaration.
    const VARIANTS: &'static [Self];
    /// Their names, in the same order.
    const NAMES: &'static [&'static str];

    /// The name of this variant.
    fn choice_name(self) -> &'static str;
}

fn take_choices<T: Choice>(cell: &Cell<'_>) -> Result<Vec<T>, ValueError> {
    let find = |text: &str| {
        choice_by_name(text).ok_or_else(|| ValueError::Choice {
            expected: T::NAMES.iter().map(ToString::to_string).collect(),
            found: text.into(),
        })
    };
    cell.strings().map(find).collect()
}

fn parse_choice<T: Choice>(text: &str) -> Result<T, ParseValueError> {
    choice_by_name(unquoted(text.trim())).ok_or_else(|| ParseValueError::new(text, quoted_list(T::NAMES)))
}

fn choice_by_name<T: Choice>(text: &str) -> Option<T> {
    let position = T::NAMES.iter().position(|name| *name == text)?;
    Some(T::VARIANTS[position])
}

impl<T: Choice> Element for T {
    const TYPE: ElementType = ElementType::Text;

    fn choices() -> &'static [&'static str] {
        T::NAMES
    }

    fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
        for element in elements {
            cells.put_str(element.choice_name());
        }
    }

    fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
        take_choices(cell)
    }

    fn parse_element(text: &str) -> Result<Self, ParseValueError> {
        parse_choice(text)
    }
}
