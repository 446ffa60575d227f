//! Reading a trajectory.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hdf5::{Dataset, Group};

use super::access::ReadableFile;
use super::columns::{self, DENSE, LAYOUT, RAGGED};
use super::file::{self, Wanted};
use super::opened::{OpenColumn, OpenColumns, Rows};
use super::survey::Member;
use super::{Place, annotations, attributes, damage, parts, raw, survey};
use crate::schema::{Leaf, Schema};
use crate::storage::{Header, Node, NodeKind, State, StorageError, TrajectoryReader};
use crate::value::{Cells, ElementType, Slice, ValueType};

/// The branches of a trajectory that hold its tree; `by_run` and `grid` show the same data again.
pub(super) const BRANCHES: [&str; 6] = ["parameters", "derived_parameters", "config", "explored", "runs", "results"];

/// Told of a node that cannot be read; an error ends the reading.
pub(super) type Lose<'a> = dyn FnMut(&str, StorageError) -> Result<(), StorageError> + 'a;

/// Reads one trajectory of a file.
#[derive(Debug)]
pub struct Hdf5Reader {
    pub(super) header: Header,
    pub(super) trajectory: Group,
    pub(super) path: PathBuf,
    pub(super) place: Place,
    /// Whether comments and the like that cannot be read are taken from the schema.
    trusts_schema: bool,
    columns: OpenColumns,
    /// Keeps the file open; closed after all handles into it.
    _file: ReadableFile,
}

/// Where the values of some runs of a ragged column begin, and their shapes.
pub(super) struct RaggedIndex {
    rank: usize,
    starts: Vec<usize>,
    shapes: Vec<usize>,
}

impl RaggedIndex {
    pub(super) fn row(&self, row: usize) -> (usize, &[usize]) {
        (self.starts[row], &self.shapes[row * self.rank..(row + 1) * self.rank])
    }
}

impl Hdf5Reader {
    /// Opens the newest trajectory of a file.
    ///
    /// # Errors
    /// The file cannot be read, or is not ours, or has no trajectory.
    pub fn newest(path: &Path) -> Result<Self, StorageError> {
        Self::open(path, Wanted::Newest)
    }

    /// Opens the newest trajectory of an experiment.
    ///
    /// # Errors
    /// As [`Hdf5Reader::newest`].
    pub fn of_experiment(path: &Path, experiment: &str) -> Result<Self, StorageError> {
        Self::open(path, Wanted::Experiment(experiment))
    }

    /// Opens the trajectory of this name.
    ///
    /// # Errors
    /// As [`Hdf5Reader::newest`].
    pub fn named(path: &Path, name: &str) -> Result<Self, StorageError> {
        Self::open(path, Wanted::Named(name))
    }

    fn open(path: &Path, wanted: Wanted<'_>) -> Result<Self, StorageError> {
        Self::open_in(file::open(path)?, path, wanted)
    }

    /// Reads a file that lies wherever a test wants it.
    #[cfg(all(test, feature = "bundled-hdf5"))]
    pub(super) fn over(file: ReadableFile) -> Result<Self, StorageError> {
        Self::open_in(file, Path::new("test.h5"), Wanted::Newest)
    }

    fn open_in(file: ReadableFile, path: &Path, wanted: Wanted<'_>) -> Result<Self, StorageError> {
        let (name, trajectory) = file::find(&file, path, wanted)?;
        let place = Place::new(path);
        let header = read_header(&trajectory, &name, &place, &mut Err)?;
        let columns = OpenColumns::default();
        Ok(Self { header, trajectory, path: path.into(), place, trusts_schema: false, columns, _file: file })
    }

    /// Opens a trajectory of a file that may be damaged, with what of its header could not be read.
    pub(super) fn of_damaged(
        file: ReadableFile,
        path: &Path,
        name: &str,
    ) -> Result<(Self, Vec<StorageError>), StorageError> {
        let place = Place::new(path);
        let trajectory = file.group(name).map_err(place.failed("open", name))?;
        let mut lost = Vec::new();
        let header = read_header(&trajectory, name, &place, &mut |error| {
            lost.push(error);
            Ok(())
        })?;
        let (path, columns) = (path.into(), OpenColumns::default());
        Ok((Self { header, trajectory, path, place, trusts_schema: true, columns, _file: file }, lost))
    }

    pub(super) fn dataset(&self, path: &str) -> Result<(Dataset, ElementType), StorageError> {
        self.require(path)?;
        let dataset = self.trajectory.dataset(path).map_err(self.place.failed("open", path))?;
        let element = self.element(&dataset, path).map_err(self.place.failed("read the type of", path))?;
        let foreign = || self.place.malformed(path, "its type is none that pypet writes");
        Ok((dataset, element.ok_or_else(foreign)?))
    }

