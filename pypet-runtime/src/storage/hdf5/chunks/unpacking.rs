//! Rows on their way out of chunks of the file.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hdf5::Dataset;
use rayon::prelude::*;

use super::super::recent::Recent;
use super::{Chunking, Codec, Decoder, raw};
use crate::value::ElementType;

/// From here on it pays to wake other threads.
const PARALLEL_BYTES: usize = if cfg!(test) { 256 } else { 4 << 20 };
/// Bytes of decoded chunks that are kept for all columns of a trajectory together.
const MOST_KEPT: usize = if cfg!(test) { 1024 } else { 64 << 20 };

/// Decoded chunks that rows were read from singly, of all columns of a trajectory, for the next rows.
pub(in super::super) struct DecodedChunks {
    /// By the number of the column and the first row.
    chunks: Recent<(u64, usize), Vec<u8>>,
    n_columns: AtomicU64,
    /// Those that nobody uses at present.
    decoders: Mutex<Vec<Decoder>>,
}

impl Default for DecodedChunks {
    fn default() -> Self {
        Self { chunks: Recent::new(MOST_KEPT), n_columns: AtomicU64::new(0), decoders: Mutex::default() }
    }
}

impl fmt::Debug for DecodedChunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecodedChunks")
    }
}

impl DecodedChunks {
    fn with_decoder<T>(&self, decode: impl FnOnce(&mut Decoder) -> T) -> T {
        let decoders = || self.decoders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut decoder = decoders().pop().unwrap_or_default();
        let decoded = decode(&mut decoder);
        decoders().push(decoder);
        decoded
    }
}

/// Takes rows of one dataset out of chunks, whole ones on all cores straight into the memory that is to hold them.
#[derive(Debug)]
pub(in super::super) struct Unpacking {
    dataset: Dataset,
    element: ElementType,
    chunking: Chunking,
    decoded: Arc<DecodedChunks>,
    /// Tells the chunks of this dataset from others.
    column: u64,
}

impl Unpacking {
    /// For a dataset whose chunks we understand.
    pub(in super::super) fn of(
        dataset: &Dataset,
        element: ElementType,
        decoded: &Arc<DecodedChunks>,
    ) -> hdf5::Result<Option<Self>> {
        let unpacking = |chunking| Self {
            dataset: dataset.clone(),
            element,
            chunking,
            decoded: decoded.clone(),
            column: decoded.n_columns.fetch_add(1, Ordering::Relaxed),
        };
        Ok(Chunking::of(dataset, element)?.map(unpacking))
    }

    /// Reads consecutive rows into memory that has exactly their bytes.
    ///
    /// # Errors
    /// The library's own for a chunk that it cannot read either.
    pub(in super::super) fn read(&self, first: usize, room: &mut [u8]) -> hdf5::Result<()> {
        let Chunking { rows, row_bytes, .. } = self.chunking;
        let before = (first.next_multiple_of(rows) - first) * row_bytes;
        let (before, chunks) = room.split_at_mut(before.min(room.len()));
        if !before.is_empty() {
            self.read_part(first, before)?;
        }
        if chunks.is_empty() {
            return Ok(());
        }
        let first = first.next_multiple_of(rows);
        let read = |decoder: &mut Decoder, (index, room): (usize, &mut [u8])| {
            let first = first + index * rows;
            if room.len() < self.chunk_bytes() {
                return self.read_part(first, room);
            }
            if self.decode(first, decoder, room) { Ok(()) } else { self.read_by_library(first, room) }
        };
        if chunks.len() < PARALLEL_BYTES {
            let mut chunks = chunks.chunks_mut(self.chunk_bytes()).enumerate();
            return self.decoded.with_decoder(|decoder| chunks.try_for_each(|chunk| read(decoder, chunk)));
        }
        chunks.par_chunks_mut(self.chunk_bytes()).enumerate().try_for_each_init(Decoder::default, read)
    }

    /// Reads some rows of one chunk, which is kept for the next ones.
    fn read_part(&self, first: usize, room: &mut [u8]) -> hdf5::Result<()> {
        let within = first % self.chunking.rows;
        let key = (self.column, first - within);
        let mut copy = |chunk: &Vec<u8>| room.copy_from_slice(&chunk[within * self.chunking.row_bytes..][..room.len()]);
        if self.decoded.chunks.with(&key, &mut copy).is_some() {
            return Ok(());
        }
        // A chunk of another program may be too large to be held for a row of it.
        if self.chunk_bytes() > MOST_KEPT {
            return self.read_by_library(first, room);
        }
        let mut chunk = vec![0; self.chunk_bytes()];
        if !self.decoded.with_decoder(|decoder| self.decode(first - within, decoder, &mut chunk)) {
            return self.read_by_library(first, room);
        }
        copy(&chunk);
        let n_bytes = chunk.len();
        self.decoded.chunks.put(key, chunk, n_bytes);
        Ok(())
    }

    /// Reads one whole chunk; `false` if it is not there or not as it should be.
    fn decode(&self, first: usize, decoder: &mut Decoder, room: &mut [u8]) -> bool {
        let mut memory = std::mem::take(&mut decoder.memory);
        let chunk = raw::read_chunk(&self.dataset, first, Codec::most_bytes(room.len()), &mut memory);
        let is_read = matches!(chunk, Ok(Some(chunk)) if decoder.decode(self.chunking.codec, chunk, room));
        decoder.memory = memory;
        is_read
    }

    /// The library fills in what was never written, and says what is wrong with what cannot be read.
    fn read_by_library(&self, first: usize, room: &mut [u8]) -> hdf5::Result<()> {
        raw::read_rows_into(&self.dataset, self.element, &self.chunking.shape, first, room)
    }

    fn chunk_bytes(&self) -> usize {
        self.chunking.rows * self.chunking.row_bytes
    }
}
