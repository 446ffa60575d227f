//! Making a trajectory in a file, and adding runs to it.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use hdf5::{File, Group};

use super::access::{COMMITS, WritableFile};
use super::chunks::Compressors;
use super::columns::{self, Change, Column};
use super::groups::{ensure_groups, existing_group, new_group};
use super::names::NameChoice;
use super::run_table::RunTable;
use super::shared::SharedDataset;
use super::views::Views;
use super::{Place, attributes, file};
use crate::result::SharedArray;
use crate::run::RunStatus;
use crate::schema::{Leaf, Schema, SchemaParameter};
use crate::storage::{
    Block, DynamicColumn, Finished, Newcomer, Plan, PlannedGroup, PlannedLeaf, State, StorageError, TrajectoryWriter,
    check_refusal,
};
use crate::value::Cells;

/// Rows of coordinates that are computed and written at a time.
const COORDINATE_ROWS: usize = 16_384;

/// Writes one trajectory into a file; the only one to have the file open.
#[derive(Debug)]
pub struct Hdf5Writer {
    /// Closed last, after all handles into it.
    pub(super) open: Option<Open>,
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) compression: Option<u8>,
    pub(super) compressors: Compressors,
    file: Option<WritableFile>,
}

/// A trajectory that has begun.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) trajectory: Group,
    views: Views,
    pub(super) runs: RunTable,
    results: Vec<Column>,
    /// By path.
    pub(super) added: HashMap<String, Column>,
    pub(super) n_runs: usize,
    compression: Option<u8>,
    /// What runs write together, by the numbers that slices name.
    shared: Vec<SharedDataset>,
    pub(super) compressors: Compressors,
    /// The runs that were done before the trajectory was opened.
    written: Vec<Range<usize>>,
    /// Groups that get a comment as soon as they are there.
    groups: Vec<PlannedGroup>,
}

impl Hdf5Writer {
    /// Opens or makes a file for a new trajectory and settles its name.
    ///
    /// # Errors
    /// The file cannot be written, or is not ours.
    pub fn create(path: &Path, choice: &NameChoice) -> Result<Self, StorageError> {
        let file = file::open_or_create(path)?;
        let place = Place::new(path);
        let taken = file.member_names().map_err(place.failed("list", "/"))?;
        let name = choice.free(|name| taken.iter().any(|other| other == name));
        if taken.contains(&name) {
            file.unlink(&name).map_err(place.failed("delete", &name))?;
        }
        Ok(Self { open: None, place, name, compression: None, compressors: Compressors::default(), file: Some(file) })
    }

    /// Opens a trajectory to carry out what is missing in it.
    ///
    /// `results` are the declared results, and `done` tells which runs have their results in the file.
    ///
    /// # Errors
    /// The file cannot be written, is not ours, or has no such trajectory; or other runs are done by now.
    pub fn reopen(path: &Path, name: &str, results: &[Leaf], done: &[bool]) -> Result<Self, StorageError> {
        Self::reopen_in(file::open_to_write(path)?, path, name, results, done)
    }

    fn reopen_in(
        file: WritableFile,
        path: &Path,
        name: &str,
        results: &[Leaf],
        done: &[bool],
    ) -> Result<Self, StorageError> {
        let place = Place::new(path);
        let (_, trajectory) = file::find(&file, path, file::Wanted::Named(name))?;
        let codes = trajectory.dataset("runs/status").and_then(|status| status.read_raw::<u8>());
        let codes = codes.map_err(place.failed("read", "runs/status"))?;
        if !codes.iter().map(|code| *code == RunStatus::Done.code()).eq(done.iter().copied()) {
            return Err(StorageError::Changed { name: name.into() });
        }
        let compressors = Compressors::default();
        let open = Open::reopen(trajectory, &compressors, results, done).map_err(place.failed("open", name))?;
        Ok(Self { open: Some(open), place, name: name.into(), compression: None, compressors, file: Some(file) })
    }

