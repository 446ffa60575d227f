//! Whole numbers and truth values that the file spells as text, since they have 128 bits or may be missing.

use super::eval::Spelled;
use crate::value::{Cells, ValueType};

/// Whole numbers up to this are floats without loss.
const EXACT: u128 = 1 << 53;

/// What kind of value texts spell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spelling {
    Wholes,
    Truths,
}

impl Spelling {
    /// What texts of this type spell; nothing if they are texts.
    pub(super) fn of(value_type: &ValueType) -> Option<Self> {
        const WHOLES: [&str; 12] =
            ["i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize"];
        let inner = || value_type.type_name.strip_prefix("Option<")?.strip_suffix('>');
        match value_type.encoding.as_str() {
            "decimal" => Some(Self::Wholes),
            "optional" if inner().is_some_and(|inner| WHOLES.contains(&inner)) => Some(Self::Wholes),
            "optional" if inner() == Some("bool") => Some(Self::Truths),
            _ => None,
        }
    }

    /// The values behind the texts.
    ///
    /// # Errors
    /// Says in words what about the values keeps them from being compared.
    pub(super) fn read(self, value_type: &ValueType, cells: &Cells) -> Result<Spelled, String> {
        let texts = || cells.iter().map(|cell| cell.strings().next().unwrap_or_default().to_owned());
        if self == Self::Truths {
            return Ok(Spelled::Truths(texts().map(|text| text.parse().ok()).collect()));
        }
        // Runs without results hold nothing, and what they hold is not looked at.
        let nothing = if value_type.encoding == "decimal" { Some(0) } else { None };
        let number = |text: String| match text.as_str() {
            "" => Ok(nothing),
            text => {
                text.parse().map(Some).map_err(|_| format!("{text} is beyond all numbers that a condition compares"))
            }
        };
        let numbers: Vec<Option<i128>> = texts().map(number).collect::<Result<_, _>>()?;
        let large = numbers.iter().flatten().find(|number| number.unsigned_abs() > EXACT);
        match large.filter(|_| numbers.contains(&None)) {
            None => Ok(Spelled::Wholes(numbers)),
            Some(large) => Err(format!("beside values that are missing, {large} is too large to be compared exactly")),
        }
    }
}
