//! Tables as data frames of Polars, and back.
//!
//! | in a table | in Polars |
//! | --- | --- |
//! | integers, floats, `bool` | the same type; `f16` as `Float32` |
//! | text, enums, JSON | `String` |
//! | `Duration`, and `i64` with the unit `ns` | `Duration(ns)` |
//! | times, and `i64` nanoseconds since 1970 | `Datetime(ns)` without a time zone, in UTC |
//! | `Option` | the type within, `None` as null; NaN stays NaN |
//! | arrays | lists, one in another for each dimension |
//! | complex numbers, 128-bit integers | an error |
//!
//! A data frame has no room for comments, for units other than those of times, and for the types behind text, so these
//! do not come back; record batches of Arrow (feature `arrow`) keep them. A column in which nothing is missing comes back
//! as one that is not optional.

use std::any::type_name;

use bytemuck::Pod;
use polars_core::chunked_array::builder::get_list_builder;
use polars_core::prelude::{
    ChunkExplode, DataFrame, DataType, ExplodeOptions, Float32Type, Float64Type, IdxSize, Int8Type, Int16Type,
    Int32Type, Int64Type, IntoColumn, IntoSeries, NamedFrom, NamedFromOwned, PolarsNumericType, Series, TimeUnit,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::columnar::{arrays_of, list_lengths, put_or_refuse, within_option, written};
use super::{Column, Table};
use crate::result::{Members, ResultGroup, StoredMembers};
use crate::schema::Leaf;
use crate::value::times::SINCE_1970;
use crate::value::{Cells, Element, ElementType, ResultValue, ValueError, ValueType};

/// Why a table and a data frame of Polars cannot become each other.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A column of a table that does not become one of a data frame.
    #[error("the column `{column}` holds {found}, which no data frame takes; make it text or two columns of numbers")]
    NoCounterpart {
        /// The column.
        column: String,
        /// What it holds.
        found: &'static str,
    },
    /// A column of a data frame of a kind that tables do not have.
    #[error(
        "the column `{column}` is of Polars' type `{found}`, which no table holds; cast it to numbers, text or lists of these"
    )]
    Unsupported {
        /// The column.
        column: String,
        /// Its type.
        found: DataType,
    },
    /// Nulls where a table has no room for them.
    #[error("the column `{column}` lacks whole lists; only numbers, truth values and text may be null")]
    Null {
        /// The column.
        column: String,
    },
    /// Lists in lists that form no array.
    #[error("the lists within a row of the column `{column}` differ in length, so they form no array")]
    Ragged {
        /// The column.
        column: String,
    },
    /// A time that 64-bit nanoseconds do not reach.
    #[error("the column `{column}` has a time further from 1970 than 64-bit nanoseconds reach, 292 years")]
    TimeOutOfRange {
        /// The column.
        column: String,
    },
    /// More than one column of Polars can hold.
    #[error("the column `{column}` is too large for one data frame; make several of fewer rows")]
    TooLarge {
        /// The column.
        column: String,
    },
    /// A stored value that is not what its column says.
    #[error("cannot read the column `{column}`")]
    Value {
        /// The column.
        column: String,
        /// Why.
        source: ValueError,
    },
}

/// # Examples
/// ```
/// # use polars_core::prelude::*;
/// # use pypet_runtime::value::Table;
/// let spikes = Table::new().with("time", [Some(0.5), None]).with("neuron", [3_u32, 7]);
/// let frame = DataFrame::try_from(&spikes)?;
/// assert_eq!(frame.column("time")?.null_count(), 1);
/// assert_eq!(frame.column("neuron")?.dtype(), &DataType::UInt32);
/// assert_eq!(Table::try_from(&frame)?, spikes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl TryFrom<&Table> for DataFrame {
    type Error = FrameError;

    fn try_from(table: &Table) -> Result<Self, FrameError> {
        let series = table.columns.iter().map(|Column { leaf, cells }| series_of(leaf, cells));
        let columns = series.map(|series| series.map(IntoColumn::into_column)).collect::<Result<_, _>>()?;
        Ok(Self::new(table.n_rows(), columns).expect("the columns of a table have different names and one length"))
    }
}

impl TryFrom<&DataFrame> for Table {
    type Error = FrameError;

    fn try_from(frame: &DataFrame) -> Result<Self, FrameError> {
        let mut table = Self::new();
        for column in frame.columns() {
            let (value_type, cells) = taken(column.as_materialized_series())?;
            table = table.with_cells(Leaf::new(column.name(), value_type), cells);
        }
        Ok(table)
    }
}

