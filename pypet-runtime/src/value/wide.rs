//! Integers of 128 bits, as decimal text: numpy has no such numbers, so nobody else could read them.

use super::scalars::scalar_value;
use super::{Cell, Cells, Element, ElementType, ParseValueError, ValueError};

macro_rules! decimal {
    ($($type:ident: $words:literal),*) => { $(
        impl Element for $type {
            const TYPE: ElementType = ElementType::Text;
            const ENCODING: &'static str = "decimal";

            fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
                elements.for_each(|element| cells.put_str(&element.to_string()));
            }

            fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
                let number = |text: &str| match text {
                    // What runs without results hold.
                    "" => Ok(0),
                    _ => text
                        .parse()
                        .map_err(|_| ValueError::Malformed { expected: $words.into(), found: text.into() }),
                };
                cell.strings().map(number).collect()
            }

            fn parse_element(text: &str) -> Result<Self, ParseValueError> {
                text.trim().replace('_', "").parse().map_err(|_| ParseValueError::new(text, $words))
            }
        }

        scalar_value!($type);
    )* };
}

decimal!(i128: "whole number of type `i128`", u128: "whole number of type `u128`");