    /// Adds parameters that the program has gained, with the values that they have in all runs.
    ///
    /// # Errors
    /// The place cannot take them.
    pub(crate) fn add_parameters(&mut self, added: Vec<(SchemaParameter, Cells)>) -> Result<(), StorageError> {
        let place = self.place.clone();
        let trajectory = &self.open().trajectory;
        for (parameter, value) in added {
            let (leaf, path) =
                (parameter.leaf.clone(), format!("parameters/{}", parameter.leaf.name.replace('.', "/")));
            check_refusal(&leaf, &value)?;
            let planned = PlannedLeaf { path, leaf, value, explored: Some(false) };
            let written = write_value(trajectory, &planned);
            let noted = written.and_then(|()| change_schema(trajectory, |schema| schema.parameters.push(parameter)));
            noted.map_err(place.failed("create", &planned.path))?;
        }
        Ok(())
    }

    /// Gives groups of results comments, those that are there and those that will be; a comment they have stays.
    ///
    /// # Errors
    /// The place cannot take them.
    pub(crate) fn describe_groups(&mut self, groups: Vec<PlannedGroup>) -> Result<(), StorageError> {
        let place = self.place.clone();
        self.open().groups = groups;
        self.open().describe_groups().map_err(place.failed("comment", "results"))
    }

    /// Writes into a file that lies wherever a test wants it.
    #[cfg(all(test, feature = "bundled-hdf5"))]
    pub(super) fn over(file: WritableFile, name: &str) -> Self {
        Self {
            open: None,
            place: Place::new(Path::new("test.h5")),
            name: name.into(),
            compression: None,
            compressors: Compressors::default(),
            file: Some(file),
        }
    }

    /// The same for a trajectory that exists.
    #[cfg(all(test, feature = "bundled-hdf5"))]
    pub(super) fn reopen_over(
        file: WritableFile,
        name: &str,
        results: &[Leaf],
        done: &[bool],
    ) -> Result<Self, StorageError> {
        Self::reopen_in(file, Path::new("test.h5"), name, results, done)
    }

    /// Whether commits wait until the disk has them; they do by default.
    pub(crate) fn set_durable(&mut self, durable: bool) {
        if let Some(file) = &mut self.file {
            file.set_durable(durable);
        }
    }

    /// How hard new columns of results are compressed that do not say it themselves, from 1 to 9; 0 is not at all.
    /// The threads that do it are as many as there are cores for 0.
    pub(crate) fn set_compression(&mut self, level: u8, n_threads: usize) {
        self.compressors.set_threads(n_threads);
        self.compression = (level > 0).then_some(level);
        if let Some(open) = &mut self.open {
            open.compression = self.compression;
            // The next of them that are made; what exists stays as it is.
            open.results.iter_mut().for_each(|column| column.leaf.compress = column.leaf.compress.or(self.compression));
        }
    }

    /// The name of the trajectory in the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn file(&self) -> &File {
        self.file.as_ref().expect("open until the trajectory is finished")
    }

    pub(super) fn open(&mut self) -> &mut Open {
        self.open.as_mut().expect("a trajectory begins before it is written to")
    }
}

impl TrajectoryWriter for Hdf5Writer {
    fn begin(&mut self, plan: &Plan, columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>) -> Result<(), StorageError> {
        // On an error nothing is committed, so the file stays as it was.
        self.open = Some(Open::create(self, plan, None, columns)?);
        self.commit()
    }

    fn add(&mut self, values: &[PlannedLeaf]) -> Result<(), StorageError> {
        let place = self.place.clone();
        values.iter().try_for_each(|value| add_value(&self.open().trajectory, value, &place))
    }

    fn share(&mut self, arrays: &[SharedArray]) -> Result<(), StorageError> {
        let place = self.place.clone();
        let open = self.open();
        let shared =
            arrays.iter().map(|array| SharedDataset::find_or_make(&open.trajectory, array, open.compression, &place));
        open.shared = shared.collect::<Result<_, _>>()?;
        Ok(())
    }

    fn write(&mut self, finished: &Finished) -> Result<(), StorageError> {
        let place = self.place.clone();
        match finished {
            Finished::Done(block) => self.open().write_block(block, &place),
            Finished::Failed(run) => self.open().runs.write_failed(run).map_err(place.failed("write", "runs")),
        }
    }

