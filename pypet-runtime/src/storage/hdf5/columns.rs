//! Columns: one dataset for all runs, or a ragged group where the runs' arrays differ in shape.

use std::ops::Range;

use hdf5::types::{CompoundField, CompoundType, FloatSize, IntSize, TypeDescriptor};
use hdf5::{Dataset, Extent, Group};

use super::chunks::Compressors;
use super::groups::new_group;
use super::row_writer::RowWriter;
use super::shared::ASIDE;
use super::{Place, attributes, raw};
use crate::run::EarlyResult;
use crate::schema::Leaf;
use crate::storage::StorageError;
use crate::value::{Cells, ElementType};

/// The attribute that tells columns from values.
pub(super) const LAYOUT: &str = "layout";
/// [`LAYOUT`] of a dataset whose first dimension is the run.
pub(super) const DENSE: &str = "column";
/// [`LAYOUT`] of a group with `values`, `row_start`, `row_size` and, from two dimensions on, `row_shape`.
pub(super) const RAGGED: &str = "ragged";

/// The largest value that lies in the header of its dataset; a header takes 64 KiB in all.
const COMPACT_BYTES: usize = 8 << 10;

/// The level of deflate that compresses nothing and adds its Adler-32. HDF5's own fletcher32 filter is no choice: the
/// checksum of zeros is zero there, so that a chunk which the disk has lost passes as one of zeros.
const CHECKSUM_ALONE: u8 = 0;

/// The level for columns that hold one value for long stretches and shrink to nothing.
pub(super) const STRETCHES: Option<u8> = Some(1);

/// Payload of one chunk that is aimed at, and the most rows of one.
const CHUNK_BYTES: usize = 256 << 10;
const CHUNK_ROWS: usize = 16_384;
/// The largest chunk where a single row exceeds the payload that is aimed at, so that parts of it can be read.
const LARGE_CHUNK_BYTES: usize = 1 << 20;

/// The rows of one chunk of a column that begins without any.
const FIRST_ROWS: usize = 1024;

/// A column that is being written.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) leaf: Leaf,
    /// The group it lives in, and its name there.
    parent: Group,
    name: String,
    n_runs: usize,
    stored: Stored,
    /// Who compresses chunks beside the writer; it does so itself, where nobody is given.
    compressors: Option<Compressors>,
    /// Which runs were written, in the order of writing, neighbours joined; only kept for arrays.
    written: Vec<Range<usize>>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a writer has one for each column, and moves none of them")]
enum Stored {
    Nothing,
    Dense(RowWriter),
    Ragged(Ragged),
}

#[derive(Debug)]
struct Ragged {
    values: RowWriter,
    n_values: usize,
    row_start: RowWriter,
    row_size: RowWriter,
    row_shape: Option<RowWriter>,
}

/// What writing changed about the place of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    None,
    /// It now is a dataset of this shape per run.
    BecameDense(Vec<usize>),
    /// It now is a ragged group; the dataset that may have been there is gone.
    BecameRagged,
}

impl Column {
    pub(super) fn new(parent: Group, name: &str, leaf: Leaf, n_runs: usize) -> Self {
        Self {
            leaf,
            parent,
            name: name.into(),
            n_runs,
            stored: Stored::Nothing,
            compressors: None,
            written: Vec::new(),
        }
    }

    /// The same with the threads that compress it, if it is compressed.
    pub(super) fn with_compressors(self, compressors: &Compressors) -> Self {
        Self { compressors: Some(compressors.clone()), ..self }
    }

    /// Opens a column that exists, as far as it does; `written` are the runs that may have a value in it.
    pub(super) fn open(mut self, written: &[Range<usize>]) -> hdf5::Result<Self> {
        if !raw::link_exists(&self.parent, &self.name)? {
            return Ok(self);
        }
        if let Ok(dataset) = self.parent.dataset(&self.name) {
            if dataset.ndim() > 1 {
                self.written = written.to_vec();
            }
            self.stored = Stored::Dense(self.row_writer(dataset)?);
        } else {
            self.stored = Stored::Ragged(Ragged::open(&self)?);
        }
        Ok(self)
    }

