//! The file operations that a commit is made of, so that tests can cut them at any point.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::lock::SharedLock;

/// How long a commit waits for readers before it stays in the journal, and how often it looks.
const PATIENCE: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_micros(200);

/// Bytes after which the disk may begin with what the next commit will wait for.
const EARLY_BYTES: usize = 8 << 20;

/// The files of one trajectory file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::storage) enum Part {
    /// The HDF5 file.
    Main,
    /// The journal of a commit.
    Journal,
    /// A journal that is being written.
    NewJournal,
}

/// Where the parts lie; every method is one operation of the system.
pub(in crate::storage) trait Disk: Send {
    /// Reads as many bytes as there are.
    fn read_at(&self, part: Part, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes all bytes.
    fn write_at(&mut self, part: Part, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Bytes of a part; `None` if it does not exist.
    fn len(&self, part: Part) -> io::Result<Option<u64>>;
    /// Cuts or extends a part; makes it if it does not exist.
    fn set_len(&mut self, part: Part, len: u64) -> io::Result<()>;
    /// Makes what was written to a part last.
    fn sync(&mut self, part: Part) -> io::Result<()>;
    /// Puts a part in the place of another.
    fn rename(&mut self, from: Part, to: Part) -> io::Result<()>;
    /// Removes a part.
    fn remove(&mut self, part: Part) -> io::Result<()>;
    /// Makes renames and removals last.
    fn sync_folder(&mut self) -> io::Result<()>;
    /// Gives a new main file its name.
    fn publish(&mut self) -> io::Result<()>;
    /// Keeps readers out; `false` if there are some who do not go soon.
    fn try_lock_readers_out(&mut self) -> io::Result<bool>;
    /// Lets readers in again.
    fn let_readers_in(&mut self) -> io::Result<()>;
    /// Whether the two `sync`s wait for the disk; they do by default.
    fn set_durable(&mut self, durable: bool);
}

/// Files of the system.
#[derive(Debug)]
pub(in crate::storage) struct RealDisk {
    path: PathBuf,
    /// Where the main file lies before it has its name.
    unpublished: Option<PathBuf>,
    main: File,
    journal: Option<File>,
    /// Whether only the files that are open count, whatever has their names by now.
    is_snapshot: bool,
    is_durable: bool,
    /// Bytes of the main file that nobody has asked the disk to keep yet.
    n_unsynced: usize,
    early: Option<EarlySync>,
}

impl RealDisk {
    /// Opens the parts beside an HDF5 file that exists.
    pub(in crate::storage) fn open(path: &Path) -> io::Result<Self> {
        let main = OpenOptions::new().read(true).write(true).open(path)?;
        let journal = if_there(OpenOptions::new().read(true).write(true).open(journal_path(path)))?;
        Ok(Self { journal, ..Self::over(path, main) })
    }

    /// Opens the parts without the right to change them, as they are now.
    ///
    /// A writer that waits for the lock may put further journals beside the file. They are of no concern to whoever
    /// reads: with the journal that was there first, or with none, the file is a commit of its own.
    pub(in crate::storage) fn open_to_read(path: &Path) -> io::Result<(Self, SharedLock)> {
        loop {
            let main = File::open(path)?;
            let lock = SharedLock::take(main.try_clone()?)?;
            let journal = if_there(File::open(journal_path(path)))?;
            // Another file may have been put in its place meanwhile, to which the journal would belong.
            if lock.is_of(path) {
                return Ok((Self { journal, is_snapshot: true, ..Self::over(path, main) }, lock));
            }
        }
    }

    /// Makes a main file that has no name yet.
    pub(in crate::storage) fn create(path: &Path) -> io::Result<Self> {
        let unpublished = with_suffix(path, ".new");
        // One that is there was left by a writer that was killed before its first commit.
        let main = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&unpublished)?;
        Ok(Self { unpublished: Some(unpublished), ..Self::over(path, main) })
    }

    fn over(path: &Path, main: File) -> Self {
        Self {
            path: path.into(),
            unpublished: None,
            main,
            journal: None,
            is_snapshot: false,
            is_durable: true,
            n_unsynced: 0,
            early: None,
        }
    }

    fn path(&self, part: Part) -> PathBuf {
        match part {
            Part::Main => self.unpublished.clone().unwrap_or_else(|| self.path.clone()),
            Part::Journal => journal_path(&self.path),
            Part::NewJournal => with_suffix(&self.path, ".journal.new"),
        }
    }

    fn file(&self, part: Part) -> io::Result<&File> {
        match part {
            Part::Main => Ok(&self.main),
            _ => self.journal.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into()),
        }
    }
}

/// Has the disk write new bytes while further ones are made, so that a commit finds most of its work done.
///
/// Nothing relies on it: the commit syncs as ever, and learns of every error, since this has opened the file for itself.
#[derive(Debug)]
struct EarlySync(SyncSender<()>);

impl EarlySync {
    fn start(path: PathBuf) -> Self {
        let (sender, receiver) = mpsc::sync_channel(1);
        // Without a thread requests go nowhere.
        let _ = thread::Builder::new().name("pypet-sync".into()).spawn(move || {
            let Ok(file) = OpenOptions::new().write(true).open(path) else { return };
            while receiver.recv().is_ok() {
                let _ = file.sync_data();
            }
        });
        Self(sender)
    }

    /// One that is busy will see these bytes with the next request.
    fn request(&self) {
        let _ = self.0.try_send(());
    }
}

