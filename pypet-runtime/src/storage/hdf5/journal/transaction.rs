//! Changes that become part of a file all at once.
//!
//! Bytes beyond the committed end go straight to the file: nobody looks there yet. Changes to committed bytes
//! stay in memory, page by page, until a commit writes them to the journal and only then into the file.
//!
//! While changes are applied the file's signature is replaced, so that a program which finds a file whose
//! writer was killed just then refuses it rather than reading half of a commit. [`recover`] finishes or undoes
//! what such a writer left.

use std::collections::BTreeMap;
use std::{fmt, io};

use super::disk::{Disk, Part};
use super::record::{Change, Record};
use super::superblock;

const PAGE: u64 = 4096;
/// What every HDF5 file begins with.
pub(super) const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
/// What a file begins with while a commit is applied.
const GUARD: [u8; 8] = *b"\x89pypet\r\n";

/// What the first bytes of a file say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage) enum Signature {
    /// HDF5.
    Whole,
    /// A commit is, or was, being applied.
    Guarded,
    /// Some other file.
    Foreign,
}

impl Signature {
    pub(in crate::storage) fn of(first: &[u8]) -> Self {
        // A write that failed halfway leaves the beginning of the one and the end of the other.
        let is_between = |(i, byte): (usize, &u8)| *byte == GUARD[i] || *byte == SIGNATURE[i];
        match first.first_chunk::<8>() {
            Some(first) if *first == SIGNATURE => Self::Whole,
            Some(first) if first.iter().enumerate().all(is_between) => Self::Guarded,
            _ => Self::Foreign,
        }
    }
}

/// A file and the changes that are not committed yet.
pub(in crate::storage) struct Transaction {
    disk: Box<dyn Disk>,
    /// Changed pages of committed bytes; what of a page lies at or beyond `bound` is meaningless.
    pages: BTreeMap<u64, Box<[u8]>>,
    /// Committed bytes: never changed in place but by a commit.
    bound: u64,
    /// Bytes of the file as HDF5 sees it.
    end: u64,
    /// A committed journal that readers have kept from being applied.
    deferred: bool,
    /// Whether the file has its name.
    published: bool,
    /// A write that failed; nothing more is written and nothing is committed.
    failure: Option<io::Error>,
    /// Bytes that there are, where the file is shorter than it says; those beyond cannot be read.
    present: Option<u64>,
    /// Whether nothing is ever committed.
    is_view: bool,
}

impl Transaction {
    /// Begins on a file that exists, after finishing or undoing what a killed writer left.
    ///
    /// Where readers keep a commit waiting in the journal, it goes on from there and leaves the file alone.
    pub(in crate::storage) fn open(mut disk: Box<dyn Disk>) -> io::Result<Self> {
        if recover_if_alone(&mut *disk)?.is_some() {
            return Self::begin(disk);
        }
        let waiting = Waiting::of(&*disk)?;
        let deferred = waiting.guarded || waiting.record.is_some();
        Ok(Self { deferred, ..Self::with(disk, waiting)? })
    }

    fn begin(disk: Box<dyn Disk>) -> io::Result<Self> {
        let end = disk.len(Part::Main)?.unwrap_or(0);
        Ok(Self {
            disk,
            pages: BTreeMap::new(),
            bound: end,
            end,
            deferred: false,
            published: true,
            failure: None,
            present: None,
            is_view: false,
        })
    }

    /// Begins on a new file, which gets its name with the first commit.
    pub(in crate::storage) fn begin_new(disk: Box<dyn Disk>) -> Self {
        Self {
            disk,
            pages: BTreeMap::new(),
            bound: 0,
            end: 0,
            deferred: false,
            published: false,
            failure: None,
            present: None,
            is_view: false,
        }
    }

    /// Sees a file as its last commit left it, whatever a killed writer did to it since; changes nothing.
    pub(in crate::storage) fn view(disk: Box<dyn Disk>) -> io::Result<Self> {
        let waiting = Waiting::of(&*disk)?;
        Ok(Self { is_view: true, ..Self::with(disk, waiting)? })
    }

    /// The same for a file that may be damaged: what was cut off is an error where it is read, and not before.
    pub(in crate::storage) fn view_damaged(disk: Box<dyn Disk>) -> io::Result<Self> {
        let mut seen = Self::view(disk)?;
        let mut start = [0; superblock::BYTES];
        seen.read(0, &mut start)?;
        seen.present = Some(seen.end);
        seen.end = superblock::end(&start).map_or(seen.end, |end| seen.end.max(end));
        Ok(seen)
    }

