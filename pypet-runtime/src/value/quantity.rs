//! Quantities of `uom`: the compiler checks dimensions, the file says units.

use std::fmt::Debug;
use std::str::FromStr;

use uom::Conversion;
use uom::num::Num;
use uom::si::{Dimension, Quantity, Unit, Units};
use uom::typenum::Integer;

use super::optional::Optional;
use super::scalars::scalar_value;
use super::{Cell, Cells, Element, ElementType, ParseValueError, ValueError};

/// The base units of a dimension as UDUNITS writes them: `m s-1`; empty for pure numbers.
fn base_unit<D: Dimension + ?Sized, U: Units<V> + ?Sized, V: Conversion<V>>() -> String {
    let factors = [
        (U::length::abbreviation(), D::L::to_i32()),
        (U::mass::abbreviation(), D::M::to_i32()),
        (U::time::abbreviation(), D::T::to_i32()),
        (U::electric_current::abbreviation(), D::I::to_i32()),
        (U::thermodynamic_temperature::abbreviation(), D::Th::to_i32()),
        (U::amount_of_substance::abbreviation(), D::N::to_i32()),
        (U::luminous_intensity::abbreviation(), D::J::to_i32()),
    ];
    let words = factors.iter().filter(|(_, exponent)| *exponent != 0).map(|(unit, exponent)| match exponent {
        1 => (*unit).to_owned(),
        _ => format!("{unit}{exponent}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

impl<D, U, V> Element for Quantity<D, U, V>
where
    D: Dimension + ?Sized + 'static,
    U: Units<V> + ?Sized + 'static,
    V: Num + Conversion<V> + Element + Copy,
    Self: Clone + PartialEq + Debug + FromStr,
{
    const TYPE: ElementType = V::TYPE;
    const ENCODING: &'static str = V::ENCODING;

    fn unit() -> String {
        base_unit::<D, U, V>()
    }

    fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
        let numbers: Vec<V> = elements.map(|quantity| quantity.value).collect();
        V::put_slice(&numbers, cells);
    }

    fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
        Ok(V::take_all(cell)?.into_iter().map(of::<D, U, V>).collect())
    }

    /// A plain number counts in base units; `20 ms` says its own.
    fn parse_element(text: &str) -> Result<Self, ParseValueError> {
        if let Ok(number) = V::parse_element(text) {
            return Ok(of(number));
        }
        // People may leave the space out that `uom` wants.
        let unit = text.trim().find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(text.len());
        let (number, unit) = text.trim().split_at(unit.min(text.trim().len()));
        let malformed = || {
            let base = Self::unit();
            ParseValueError::new(text, format!("quantity; write a number of `{base}`, or a number and its unit"))
        };
        format!("{} {unit}", number.trim()).parse().map_err(|_| malformed())
    }

    fn element_from_f64(number: f64) -> Option<Self> {
        V::element_from_f64(number).map(of)
    }
}

impl<D, U, V> Optional for Quantity<D, U, V>
where
    D: Dimension + ?Sized + 'static,
    U: Units<V> + ?Sized + 'static,
    V: Num + Conversion<V> + Optional + Copy,
    Self: Element,
{
    const STORED: ElementType = V::STORED;

    fn put_option(option: Option<&Self>, cells: &mut Cells) {
        V::put_option(option.map(|quantity| &quantity.value), cells);
    }

    fn take_options(cell: &Cell<'_>) -> Result<Vec<Option<Self>>, ValueError> {
        Ok(V::take_options(cell)?.into_iter().map(|value| value.map(of::<D, U, V>)).collect())
    }
}

fn of<D, U, V>(value: V) -> Quantity<D, U, V>
where
    D: Dimension + ?Sized,
    U: Units<V> + ?Sized,
    V: Num + Conversion<V>,
{
    Quantity { dimension: std::marker::PhantomData, units: std::marker::PhantomData, value }
}

scalar_value!(Quantity<D, U, V> where [
    D: Dimension + ?Sized + 'static,
    U: Units<V> + ?Sized + 'static,
    V: Num + Conversion<V> + Element + Copy
], Quantity<D, U, V>: Element);

#[cfg(test)]
mod tests {
    use uom::si::f64::{ElectricPotential, Ratio, Time, Velocity};
    use uom::si::time::{millisecond, second};

    use crate::value::{ParamValue, ResultValue};

    #[test]
    fn the_file_says_base_units() {
        assert_eq!(Time::value_type().unit, "s");
        assert_eq!(Velocity::value_type().unit, "m s-1");
        assert_eq!(ElectricPotential::value_type().unit, "m2 kg s-3 A-1");
        assert_eq!(<Vec<Ratio>>::value_type().unit, "");
    }

    #[test]
    fn people_write_numbers_or_units() {
        assert_eq!(Time::parse("0.5").unwrap(), Time::new::<second>(0.5));
        assert_eq!(Time::parse("20 ms").unwrap(), Time::new::<millisecond>(20.0));
        assert_eq!(Time::parse("2e1ms").unwrap(), Time::new::<millisecond>(20.0));
        assert!(Time::parse("20 mV").unwrap_err().to_string().contains("a number of `s`"));
    }
}
