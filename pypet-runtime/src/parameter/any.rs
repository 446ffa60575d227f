//! A parameter whose type is known to itself alone.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

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
        let mut cells = Cells::of(&V::value_type());
        self.write(&mut cells);
        cells.cell(0).to_string()
    }

    fn parse_axis(&self, text: &str) -> Result<Arc<dyn AxisValues>, ParseValueError> {
        Ok(Arc::new(Values(parse_values::<V>(text)?)))
    }

    fn axis_from(&self, cells: &Cells) -> Result<Arc<dyn AxisValues>, ValueError> {
        let values: Result<Vec<V>, ValueError> = cells.iter().map(V::read).collect();
        Ok(Arc::new(Values(values?)))
    }
}

fn parse_values<V: ParamValue>(text: &str) -> Result<Vec<V>, ParseValueError> {
    if let [start, stop, count] = text.split(':').collect::<Vec<_>>()[..] {
        let malformed = || ParseValueError::new(text, "range `start:stop:count` of numbers");
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| malformed());
        let count = count.trim().replace('_', "").parse::<usize>().map_err(|_| malformed())?;
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
        if V::value_type().is_scalar() {
            return split_list(text)?.iter().map(|item| V::parse(item)).collect();
        }
    }
    Ok(vec![V::parse(text)?])
}

/// The values that an exploration gives to one parameter, in order.
pub trait AxisValues: Send + Sync {
    /// How many values there are.
    fn len(&self) -> usize;
    /// One of them.
    fn get(&self, index: usize) -> &dyn AnyParameter;
}

/// The values of an axis in memory.
pub(crate) struct Values<V>(pub(crate) Vec<V>);

impl<V: ParamValue> AxisValues for Values<V> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, index: usize) -> &dyn AnyParameter {
        &self.0[index]
    }
}