    /// Makes room for further runs.
    pub(super) fn grow(&mut self, n_runs: usize) -> hdf5::Result<()> {
        self.n_runs = n_runs;
        match &self.stored {
            Stored::Nothing => Ok(()),
            Stored::Dense(rows) => raw::set_rows(rows.dataset(), n_runs),
            Stored::Ragged(ragged) => {
                let per_run = [&ragged.row_start, &ragged.row_size].into_iter().chain(&ragged.row_shape);
                per_run.map(RowWriter::dataset).try_for_each(|dataset| raw::set_rows(dataset, n_runs))
            }
        }
    }

    /// Whether there is something of the column in the file.
    pub(super) fn exists(&self) -> bool {
        !matches!(self.stored, Stored::Nothing)
    }

    /// Makes the dataset at once if the shape of a value is known without a run.
    pub(super) fn create_if_fixed(&mut self) -> hdf5::Result<Change> {
        let fixed: Option<Vec<usize>> = self.leaf.value_type.shape.iter().copied().collect();
        match fixed {
            Some(shape) => self.create_dense(shape),
            None => Ok(Change::None),
        }
    }

    pub(super) fn dataset(&self) -> Option<&Dataset> {
        match &self.stored {
            Stored::Dense(rows) => Some(rows.dataset()),
            _ => None,
        }
    }

    /// Consecutive single numbers that are to be written anew.
    pub(super) fn read(&mut self, first: usize, count: usize) -> hdf5::Result<Cells> {
        match &mut self.stored {
            Stored::Dense(rows) => rows.read(self.leaf.value_type.element, first, count),
            _ => unreachable!("single numbers have one shape"),
        }
    }

    /// Writes consecutive runs.
    pub(super) fn write(&mut self, first: usize, cells: &Cells) -> hdf5::Result<Change> {
        let mut change = Change::None;
        match (&self.stored, cells.common_shape()) {
            (Stored::Nothing, Some(shape)) if !self.leaf.is_ragged() => change = self.create_dense(shape.to_vec())?,
            (Stored::Dense(rows), Some(shape)) if rows.dataset().shape()[1..] == *shape => {}
            (Stored::Ragged(_), _) => {}
            (Stored::Nothing | Stored::Dense(_), _) => {
                change = self.make_ragged(cells.n_elements() / cells.len().max(1))?;
            }
        }
        match &mut self.stored {
            Stored::Nothing => unreachable!("made just above"),
            Stored::Dense(rows) => rows.write(first, cells)?,
            Stored::Ragged(ragged) => ragged.write(first, cells)?,
        }
        if cells.rank() > 0 {
            self.note_written(first..first + cells.len());
        }
        Ok(change)
    }

    /// Writes one run's rows, which come in several parts, behind those of the runs before.
    pub(super) fn write_rows_of(&mut self, result: &EarlyResult, place: &Place) -> Result<Change, StorageError> {
        let name = self.leaf.name.clone();
        let shape = result.shape();
        let change = match &self.stored {
            Stored::Ragged(_) => Change::None,
            Stored::Nothing | Stored::Dense(_) => {
                self.make_ragged(shape.iter().product()).map_err(place.failed("write", &name))?
            }
        };
        let Stored::Ragged(ragged) = &mut self.stored else { unreachable!("made just above") };
        let start = ragged.n_values;
        for part in &result.parts {
            let cells = part.cells().map_err(|source| place.io(ASIDE)(source))?;
            ragged.append(&cells).map_err(place.failed("write", &name))?;
        }
        ragged.point_to(result.run, start, std::iter::once(&*shape)).map_err(place.failed("write", &name))?;
        self.note_written(result.run..result.run + 1);
        Ok(change)
    }

    /// Has all that waits for its chunk to be whole made a chunk, before [`settle`](Self::settle).
    pub(super) fn submit(&mut self) -> hdf5::Result<()> {
        self.row_writers().try_for_each(RowWriter::submit)
    }

