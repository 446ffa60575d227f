//! What a sample takes the values of one parameter from.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use crate::explore::ExploreError;
use crate::parameter::{AnyParameter, Name, ParameterInfo, ParameterSet, digest_value, parse_values};
use crate::value::{ParamValue, ParseValueError};

/// A parameter and the values that it may take in a sample; made by [`Name::between`], [`Name::log_between`] and
/// [`Name::among`].
#[must_use = "a dimension does nothing until a sample takes it"]
pub struct Dimension<P> {
    pub(super) leaf: usize,
    pub(super) domain: Arc<dyn Domain>,
    set: PhantomData<fn() -> P>,
}

impl<P> Dimension<P> {
    pub(crate) fn new(leaf: usize, domain: Arc<dyn Domain>) -> Self {
        Self { leaf, domain, set: PhantomData }
    }
}

impl<P> Clone for Dimension<P> {
    fn clone(&self) -> Self {
        Self::new(self.leaf, self.domain.clone())
    }
}

impl<P: ParameterSet> std::fmt::Debug for Dimension<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dimension of `{}`", crate::parameter::declared_parameters::<P>()[self.leaf].name)
    }
}

impl<Root: ParameterSet, V: ParamValue> Name<Root, V> {
    /// All values between two bounds for a sample, with even chances: floats from `low` up to `high`, integers with
    /// both ends included.
    ///
    /// # Examples
    /// `latin_hypercube([p.a.between(0.0, 1.0), p.n.between(1, 9)], 100, 7)`
    pub fn between(self, low: V, high: V) -> Dimension<Root>
    where
        V: Number,
    {
        Dimension::new(self.index(), Arc::new(Between { low, high, scale: Scale::Linear }))
    }

    /// All values between two bounds above zero for a sample, with even chances on a logarithmic scale: as many
    /// between 1 and 10 as between 10 and 100.
    pub fn log_between(self, low: V, high: V) -> Dimension<Root>
    where
        V: Number,
    {
        Dimension::new(self.index(), Arc::new(Between { low, high, scale: Scale::Logarithmic }))
    }

    /// These values for a sample, with even chances.
    pub fn among(self, values: impl IntoIterator<Item = V>) -> Dimension<Root> {
        Dimension::new(self.index(), Arc::new(Among(values.into_iter().collect())))
    }
}

/// Where the values of a dimension come from.
pub trait Domain: Send + Sync {
    /// Shows the value at a fraction of the whole, in units of 2⁻⁶⁴.
    fn show(&self, fraction: u64, see: &mut dyn FnMut(&dyn AnyParameter));
    /// Gives a parameter that value.
    fn assign(&self, fraction: u64, parameter: &mut dyn AnyParameter);
    /// Whether there are values, all of which the parameter may take.
    fn check(&self, info: &ParameterInfo) -> Result<(), ExploreError>;
    /// Hashes what tells it from others.
    fn digest(&self, hasher: &mut dyn Hasher);
}

/// How even chances are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scale {
    Linear,
    Logarithmic,
}

struct Between<V> {
    low: V,
    high: V,
    scale: Scale,
}

impl<V: Number> Between<V> {
    fn at(&self, fraction: u64) -> V {
        match self.scale {
            Scale::Linear => V::at(self.low, self.high, fraction),
            Scale::Logarithmic => V::log_at(self.low, self.high, fraction),
        }
    }
}

impl<V: Number> Domain for Between<V> {
    fn show(&self, fraction: u64, see: &mut dyn FnMut(&dyn AnyParameter)) {
        see(&self.at(fraction));
    }

    fn assign(&self, fraction: u64, parameter: &mut dyn AnyParameter) {
        if let Some(parameter) = parameter.as_any_mut().downcast_mut::<V>() {
            *parameter = self.at(fraction);
        }
    }

    fn check(&self, info: &ParameterInfo) -> Result<(), ExploreError> {
        let name = || info.name.clone();
        if info.has_choices() {
            return Err(ExploreError::Choices { name: name(), allowed: info.limit_text().unwrap_or_default() });
        }
        let (low, high) = (self.low.to_text(), self.high.to_text());
        if !V::are_bounds(self.low, self.high) {
            return Err(ExploreError::Bounds { name: name(), low, high });
        }
        let above_zero = V::from_f64(0.0).is_some_and(|zero| self.low > zero);
        if self.scale == Scale::Logarithmic && !above_zero {
            return Err(ExploreError::LogBounds { name: name(), low });
        }
        // What is allowed is a range, so all between two allowed values are.
        let outside = info.refusal(&self.low).or_else(|| info.refusal(&self.high));
        outside.map_or(Ok(()), |error| Err(error.into()))
    }

