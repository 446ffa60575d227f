//! One writer for each file, and readers who are not disturbed; locks die with their process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::disk::with_suffix;

/// How long a reader waits for a commit to be applied.
const PATIENCE: Duration = Duration::from_secs(10);

/// The right to write to a file, held by a lock on a small file beside it.
#[derive(Debug)]
pub(in crate::storage) struct WriterLock {
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl WriterLock {
    /// Takes the lock; if somebody has it, says who.
    pub(in crate::storage) fn take(path: &Path) -> io::Result<Result<Self, String>> {
        let path = with_suffix(path, ".lock");
        loop {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    // Who it is helps, but is not needed.
                    let _ = file.read_to_string(&mut holder);
                    return Ok(Err(if holder.is_empty() { "another process".into() } else { holder }));
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // The holder before may have removed the file between our opening and locking it.
            if is_same_file(&file, &path) {
                file.set_len(0)?;
                file.rewind()?;
                file.write_all(format!("process {} on {}", std::process::id(), host()).as_bytes())?;
                return Ok(Ok(Self { path, _file: file }));
            }
        }
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // While the lock is still held, so that nobody else's file is removed. One that stays does no harm.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Who has the right to write to a file, if anybody.
///
/// Asking takes a shared lock for a moment, so it changes nothing and waits for nobody.
pub(in crate::storage) fn holder(path: &Path) -> io::Result<Option<String>> {
    let mut file = match File::open(with_suffix(path, ".lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            Ok(Some(if holder.is_empty() { "another process".into() } else { holder }))
        }
        // A lock file that nobody holds was left by a process that was killed.
        _ => Ok(None),
    }
}

/// Keeps a writer from applying a commit while a file is being read.
#[derive(Debug)]
pub(in crate::storage) struct SharedLock {
    file: File,
}

impl SharedLock {
    /// Waits for a commit that is being applied.
    pub(super) fn take(file: File) -> io::Result<Self> {
        let begun = Instant::now();
        loop {
            match file.try_lock_shared() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => {
                    let message = format!("its writer has been applying a commit for {} s", PATIENCE.as_secs());
                    return Err(io::Error::new(io::ErrorKind::WouldBlock, message));
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { file });
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Whether the file still has this path.
    pub(super) fn is_of(&self, path: &Path) -> bool {
        is_same_file(&self.file, path)
    }
}

impl Drop for SharedLock {
    /// Who reads through another handle of this file has no lock any more either.
    fn drop(&mut self) {
        // A file system without locks cannot unlock, and every lock ends with the last handle.
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(_: &File, _: &Path) -> bool {
    // An open file cannot be removed there.
    true
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.or_else(|| std::env::var("COMPUTERNAME").ok()).unwrap_or_else(|| "this machine".into())
}
