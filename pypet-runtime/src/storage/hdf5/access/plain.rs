//! Files that the library writes by itself.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hdf5::File;
use hdf5::file::OpenMode;

use super::{Purpose, put_in_place, suited};
use crate::storage::hdf5::{Place, raw};
use crate::storage::{LeftOver, StorageError};

/// A file that is read.
#[derive(Debug)]
pub(in crate::storage::hdf5) struct ReadableFile(File);

impl ReadableFile {
    pub(in crate::storage::hdf5) fn open(path: &Path) -> Result<Self, StorageError> {
        open_as(path, OpenMode::Read).map(Self)
    }
}

impl ReadableFile {
    /// Opens a file that may be damaged; one that was cut off the library refuses.
    pub(in crate::storage::hdf5) fn open_damaged(path: &Path) -> Result<(Self, u64), StorageError> {
        Ok((Self::open(path)?, 0))
    }
}

/// Files of the library's own have nothing beside them; while one is written, reading it is refused.
#[derive(Debug)]
pub struct Settled {
    /// Always empty.
    pub found: Vec<LeftOver>,
}

/// Looks for what a killed writer left beside a file.
///
/// # Errors
/// There is none.
pub fn settle(_: &Path) -> Result<Settled, StorageError> {
    Ok(Settled { found: Vec::new() })
}

impl Deref for ReadableFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

/// A file that is written.
#[derive(Debug)]
pub(in crate::storage::hdf5) struct WritableFile {
    file: File,
    place: Place,
    /// New, and nothing was committed to it.
    is_fresh: bool,
    is_durable: bool,
}

impl WritableFile {
    pub(in crate::storage::hdf5) fn open(path: &Path) -> Result<Self, StorageError> {
        Ok(Self {
            file: open_as(path, OpenMode::ReadWrite)?,
            place: Place::new(path),
            is_fresh: false,
            is_durable: true,
        })
    }

    /// Makes a file, unless there is one by now.
    pub(in crate::storage::hdf5) fn create(path: &Path) -> Result<Option<Self>, StorageError> {
        match std::fs::File::create_new(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(None),
            created => drop(created.map_err(Place::new(path).io("create"))?),
        }
        let file = open_as(path, OpenMode::Create)?;
        Ok(Some(Self { file, place: Place::new(path), is_fresh: true, is_durable: true }))
    }

    /// Whether commits wait until the disk has them.
    pub(in crate::storage::hdf5) fn set_durable(&mut self, durable: bool) {
        self.is_durable = durable;
    }

    /// Hands all changes to the system and asks it to make them last.
    pub(in crate::storage::hdf5) fn commit(&mut self) -> Result<(), StorageError> {
        self.file.flush().map_err(self.place.failed("flush", "/"))?;
        if self.is_durable {
            let file = std::fs::File::open(self.place.file()).map_err(self.place.io("open"))?;
            file.sync_data().map_err(self.place.io("write to"))?;
        }
        self.is_fresh = false;
        Ok(())
    }

    /// Closes the file with a last commit; all handles into it must be gone.
    pub(in crate::storage::hdf5) fn close(mut self) -> Result<(), StorageError> {
        self.commit()
    }
}

impl Deref for WritableFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for WritableFile {
    fn drop(&mut self) {
        if self.is_fresh {
            // It holds nothing that anybody could miss.
            let _ = std::fs::remove_file(self.place.file());
        }
    }
}

/// The right to put another file in the place of one that exists.
#[derive(Debug)]
pub(in crate::storage::hdf5) struct Replacement {
    path: PathBuf,
}

impl Replacement {
    pub(in crate::storage::hdf5) fn begin(path: &Path) -> Result<Self, StorageError> {
        // Whoever writes it now holds the library's lock on it.
        drop(open_as(path, OpenMode::ReadWrite)?);
        Ok(Self { path: path.into() })
    }

    pub(in crate::storage::hdf5) fn replace_by(self, new: &Path) -> Result<(), StorageError> {
        drop(open_as(&self.path, OpenMode::ReadWrite)?);
        put_in_place(new, &self.path).map_err(Place::new(&self.path).io("replace"))
    }
}

/// Copies a file that nobody writes into.
///
/// # Errors
/// The file cannot be read or is being written, the copy exists already, or cannot be written.
pub fn backup(path: &Path, to: &Path) -> Result<(), StorageError> {
    let lock = ReadableFile::open(path)?;
    let mut source = std::fs::File::open(path).map_err(Place::new(path).io("open"))?;
    super::write_beside(to, |copy| std::io::copy(&mut source, copy).map(drop))?;
    drop(lock);
    Ok(())
}

/// How long a file that is locked is tried again: a child that is being started holds our locks for a moment.
const PATIENCE: Duration = Duration::from_secs(2);

fn open_as(path: &Path, mode: OpenMode) -> Result<File, StorageError> {
    let begun = Instant::now();
    loop {
        match try_open_as(path, mode) {
            Err(StorageError::InUse { .. }) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

fn try_open_as(path: &Path, mode: OpenMode) -> Result<File, StorageError> {
    let place = Place::new(path);
    let mut builder = hdf5::FileBuilder::new();
    let purpose = if matches!(mode, OpenMode::Read) { Purpose::Reading } else { Purpose::Writing };
    builder.with_fapl(|fapl| suited(fapl, purpose));
    let file = builder.open_as(path, mode).map_err(|error| match error.to_string() {
        // The library tells these cases apart in its text only.
        text if text.contains("unable to lock file") || text.contains("already open") => {
            StorageError::InUse { file: path.into(), holder: "another program, or another part of this one".into() }
        }
        _ => place.failed("open", "/")(error),
    })?;
    raw::close_on_exec(&file).map_err(place.failed("keep children from inheriting", "/"))?;
    Ok(file)
}