/// Stored as the table that it is.
impl ResultGroup for DataFrame {
    fn put(&self, members: &mut Members) {
        put_or_refuse(Table::try_from(self), self.columns().first().map(|column| column.name().as_str()), members);
    }

    fn take(members: &StoredMembers) -> Result<Self, ValueError> {
        Self::try_from(&Table::take(members)?).map_err(|problem| match problem {
            FrameError::Value { source, .. } => source,
            problem => ValueError::Malformed { expected: "data frame".into(), found: problem.to_string() },
        })
    }
}

/// A column as a series.
fn series_of(leaf: &Leaf, cells: &Cells) -> Result<Series, FrameError> {
    let length = IdxSize::try_from(cells.n_elements().max(cells.len()));
    if !length.is_ok_and(|length| length < IdxSize::MAX) {
        return Err(FrameError::TooLarge { column: leaf.name.clone() });
    }
    let mut series = elements_of(leaf, cells)?;
    for level in (0..cells.rank()).rev() {
        let mut lists = get_list_builder(series.dtype(), series.len(), cells.len(), leaf.name.as_str().into());
        let mut start = 0;
        for length in list_lengths(cells, level) {
            lists.append_series(&series.slice(start, length)).expect("all lists are parts of one series");
            start += i64::try_from(length).expect("no list is larger than the memory");
        }
        series = lists.finish().into_series();
    }
    Ok(series)
}

/// The elements of all cells, one after the other.
fn elements_of(leaf: &Leaf, cells: &Cells) -> Result<Series, FrameError> {
    let value_type = &leaf.value_type;
    let no_counterpart = |found| FrameError::NoCounterpart { column: leaf.name.clone(), found };
    let is_optional = value_type.encoding == "optional";
    Ok(match cells.element() {
        ElementType::Bool => {
            let truths: Vec<bool> = cells.bytes().iter().map(|&byte| byte != 0).collect();
            Series::new(leaf.name.as_str().into(), truths)
        }
        ElementType::I8 => numbers::<i8>(leaf, cells),
        ElementType::I16 => numbers::<i16>(leaf, cells),
        ElementType::I32 => numbers::<i32>(leaf, cells),
        ElementType::I64 => as_moment(leaf, numbers::<i64>(leaf, cells)),
        ElementType::U8 => numbers::<u8>(leaf, cells),
        ElementType::U16 => numbers::<u16>(leaf, cells),
        ElementType::U32 => numbers::<u32>(leaf, cells),
        ElementType::U64 => numbers::<u64>(leaf, cells),
        ElementType::F32 if is_optional => optional::<f32>(leaf, cells)?,
        ElementType::F64 if is_optional => optional::<f64>(leaf, cells)?,
        ElementType::F32 => numbers::<f32>(leaf, cells),
        ElementType::F64 => numbers::<f64>(leaf, cells),
        ElementType::C32 | ElementType::C64 => return Err(no_counterpart("complex numbers")),
        ElementType::Text => match within_option(value_type) {
            "bool" => optional::<bool>(leaf, cells)?,
            "i8" => optional::<i8>(leaf, cells)?,
            "i16" => optional::<i16>(leaf, cells)?,
            "i32" => optional::<i32>(leaf, cells)?,
            "i64" | "isize" => as_moment(leaf, optional::<i64>(leaf, cells)?),
            "u8" => optional::<u8>(leaf, cells)?,
            "u16" => optional::<u16>(leaf, cells)?,
            "u32" => optional::<u32>(leaf, cells)?,
            "u64" | "usize" => optional::<u64>(leaf, cells)?,
            "i128" | "u128" => return Err(no_counterpart("128-bit integers")),
            _ if value_type.encoding == "decimal" => return Err(no_counterpart("128-bit integers")),
            name if name == type_name::<String>() => optional::<String>(leaf, cells)?,
            _ => {
                let known = cells.strings().map(|text| Some(text).filter(|text| !(is_optional && text.is_empty())));
                Series::new(leaf.name.as_str().into(), known.collect::<Vec<_>>())
            }
        },
    })
}

fn numbers<T: Pod>(leaf: &Leaf, cells: &Cells) -> Series
where
    Series: NamedFromOwned<Vec<T>>,
{
    Series::from_vec(leaf.name.as_str().into(), bytemuck::pod_collect_to_vec(cells.bytes()))
}

