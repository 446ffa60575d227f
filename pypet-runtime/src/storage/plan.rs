//! What travels between an environment and a store.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::explore::lattice::{Lattice, LatticeAxis};
use crate::result::DeclaredGroup;
use crate::run::{EarlyResult, Part, RunStatus, SliceWrite};
use crate::schema::{Leaf, Schema};
use crate::value::{Cells, ResultValue, grouped};

/// What is known of a trajectory as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The trajectory's name; unique in its file.
    pub name: String,
    /// The experiment's name.
    pub experiment: String,
    /// What the user says about it.
    pub comment: String,
    /// When it was made, RFC 3339 with offset.
    pub created: String,
    /// Number of runs.
    pub n_runs: usize,
    /// What all random streams begin with.
    pub seed: u64,
    /// Parameters and results.
    pub schema: Schema,
    /// How far the study has come.
    pub state: State,
    /// The axes of the grid, outermost first, if the points form one.
    pub axes: Option<Vec<HeaderAxis>>,
}

/// An axis of a grid: how many points lie along it, and what varies there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderAxis {
    /// Number of points.
    pub len: usize,
    /// Full names of what varies in lock step; the first names the dimension.
    pub coordinates: Vec<String>,
}

/// How far a study has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Runs are being carried out, or were when the process ended.
    Running,
    /// Every run has been tried.
    Finished,
    /// Ended before every run was tried.
    Stopped,
}

impl State {
    /// The word in the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Stopped].into_iter().find(|state| state.word() == word)
    }
}

/// Runs that a stored trajectory is given.
#[derive(Debug, Clone, Copy)]
pub struct Expansion<'a> {
    /// That of all runs, the stored ones first.
    pub plan: &'a Plan,
    /// How many are stored.
    pub n_before: usize,
    /// The run at each point of the grid, where that is not simply the next.
    pub order: Option<&'a [usize]>,
}

/// Everything that is known before the first run.
#[derive(Debug)]
pub struct Plan {
    /// The trajectory as a whole.
    pub header: Header,
    /// Presets, derived parameters that are the same in every run, and config: values with their paths.
    pub values: Vec<PlannedLeaf>,
    /// What differs from run to run before it starts: explored and derived parameters, repetitions.
    pub coordinates: Vec<Coordinate>,
    /// The axes of the grid, outermost first, if the points form one.
    pub axes: Option<Vec<PlanAxis>>,
    /// Comments of groups, which they get as soon as there is something in them.
    pub groups: Vec<PlannedGroup>,
}

/// A group of which something is known beforehand.
#[derive(Debug, Clone)]
pub struct PlannedGroup {
    /// Path below the trajectory, as `parameters/neuron`.
    pub path: String,
    /// What it is for.
    pub comment: String,
}

impl PlannedGroup {
    /// The groups of a branch that have a comment.
    pub(crate) fn of<'a>(branch: &'static str, groups: &'a [DeclaredGroup]) -> impl Iterator<Item = Self> + use<'a> {
        let with_comment = groups.iter().filter(|group| !group.comment.is_empty());
        with_comment.map(move |DeclaredGroup { name, comment, .. }| Self {
            path: format!("{branch}/{}", name.replace('.', "/")),
            comment: comment.clone(),
        })
    }
}

/// A value that the tree begins with.
#[derive(Debug, Clone)]
pub struct PlannedLeaf {
    /// Path below the trajectory, as `parameters/neuron/i`.
    pub path: String,
    /// Name, comment and unit.
    pub leaf: Leaf,
    /// One cell.
    pub value: Cells,
    /// For parameters: whether it is explored.
    pub explored: Option<bool>,
}

impl PlannedLeaf {
    /// A value that is no parameter.
    pub(crate) fn new<V: ResultValue>(path: String, value: &V, comment: &str) -> Self {
        let mut cells = Cells::of(&V::value_type());
        value.write(&mut cells);
        let name = path.split_once('/').map_or(path.as_str(), |(_, name)| name).replace('/', ".");
        Self { leaf: Leaf::new(&name, V::value_type()).with_comment(comment), path, value: cells, explored: None }
    }
}

