//! Values whose type is known at run time only.

use std::fmt;

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn};
use num_complex::Complex;
use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::value::{Cell, Cells, ElementType};

/// A value of a trajectory, whatever its type: something to match on, to print, and to serialize.
///
/// Numbers come in the widest type of their kind. Serialized, an array is a list of lists, a complex number the list of
/// its two parts, and a float that is no number the text `NaN`, `inf` or `-inf`, which JSON has no other way to say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// A whole number with a sign.
    Int(i64),
    /// A whole number without a sign.
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// A complex number.
    Complex(Complex<f64>),
    /// Text, or the variant of an enum.
    Text(String),
    /// An array of truth values.
    Bools(ArrayD<bool>),
    /// An array of whole numbers with a sign.
    Ints(ArrayD<i64>),
    /// An array of whole numbers without a sign.
    UInts(ArrayD<u64>),
    /// An array of floating-point numbers.
    Floats(ArrayD<f64>),
    /// An array of complex numbers.
    Complexes(ArrayD<Complex<f64>>),
    /// An array of texts.
    Texts(ArrayD<String>),
    /// One value for each run, where they differ in shape.
    List(Vec<Value>),
}

impl Value {
    /// The value of one cell.
    #[must_use]
    pub fn of(cell: &Cell<'_>) -> Self {
        fn numbers<T: bytemuck::Pod, N>(
            cell: &Cell<'_>,
            widen: impl Fn(T) -> N,
            one: impl Fn(N) -> Value,
            many: impl Fn(ArrayD<N>) -> Value,
        ) -> Value {
            shaped(cell, cell.numbers::<T>().into_iter().map(widen).collect(), one, many)
        }
        match cell.element() {
            ElementType::Bool => numbers::<u8, _>(cell, |x| x != 0, Self::Bool, Self::Bools),
            ElementType::I8 => numbers::<i8, _>(cell, i64::from, Self::Int, Self::Ints),
            ElementType::I16 => numbers::<i16, _>(cell, i64::from, Self::Int, Self::Ints),
            ElementType::I32 => numbers::<i32, _>(cell, i64::from, Self::Int, Self::Ints),
            ElementType::I64 => numbers::<i64, _>(cell, |x| x, Self::Int, Self::Ints),
            ElementType::U8 => numbers::<u8, _>(cell, u64::from, Self::UInt, Self::UInts),
            ElementType::U16 => numbers::<u16, _>(cell, u64::from, Self::UInt, Self::UInts),
            ElementType::U32 => numbers::<u32, _>(cell, u64::from, Self::UInt, Self::UInts),
            ElementType::U64 => numbers::<u64, _>(cell, |x| x, Self::UInt, Self::UInts),
            ElementType::F32 => numbers::<f32, _>(cell, f64::from, Self::Float, Self::Floats),
            ElementType::F64 => numbers::<f64, _>(cell, |x| x, Self::Float, Self::Floats),
            ElementType::C32 => {
                let widen = |z: Complex<f32>| Complex::new(z.re.into(), z.im.into());
                numbers::<Complex<f32>, _>(cell, widen, Self::Complex, Self::Complexes)
            }
            ElementType::C64 => numbers::<Complex<f64>, _>(cell, |z| z, Self::Complex, Self::Complexes),
            ElementType::Text => shaped(cell, cell.strings().map(ToOwned::to_owned).collect(), Self::Text, Self::Texts),
        }
    }

    /// All values of a column: one array with the run as first dimension, or a list where shapes differ.
    #[must_use]
    pub fn of_column(cells: &Cells) -> Self {
        match cells.as_one() {
            Some(one) => Self::of(&one.cell(0)),
            None => Self::List(cells.iter().map(|cell| Self::of(&cell)).collect()),
        }
    }
}

fn shaped<N>(
    cell: &Cell<'_>,
    mut elements: Vec<N>,
    one: impl Fn(N) -> Value,
    many: impl Fn(ArrayD<N>) -> Value,
) -> Value {
    if cell.shape().is_empty() {
        return one(elements.pop().expect("a cell without dimensions has one element"));
    }
    let array = ArrayD::from_shape_vec(IxDyn(cell.shape()), elements);
    many(array.expect("a cell has as many elements as its shape says"))
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => value.serialize(serializer),
            Self::Int(value) => value.serialize(serializer),
            Self::UInt(value) => value.serialize(serializer),
            Self::Float(value) => Readable(*value).serialize(serializer),
            Self::Complex(value) => readable(value).serialize(serializer),
            Self::Text(value) => value.serialize(serializer),
            Self::Bools(array) => Nested(array.view(), |&x| x).serialize(serializer),
            Self::Ints(array) => Nested(array.view(), |&x| x).serialize(serializer),
            Self::UInts(array) => Nested(array.view(), |&x| x).serialize(serializer),
            Self::Floats(array) => Nested(array.view(), |&x| Readable(x)).serialize(serializer),
            Self::Complexes(array) => Nested(array.view(), readable).serialize(serializer),
            Self::Texts(array) => Nested(array.view(), String::clone).serialize(serializer),
            Self::List(values) => values.serialize(serializer),
        }
    }
}

/// Real and imaginary part.
fn readable(value: &Complex<f64>) -> [Readable; 2] {
    [Readable(value.re), Readable(value.im)]
}

/// A float that is written as text where it is no number.
struct Readable(f64);

impl Serialize for Readable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.collect_str(&self.0) }
    }
}

/// An array as lists of lists.
struct Nested<'a, T, N>(ArrayViewD<'a, T>, fn(&T) -> N);

impl<T, N: Serialize> Serialize for Nested<'_, T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(array, element) = self;
        if array.ndim() == 0 {
            return array.iter().map(element).next().serialize(serializer);
        }
        let mut list = serializer.serialize_seq(Some(array.len_of(Axis(0))))?;
        for inner in array.axis_iter(Axis(0)) {
            list.serialize_element(&Nested(inner, *element))?;
        }
        list.end()
    }
}

/// As in a program: text in quotes, lists in brackets.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::UInt(value) => value.fmt(f),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Complex(value) => value.fmt(f),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Bools(array) => array.fmt(f),
            Self::Ints(array) => array.fmt(f),
            Self::UInts(array) => array.fmt(f),
            Self::Floats(array) => array.fmt(f),
            Self::Complexes(array) => array.fmt(f),
            Self::Texts(array) => array.fmt(f),
            Self::List(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_serialized_so_that_nothing_is_lost() {
        let mut cells = Cells::new(ElementType::F64, 1);
        cells.put_numbers(&[1.5, f64::NAN, f64::NEG_INFINITY]);
        cells.end_array(&[3]);
        let value = Value::of(&cells.cell(0));
        assert_eq!(serde_json::to_string(&value).unwrap(), r#"[1.5,"NaN","-inf"]"#);
        let large = Value::UInt(u64::MAX);
        assert_eq!(serde_json::to_string(&large).unwrap(), "18446744073709551615");
    }

    #[test]
    fn a_column_is_an_array_unless_its_values_differ_in_shape() {
        let mut cells = Cells::new(ElementType::I16, 1);
        cells.put_numbers(&[1_i16, 2]);
        cells.end_array(&[2]);
        cells.put_numbers(&[3_i16, 4]);
        cells.end_array(&[2]);
        assert_eq!(serde_json::to_string(&Value::of_column(&cells)).unwrap(), "[[1,2],[3,4]]");
        cells.end_array(&[0]);
        assert!(matches!(Value::of_column(&cells), Value::List(values) if values.len() == 3));
    }
}
