//! Rows on their way into chunks of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver, Sender};

use hdf5::Dataset;

use super::{Chunking, Compressors, Encoder, raw};
use crate::value::ElementType;

/// Chunks of one dataset that wait for further rows in memory.
const MOST_UNFINISHED: usize = 16;

/// Puts rows of one dataset into chunks, and compresses these beside the thread that writes.
///
/// Rows that are a whole chunk go into the file at once; others are gathered until they are one, or a commit wants
/// them. So a few rows cost a copy in memory and no call of the library.
#[derive(Debug)]
pub(in super::super) struct Packing {
    dataset: Dataset,
    element: ElementType,
    chunking: Chunking,
    /// Who compresses chunks; without them it is done here.
    compressors: Option<Compressors>,
    /// By the first row of each.
    unfinished: BTreeMap<usize, Unfinished>,
    /// The first rows of chunks that are being compressed.
    at_work: BTreeSet<usize>,
    finished: (Sender<Finished>, Receiver<Finished>),
    /// For what is made here; the compressors have their own.
    encoder: Encoder,
}

#[derive(Debug)]
struct Unfinished {
    rows: Vec<u8>,
    /// How many more are to come if each comes once; more than that do if some were there before.
    n_missing: usize,
}

/// The first row of a chunk, and its bytes as they stand in the file.
type Finished = (usize, Vec<u8>);

impl Packing {
    /// For a dataset whose chunks we know how to make.
    pub(in super::super) fn of(
        dataset: &Dataset,
        element: ElementType,
        compressors: Option<&Compressors>,
    ) -> hdf5::Result<Option<Self>> {
        let packing = |chunking: Chunking| Self {
            dataset: dataset.clone(),
            encoder: Encoder::new(chunking.codec),
            element,
            compressors: compressors.filter(|_| chunking.codec.level > 0).cloned(),
            chunking,
            unfinished: BTreeMap::new(),
            at_work: BTreeSet::new(),
            finished: mpsc::channel(),
        };
        Ok(Chunking::of(dataset, element)?.map(packing))
    }

    /// What the rows are made of.
    pub(in super::super) fn element(&self) -> ElementType {
        self.element
    }

    /// Takes consecutive rows.
    pub(in super::super) fn write(&mut self, first: usize, bytes: &[u8]) -> hdf5::Result<()> {
        let Chunking { rows, row_bytes, .. } = self.chunking;
        let (mut row, mut rest) = (first, bytes);
        while !rest.is_empty() {
            let within = row % rows;
            let (piece, behind) = rest.split_at(rest.len().min((rows - within) * row_bytes));
            if piece.len() == rows * row_bytes {
                self.unfinished.remove(&row);
                self.put(row, piece)?;
            } else {
                self.gather(row - within, within * row_bytes, piece)?;
            }
            row += piece.len() / row_bytes;
            rest = behind;
        }
        Ok(())
    }

    /// Reads consecutive rows that are to be written anew, as they are in the file or wait here.
    pub(in super::super) fn read(&mut self, first: usize, room: &mut [u8]) -> hdf5::Result<()> {
        let Chunking { rows, row_bytes, .. } = self.chunking;
        let (mut row, mut rest) = (first, room);
        while !rest.is_empty() {
            let within = row % rows;
            let (piece, behind) = rest.split_at_mut(rest.len().min((rows - within) * row_bytes));
            let chunk = self.unfinished(row - within)?;
            piece.copy_from_slice(&chunk.rows[within * row_bytes..][..piece.len()]);
            row += piece.len() / row_bytes;
            rest = behind;
        }
        Ok(())
    }

    /// Has everything made chunks that waits for further rows.
    pub(in super::super) fn submit(&mut self) -> hdf5::Result<()> {
        while let Some((first, chunk)) = self.unfinished.pop_first() {
            self.put(first, &chunk.rows)?;
        }
        Ok(())
    }