    /// Waits until all that was written is in the file.
    pub(super) fn settle(&mut self) -> hdf5::Result<()> {
        self.row_writers().try_for_each(RowWriter::settle)
    }

    fn row_writers(&mut self) -> impl Iterator<Item = &mut RowWriter> {
        let (dense, ragged) = match &mut self.stored {
            Stored::Nothing => (None, None),
            Stored::Dense(rows) => (Some(rows), None),
            Stored::Ragged(ragged) => (None, Some(ragged)),
        };
        let ragged = ragged.into_iter().flat_map(|ragged| {
            [&mut ragged.values, &mut ragged.row_start, &mut ragged.row_size].into_iter().chain(&mut ragged.row_shape)
        });
        dense.into_iter().chain(ragged)
    }

    /// The way into a dataset with values.
    fn row_writer(&self, dataset: Dataset) -> hdf5::Result<RowWriter> {
        RowWriter::of(dataset, self.leaf.value_type.element, self.compressors.as_ref())
    }

    fn note_written(&mut self, runs: Range<usize>) {
        match self.written.last_mut() {
            Some(last) if last.end == runs.start => last.end = runs.end,
            _ => self.written.push(runs),
        }
    }

    fn create_dense(&mut self, shape: Vec<usize>) -> hdf5::Result<Change> {
        let Leaf { value_type, compress, .. } = &self.leaf;
        let dataset = new_compressed_rows(
            &self.parent,
            &self.name,
            value_type.element,
            Length::of(self.n_runs),
            &shape,
            *compress,
        )?;
        describe(&dataset, &self.leaf)?;
        attributes::set_text(&dataset, LAYOUT, DENSE)?;
        self.stored = Stored::Dense(self.row_writer(dataset)?);
        Ok(Change::BecameDense(shape))
    }

    /// Turns whatever there is into a ragged group that holds the same values, with room for so many elements of each run.
    fn make_ragged(&mut self, n_per_run: usize) -> hdf5::Result<Change> {
        self.submit()?;
        self.settle()?;
        let dense = match std::mem::replace(&mut self.stored, Stored::Nothing) {
            Stored::Dense(rows) => {
                // The dataset lives on through its handle; its space is given back when that closes.
                self.parent.unlink(&self.name)?;
                Some(rows)
            }
            _ => None,
        };
        let mut ragged = Ragged::create(self, n_per_run.saturating_mul(self.n_runs))?;
        if let Some(dense) = &dense {
            let dense = dense.dataset();
            let row_bytes = dense.shape()[1..].iter().product::<usize>() * 16;
            let step = (CHUNK_BYTES / row_bytes.max(1)).max(1);
            for runs in self.written.clone() {
                for first in runs.clone().step_by(step) {
                    let count = step.min(runs.end - first);
                    let rows = raw::read_rows(dense, self.leaf.value_type.element, first, count)?;
                    ragged.write(first, &rows)?;
                }
            }
        }
        self.stored = Stored::Ragged(ragged);
        Ok(Change::BecameRagged)
    }
}

impl Ragged {
    /// `n_values` is about how many there will be.
    fn create(column: &Column, n_values: usize) -> hdf5::Result<Self> {
        let Column { leaf, n_runs, .. } = column;
        let group = new_group(&column.parent, &column.name)?;
        describe(&group, leaf)?;
        attributes::set_text(&group, LAYOUT, RAGGED)?;
        let rank = leaf.value_type.shape.len();
        attributes::set(&group, "rank", &u64::try_from(rank).expect("at most 32 dimensions"))?;
        let n_rows = Length { now: 0, expected: n_values.max(FIRST_ROWS) };
        let values = new_compressed_rows(&group, "values", leaf.value_type.element, n_rows, &[], leaf.compress)?;
        if !leaf.unit.is_empty() {
            attributes::set_text(&values, "units", &leaf.unit)?;
        }
        let row_size = new_rows(&group, "row_size", ElementType::U64, *n_runs, &[])?;
        attributes::set_text(&row_size, "sample_dimension", "values")?;
        new_rows(&group, "row_start", ElementType::U64, *n_runs, &[])?;
        if rank > 1 {
            new_rows(&group, "row_shape", ElementType::U64, *n_runs, &[rank])?;
        }
        Self::open(column)
    }

