//! What a trajectory needs from a place to be kept, and the places there are.
//!
//! A [`TrajectoryWriter`] takes a [`Plan`] before the first run and [`Finished`] runs afterwards; what was
//! written counts once [`TrajectoryWriter::commit`] has returned. A [`TrajectoryReader`] names the nodes of
//! the tree and gives their values as [`Cells`]. Nothing here knows of experiments or their types.

pub(crate) mod claims;
mod edit;
pub mod hdf5;
mod leftover;
mod memory;
mod plan;

pub use edit::Edit;
pub(crate) use edit::links_to;
pub use leftover::LeftOver;
pub use memory::Memory;
pub(crate) use plan::added_path;
pub use plan::{
    AxisCells, Block, Coordinate, DynamicColumn, Expansion, FailedRun, Finished, Header, HeaderAxis, Plan, PlanAxis,
    PlannedGroup, PlannedLeaf, State,
};

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use crate::result::SharedArray;
use crate::run::EarlyResult;
use crate::schema::Leaf;
use crate::value::{Cells, Slice, SliceError, ValueType};

/// The column of the checksums of what runs yield; 0 for runs that have none.
pub(crate) const CHECKSUM: &str = "runs/checksum";

/// Where the runs of one trajectory go.
pub trait TrajectoryWriter: Send {
    /// Stores everything that is known before the first run.
    ///
    /// `columns` gives the values of all [`Plan::coordinates`] for a range of runs, in their order.
    ///
    /// # Errors
    /// The place cannot take it; nothing half-finished is left under the trajectory's name.
    fn begin(&mut self, plan: &Plan, columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>) -> Result<(), StorageError>;

    /// Adds values to the tree of a trajectory that has begun, at paths where nothing is.
    ///
    /// # Errors
    /// The place cannot take them.
    fn add(&mut self, values: &[PlannedLeaf]) -> Result<(), StorageError>;

    /// Makes arrays that runs write together, or finds those that are there; their numbers are what slices name.
    ///
    /// # Errors
    /// The place cannot take them, or has something else under one of their names.
    fn share(&mut self, arrays: &[SharedArray]) -> Result<(), StorageError>;

    /// Takes finished runs; they count after the next commit.
    ///
    /// # Errors
    /// The place cannot take them.
    fn write(&mut self, finished: &Finished) -> Result<(), StorageError>;

    /// Makes all that was written last.
    ///
    /// # Errors
    /// The place cannot take it.
    fn commit(&mut self) -> Result<(), StorageError>;

    /// Commits, notes how the study ended, and closes.
    ///
    /// # Errors
    /// The place cannot take it.
    fn finish(&mut self, state: State) -> Result<(), StorageError>;
}

/// Where a stored trajectory is read from.
pub trait TrajectoryReader: Send + Sync {
    /// What is known of the trajectory as a whole.
    fn header(&self) -> &Header;

    /// The file, if there is one.
    fn path(&self) -> Option<&std::path::Path>;

    /// The trajectory in memory, if it is one.
    fn memory(&self) -> Option<&Memory> {
        None
    }

    /// All nodes of the tree, parents before children, in the order of their making.
    ///
    /// # Errors
    /// The place cannot be read.
    fn nodes(&self) -> Result<Vec<Node>, StorageError>;

    /// A whole leaf as one cell; a column has the run as its first dimension.
    ///
    /// # Errors
    /// There is no such leaf, or it cannot be read.
    fn read(&self, path: &str) -> Result<Cells, StorageError>;

    /// The values of some runs from a column, one cell for each.
    ///
    /// # Errors
    /// There is no such column, it has fewer runs, or it cannot be read.
    fn rows(&self, path: &str, runs: Range<usize>) -> Result<Cells, StorageError>;

    /// A part of the values of some runs from a column, one cell for each; without runs, of a whole leaf as one cell.
    ///
    /// No more is read than is asked for, but for whole chunks.
    ///
    /// # Errors
    /// As [`TrajectoryReader::rows`] and [`TrajectoryReader::read`]; and a value has no such part.
    fn slice(&self, path: &str, runs: Option<Range<usize>>, slice: &Slice) -> Result<Cells, StorageError>;

    /// How many rows a column has; as many as there are runs, if nothing is wrong.
    ///
    /// # Errors
    /// There is no such column, or it cannot be read.
    fn n_rows(&self, path: &str) -> Result<usize, StorageError>;

    /// The type of each run's value in a column, where all are numbers in arrays of one shape that
    /// [`rows_into`](Self::rows_into) can read.
    ///
    /// # Errors
    /// There is no such column, or it cannot be read.
    fn row_type(&self, path: &str) -> Result<Option<ValueType>, StorageError> {
        let _ = path;
        Ok(None)
    }