    fn commit(&mut self) -> Result<(), StorageError> {
        let place = self.place.clone();
        self.open.as_mut().map_or(Ok(()), |open| open.settle(&place))?;
        self.file.as_mut().expect("open until the trajectory is finished").commit()
    }

    fn finish(&mut self, state: State) -> Result<(), StorageError> {
        let place = self.place.clone();
        self.open().settle(&place)?;
        let name = self.name.clone();
        let failed = self.place.failed("note the state of", &name);
        attributes::set_text(&self.open().trajectory, "state", state.word()).map_err(failed)?;
        self.open = None;
        self.file.take().expect("finished once").close()
    }
}

impl Open {
    pub(super) fn create(
        writer: &Hdf5Writer,
        plan: &Plan,
        order: Option<&[usize]>,
        columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
    ) -> Result<Self, StorageError> {
        let (header, name, place) = (&plan.header, &writer.name, &writer.place);
        let failed = |what: &str| place.failed("create", &format!("{name}/{what}"));
        let trajectory = new_group(writer.file(), name).map_err(failed(""))?;
        write_header(&trajectory, plan).map_err(failed(""))?;
        plan.values.iter().try_for_each(|value| add_value(&trajectory, value, place))?;
        for branch in ["explored", "runs", "results"] {
            new_group(&trajectory, branch).map_err(failed(branch))?;
        }
        let views = Views::create(&trajectory, plan, order).map_err(failed("by_run"))?;
        write_coordinates(&trajectory, plan, &views, columns, place)?;
        let runs = RunTable::create(&trajectory, header.n_runs, &views).map_err(failed("runs"))?;
        let mut open = Self {
            trajectory,
            views,
            runs,
            results: Vec::new(),
            added: HashMap::new(),
            n_runs: header.n_runs,
            compression: writer.compression,
            compressors: writer.compressors.clone(),
            shared: Vec::new(),
            written: Vec::new(),
            groups: plan.groups.clone(),
        };
        for leaf in &header.schema.results {
            let column = open.new_result(leaf).map_err(failed("results"))?;
            open.results.push(column);
        }
        open.describe_groups().map_err(failed(""))?;
        Ok(open)
    }

    fn reopen(trajectory: Group, compressors: &Compressors, results: &[Leaf], done: &[bool]) -> hdf5::Result<Self> {
        attributes::set_text(&trajectory, "state", State::Running.word())?;
        change_schema(&trajectory, |schema| {
            let is_new = |leaf: &&Leaf| !schema.results.iter().any(|old| old.name == leaf.name);
            let added: Vec<Leaf> = results.iter().filter(is_new).cloned().collect();
            schema.results.extend(added);
        })?;
        let views = Views::open(&trajectory, done.len())?;
        let mut open = Self {
            runs: RunTable::open(&trajectory, done.len(), &views)?,
            views,
            trajectory,
            results: Vec::new(),
            added: HashMap::new(),
            n_runs: done.len(),
            compression: None,
            shared: Vec::new(),
            compressors: compressors.clone(),
            written: ranges(done),
            groups: Vec::new(),
        };
        for leaf in results {
            let column = open.new_result(leaf)?;
            open.results.push(column);
        }
        Ok(open)
    }

    /// Comments the groups that have come to be.
    fn describe_groups(&mut self) -> hdf5::Result<()> {
        let mut missing = Vec::new();
        for planned in std::mem::take(&mut self.groups) {
            match existing_group(&self.trajectory, &planned.path)? {
                Some(group) if attributes::has(&group, "comment")? => {}
                Some(group) => attributes::set_text(&group, "comment", &planned.comment)?,
                None => missing.push(planned),
            }
        }
        self.groups = missing;
        Ok(())
    }

    /// A result's column, shown in the views if its shape is already known.
    fn new_result(&self, leaf: &Leaf) -> hdf5::Result<Column> {
        self.new_column(DynamicColumn::RESULTS, leaf)
    }