    /// Waits until all that was submitted stands in the file.
    pub(in super::super) fn settle(&mut self) -> hdf5::Result<()> {
        self.wait_while(|at_work| !at_work.is_empty())
    }

    /// Puts rows into a chunk that may get more of them.
    fn gather(&mut self, first: usize, offset: usize, piece: &[u8]) -> hdf5::Result<()> {
        let row_bytes = self.chunking.row_bytes;
        let chunk = self.unfinished(first)?;
        chunk.rows[offset..offset + piece.len()].copy_from_slice(piece);
        chunk.n_missing = chunk.n_missing.saturating_sub(piece.len() / row_bytes);
        if chunk.n_missing == 0 {
            let chunk = self.unfinished.remove(&first).expect("just there");
            self.put(first, &chunk.rows)?;
        }
        Ok(())
    }

    /// The chunk that begins with a row.
    fn unfinished(&mut self, first: usize) -> hdf5::Result<&mut Unfinished> {
        if !self.unfinished.contains_key(&first) {
            while self.unfinished.len() >= MOST_UNFINISHED {
                let (first, chunk) = self.unfinished.pop_first().expect("there are many");
                self.put(first, &chunk.rows)?;
            }
            let unfinished = self.begin(first)?;
            self.unfinished.insert(first, unfinished);
        }
        Ok(self.unfinished.get_mut(&first).expect("just inserted"))
    }

    /// A chunk with the rows that the file has of it, and what stands for missing ones elsewhere.
    fn begin(&mut self, first: usize) -> hdf5::Result<Unfinished> {
        self.wait_while(|at_work| at_work.contains(&first))?;
        let Chunking { rows, row_bytes, ref shape, .. } = self.chunking;
        let n_there = self.dataset.shape()[0].saturating_sub(first).min(rows);
        let mut chunk = match self.element {
            ElementType::F32 => f32::NAN.to_ne_bytes().repeat(rows * row_bytes / 4),
            ElementType::F64 => f64::NAN.to_ne_bytes().repeat(rows * row_bytes / 8),
            _ => vec![0; rows * row_bytes],
        };
        raw::read_rows_into(&self.dataset, self.element, shape, first, &mut chunk[..n_there * row_bytes])?;
        // Where the dataset ends within the chunk it may yet grow.
        Ok(Unfinished { rows: chunk, n_missing: rows })
    }

    /// Brings a whole chunk into the file, sooner or later.
    fn put(&mut self, first: usize, rows: &[u8]) -> hdf5::Result<()> {
        let codec = self.chunking.codec;
        let Some(compressors) = self.compressors.clone() else {
            return raw::write_chunk(&self.dataset, first, self.encoder.encode(rows));
        };
        let most = compressors.most_waiting();
        self.wait_while(|at_work| at_work.len() >= most || at_work.contains(&first))?;
        self.at_work.insert(first);
        let (finished, rows) = (self.finished.0.clone(), rows.to_vec());
        compressors.spawn(move || {
            let packed = Encoder::new(codec).encode(&rows).to_vec();
            // Where nobody waits for it any more, it is not wanted either.
            let _ = finished.send((first, packed));
        });
        Ok(())
    }

    /// Writes what was compressed: all that is ready, and more while that does not do.
    fn wait_while(&mut self, is_too_much: impl Fn(&BTreeSet<usize>) -> bool) -> hdf5::Result<()> {
        loop {
            let finished = if is_too_much(&self.at_work) {
                self.finished.1.recv().expect("this struct has a sender")
            } else if let Ok(finished) = self.finished.1.try_recv() {
                finished
            } else {
                return Ok(());
            };
            self.at_work.remove(&finished.0);
            raw::write_chunk(&self.dataset, finished.0, &finished.1)?;
        }
    }
}

/// Runs that the file calls done must not lose what still waits here, if commits are none of its driver's business.
impl Drop for Packing {
    fn drop(&mut self) {
        let _ = self.submit().and_then(|()| self.settle());
    }
}