/// A column that is known before the first run.
#[derive(Debug, Clone)]
pub struct Coordinate {
    /// Path below the trajectory, as `explored/neuron.i`.
    pub path: String,
    /// The name in `by_run` and `grid`: short where that is unique.
    pub label: String,
    /// Name, comment and unit.
    pub leaf: Leaf,
    /// Whether `by_run` shows it as a coordinate: explored parameters and repetitions.
    pub explored: bool,
}

/// An axis of the grid.
#[derive(Debug)]
pub struct PlanAxis {
    /// Number of points along it.
    pub len: usize,
    /// The coordinates along it with one cell for each point; the first names the dimension.
    pub coordinates: Vec<(Coordinate, AxisCells)>,
}

/// One cell for each point of an axis, made when it is asked for, so that nobody holds all of them.
pub struct AxisCells(Box<dyn Fn(Range<usize>) -> Cells>);

impl AxisCells {
    /// The cells that a function gives for a range of points.
    pub fn new(part: impl Fn(Range<usize>) -> Cells + 'static) -> Self {
        Self(Box::new(part))
    }

    /// Those of some points.
    #[must_use]
    pub fn part(&self, points: Range<usize>) -> Cells {
        (self.0)(points)
    }
}

impl From<Cells> for AxisCells {
    fn from(all: Cells) -> Self {
        Self::new(move |points| {
            let mut cells = Cells::new(all.element(), all.rank());
            points.for_each(|point| cells.push_cell(&all.cell(point)));
            cells
        })
    }
}

impl fmt::Debug for AxisCells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AxisCells")
    }
}

/// The most pieces of which a grid is put together; a virtual dataset of more is slow to open.
const MOST_PIECES: usize = 4096;

impl PlanAxis {
    /// The axes of the grid that explored columns form, if they do, and the run at each of its points where that is
    /// not simply the next; `coordinates` are those of the columns.
    pub(crate) fn of_columns(columns: &[Cells], coordinates: &[Coordinate]) -> (Option<Vec<Self>>, Option<Vec<usize>>) {
        let whole = whole_values(columns, coordinates);
        let found = Lattice::find(whole.as_ref().map_or(columns, |(values, _)| values));
        let Some(lattice) = found.filter(|lattice| lattice.n_pieces() <= MOST_PIECES) else {
            return (None, None);
        };
        let members = |value: usize| whole.as_ref().map_or(value..value + 1, |(_, members)| members[value].clone());
        let axis = |axis: &LatticeAxis| {
            let values = axis.columns.iter().flat_map(|&value| members(value)).map(|column| {
                let mut cells = Cells::new(columns[column].element(), columns[column].rank());
                axis.points.iter().for_each(|&point| cells.push_cell(&columns[column].cell(point)));
                (coordinates[column].clone(), cells.into())
            });
            Self { len: axis.points.len(), coordinates: values.collect() }
        };
        (Some(lattice.axes.iter().map(axis).collect()), lattice.order)
    }

    /// What the header says of it.
    pub(crate) fn header(&self) -> HeaderAxis {
        let names = self.coordinates.iter().map(|(coordinate, _)| coordinate.leaf.name.clone());
        HeaderAxis { len: self.len, coordinates: names.collect() }
    }
}

/// Columns of whole values where some columns are but members of values, and which columns each of them is made of.
fn whole_values(columns: &[Cells], coordinates: &[Coordinate]) -> Option<(Vec<Cells>, Vec<Range<usize>>)> {
    let leaves: Vec<&Leaf> = coordinates[..columns.len()].iter().map(|coordinate| &coordinate.leaf).collect();
    if !leaves.iter().any(|leaf| leaf.member) {
        return None;
    }
    let group = |leaf: &Leaf| leaf.name.rsplit_once('.').map(|(group, _)| group.to_owned()).filter(|_| leaf.member);
    let mut end = 0;
    let same_value = |a: &&Leaf, b: &&Leaf| group(a).is_some_and(|of_a| group(b) == Some(of_a));
    let members = leaves.chunk_by(same_value).map(|members| {
        end += members.len();
        end - members.len()..end
    });
    let members: Vec<Range<usize>> = members.collect();
    let value = |members: &Range<usize>| match &columns[members.clone()] {
        [only] => only.clone(),
        several => grouped::join(several),
    };
    Some((members.iter().map(value).collect(), members))
}

