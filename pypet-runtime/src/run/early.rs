//! What a run may hand over before its end: whole results, rows, parts of shared arrays.

use std::sync::Arc;

use ndarray::{ArrayBase, Data, Dimension, SliceInfoElem};

use super::aside::{Depot, KEPT_BYTES, Part, SliceWrite};
use super::{AddResultError, AddedResult, Run};
use crate::result::{Members, SharedArray};
use crate::schema::Leaf;
use crate::storage::DynamicColumn;
use crate::value::{Cells, Element, ElementType, ResultValue, Rows, Slice, SliceError, ValueType};

/// Rows of one result that are gathered before they are put aside.
const GATHERED_BYTES: usize = 64 << 10;

/// What a run has handed over before its end, and where that goes.
#[derive(Debug, Default)]
pub(crate) struct Early {
    arrays: Arc<[SharedArray]>,
    /// Without one all is kept in memory.
    depot: Option<Box<dyn Depot>>,
    /// Bytes of such values that are in memory.
    n_kept: usize,
    /// Whether something is in the depot.
    has_put: bool,
    slices: Vec<SliceWrite>,
    /// The columns of each table that is appended to.
    tables: Vec<(String, Vec<String>)>,
    /// The first mistake; the run fails by it when it ends.
    mistake: Option<AddResultError>,
}

impl Early {
    pub(crate) fn new(arrays: Arc<[SharedArray]>, depot: Option<Box<dyn Depot>>) -> Self {
        Self { arrays, depot, ..Self::default() }
    }

    /// Begins with another run.
    pub(super) fn begin(&mut self) {
        if std::mem::take(&mut self.has_put) {
            self.depot.iter_mut().for_each(|depot| depot.begin());
        }
        self.n_kept = 0;
        self.slices.clear();
        self.tables.clear();
        self.mistake = None;
    }

    pub(super) fn mistake(&mut self) -> Option<AddResultError> {
        self.mistake.take()
    }

    fn note(&mut self, mistake: AddResultError) {
        self.mistake.get_or_insert(mistake);
    }

    /// Whether so many more bytes are too many to be kept.
    fn is_full(&self, n_bytes: usize) -> bool {
        self.depot.is_some() && self.n_kept.saturating_add(n_bytes) > KEPT_BYTES
    }

    /// Puts one cell aside.
    fn put_aside(&mut self, name: &str, cells: Cells) -> Option<Part> {
        if let Some(problem) = cells.refusal() {
            self.note(AddResultError::Refused { name: name.into(), problem: problem.into() });
            return None;
        }
        self.has_put = true;
        match self.depot.as_mut()?.put(cells) {
            Ok(part) => Some(part),
            Err(error) => {
                self.note(AddResultError::Aside { name: name.into(), problem: error.to_string() });
                None
            }
        }
    }

    /// What was written of shared arrays.
    pub(super) fn take_slices(&mut self) -> impl Iterator<Item = SliceWrite> {
        self.slices.drain(..)
    }

    /// Adds a record of what was written to each of the shared arrays.
    pub(super) fn note_slices(&self, added: &mut Vec<AddedResult>) {
        for (number, array) in self.arrays.iter().enumerate() {
            let mut ends = Cells::new(ElementType::U64, 3);
            let mut n_slices = 0;
            for slice in self.slices.iter().filter(|slice| slice.array == number) {
                let pairs: Vec<u64> =
                    slice.place.iter().flat_map(|range| [range.start, range.end]).map(|end| end as u64).collect();
                ends.put_numbers(&pairs);
                n_slices += 1;
            }
            if n_slices > 0 {
                ends.end_array(&[n_slices, array.shape().len(), 2]);
                let value_type = ValueType::scalar(ElementType::U64).with_shape([None; 3]);
                let leaf = Leaf { ragged: true, ..Leaf::new(array.name(), value_type) };
                let leaf = leaf.with_comment("for each slice that the run wrote and each dimension, its start and end");
                added.push(AddedResult::new(DynamicColumn::SLICES, leaf, ends));
            }
        }
    }

