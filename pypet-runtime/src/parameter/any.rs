//! A parameter whose type is known to itself alone.

use std::any::Any;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use super::ParameterInfo;
use crate::explore::{Domain, ExploreError, domain_from_text};
use crate::value::{Cell, Cells, ParamValue, ParseValueError, ValueError, ValueType, text::split_list};

/// A leaf of a parameter set, whatever it holds; every [`ParamValue`] is one.
pub trait AnyParameter: Any + Debug + Send + Sync {
    /// For downcasting to the value itself.
    fn as_any(&self) -> &dyn Any;
    /// For downcasting to the value itself.
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// Elements and shape.
    fn stored_type(&self) -> ValueType;
    /// Appends the value as one cell.
    fn write_cell(&self, cells: &mut Cells);
    /// Takes over a stored value.
    ///
    /// # Errors
    /// The cell holds another type.
    fn read_cell(&mut self, cell: Cell<'_>) -> Result<(), ValueError>;
    /// Takes over a value from text.
    ///
    /// # Errors
    /// The text does not spell a value of this type.
    fn set_from_text(&mut self, text: &str) -> Result<(), ParseValueError>;
    /// Takes over the value of a leaf of the same type; does nothing for another.
    fn assign(&mut self, other: &dyn AnyParameter);
    /// The value as people read it.
    fn to_text(&self) -> String;
    /// Values for this parameter from `start:stop:count`, `[a, b, c]`, or a single value.
    #[doc(hidden)]
    fn parse_axis(&self, text: &str) -> Result<Arc<dyn AxisValues>, ParseValueError>;
    /// What a sample takes its values from: `low:high`, `low:high:log`, `[a, b, c]`, or a single value.
    #[doc(hidden)]
    fn parse_domain(&self, text: &str) -> Result<Arc<dyn Domain>, ParseValueError>;
    /// Values for this parameter from a stored column.
    #[doc(hidden)]
    fn axis_from(&self, cells: &Cells) -> Result<Arc<dyn AxisValues>, ValueError>;
}

impl<V: ParamValue> AnyParameter for V {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn stored_type(&self) -> ValueType {
        V::value_type()
    }

    fn write_cell(&self, cells: &mut Cells) {
        self.write(cells);
    }

    fn read_cell(&mut self, cell: Cell<'_>) -> Result<(), ValueError> {
        *self = V::read(cell)?;
        Ok(())
    }

    fn set_from_text(&mut self, text: &str) -> Result<(), ParseValueError> {
        *self = V::parse(text)?;
        Ok(())
    }

    fn assign(&mut self, other: &dyn AnyParameter) {
        if let Some(value) = other.as_any().downcast_ref::<V>() {
            self.clone_from(value);
        }
    }

    fn to_text(&self) -> String {
        ParamValue::to_text(self)
    }

    fn parse_axis(&self, text: &str) -> Result<Arc<dyn AxisValues>, ParseValueError> {
        Ok(Arc::new(Values(parse_values::<V>(text)?)))
    }

    fn parse_domain(&self, text: &str) -> Result<Arc<dyn Domain>, ParseValueError> {
        domain_from_text::<V>(text)
    }

    fn axis_from(&self, cells: &Cells) -> Result<Arc<dyn AxisValues>, ValueError> {
        Ok(Arc::new(Values(V::read_all(cells)?)))
    }
}

/// Values of one axis that a text may ask for; a gigabyte of numbers, far beyond what anybody waits for.
const MOST_VALUES: usize = 100_000_000;

pub(crate) fn parse_values<V: ParamValue>(text: &str) -> Result<Vec<V>, ParseValueError> {
    if let [start, stop, count] = text.split(':').collect::<Vec<_>>()[..] {
        let malformed = || ParseValueError::new(text, "range `start:stop:count` of numbers");
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| malformed());
        let count = count.trim().replace('_', "").parse::<usize>().map_err(|_| malformed())?;
        if count > MOST_VALUES {
            return Err(ParseValueError::new(text, format!("range that fits: it has more than {MOST_VALUES} values")));
        }
        let between = crate::explore::linspace(number(start)?, number(stop)?, count);
        let convert = |number| {
            V::from_f64(number).ok_or_else(|| {
                ParseValueError::new(text, format!("range of `{}`: {number} is not one", V::value_type()))
            })
        };
        return between.map(convert).collect();
    }
    // `[1, 2]` lists values of a scalar parameter, but is one value of an array parameter.
    if text.trim().starts_with('[') {
        if let Ok(values) = split_list(text)?.iter().map(|item| V::parse(item)).collect::<Result<Vec<V>, _>>() {
            return Ok(values);
        }
        let whole = V::parse(text);
        if whole.is_err() && V::value_type().is_scalar() {
            return split_list(text)?.iter().map(|item| V::parse(item)).collect();
        }
        return Ok(vec![whole?]);
    }
    Ok(vec![V::parse(text)?])
}

