//! Rows on their way into one dataset: by chunks that pypet makes, where it knows how, and else by the library.

use hdf5::Dataset;

use super::chunks::{Compressors, Packing};
use super::raw;
use crate::value::{Cells, ElementType};

/// A dataset of rows that is being written.
#[derive(Debug)]
pub(super) struct RowWriter {
    dataset: Dataset,
    packing: Option<Packing>,
}

impl RowWriter {
    /// `compressors` make chunks beside the thread that writes, if they are to be compressed.
    pub(super) fn of(dataset: Dataset, element: ElementType, compressors: Option<&Compressors>) -> hdf5::Result<Self> {
        Ok(Self { packing: Packing::of(&dataset, element, compressors)?, dataset })
    }

    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Writes cells of one shape as consecutive rows.
    pub(super) fn write(&mut self, first: usize, cells: &Cells) -> hdf5::Result<()> {
        match self.packing_of(cells.element()) {
            Some(packing) => packing.write(first, cells.bytes()),
            // The library converts on the way.
            None => raw::write_rows(&self.dataset, first, cells),
        }
    }

    /// Writes each element as a row.
    pub(super) fn write_elements(&mut self, first: usize, cells: &Cells) -> hdf5::Result<()> {
        if let Some(packing) = self.packing_of(cells.element()) {
            // They lie side by side already.
            return packing.write(first, cells.bytes());
        }
        let mut flat = Cells::new(cells.element(), 0);
        cells.iter().for_each(|cell| flat.push_elements(&cell));
        raw::write_rows(&self.dataset, first, &flat)
    }

    /// Consecutive single numbers that are to be written anew, with all that was written before.
    pub(super) fn read(&mut self, element: ElementType, first: usize, count: usize) -> hdf5::Result<Cells> {
        let Some(packing) = self.packing_of(element) else {
            return raw::read_rows(&self.dataset, element, first, count);
        };
        let mut bytes = vec![0; count * element.size().unwrap_or_default()];
        packing.read(first, &mut bytes)?;
        Ok(Cells::from_bytes(element, &[], count, bytes))
    }

    /// Has all that waits for its chunk to be whole made a chunk, before [`settle`](Self::settle).
    pub(super) fn submit(&mut self) -> hdf5::Result<()> {
        self.packing.as_mut().map_or(Ok(()), Packing::submit)
    }

    /// Waits until all that was written is in the file.
    pub(super) fn settle(&mut self) -> hdf5::Result<()> {
        self.packing.as_mut().map_or(Ok(()), Packing::settle)
    }

    fn packing_of(&mut self, element: ElementType) -> Option<&mut Packing> {
        self.packing.as_mut().filter(|packing| packing.element() == element)
    }
}
