//! Making groups.

use hdf5::Group;
use hdf5::plist::group_create::LinkCreationOrder;

use super::raw;

/// A group that remembers the order in which its members were made, as netCDF-4 wants it.
pub(super) fn new_group(parent: &Group, name: &str) -> hdf5::Result<Group> {
    let builder = parent.create_group_builder();
    builder.with_gcpl(|gcpl| gcpl.link_creation_order(LinkCreationOrder::Indexed)).create(name)
}

/// The group at the end of a path, made with all groups on the way where it is missing.
pub(super) fn ensure_groups(parent: &Group, path: &str) -> hdf5::Result<Group> {
    let mut group = parent.clone();
    for name in path.split('/') {
        group = if raw::link_exists(&group, name)? { group.group(name)? } else { new_group(&group, name)? };
    }
    Ok(group)
}

/// The group at the end of a path, if it is there.
pub(super) fn existing_group(parent: &Group, path: &str) -> hdf5::Result<Option<Group>> {
    let mut group = parent.clone();
    for name in path.split('/') {
        if !raw::link_exists(&group, name)? {
            return Ok(None);
        }
        group = group.group(name)?;
    }
    Ok(Some(group))
}