    fn digest(&self, mut hasher: &mut dyn Hasher) {
        self.scale.hash(&mut hasher);
        digest_value(&self.low, hasher);
        digest_value(&self.high, hasher);
    }
}

struct Among<V>(Vec<V>);

impl<V> Among<V> {
    fn at(&self, fraction: u64) -> &V {
        let position = (u128::from(fraction) * self.0.len() as u128) >> 64;
        &self.0[usize::try_from(position).expect("a position is below the length")]
    }
}

impl<V: ParamValue> Domain for Among<V> {
    fn show(&self, fraction: u64, see: &mut dyn FnMut(&dyn AnyParameter)) {
        see(self.at(fraction));
    }

    fn assign(&self, fraction: u64, parameter: &mut dyn AnyParameter) {
        if let Some(parameter) = parameter.as_any_mut().downcast_mut::<V>() {
            parameter.clone_from(self.at(fraction));
        }
    }

    fn check(&self, info: &ParameterInfo) -> Result<(), ExploreError> {
        if self.0.is_empty() {
            return Err(ExploreError::NoValues { name: format!("`{}`", info.name) });
        }
        let outside = self.0.iter().find_map(|value| info.refusal(value));
        outside.map_or(Ok(()), |error| Err(error.into()))
    }

    fn digest(&self, hasher: &mut dyn Hasher) {
        self.0.iter().for_each(|value| digest_value(value, hasher));
    }
}

/// A number that lies between others: floats, and integers of up to 64 bits.
#[diagnostic::on_unimplemented(
    message = "a sample cannot lie between values of `{Self}`",
    note = "give it the values themselves: `p.name.among([…])`"
)]
pub trait Number: ParamValue + PartialOrd + Copy {
    /// The number at a fraction of the way, in units of 2⁻⁶⁴.
    #[doc(hidden)]
    fn at(low: Self, high: Self, fraction: u64) -> Self;
    /// The same on a logarithmic scale.
    #[doc(hidden)]
    fn log_at(low: Self, high: Self, fraction: u64) -> Self;
    /// Whether numbers lie between these two.
    #[doc(hidden)]
    fn are_bounds(low: Self, high: Self) -> bool;
}

/// A fraction as a float below 1; it keeps the leading 53 bits.
fn unit(fraction: u64) -> f64 {
    (fraction >> 11) as f64 / (1_u64 << 53) as f64
}

/// The number at a part of the way; exact at its beginning, and free of overflow.
fn along(low: f64, high: f64, part: f64) -> f64 {
    low * (1.0 - part) + high * part
}

// `allow` and not `expect`: only some of the types are narrower than what is computed with.
macro_rules! floats {
    ($($type:ty),*) => {$(
        #[allow(clippy::cast_possible_truncation, clippy::cast_lossless, reason = "between two floats of the type")]
        impl Number for $type {
            #[inline]
            fn at(low: Self, high: Self, fraction: u64) -> Self {
                (along(low as f64, high as f64, unit(fraction)) as Self).clamp(low, high)
            }

            fn log_at(low: Self, high: Self, fraction: u64) -> Self {
                (along((low as f64).ln(), (high as f64).ln(), unit(fraction)).exp() as Self).clamp(low, high)
            }

            fn are_bounds(low: Self, high: Self) -> bool {
                low.is_finite() && high.is_finite() && low <= high
            }
        }
    )*};
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        #[allow(
            clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless,
            reason = "between two integers of the type, and floats saturate"
        )]
        impl Number for $type {
            #[inline]
            fn at(low: Self, high: Self, fraction: u64) -> Self {
                let n_values = (high as i128 - low as i128 + 1) as u128;
                (low as i128 + ((u128::from(fraction) * n_values) >> 64) as i128) as Self
            }

            fn log_at(low: Self, high: Self, fraction: u64) -> Self {
                let (first, end) = ((low as f64).ln(), (high as f64 + 1.0).ln());
                (along(first, end, unit(fraction)).exp().floor() as Self).clamp(low, high)
            }

            fn are_bounds(low: Self, high: Self) -> bool {
                low <= high
            }
        }
    )*};
}

