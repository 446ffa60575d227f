//! What a file has many of, and a study makes before its first run: single values, and attributes of text.
//!
//! The bindings take a dozen calls for each, most of them to fill property lists that are alike.

use std::sync::OnceLock;

use hdf5::dataset::Layout;
use hdf5::plist::link_create::CharEncoding;
use hdf5::plist::{DatasetCreate, LinkCreate};
use hdf5::types::VarLenUnicode;
use hdf5::{Attribute, Dataset, Dataspace, Datatype, Group, Location};
use hdf5_sys::h5a::{H5Acreate2, H5Aexists, H5Aread, H5Awrite};
use hdf5_sys::h5d::H5Dcreate2;
use hdf5_sys::h5p::H5P_DEFAULT;

use super::{c_string, check, is_so, made};

/// How small values are stored, and linked.
struct Lists {
    dataset: DatasetCreate,
    link: LinkCreate,
}

/// Filled once for the whole program; nobody changes them.
fn lists() -> hdf5::Result<&'static Lists> {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    if let Some(lists) = LISTS.get() {
        return Ok(lists);
    }
    let dataset = DatasetCreate::build().layout(Layout::Compact).obj_track_times(false).finish()?;
    let link = LinkCreate::build().char_encoding(CharEncoding::Utf8).finish()?;
    Ok(LISTS.get_or_init(|| Lists { dataset, link }))
}

/// Makes a dataset whose few bytes lie in its header.
pub(in crate::storage::hdf5) fn new_compact_dataset(
    parent: &Group,
    name: &str,
    stored: &Datatype,
    shape: &[usize],
) -> hdf5::Result<Dataset> {
    let (name, lists) = (c_string(name)?, lists()?);
    let space = if shape.is_empty() { Dataspace::try_new(())? } else { Dataspace::try_new(shape.to_vec())? };
    let (parent, stored, space) = (parent.id(), stored.id(), space.id());
    let (link, dataset) = (lists.link.id(), lists.dataset.id());
    // SAFETY: the name is a C string that outlives the call; all others are open.
    let create = || unsafe { H5Dcreate2(parent, name.as_ptr(), stored, space, link, dataset, H5P_DEFAULT) };
    // SAFETY: the identifier is new, so nobody else closes it.
    made(create, |id| unsafe { hdf5::from_id(id) })
}

/// Whether something has an attribute of this name; damage is an error and no `false`.
pub(in crate::storage::hdf5) fn has_attribute(location: &Location, name: &str) -> hdf5::Result<bool> {
    let name = c_string(name)?;
    // SAFETY: the name is a C string that outlives the call.
    is_so(|| unsafe { H5Aexists(location.id(), name.as_ptr()) })
}

/// Makes an attribute of text.
pub(in crate::storage::hdf5) fn new_text_attribute(location: &Location, name: &str, text: &str) -> hdf5::Result<()> {
    let (name, text) = (c_string(name)?, c_string(text)?);
    let (stored, scalar) = (Datatype::from_type::<VarLenUnicode>()?, Dataspace::try_new(())?);
    let (location, type_id, scalar) = (location.id(), stored.id(), scalar.id());
    // SAFETY: the name is a C string that outlives the call; all others are open.
    let create = || unsafe { H5Acreate2(location, name.as_ptr(), type_id, scalar, H5P_DEFAULT, H5P_DEFAULT) };
    // SAFETY: the identifier is new, so nobody else closes it.
    let attribute: Attribute = made(create, |id| unsafe { hdf5::from_id(id) })?;
    let pointer = text.as_ptr();
    // SAFETY: a scalar of this type is a pointer to a C string, which outlives the call; it is only read.
    check(|| unsafe { H5Awrite(attribute.id(), type_id, (&raw const pointer).cast()) })
}

/// Reads an attribute that is a single text.
pub(in crate::storage::hdf5) fn read_text_attribute(attribute: &Attribute) -> hdf5::Result<VarLenUnicode> {
    if !attribute.is_scalar() {
        return Err("the attribute is not a single text".into());
    }
    let memory = Datatype::from_type::<VarLenUnicode>()?;
    let mut text = VarLenUnicode::new();
    // SAFETY: the text owns a pointer, null so far; what the library puts there it releases as its own.
    check(|| unsafe { H5Aread(attribute.id(), memory.id(), (&raw mut text).cast()) })?;
    Ok(text)
}
