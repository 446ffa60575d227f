//! Values that may be missing.
//!
//! A missing float is the NaN that R calls `NA`, so that columns stay numbers and everyone sees a gap; a NaN of
//! one's own is another one. Integers, truth values, enums and text have no room for a gap, so they are stored as
//! text, with nothing for what is missing.

use num_complex::Complex;

use super::scalars::{Choice, scalar_value};
use super::{Cell, Cells, Element, ElementType, ParseValueError, ValueError};

/// An [`Element`] that may be missing from its cell: `Option<f64>`, `Option<u32>`, `Option<String>`, ….
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` cannot be stored",
    note = "options hold numbers, `bool`, `char`, `String`, quantities or an enum; add `serde` to the field's attribute for others"
)]
pub trait Optional: Element {
    /// The type in the file.
    const STORED: ElementType;

    /// Appends an element that may be missing.
    fn put_option(option: Option<&Self>, cells: &mut Cells);

    /// Reads all elements of a cell.
    ///
    /// # Errors
    /// The cell holds elements of another type.
    fn take_options(cell: &Cell<'_>) -> Result<Vec<Option<Self>>, ValueError>;
}

impl<T: Optional> Element for Option<T> {
    const TYPE: ElementType = T::STORED;
    const ENCODING: &'static str = "optional";

    fn unit() -> String {
        T::unit()
    }

    fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
        elements.for_each(|element| T::put_option(element.as_ref(), cells));
    }

    fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
        T::take_options(cell)
    }

    fn parse_element(text: &str) -> Result<Self, ParseValueError> {
        match text.trim() {
            "" | "none" | "None" => Ok(None),
            _ => T::parse_element(text).map(Some),
        }
    }

    fn element_from_f64(number: f64) -> Option<Self> {
        T::element_from_f64(number).map(Some)
    }
}

scalar_value!(Option<T> where [T: Optional]);

macro_rules! by_nan {
    ($($type:ty, $bits:ty, $stored:ident, $missing:literal, $quiet:literal);*) => { $(
        impl Optional for $type {
            const STORED: ElementType = ElementType::$stored;

            fn put_option(option: Option<&Self>, cells: &mut Cells) {
                if option.is_some_and(|number| [$missing, $quiet].contains(&number.to_bits())) {
                    cells.refuse("this one NaN, R's `NA`, stands for `None`");
                }
                cells.put_numbers(&[option.map_or($missing, |number| number.to_bits())]);
            }

            fn take_options(cell: &Cell<'_>) -> Result<Vec<Option<Self>>, ValueError> {
                // Arithmetic in other programs makes the NaN a quiet one.
                let option = |bits: $bits| (![$missing, $quiet].contains(&bits)).then(|| <$type>::from_bits(bits));
                Ok(cell.numbers::<$bits>().into_iter().map(option).collect())
            }
        }

        impl Optional for Complex<$type> {
            const STORED: ElementType = Complex::<$type>::TYPE;

            fn put_option(option: Option<&Self>, cells: &mut Cells) {
                <$type>::put_option(option.map(|number| &number.re), cells);
                <$type>::put_option(option.map(|number| &number.im), cells);
            }

            fn take_options(cell: &Cell<'_>) -> Result<Vec<Option<Self>>, ValueError> {
                let parts = <$type>::take_options(cell)?;
                Ok(parts.chunks_exact(2).map(|parts| Some(Complex::new(parts[0]?, parts[1]?))).collect())
            }
        }
    )* };
}

by_nan!(
    f32, u32, F32, 0x7f80_07a2, 0x7fc0_07a2;
    f64, u64, F64, 0x7ff0_0000_0000_07a2, 0x7ff8_0000_0000_07a2
);

fn take_texts<T: Element>(cell: &Cell<'_>, read: impl Fn(&str) -> Option<T>) -> Result<Vec<Option<T>>, ValueError> {
    let malformed = |text: &str| ValueError::Malformed {
        expected: format!("optional `{}`", std::any::type_name::<T>()),
        found: text.into(),
    };
    let option = |text: &str| match text {
        "" => Ok(None),
        text => read(text).map(Some).ok_or_else(|| malformed(text)),
    };
    cell.strings().map(option).collect()
}

macro_rules! by_text {
    ($($type:ty $(where [$($generics:tt)*])?, $spell:expr, $read:expr);*) => { $(
        impl $(<$($generics)*>)? Optional for $type {
            const STORED: ElementType = ElementType::Text;

            fn put_option(option: Option<&Self>, cells: &mut Cells) {
                let spell: fn(&$type) -> String = $spell;
                cells.put_str(&option.map(spell).unwrap_or_default());
            }

            fn take_options(cell: &Cell<'_>) -> Result<Vec<Option<Self>>, ValueError> {
                take_texts(cell, $read)
            }
        }
    )* };
}

by_text!(
    i8, i8::to_string, |text| text.parse().ok();
    i16, i16::to_string, |text| text.parse().ok();
    i32, i32::to_string, |text| text.parse().ok();
    i64, i64::to_string, |text| text.parse().ok();
    i128, i128::to_string, |text| text.parse().ok();
    isize, isize::to_string, |text| text.parse().ok();
    u8, u8::to_string, |text| text.parse().ok();
    u16, u16::to_string, |text| text.parse().ok();
    u32, u32::to_string, |text| text.parse().ok();
    u64, u64::to_string, |text| text.parse().ok();
    u128, u128::to_string, |text| text.parse().ok();
    usize, usize::to_string, |text| text.parse().ok();
    bool, bool::to_string, |text| text.parse().ok();
    char, char::to_string, |text| text.parse().ok();
    // An empty text is not a missing one, so text is quoted as in JSON.
    String, |text| serde_json::Value::from(text.as_str()).to_string(), |text| serde_json::from_str(text).ok();
    T where [T: Choice], |choice| choice.choice_name().to_owned(), |text| T::parse_element(text).ok()
);
