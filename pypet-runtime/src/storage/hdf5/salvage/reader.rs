//! A trajectory as any other, in which what is damaged is not there.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::{STATUS, Salvage, gaps};
use crate::storage::hdf5::annotations;
use crate::storage::{Header, Node, StorageError, TrajectoryReader};
use crate::value::{Cells, ElementType, Slice};

impl Salvage {
    fn has(&self, path: &str) -> bool {
        self.nodes.iter().any(|node| node.path == path)
    }

    fn missing(path: &str) -> StorageError {
        StorageError::NoNode { path: path.into() }
    }

    /// Rows of a column, and what stands for no value where they cannot be read.
    fn patched(&self, path: &str, holes: &[Range<usize>], rows: Range<usize>) -> Result<Cells, StorageError> {
        let is_ragged = self.reader.is_ragged(path);
        let (element, shape) = if is_ragged {
            let group = self.reader.trajectory.group(path).map_err(self.reader.place.failed("open", path))?;
            let rank = self.reader.rank(&group, path)?;
            (self.reader.dataset(&format!("{path}/values"))?.1, vec![0; rank])
        } else {
            let (dataset, element) = self.reader.dataset(path)?;
            (element, dataset.shape()[1..].to_vec())
        };
        let mut cells = Cells::new(element, shape.len());
        let mut next = rows.start;
        for readable in gaps(holes, rows.clone()) {
            (next..readable.start).for_each(|_| cells.push_fill(&shape));
            self.reader.rows(path, readable.clone())?.iter().for_each(|cell| cells.push_cell(&cell));
            next = readable.end;
        }
        (next..rows.end).for_each(|_| cells.push_fill(&shape));
        Ok(cells)
    }
}

impl TrajectoryReader for Salvage {
    fn header(&self) -> &Header {
        &self.reader.header
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.reader.path)
    }

    fn nodes(&self) -> Result<Vec<Node>, StorageError> {
        Ok(self.nodes.clone())
    }

    fn read(&self, path: &str) -> Result<Cells, StorageError> {
        let is_grid = path.starts_with("grid/") && self.reader.header.axes.is_some();
        if !is_grid && !self.has(path) {
            return Err(Self::missing(path));
        }
        match self.holes.get(path) {
            None => self.reader.read(path),
            // Of tables only the texts can have holes, or the whole table is not there.
            Some(holes) => {
                let n_rows = self.reader.dataset(path)?.0.shape().first().copied().unwrap_or(0);
                let rows = self.patched(path, holes, 0..n_rows)?;
                Ok(Cells::from_text(&[n_rows], 1, rows.strings().map(ToOwned::to_owned).collect::<Vec<_>>()))
            }
        }
    }

    fn rows(&self, path: &str, runs: Range<usize>) -> Result<Cells, StorageError> {
        if path == STATUS && runs.end <= self.statuses.len() {
            return Ok(Cells::from_bytes(ElementType::U8, &[], runs.len(), self.statuses[runs].to_vec()));
        }
        if !self.has(path) {
            return Err(Self::missing(path));
        }
        match self.holes.get(path) {
            None => self.reader.rows(path, runs),
            Some(holes) => self.patched(path, holes, runs),
        }
    }

    fn slice(&self, path: &str, runs: Option<Range<usize>>, slice: &Slice) -> Result<Cells, StorageError> {
        if !self.has(path) {
            return Err(Self::missing(path));
        }
        self.reader.slice(path, runs, slice)
    }

    /// Rows that are missing read as holes.
    fn n_rows(&self, _: &str) -> Result<usize, StorageError> {
        Ok(self.reader.header.n_runs)
    }

    fn annotations(&self, path: &str) -> Result<BTreeMap<String, Cells>, StorageError> {
        let readable = self.reader.at(path, "read the annotations of", |node| {
            let each = annotations::each(node)?.into_iter();
            Ok(each.filter_map(|(key, read)| Some((key, read.ok()??))).collect())
        });
        Ok(readable.unwrap_or_default())
    }

    fn comment(&self, path: &str) -> Result<String, StorageError> {
        Ok(self.reader.comment(path).unwrap_or_default())
    }
}
