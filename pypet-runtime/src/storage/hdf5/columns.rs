//! Columns: one dataset for all runs, or a ragged group where the runs' arrays differ in shape.

use std::ops::Range;

use hdf5::plist::dataset_create::Layout;
use hdf5::types::{CompoundField, CompoundType, FloatSize, IntSize, TypeDescriptor};
use hdf5::{Dataset, Extent, Group};

use super::groups::new_group;
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

/// Payload of one chunk that is aimed at, and the most rows of one.
const CHUNK_BYTES: usize = 256 << 10;
const CHUNK_ROWS: usize = 16_384;
/// The largest chunk where a single row exceeds the payload that is aimed at, so that parts of it can be read.
const LARGE_CHUNK_BYTES: usize = 1 << 20;

/// A column that is being written.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) leaf: Leaf,
    /// The group it lives in, and its name there.
    parent: Group,
    name: String,
    n_runs: usize,
    stored: Stored,
    /// Which runs were written, in the order of writing, neighbours joined; only kept for arrays.
    written: Vec<Range<usize>>,
}

#[derive(Debug)]
enum Stored {
    Nothing,
    Dense(Dataset),
    Ragged(Ragged),
}

#[derive(Debug)]
struct Ragged {
    values: Dataset,
    n_values: usize,
    row_start: Dataset,
    row_size: Dataset,
    row_shape: Option<Dataset>,
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
        Self { leaf, parent, name: name.into(), n_runs, stored: Stored::Nothing, written: Vec::new() }
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
            self.stored = Stored::Dense(dataset);
        } else {
            self.stored = Stored::Ragged(Ragged::open(&self.parent.group(&self.name)?)?);
        }
        Ok(self)
    }

    /// Makes room for further runs.
    pub(super) fn grow(&mut self, n_runs: usize) -> hdf5::Result<()> {
        self.n_runs = n_runs;
        match &self.stored {
            Stored::Nothing => Ok(()),
            Stored::Dense(dataset) => raw::set_rows(dataset, n_runs),
            Stored::Ragged(ragged) => {
                let shape = ragged.row_shape.as_ref();
                [&ragged.row_start, &ragged.row_size]
                    .into_iter()
                    .chain(shape)
                    .try_for_each(|d| raw::set_rows(d, n_runs))
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
            Stored::Dense(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// Writes consecutive runs.
    pub(super) fn write(&mut self, first: usize, cells: &Cells) -> hdf5::Result<Change> {
        let mut change = Change::None;
        match (&self.stored, cells.common_shape()) {
            (Stored::Nothing, Some(shape)) if !self.leaf.ragged => change = self.create_dense(shape.to_vec())?,
            (Stored::Dense(dataset), Some(shape)) if dataset.shape()[1..] == *shape => {}
            (Stored::Ragged(_), _) => {}
            (Stored::Nothing | Stored::Dense(_), _) => change = self.make_ragged()?,
        }
        match &mut self.stored {
            Stored::Nothing => unreachable!("made just above"),
            Stored::Dense(dataset) => raw::write_rows(dataset, first, cells)?,
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
        let change = match &self.stored {
            Stored::Ragged(_) => Change::None,
            Stored::Nothing | Stored::Dense(_) => self.make_ragged().map_err(place.failed("write", &name))?,
        };
        let Stored::Ragged(ragged) = &mut self.stored else { unreachable!("made just above") };
        let start = ragged.n_values;
        for part in &result.parts {
            let cells = part.cells().map_err(|source| place.io(ASIDE)(source))?;
            let mut flat = Cells::new(cells.element(), 0);
            flat.push_elements(&cells.cell(0));
            ragged.append(&flat).map_err(place.failed("write", &name))?;
        }
        let shapes = std::iter::once((start, result.shape()));
        ragged.point_to(result.run, shapes).map_err(place.failed("write", &name))?;
        self.note_written(result.run..result.run + 1);
        Ok(change)
    }

    fn note_written(&mut self, runs: Range<usize>) {
        match self.written.last_mut() {
            Some(last) if last.end == runs.start => last.end = runs.end,
            _ => self.written.push(runs),
        }
    }

    fn create_dense(&mut self, shape: Vec<usize>) -> hdf5::Result<Change> {
        let Leaf { value_type, compress, .. } = &self.leaf;
        let dataset =
            new_compressed_rows(&self.parent, &self.name, value_type.element, self.n_runs, &shape, *compress)?;
        describe(&dataset, &self.leaf)?;
        attributes::set_text(&dataset, LAYOUT, DENSE)?;
        self.stored = Stored::Dense(dataset);
        Ok(Change::BecameDense(shape))
    }

    /// Turns whatever there is into a ragged group that holds the same values.
    fn make_ragged(&mut self) -> hdf5::Result<Change> {
        let dense = match std::mem::replace(&mut self.stored, Stored::Nothing) {
            Stored::Dense(dataset) => {
                // The dataset lives on through its handle; its space is given back when that closes.
                self.parent.unlink(&self.name)?;
                Some(dataset)
            }
            _ => None,
        };
        let mut ragged = Ragged::create(&self.parent, &self.name, &self.leaf, self.n_runs)?;
        if let Some(dense) = dense {
            let row_bytes = dense.shape()[1..].iter().product::<usize>() * 16;
            let step = (CHUNK_BYTES / row_bytes.max(1)).max(1);
            for runs in self.written.clone() {
                for first in runs.clone().step_by(step) {
                    let count = step.min(runs.end - first);
                    ragged.write(first, &raw::read_rows(&dense, self.leaf.value_type.element, first, count)?)?;
                }
            }
        }
        self.stored = Stored::Ragged(ragged);
        Ok(Change::BecameRagged)
    }
}

impl Ragged {
    fn create(parent: &Group, name: &str, leaf: &Leaf, n_runs: usize) -> hdf5::Result<Self> {
        let group = new_group(parent, name)?;
        describe(&group, leaf)?;
        attributes::set_text(&group, LAYOUT, RAGGED)?;
        let rank = leaf.value_type.shape.len();
        attributes::set(&group, "rank", &u64::try_from(rank).expect("at most 32 dimensions"))?;
        let values = new_compressed_rows(&group, "values", leaf.value_type.element, 0, &[], leaf.compress)?;
        if !leaf.unit.is_empty() {
            attributes::set_text(&values, "units", &leaf.unit)?;
        }
        let row_size = new_rows(&group, "row_size", ElementType::U64, n_runs, &[])?;
        attributes::set_text(&row_size, "sample_dimension", "values")?;
        Ok(Self {
            values,
            n_values: 0,
            row_start: new_rows(&group, "row_start", ElementType::U64, n_runs, &[])?,
            row_size,
            row_shape: (rank > 1)
                .then(|| new_rows(&group, "row_shape", ElementType::U64, n_runs, &[rank]))
                .transpose()?,
        })
    }

    fn open(group: &Group) -> hdf5::Result<Self> {
        let values = group.dataset("values")?;
        Ok(Self {
            n_values: values.shape()[0],
            values,
            row_start: group.dataset("row_start")?,
            row_size: group.dataset("row_size")?,
            row_shape: raw::link_exists(group, "row_shape")?.then(|| group.dataset("row_shape")).transpose()?,
        })
    }

    fn write(&mut self, first: usize, cells: &Cells) -> hdf5::Result<()> {
        let mut flat = Cells::new(cells.element(), 0);
        let mut shapes = Vec::with_capacity(cells.len());
        for cell in cells.iter() {
            shapes.push((self.n_values + flat.len(), cell.shape().to_vec()));
            flat.push_elements(&cell);
        }
        self.append(&flat)?;
        self.point_to(first, shapes.into_iter())
    }

    /// Puts elements behind those that are there.
    fn append(&mut self, flat: &Cells) -> hdf5::Result<()> {
        if flat.is_empty() {
            return Ok(());
        }
        let end = self.n_values + flat.len();
        raw::set_rows(&self.values, end)?;
        raw::write_rows(&self.values, self.n_values, flat)?;
        self.n_values = end;
        Ok(())
    }

    /// Notes where the values of consecutive runs begin, and what shape they have.
    fn point_to(&mut self, first: usize, values: impl Iterator<Item = (usize, Vec<usize>)>) -> hdf5::Result<()> {
        let (mut starts, mut sizes) = (Cells::new(ElementType::U64, 0), Cells::new(ElementType::U64, 0));
        let mut shapes = Cells::new(ElementType::U64, 1);
        for (start, shape) in values {
            starts.push_number(start as u64);
            sizes.push_number(shape.iter().product::<usize>() as u64);
            shapes.put_numbers(&shape.iter().map(|&length| length as u64).collect::<Vec<_>>());
            shapes.end_array(&[shape.len()]);
        }
        raw::write_rows(&self.row_start, first, &starts)?;
        raw::write_rows(&self.row_size, first, &sizes)?;
        self.row_shape.as_ref().map_or(Ok(()), |dataset| raw::write_rows(dataset, first, &shapes))
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
    new_compressed_rows(parent, name, element, n_rows, shape, None)
}

/// The same, compressed at a level from 1 to 9; 0 is as good as none.
fn new_compressed_rows(
    parent: &Group,
    name: &str,
    element: ElementType,
    n_rows: usize,
    shape: &[usize],
    compress: Option<u8>,
) -> hdf5::Result<Dataset> {
    let row_bytes = shape.iter().product::<usize>() * element.size().unwrap_or(16);
    let most = if n_rows == 0 { 1024 } else { n_rows };
    let rows = (CHUNK_BYTES / row_bytes.max(1)).clamp(1, CHUNK_ROWS).min(most);
    let chunk: Vec<usize> = std::iter::once(rows).chain(chunk_of(shape, element, LARGE_CHUNK_BYTES)).collect();
    // A dimension without elements could have no chunk if it were fixed.
    let inner = shape.iter().map(|&length| if length == 0 { Extent::resizable(0) } else { Extent::fixed(length) });
    let extents: Vec<Extent> = std::iter::once(Extent::resizable(n_rows)).chain(inner).collect();
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
    let mut builder = parent.new_dataset_builder();
    builder = if n_elements * value.element().size().unwrap_or(16) <= COMPACT_BYTES {
        builder.layout(Layout::Compact)
    } else {
        builder.chunk(chunk_of(shape, value.element(), CHUNK_BYTES)).deflate(CHECKSUM_ALONE)
    };
    let builder = builder.empty_as(file_type(value.element()));
    let dataset = if shape.is_empty() { builder.create(name)? } else { builder.shape(shape.to_vec()).create(name)? };
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
        Some(ElementType::I8) => match attributes::text(dataset, "dtype") {
            Ok(Some(dtype)) if dtype == "bool" => Some(ElementType::Bool),
            _ => Some(ElementType::I8),
        },
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