/// What runs hand over when they end.
#[derive(Debug)]
pub enum Finished {
    /// Runs that are done, side by side.
    Done(Block),
    /// A run that is not.
    Failed(FailedRun),
}

/// Runs that are done, with consecutive indices.
#[derive(Debug)]
pub struct Block {
    /// Index of the first run.
    pub first: usize,
    /// The worker that carried them out.
    pub worker: u16,
    /// Start of each run, seconds since 1970.
    pub started: Vec<f64>,
    /// Duration of each run in seconds.
    pub runtime: Vec<f64>,
    /// The checksum of what each run yields.
    pub checksum: Vec<u64>,
    /// One column for each declared result, one cell for each run.
    pub results: Vec<Cells>,
    /// Columns of added results.
    pub added: Vec<DynamicColumn>,
    /// Results that runs had handed over before their end.
    pub(crate) early: Vec<EarlyResult>,
    /// What runs have written of shared arrays.
    pub(crate) slices: Vec<SliceWrite>,
}

impl Block {
    /// The indices of the runs.
    #[must_use]
    pub fn runs(&self) -> Range<usize> {
        self.first..self.first + self.started.len()
    }

    /// All results in bytes, in memory or put aside.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        let cells = self.results.iter().chain(self.added.iter().map(|column| &column.cells));
        let early = self.early.iter().flat_map(|result| &result.parts);
        let parts = early.chain(self.slices.iter().map(|slice| &slice.part));
        cells.map(Cells::n_bytes).sum::<usize>() + parts.map(Part::n_bytes).sum::<usize>()
    }
}

/// A result or an annotation that runs added.
#[derive(Debug)]
pub struct DynamicColumn {
    /// Where the column lies: `results`, `runs/annotations` or `runs/slices`.
    pub branch: &'static str,
    /// Name, type and nothing else.
    pub leaf: Leaf,
    /// The runs that added it.
    pub runs: Vec<usize>,
    /// One cell for each of them.
    pub cells: Cells,
}

impl DynamicColumn {
    /// The branch of results that no result set declares.
    pub const RESULTS: &'static str = "results";
    /// The branch of annotations of single runs.
    pub const ANNOTATIONS: &'static str = "runs/annotations";
    /// The branch of what runs have written of shared arrays: for each slice and dimension, its start and end.
    pub(crate) const SLICES: &'static str = "runs/slices";
    /// The table of failed runs.
    pub(crate) const ERRORS: &'static str = "runs/errors";

    /// The branch of this name.
    pub(crate) fn branch_of(name: &str) -> &'static str {
        [Self::ANNOTATIONS, Self::SLICES].into_iter().find(|branch| *branch == name).unwrap_or(Self::RESULTS)
    }

    /// The path of the column below the trajectory.
    #[must_use]
    pub fn path(&self) -> String {
        added_path(self.branch, &self.leaf.name)
    }
}

/// The path of an added result below the trajectory.
pub(crate) fn added_path(branch: &str, name: &str) -> String {
    format!("{branch}/{}", name.replace('.', "/"))
}

/// A try of a run that ended without results.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedRun {
    /// Its index.
    pub index: usize,
    /// The worker that carried it out.
    pub worker: u16,
    /// How it ended; pending if the run is tried again.
    pub status: RunStatus,
    /// Start, seconds since 1970.
    pub started: f64,
    /// Duration in seconds.
    pub runtime: f64,
    /// What the error or panic says, its causes included.
    pub message: String,
    /// Source file, line and column: of a panic where it happened, of all else where the experiment is declared.
    pub place: String,
    /// The stack at a panic; empty for all else, and after the first hundred panics of a process.
    pub backtrace: String,
}

impl FailedRun {
    /// Whether the run is not tried again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status != RunStatus::Pending
    }
}