/// What was found; that there is nothing is no error.
fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Where the journal of a file lies.
pub(in crate::storage) fn journal_path(path: &Path) -> PathBuf {
    with_suffix(path, ".journal")
}

pub(in crate::storage) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Disk for RealDisk {
    fn read_at(&self, part: Part, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let file = self.file(part)?;
        let mut done = 0;
        while done < buffer.len() {
            match read_some(file, offset + done as u64, &mut buffer[done..]) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&mut self, part: Part, offset: u64, bytes: &[u8]) -> io::Result<()> {
        write_all(self.file(part)?, offset, bytes)?;
        if part == Part::Main && self.is_durable {
            self.n_unsynced += bytes.len();
            if self.n_unsynced >= EARLY_BYTES {
                self.n_unsynced = 0;
                let path = self.path(part);
                self.early.get_or_insert_with(|| EarlySync::start(path)).request();
            }
        }
        Ok(())
    }

    fn len(&self, part: Part) -> io::Result<Option<u64>> {
        let metadata = if self.is_snapshot {
            self.file(part).and_then(File::metadata)
        } else {
            std::fs::metadata(self.path(part))
        };
        Ok(if_there(metadata)?.map(|metadata| metadata.len()))
    }

    fn set_len(&mut self, part: Part, len: u64) -> io::Result<()> {
        if part != Part::Main {
            let path = self.path(part);
            self.journal = Some(OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?);
        }
        self.file(part)?.set_len(len)
    }

    fn sync(&mut self, part: Part) -> io::Result<()> {
        if self.is_durable { self.file(part)?.sync_data() } else { Ok(()) }
    }

    fn rename(&mut self, from: Part, to: Part) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))
    }

    fn remove(&mut self, part: Part) -> io::Result<()> {
        if part != Part::Main {
            self.journal = None;
        }
        std::fs::remove_file(self.path(part))
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        // Other systems cannot open folders and order renames by themselves.
        if cfg!(not(unix)) || !self.is_durable {
            return Ok(());
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn publish(&mut self) -> io::Result<()> {
        if let Some(unpublished) = self.unpublished.take() {
            std::fs::rename(unpublished, &self.path)?;
        }
        Ok(())
    }

    fn try_lock_readers_out(&mut self) -> io::Result<bool> {
        let begun = Instant::now();
        loop {
            match self.main.try_lock() {
                Ok(()) => return Ok(true),
                // A program that opens the file again and again leaves a gap each time.
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Ok(false),
                // A file system without locks has no readers that could be kept out.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(true),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn let_readers_in(&mut self) -> io::Result<()> {
        self.main.unlock()
    }

    fn set_durable(&mut self, durable: bool) {
        self.is_durable = durable;
    }
}

#[cfg(unix)]
fn read_some(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_all(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_some(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(windows)]
fn write_all(file: &File, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        offset += count as u64;
        bytes = &bytes[count..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(story: impl FnOnce(&Path)) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("study.h5");
        std::fs::write(&file, b"as the last commit left it").expect("the file can be written");
        story(&file);
    }

    fn content(disk: &RealDisk, part: Part) -> Option<Vec<u8>> {
        let len = disk.len(part).expect("its length is known")?;
        let mut bytes = vec![0; usize::try_from(len).expect("a few bytes")];
        assert_eq!(disk.read_at(part, 0, &mut bytes).expect("it can be read"), bytes.len());
        Some(bytes)
    }

    #[test]
    fn a_reader_sees_no_journal_that_came_after_it() {
        with_file(|file| {
            let (disk, _lock) = RealDisk::open_to_read(file).expect("the file opens");
            std::fs::write(journal_path(file), b"a commit that waits for the reader").expect("it can be written");
            assert_eq!(content(&disk, Part::Journal), None);
        });
    }

    #[test]
    fn a_reader_keeps_the_journal_that_was_there_first() {
        with_file(|file| {
            let write = |path: &Path, bytes: &str| std::fs::write(path, bytes).expect("it can be written");
            write(&journal_path(file), "first");
            let (disk, _lock) = RealDisk::open_to_read(file).expect("the file opens");
            let new = with_suffix(file, ".journal.new");
            write(&new, "the first and the second");
            std::fs::rename(&new, journal_path(file)).expect("it can be renamed");
            assert_eq!(content(&disk, Part::Journal).as_deref(), Some(b"first".as_slice()));
        });
    }

    #[test]
    fn a_reader_keeps_the_file_that_another_takes_the_place_of() {
        with_file(|file| {
            let (disk, lock) = RealDisk::open_to_read(file).expect("the file opens");
            let new = with_suffix(file, ".compact");
            std::fs::write(&new, b"compacted").expect("it can be written");
            std::fs::rename(&new, file).expect("it can be renamed");
            assert!(!lock.is_of(file));
            assert_eq!(content(&disk, Part::Main).as_deref(), Some(b"as the last commit left it".as_slice()));
        });
    }

    #[test]
    fn readers_go_when_their_lock_does() {
        with_file(|file| {
            let (reader, lock) = RealDisk::open_to_read(file).expect("the file opens");
            let mut writer = RealDisk::open(file).expect("the file opens");
            assert!(!writer.try_lock_readers_out().expect("locks work"));
            drop(lock);
            assert!(writer.try_lock_readers_out().expect("locks work"), "{reader:?} has none any more");
        });
    }
}