    fn open(column: &Column) -> hdf5::Result<Self> {
        let group = column.parent.group(&column.name)?;
        let values = group.dataset("values")?;
        let per_run = |name| RowWriter::of(group.dataset(name)?, ElementType::U64, None);
        Ok(Self {
            n_values: values.shape()[0],
            values: column.row_writer(values)?,
            row_start: per_run("row_start")?,
            row_size: per_run("row_size")?,
            row_shape: raw::link_exists(&group, "row_shape")?.then(|| per_run("row_shape")).transpose()?,
        })
    }

    fn write(&mut self, first: usize, cells: &Cells) -> hdf5::Result<()> {
        let start = self.n_values;
        self.append(cells)?;
        self.point_to(first, start, cells.iter().map(|cell| cell.shape()))
    }

    /// Puts elements behind those that are there.
    fn append(&mut self, cells: &Cells) -> hdf5::Result<()> {
        let n_elements = cells.n_elements();
        if n_elements > 0 {
            raw::set_rows(self.values.dataset(), self.n_values + n_elements)?;
            self.values.write_elements(self.n_values, cells)?;
            self.n_values += n_elements;
        }
        Ok(())
    }

    /// Notes where the values of consecutive runs are, which lie behind one another, and what shapes they have.
    fn point_to<'a>(
        &mut self,
        first: usize,
        mut start: usize,
        values: impl Iterator<Item = &'a [usize]>,
    ) -> hdf5::Result<()> {
        let (mut starts, mut sizes) = (Cells::new(ElementType::U64, 0), Cells::new(ElementType::U64, 0));
        let mut shapes = Cells::new(ElementType::U64, 1);
        for shape in values {
            let size: usize = shape.iter().product();
            starts.push_number(start as u64);
            sizes.push_number(size as u64);
            shapes.put_numbers(&shape.iter().map(|&length| length as u64).collect::<Vec<_>>());
            shapes.end_array(&[shape.len()]);
            start += size;
        }
        self.row_start.write(first, &starts)?;
        self.row_size.write(first, &sizes)?;
        self.row_shape.as_mut().map_or(Ok(()), |rows| rows.write(first, &shapes))
    }
}

/// A dataset of rows that can grow, with the fill value of its type and a checksum for each chunk.
pub(super) fn new_rows(
    parent: &Group,
    name: &str,
    element: ElementType,
    n_rows: usize,
    shape: &[usize],
) -> hdf5::Result<Dataset> {
    new_compressed_rows(parent, name, element, Length::of(n_rows), shape, None)
}

/// Rows of a dataset.
#[derive(Clone, Copy)]
pub(super) struct Length {
    now: usize,
    /// About how many there will be.
    expected: usize,
}

impl Length {
    pub(super) fn of(n_rows: usize) -> Self {
        Self { now: n_rows, expected: if n_rows == 0 { FIRST_ROWS } else { n_rows } }
    }
}

/// The same, compressed at a level from 1 to 9; 0 is as good as none.
pub(super) fn new_compressed_rows(
    parent: &Group,
    name: &str,
    element: ElementType,
    n_rows: Length,
    shape: &[usize],
    compress: Option<u8>,
) -> hdf5::Result<Dataset> {
    let row_bytes = shape.iter().product::<usize>() * element.size().unwrap_or(16);
    let rows = (CHUNK_BYTES / row_bytes.max(1)).clamp(1, CHUNK_ROWS).min(n_rows.expected);
    let chunk: Vec<usize> = std::iter::once(rows).chain(chunk_of(shape, element, LARGE_CHUNK_BYTES)).collect();
    // A dimension without elements could have no chunk if it were fixed.
    let inner = shape.iter().map(|&length| if length == 0 { Extent::resizable(0) } else { Extent::fixed(length) });
    let extents: Vec<Extent> = std::iter::once(Extent::resizable(n_rows.now)).chain(inner).collect();
    new_chunked(parent, name, element, &extents, chunk, compress)
}