    /// Bytes that the file says it has and that are not there.
    pub(in crate::storage) fn cut_off(&self) -> u64 {
        self.present.map_or(0, |present| self.end - present)
    }

    /// Whether the file is only read, so that what is written stays in memory.
    pub(in crate::storage) fn is_view(&self) -> bool {
        self.is_view
    }

    /// The file with a commit that waits in the journal laid over it.
    fn with(disk: Box<dyn Disk>, waiting: Waiting) -> io::Result<Self> {
        let mut seen = Self::begin(disk)?;
        if let Some(record) = waiting.record {
            seen.end = record.new_len;
            seen.bound = record.new_len;
            for change in record.changes {
                seen.page(change.address / PAGE)?[..change.bytes.len()].copy_from_slice(&change.bytes);
            }
        }
        if waiting.guarded {
            seen.page(0)?[..SIGNATURE.len()].copy_from_slice(&SIGNATURE);
        }
        Ok(seen)
    }

    /// Whether commits wait until the disk has them.
    pub(in crate::storage) fn set_durable(&mut self, durable: bool) {
        self.disk.set_durable(durable);
    }

    /// Bytes of the file, changes included.
    pub(in crate::storage) fn end(&self) -> u64 {
        self.end
    }

    /// Reads; beyond the end there are zeros.
    pub(in crate::storage) fn read(&self, address: u64, buffer: &mut [u8]) -> io::Result<()> {
        let wanted = address.saturating_add(buffer.len() as u64);
        if self.present.is_some_and(|present| wanted > present) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = self.disk.read_at(Part::Main, address, buffer)?;
        buffer[count..].fill(0);
        let end = (address + buffer.len() as u64).min(self.bound);
        if address >= end {
            return Ok(());
        }
        for (&page, bytes) in self.pages.range(address / PAGE..end.div_ceil(PAGE)) {
            let from = address.max(page * PAGE);
            let to = end.min((page + 1) * PAGE);
            buffer[index(from - address)..index(to - address)]
                .copy_from_slice(&bytes[index(from - page * PAGE)..index(to - page * PAGE)]);
        }
        Ok(())
    }

    /// Writes; after a failure nothing happens any more, and the commit says why.
    pub(in crate::storage) fn write(&mut self, address: u64, bytes: &[u8]) {
        if self.failure.is_none()
            && let Err(error) = self.try_write(address, bytes)
        {
            self.failure = Some(error);
        }
    }

    fn try_write(&mut self, address: u64, bytes: &[u8]) -> io::Result<()> {
        let old = index(self.bound.saturating_sub(address)).min(bytes.len());
        let mut from = 0;
        while from < old {
            let at = address + from as u64;
            let within = index(at % PAGE);
            let count = (index(PAGE) - within).min(old - from);
            self.page(at / PAGE)?[within..within + count].copy_from_slice(&bytes[from..from + count]);
            from += count;
        }
        if old < bytes.len() {
            self.disk.write_at(Part::Main, address + old as u64, &bytes[old..])?;
        }
        self.end = self.end.max(address + bytes.len() as u64);
        Ok(())
    }

    fn page(&mut self, page: u64) -> io::Result<&mut [u8]> {
        if !self.pages.contains_key(&page) {
            let mut bytes = vec![0; index(PAGE)].into_boxed_slice();
            self.disk.read_at(Part::Main, page * PAGE, &mut bytes)?;
            self.pages.insert(page, bytes);
        }
        Ok(self.pages.get_mut(&page).expect("just inserted"))
    }

    /// Gives the file a length; what is committed is only cut by the commit.
    pub(in crate::storage) fn set_end(&mut self, end: u64) {
        if self.failure.is_some() {
            return;
        }
        match self.disk.set_len(Part::Main, end.max(self.bound)) {
            Ok(()) => self.end = end,
            Err(error) => self.failure = Some(error),
        }
    }

    /// Makes all changes last, at once.
    ///
    /// # Errors
    /// A write failed since the last commit, or one fails now. Then the file is as the last commit left it.
    pub(in crate::storage) fn commit(&mut self) -> io::Result<()> {
        let committed = match self.failure.take() {
            Some(error) => Err(error),
            None => self.try_commit(),
        };
        if let Err(error) = &committed {
            self.failure = Some(io::Error::new(error.kind(), error.to_string()));
        }
        committed
    }

