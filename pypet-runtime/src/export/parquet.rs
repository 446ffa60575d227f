//! Tables as Parquet: those of CSV, with types, and with units and comments as metadata of the columns.
//!
//! What a run has no result for is null; `value::Table` tells which types values become.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::ExportError;
use super::target::Target;
use crate::schema::Leaf;
use crate::table::{Column, RunTable};
use crate::value::{Cell, Cells, array_of, field_of};

/// Rows that are compressed together, and that a reader may skip together.
const GROUP_ROWS: usize = 65_536;
/// Runs that are read at once.
const STRETCH: usize = 16_384;
/// Elements that are written at once.
const BATCH_ELEMENTS: usize = 1 << 20;

/// Writes one row for each run: its index, explored parameters, scalar results and status.
pub(super) fn write_table(table: &RunTable<'_>, results: &[&Column], out: &mut Target) -> Result<(), ExportError> {
    let columns: Vec<&Column> = table.explored.iter().chain(results.iter().copied()).collect();
    let mut fields = vec![Field::new("run", DataType::UInt64, false)];
    // All may be null, so that the files of a finished and an unfinished study are of one type.
    fields.extend(columns.iter().map(|column| field_of(&column.leaf, &column.label, true)));
    fields.push(Field::new("status", DataType::Utf8, false));
    let mut file = Parquet::begin(table, fields, out)?;
    let n_runs = table.len();
    for first in (0..n_runs).step_by(STRETCH) {
        let runs = first..(first + STRETCH).min(n_runs);
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(runs.clone().map(|run| run as u64).collect::<UInt64Array>())];
        for (place, column) in columns.iter().enumerate() {
            let is_result = place >= table.explored.len();
            // What stands in the file for a run without results is no result.
            let known = is_result.then(|| runs.clone().map(|run| table.is_done(run)).collect());
            let array = array_of(&column.leaf, &table.cells(column, runs.clone())?, known);
            arrays.push(array.map_err(refused)?);
        }
        let statuses = runs.map(|run| Some(table.statuses[run].word()));
        arrays.push(Arc::new(statuses.collect::<StringArray>()));
        file.write(arrays)?;
    }
    file.finish()
}

/// Writes one row for each element: run, position along each dimension, value. Runs without results have none.
pub(super) fn write_long(table: &RunTable<'_>, result: &Column, out: &mut Target) -> Result<(), ExportError> {
    let value_type = result.leaf.value_type.clone().with_shape([]);
    let element = Leaf { value_type, ..result.leaf.clone() };
    let rank = result.leaf.value_type.shape.len();
    let index = |name: String| Field::new(name, DataType::UInt64, false);
    let mut fields = vec![index("run".into())];
    fields.extend((0..rank).map(|axis| index(result.leaf.dim(axis))));
    fields.push(field_of(&element, &result.label, true));
    let mut file = Parquet::begin(table, fields, out)?;
    let mut long = Long::new(&element, rank);
    for runs in table.stretches(result) {
        let cells = table.cells(result, runs.clone())?;
        for (run, cell) in runs.zip(cells.iter()).filter(|(run, _)| table.is_done(*run)) {
            long.push(run, &cell);
            if long.elements.len() >= BATCH_ELEMENTS {
                file.write(long.take(&element)?)?;
            }
        }
    }
    file.write(long.take(&element)?)?;
    file.finish()
}

/// A file that is being written.
struct Parquet<'a> {
    writer: ArrowWriter<&'a mut Target>,
    schema: SchemaRef,
}

impl<'a> Parquet<'a> {
    fn begin(table: &RunTable<'_>, fields: Vec<Field>, out: &'a mut Target) -> Result<Self, ExportError> {
        let header = table.trajectory().header();
        let said = [("trajectory", &header.name), ("experiment", &header.experiment), ("comment", &header.comment)];
        let metadata = said.map(|(key, text)| (key, text.as_str()));
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by(format!("pypet {}", env!("CARGO_PKG_VERSION")));
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties.build())).map_err(refused)?;
        Ok(Self { writer, schema })
    }

    fn write(&mut self, arrays: Vec<ArrayRef>) -> Result<(), ExportError> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(refused)?;
        self.writer.write(&batch).map_err(refused)
    }

    fn finish(self) -> Result<(), ExportError> {
        self.writer.close().map(drop).map_err(refused)
    }
}

fn refused(problem: impl std::error::Error + Send + Sync + 'static) -> ExportError {
    ExportError::Parquet(Box::new(problem))
}

/// Elements that are to be written, with their places.
struct Long {
    runs: Vec<u64>,
    /// One list for each dimension.
    positions: Vec<Vec<u64>>,
    elements: Cells,
}

impl Long {
    fn new(element: &Leaf, rank: usize) -> Self {
        Self { runs: Vec::new(), positions: vec![Vec::new(); rank], elements: Cells::of(&element.value_type) }
    }

    fn push(&mut self, run: usize, cell: &Cell<'_>) {
        let shape = cell.shape();
        let n_elements: usize = shape.iter().product();
        self.runs.extend(std::iter::repeat_n(run as u64, n_elements));
        for (axis, positions) in self.positions.iter_mut().enumerate() {
            let inner: usize = shape[axis + 1..].iter().product();
            positions.extend((0..n_elements).map(|element| (element / inner % shape[axis]) as u64));
        }
        self.elements.push_elements(cell);
    }

    fn take(&mut self, element: &Leaf) -> Result<Vec<ArrayRef>, ExportError> {
        let long = std::mem::replace(self, Self::new(element, self.positions.len()));
        let indices = std::iter::once(long.runs).chain(long.positions);
        let mut arrays: Vec<ArrayRef> = indices.map(|index| Arc::new(UInt64Array::from(index)) as ArrayRef).collect();
        arrays.push(array_of(element, &long.elements, None).map_err(refused)?);
        Ok(arrays)
    }
}
