//! Arrays that runs write together, and results that they hand over before their end.

use hdf5::{Dataset, Group};

use super::groups::ensure_groups;
use super::writer::Open;
use super::{Place, attributes, columns, raw};
use crate::result::SharedArray;
use crate::run::{EarlyResult, SliceWrite};
use crate::storage::claims::Claims;
use crate::storage::{DynamicColumn, StorageError, added_path};
use crate::value::{Cells, ElementType, ValueType, Window};

/// What fails where a file with what was put aside cannot be read.
pub(super) const ASIDE: &str = "read what was put aside beside";

/// One of them, and what runs have written of it.
#[derive(Debug)]
pub(super) struct SharedDataset {
    path: String,
    dataset: Dataset,
    claims: Claims,
}

impl SharedDataset {
    /// The array as it is stored, or a new one.
    pub(super) fn find_or_make(
        trajectory: &Group,
        array: &SharedArray,
        compression: Option<u8>,
        place: &Place,
    ) -> Result<Self, StorageError> {
        let path = array.path();
        let (groups, name) = path.rsplit_once('/').expect("results lie below a branch");
        let parent = ensure_groups(trajectory, groups).map_err(place.failed("create", groups))?;
        if raw::link_exists(&parent, name).map_err(place.failed("look for", &path))? {
            let dataset = Self::find(&parent, name, array, place)?;
            let claims = claims(trajectory, array.name()).map_err(place.failed("read the slices of", &path))?;
            return Ok(Self { path, dataset, claims });
        }
        let leaf = array.leaf();
        let compress = leaf.compress.or(compression);
        let made = columns::new_array(&parent, name, leaf.value_type.element, &array.shape(), compress);
        let made = made.and_then(|dataset| columns::describe(&dataset, leaf).map(|()| dataset));
        Ok(Self { dataset: made.map_err(place.failed("create", &path))?, path, claims: Claims::default() })
    }

    /// What is stored under its name must be the same array.
    fn find(parent: &Group, name: &str, array: &SharedArray, place: &Place) -> Result<Dataset, StorageError> {
        let path = array.path();
        let differs = |found: String| StorageError::SharedArray {
            name: array.name().into(),
            expected: array.leaf().value_type.to_string(),
            found,
        };
        let dataset = parent.dataset(name).map_err(|_| differs("a group".into()))?;
        let failed = || place.failed("read the type of", &path);
        let element = columns::element_of(&dataset).map_err(failed())?;
        let encoding = attributes::text(&dataset, "encoding").map_err(failed())?.unwrap_or_default();
        let is_column = attributes::has(&dataset, columns::LAYOUT).map_err(failed())?;
        let Some(element) = element else { return Err(differs("something that pypet does not write".into())) };
        let found =
            ValueType::scalar(element).with_encoding(&encoding).with_shape(dataset.shape().into_iter().map(Some));
        let expected = &array.leaf().value_type;
        if is_column
            || (found.element, &found.encoding, &found.shape) != (expected.element, &expected.encoding, &expected.shape)
        {
            return Err(differs(if is_column { "a result of each run".into() } else { found.to_string() }));
        }
        Ok(dataset)
    }

    /// Writes a part, but for what later runs have written.
    pub(super) fn write(&mut self, slice: &SliceWrite, place: &Place) -> Result<(), StorageError> {
        let cells = slice.part.cells().map_err(|source| place.io(ASIDE)(source))?;
        for left in self.claims.left_to(slice.run, &slice.place) {
            let written = if left == slice.place {
                raw::write_rectangle(&self.dataset, &left, &cells)
            } else {
                let part = Window::between(&slice.place, &left).cut(&cells.cell(0));
                raw::write_rectangle(&self.dataset, &left, &part)
            };
            written.map_err(place.failed("write", &self.path))?;
        }
        self.claims.add(slice.run, slice.place.clone());
        Ok(())
    }
}

impl Open {
    /// Writes what a run has handed over before its end: a whole value, or rows in several parts.
    pub(super) fn write_early(&mut self, result: &EarlyResult, place: &Place) -> Result<(), StorageError> {
        let (branch, leaf) = (DynamicColumn::RESULTS, &result.leaf);
        if let ([value], false) = (result.parts.as_slice(), leaf.ragged) {
            let cells = value.cells().map_err(|source| place.io(ASIDE)(source))?.into_owned();
            let added = DynamicColumn { branch, leaf: leaf.clone(), runs: vec![result.run], cells };
            return self.write_added(&added, place);
        }
        let newcomer = result.newcomer();
        let change = self.added_column(&newcomer, place)?.write_rows_of(result, place)?;
        let column = &self.added[&newcomer.path()];
        self.show(column, &change).map_err(place.failed("show", &leaf.name))
    }
}

/// What runs that are done have written, as their records say.
fn claims(trajectory: &Group, name: &str) -> hdf5::Result<Claims> {
    let mut claims = Claims::default();
    let path = added_path(DynamicColumn::SLICES, name);
    let parts = path.match_indices('/').map(|(end, _)| &path[..end]).chain([path.as_str()]);
    for part in parts {
        if !raw::link_exists(trajectory, part)? {
            return Ok(claims);
        }
    }
    let group = trajectory.group(&path)?;
    let numbers = |name: &str| -> hdf5::Result<Vec<usize>> {
        let dataset = group.dataset(name)?;
        let cells: Cells = raw::read_value(&dataset, ElementType::U64)?;
        let fits = |number| usize::try_from(number).map_err(|_| hdf5::Error::from("a slice lies beyond all memory"));
        bytemuck::pod_collect_to_vec::<u8, u64>(cells.bytes()).into_iter().map(fits).collect()
    };
    let (ends, starts, sizes, shapes) =
        (numbers("values")?, numbers("row_start")?, numbers("row_size")?, numbers("row_shape")?);
    for (run, ((start, size), shape)) in starts.iter().zip(&sizes).zip(shapes.chunks_exact(3)).enumerate() {
        let ends = start.checked_add(*size).and_then(|end| ends.get(*start..end));
        let ends = ends.ok_or_else(|| hdf5::Error::from("the record of a run lies outside"))?;
        for place in ends.chunks_exact((2 * shape[1]).max(1)) {
            claims.add(run, place.chunks_exact(2).map(|ends| ends[0]..ends[1]).collect());
        }
    }
    Ok(claims)
}
