//! Columns that stay open while a trajectory is read, so that reading run by run does not look for each anew.
//!
//! What is read does not change under a reader, so a column that is open stays as it is. Decoded chunks of all columns
//! are kept together (`chunks/unpacking.rs`). Of what pypet does not decode itself, texts above all, the library keeps some
//! mebibytes with each column, so the number of these is bounded.

use std::sync::Arc;

use hdf5::Dataset;

use super::chunks::{DecodedChunks, Unpacking};
use super::raw;
use super::recent::Recent;
use crate::storage::StorageError;
use crate::value::{Cells, ElementType};

/// Columns that are open at most.
const MOST_COLUMNS: usize = 16;

/// A column as it lies in the file.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a reader has few of them, each behind a pointer of its own")]
pub(super) enum OpenColumn {
    Dense(Rows),
    Ragged {
        rank: usize,
        values: Rows,
        row_start: Rows,
        row_size: Rows,
        /// From two dimensions on.
        row_shape: Option<Rows>,
    },
}

/// A dataset of rows, with all that reading some of them needs to know.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) path: String,
    pub(super) dataset: Dataset,
    pub(super) element: ElementType,
    pub(super) shape: Vec<usize>,
    /// The way out of the dataset, if its chunks are ours to decode.
    unpacking: Option<Unpacking>,
}

impl Rows {
    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    pub(super) fn read(&self, first: usize, count: usize) -> hdf5::Result<Cells> {
        let shape = self.row_shape();
        let (Some(unpacking), Some(size)) = (&self.unpacking, self.element.size()) else {
            return raw::read_rows_of(&self.dataset, self.element, shape, first, count);
        };
        let mut bytes = vec![0; count * size * shape.iter().product::<usize>()];
        unpacking.read(first, &mut bytes)?;
        Ok(Cells::from_bytes(self.element, shape, count, bytes))
    }

    /// Reads rows of numbers into memory that has exactly their bytes.
    pub(super) fn read_into(&self, first: usize, room: &mut [u8]) -> hdf5::Result<()> {
        match &self.unpacking {
            Some(unpacking) => unpacking.read(first, room),
            None => raw::read_rows_into(&self.dataset, self.element, self.row_shape(), first, room),
        }
    }

    /// The shape of one row.
    pub(super) fn row_shape(&self) -> &[usize] {
        self.shape.get(1..).unwrap_or_default()
    }
}

/// The columns that were read last, by path, and what was decoded of them.
#[derive(Debug)]
pub(super) struct OpenColumns {
    columns: Recent<String, Arc<OpenColumn>>,
    decoded: Arc<DecodedChunks>,
}

impl Default for OpenColumns {
    fn default() -> Self {
        Self { columns: Recent::new(MOST_COLUMNS), decoded: Arc::default() }
    }
}

impl OpenColumns {
    pub(super) fn get_or_open(
        &self,
        path: &str,
        open: impl FnOnce() -> Result<OpenColumn, StorageError>,
    ) -> Result<Arc<OpenColumn>, StorageError> {
        if let Some(column) = self.columns.with(path, Arc::clone) {
            return Ok(column);
        }
        let column = Arc::new(open()?);
        self.columns.put(path.into(), column.clone(), 1);
        Ok(column)
    }

    /// The rows of a dataset.
    pub(super) fn rows_of(&self, path: &str, dataset: Dataset, element: ElementType) -> hdf5::Result<Rows> {
        let unpacking = Unpacking::of(&dataset, element, &self.decoded)?;
        Ok(Rows { path: path.into(), shape: dataset.shape(), dataset, element, unpacking })
    }
}