    /// The same as [`rows`](Self::rows), in the memory of whoever asks, which has exactly the bytes of these runs.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    fn rows_into(&self, path: &str, runs: Range<usize>, room: &mut [u8]) -> Result<(), StorageError> {
        room.copy_from_slice(self.rows(path, runs)?.bytes());
        Ok(())
    }

    /// The annotations of a node, or of the trajectory for an empty path: one cell for each.
    ///
    /// # Errors
    /// There is no such node, or it cannot be read.
    fn annotations(&self, path: &str) -> Result<BTreeMap<String, Cells>, StorageError>;

    /// The comment of a node, groups included; empty if it has none.
    ///
    /// # Errors
    /// There is no such node, or it cannot be read.
    fn comment(&self, path: &str) -> Result<String, StorageError>;
}

/// One node of a stored tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Names from the trajectory to the node, joined by `/`; a parameter is `parameters/neuron/i`.
    pub path: String,
    /// What the node is.
    pub kind: NodeKind,
}

/// What a node of a stored tree is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// An inner node.
    Group,
    /// A value of its own.
    Value(Leaf),
    /// One value for each run.
    Column(Leaf),
    /// A second path to another node.
    Link {
        /// The path of that node, which need not exist.
        target: String,
    },
}

/// Parameters that cannot be stored without loss are told before the first run.
fn check_refusal(leaf: &Leaf, cells: &Cells) -> Result<(), StorageError> {
    match cells.refusal() {
        Some(problem) => Err(StorageError::Refused { name: leaf.name.clone(), problem: problem.into() }),
        None => Ok(()),
    }
}

/// A result that a run added.
struct Newcomer<'a> {
    branch: &'a str,
    leaf: &'a Leaf,
    run: usize,
}

impl Newcomer<'_> {
    fn path(&self) -> String {
        added_path(self.branch, &self.leaf.name)
    }

    /// An added result has the type that it had in runs before.
    fn check_type(&self, expected: &ValueType) -> Result<(), StorageError> {
        let found = &self.leaf.value_type;
        if found.agrees(expected) {
            return Ok(());
        }
        let (name, run) = (self.leaf.name.clone(), self.run);
        Err(StorageError::ResultType { name, run, found: found.to_string(), expected: expected.to_string() })
    }

    /// Nothing may lie in what is a value.
    fn check_place<S: AsRef<str>>(&self, mut others: impl Iterator<Item = S>) -> Result<(), StorageError> {
        let is_inside = |path: &str, other: &str| path.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        let path = self.path();
        let conflicts = |other: &S| is_inside(&path, other.as_ref()) || is_inside(other.as_ref(), &path);
        let Some(other) = others.find(conflicts) else { return Ok(()) };
        let other = other.as_ref();
        let other = other.split_once('/').map_or(other.to_owned(), |(_, name)| name.replace('/', "."));
        Err(StorageError::ResultInside { name: self.leaf.name.clone(), run: self.run, other })
    }
}

impl DynamicColumn {
    fn newcomer(&self) -> Newcomer<'_> {
        Newcomer { branch: self.branch, leaf: &self.leaf, run: self.runs[0] }
    }
}

impl EarlyResult {
    fn newcomer(&self) -> Newcomer<'_> {
        Newcomer { branch: DynamicColumn::RESULTS, leaf: &self.leaf, run: self.run }
    }
}

