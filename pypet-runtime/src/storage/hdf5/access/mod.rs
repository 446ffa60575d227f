//! Opening HDF5 files to read and to write.
//!
//! With the bundled library every change goes through a journal, so commits are atomic. A library of the
//! system may have another layout of its driver table; there, commits are a flush and an fsync, and a kill in
//! the middle of one can leave the file unreadable.

#[cfg(feature = "bundled-hdf5")]
mod journaled;
#[cfg(not(feature = "bundled-hdf5"))]
mod plain;

#[cfg(feature = "bundled-hdf5")]
pub(super) use journaled::{ReadableFile, WritableFile};
#[cfg(not(feature = "bundled-hdf5"))]
pub(super) use plain::{ReadableFile, WritableFile};

#[cfg(feature = "bundled-hdf5")]
use hdf5::file::FileAccess;
use hdf5::file::{FileAccessBuilder, FileCloseDegree, LibraryVersion};

/// Whether a commit that is interrupted leaves the file as before or as after it.
pub const ATOMIC_COMMITS: bool = cfg!(feature = "bundled-hdf5");

/// How commits are made, as it stands in the file.
pub(super) const COMMITS: &str = if ATOMIC_COMMITS { "journal" } else { "flush" };

/// Files that HDF5 1.10 and all later versions read.
fn bounds(builder: &mut FileAccessBuilder) -> &mut FileAccessBuilder {
    builder.libver_bounds(LibraryVersion::V110, LibraryVersion::V110).fclose_degree(FileCloseDegree::Strong)
}

/// An access list with these bounds.
#[cfg(feature = "bundled-hdf5")]
fn access_list() -> hdf5::Result<FileAccess> {
    bounds(&mut FileAccess::build()).finish()
}