    fn require(&self, path: &str) -> Result<(), StorageError> {
        let mut group = self.trajectory.clone();
        let missing = || StorageError::NoNode { path: path.into() };
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let failed = self.place.failed("look for", path);
            if part.is_empty() || !raw::link_exists(&group, part).map_err(failed)? {
                return Err(missing());
            }
            if parts.peek().is_some() {
                group = group.group(part).map_err(|_| missing())?;
            }
        }
        Ok(())
    }

    /// Asks something of a node, or of the trajectory for an empty path.
    pub(super) fn at<T>(
        &self,
        path: &str,
        action: &'static str,
        ask: impl Fn(&hdf5::Location) -> hdf5::Result<T>,
    ) -> Result<T, StorageError> {
        if path.is_empty() {
            return ask(&self.trajectory).map_err(self.place.failed(action, path));
        }
        self.require(path)?;
        let asked = match self.trajectory.dataset(path) {
            Ok(dataset) => ask(&dataset),
            Err(_) => self.trajectory.group(path).and_then(|group| ask(&group)),
        };
        asked.map_err(self.place.failed(action, path))
    }

    /// A column, which stays open for the next call.
    pub(super) fn column(&self, path: &str) -> Result<Arc<OpenColumn>, StorageError> {
        self.columns.get_or_open(path, || {
            if !self.is_ragged(path) {
                return self.rows_of(path).map(OpenColumn::Dense);
            }
            let group = self.trajectory.group(path).map_err(self.place.failed("read", path))?;
            let rank = self.rank(&group, path)?;
            let member = |name: &str| self.rows_of(&format!("{path}/{name}"));
            Ok(OpenColumn::Ragged {
                rank,
                values: member("values")?,
                row_start: member("row_start")?,
                row_size: member("row_size")?,
                row_shape: (rank > 1).then(|| member("row_shape")).transpose()?,
            })
        })
    }

    fn rows_of(&self, path: &str) -> Result<Rows, StorageError> {
        let (dataset, element) = self.dataset(path)?;
        self.columns.rows_of(path, dataset, element).map_err(self.place.failed("open", path))
    }

    pub(super) fn is_ragged(&self, path: &str) -> bool {
        let group = self.trajectory.group(path);
        group.is_ok_and(|group| attributes::text(&group, LAYOUT).ok().flatten().as_deref() == Some(RAGGED))
    }

    /// All nodes; `lose` is told of each that cannot be read, and decides whether that ends it.
    pub(super) fn nodes_or(&self, lose: &mut Lose<'_>) -> Result<Vec<Node>, StorageError> {
        let mut nodes = Vec::new();
        for branch in BRANCHES {
            // Older files may lack a branch; one that is there must open.
            let opened = match raw::link_exists(&self.trajectory, branch) {
                Ok(false) => continue,
                Ok(true) => self.trajectory.group(branch).map_err(self.place.failed("open", branch)),
                Err(error) => Err(self.place.failed("look for", branch)(error)),
            };
            match opened {
                Ok(group) => {
                    nodes.push(Node { path: branch.into(), kind: NodeKind::Group });
                    self.walk(&group, branch, &mut nodes, lose)?;
                }
                Err(error) => lose(branch, error)?,
            }
        }
        Ok(nodes)
    }

    fn walk(&self, group: &Group, path: &str, nodes: &mut Vec<Node>, lose: &mut Lose<'_>) -> Result<(), StorageError> {
        let members = match survey::members(group) {
            Ok(members) => members,
            Err(error) => return lose(path, self.place.failed("list", path)(error)),
        };
        for (name, target) in members {
            let path = format!("{path}/{name}");
            if let Some(target) = target {
                let below = target.strip_prefix(&format!("{}/", self.trajectory.name()));
                let target = below.unwrap_or(&target).to_owned();
                nodes.push(Node { path, kind: NodeKind::Link { target } });
                continue;
            }
            match self.member(group, &name, &path) {
                Ok(Some((kind, child))) => {
                    nodes.push(Node { path: path.clone(), kind });
                    child.map_or(Ok(()), |child| self.walk(&child, &path, nodes, lose))?;
                }
                Ok(None) => {}
                Err(error) => lose(&path, error)?,
            }
        }
        Ok(())
    }

    /// What a member of a group is, and the group itself if it is one; `None` if it is not ours.
    fn member(&self, group: &Group, name: &str, path: &str) -> Result<Option<(NodeKind, Option<Group>)>, StorageError> {
        Ok(match survey::open(group, name).map_err(self.place.failed("open", path))? {
            Member::Dataset(dataset) => self.leaf_kind(&dataset, path)?.map(|kind| (kind, None)),
            Member::Group(child) => Some(match self.ragged_leaf(&child, path)? {
                Some(leaf) => (NodeKind::Column(leaf), None),
                None => (NodeKind::Group, Some(child)),
            }),
            Member::Foreign => None,
        })
    }

    fn leaf_kind(&self, dataset: &Dataset, path: &str) -> Result<Option<NodeKind>, StorageError> {
        let failed = || self.place.failed("read the type of", path);
        let Some(element) = self.element(dataset, path).map_err(failed())? else { return Ok(None) };
        let shape = dataset.shape();
        let is_column = attributes::text(dataset, LAYOUT).map_err(failed())?.as_deref() == Some(DENSE);
        let own = if is_column { shape.get(1..).unwrap_or_default() } else { &shape };
        let leaf = self.describe(dataset, path, element, own.iter().map(|&length| Some(length)).collect())?;
        Ok(Some(if is_column { NodeKind::Column(leaf) } else { NodeKind::Value(leaf) }))
    }

    fn ragged_leaf(&self, group: &Group, path: &str) -> Result<Option<Leaf>, StorageError> {
        let failed = || self.place.failed("read the type of", path);
        if attributes::text(group, LAYOUT).map_err(failed())?.as_deref() != Some(RAGGED) {
            return Ok(None);
        }
        let rank = self.rank(group, path)?;
        let values = group.dataset("values").map_err(failed())?;
        let element = self.element(&values, path).map_err(failed())?;
        let element = element.ok_or_else(|| self.place.malformed(path, "its values have a foreign type"))?;
        let leaf = self.describe(group, path, element, vec![None; rank])?;
        Ok(Some(Leaf { ragged: true, ..leaf }))
    }

    pub(super) fn rank(&self, group: &Group, path: &str) -> Result<usize, StorageError> {
        let rank = attributes::number(group, "rank").map_err(self.place.failed("read the rank of", path))?;
        match rank.and_then(|rank| usize::try_from(rank).ok()) {
            Some(rank @ 1..=32) => Ok(rank),
            _ => Err(self.place.malformed(path, "it has no rank from 1 to 32")),
        }
    }

    fn describe(
        &self,
        location: &hdf5::Location,
        path: &str,
        element: ElementType,
        shape: Vec<Option<usize>>,
    ) -> Result<Leaf, StorageError> {
        let declared = self.declared(path);
        let read = |name: &str| match (attributes::text(location, name), declared) {
            (Err(_), Some(leaf)) => Ok(Some(survey::spelled(leaf, name))),
            (read, _) => read.map_err(self.place.failed("read an attribute of", path)),
        };
        let name = path.split_once('/').map_or(path, |(_, below)| below).replace('/', ".");
        let choices = read("choices")?.unwrap_or_default();
        let choices = choices.split_whitespace().map(ToOwned::to_owned).collect();
        let (encoding, type_name) = (read("encoding")?.unwrap_or_default(), read("type")?.unwrap_or_default());
        let value_type = ValueType { choices, encoding, type_name, ..ValueType::scalar(element).with_shape(shape) };
        let leaf = Leaf::new(&name, value_type);
        Ok(leaf.with_comment(&read("comment")?.unwrap_or_default()).with_unit(&read("units")?.unwrap_or_default()))
    }

    /// What a dataset is made of; where its own word is damaged, the schema's counts if that is asked for.
    fn element(&self, dataset: &Dataset, path: &str) -> hdf5::Result<Option<ElementType>> {
        let leaf = || self.declared(path).or_else(|| self.declared(path.strip_suffix("/values")?));
        columns::element_of(dataset).or_else(|error| leaf().map(|leaf| Some(leaf.value_type.element)).ok_or(error))
    }

    /// What the schema says of a leaf, where that is asked for.
    fn declared(&self, path: &str) -> Option<&Leaf> {
        let schema = Some(&self.header.schema).filter(|_| self.trusts_schema)?;
        let (branch, name) = path.split_once('/')?;
        let name = name.replace('/', ".");
        let parameters = schema.parameters.iter().map(|parameter| &parameter.leaf);
        match branch {
            "results" => schema.results.iter().find(|leaf| leaf.name == name),
            "parameters" | "derived_parameters" | "explored" => parameters.into_iter().find(|leaf| leaf.name == name),
            _ => None,
        }
    }

    /// Where the values of some runs of a ragged column lie, checked.
    pub(super) fn ragged_index(
        &self,
        path: &str,
        rank: usize,
        values: &Rows,
        [row_start, row_size, row_shape]: [&Rows; 3],
        runs: Range<usize>,
    ) -> Result<RaggedIndex, StorageError> {
        let numbers = |rows: &Rows| -> Result<Vec<usize>, StorageError> {
            let column = self.dense_rows(rows, runs.clone())?;
            if column.element() != ElementType::U64 {
                return Err(self.place.malformed(&rows.path, "it does not count"));
            }
            let numbers = bytemuck::pod_collect_to_vec::<u8, u64>(column.bytes());
            let fits = |number| usize::try_from(number).map_err(|_| self.place.malformed(path, "a count is too large"));
            numbers.into_iter().map(fits).collect()
        };
        let (starts, sizes) = (numbers(row_start)?, numbers(row_size)?);
        let shapes = if rank > 1 { numbers(row_shape)? } else { sizes.clone() };
        let n_values = values.len();
        for (row, (&start, &size)) in starts.iter().zip(&sizes).enumerate() {
            let shape = shapes.get(row * rank..(row + 1) * rank).unwrap_or_default();
            let fits = start.checked_add(size).is_some_and(|end| end <= n_values);
            let agrees = shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length)) == Some(size);
            if !fits || !agrees {
                return Err(self.place.malformed(path, format!("the row of run {} lies outside", runs.start + row)));
            }
        }
        Ok(RaggedIndex { rank, starts, shapes })
    }

    fn ragged_rows(
        &self,
        path: &str,
        rank: usize,
        values: &Rows,
        rows: [&Rows; 3],
        runs: Range<usize>,
    ) -> Result<Cells, StorageError> {
        let index = self.ragged_index(path, rank, values, rows, runs.clone())?;
        let mut cells = Cells::new(values.element, rank);
        for (row, run) in runs.enumerate() {
            let (start, shape) = index.row(row);
            let flat = values.read(start, shape.iter().product());
            let flat = flat.map_err(|error| self.in_runs(path, error, || iter::once(run..run + 1).collect()))?;
            cells.push_array_of(&flat, shape);
        }
        Ok(cells)
    }

    /// Checks that a column has so many runs.
    pub(super) fn expect_runs(&self, rows: &Rows, n_runs: usize) -> Result<(), StorageError> {
        let n_rows = rows.len();
        if n_runs <= n_rows {
            return Ok(());
        }
        Err(self.place.malformed(&rows.path, format!("it has {n_rows} runs, not {n_runs}")))
    }

    pub(super) fn refuse_ragged(&self, path: &str) -> Result<(), StorageError> {
        if self.is_ragged(path) {
            return Err(self.place.malformed(path, "its runs differ in shape; read it run by run"));
        }
        Ok(())
    }

    fn dense_rows(&self, rows: &Rows, runs: Range<usize>) -> Result<Cells, StorageError> {
        self.read_rows(rows, runs.clone(), || rows.read(runs.start, runs.len()))
    }

    /// Reads as asked to; if the rows are damaged, the error says which.
    fn read_rows<T>(
        &self,
        rows: &Rows,
        runs: Range<usize>,
        read: impl FnOnce() -> hdf5::Result<T>,
    ) -> Result<T, StorageError> {
        self.expect_runs(rows, runs.end)?;
        read()
            .map_err(|error| self.in_runs(&rows.path, error, || damage::unreadable(&rows.dataset, rows.element, runs)))
    }

    /// The error of a column that cannot be read; if it is damaged, with the runs.
    pub(super) fn in_runs(
        &self,
        path: &str,
        error: hdf5::Error,
        damaged: impl FnOnce() -> Vec<Range<usize>>,
    ) -> StorageError {
        match self.place.failed("read", path)(error) {
            StorageError::Damaged { file, path, source, .. } => {
                StorageError::Damaged { file, path, runs: damaged(), source }
            }
            other => other,
        }
    }
}

