//! Rows of a dataset, written and read with checksums.
//!
//! Numbers lie in chunks, each with a checksum of HDF5's own that every reader verifies. Texts lie elsewhere in
//! the file, where HDF5 has none; so a dataset of texts has a companion below `checksums` in the trajectory with
//! a CRC-32 for each row. Files that were written before there were companions are read as they are.

use std::ops::Range;

use hdf5::{Dataset, Group};

use super::columns::new_rows;
use super::groups::{ensure_groups, exists};
use super::{attributes, raw};
use crate::value::{Cells, ElementType};

/// The branch of a trajectory that holds the companions, under the paths of what they vouch for.
const CHECKSUMS: &str = "checksums";
/// The attribute with the checksum of a text that is a value of its own.
const CHECKSUM: &str = "checksum";

/// A dataset that has the row as its first dimension.
#[derive(Debug)]
pub(super) struct Rows {
    data: Dataset,
    /// Of texts: a checksum for each row.
    sums: Option<Dataset>,
}

impl Rows {
    /// Makes a dataset, compressed at a level from 1 to 9 or not at all.
    pub(super) fn create(
        parent: &Group,
        name: &str,
        element: ElementType,
        n_rows: usize,
        shape: &[usize],
        compress: Option<u8>,
    ) -> hdf5::Result<Self> {
        let data = new_rows(parent, name, element, n_rows, shape, compress)?;
        let sums = if element == ElementType::Text { Some(new_companion(parent, name, n_rows)?) } else { None };
        Ok(Self { data, sums })
    }

    pub(super) fn open(parent: &Group, name: &str, element: ElementType) -> hdf5::Result<Self> {
        Self::of(parent.dataset(name)?, element, parent, name)
    }

    /// The rows of a dataset that lies under this name.
    pub(super) fn of(data: Dataset, element: ElementType, parent: &Group, name: &str) -> hdf5::Result<Self> {
        let companion = if element == ElementType::Text { existing_companion(parent, name)? } else { None };
        Ok(Self { data, sums: companion.map(|path| parent.dataset(&path)).transpose()? })
    }

    pub(super) fn dataset(&self) -> &Dataset {
        &self.data
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.data.shape().first().copied().unwrap_or(0)
    }

    pub(super) fn set_len(&self, n_rows: usize) -> hdf5::Result<()> {
        self.sums.as_ref().map_or(Ok(()), |sums| raw::set_rows(sums, n_rows))?;
        raw::set_rows(&self.data, n_rows)
    }

    /// Writes cells of one shape as consecutive rows.
    pub(super) fn write(&self, first: usize, cells: &Cells) -> hdf5::Result<()> {
        raw::write_rows(&self.data, first, cells)?;
        let Some(sums) = &self.sums else { return Ok(()) };
        let end = first + cells.len();
        if sums.shape()[0] < end {
            raw::set_rows(sums, end)?;
        }
        let mut computed = Cells::new(ElementType::U32, 0);
        cells.iter().for_each(|cell| computed.push_number(checksum(cell.strings())));
        raw::write_rows(sums, first, &computed)
    }

