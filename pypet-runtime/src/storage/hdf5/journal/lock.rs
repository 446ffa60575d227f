//! One writer for each file, and readers who are not disturbed; locks die with their process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::disk::with_suffix;

/// How long a reader, or the next writer, waits for a commit to be applied.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// The right to write to a file, held by a lock on a small file beside it.
#[derive(Debug)]
pub(in crate::storage) struct WriterLock {
    path: PathBuf,
    /// Holds the lock.
    file: File,
}

/// Who has the lock of a writer.
enum Holder {
    /// A writer, by its name.
    Writer(String),
    /// Somebody who asks for the holder, who finishes a commit of a writer that is gone, or who has no name yet.
    Passing,
}

impl Holder {
    /// Who keeps us from locking this file.
    fn of(file: &mut File) -> Self {
        // Who only asks shares the lock, and then the name in the file is that of a dead writer.
        if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return Self::Passing;
        }
        let mut name = String::new();
        match file.read_to_string(&mut name) {
            Ok(0) => Self::Passing,
            Ok(_) => Self::Writer(name),
            // Who it is helps, but is not needed.
            Err(_) => Self::Writer("another process".into()),
        }
    }
}

impl WriterLock {
    /// Takes the lock; if a writer has it, says who. Whoever has it only for a moment is waited for.
    pub(in crate::storage) fn take(path: &Path) -> io::Result<Result<Self, String>> {
        let begun = Instant::now();
        loop {
            match Self::try_take(path)? {
                Ok(mut lock) => {
                    lock.file.write_all(format!("process {} on {}", std::process::id(), host()).as_bytes())?;
                    return Ok(Ok(lock));
                }
                Err(Holder::Writer(name)) => return Ok(Err(name)),
                Err(Holder::Passing) if begun.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                Err(Holder::Passing) => return Ok(Err("another process".into())),
            }
        }
    }

    /// Takes the lock for a moment, for what the next writer would do as well; `None` if somebody has it.
    pub(in crate::storage) fn take_in_passing(path: &Path) -> io::Result<Option<Self>> {
        Ok(Self::try_take(path)?.ok())
    }

    /// Takes the lock without a name, which says that nobody need be told of it.
    fn try_take(path: &Path) -> io::Result<Result<Self, Holder>> {
        let path = with_suffix(path, ".lock");
        loop {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Err(Holder::of(&mut file))),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // The holder before may have removed the file between our opening and locking it.
            if is_same_file(&file, &path) {
                file.set_len(0)?;
                file.rewind()?;
                return Ok(Ok(Self { path, file }));
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
    // A lock file that nobody holds was left by a process that was killed.
    Ok(match Holder::of(&mut file) {
        Holder::Writer(name) => Some(name),
        Holder::Passing => None,
    })
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
                    std::thread::sleep(PAUSE);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn with_path(story: impl FnOnce(&Path)) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        story(&folder.path().join("study.h5"));
    }

    /// What a writer that was killed leaves.
    fn left(path: &Path) -> File {
        let lock = with_suffix(path, ".lock");
        std::fs::write(&lock, "process 1 on a host that is down").expect("it can be written");
        OpenOptions::new().read(true).write(true).open(lock).expect("it can be opened")
    }

    /// A writer gets the lock once whoever has it for a moment is gone.
    fn assert_waited_for(passing: impl Sized, path: &Path) {
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| WriterLock::take(path));
            std::thread::sleep(10 * PAUSE);
            drop(passing);
            writer.join().expect("no panic").expect("the folder can be written").expect("there is no writer");
        });
    }

    #[test]
    fn who_asks_for_the_holder_is_in_no_writers_way() {
        with_path(|path| {
            let asking = left(path);
            asking.lock_shared().expect("it can be locked");
            assert_waited_for(asking, path);
        });
    }

    #[test]
    fn who_finishes_the_commit_of_another_is_waited_for_and_no_writer() {
        with_path(|path| {
            drop(left(path));
            let passing = WriterLock::take_in_passing(path).expect("it can be locked").expect("nobody has it");
            assert_eq!(holder(path).expect("it can be asked"), None);
            assert!(WriterLock::take_in_passing(path).expect("it can be asked").is_none());
            assert_waited_for(passing, path);
        });
    }

    #[test]
    fn a_writer_is_told_by_its_name() {
        with_path(|path| {
            let writer = WriterLock::take(path).expect("it can be locked").expect("nobody has it");
            let name = format!("process {} on {}", std::process::id(), host());
            assert_eq!(holder(path).expect("it can be asked").as_ref(), Some(&name));
            assert_eq!(WriterLock::take(path).expect("it can be asked").expect_err("there is a writer"), name);
            drop(writer);
            assert_eq!(holder(path).expect("it can be asked"), None);
        });
    }
}
