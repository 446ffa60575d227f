//! Complex numbers.

use num_complex::Complex;

use super::scalars::{filled_numbers, scalar_value};
use super::{Cell, Cells, Element, ElementType, ParseValueError, ValueError};

macro_rules! complex {
    ($($part:ty: $element:ident),*) => { $(
        impl Element for Complex<$part> {
            const TYPE: ElementType = ElementType::$element;

            fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
                elements.for_each(|element| cells.put_numbers(&[*element]));
            }

            fn put_slice(elements: &[Self], cells: &mut Cells) {
                cells.put_numbers(elements);
            }

            fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
                Ok(cell.numbers())
            }

            fn filled(n_elements: usize, fill: &mut dyn FnMut(&mut [u8])) -> Option<Vec<Self>> {
                Some(filled_numbers(n_elements, fill))
            }

            fn parse_element(text: &str) -> Result<Self, ParseValueError> {
                text.trim().parse().map_err(|_| ParseValueError::new(text, "complex number such as `1.5-2i`"))
            }
        }

        scalar_value!(Complex<$part>);
    )* };
}

complex!(f32: C32, f64: C64);