    fn try_commit(&mut self) -> io::Result<()> {
        let record = self.record()?;
        if record.changes.is_empty() && !self.deferred {
            // Nothing old is touched, so new bytes alone make the commit.
            self.disk.set_len(Part::Main, self.end)?;
            self.disk.sync(Part::Main)?;
            if !self.published {
                self.disk.publish()?;
                self.disk.sync_folder()?;
                self.published = true;
            }
            self.bound = self.end;
            self.pages.clear();
            return Ok(());
        }
        self.disk.sync(Part::Main)?;
        write_journal(&mut *self.disk, &record.encode())?;
        if self.disk.try_lock_readers_out()? {
            apply(&mut *self.disk, &record)?;
            self.disk.let_readers_in()?;
            self.disk.sync(Part::Main)?;
            self.disk.remove(Part::Journal)?;
            self.disk.sync_folder()?;
            self.pages.clear();
            self.bound = self.end;
            self.deferred = false;
        } else {
            self.grow_bound()?;
            self.deferred = true;
        }
        Ok(())
    }

    /// What differs from the committed bytes on the disk.
    fn record(&self) -> io::Result<Record> {
        let mut changes = Vec::new();
        for (&page, bytes) in &self.pages {
            let address = page * PAGE;
            let len = index((self.bound.min(self.end)).saturating_sub(address)).min(index(PAGE));
            let mut old = vec![0; len];
            self.disk.read_at(Part::Main, address, &mut old)?;
            if old != bytes[..len] {
                changes.push(Change { address, old_sum: crc32fast::hash(&old), bytes: bytes[..len].to_vec() });
            }
        }
        Ok(Record { old_len: self.bound, new_len: self.end, changes })
    }

    /// After a commit that is not applied yet, its new bytes count as committed as well.
    fn grow_bound(&mut self) -> io::Result<()> {
        let old = self.bound;
        self.bound = self.bound.max(self.end);
        // What a page held beyond the old bound was never kept up to date.
        let within = index(old % PAGE);
        if within > 0
            && let Some(bytes) = self.pages.get_mut(&(old / PAGE))
        {
            self.disk.read_at(Part::Main, old, &mut bytes[within..])?;
        }
        Ok(())
    }

    /// Forgets all changes since the last commit, and applies that one if readers allow it now.
    ///
    /// What goes wrong here the next recovery puts right.
    pub(in crate::storage) fn abandon(&mut self) {
        self.pages.clear();
        if !self.published {
            let _ = self.disk.remove(Part::Main);
        } else if self.failure.is_some() || self.end != self.bound || self.deferred {
            self.end = self.bound;
            let _ = recover_if_alone(&mut *self.disk);
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transaction ({} of {} bytes committed, {} pages changed)", self.bound, self.end, self.pages.len())
    }
}

/// What a recovery found and put right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::storage) struct Recovered {
    /// Bytes of the journal whose commit was applied.
    pub(in crate::storage) applied: Option<u64>,
    /// Bytes of journals that were of no use any more.
    pub(in crate::storage) useless: Option<u64>,
    /// Whether the file's signature was replaced.
    pub(in crate::storage) guarded: bool,
    /// Bytes behind the end that the last commit vouches for.
    pub(in crate::storage) tail: u64,
}

/// A journal that fits neither the file before nor the file after its commit.
#[derive(Debug, thiserror::Error)]
#[error(
    "another program changed the file while a commit of ours was waiting in the journal beside it; \
     `repair` sets the journal aside and looks at what the file holds"
)]
pub(in crate::storage) struct Conflict;

impl Conflict {
    pub(in crate::storage) fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Self>)
    }
}

/// Recovers a file unless it is being read; tells what was found if it was done.
///
/// # Errors
/// As [`recover`].
pub(in crate::storage) fn recover_if_alone(disk: &mut dyn Disk) -> io::Result<Option<Recovered>> {
    if !disk.try_lock_readers_out()? {
        return Ok(None);
    }
    let recovered = recover(disk);
    disk.let_readers_in()?;
    recovered.map(Some)
}

/// Finishes or undoes what a killed writer left, so that the file holds exactly the committed runs.
///
/// # Errors
/// The file was changed by another program since, or the system refuses.
pub(super) fn recover(disk: &mut dyn Disk) -> io::Result<Recovered> {
    let waiting = Waiting::of(disk)?;
    let mut found = Recovered { guarded: waiting.guarded, ..Recovered::default() };
    match &waiting {
        Waiting { record: Some(record), .. } => {
            apply(disk, record)?;
            disk.sync(Part::Main)?;
            found.applied = disk.len(Part::Journal)?;
        }
        Waiting { guarded: true, record: None } => {
            disk.write_at(Part::Main, 0, &SIGNATURE)?;
            disk.sync(Part::Main)?;
        }
        Waiting { guarded: false, record: None } => {}
    }
    for part in [Part::Journal, Part::NewJournal] {
        if let Some(bytes) = disk.len(part)? {
            if part == Part::NewJournal || found.applied.is_none() {
                found.useless = Some(found.useless.unwrap_or(0) + bytes);
            }
            disk.remove(part)?;
            disk.sync_folder()?;
        }
    }
    found.tail = cut_unfinished_tail(disk)?;
    Ok(found)
}

