//! Integers of 128 bits, as decimal text: numpy has no such numbers, so nobody else could read them.

use super::scalars::scalar_value;
use super::{Cell, Cells, Element, ElementType, ParseValueError, ValueError};

macro_rules! decimal {
    ($($type:ident),*) => { $(
        impl Element for $type {
            const TYPE: ElementType = ElementType::Text;
            const ENCODING: &'static str = "decimal";

            fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
                elements.for_each(|element| cells.put_str(&element.to_string()));
            }

            fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
                let malformed = |text: &str| ValueError::Malformed { expected: WORDS.into(), found: text.into() };
                // Runs without results hold empty text.
                let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse().map_err(|_| malformed(text)) };
                const WORDS: &str = concat!("whole number of type `", stringify!($type), "`");
                cell.strings().map(number).collect()
            }

            fn parse_element(text: &str) -> Result<Self, ParseValueError> {
                const WORDS: &str = concat!("whole number of type `", stringify!($type), "`");
                text.trim().replace('_', "").parse().map_err(|_| ParseValueError::new(text, WORDS))
            }
        }

        scalar_value!($type);
    )* };
}

decimal!(i128, u128);
