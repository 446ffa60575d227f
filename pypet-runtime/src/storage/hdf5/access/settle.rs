//! What a killed writer left in and beside a file: found, put right or away, and told.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::journaled::take_right;
use crate::storage::hdf5::Place;
use crate::storage::hdf5::journal::{
    Conflict, RealDisk, WriterLock, has_damaged_journal, journal_path, recover_if_alone, with_suffix,
};
use crate::storage::{LeftOver, StorageError};

/// A file beside which nothing waits, kept from all writers for as long as this lives.
#[derive(Debug)]
pub struct Settled {
    /// What was there, and what became of it.
    pub found: Vec<LeftOver>,
    /// Absent where nobody may write, and nothing is left behind.
    _right: Option<WriterLock>,
}

/// What a new file, and one that is compacted, leaves beside it when its writer is killed.
const UNFINISHED: [&str; 5] = [".new", ".compact", ".compact.new", ".compact.journal", ".compact.journal.new"];

/// Does what opening a file for writing would do, removes what else a killed writer left, and says so.
///
/// A journal that does not fit, or is damaged, is put aside under another name.
///
/// # Errors
/// The file is being written, or the system refuses.
pub fn settle(path: &Path) -> Result<Settled, StorageError> {
    let place = Place::new(path);
    let mut found = Vec::new();
    let has_lock = with_suffix(path, ".lock").exists();
    if !path.exists() && !has_lock && !with_suffix(path, ".new").exists() {
        return Err(StorageError::NoFile { file: path.into() });
    }
    let right = match take_right(path) {
        Err(StorageError::Io { source, .. }) if is_read_only(&source) && !journal_path(path).exists() => {
            return Ok(Settled { found, _right: None });
        }
        other => other?,
    };
    if has_lock {
        found.push(LeftOver::Lock);
    }
    for unfinished in UNFINISHED.map(|suffix| with_suffix(path, suffix)) {
        if let Ok(metadata) = std::fs::metadata(&unfinished) {
            std::fs::remove_file(&unfinished).map_err(Place::new(&unfinished).io("remove"))?;
            found.push(LeftOver::Unfinished { file: unfinished, bytes: metadata.len() });
        }
    }
    if path.exists() {
        found.extend(recover(path, &place)?);
    }
    Ok(Settled { found, _right: Some(right) })
}

fn is_read_only(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn recover(path: &Path, place: &Place) -> Result<Vec<LeftOver>, StorageError> {
    let mut found = Vec::new();
    let open = || RealDisk::open(path).map_err(place.io("write to"));
    let mut disk = match RealDisk::open(path) {
        Err(error) if is_read_only(&error) && !journal_path(path).exists() => return Ok(found),
        other => other.map_err(place.io("write to"))?,
    };
    if has_damaged_journal(&disk).map_err(place.io("recover"))? {
        found.push(put_aside(path)?);
        disk = open()?;
    }
    let recovered = match recover_if_alone(&mut disk) {
        Err(error) if Conflict::is(&error) => {
            found.push(put_aside(path)?);
            recover_if_alone(&mut open()?)
        }
        other => other,
    };
    let Some(recovered) = recovered.map_err(place.io("recover"))? else {
        if journal_path(path).exists() {
            found.push(LeftOver::Waiting);
        }
        return Ok(found);
    };
    found.extend(recovered.applied.map(|bytes| LeftOver::Commit { bytes }));
    if recovered.guarded && recovered.applied.is_none() {
        found.push(LeftOver::Signature);
    }
    found.extend(recovered.useless.map(|bytes| LeftOver::Journal { bytes }));
    if recovered.tail > 0 {
        found.push(LeftOver::Tail { bytes: recovered.tail });
    }
    Ok(found)
}

/// Gives a journal another name, under which no program of ours looks for it.
fn put_aside(path: &Path) -> Result<LeftOver, StorageError> {
    let journal = journal_path(path);
    let place = Place::new(&journal);
    let metadata = std::fs::metadata(&journal).map_err(place.io("look at"))?;
    let aside = free_name(&with_suffix(&journal, ".conflict"));
    std::fs::rename(&journal, &aside).map_err(place.io("put aside"))?;
    Ok(LeftOver::Conflict { journal: aside, bytes: metadata.len(), written: metadata.modified().ok() })
}

fn free_name(wanted: &Path) -> PathBuf {
    let numbered = (2..).map(|number: usize| with_suffix(wanted, &format!(".{number}")));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find(|name| !name.exists()).expect("numbers do not end")
}
