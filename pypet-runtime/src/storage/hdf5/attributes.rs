//! Attributes by the types that pypet writes.

use hdf5::types::VarLenUnicode;
use hdf5::{H5Type, Location};

use super::raw;
use super::text::{escaped, unescaped};
use crate::value::text::quoted_list;

/// Sets a text attribute anew.
pub(super) fn set_text(location: &Location, name: &str, text: &str) -> hdf5::Result<()> {
    remove(location, name)?;
    raw::new_text_attribute(location, name, &escaped(text))
}

/// Sets a number anew.
pub(super) fn set<T: H5Type>(location: &Location, name: &str, value: &T) -> hdf5::Result<()> {
    remove(location, name)?;
    location.new_attr::<T>().create(name)?.write_scalar(value)
}

/// Removes an attribute if it is there.
fn remove(location: &Location, name: &str) -> hdf5::Result<()> {
    if has(location, name)? { location.delete_attr(name) } else { Ok(()) }
}

/// Sets a list of numbers.
pub(super) fn set_list<T: H5Type>(location: &Location, name: &str, values: &[T]) -> hdf5::Result<()> {
    location.new_attr::<T>().shape([values.len()]).create(name)?.write(values)
}

/// A text attribute; `None` if there is none.
pub(super) fn text(location: &Location, name: &str) -> hdf5::Result<Option<String>> {
    if !has(location, name)? {
        return Ok(None);
    }
    let attribute = location.attr(name)?;
    match attribute.dtype()?.to_descriptor()? {
        hdf5::types::TypeDescriptor::VarLenUnicode => {
            let text = raw::read_text_attribute(&attribute)?;
            Ok(Some(unescaped(String::from_utf8_lossy(text.as_bytes()).into_owned())))
        }
        other => {
            let expected = quoted_list(&["text of variable length"]);
            Err(hdf5::Error::from(format!("the attribute `{name}` is `{other}`, not {expected}")))
        }
    }
}

/// A text attribute of fixed or variable length, as other tools write them; empty if there is none.
pub(super) fn text_of_any_kind(location: &Location, name: &str) -> String {
    let Ok(attribute) = location.attr(name) else { return String::new() };
    let fixed = || attribute.read_scalar::<hdf5::types::FixedAscii<256>>().map(|text| text.as_str().to_owned());
    attribute
        .read_scalar::<VarLenUnicode>()
        .map(|text| text.as_str().to_owned())
        .or_else(|_| fixed())
        .unwrap_or_default()
}

/// A whole number; `None` if there is none.
pub(super) fn number(location: &Location, name: &str) -> hdf5::Result<Option<u64>> {
    if has(location, name)? { location.attr(name)?.read_scalar().map(Some) } else { Ok(None) }
}

/// Whether there is an attribute of this name.
///
/// # Errors
/// The attributes cannot be read; that must not look like an attribute that is not there.
pub(super) fn has(location: &Location, name: &str) -> hdf5::Result<bool> {
    raw::has_attribute(location, name)
}
