//! Columns that stay open while a trajectory is read, so that reading run by run does not look for each anew.
//!
//! What is read does not change under a reader, so a column that is open stays as it is. The library keeps some
//! mebibytes of decoded chunks with each, so their number is bounded.

use std::sync::{Arc, Mutex, PoisonError};

use hdf5::Dataset;

use super::raw;
use crate::storage::StorageError;
use crate::value::{Cells, ElementType};

/// Columns that are open at most.
const MOST_COLUMNS: usize = 16;

/// A column as it lies in the file.
#[derive(Debug)]
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
}

impl Rows {
    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    pub(super) fn read(&self, first: usize, count: usize) -> hdf5::Result<Cells> {
        raw::read_rows_of(&self.dataset, self.element, self.shape.get(1..).unwrap_or_default(), first, count)
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
