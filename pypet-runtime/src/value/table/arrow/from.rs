//! From arrays to columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, OffsetSizeTrait, StructArray};
use arrow_schema::{DataType, Field, TimeUnit};
use num_complex::Complex;

use super::super::columnar::{arrays_of, written};
use super::{ArrowError, CHOICES, COMMENT, ENCODING, TYPE, UNITS};
use crate::schema::Leaf;
use crate::value::times::SINCE_1970;
use crate::value::{Cells, ResultValue, ValueType};

type Taken = Result<(ValueType, Cells), ArrowError>;

/// A field and its array as a column.
pub(super) fn column_of(field: &Field, array: &dyn Array) -> Result<(Leaf, Cells), ArrowError> {
    let said = |key: &str| field.metadata().get(key).cloned().unwrap_or_default();
    let taker = Taker { column: field.name(), encoding: said(ENCODING), type_name: said(TYPE) };
    let (mut value_type, cells) = taker.take(array)?;
    value_type.choices = said(CHOICES).split_whitespace().map(ToOwned::to_owned).collect();
    let leaf = Leaf::new(field.name(), value_type);
    Ok((leaf.with_unit(&said(UNITS)).with_comment(&said(COMMENT)), cells))
}

/// Takes the arrays of one column.
struct Taker<'a> {
    column: &'a str,
    /// How the elements spell values, if the column was one of a table before.
    encoding: String,
    type_name: String,
}