/// An array that nobody has written, with the fill value of its type and a checksum for each chunk.
pub(super) fn new_array(
    parent: &Group,
    name: &str,
    element: ElementType,
    shape: &[usize],
    compress: Option<u8>,
) -> hdf5::Result<Dataset> {
    let extents: Vec<Extent> = shape.iter().map(|&length| Extent::fixed(length)).collect();
    new_chunked(parent, name, element, &extents, chunk_of(shape, element, CHUNK_BYTES), compress)
}

fn new_chunked(
    parent: &Group,
    name: &str,
    element: ElementType,
    extents: &[Extent],
    chunk: Vec<usize>,
    compress: Option<u8>,
) -> hdf5::Result<Dataset> {
    let mut builder = parent.new_dataset_builder().chunk(chunk);
    builder = match element {
        ElementType::F32 => builder.fill_value(f32::NAN),
        ElementType::F64 => builder.fill_value(f64::NAN),
        _ => builder,
    };
    // What stands in the chunks of text are references, in which there is nothing to gain.
    builder = match compress.filter(|&level| level > 0 && element != ElementType::Text) {
        Some(level) => builder.shuffle().deflate(level),
        None => builder.deflate(CHECKSUM_ALONE),
    };
    let dataset = builder.empty_as(file_type(element)).shape(extents.to_vec()).create(name)?;
    mark_type(&dataset, element)?;
    mark_fill(&dataset, element)?;
    Ok(dataset)
}

/// The part of an array that is one chunk: as much of its inner dimensions as has at most so many bytes.
fn chunk_of(shape: &[usize], element: ElementType, n_bytes: usize) -> Vec<usize> {
    let mut room = n_bytes / element.size().unwrap_or(16);
    let mut chunk = vec![1; shape.len()];
    for (axis, &length) in shape.iter().enumerate().rev() {
        chunk[axis] = length.min(room).max(1);
        room /= chunk[axis];
    }
    chunk
}

/// What runs without a result hold, in the spelling of netCDF.
pub(super) fn mark_fill(dataset: &Dataset, element: ElementType) -> hdf5::Result<()> {
    match element {
        ElementType::F32 => attributes::set(dataset, "_FillValue", &f32::NAN),
        ElementType::F64 => attributes::set(dataset, "_FillValue", &f64::NAN),
        _ => Ok(()),
    }
}

/// A dataset for one value: in the object's header, which has a checksum, or in chunks that have some.
pub(super) fn new_value(parent: &Group, name: &str, leaf: &Leaf, value: &Cells) -> hdf5::Result<Dataset> {
    let shape = value.cell(0).shape();
    let n_elements: usize = shape.iter().product();
    let stored = file_type(value.element());
    let dataset = if n_elements * value.element().size().unwrap_or(16) <= COMPACT_BYTES {
        raw::new_compact_dataset(parent, name, &hdf5::Datatype::from_descriptor(&stored.to_c_repr())?, shape)?
    } else {
        let chunk = chunk_of(shape, value.element(), CHUNK_BYTES);
        let builder = parent.new_dataset_builder().chunk(chunk).deflate(CHECKSUM_ALONE);
        builder.empty_as(stored).shape(shape.to_vec()).create(name)?
    };
    raw::write_value(&dataset, value)?;
    mark_type(&dataset, value.element())?;
    describe(&dataset, leaf)?;
    Ok(dataset)
}

/// Truth values are stored as small integers, since an HDF5 enumeration stops h5netcdf.
pub(super) fn mark_type(dataset: &Dataset, element: ElementType) -> hdf5::Result<()> {
    if element == ElementType::Bool { attributes::set_text(dataset, "dtype", "bool") } else { Ok(()) }
}

