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
mod settle;

#[cfg(feature = "bundled-hdf5")]
pub use journaled::backup;
#[cfg(feature = "bundled-hdf5")]
pub(super) use journaled::{ReadableFile, Replacement, WritableFile};
#[cfg(not(feature = "bundled-hdf5"))]
pub(super) use plain::{ReadableFile, Replacement, WritableFile};
#[cfg(not(feature = "bundled-hdf5"))]
pub use plain::{Settled, backup, settle};

#[cfg(feature = "bundled-hdf5")]
pub use settle::{Settled, settle};

use std::path::Path;

#[cfg(feature = "bundled-hdf5")]
use hdf5::file::FileAccess;
use hdf5::file::{FileAccessBuilder, FileCloseDegree, LibraryVersion};

use super::Place;
use crate::storage::StorageError;

/// Whether a commit that is interrupted leaves the file as before or as after it.
pub const ATOMIC_COMMITS: bool = cfg!(feature = "bundled-hdf5");

/// How commits are made, as it stands in the file.
pub(super) const COMMITS: &str = if ATOMIC_COMMITS { "journal" } else { "flush" };

/// Files that HDF5 1.10 and all later versions read.
pub(super) fn bounds(builder: &mut FileAccessBuilder) -> &mut FileAccessBuilder {
    builder.libver_bounds(LibraryVersion::V110, LibraryVersion::V110).fclose_degree(FileCloseDegree::Strong)
}

/// Whether a file is opened to be read or to be written.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Reading,
    Writing,
}

/// The same bounds, and as many decoded chunks for each open dataset as its use needs: whoever reads may go to and fro,
/// but runs end nearly in order, and a study has many columns open.
fn suited(builder: &mut FileAccessBuilder, purpose: Purpose) -> &mut FileAccessBuilder {
    let (n_slots, n_bytes) = match purpose {
        Purpose::Reading => (4099, 8 << 20),
        Purpose::Writing => (521, 1 << 20),
    };
    bounds(builder).chunk_cache(n_slots, n_bytes, 0.75)
}

/// An access list for a purpose.
#[cfg(feature = "bundled-hdf5")]
fn access_list(purpose: Purpose) -> hdf5::Result<FileAccess> {
    suited(&mut FileAccess::build(), purpose).finish()
}

/// Makes what was written to a file last, and gives it the name of another one, at once.
fn put_in_place(new: &Path, path: &Path) -> std::io::Result<()> {
    // Of a symbolic link the file is replaced, not the link.
    let path = path.canonicalize()?;
    std::fs::File::open(new)?.sync_all()?;
    std::fs::rename(new, &path)?;
    if cfg!(unix)
        && let Some(folder) = path.parent()
    {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Writes a new file wholly or not at all.
fn write_beside(to: &Path, write: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>) -> Result<(), StorageError> {
    let place = Place::new(to);
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = std::path::PathBuf::from(unfinished);
    let written = || {
        if to.exists() {
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        let mut file = std::fs::File::create(&unfinished)?;
        write(&mut file)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, to)
    };
    let written = written();
    if written.is_err() {
        // What is left of it is of no use.
        let _ = std::fs::remove_file(&unfinished);
    }
    written.map_err(place.io("create"))
}
