//! Files whose commits go through a journal.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hdf5::File;

use super::{Purpose, access_list, put_in_place};
use crate::storage::StorageError;
use crate::storage::hdf5::Place;
use crate::storage::hdf5::journal::{RealDisk, SharedLock, Transaction, WriterLock, journal_path, recover_if_alone};
use crate::storage::hdf5::raw::vfd::{self, Mode, Opening, Shared};

/// A file that is read as its last commit left it, while a writer may go on.
#[derive(Debug)]
pub(in crate::storage::hdf5) struct ReadableFile {
    file: Option<File>,
    lock: Option<SharedLock>,
    _opening: Opening,
    path: PathBuf,
}

impl ReadableFile {
    pub(in crate::storage::hdf5) fn open(path: &Path) -> Result<Self, StorageError> {
        let place = Place::new(path);
        let (disk, lock) = RealDisk::open_to_read(path).map_err(place.io("open"))?;
        let view = Transaction::view(Box::new(disk)).map_err(place.io("read"))?;
        let (file, opening) = open_through(path, Arc::new(Mutex::new(view)), Mode::Read)?;
        Ok(Self { file: Some(file), lock: Some(lock), _opening: opening, path: path.into() })
    }

    /// Opens a file that may be damaged, with the number of bytes that were cut off.
    pub(in crate::storage::hdf5) fn open_damaged(path: &Path) -> Result<(Self, u64), StorageError> {
        let place = Place::new(path);
        let (disk, lock) = RealDisk::open_to_read(path).map_err(place.io("open"))?;
        let view = Transaction::view_damaged(Box::new(disk)).map_err(place.io("read"))?;
        let cut_off = view.cut_off();
        let (file, opening) = open_through(path, Arc::new(Mutex::new(view)), Mode::Read)?;
        Ok((Self { file: Some(file), lock: Some(lock), _opening: opening, path: path.into() }, cut_off))
    }

    /// A file that lies wherever a test wants it.
    #[cfg(test)]
    pub(in crate::storage::hdf5) fn over(view: Transaction) -> Result<Self, StorageError> {
        let path = Path::new("test.h5");
        let (file, opening) = open_through(path, Arc::new(Mutex::new(view)), Mode::Read)?;
        Ok(Self { file: Some(file), lock: None, _opening: opening, path: path.into() })
    }
}

impl Deref for ReadableFile {
    type Target = File;

    fn deref(&self) -> &File {
        self.file.as_ref().expect("open until dropped")
    }
}

impl Drop for ReadableFile {
    /// Applies a commit that had to wait for this reader, so that other programs see it too.
    fn drop(&mut self) {
        self.file = None;
        self.lock = None;
        if !journal_path(&self.path).exists() {
            return;
        }
        // Whoever has the right to write now, or comes next, does the same; nothing is lost if this fails.
        if let Ok(Some(_right)) = WriterLock::take_in_passing(&self.path)
            && let Ok(mut disk) = RealDisk::open(&self.path)
        {
            let _ = recover_if_alone(&mut disk);
        }
    }
}

/// A file that only this process changes, commit by commit.
#[derive(Debug)]
pub(in crate::storage::hdf5) struct WritableFile {
    file: Option<File>,
    transaction: Shared,
    _opening: Opening,
    place: Place,
    _right: Option<WriterLock>,
}

impl WritableFile {
    /// Opens a file that exists, after finishing what a killed writer left.
    pub(in crate::storage::hdf5) fn open(path: &Path) -> Result<Self, StorageError> {
        let place = Place::new(path);
        let right = take_right(path)?;
        let disk = RealDisk::open(path).map_err(place.io("write to"))?;
        let transaction = Transaction::open(Box::new(disk)).map_err(place.io("recover"))?;
        Self::with(path, transaction, Some(right), Mode::Write)
    }

    /// Makes a file, unless there is one by the time that nobody else can make it; it gets its name with the first
    /// commit.
    pub(in crate::storage::hdf5) fn create(path: &Path) -> Result<Option<Self>, StorageError> {
        let place = Place::new(path);
        let right = take_right(path)?;
        if path.exists() {
            return Ok(None);
        }
        let disk = RealDisk::create(path).map_err(place.io("create"))?;
        let transaction = Transaction::begin_new(Box::new(disk));
        Self::with(path, transaction, Some(right), Mode::Create).map(Some)
    }

    /// A file that lies wherever a test wants it.
    #[cfg(test)]
    pub(in crate::storage::hdf5) fn over(transaction: Transaction, mode: Mode) -> Result<Self, StorageError> {
        Self::with(Path::new("test.h5"), transaction, None, mode)
    }

    fn with(
        path: &Path,
        transaction: Transaction,
        right: Option<WriterLock>,
        mode: Mode,
    ) -> Result<Self, StorageError> {
        let transaction = Arc::new(Mutex::new(transaction));
        let (file, opening) = match open_through(path, transaction.clone(), mode) {
            Ok(opened) => opened,
            Err(error) => {
                lock(&transaction).abandon();
                return Err(error);
            }
        };
        Ok(Self { file: Some(file), transaction, _opening: opening, place: Place::new(path), _right: right })
    }