/// Comment, unit and choices of a leaf.
pub(super) fn describe(location: &hdf5::Location, leaf: &Leaf) -> hdf5::Result<()> {
    if !leaf.comment.is_empty() {
        attributes::set_text(location, "comment", &leaf.comment)?;
    }
    if !leaf.unit.is_empty() {
        attributes::set_text(location, "units", &leaf.unit)?;
    }
    if !leaf.value_type.choices.is_empty() {
        attributes::set_text(location, "choices", &leaf.value_type.choices.join(" "))?;
    }
    if !leaf.value_type.encoding.is_empty() {
        attributes::set_text(location, "encoding", &leaf.value_type.encoding)?;
    }
    if !leaf.value_type.type_name.is_empty() {
        attributes::set_text(location, "type", &leaf.value_type.type_name)?;
    }
    Ok(())
}

/// The type of an element in the file.
pub(super) fn file_type(element: ElementType) -> TypeDescriptor {
    match element {
        ElementType::Bool | ElementType::I8 => TypeDescriptor::Integer(IntSize::U1),
        ElementType::I16 => TypeDescriptor::Integer(IntSize::U2),
        ElementType::I32 => TypeDescriptor::Integer(IntSize::U4),
        ElementType::I64 => TypeDescriptor::Integer(IntSize::U8),
        ElementType::U8 => TypeDescriptor::Unsigned(IntSize::U1),
        ElementType::U16 => TypeDescriptor::Unsigned(IntSize::U2),
        ElementType::U32 => TypeDescriptor::Unsigned(IntSize::U4),
        ElementType::U64 => TypeDescriptor::Unsigned(IntSize::U8),
        ElementType::F32 => TypeDescriptor::Float(FloatSize::U4),
        ElementType::F64 => TypeDescriptor::Float(FloatSize::U8),
        ElementType::C32 => complex(FloatSize::U4),
        ElementType::C64 => complex(FloatSize::U8),
        ElementType::Text => TypeDescriptor::VarLenUnicode,
    }
}

/// A complex number as h5py writes and reads it.
fn complex(part: FloatSize) -> TypeDescriptor {
    let size = part as usize;
    let field = |name: &str, index| CompoundField::new(name, TypeDescriptor::Float(part), index * size, index);
    TypeDescriptor::Compound(CompoundType { fields: vec![field("r", 0), field("i", 1)], size: 2 * size })
}

/// What a dataset is made of; `None` for types that pypet does not write.
pub(super) fn element_of(dataset: &Dataset) -> hdf5::Result<Option<ElementType>> {
    // Types that the bindings cannot describe are foreign as well.
    let Ok(descriptor) = dataset.dtype()?.to_descriptor() else { return Ok(None) };
    Ok(match element_of_type(&descriptor) {
        // What cannot be read must not look like a number.
        Some(ElementType::I8) if attributes::text(dataset, "dtype")?.as_deref() == Some("bool") => {
            Some(ElementType::Bool)
        }
        other => other,
    })
}

/// The element of a type in the file; truth values are not told from small integers.
pub(super) fn element_of_type(descriptor: &TypeDescriptor) -> Option<ElementType> {
    Some(match descriptor {
        TypeDescriptor::Integer(IntSize::U1) => ElementType::I8,
        TypeDescriptor::Integer(IntSize::U2) => ElementType::I16,
        TypeDescriptor::Integer(IntSize::U4) => ElementType::I32,
        TypeDescriptor::Integer(IntSize::U8) => ElementType::I64,
        TypeDescriptor::Unsigned(IntSize::U1) => ElementType::U8,
        TypeDescriptor::Unsigned(IntSize::U2) => ElementType::U16,
        TypeDescriptor::Unsigned(IntSize::U4) => ElementType::U32,
        TypeDescriptor::Unsigned(IntSize::U8) => ElementType::U64,
        TypeDescriptor::Float(FloatSize::U4) => ElementType::F32,
        TypeDescriptor::Float(FloatSize::U8) => ElementType::F64,
        TypeDescriptor::VarLenUnicode | TypeDescriptor::VarLenAscii => ElementType::Text,
        other if *other == complex(FloatSize::U4) => ElementType::C32,
        other if *other == complex(FloatSize::U8) => ElementType::C64,
        _ => return None,
    })
}