impl TrajectoryReader for Hdf5Reader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn nodes(&self) -> Result<Vec<Node>, StorageError> {
        self.nodes_or(&mut |_, error| Err(error))
    }

    fn read(&self, path: &str) -> Result<Cells, StorageError> {
        self.refuse_ragged(path)?;
        let (dataset, element) = self.dataset(path)?;
        raw::read_value(&dataset, element).map_err(|error| {
            let is_column = attributes::has(&dataset, LAYOUT).unwrap_or(false);
            let n_runs = dataset.shape().first().copied().filter(|_| is_column).unwrap_or(0);
            self.in_runs(path, error, || damage::unreadable(&dataset, element, 0..n_runs))
        })
    }

    fn rows(&self, path: &str, runs: Range<usize>) -> Result<Cells, StorageError> {
        match &*self.column(path)? {
            OpenColumn::Dense(rows) => self.dense_rows(rows, runs),
            OpenColumn::Ragged { rank, values, row_start, row_size, row_shape } => {
                let row_shape = row_shape.as_ref().unwrap_or(row_size);
                self.ragged_rows(path, *rank, values, [row_start, row_size, row_shape], runs)
            }
        }
    }

    fn slice(&self, path: &str, runs: Option<Range<usize>>, slice: &Slice) -> Result<Cells, StorageError> {
        parts::read(self, path, runs, slice)
    }

    fn n_rows(&self, path: &str) -> Result<usize, StorageError> {
        Ok(match &*self.column(path)? {
            OpenColumn::Dense(rows) => rows.len(),
            OpenColumn::Ragged { row_start, row_size, row_shape, .. } => {
                // One that differs from the others is the one to be told.
                let all = [Some(row_start), Some(row_size), row_shape.as_ref()];
                let n_rows = all.into_iter().flatten().map(Rows::len);
                n_rows.max_by_key(|n_rows| n_rows.abs_diff(self.header.n_runs)).unwrap_or_default()
            }
        })
    }

    fn row_type(&self, path: &str) -> Result<Option<ValueType>, StorageError> {
        Ok(match &*self.column(path)? {
            OpenColumn::Dense(rows) if rows.element != ElementType::Text => {
                Some(ValueType::scalar(rows.element).with_shape(rows.row_shape().iter().map(|&length| Some(length))))
            }
            _ => None,
        })
    }

    fn rows_into(&self, path: &str, runs: Range<usize>, room: &mut [u8]) -> Result<(), StorageError> {
        match &*self.column(path)? {
            OpenColumn::Dense(rows) => self.read_rows(rows, runs.clone(), || rows.read_into(runs.start, room)),
            OpenColumn::Ragged { .. } => Err(self.place.malformed(path, "its runs differ in shape")),
        }
    }

    fn annotations(&self, path: &str) -> Result<BTreeMap<String, Cells>, StorageError> {
        self.at(path, "read the annotations of", annotations::all)
    }

    fn comment(&self, path: &str) -> Result<String, StorageError> {
        let comment = |node: &hdf5::Location| Ok(attributes::text(node, "comment")?.unwrap_or_default());
        self.at(path, "read the comment of", comment)
    }
}

