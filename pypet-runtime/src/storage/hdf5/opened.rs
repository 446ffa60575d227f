//! Columns that stay open while a trajectory is read, so that reading run by run does not look for each anew.
//!
//! What is read does not change under a reader, so a column that is open stays as it is. The library keeps some
//! mebibytes of decoded chunks with each, so their number is bounded.

use std::sync::{Arc, Mutex, PoisonError};

use hdf5::Dataset;

use super::chunks::Chunking;
use super::raw;
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
    chunking: Option<Chunking>,
}

impl Rows {
    pub(super) fn open(path: &str, dataset: Dataset, element: ElementType) -> hdf5::Result<Self> {
        let chunking = Chunking::of(&dataset, element)?;
        Ok(Self { path: path.into(), shape: dataset.shape(), dataset, element, chunking })
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    pub(super) fn read(&self, first: usize, count: usize) -> hdf5::Result<Cells> {
        let shape = self.row_shape();
        match (&self.chunking, self.element.size()) {
            (Some(chunking), Some(size)) if chunking.has_whole(&(first..first + count)) => {
                let mut bytes = vec![0; count * size * shape.iter().product::<usize>()];
                chunking.read(&self.dataset, self.element, first, &mut bytes)?;
                Ok(Cells::from_bytes(self.element, shape, count, bytes))
            }
            _ => raw::read_rows_of(&self.dataset, self.element, shape, first, count),
        }
    }

    /// Reads rows of numbers into memory that has exactly their bytes.
    pub(super) fn read_into(&self, first: usize, room: &mut [u8]) -> hdf5::Result<()> {
        match &self.chunking {
            Some(chunking) => chunking.read(&self.dataset, self.element, first, room),
            None => raw::read_rows_into(&self.dataset, self.element, self.row_shape(), first, room),
        }
    }

    /// The shape of one row.
    pub(super) fn row_shape(&self) -> &[usize] {
        self.shape.get(1..).unwrap_or_default()
    }
}

/// The columns that were read last, by path, the latest at the end.
#[derive(Debug, Default)]
pub(super) struct OpenColumns(Mutex<Vec<(String, Arc<OpenColumn>)>>);

impl OpenColumns {
    pub(super) fn get_or_open(
        &self,
        path: &str,
        open: impl FnOnce() -> Result<OpenColumn, StorageError>,
    ) -> Result<Arc<OpenColumn>, StorageError> {
        let mut columns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(position) = columns.iter().rposition(|(other, _)| other == path) {
            columns[position..].rotate_left(1);
        } else {
            let column = Arc::new(open()?);
            if columns.len() == MOST_COLUMNS {
                columns.remove(0);
            }
            columns.push((path.into(), column));
        }
        Ok(columns.last().expect("just put there").1.clone())
    }
}