/// Whether there is a journal that is not whole, as only damage leaves one.
pub(in crate::storage) fn has_damaged_journal(disk: &dyn Disk) -> io::Result<bool> {
    Ok(disk.len(Part::Journal)?.is_some() && read_journal(disk)?.is_none())
}

/// What a file waits for.
struct Waiting {
    /// Whether its signature is replaced, as it is while a commit is applied.
    guarded: bool,
    /// The commit that is to be applied.
    record: Option<Record>,
}

impl Waiting {
    fn of(disk: &dyn Disk) -> io::Result<Self> {
        let guarded = Signature::of(&first_bytes(disk)?) == Signature::Guarded;
        let mut record = read_journal(disk)?;
        // Beside an intact signature a journal was applied wholly or not at all.
        if let Some(found) = record.as_ref().filter(|_| !guarded) {
            match state_of(disk, found)? {
                Applied::Wholly => record = None,
                Applied::NotAtAll => {}
                Applied::Partly => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, Conflict));
                }
            }
        }
        Ok(Self { guarded, record })
    }
}

/// Cuts what was written beyond the end that the file itself vouches for; gives the number of bytes.
fn cut_unfinished_tail(disk: &mut dyn Disk) -> io::Result<u64> {
    let mut start = [0; superblock::BYTES];
    disk.read_at(Part::Main, 0, &mut start)?;
    // A damaged superblock vouches for nothing.
    let Some(end) = superblock::end(&start) else { return Ok(0) };
    let tail = disk.len(Part::Main)?.map_or(0, |len| len.saturating_sub(end));
    if tail > 0 {
        disk.set_len(Part::Main, end)?;
    }
    Ok(tail)
}

/// Whether a journal was applied to the file.
enum Applied {
    NotAtAll,
    Partly,
    Wholly,
}

fn state_of(disk: &dyn Disk, record: &Record) -> io::Result<Applied> {
    let (mut old, mut new) = (true, true);
    for change in &record.changes {
        let mut bytes = vec![0; change.bytes.len()];
        disk.read_at(Part::Main, change.address, &mut bytes)?;
        old &= crc32fast::hash(&bytes) == change.old_sum;
        new &= bytes == change.bytes;
    }
    Ok(match (old, new) {
        (_, true) => Applied::Wholly,
        (true, false) => Applied::NotAtAll,
        (false, false) => Applied::Partly,
    })
}

fn write_journal(disk: &mut dyn Disk, bytes: &[u8]) -> io::Result<()> {
    disk.set_len(Part::NewJournal, 0)?;
    disk.write_at(Part::NewJournal, 0, bytes)?;
    disk.sync(Part::NewJournal)?;
    disk.rename(Part::NewJournal, Part::Journal)?;
    disk.sync_folder()
}

fn read_journal(disk: &dyn Disk) -> io::Result<Option<Record>> {
    let Some(len) = disk.len(Part::Journal)? else { return Ok(None) };
    let mut bytes = vec![0; index(len)];
    let count = disk.read_at(Part::Journal, 0, &mut bytes)?;
    Ok(Record::decode(&bytes[..count]))
}

/// Puts the changes of a journal into the file, the signature last; may be done again at any point.
///
/// Afterwards the file is whole for everybody, but the journal must stay until it is synced once more.
fn apply(disk: &mut dyn Disk, record: &Record) -> io::Result<()> {
    disk.write_at(Part::Main, 0, &GUARD)?;
    disk.sync(Part::Main)?;
    for change in &record.changes {
        let hidden = index((SIGNATURE.len() as u64).saturating_sub(change.address)).min(change.bytes.len());
        disk.write_at(Part::Main, change.address + hidden as u64, &change.bytes[hidden..])?;
    }
    disk.set_len(Part::Main, record.new_len)?;
    disk.sync(Part::Main)?;
    disk.write_at(Part::Main, 0, &SIGNATURE)
}

fn first_bytes(disk: &dyn Disk) -> io::Result<[u8; 8]> {
    let mut first = [0; 8];
    disk.read_at(Part::Main, 0, &mut first)?;
    Ok(first)
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("what is in memory can be counted")
}