    /// A column of a branch; the views show results only.
    fn new_column(&self, branch: &str, leaf: &Leaf) -> hdf5::Result<Column> {
        let path = format!("{branch}/{}", leaf.name.replace('.', "/"));
        let (groups, name) = path.rsplit_once('/').expect("columns lie below a branch");
        let parent = ensure_groups(&self.trajectory, groups)?;
        let leaf = Leaf { compress: leaf.compress.or(self.compression), ..leaf.clone() };
        let column = Column::new(parent, name, leaf, self.n_runs).with_compressors(&self.compressors);
        let mut column = column.open(&self.written)?;
        if column.exists() {
            return Ok(column);
        }
        let change = column.create_if_fixed()?;
        if branch == DynamicColumn::RESULTS {
            self.show(&column, &change)?;
        }
        Ok(column)
    }

    pub(super) fn show(&self, column: &Column, change: &Change) -> hdf5::Result<()> {
        match (change, column.dataset()) {
            (Change::BecameDense(shape), Some(dataset)) => {
                let path = format!("results/{}", column.leaf.name.replace('.', "/"));
                self.views.add(&path, &column.leaf, shape, dataset)
            }
            (Change::BecameRagged, _) => self.views.remove(&column.leaf),
            _ => Ok(()),
        }
    }

    fn write_block(&mut self, block: &Block, place: &Place) -> Result<(), StorageError> {
        for (position, cells) in block.results.iter().enumerate() {
            let column = &mut self.results[position];
            let name = column.leaf.name.clone();
            let change = column.write(block.first, cells).map_err(place.failed("write", &name))?;
            self.show(&self.results[position], &change).map_err(place.failed("show", &name))?;
        }
        for added in &block.added {
            self.write_added(added, place)?;
        }
        for result in &block.early {
            self.write_early(result, place)?;
        }
        for slice in &block.slices {
            self.shared[slice.array].write(slice, place)?;
        }
        self.runs.write_done(block).map_err(place.failed("write", "runs"))
    }

    /// Waits until all values that were written are in the file.
    pub(super) fn settle(&mut self, place: &Place) -> Result<(), StorageError> {
        let settlings: [fn(&mut Column) -> hdf5::Result<()>; 2] = [Column::submit, Column::settle];
        for settle in settlings {
            // What vouches for the others comes last.
            for column in self.results.iter_mut().chain(self.added.values_mut()).chain(self.runs.columns()) {
                settle(column).map_err(place.failed("write", &column.leaf.name))?;
            }
        }
        Ok(())
    }

    /// The column of an added result.
    pub(super) fn added_column(&mut self, newcomer: &Newcomer<'_>, place: &Place) -> Result<&mut Column, StorageError> {
        let (path, &Newcomer { branch, leaf, .. }) = (newcomer.path(), newcomer);
        if !self.added.contains_key(&path) {
            let declared = self.results.iter().map(|column| format!("results/{}", column.leaf.name.replace('.', "/")));
            newcomer.check_place(self.added.keys().cloned().chain(declared))?;
            let column = self.new_column(branch, leaf).map_err(place.failed("create", &leaf.name))?;
            self.added.insert(path.clone(), column);
            self.describe_groups().map_err(place.failed("comment", &leaf.name))?;
        }
        let column = self.added.get_mut(&path).expect("just inserted");
        newcomer.check_type(&column.leaf.value_type)?;
        Ok(column)
    }

    pub(super) fn write_added(&mut self, added: &DynamicColumn, place: &Place) -> Result<(), StorageError> {
        let name = &added.leaf.name;
        let column = self.added_column(&added.newcomer(), place)?;
        let mut changes = Vec::new();
        let mut cells = added.cells.iter();
        for stretch in added.runs.chunk_by(|run, next| run + 1 == *next) {
            let mut rows = Cells::new(added.cells.element(), added.cells.rank());
            cells.by_ref().take(stretch.len()).for_each(|cell| rows.push_cell(&cell));
            changes.push(column.write(stretch[0], &rows).map_err(place.failed("write", name))?);
        }
        let column = &self.added[&added.path()];
        if added.branch != DynamicColumn::RESULTS {
            return Ok(());
        }
        changes.iter().try_for_each(|change| self.show(column, change)).map_err(place.failed("show", name))
    }
}

