//! From columns to arrays.

use std::any::type_name;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, DurationNanosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, BooleanArray, ListArray, PrimitiveArray, StringArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields, TimeUnit};

use super::super::columnar::{list_lengths, within_option};
use super::{ArrowError, CHOICES, COMMENT, ENCODING, TYPE, UNITS};
use crate::schema::Leaf;
use crate::value::times::SINCE_1970;
use crate::value::{Cells, Element, ElementType};

/// The field of a column, under this name.
pub(crate) fn field_of(leaf: &Leaf, name: &str, is_nullable: bool) -> Field {
    let value_type = &leaf.value_type;
    let said = [
        (COMMENT, leaf.comment.clone()),
        (UNITS, leaf.unit.clone()),
        (ENCODING, value_type.encoding.clone()),
        (TYPE, value_type.type_name.clone()),
        (CHOICES, value_type.choices.join(" ")),
    ];
    let metadata = said.into_iter().filter(|(_, text)| !text.is_empty());
    let mut data_type = element_type(leaf);
    for _ in &value_type.shape {
        data_type = DataType::new_list(data_type, true);
    }
    Field::new(name, data_type, is_nullable).with_metadata(metadata.collect::<arrow_schema::Metadata>())
}

/// The cells of a column as an array; those that are not known are null.
pub(crate) fn array_of(leaf: &Leaf, cells: &Cells, known: Option<Vec<bool>>) -> Result<ArrayRef, ArrowError> {
    let known = known.map(NullBuffer::from);
    let rank = cells.rank();
    // Offsets of lists and text are 32-bit numbers.
    let has_offsets = rank > 0 || cells.element() == ElementType::Text;
    if has_offsets && i32::try_from(cells.n_bytes()).is_err() {
        return Err(ArrowError::TooLarge { column: leaf.name.clone() });
    }
    let mut array = elements_of(leaf, cells, known.as_ref().filter(|_| rank == 0))?;
    for level in (0..rank).rev() {
        let offsets = OffsetBuffer::from_lengths(list_lengths(cells, level).collect::<Vec<_>>());
        let item = Arc::new(Field::new_list_field(array.data_type().clone(), true));
        let nulls = known.clone().filter(|_| level == 0);
        array = Arc::new(ListArray::new(item, offsets, array, nulls));
    }
    Ok(array)
}

/// What one element is in Arrow.
fn element_type(leaf: &Leaf) -> DataType {
    let value_type = &leaf.value_type;
    match value_type.element {
        ElementType::Bool => DataType::Boolean,
        ElementType::I8 => DataType::Int8,
        ElementType::I16 => DataType::Int16,
        ElementType::I32 => DataType::Int32,
        ElementType::I64 => moment(leaf).unwrap_or(DataType::Int64),
        ElementType::U8 => DataType::UInt8,
        ElementType::U16 => DataType::UInt16,
        ElementType::U32 => DataType::UInt32,
        ElementType::U64 => DataType::UInt64,
        ElementType::F32 => DataType::Float32,
        ElementType::F64 => DataType::Float64,
        ElementType::C32 => DataType::Struct(parts(DataType::Float32)),
        ElementType::C64 => DataType::Struct(parts(DataType::Float64)),
        ElementType::Text => match within_option(value_type) {
            "bool" => DataType::Boolean,
            "i8" => DataType::Int8,
            "i16" => DataType::Int16,
            "i32" => DataType::Int32,
            "i64" | "isize" => moment(leaf).unwrap_or(DataType::Int64),
            "u8" => DataType::UInt8,
            "u16" => DataType::UInt16,
            "u32" => DataType::UInt32,
            "u64" | "usize" => DataType::UInt64,
            _ => DataType::Utf8,
        },
    }
}

/// What 64-bit whole numbers of this unit are, if they are times.
fn moment(leaf: &Leaf) -> Option<DataType> {
    match leaf.unit.as_str() {
        "ns" => Some(DataType::Duration(TimeUnit::Nanosecond)),
        SINCE_1970 => Some(DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))),
        _ => None,
    }
}

fn parts(part: DataType) -> Fields {
    [Field::new("r", part.clone(), false), Field::new("i", part, false)].into_iter().collect()
}

