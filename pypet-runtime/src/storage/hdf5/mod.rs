//! Trajectories in HDF5 files: the only door to the HDF5 library.
//!
//! `docs/file-format.md` describes every node of a file. [`writer`](Hdf5Writer) makes one, `columns` holds
//! what differs from run to run, `row_writer` the way into one dataset, `chunks` the pieces that it lies in, `run_table` how far each run has come,
//! `checksums` what becomes of those of runs where a result is removed, `shared` what runs write together,
//! `annotations` the attributes of that name, `views` makes the two netCDF-4 faces of a trajectory (`by_run`, `grid`),
//! `reader` reads, `parts` parts of values, `opened` keeps columns open for it, `edit`, `expand` and `copy` change
//! what is stored, `survey` tells what columns there are, `file` opens and refuses, `heap` guards text, `salvage` reads
//! what is damaged, `raw` has all the unsafe code there is.

mod access;
mod annotations;
mod attributes;
mod checksums;
mod chunks;
mod columns;
mod copy;
mod damage;
mod edit;
mod expand;
mod file;
#[cfg(feature = "view")]
mod fingerprint;
mod groups;
#[cfg(feature = "bundled-hdf5")]
mod heap;
#[cfg_attr(
    not(feature = "bundled-hdf5"),
    expect(dead_code, reason = "needs the driver, which goes with the bundled library")
)]
mod journal;
mod names;
mod netcdf;
mod opened;
mod parts;
mod raw;
mod reader;
mod recent;
mod row_writer;
mod run_table;
mod salvage;
mod shared;
mod survey;
mod text;
mod views;
mod writer;

pub use access::ATOMIC_COMMITS;
pub use access::{Settled, backup, settle};
pub use copy::Rewriting;
pub use edit::{delete, edit};
pub use expand::expand;
pub use file::{FORMAT, create_empty, trajectories, writer_of};
#[cfg(feature = "view")]
pub(crate) use fingerprint::{Fingerprint, fingerprint};
pub use names::NameChoice;
pub(crate) use netcdf::write_netcdf;
pub use reader::Hdf5Reader;
pub use salvage::{Examined, ExaminedTrajectory, Loss, Salvage, examine, refuse_foreign};
pub use writer::Hdf5Writer;

#[cfg(not(any(feature = "bundled-hdf5", feature = "system-hdf5")))]
compile_error!("choose where HDF5 comes from: feature `bundled-hdf5` (the default) or `system-hdf5`");

use std::path::{Path, PathBuf};

use super::StorageError;

/// The version of the HDF5 library, as `2.0.0`.
pub(crate) fn library_version() -> String {
    let (major, minor, release) = hdf5::library_version();
    format!("{major}.{minor}.{release}")
}

/// Names what was tried on which node of which file when HDF5 fails.
#[derive(Debug, Clone)]
struct Place {
    file: PathBuf,
}

impl Place {
    fn new(file: &Path) -> Self {
        Self { file: file.to_owned() }
    }

    fn file(&self) -> &Path {
        &self.file
    }

    fn failed(&self, action: &'static str, path: &str) -> impl FnOnce(hdf5::Error) -> StorageError + use<> {
        let (file, path) = (self.file.clone(), path.to_owned());
        move |source| {
            let is_damage = damage::is_damage(&source);
            let source = Box::new(source);
            if is_damage {
                StorageError::Damaged { file, path, runs: Vec::new(), source }
            } else {
                StorageError::Hdf5 { action, path, file, source }
            }
        }
    }

    fn malformed(&self, path: &str, problem: impl Into<String>) -> StorageError {
        StorageError::Malformed { file: self.file.clone(), path: path.into(), problem: problem.into() }
    }

    fn io(&self, action: &'static str) -> impl FnOnce(std::io::Error) -> StorageError + use<> {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let file = self.file.clone();
        move |source| match source.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => StorageError::NoSpace { action, file, source },
            _ => StorageError::Io { action, file, source },
        }
    }
}