    /// Reads consecutive rows, a cell each.
    pub(super) fn read(&self, element: ElementType, first: usize, count: usize) -> hdf5::Result<Cells> {
        let cells = raw::read_rows(&self.data, element, first, count)?;
        let sums = self.checksums(first, count)?;
        let is_sound = |(cell, &sum): (crate::value::Cell<'_>, &u32)| vouches(sum, cell.strings());
        if cells.iter().zip(&sums).all(is_sound) { Ok(cells) } else { Err(mismatch()) }
    }

    /// Reads all rows as one cell.
    pub(super) fn read_all(&self, element: ElementType) -> hdf5::Result<Cells> {
        let cells = read_value(&self.data, element)?;
        let sums = self.checksums(0, self.len())?;
        let per_row: usize = self.data.shape().iter().skip(1).product();
        let mut strings = cells.strings();
        let is_sound = sums.iter().all(|&sum| vouches(sum, strings.by_ref().take(per_row)));
        drop(strings);
        if is_sound { Ok(cells) } else { Err(mismatch()) }
    }

    /// The checksums of these rows, as far as there are any.
    fn checksums(&self, first: usize, count: usize) -> hdf5::Result<Vec<u32>> {
        let Some(sums) = &self.sums else { return Ok(Vec::new()) };
        let count = count.min(sums.shape()[0].saturating_sub(first));
        Ok(bytemuck::pod_collect_to_vec(raw::read_rows(sums, ElementType::U32, first, count)?.bytes()))
    }

    /// Which of these rows cannot be read, in stretches that lie in one chunk.
    pub(super) fn unreadable(&self, element: ElementType, rows: Range<usize>) -> Vec<Range<usize>> {
        let step = if self.sums.is_some() { 1 } else { self.data.chunk().map_or(1, |chunk| chunk[0].max(1)) };
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut first = rows.start;
        while first < rows.end {
            let end = ((first / step + 1) * step).min(rows.end);
            if self.read(element, first, end - first).is_err() {
                match found.last_mut() {
                    Some(last) if last.end == first => last.end = end,
                    _ => found.push(first..end),
                }
            }
            first = end;
        }
        found
    }
}

/// Writes a dataset that is one value.
pub(super) fn write_value(dataset: &Dataset, value: &Cells) -> hdf5::Result<()> {
    raw::write_value(dataset, value)?;
    if value.element() != ElementType::Text {
        return Ok(());
    }
    attributes::set(dataset, CHECKSUM, &checksum(value.strings()))
}

/// Reads a dataset as one value.
fn read_value(dataset: &Dataset, element: ElementType) -> hdf5::Result<Cells> {
    let value = raw::read_value(dataset, element)?;
    if element == ElementType::Text
        && let Some(sum) = attributes::number(dataset, CHECKSUM)?
        && u64::from(checksum(value.strings())) != sum
    {
        return Err(mismatch());
    }
    Ok(value)
}

/// Takes a dataset or a group of columns out of its parent, and what vouches for it along with it.
pub(super) fn unlink(parent: &Group, name: &str) -> hdf5::Result<()> {
    if let Some(path) = existing_companion(parent, name)? {
        parent.unlink(&path)?;
    }
    parent.unlink(name)
}

/// The CRC-32 of texts that are joined by NUL characters, which no text holds.
fn checksum<'a>(strings: impl Iterator<Item = &'a str>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for (position, text) in strings.enumerate() {
        if position > 0 {
            hasher.update(&[0]);
        }
        hasher.update(text.as_bytes());
    }
    hasher.finalize()
}

/// Whether a checksum vouches for texts; it is zero for a row that nobody wrote, which holds empty texts.
fn vouches<'a>(sum: u32, strings: impl Iterator<Item = &'a str>) -> bool {
    let mut are_empty = true;
    let computed = checksum(strings.inspect(|text| are_empty &= text.is_empty()));
    computed == sum || (sum == 0 && are_empty)
}

/// What is said of texts that are not those that were written.
fn mismatch() -> hdf5::Error {
    hdf5::Error::from("a text has another checksum than when it was written")
}

/// Whether an error is that bytes are not those that were written.
pub(super) fn is_damage(error: &hdf5::Error) -> bool {
    // The library has no code for it; [`mismatch`] and all of its own messages about it name a checksum.
    let tells = |text: &str| text.contains("checksum");
    match error {
        hdf5::Error::Internal(text) => tells(text),
        hdf5::Error::HDF5(stack) => {
            stack.clone().expand().is_ok_and(|stack| stack.iter().any(|frame| tells(frame.desc())))
        }
    }
}

fn new_companion(parent: &Group, name: &str, n_rows: usize) -> hdf5::Result<Dataset> {
    let path = companion(parent, name).ok_or("rows lie in a trajectory")?;
    let (groups, name) = path.rsplit_once('/').expect("a companion lies below a branch");
    let groups = ensure_groups(&parent.group("/")?, groups.trim_start_matches('/'))?;
    new_rows(&groups, name, ElementType::U32, n_rows, &[], None)
}

fn existing_companion(parent: &Group, name: &str) -> hdf5::Result<Option<String>> {
    let Some(path) = companion(parent, name) else { return Ok(None) };
    Ok(exists(&parent.group("/")?, &path[1..])?.then_some(path))
}

/// Where the checksums of what lies in a trajectory lie: `/study/checksums/results/word` for `/study/results/word`.
fn companion(parent: &Group, name: &str) -> Option<String> {
    let path = format!("{}/{name}", parent.name());
    let (trajectory, below) = path.strip_prefix('/')?.split_once('/')?;
    Some(format!("/{trajectory}/{CHECKSUMS}/{below}"))
}
