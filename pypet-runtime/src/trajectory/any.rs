//! Trajectories of which nothing is known beforehand.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use ndarray::{ArrayD, SliceInfoElem};

use super::naming::{self, Of};
use super::nodes::{NodeRef, Nodes};
use super::{AnyRunView, RunFailure, TrajectoryError, Value, failures, links, tree};
use crate::error::Result;
use crate::logs::{self, LogLine};
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::hdf5::Hdf5Reader;
use crate::storage::{Header, Node, StorageError, TrajectoryReader};
use crate::value::{Cells, Element, ElementType, ResultValue, Rows, Slice, ValueError};
use crate::verify::{self, ContentHash, Verified};

/// A trajectory whose experiment the program need not know: nodes are found by natural naming at run time.
///
/// Opening reads names; data come when they are asked for. Names are paths with dots in which groups may be
/// left out: the shallowest match wins, and two of one depth are an error that lists them.
///
/// | in a name | stands for |
/// | --- | --- |
/// | `par`, `dpar`, `conf`, `res` | `parameters`, `derived_parameters`, `config`, `results` |
/// | `r_7`, `run_7`, `run_00000007` | the value of run 7: `results.r_7.rate` |
/// | `$`, `crun` | the run of a [view](AnyTrajectory::run); all runs elsewhere |
/// | `run_ALL` | all runs, also in a view |
///
/// The run table is found by names that begin with `runs`, the explored columns by `explored`.
///
/// # Examples
/// ```text
/// let any = AnyTrajectory::open("hdf5/firing_rate.h5")?;
/// let tau: f64 = any.get("neuron.tau_v")?;   // the shortcut for `parameters.neuron.tau_v`
/// let rate: f64 = any.run(7)?.get("rate")?;  // what run 7 yielded
/// for run in any.find("neuron.i > 0.5 && rate > 10")? {
///     println!("{}", run.index());
/// }
/// println!("{any}");
/// ```
pub struct AnyTrajectory {
    reader: Box<dyn TrajectoryReader>,
    tree: Nodes,
    statuses: OnceLock<Vec<RunStatus>>,
}

impl AnyTrajectory {
    /// Opens the newest trajectory of a file.
    ///
    /// # Errors
    /// The file cannot be read, is not pypet's, or has no trajectory.
    pub fn open(file: impl AsRef<Path>) -> Result<Self> {
        Self::from_reader(Box::new(Hdf5Reader::newest(file.as_ref())?))
    }

    /// Opens the trajectory of this name.
    ///
    /// # Errors
    /// As [`AnyTrajectory::open`].
    pub fn open_named(file: impl AsRef<Path>, name: &str) -> Result<Self> {
        Self::from_reader(Box::new(Hdf5Reader::named(file.as_ref(), name)?))
    }

    pub(crate) fn from_reader(reader: Box<dyn TrajectoryReader>) -> Result<Self> {
        let tree = Nodes::new(reader.nodes()?);
        Ok(Self { reader, tree, statuses: OnceLock::new() })
    }