/// The elements of all cells, one after the other.
fn elements_of(leaf: &Leaf, cells: &Cells, known: Option<&NullBuffer>) -> Result<ArrayRef, ArrowError> {
    let value_type = &leaf.value_type;
    let is_optional = value_type.encoding == "optional";
    Ok(match cells.element() {
        ElementType::Bool => {
            let truths: Vec<bool> = cells.bytes().iter().map(|&byte| byte != 0).collect();
            Arc::new(BooleanArray::new(truths.into(), known.cloned()))
        }
        ElementType::I8 => numbers::<Int8Type>(cells, known),
        ElementType::I16 => numbers::<Int16Type>(cells, known),
        ElementType::I32 => numbers::<Int32Type>(cells, known),
        ElementType::I64 => as_moment(leaf, numbers::<Int64Type>(cells, known)),
        ElementType::U8 => numbers::<UInt8Type>(cells, known),
        ElementType::U16 => numbers::<UInt16Type>(cells, known),
        ElementType::U32 => numbers::<UInt32Type>(cells, known),
        ElementType::U64 => numbers::<UInt64Type>(cells, known),
        ElementType::F32 if is_optional => optional::<Float32Type>(leaf, cells, known)?,
        ElementType::F64 if is_optional => optional::<Float64Type>(leaf, cells, known)?,
        ElementType::F32 => numbers::<Float32Type>(cells, known),
        ElementType::F64 => numbers::<Float64Type>(cells, known),
        ElementType::C32 => complex::<Float32Type>(leaf, cells, known)?,
        ElementType::C64 => complex::<Float64Type>(leaf, cells, known)?,
        ElementType::Text => match within_option(value_type) {
            "bool" => {
                let truths: BooleanArray = options::<bool>(leaf, cells, known)?.into_iter().collect();
                Arc::new(truths)
            }
            "i8" => optional::<Int8Type>(leaf, cells, known)?,
            "i16" => optional::<Int16Type>(leaf, cells, known)?,
            "i32" => optional::<Int32Type>(leaf, cells, known)?,
            "i64" | "isize" => as_moment(leaf, optional::<Int64Type>(leaf, cells, known)?),
            "u8" => optional::<UInt8Type>(leaf, cells, known)?,
            "u16" => optional::<UInt16Type>(leaf, cells, known)?,
            "u32" => optional::<UInt32Type>(leaf, cells, known)?,
            "u64" | "usize" => optional::<UInt64Type>(leaf, cells, known)?,
            name if name == type_name::<String>() => {
                let texts: StringArray = options::<String>(leaf, cells, known)?.into_iter().collect();
                Arc::new(texts)
            }
            _ => {
                let is_known = |row| known.is_none_or(|known| known.is_valid(row));
                let text = |(row, text): (usize, _)| {
                    Some(text).filter(|text: &&str| is_known(row) && !(is_optional && text.is_empty()))
                };
                Arc::new(cells.strings().enumerate().map(text).collect::<StringArray>())
            }
        },
    })
}

fn numbers<T: ArrowPrimitiveType>(cells: &Cells, known: Option<&NullBuffer>) -> ArrayRef
where
    T::Native: bytemuck::Pod,
{
    let values: Vec<T::Native> = bytemuck::pod_collect_to_vec(cells.bytes());
    Arc::new(PrimitiveArray::<T>::new(values.into(), known.cloned()))
}

/// The elements of optional values, as they are stored; what is not known is missing, too.
fn options<T>(leaf: &Leaf, cells: &Cells, known: Option<&NullBuffer>) -> Result<Vec<Option<T>>, ArrowError>
where
    Option<T>: Element,
{
    let mut options = Vec::new();
    for (row, cell) in cells.iter().enumerate() {
        if known.is_some_and(|known| known.is_null(row)) {
            // What stands for a value that is not known need not be readable.
            options.push(None);
            continue;
        }
        let taken = <Option<T> as Element>::take_all(&cell);
        options.extend(taken.map_err(|source| ArrowError::Value { column: leaf.name.clone(), source })?);
    }
    Ok(options)
}

fn optional<T: ArrowPrimitiveType>(
    leaf: &Leaf,
    cells: &Cells,
    known: Option<&NullBuffer>,
) -> Result<ArrayRef, ArrowError>
where
    Option<T::Native>: Element,
{
    let options = options::<T::Native>(leaf, cells, known)?;
    Ok(Arc::new(options.into_iter().collect::<PrimitiveArray<T>>()))
}

fn as_moment(leaf: &Leaf, array: ArrayRef) -> ArrayRef {
    use arrow_array::cast::AsArray;
    match moment(leaf) {
        Some(DataType::Duration(_)) => {
            Arc::new(array.as_primitive::<Int64Type>().reinterpret_cast::<DurationNanosecondType>())
        }
        Some(_) => {
            let times = array.as_primitive::<Int64Type>().reinterpret_cast::<TimestampNanosecondType>();
            Arc::new(times.with_timezone("UTC"))
        }
        None => array,
    }
}

/// Structs of real and imaginary parts; a missing number is a null struct.
fn complex<T: ArrowPrimitiveType>(
    leaf: &Leaf,
    cells: &Cells,
    known: Option<&NullBuffer>,
) -> Result<ArrayRef, ArrowError>
where
    T::Native: bytemuck::Pod,
    Option<num_complex::Complex<T::Native>>: Element,
{
    let numbers: Vec<T::Native> = bytemuck::pod_collect_to_vec(cells.bytes());
    let part = |which: usize| -> ArrayRef {
        let values: ScalarBuffer<T::Native> = numbers.iter().skip(which).step_by(2).copied().collect();
        Arc::new(PrimitiveArray::<T>::new(values, None))
    };
    let nulls = if leaf.value_type.encoding == "optional" {
        let options = options::<num_complex::Complex<T::Native>>(leaf, cells, known)?;
        Some(options.iter().map(Option::is_some).collect())
    } else {
        known.cloned()
    };
    Ok(Arc::new(StructArray::new(parts(T::DATA_TYPE), vec![part(0), part(1)], nulls)))
}
