//! Reading parts of values.

use std::iter;
use std::ops::Range;

use super::opened::{OpenColumn, Rows};
use super::reader::Hdf5Reader;
use super::{damage, raw};
use crate::storage::StorageError;
use crate::value::{Cells, Slice, Stretch, Window};

/// Elements of a ragged column between which no more lies are read at once, for the library reads whole chunks anyway.
const GAP_BYTES: usize = 64 << 10;

/// The part of each of these runs, or of a whole leaf.
pub(super) fn read(
    reader: &Hdf5Reader,
    path: &str,
    runs: Option<Range<usize>>,
    slice: &Slice,
) -> Result<Cells, StorageError> {
    let within = |shape: &[usize], run| {
        slice.within(shape).map_err(|source| StorageError::Slice { path: path.into(), run, source })
    };
    let Some(runs) = runs else {
        reader.refuse_ragged(path)?;
        let (dataset, element) = reader.dataset(path)?;
        let window = within(&dataset.shape(), None)?;
        let read = raw::read_part(&dataset, element, &window.axes, &window.shape, 1);
        return read.map_err(reader.place.failed("read a part of", path));
    };
    match &*reader.column(path)? {
        OpenColumn::Dense(rows) => {
            reader.expect_runs(rows, runs.end)?;
            let window = within(rows.shape.get(1..).unwrap_or_default(), None)?;
            let of_runs = Stretch { start: runs.start, step: 1, count: runs.len() };
            let axes: Vec<Stretch> = iter::once(of_runs).chain(window.axes).collect();
            let read = raw::read_part(&rows.dataset, rows.element, &axes, &window.shape, runs.len());
            read.map_err(|error| reader.in_runs(path, error, || damage::unreadable(&rows.dataset, rows.element, runs)))
        }
        OpenColumn::Ragged { rank, values, row_start, row_size, row_shape } => {
            let row_shape = row_shape.as_ref().unwrap_or(row_size);
            let index = reader.ragged_index(path, *rank, values, [row_start, row_size, row_shape], runs.clone())?;
            let mut cells: Option<Cells> = None;
            for (row, run) in runs.enumerate() {
                let (start, shape) = index.row(row);
                let window = within(shape, Some(run))?;
                let cells = cells.get_or_insert_with(|| Cells::new(values.element, window.shape.len()));
                let put = put_part(values, start, &window, shape, cells);
                put.map_err(|error| reader.in_runs(path, error, || iter::once(run..run + 1).collect()))?;
            }
            Ok(cells.unwrap_or_else(|| Cells::new(values.element, *rank)))
        }
    }
}

/// Reads a part of an array whose elements lie side by side from `start` on.
fn put_part(values: &Rows, start: usize, window: &Window, shape: &[usize], cells: &mut Cells) -> hdf5::Result<()> {
    let gap = GAP_BYTES / values.element.size().unwrap_or(16);
    let mut blocks: Vec<Vec<Range<usize>>> = Vec::new();
    window.visit(shape, |elements| match blocks.last_mut() {
        Some(block) if elements.start - block[block.len() - 1].end <= gap => block.push(elements),
        _ => blocks.push(vec![elements]),
    });
    for block in blocks {
        let first = block[0].start;
        let flat = values.read(start + first, block[block.len() - 1].end - first)?;
        let flat = flat.as_one().expect("single elements have one shape");
        for elements in block {
            cells.put_part(&flat.cell(0), elements.start - first..elements.end - first);
        }
    }
    cells.end_array(&window.shape);
    Ok(())
}
