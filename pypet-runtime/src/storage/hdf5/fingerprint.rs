//! How a file looks from outside, for those who follow it.

use std::fmt;
use std::path::Path;
use std::time::SystemTime;

use super::Place;
use super::journal::journal_path;
use crate::storage::StorageError;

/// What tells one state of a file from the next without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    file: (u64, Option<SystemTime>),
    /// A commit that waits for readers.
    journal: Option<(u64, Option<SystemTime>)>,
}

/// How a file looks from outside.
///
/// # Errors
/// The file is not there.
pub(crate) fn fingerprint(path: &Path) -> Result<Fingerprint, StorageError> {
    let look = |path: &Path| std::fs::metadata(path).map(|metadata| (metadata.len(), metadata.modified().ok()));
    let file = look(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StorageError::NoFile { file: path.into() },
        _ => Place::new(path).io("look at")(error),
    })?;
    Ok(Fingerprint { file, journal: look(&journal_path(path)).ok() })
}

/// One word, another one for another state.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = |at: Option<SystemTime>| {
            at.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos())
        };
        write!(f, "{}-{}", self.file.0, nanoseconds(self.file.1))?;
        self.journal.map_or(Ok(()), |(bytes, at)| write!(f, "-{bytes}-{}", nanoseconds(at)))
    }
}
