//! Floats of 16 bits, stored with 32: the netCDF library ends a program that opens a file with smaller ones.

use half::f16;

use super::scalars::scalar_value;
use super::{Cell, Cells, Element, ElementType, ParseValueError, ValueError};

/// Widens without touching the bits of a NaN.
fn widened(number: f16) -> f32 {
    if !number.is_nan() {
        return number.to_f32();
    }
    let bits = u32::from(number.to_bits());
    f32::from_bits((bits & 0x8000) << 16 | 0x7f80_0000 | (bits & 0x03ff) << 13)
}

fn narrowed(number: f32) -> f16 {
    let bits = number.to_bits();
    let [.., fraction_high, fraction_low] = ((bits >> 13) & 0x03ff).to_be_bytes();
    let fraction = u16::from_be_bytes([fraction_high, fraction_low]);
    // The NaN of a run without results has its highest bit, so no NaN becomes an infinity.
    if !number.is_nan() || fraction == 0 {
        return f16::from_f32(number);
    }
    f16::from_bits(if number.is_sign_negative() { 0x8000 } else { 0 } | 0x7c00 | fraction)
}

impl Element for f16 {
    const TYPE: ElementType = ElementType::F32;
    const ENCODING: &'static str = "f16";

    fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
        elements.for_each(|&element| cells.put_numbers(&[widened(element)]));
    }

    fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
        Ok(cell.numbers().into_iter().map(narrowed).collect())
    }

    fn parse_element(text: &str) -> Result<Self, ParseValueError> {
        f32::parse_element(text).map(Self::from_f32)
    }

    fn element_from_f64(number: f64) -> Option<Self> {
        Some(Self::from_f64(number))
    }
}

scalar_value!(f16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_pattern_comes_back() {
        for bits in 0..=u16::MAX {
            assert_eq!(narrowed(widened(f16::from_bits(bits))).to_bits(), bits);
        }
    }
}