/// What can go wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The file is not there.
    #[error("there is no file `{}`", file.display())]
    NoFile {
        /// The file.
        file: PathBuf,
    },
    /// The system refuses.
    #[error("cannot {action} `{}`", file.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A full disk, a quota, or a limit for the size of files.
    #[error(
        "cannot {action} `{}`: there is no space left; what was committed is safe, so make room and resume",
        file.display()
    )]
    NoSpace {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Bytes of the file are not those that were written.
    #[error(
        "`{path}` in `{}` is damaged{}; take an undamaged copy of the file, or ask `repair {}` what is left",
        file.display(), in_runs(.runs), file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The node.
        path: String,
        /// The runs whose values cannot be read, where it is a column.
        runs: Vec<Range<usize>>,
        /// The checksum that found it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What everything in a file hangs on is damaged.
    #[error(
        "{what} of `{}` cannot be read, and without it nothing in the file can be found: no program can repair this, \
         so take a copy of the file from a backup", file.display()
    )]
    BeyondRepair {
        /// The file.
        file: PathBuf,
        /// What is damaged.
        what: &'static str,
        /// What the library says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process, or another part of this one, holds the lock on the file.
    #[error("`{}` is being written by {holder}; wait for it, or choose another file", file.display())]
    InUse {
        /// The file.
        file: PathBuf,
        /// Who has the right to write.
        holder: String,
    },
    /// Some other kind of file.
    #[error("`{}` is no HDF5 file{}; choose another file, or move this one away", file.display(), found.as_deref().map(|found| format!(" ({found})")).unwrap_or_default())]
    NotHdf5 {
        /// The file.
        file: PathBuf,
        /// What it seems to be.
        found: Option<&'static str>,
    },
    /// An HDF5 file of another program.
    #[error("`{}` is an HDF5 file, but {}", file.display(), if *.is_pythons {
        "one of Python's pypet, which has another format; docs/from-pypet.md tells how to read it"
    } else {
        "not one of pypet's: it has no attribute `pypet_format`"
    })]
    NotOurs {
        /// The file.
        file: PathBuf,
        /// Whether Python's pypet has made it.
        is_pythons: bool,
    },
    /// Written by a later version.
    #[error("`{}` has format {found}, but this version of pypet reads up to {known}; update pypet", file.display())]
    NewerFormat {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: String,
        /// The newest format known.
        known: &'static str,
    },
    /// No trajectory of this name or experiment.
    #[error("`{}` has no trajectory {wanted}; it has {}", file.display(), crate::value::text::quoted_list(.names))]
    NoTrajectory {
        /// The file.
        file: PathBuf,
        /// What was looked for, in words.
        wanted: String,
        /// The trajectories it has.
        names: Vec<String>,
    },
    /// A node that is not there.
    #[error("the trajectory has no `{path}`")]
    NoNode {
        /// The path.
        path: String,
    },
    /// A node that is there already.
    #[error("the trajectory has a `{path}` already; choose another name, or overwrite it explicitly")]
    Exists {
        /// The path.
        path: String,
    },
    /// A node that makes the trajectory what it is.
    #[error("`{path}` cannot be {action}; {allowed}")]
    Fixed {
        /// The path.
        path: String,
        /// What was tried.
        action: &'static str,
        /// What can be done.
        allowed: &'static str,
    },
    /// An annotation too large for an attribute.
    #[error(
        "the annotation `{key}` of `{path}` has {n_bytes} bytes, but at most {most} fit; \
         store it as a result outside of runs"
    )]
    LargeAnnotation {
        /// The node.
        path: String,
        /// The annotation.
        key: String,
        /// Its size.
        n_bytes: usize,
        /// The largest possible.
        most: usize,
    },
    /// Two trajectories of one name.
    #[error("`{}` has a trajectory `{name}` already; choose another name", file.display())]
    NameTaken {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
    },
    /// Somebody else changed the trajectory in between.
    #[error("the trajectory `{name}` was changed by another program in the meantime; try again")]
    Changed {
        /// The trajectory.
        name: String,
    },
    /// Something in the file that cannot be what pypet wrote.
    #[error("`{path}` in `{}` is not as pypet writes it: {problem}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The node.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// Runs disagree about a result.
    #[error(
        "the result `{name}` is `{found}` in run {run} but `{expected}` in runs before; store it under another name"
    )]
    ResultType {
        /// The result.
        name: String,
        /// The run.
        run: usize,
        /// Its type in this run.
        found: String,
        /// Its type until now.
        expected: String,
    },
    /// Runs disagree about whether a name is a value or a group.
    #[error(
        "run {run} adds the result `{name}` where runs before have `{other}`: one would be a value and a group; rename one"
    )]
    ResultInside {
        /// The result.
        name: String,
        /// The run.
        run: usize,
        /// What was stored before.
        other: String,
    },
    /// A part that a value does not have.
    #[error("a part of `{path}`{} cannot be read", in_run(*.run))]
    Slice {
        /// The node.
        path: String,
        /// The run whose value it is, where their shapes may differ.
        run: Option<usize>,
        /// Why not.
        source: SliceError,
    },
    /// A shared array that is declared otherwise than it is stored.
    #[error(
        "the shared array `{name}` is declared as `{expected}`, but the trajectory has `{found}` under this name; \
         declare it as it is, or give it another name"
    )]
    SharedArray {
        /// Its name.
        name: String,
        /// What is declared.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A value that cannot be stored without loss.
    #[error("the value of `{name}` cannot be stored: {problem}")]
    Refused {
        /// The parameter.
        name: String,
        /// Why not.
        problem: String,
    },
    /// The HDF5 library refuses.
    #[error("HDF5 cannot {action} `{path}` in `{}`", file.display())]
    Hdf5 {
        /// What was tried.
        action: &'static str,
        /// The node.
        path: String,
        /// The file.
        file: PathBuf,
        /// What the library says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StorageError {
    /// Values hold no other nodes.
    pub(crate) fn inside_value(path: &str, action: &'static str) -> Self {
        let allowed = "it would lie in a value, which is no group; choose another name";
        Self::Fixed { path: path.into(), action, allowed }
    }
}

/// ` in run 3`; nothing where no run is known.
fn in_run(run: Option<usize>) -> String {
    run.map(|run| format!(" in run {run}")).unwrap_or_default()
}

/// ` in the runs 3, 8 to 15`; nothing where no run is known.
fn in_runs(runs: &[Range<usize>]) -> String {
    match runs {
        [] => String::new(),
        [one] if one.len() == 1 => format!(" in run {}", one.start),
        runs => format!(" in the runs {}", spell_runs(runs)),
    }
}

/// `3, 8 to 15`.
pub(crate) fn spell_runs(runs: &[Range<usize>]) -> String {
    let spell = |runs: &Range<usize>| match runs.len() {
        1 => runs.start.to_string(),
        _ => format!("{} to {}", runs.start, runs.end - 1),
    };
    runs.iter().map(spell).collect::<Vec<_>>().join(", ")
}