    /// What is known of the trajectory as a whole.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.reader.header()
    }

    /// The file, unless the trajectory is in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.reader.path()
    }

    /// All nodes, parents before children.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        self.tree.list()
    }

    /// The node of a name.
    ///
    /// # Errors
    /// Nothing fits the name, or several nodes of one depth do.
    pub fn node(&self, name: &str) -> Result<NodeRef<'_>> {
        Ok(self.find_node(name)?.0)
    }

    /// The node of a name, or the one that it leads to if it is a link.
    ///
    /// # Errors
    /// As [`AnyTrajectory::node`]; and a link leads nowhere, or back to itself.
    pub fn target(&self, name: &str) -> Result<NodeRef<'_>> {
        Ok(self.resolve(name)?.0)
    }

    /// The comment of a node, groups included, or of the trajectory itself for an empty name.
    ///
    /// # Errors
    /// As [`AnyTrajectory::annotations`].
    pub fn comment(&self, name: &str) -> Result<String> {
        if name.is_empty() {
            return Ok(self.header().comment.clone());
        }
        Ok(self.reader.comment(self.target(name)?.path())?)
    }

    /// The annotations of a node, or of the trajectory itself for an empty name: one cell for each key.
    ///
    /// # Errors
    /// Nothing or too much fits the name, or the file cannot be read.
    pub fn annotations(&self, name: &str) -> Result<BTreeMap<String, Cells>> {
        let path = if name.is_empty() { "" } else { self.target(name)?.path() };
        Ok(self.reader.annotations(path)?)
    }

    /// One annotation of a node, or of the trajectory itself for an empty name.
    ///
    /// # Errors
    /// As [`AnyTrajectory::annotations`]; and there is none of this key, or it holds another type.
    pub fn annotation<V: ResultValue>(&self, name: &str, key: &str) -> Result<V> {
        let all = self.annotations(name)?;
        let Some(cells) = all.get(key) else {
            let (name, keys) = (name.into(), all.into_keys().collect());
            return Err(TrajectoryError::NoAnnotation { name, key: key.into(), keys }.into());
        };
        let value = V::read(cells.cell(0));
        Ok(value.map_err(|source| TrajectoryError::Value { name: format!("{name}, annotation:{key}"), source })?)
    }

    /// Whether exactly one node fits the name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.resolve(name).is_ok()
    }

    /// All nodes whose full names fit a pattern: `*` stands for any text within one part of a name, `**` for
    /// any number of parts.
    ///
    /// `**.rate` finds every `rate`, `parameters.*.tau_*` all time constants one group down. As with names, the
    /// branches `runs` and `explored` are searched only if the pattern begins with them.
    #[must_use]
    pub fn find_all(&self, pattern: &str) -> Vec<NodeRef<'_>> {
        let found = naming::find_all(self.nodes(), pattern);
        found.into_iter().map(|number| NodeRef::new(self, number)).collect()
    }

    /// A value by its name; of a column all runs at once, with the run as the first dimension.
    ///
    /// # Errors
    /// Nothing or too much fits the name, it is a group, or it holds another type.
    pub fn get<V: ResultValue>(&self, name: &str) -> Result<V> {
        super::read_value(name, self.cells(name)?)
    }

    /// A value by its name, whatever its type.
    ///
    /// # Errors
    /// Nothing or too much fits the name, or it is a group.
    pub fn value(&self, name: &str) -> Result<Value> {
        match self.resolve(name)? {
            (node, Of::Run(run)) => Ok(Value::of(&self.run(run)?.cells_of(node)?.cell(0))),
            (node, _) => node.value(),
        }
    }

    /// A value of whatever type, as one cell.
    ///
    /// # Errors
    /// Nothing or too much fits the name, or it is a group.
    pub fn cells(&self, name: &str) -> Result<Cells> {
        match self.resolve(name)? {
            (node, Of::Run(run)) => self.run(run)?.cells_of(node),
            (node, _) => node.cells(),
        }
    }

    /// The values of some runs from a column, one cell for each.
    ///
    /// # Errors
    /// Nothing or too much fits the name, it is no column, or there are fewer runs.
    pub fn rows(&self, name: &str, runs: Range<usize>) -> Result<Cells> {
        Ok(self.reader.rows(self.target(name)?.path(), runs)?)
    }

    /// A part of an array; of a column, the run is the first dimension. No more than that is loaded.
    ///
    /// # Examples
    /// ```text
    /// let map: ArrayD<f64> = any.get_slice("results.map", s![3..5, ..])?;
    /// let v: ArrayD<f64> = any.get_slice("results.v", s![..10, 100..200])?; // of the first ten runs
    /// ```
    ///
    /// # Errors
    /// As [`AnyTrajectory::get`]; and there is no such part, or runs differ in shape: ask them one by one then.
    pub fn get_slice<T: Element>(&self, name: &str, slice: impl AsRef<[SliceInfoElem]>) -> Result<ArrayD<T>> {
        match self.resolve(name)? {
            (node, Of::Run(run)) => self.run(run)?.slice_of(node, slice),
            (node, _) => {
                node.refuse_group()?;
                let cells = self.reader.slice(node.path(), None, &Slice::of(slice))?.widened(T::TYPE);
                super::read_part(name, &cells)
            }
        }
    }

    /// All rows that runs have appended to a result, in the order of the runs, whatever the order of their execution.
    ///
    /// Rows of runs that are not done do not count. Those of one run are its value:
    /// `any.run(7)?.get::<Vec<f64>>("events")?`.
    ///
    /// # Examples
    /// ```text
    /// let times: Vec<f64> = any.rows_of_all("results.times")?;
    /// let events: Table = any.rows_of_all("results.events")?;
    /// ```
    ///
    /// # Errors
    /// Nothing or too much fits the name, what is there is of another type, or its rows differ in shape.
    pub fn rows_of_all<R: Rows>(&self, name: &str) -> Result<R> {
        let node = self.target(name)?;
        let columns: Vec<NodeRef<'_>> =
            if node.is_column() { vec![node] } else { node.children().filter(|node| node.is_column()).collect() };
        let members = columns.into_iter().map(|column| {
            let leaf = column.leaf().cloned().unwrap_or_else(|| unreachable!("columns have a type"));
            Ok((Leaf { name: column.name().into(), ..leaf }, self.joined_rows(column)?))
        });
        let rows = R::take(members.collect::<Result<_>>()?);
        Ok(rows.map_err(|source| TrajectoryError::Value { name: name.into(), source })?)
    }

    /// The rows of all runs that are done, as one cell.
    fn joined_rows(&self, column: NodeRef<'_>) -> Result<Cells> {
        let unreadable = |source| TrajectoryError::Value { name: column.full_name(), source };
        let mut joined: Option<Cells> = None;
        let done = self.statuses()?.iter().enumerate().filter(|(_, status)| **status == RunStatus::Done);
        for (run, _) in done {
            let rows = self.reader.rows(column.path(), run..run + 1)?;
            let has_rows = |cells: &Cells| cells.cell(0).shape().first().is_some_and(|&n_rows| n_rows > 0);
            match &mut joined {
                Some(before) if has_rows(before) && has_rows(&rows) => {
                    let (first, other) = (before.cell(0).shape().to_vec(), rows.cell(0).shape().to_vec());
                    if first[1..] != other[1..] {
                        return Err(unreadable(ValueError::Ragged { first, other }).into());
                    }
                    before.extend_rows(&rows);
                }
                Some(before) if has_rows(before) => {}
                _ => joined = Some(rows),
            }
        }
        let value_type = column.leaf().map(|leaf| &leaf.value_type);
        Ok(joined.unwrap_or_else(|| {
            let rank = value_type.map_or(1, |value_type| value_type.shape.len());
            let mut nothing = Cells::new(value_type.map_or(ElementType::F64, |value_type| value_type.element), rank);
            nothing.end_array(&vec![0; rank]);
            nothing
        }))
    }

    /// Every value by its full name; columns hold all runs.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn to_map(&self) -> Result<BTreeMap<String, Value>> {
        self.leaves().map(|node| Ok((node.full_name(), node.value()?))).collect()
    }

    /// How far each run has come; read once.
    ///
    /// # Errors
    /// The run table cannot be read.
    pub fn statuses(&self) -> Result<&[RunStatus]> {
        if let Some(statuses) = self.statuses.get() {
            return Ok(statuses);
        }
        let statuses = self.read_statuses(0..self.header().n_runs)?;
        Ok(self.statuses.get_or_init(|| statuses))
    }

    /// The statuses if they were read before, else nothing.
    pub(super) fn known_statuses(&self) -> &[RunStatus] {
        self.statuses.get().map_or(&[], Vec::as_slice)
    }

    fn read_statuses(&self, runs: Range<usize>) -> Result<Vec<RunStatus>> {
        let cells = self.reader.rows("runs/status", runs)?;
        let unknown = |source| TrajectoryError::Value { name: "runs.status".into(), source };
        let codes = u8::read_all(&cells).map_err(unknown)?;
        // A state of a later version is nothing that this one can build on.
        Ok(codes.into_iter().map(|code| RunStatus::from_code(code).unwrap_or(RunStatus::Pending)).collect())
    }

    /// One run.
    ///
    /// # Errors
    /// There is no such run, or the run table cannot be read.
    pub fn run(&self, index: usize) -> Result<AnyRunView<'_>> {
        let n_runs = self.header().n_runs;
        if index >= n_runs {
            return Err(TrajectoryError::NoRun { run: index, n_runs }.into());
        }
        let status = match self.known_statuses().get(index) {
            Some(&status) => status,
            None => self.read_statuses(index..index + 1)?[0],
        };
        Ok(AnyRunView::new(self, index, status))
    }

    /// All runs in order.
    ///
    /// # Errors
    /// The run table cannot be read.
    pub fn runs(&self) -> Result<impl Iterator<Item = AnyRunView<'_>>> {
        let statuses = self.statuses()?.iter().enumerate();
        Ok(statuses.map(|(index, &status)| AnyRunView::new(self, index, status)))
    }

    /// The hash of points, states and results: the same whoever carried the runs out, and in whatever file they are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn content_hash(&self) -> Result<ContentHash> {
        verify::content_hash(self)
    }

    /// Reads everything and says what is wrong; see [`verify`](verify::verify).
    ///
    /// # Errors
    /// As [`verify`](verify::verify).
    pub fn verify(&self) -> Result<Verified> {
        verify::verify_opened(self, &mut |_| {})
    }

    /// The runs that were tried and have no results, with their reasons.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn failures(&self) -> Result<Vec<RunFailure>> {
        failures::all(self)
    }

    /// What was logged while a run was carried out, or all that was logged; see [`logs`](crate::logs).
    ///
    /// # Errors
    /// There is no log, no such run, or the log cannot be read.
    pub fn log(&self, run: Option<usize>) -> Result<Vec<LogLine>> {
        run.map(|run| self.run(run)).transpose()?;
        logs::lines_of(self, run)
    }

    /// How often the trajectory was resumed.
    pub(crate) fn n_resumed(&self) -> usize {
        let resumed = self.nodes().iter().filter_map(|node| node.path.strip_prefix("config/resumed_"));
        resumed.filter(|number| !number.contains('/')).count()
    }

    pub(crate) fn reader(&self) -> &dyn TrajectoryReader {
        &*self.reader
    }

    pub(super) fn tree(&self) -> &Nodes {
        &self.tree
    }

    /// The node that a name leads to, through links, and the runs that are meant.
    pub(super) fn resolve(&self, name: &str) -> Result<(NodeRef<'_>, Of)> {
        let (node, of) = self.find_node(name)?;
        if !node.is_link() {
            return Ok((node, of));
        }
        let number = links::follow(self.nodes(), node.path())?;
        Ok((NodeRef::new(self, number), of))
    }

    fn find_node(&self, name: &str) -> Result<(NodeRef<'_>, Of)> {
        let (number, of) = match naming::resolve(self.nodes(), name) {
            Ok(found) => found,
            // The name may lead through a link to a group.
            Err(unknown) => (links::through(self.nodes(), name).unwrap_or(Err(unknown))?, Of::Asker),
        };
        Ok((NodeRef::new(self, number), of))
    }

    /// The run that a name is about, if it says so: `results.r_7.rate`.
    pub(crate) fn run_of(&self, name: &str) -> Option<usize> {
        match self.resolve(name) {
            Ok((_, Of::Run(run))) => Some(run),
            _ => None,
        }
    }

    /// The node of a path as it stands in the file.
    pub(crate) fn at(&self, path: &str) -> Option<NodeRef<'_>> {
        self.tree.at(path).map(|number| NodeRef::new(self, number))
    }

    /// The column of a parameter's values at each run, if it is explored.
    pub(crate) fn explored_of(&self, parameter: NodeRef<'_>) -> Option<NodeRef<'_>> {
        let name = parameter.path().strip_prefix("parameters/")?;
        self.at(&format!("explored/{}", name.replace('/', ".")))
    }

    /// The column of a result read straight into its place, if it holds the very numbers that are asked for.
    pub(super) fn number_column<V: ResultValue>(&self, name: &str) -> Result<Option<V::Column>> {
        let (path, wanted) = (result_path(name), V::value_type());
        // Whoever asks for what is not there learns so when reading it the other way.
        let Ok(Some(found)) = self.reader.row_type(&path) else { return Ok(None) };
        if (found.element, found.shape.len()) != (wanted.element, wanted.shape.len()) {
            return Ok(None);
        }
        let n_runs = self.header().n_runs;
        let shape: Vec<usize> = std::iter::once(n_runs).chain(found.shape.into_iter().flatten()).collect();
        let mut read = Ok(());
        let column = V::fill_column(&shape, &mut |room| read = self.reader.rows_into(&path, 0..n_runs, room));
        read?;
        Ok(column)
    }

    /// The column of a result, by its name below `results`.
    pub(super) fn result_rows(&self, name: &str, runs: Range<usize>) -> Result<Cells> {
        self.of_result(name, |path| self.reader.rows(path, runs))
    }

    /// Parts of the column of a result, by its name below `results`.
    pub(super) fn result_slice(&self, name: &str, runs: Range<usize>, slice: &Slice) -> Result<Cells> {
        self.of_result(name, |path| self.reader.slice(path, Some(runs), slice))
    }

    fn of_result(&self, name: &str, read: impl FnOnce(&str) -> Result<Cells, StorageError>) -> Result<Cells> {
        let path = result_path(name);
        match read(&path) {
            Err(StorageError::NoNode { .. }) => {
                let trajectory = self.header().name.clone();
                Err(TrajectoryError::NoResult { name: name.into(), trajectory }.into())
            }
            cells => Ok(cells?),
        }
    }
}

fn result_path(name: &str) -> String {
    format!("results/{}", name.replace('.', "/"))
}

/// The tree with types, shapes, units, comments and a glimpse of the values.
impl fmt::Display for AnyTrajectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree::write(self, None, f)
    }
}

impl fmt::Debug for AnyTrajectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.header();
        write!(f, "AnyTrajectory `{}` of `{}` ({} runs)", header.name, header.experiment, header.n_runs)
    }
}