    fn write_slice<T: Element, S: Data<Elem = T>, D: Dimension>(
        &mut self,
        run: usize,
        name: &str,
        slice: Slice,
        values: &ArrayBase<S, D>,
    ) -> Result<(), AddResultError> {
        let Some(array) = self.arrays.iter().position(|array| array.name() == name) else {
            let names = self.arrays.iter().map(|array| array.name().to_owned()).collect();
            return Err(AddResultError::NoSharedArray { name: name.into(), names });
        };
        let declared = &self.arrays[array];
        let refused = |source| AddResultError::Slice { name: name.into(), problem: source };
        let expected = &declared.leaf().value_type;
        if (T::TYPE, T::ENCODING) != (expected.element, expected.encoding.as_str()) {
            let found = ValueType::scalar(T::TYPE).with_encoding(T::ENCODING);
            let (found, expected) = (found.to_string(), expected.to_string());
            return Err(AddResultError::SliceType { name: name.into(), expected, found });
        }
        let window = slice.within(&declared.shape()).map_err(refused)?;
        if values.shape() != window.shape {
            let (expected, found) = (window.shape, values.shape().to_vec());
            return Err(AddResultError::SliceShape { name: name.into(), slice, expected, found });
        }
        let place = window.rectangle().ok_or_else(|| refused(SliceError::Gaps { slice }))?;
        if values.is_empty() {
            return Ok(());
        }
        let mut cells = Cells::new(T::TYPE, place.len());
        match values.as_slice() {
            Some(values) => T::put_slice(values, &mut cells),
            None => T::put_all(values.iter(), &mut cells),
        }
        cells.end_array(&place.iter().map(ExactSizeIterator::len).collect::<Vec<_>>());
        if let Some(problem) = cells.refusal() {
            return Err(AddResultError::Refused { name: name.into(), problem: problem.into() });
        }
        let n_bytes = cells.n_bytes();
        let part = if self.is_full(n_bytes) {
            self.put_aside(name, cells)
        } else {
            self.n_kept += n_bytes;
            Some(Part::Kept(cells))
        };
        self.slices.extend(part.map(|part| SliceWrite { run, array, place, part }));
        Ok(())
    }
}

impl Run {
    /// Adds a result as [`add_result`](Self::add_result) does, and hands it over at once, so that the run may drop it.
    ///
    /// A run keeps a mebibyte of such values in memory. What is more lies in a file without a name beside the
    /// trajectory's until the run is done, and goes to the results only then: those of a run that fails, is
    /// killed or is tried again are never in them.
    ///
    /// # Examples
    /// ```text
    /// for (layer, state) in simulation.layers().enumerate() {
    ///     run.write(&format!("layers.l{layer}"), &state.potentials());
    /// }
    /// ```
    pub fn write<V: ResultValue>(&mut self, name: &str, value: &V) {
        let mut result = AddedResult::of(DynamicColumn::RESULTS, name, value);
        let n_bytes = result.cells.n_bytes();
        if self.early.is_full(n_bytes) {
            let nothing = Cells::new(result.cells.element(), result.cells.rank());
            let cells = std::mem::replace(&mut result.cells, nothing);
            result.hash_aside(&cells);
            result.aside.extend(self.early.put_aside(name, cells));
        } else {
            self.early.n_kept += n_bytes;
        }
        self.added.push(result);
    }

