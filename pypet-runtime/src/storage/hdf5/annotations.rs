//! Annotations: attributes `annotation:<key>` of any node.

use std::collections::BTreeMap;

use hdf5::types::VarLenUnicode;
use hdf5::{H5Type, Location};

use super::text::{escaped, unescaped};
use super::{attributes, columns};
use crate::value::{Cells, ElementType};

/// What the names of all annotations begin with.
const PREFIX: &str = "annotation:";
/// Beside truth values, which are stored as small integers.
const DTYPE_PREFIX: &str = "annotation_dtype:";

/// What HDF5 takes as an attribute beside others, in bytes.
pub(super) const MOST_BYTES: usize = 60_000;

/// The name of an annotation's attribute.
pub(super) fn attribute(key: &str) -> String {
    format!("{PREFIX}{key}")
}

/// Whether an attribute is an annotation, or says what kind of value one is.
pub(super) fn is_one(attribute: &str) -> bool {
    attribute.starts_with(PREFIX) || attribute.starts_with(DTYPE_PREFIX)
}

/// Gives a node an annotation, in the place of one that it had.
pub(super) fn set(node: &Location, key: &str, value: &Cells) -> hdf5::Result<()> {
    remove(node, key)?;
    let name = attribute(key);
    match value.element() {
        ElementType::Bool => {
            attributes::set_text(node, &format!("{DTYPE_PREFIX}{key}"), "bool")?;
            set_numbers::<i8>(node, &name, value)
        }
        ElementType::I8 => set_numbers::<i8>(node, &name, value),
        ElementType::I16 => set_numbers::<i16>(node, &name, value),
        ElementType::I32 => set_numbers::<i32>(node, &name, value),
        ElementType::I64 => set_numbers::<i64>(node, &name, value),
        ElementType::U8 => set_numbers::<u8>(node, &name, value),
        ElementType::U16 => set_numbers::<u16>(node, &name, value),
        ElementType::U32 => set_numbers::<u32>(node, &name, value),
        ElementType::U64 => set_numbers::<u64>(node, &name, value),
        ElementType::F32 => set_numbers::<f32>(node, &name, value),
        ElementType::F64 => set_numbers::<f64>(node, &name, value),
        ElementType::C32 | ElementType::C64 => Err(hdf5::Error::from("an annotation holds no complex numbers")),
        ElementType::Text => {
            let texts: Result<Vec<VarLenUnicode>, _> = value.strings().map(|text| escaped(text).parse()).collect();
            let texts = texts.map_err(|_| hdf5::Error::from("a text holds a NUL character"))?;
            set_elements(node, &name, value.cell(0).shape(), &texts)
        }
    }
}

/// Takes an annotation away; tells whether there was one.
pub(super) fn remove(node: &Location, key: &str) -> hdf5::Result<bool> {
    let name = attribute(key);
    let existed = attributes::has(node, &name)?;
    for name in [name, format!("{DTYPE_PREFIX}{key}")] {
        if attributes::has(node, &name)? {
            node.delete_attr(&name)?;
        }
    }
    Ok(existed)
}

/// All annotations of a node; what other programs put there in types that pypet does not write is left out.
pub(super) fn all(node: &Location) -> hdf5::Result<BTreeMap<String, Cells>> {
    let known = |(key, read): (String, hdf5::Result<_>)| Some(read.transpose()?.map(|cells| (key, cells)));
    each(node)?.into_iter().filter_map(known).collect()
}

/// Each annotation by itself, since one may be damaged and the others not.
pub(super) fn each(node: &Location) -> hdf5::Result<Vec<(String, hdf5::Result<Option<Cells>>)>> {
    let names = node.attr_names()?;
    let keys = names.iter().filter_map(|name| name.strip_prefix(PREFIX));
    Ok(keys.map(|key| (key.to_owned(), read(node, key))).collect())
}

fn read(node: &Location, key: &str) -> hdf5::Result<Option<Cells>> {
    let attribute = node.attr(&attribute(key))?;
    let Ok(descriptor) = attribute.dtype()?.to_descriptor() else { return Ok(None) };
    let Some(element) = columns::element_of_type(&descriptor) else { return Ok(None) };
    let shape = attribute.shape();
    let bytes = match element {
        ElementType::Text => {
            // Python writes plain text as ASCII where it can.
            let texts: Vec<String> = if attribute.dtype()?.is::<VarLenUnicode>() {
                let texts = attribute.read_raw::<VarLenUnicode>()?;
                texts.iter().map(|text| unescaped(String::from_utf8_lossy(text.as_bytes()).into_owned())).collect()
            } else {
                let texts = attribute.read_raw::<hdf5::types::VarLenAscii>()?;
                texts.iter().map(|text| text.as_str().to_owned()).collect()
            };
            return Ok(Some(Cells::from_text(&shape, 1, texts)));
        }
        ElementType::Bool | ElementType::I8 => bytes_of::<i8>(&attribute)?,
        ElementType::I16 => bytes_of::<i16>(&attribute)?,
        ElementType::I32 => bytes_of::<i32>(&attribute)?,
        ElementType::I64 => bytes_of::<i64>(&attribute)?,
        ElementType::U8 => bytes_of::<u8>(&attribute)?,
        ElementType::U16 => bytes_of::<u16>(&attribute)?,
        ElementType::U32 => bytes_of::<u32>(&attribute)?,
        ElementType::U64 => bytes_of::<u64>(&attribute)?,
        ElementType::F32 => bytes_of::<f32>(&attribute)?,
        ElementType::F64 => bytes_of::<f64>(&attribute)?,
        ElementType::C32 | ElementType::C64 => return Ok(None),
    };
    let is_bool = attributes::has(node, &format!("{DTYPE_PREFIX}{key}"))?;
    let element = if is_bool && element == ElementType::I8 { ElementType::Bool } else { element };
    Ok(Some(Cells::from_bytes(element, &shape, 1, bytes)))
}

fn bytes_of<T: H5Type + bytemuck::Pod>(attribute: &hdf5::Attribute) -> hdf5::Result<Vec<u8>> {
    Ok(bytemuck::cast_slice(&attribute.read_raw::<T>()?).to_vec())
}

fn set_numbers<T: H5Type + bytemuck::Pod>(node: &Location, name: &str, value: &Cells) -> hdf5::Result<()> {
    set_elements(node, name, value.cell(0).shape(), &value.cell(0).numbers::<T>())
}

fn set_elements<T: H5Type>(node: &Location, name: &str, shape: &[usize], elements: &[T]) -> hdf5::Result<()> {
    match (shape, elements) {
        ([], [only]) => node.new_attr::<T>().create(name)?.write_scalar(only),
        _ => node.new_attr::<T>().shape(shape.to_vec()).create(name)?.write_raw(elements),
    }
}