impl Taker<'_> {
    /// One cell for each entry of an array.
    fn take(&self, array: &dyn Array) -> Taken {
        match array.data_type() {
            DataType::Boolean => {
                let array = array.as_boolean_opt().ok_or_else(|| self.unsupported(array))?;
                Ok(self.options(array, array.iter()))
            }
            DataType::Int8 => self.numbers::<Int8Type>(array),
            DataType::Int16 => self.numbers::<Int16Type>(array),
            DataType::Int32 => self.numbers::<Int32Type>(array),
            DataType::Int64 => self.numbers::<Int64Type>(array),
            DataType::UInt8 => self.numbers::<UInt8Type>(array),
            DataType::UInt16 => self.numbers::<UInt16Type>(array),
            DataType::UInt32 => self.numbers::<UInt32Type>(array),
            DataType::UInt64 => self.numbers::<UInt64Type>(array),
            DataType::Float16 => {
                let numbers = array.as_primitive::<Float16Type>().iter();
                Ok(self.options(array, numbers.map(|number| Some(number?.to_f32()))))
            }
            DataType::Float32 => self.numbers::<Float32Type>(array),
            DataType::Float64 => self.numbers::<Float64Type>(array),
            DataType::Utf8 => Ok(self.text(array, array.as_string::<i32>().iter())),
            DataType::LargeUtf8 => Ok(self.text(array, array.as_string::<i64>().iter())),
            DataType::Utf8View => Ok(self.text(array, array.as_string_view().iter())),
            DataType::Dictionary(..) => self.dictionary(array),
            DataType::Timestamp(unit, _) => self.timestamps(array, *unit),
            DataType::Date32 => self.moments::<Date32Type>(array, 86_400_000_000_000, SINCE_1970),
            DataType::Date64 => self.moments::<Date64Type>(array, 1_000_000, SINCE_1970),
            DataType::Duration(unit) => self.durations(array, *unit),
            DataType::List(_) => self.lists::<i32>(array),
            DataType::LargeList(_) => self.lists::<i64>(array),
            DataType::FixedSizeList(..) => {
                let lists = array.as_fixed_size_list();
                let length = usize::try_from(lists.value_length()).unwrap_or(0);
                let starts = (0..lists.len()).map(|row| row * length..(row + 1) * length);
                self.arrays(array, &lists.values().slice(0, lists.len() * length), starts)
            }
            DataType::Struct(_) => self.complex(array),
            _ => Err(self.unsupported(array)),
        }
    }

    fn unsupported(&self, array: &dyn Array) -> ArrowError {
        ArrowError::Unsupported { column: self.column.into(), found: array.data_type().clone() }
    }

    /// Values as what they are, or as options where some are missing or may be.
    fn options<T>(&self, array: &dyn Array, values: impl Iterator<Item = Option<T>>) -> (ValueType, Cells)
    where
        T: ResultValue + Default,
        Option<T>: ResultValue,
    {
        if array.null_count() > 0 || self.encoding == "optional" {
            return written(values);
        }
        let (value_type, cells) = written(values.map(Option::unwrap_or_default));
        (value_type.with_encoding(&self.encoding), cells)
    }

    fn numbers<T: ArrowPrimitiveType>(&self, array: &dyn Array) -> Taken
    where
        T::Native: ResultValue,
        Option<T::Native>: ResultValue,
    {
        let array = array.as_primitive_opt::<T>().ok_or_else(|| self.unsupported(array))?;
        Ok(self.options(array, array.iter()))
    }

    fn text<'t>(&self, array: &dyn Array, texts: impl Iterator<Item = Option<&'t str>>) -> (ValueType, Cells) {
        let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
        let is_spelling = match self.encoding.as_str() {
            "" => false,
            "optional" => self.type_name != Option::<String>::value_type().type_name,
            _ => true,
        };
        if !is_spelling {
            return self.options(array, texts.map(owned));
        }
        // The text of something else, with nothing for what is missing.
        let (value_type, cells) = written(texts.map(|text| text.unwrap_or_default().to_owned()));
        let value_type = value_type.with_encoding(&self.encoding);
        (ValueType { type_name: self.type_name.clone(), ..value_type }, cells)
    }

    fn dictionary(&self, array: &dyn Array) -> Taken {
        let dictionary = array.as_any_dictionary();
        let words: Vec<Option<&str>> = match dictionary.values().data_type() {
            DataType::Utf8 => dictionary.values().as_string::<i32>().iter().collect(),
            DataType::LargeUtf8 => dictionary.values().as_string::<i64>().iter().collect(),
            DataType::Utf8View => dictionary.values().as_string_view().iter().collect(),
            _ => return Err(self.unsupported(array)),
        };
        let keys = if words.is_empty() { vec![0; array.len()] } else { dictionary.normalized_keys() };
        let is_null = |row: usize| dictionary.keys().is_null(row);
        let word = |(row, key): (usize, usize)| words.get(key).copied().flatten().filter(|_| !is_null(row));
        let texts: Vec<Option<&str>> = keys.into_iter().enumerate().map(word).collect();
        let owned = texts.into_iter().map(|text| text.map(ToOwned::to_owned));
        if array.is_nullable() { Ok(written::<Option<String>>(owned)) } else { Ok(self.options(array, owned)) }
    }

    fn timestamps(&self, array: &dyn Array, unit: TimeUnit) -> Taken {
        match unit {
            TimeUnit::Second => self.moments::<TimestampSecondType>(array, 1_000_000_000, SINCE_1970),
            TimeUnit::Millisecond => self.moments::<TimestampMillisecondType>(array, 1_000_000, SINCE_1970),
            TimeUnit::Microsecond => self.moments::<TimestampMicrosecondType>(array, 1_000, SINCE_1970),
            TimeUnit::Nanosecond => self.moments::<TimestampNanosecondType>(array, 1, SINCE_1970),
        }
    }

    fn durations(&self, array: &dyn Array, unit: TimeUnit) -> Taken {
        match unit {
            TimeUnit::Second => self.moments::<DurationSecondType>(array, 1_000_000_000, "ns"),
            TimeUnit::Millisecond => self.moments::<DurationMillisecondType>(array, 1_000_000, "ns"),
            TimeUnit::Microsecond => self.moments::<DurationMicrosecondType>(array, 1_000, "ns"),
            TimeUnit::Nanosecond => self.moments::<DurationNanosecondType>(array, 1, "ns"),
        }
    }

    /// Times or durations as nanoseconds.
    fn moments<T: ArrowPrimitiveType>(&self, array: &dyn Array, factor: i64, unit: &str) -> Taken
    where
        T::Native: Into<i64>,
    {
        let out_of_range = || ArrowError::TimeOutOfRange { column: self.column.into() };
        let nanoseconds = |number: T::Native| Into::<i64>::into(number).checked_mul(factor).ok_or_else(out_of_range);
        let numbers = array.as_primitive::<T>().iter().map(|number| number.map(nanoseconds).transpose());
        let numbers: Vec<Option<i64>> = numbers.collect::<Result<_, _>>()?;
        let (value_type, cells) = self.options(array, numbers.into_iter());
        Ok((value_type.with_unit(unit), cells))
    }

    fn lists<O: OffsetSizeTrait>(&self, array: &dyn Array) -> Taken {
        let lists = array.as_list::<O>();
        let ranges = lists.offsets().windows(2).map(|ends| ends[0].as_usize()..ends[1].as_usize());
        self.arrays(array, lists.values(), ranges)
    }

    /// Arrays of which each is a stretch of others.
    fn arrays(
        &self,
        array: &dyn Array,
        values: &dyn Array,
        stretches: impl Iterator<Item = std::ops::Range<usize>>,
    ) -> Taken {
        if array.null_count() > 0 {
            return Err(ArrowError::Null { column: self.column.into() });
        }
        let arrays = arrays_of(self.take(values)?, stretches);
        arrays.ok_or_else(|| ArrowError::Ragged { column: self.column.into() })
    }

    /// Structs of `r` and `i`.
    fn complex(&self, array: &dyn Array) -> Taken {
        let structs = array.as_struct();
        let parts = structs.column_by_name("r").zip(structs.column_by_name("i"));
        let (r, i) = parts.filter(|_| structs.num_columns() == 2).ok_or_else(|| self.unsupported(array))?;
        if r.null_count() + i.null_count() > 0 {
            return Err(ArrowError::Null { column: self.column.into() });
        }
        let taken = self.pairs::<Float32Type>(structs, r, i).or_else(|| self.pairs::<Float64Type>(structs, r, i));
        taken.ok_or_else(|| self.unsupported(array))
    }

    /// Complex numbers, if both parts are of this type.
    fn pairs<T: ArrowPrimitiveType>(
        &self,
        structs: &StructArray,
        r: &dyn Array,
        i: &dyn Array,
    ) -> Option<(ValueType, Cells)>
    where
        Complex<T::Native>: ResultValue + Default,
        Option<Complex<T::Native>>: ResultValue,
    {
        let (r, i) = r.as_primitive_opt::<T>().zip(i.as_primitive_opt::<T>())?;
        let numbers = r.values().iter().zip(i.values()).map(|(&r, &i)| Complex::new(r, i));
        let known = numbers.enumerate().map(|(row, number)| Some(number).filter(|_| !structs.is_null(row)));
        Some(self.options(structs, known))
    }
}