fn optional<T>(leaf: &Leaf, cells: &Cells) -> Result<Series, FrameError>
where
    Option<T>: Element,
    Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
{
    let mut options = Vec::new();
    for cell in cells.iter() {
        let taken = <Option<T> as Element>::take_all(&cell);
        options.extend(taken.map_err(|source| FrameError::Value { column: leaf.name.clone(), source })?);
    }
    Ok(Series::new(leaf.name.as_str().into(), options))
}

/// 64-bit whole numbers as the times that their unit makes them.
fn as_moment(leaf: &Leaf, numbers: Series) -> Series {
    match leaf.unit.as_str() {
        "ns" => numbers.into_duration(TimeUnit::Nanoseconds),
        SINCE_1970 => numbers.into_datetime(TimeUnit::Nanoseconds, None),
        _ => numbers,
    }
}

type Taken = Result<(ValueType, Cells), FrameError>;

/// One cell for each entry of a series.
fn taken(series: &Series) -> Taken {
    let column = || series.name().to_string();
    match series.dtype() {
        DataType::Boolean => Ok(options(series, series.bool().expect("it is of this type").iter())),
        DataType::Int8 => Ok(taken_numbers::<Int8Type>(series)),
        DataType::Int16 => Ok(taken_numbers::<Int16Type>(series)),
        DataType::Int32 => Ok(taken_numbers::<Int32Type>(series)),
        DataType::Int64 => Ok(taken_numbers::<Int64Type>(series)),
        DataType::UInt8 => Ok(taken_numbers::<UInt8Type>(series)),
        DataType::UInt16 => Ok(taken_numbers::<UInt16Type>(series)),
        DataType::UInt32 => Ok(taken_numbers::<UInt32Type>(series)),
        DataType::UInt64 => Ok(taken_numbers::<UInt64Type>(series)),
        DataType::Float32 => Ok(taken_numbers::<Float32Type>(series)),
        DataType::Float64 => Ok(taken_numbers::<Float64Type>(series)),
        DataType::String => {
            let texts = series.str().expect("it is of this type").iter();
            Ok(options(series, texts.map(|text| text.map(ToOwned::to_owned))))
        }
        DataType::Date => moments::<Int32Type>(series, 86_400_000_000_000, SINCE_1970),
        DataType::Datetime(unit, _) => moments::<Int64Type>(series, nanoseconds(*unit), SINCE_1970),
        DataType::Duration(unit) => moments::<Int64Type>(series, nanoseconds(*unit), "ns"),
        DataType::List(_) if series.null_count() > 0 => Err(FrameError::Null { column: column() }),
        DataType::List(_) => {
            let lists = series.list().expect("it is of this type");
            let as_they_are = ExplodeOptions { empty_as_null: false, keep_nulls: false };
            let (rows, ends) = lists.explode_and_offsets(as_they_are).expect("no list is missing");
            let mut start = 0;
            let stretches = ends.lengths().map(|length| {
                start += length;
                start - length..start
            });
            arrays_of(taken(&rows)?, stretches).ok_or_else(|| FrameError::Ragged { column: column() })
        }
        found => Err(FrameError::Unsupported { column: column(), found: found.clone() }),
    }
}

/// Values as what they are, or as options where some are missing.
fn options<T>(series: &Series, values: impl Iterator<Item = Option<T>>) -> (ValueType, Cells)
where
    T: ResultValue + Default,
    Option<T>: ResultValue,
{
    if series.null_count() > 0 { written(values) } else { written(values.map(Option::unwrap_or_default)) }
}

fn taken_numbers<T: PolarsNumericType>(series: &Series) -> (ValueType, Cells)
where
    T::Native: ResultValue + Default,
    Option<T::Native>: ResultValue,
{
    options(series, series.unpack::<T>().expect("it is of this type").iter())
}

fn nanoseconds(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => 1,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Milliseconds => 1_000_000,
    }
}

/// Times or durations as nanoseconds.
fn moments<T: PolarsNumericType>(series: &Series, factor: i64, unit: &str) -> Taken
where
    T::Native: Into<i64>,
{
    let out_of_range = || FrameError::TimeOutOfRange { column: series.name().to_string() };
    let nanoseconds = |number: T::Native| Into::<i64>::into(number).checked_mul(factor).ok_or_else(out_of_range);
    let physical = series.to_physical_repr();
    let numbers = physical.unpack::<T>().expect("times are whole numbers").iter();
    let numbers: Vec<_> = numbers.map(|number| number.map(nanoseconds).transpose()).collect::<Result<_, _>>()?;
    let (value_type, cells) = options(series, numbers.into_iter());
    Ok((value_type.with_unit(unit), cells))
}