    /// Appends rows to the result `results/<name>`, as often as the run likes, and hands them over at once.
    ///
    /// Rows are those of an array along its first dimension, or of a [`Table`](crate::value::Table), whose columns become
    /// `results/<name>/<column>`. They are found by run, as one array or table of the run, and all together in the
    /// order of the runs by [`AnyTrajectory::rows_of_all`](crate::trajectory::AnyTrajectory::rows_of_all), whatever the
    /// order in which the runs were carried out. Rows of a run that fails do not count.
    ///
    /// All rows have one type and one shape, and all parts of a table the same columns; else the run fails.
    ///
    /// # Examples
    /// ```text
    /// while let Some(event) = simulation.next_event() {
    ///     run.append("events", &Table::new().with("time", [event.time]).with("cell", [event.cell]));
    /// }
    /// let events: Table = traj.run(7)?.get_added_group("events")?;
    /// ```
    pub fn append<R: Rows>(&mut self, name: &str, rows: &R) {
        let mut members = Members::default();
        rows.put(&mut members);
        let members = members.into_members();
        if let [(leaf, _)] = members.as_slice()
            && leaf.name.is_empty()
        {
            for (leaf, cells) in members {
                self.append_rows(Leaf { name: name.into(), ..leaf }, &cells);
            }
            return;
        }
        let columns: Vec<String> = members.iter().map(|(leaf, _)| leaf.name.clone()).collect();
        match self.early.tables.iter().find(|(other, _)| other == name) {
            None => self.early.tables.push((name.into(), columns)),
            Some((_, expected)) if *expected == columns => {}
            Some((_, expected)) => {
                let (expected, found) = (expected.join(", "), columns.join(", "));
                return self.early.note(AddResultError::Columns { name: name.into(), expected, found });
            }
        }
        for (leaf, cells) in members {
            self.append_rows(Leaf { name: format!("{name}.{}", leaf.name), ..leaf }, &cells);
        }
    }

    fn append_rows(&mut self, leaf: Leaf, cells: &Cells) {
        let is_same = |result: &&mut AddedResult| result.grows && result.leaf.name == leaf.name;
        let Some(result) = self.added.iter_mut().find(is_same) else {
            self.early.n_kept += cells.n_bytes();
            let result = AddedResult { grows: true, ..AddedResult::new(DynamicColumn::RESULTS, leaf, cells.clone()) };
            self.added.push(result);
            return self.gather(self.added.len() - 1);
        };
        let inner = |cells: &Cells| cells.common_shape().unwrap_or_default()[1..].to_vec();
        let (expected, found) = (inner(&result.cells), inner(cells));
        if !result.leaf.value_type.agrees(&leaf.value_type) || expected != found {
            let spell = |leaf: &Leaf, inner: Vec<usize>| {
                let lengths = std::iter::once(None).chain(inner.into_iter().map(Some));
                leaf.value_type.clone().with_shape(lengths).to_string()
            };
            let (expected, found) = (spell(&result.leaf, expected), spell(&leaf, found));
            return self.early.note(AddResultError::Rows { name: leaf.name, expected, found });
        }
        if let Some(problem) = cells.refusal() {
            return self.early.note(AddResultError::Refused { name: leaf.name, problem: problem.into() });
        }
        result.cells.extend_rows(cells);
        self.early.n_kept += cells.n_bytes();
        let number = self.added.iter().position(|result| result.grows && result.leaf.name == leaf.name);
        self.gather(number.expect("found above"));
    }

    /// Puts the rows of a result aside when they are many, and too much is kept in memory.
    fn gather(&mut self, number: usize) {
        let result = &mut self.added[number];
        let n_bytes = result.cells.n_bytes();
        if n_bytes < GATHERED_BYTES || !self.early.is_full(0) {
            return;
        }
        self.early.n_kept -= n_bytes;
        let rows = result.cells.take_rows();
        result.hash_aside(&rows);
        result.aside.extend(self.early.put_aside(&result.leaf.name, rows));
    }

    /// Writes a rectangular part of a [shared array](SharedArray), such as `s![3..5, ..]` of `ndarray::s`.
    ///
    /// The array takes it when the run is done. Where several runs write the same element, that of the run with the
    /// highest index counts; within a run the last. An array or slice that does not fit fails the run, and the error
    /// says so.
    ///
    /// # Examples
    /// ```text
    /// run.write_slice("map", s![run.index(), ..], &potentials);
    /// ```
    pub fn write_slice<T: Element, S: Data<Elem = T>, D: Dimension>(
        &mut self,
        name: &str,
        slice: impl AsRef<[SliceInfoElem]>,
        values: &ArrayBase<S, D>,
    ) {
        if let Err(mistake) = self.early.write_slice(self.index, name, Slice::of(slice), values) {
            self.early.note(mistake);
        }
    }
}
