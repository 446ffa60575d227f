//! What nothing of ours reads, and others stumble over: attributes for netCDF, dimension scales, and what the library itself
//! keeps beside the data, as the lists of free space that the next writer wants.

use hdf5::types::{TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Group, Location, LocationToken};

use crate::storage::hdf5::survey::{self, Member};
use crate::storage::hdf5::{annotations, raw};

/// The attribute with the scales of a dataset's dimensions.
const SCALES: &str = "DIMENSION_LIST";

/// What cannot be read, by its path from where the search began.
pub(super) type Found = Vec<(String, hdf5::Error)>;

/// Looks at a group and all that lies in it.
pub(super) fn walk(group: &Group, path: &str, found: &mut Found) {
    Walk { seen: Vec::new(), found }.group(group, path);
}

/// Looks at one object; the attributes of a file belong to its root group.
pub(super) fn look_at(object: &Location, path: &str, found: &mut Found) {
    if let Err(error) = raw::look_at_metadata(object) {
        found.push((path.into(), error));
    }
    let Ok(names) = object.attr_names() else { return };
    // Annotations are read with their nodes.
    for name in names.into_iter().filter(|name| !annotations::is_one(name)) {
        if let Err(error) = look_at_attribute(object, &name) {
            found.push((if path.is_empty() { name } else { format!("{path}, {name}") }, error));
        }
    }
}

struct Walk<'f> {
    /// Objects that have several names.
    seen: Vec<LocationToken>,
    found: &'f mut Found,
}

impl Walk<'_> {
    fn group(&mut self, group: &Group, path: &str) {
        look_at(group, path, self.found);
        let members = match survey::members(group) {
            Ok(members) => members,
            Err(error) => return self.found.push((path.into(), error)),
        };
        for (name, target) in members {
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            if target.is_none()
                && let Err(error) = self.member(group, &name, &path)
            {
                self.found.push((path, error));
            }
        }
    }

    fn member(&mut self, group: &Group, name: &str, path: &str) -> hdf5::Result<()> {
        let info = group.loc_info_by_name(name)?;
        if info.num_links > 1 {
            if self.seen.contains(&info.token) {
                return Ok(());
            }
            self.seen.push(info.token);
        }
        match survey::open(group, name)? {
            Member::Group(child) => self.group(&child, path),
            Member::Foreign => {}
            Member::Dataset(dataset) => {
                look_at(&dataset, path, self.found);
                if dataset.attr_names()?.iter().any(|name| name == SCALES)
                    && let Err(error) = raw::look_at_scales(&dataset)
                {
                    self.found.push((format!("{path}, {SCALES}"), error));
                }
            }
        }
        Ok(())
    }
}

/// Text lies elsewhere than the attribute; all others are in the header of the object, which was read to list them.
fn look_at_attribute(object: &Location, name: &str) -> hdf5::Result<()> {
    let attribute = object.attr(name)?;
    match attribute.dtype()?.to_descriptor() {
        Ok(TypeDescriptor::VarLenUnicode) => attribute.read_raw::<VarLenUnicode>().map(drop),
        Ok(TypeDescriptor::VarLenAscii) => attribute.read_raw::<VarLenAscii>().map(drop),
        _ => Ok(()),
    }
}