/// Reads what is known of a trajectory as a whole; `lose` is told of what others can do without.
fn read_header(
    trajectory: &Group,
    name: &str,
    place: &Place,
    lose: &mut dyn FnMut(StorageError) -> Result<(), StorageError>,
) -> Result<Header, StorageError> {
    let failed = || place.failed("read an attribute of", name);
    let text = |attribute: &str| {
        let text = attributes::text(trajectory, attribute).map_err(failed())?;
        text.ok_or_else(|| place.malformed(name, format!("it has no attribute `{attribute}`")))
    };
    let axes = || {
        let axes = attributes::text(trajectory, "axes").map_err(failed())?;
        let axes = axes.map(|axes| serde_json::from_str(&axes)).transpose();
        axes.map_err(|error| place.malformed(name, format!("its axes cannot be read: {error}")))
    };
    let state = || {
        let state = State::from_word(&text("state")?);
        state.ok_or_else(|| place.malformed(name, "its state is none that pypet knows"))
    };
    let n_runs = attributes::number(trajectory, "n_runs").map_err(failed())?;
    let n_runs = n_runs.and_then(|number| usize::try_from(number).ok());
    // Files of programs that knew no streams have no seed.
    let seed = attributes::number(trajectory, "seed").map_err(failed())?;
    let schema: Result<Schema, _> = serde_json::from_str(&text("schema")?);
    Ok(Header {
        name: name.into(),
        experiment: text("experiment")?,
        comment: or_lose(text("comment"), String::new(), lose)?,
        created: text("created")?,
        n_runs: n_runs.ok_or_else(|| place.malformed(name, "it has no number of runs"))?,
        seed: seed.unwrap_or_default(),
        schema: schema.map_err(|error| place.malformed(name, format!("its schema cannot be read: {error}")))?,
        axes: or_lose(axes(), None, lose)?,
        state: or_lose(state(), State::Stopped, lose)?,
    })
}

fn or_lose<T>(
    read: Result<T, StorageError>,
    instead: T,
    lose: &mut dyn FnMut(StorageError) -> Result<(), StorageError>,
) -> Result<T, StorageError> {
    read.or_else(|error| lose(error).map(|()| instead))
}