floats!(f32, f64);
integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

/// `low:high`, `low:high:log`, `[a, b, c]`, or a single value.
pub(crate) fn domain_from_text<V: ParamValue>(text: &str) -> Result<Arc<dyn Domain>, ParseValueError> {
    let (low, high, scale) = match text.split(':').map(str::trim).collect::<Vec<_>>()[..] {
        [low, high] => (low, high, Scale::Linear),
        [low, high, "log"] => (low, high, Scale::Logarithmic),
        [_, _, _] => return Err(ParseValueError::new(text, "bounds `low:high` or `low:high:log` of a sample")),
        _ => return Ok(Arc::new(Among(parse_values::<V>(text)?))),
    };
    // Text may hold colons.
    if !V::value_type().is_scalar() || V::from_f64(0.0).is_none() {
        return Ok(Arc::new(Among(parse_values::<V>(text)?)));
    }
    let (low, high) = (V::parse(low)?, V::parse(high)?);
    between_any(&low, &high, scale).ok_or_else(|| {
        ParseValueError::new(text, format!("list of values; between values of `{}` lie no others", V::value_type()))
    })
}

/// All values between two of a type that is not known here.
fn between_any(low: &dyn Any, high: &dyn Any, scale: Scale) -> Option<Arc<dyn Domain>> {
    macro_rules! first_of {
        ($($type:ty),*) => {$(
            if let (Some(&low), Some(&high)) = (low.downcast_ref::<$type>(), high.downcast_ref::<$type>()) {
                return Some(Arc::new(Between { low, high, scale }));
            }
        )*};
    }
    first_of!(f64, f32, i64, i32, i16, i8, isize, u64, u32, u16, u8, usize);
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_stay_between_their_bounds(a: f64, b: f64, i: i64, k: i64, m: u8, n: u8, fraction: u64) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assume!(f64::are_bounds(low, high));
            prop_assert!((low..=high).contains(&f64::at(low, high, fraction)));
            let (low, high) = (i.min(k), i.max(k));
            prop_assert!((low..=high).contains(&i64::at(low, high, fraction)));
            let (low, high) = (m.min(n), m.max(n));
            prop_assert!((low..=high).contains(&u8::at(low, high, fraction)));
            prop_assert!((low..=high).contains(&u8::log_at(low.max(1), high.max(1), fraction)) || low == 0);
            let (low, high) = (a.abs().min(b.abs()), a.abs().max(b.abs()));
            prop_assert!(low == 0.0 || (low..=high).contains(&f64::log_at(low, high, fraction)));
        }
    }

    #[test]
    fn the_ends_of_all_integers_are_reached() {
        assert_eq!([0, u64::MAX].map(|fraction| i64::at(i64::MIN, i64::MAX, fraction)), [i64::MIN, i64::MAX]);
        assert_eq!([0, u64::MAX].map(|fraction| u64::at(0, u64::MAX, fraction)), [0, u64::MAX]);
        assert_eq!([0, u64::MAX].map(|fraction| i8::at(-3, 3, fraction)), [-3, 3]);
        assert_eq!([0, u64::MAX].map(|fraction| u32::log_at(1, 1000, fraction)), [1, 1000]);
    }

    #[test]
    fn each_integer_has_the_same_share() {
        let mut counts = [0; 9];
        let n = 9 * 128_u64;
        for part in 0..n {
            let fraction = u64::try_from((u128::from(part) << 64).div_ceil(u128::from(n))).expect("below 2⁶⁴");
            counts[usize::from(u8::at(1, 9, fraction)) - 1] += 1;
        }
        assert_eq!(counts, [128; 9]);
    }

    #[test]
    fn a_logarithmic_scale_gives_each_decade_its_share() {
        let decade = |fraction: u64| f64::log_at(1.0, 1000.0, fraction);
        let third = u64::MAX / 3;
        assert!((decade(third) - 10.0).abs() < 1e-9 && (decade(2 * third) - 100.0).abs() < 1e-9);
    }
}