/// The values that an exploration gives to one parameter, in order.
pub trait AxisValues: Send + Sync {
    /// How many values there are.
    fn len(&self) -> usize;

    /// Shows one of them.
    fn show(&self, index: usize, see: &mut dyn FnMut(&dyn AnyParameter));

    /// Gives one of them to a parameter.
    fn assign(&self, index: usize, parameter: &mut dyn AnyParameter) {
        self.show(index, &mut |value| parameter.assign(value));
    }

    /// Appends some of them as cells.
    fn write(&self, range: Range<usize>, cells: &mut Cells) {
        range.for_each(|index| self.show(index, &mut |value| value.write_cell(cells)));
    }

    /// Whether the parameter may take all of them.
    fn check(&self, info: &ParameterInfo) -> Result<(), ExploreError> {
        if self.len() == 0 {
            return Err(ExploreError::NoValues { name: format!("`{}`", info.name) });
        }
        (0..self.len()).try_for_each(|index| {
            let mut outside = None;
            self.show(index, &mut |value| outside = info.refusal(value));
            outside.map_or(Ok(()), |error| Err(error.into()))
        })
    }

    /// Hashes what tells them from others.
    fn digest(&self, hasher: &mut dyn Hasher) {
        (0..self.len()).for_each(|index| self.show(index, &mut |value| digest_value(value, hasher)));
    }
}

/// Hashes type and value.
pub(crate) fn digest_value(value: &dyn AnyParameter, mut hasher: &mut dyn Hasher) {
    one_cell(value).hash(&mut hasher);
}

/// The value as it would be stored.
pub(crate) fn one_cell(value: &dyn AnyParameter) -> Cells {
    let mut cells = Cells::of(&value.stored_type());
    value.write_cell(&mut cells);
    cells
}

/// The values of an axis in memory.
pub(crate) struct Values<V>(pub(crate) Vec<V>);

impl<V: ParamValue> AxisValues for Values<V> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn show(&self, index: usize, see: &mut dyn FnMut(&dyn AnyParameter)) {
        see(&self.0[index]);
    }

    fn assign(&self, index: usize, parameter: &mut dyn AnyParameter) {
        if let Some(parameter) = parameter.as_any_mut().downcast_mut::<V>() {
            parameter.clone_from(&self.0[index]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text that looks like values, more often than not.
    fn typed_text() -> impl Strategy<Value = String> {
        let token = prop::sample::select(vec![
            "[", "]", ",", ":", "\"", "-", ".", "e", "_", " ", "0", "1", "7", "99", "1e9", "inf", "nan", "true", "ä",
            "\0", "'", "{", "}", "\\",
        ]);
        prop_oneof![any::<String>(), prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())]
    }

    proptest! {
        #[test]
        fn any_text_is_a_list_of_values_or_an_error(text in typed_text()) {
            let _ = parse_values::<f64>(&text);
            let _ = parse_values::<u8>(&text);
            let _ = parse_values::<i64>(&text);
            let _ = parse_values::<bool>(&text);
            let _ = parse_values::<String>(&text);
            let _ = parse_values::<Vec<f32>>(&text);
            let _ = parse_values::<[i32; 2]>(&text);
            let _ = parse_values::<Vec<String>>(&text);
        }
    }

    #[test]
    fn a_range_of_absurdly_many_values_is_refused() {
        let refused = parse_values::<f64>("0:1:1000000000000").unwrap_err().to_string();
        assert!(refused.contains("more than 100000000 values"), "{refused}");
    }
}