/// The stretches of a list that are true.
fn ranges(flags: &[bool]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for index in (0..flags.len()).filter(|&index| flags[index]) {
        match ranges.last_mut() {
            Some(last) if last.end == index => last.end += 1,
            _ => ranges.push(index..index + 1),
        }
    }
    ranges
}

pub(super) fn write_header(trajectory: &Group, plan: &Plan) -> hdf5::Result<()> {
    let header = &plan.header;
    attributes::set_text(trajectory, "experiment", &header.experiment)?;
    attributes::set_text(trajectory, "comment", &header.comment)?;
    attributes::set_text(trajectory, "created", &header.created)?;
    attributes::set(trajectory, "n_runs", &(header.n_runs as u64))?;
    attributes::set(trajectory, "seed", &header.seed)?;
    super::edit::write_schema(trajectory, &header.schema)?;
    if let Some(axes) = &header.axes {
        let axes = serde_json::to_string(axes).map_err(|error| hdf5::Error::from(error.to_string()))?;
        attributes::set_text(trajectory, "axes", &axes)?;
    } else if attributes::has(trajectory, "axes")? {
        trajectory.delete_attr("axes")?;
    }
    attributes::set_text(trajectory, "commits", COMMITS)?;
    attributes::set_text(trajectory, "state", header.state.word())
}

/// Notes what the program has gained since the trajectory was begun.
fn change_schema(trajectory: &Group, change: impl FnOnce(&mut Schema)) -> hdf5::Result<()> {
    let failed = |error: serde_json::Error| hdf5::Error::from(error.to_string());
    let before = attributes::text(trajectory, "schema")?.unwrap_or_default();
    let mut schema: Schema = serde_json::from_str(&before).map_err(failed)?;
    change(&mut schema);
    let after = serde_json::to_string(&schema).map_err(failed)?;
    if after == before { Ok(()) } else { attributes::set_text(trajectory, "schema", &after) }
}

fn add_value(trajectory: &Group, planned: &PlannedLeaf, place: &Place) -> Result<(), StorageError> {
    check_refusal(&planned.leaf, &planned.value)?;
    write_value(trajectory, planned).map_err(place.failed("create", &planned.path))
}

pub(super) fn write_value(trajectory: &Group, planned: &PlannedLeaf) -> hdf5::Result<()> {
    let (groups, name) = planned.path.rsplit_once('/').expect("values lie below a branch");
    let group = ensure_groups(trajectory, groups)?;
    let dataset = columns::new_value(&group, name, &planned.leaf, &planned.value)?;
    match planned.explored {
        Some(explored) => attributes::set(&dataset, "explored", &u8::from(explored)),
        None => Ok(()),
    }
}

fn write_coordinates(
    trajectory: &Group,
    plan: &Plan,
    views: &Views,
    values: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
    place: &Place,
) -> Result<(), StorageError> {
    let n_runs = plan.header.n_runs;
    let mut made: Vec<Column> = Vec::new();
    for coordinate in &plan.coordinates {
        let (groups, name) = coordinate.path.rsplit_once('/').expect("coordinates lie below a branch");
        let group = ensure_groups(trajectory, groups).map_err(place.failed("create", groups))?;
        made.push(Column::new(group, name, coordinate.leaf.clone(), n_runs));
    }
    for first in (0..n_runs).step_by(COORDINATE_ROWS) {
        let runs = first..(first + COORDINATE_ROWS).min(n_runs);
        for (column, cells) in made.iter_mut().zip(values(runs)) {
            check_refusal(&column.leaf, &cells)?;
            let name = column.leaf.name.clone();
            column.write(first, &cells).map_err(place.failed("write", &name))?;
        }
    }
    for (coordinate, column) in plan.coordinates.iter().zip(&mut made) {
        column.submit().and_then(|()| column.settle()).map_err(place.failed("write", &coordinate.path))?;
        let Some(dataset) = column.dataset() else { continue };
        let shown = if coordinate.explored {
            views.add_coordinate(&coordinate.label, &coordinate.path, &coordinate.leaf, dataset)
        } else {
            views.add_dimensions(&coordinate.leaf, dataset)
        };
        shown.map_err(place.failed("show", &coordinate.path))?;
    }
    Ok(())
}