    /// Whether commits wait until the disk has them.
    pub(in crate::storage::hdf5) fn set_durable(&mut self, durable: bool) {
        lock(&self.transaction).set_durable(durable);
    }

    /// Makes all changes last, at once.
    pub(in crate::storage::hdf5) fn commit(&mut self) -> Result<(), StorageError> {
        self.flush().map_err(self.place.failed("flush", "/"))?;
        lock(&self.transaction).commit().map_err(self.place.io("commit to"))
    }

    /// Closes the file with a last commit; all handles into it must be gone.
    pub(in crate::storage::hdf5) fn close(mut self) -> Result<(), StorageError> {
        self.file = None;
        lock(&self.transaction).commit().map_err(self.place.io("commit to"))
    }
}

impl Deref for WritableFile {
    type Target = File;

    fn deref(&self) -> &File {
        self.file.as_ref().expect("open until closed")
    }
}

impl Drop for WritableFile {
    /// Gives up what is not committed.
    fn drop(&mut self) {
        self.file = None;
        lock(&self.transaction).abandon();
    }
}

/// The right to put another file in the place of one that exists.
#[derive(Debug)]
pub(in crate::storage::hdf5) struct Replacement {
    path: PathBuf,
    _right: WriterLock,
}

impl Replacement {
    /// Takes the right, after finishing what a killed writer left.
    pub(in crate::storage::hdf5) fn begin(path: &Path) -> Result<Self, StorageError> {
        let place = Place::new(path);
        if !path.exists() {
            return Err(StorageError::NoFile { file: path.into() });
        }
        let right = take_right(path)?;
        let mut disk = RealDisk::open(path).map_err(place.io("write to"))?;
        recover_if_alone(&mut disk).map_err(place.io("recover"))?;
        Ok(Self { path: path.into(), _right: right })
    }

    pub(in crate::storage::hdf5) fn replace_by(self, new: &Path) -> Result<(), StorageError> {
        let place = Place::new(&self.path);
        // A commit that waits in the journal belongs to the old file.
        let mut disk = RealDisk::open(&self.path).map_err(place.io("write to"))?;
        let is_settled = recover_if_alone(&mut disk).map_err(place.io("recover"))?.is_some();
        if !is_settled && journal_path(&self.path).exists() {
            return Err(StorageError::InUse { file: self.path.clone(), holder: "a program that reads it".into() });
        }
        put_in_place(new, &self.path).map_err(place.io("replace"))
    }
}

/// Copies a file as its last commit left it, also while a study writes into it.
///
/// # Errors
/// The file cannot be read, the copy exists already, is just being made, or cannot be written; then this makes none.
pub fn backup(path: &Path, to: &Path) -> Result<(), StorageError> {
    const BLOCK: usize = 1 << 20;
    let place = Place::new(path);
    // Another program may make a file of this name, with the same name until it is whole.
    let _right = take_right(to)?;
    let (disk, lock) = RealDisk::open_to_read(path).map_err(place.io("open"))?;
    let view = Transaction::view(Box::new(disk)).map_err(place.io("read"))?;
    super::write_beside(to, |copy| {
        let mut address = 0;
        while address < view.end() {
            let mut bytes = vec![0; BLOCK];
            bytes.truncate(usize::try_from(view.end() - address).unwrap_or(BLOCK));
            view.read(address, &mut bytes)?;
            std::io::Write::write_all(copy, &bytes)?;
            address += BLOCK as u64;
        }
        Ok(())
    })?;
    drop(lock);
    Ok(())
}

pub(super) fn take_right(path: &Path) -> Result<WriterLock, StorageError> {
    let taken = WriterLock::take(path).map_err(Place::new(path).io("lock"))?;
    taken.map_err(|holder| StorageError::InUse { file: path.into(), holder })
}

fn open_through(path: &Path, transaction: Shared, mode: Mode) -> Result<(File, Opening), StorageError> {
    let failed = || Place::new(path).failed("open", "/");
    let purpose = if matches!(mode, Mode::Read) { Purpose::Reading } else { Purpose::Writing };
    let access = access_list(purpose).map_err(failed())?;
    vfd::use_driver(&access).map_err(failed())?;
    let opening = Opening::of(&path.to_string_lossy(), transaction);
    let file = vfd::open(&opening, &access, mode).map_err(failed())?;
    Ok((file, opening))
}

fn lock(transaction: &Shared) -> MutexGuard<'_, Transaction> {
    // A panic inside of a transaction leaves at worst what the next recovery undoes.
    transaction.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::hdf5::create_empty;

    #[test]
    fn a_copy_leaves_a_file_alone_that_is_just_being_made() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (path, to) = (folder.path().join("study.h5"), folder.path().join("copy.h5"));
        create_empty(&path).expect("it can be written");
        let making = WritableFile::create(&to).expect("the folder can be written").expect("there is none");
        making.create_group("study").expect("it can be written");
        let refused = backup(&path, &to).expect_err("somebody makes it");
        assert!(matches!(refused, StorageError::InUse { .. }), "{refused:?}");
        making.close().expect("it can be written");
        let file = ReadableFile::open(&to).expect("it can be read");
        assert_eq!(file.member_names().expect("it can be read"), ["study"]);
    }
}
