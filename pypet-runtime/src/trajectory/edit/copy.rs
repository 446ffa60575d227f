//! Copying, compacting, saving and deleting trajectories.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::arrays::SharedArrays;
use super::sources::{Origin, Runs, Source, Strand};
use crate::error::{Error, Result};
use crate::run::{RunStatus, is_valid_name};
use crate::schema::Leaf;
use crate::storage::hdf5::{self, Hdf5Writer, NameChoice, Rewriting};
use crate::storage::{
    Coordinate, Edit, Header, HeaderAxis, NodeKind, Plan, PlanAxis, PlannedLeaf, State, StorageError, TrajectoryWriter,
};
use crate::telling::tell;
use crate::trajectory::{TrajectoryError, grid};
use crate::value::{Cells, ElementType, ValueType};

/// Everything that a new trajectory is made of.
pub(super) struct Blueprint {
    pub(super) plan: Plan,
    /// One for each coordinate of the plan.
    pub(super) coordinates: Vec<Strand>,
    /// The values of the first of them, where they are in memory already.
    pub(super) computed: Vec<Cells>,
    /// The run at each point of the grid, where that is not simply the next.
    pub(super) order: Option<Vec<usize>>,
    pub(super) runs: Runs,
    pub(super) edits: Vec<Edit>,
    pub(super) arrays: SharedArrays,
}

/// What compacting a file gave back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the file before.
    pub before: u64,
    /// Bytes of the file now.
    pub after: u64,
}

/// Copies a trajectory into another file, or under another name into the same one; gives its name there.
///
/// Without a name it is the newest of the file, and the copy is called as the original, with the time added where
/// that is taken. All of it is copied, its runs, failures, annotations and links included, and it is there wholly or
/// not at all.
///
/// # Errors
/// A file cannot be read or written.
pub fn copy(
    from: impl AsRef<Path>,
    name: Option<&str>,
    to: impl AsRef<Path>,
    new_name: Option<&str>,
) -> Result<String> {
    let source = Source::open(from.as_ref(), name)?;
    let name = new_name.unwrap_or(&source.any.header().name).to_owned();
    check_name(&name)?;
    write_copy(source, to.as_ref(), &NameChoice { name, add_time: false, overwrite: false })
}

/// Writes a file anew without the space of what was deleted or replaced in it, at the place of the old one.
///
/// Killed at any moment, the file is as before or compact.
///
/// # Errors
/// The file is being written or read, or cannot be written; or it holds something that is not pypet's.
pub fn compact(file: impl AsRef<Path>) -> Result<Compacted> {
    let file = file.as_ref();
    let size = |file: &Path| {
        let io = |source| StorageError::Io { action: "look at", file: file.into(), source };
        Ok::<u64, StorageError>(std::fs::metadata(file).map_err(io)?.len())
    };
    let rewriting = Rewriting::begin(file)?;
    let before = size(file)?;
    let beside = with_suffix(file, ".compact");
    // One that is there was left by a program that was killed; nobody else compacts now.
    for leftover in ["", ".journal", ".journal.new", ".new"] {
        match std::fs::remove_file(with_suffix(&beside, leftover)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StorageError::Io { action: "remove", file: beside, source: error }.into());
            }
            _ => {}
        }
    }
    for name in hdf5::trajectories(file)? {
        let source = Source::open(file, Some(&name))?;
        write_copy(source, &beside, &NameChoice { name, add_time: false, overwrite: false })?;
    }
    if !beside.exists() {
        // Not a single trajectory is left.
        hdf5::create_empty(&beside)?;
    }
    let after = size(&beside)?;
    if after >= before {
        // A file without holes stays as it is; chunks for more runs than it began with would make it larger.
        let io = |source| StorageError::Io { action: "remove", file: beside.clone(), source };
        std::fs::remove_file(&beside).map_err(io)?;
        return Ok(Compacted { before, after: before });
    }
    rewriting.replace_by(&beside)?;
    Ok(Compacted { before, after })
}

/// Copies a whole file as its last commit left it, also while a study writes into it.
///
/// # Errors
/// The file cannot be read, or the copy is there already or cannot be written.
pub fn backup(file: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    Ok(hdf5::backup(file.as_ref(), to.as_ref())?)
}

/// Deletes a trajectory of a file; [`compact`] gives its space back.
///
/// # Errors
/// The file cannot be written, or has no such trajectory.
pub fn delete(file: impl AsRef<Path>, name: &str) -> Result<()> {
    Ok(hdf5::delete(file.as_ref(), name)?)
}

pub(super) fn check_name(name: &str) -> Result<()> {
    if is_valid_name(name) && !name.contains('.') {
        return Ok(());
    }
    Err(Error::TrajectoryName { name: name.into() })
}

pub(super) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn write_copy(source: Source, to: &Path, choice: &NameChoice) -> Result<String> {
    let sources = [source];
    let mut writer = Hdf5Writer::create(to, choice)?;
    let name = writer.name().to_owned();
    let blueprint = blueprint(&sources, &name)?;
    let state = sources[0].any.header().state;
    blueprint.write(&sources, &mut writer, state)?;
    Ok(name)
}

/// The plan of a copy.
pub(super) fn blueprint(sources: &[Source; 1], name: &str) -> Result<Blueprint> {
    let source = &sources[0];
    let header = Header { name: name.into(), ..source.any.header().clone() };
    let mut values = Vec::new();
    for branch in ["parameters", "derived_parameters", "config"] {
        for (path, leaf, value) in source.values(branch)? {
            let explored = path
                .strip_prefix("parameters/")
                .map(|name| source.node(&format!("explored/{}", name.replace('/', "."))).is_some());
            values.push(PlannedLeaf { path, leaf, value, explored });
        }
    }
    let columns = ["explored", "derived_parameters"].into_iter().flat_map(|branch| source.columns(branch));
    let coordinates: Vec<Strand> = columns.map(|(path, leaf)| Strand::new(path, leaf, sources)).collect();
    let order = grid::order(&source.any)?;
    let planned = plan_coordinates(&coordinates, &header.schema.results);
    let axes = match grid::axes(&source.any, order.as_deref()) {
        Err(Error::Trajectory(TrajectoryError::NoGrid)) => None,
        other => Some(other?),
    };
    let axes = axes.map(|axes| {
        let find = |axis: &grid::Axis| {
            let coordinate = planned.iter().find(|coordinate| coordinate.leaf.name == axis.name);
            (coordinate.expect("axes are explored").clone(), axis.values.clone().into())
        };
        let plan = |axis: &grid::Axis| PlanAxis {
            len: axis.len(),
            coordinates: std::iter::once(axis).chain(&axis.zipped).map(find).collect(),
        };
        axes.iter().map(plan).collect()
    });
    let runs = Runs::Same(header.n_runs);
    let plan = Plan { header, values, coordinates: planned, axes, groups: Vec::new() };
    let edits = source.edits()?;
    Ok(Blueprint { plan, coordinates, computed: Vec::new(), order, runs, edits, arrays: SharedArrays::default() })
}

/// The coordinates with their names in `by_run` and `grid`: short where that is unique.
pub(super) fn plan_coordinates(strands: &[Strand], results: &[Leaf]) -> Vec<Coordinate> {
    let explored = |strand: &Strand| strand.path.starts_with("explored/");
    let short = |strand: &Strand| strand.leaf.name.rsplit('.').next().unwrap_or_default().to_owned();
    let n_uses = |name: &str| {
        let by_coordinates = strands.iter().filter(|strand| explored(strand) && short(strand) == name).count();
        by_coordinates + results.iter().filter(|leaf| leaf.name == name).count() + usize::from(name == "run")
    };
    let plan = |strand: &Strand| {
        let short = short(strand);
        let label = if n_uses(&short) > 1 { strand.leaf.name.clone() } else { short };
        Coordinate { path: strand.path.clone(), label, leaf: strand.leaf.clone(), explored: explored(strand) }
    };
    strands.iter().map(plan).collect()
}

pub(super) fn header_axes(axes: Option<&Vec<PlanAxis>>) -> Option<Vec<HeaderAxis>> {
    Some(axes?.iter().map(PlanAxis::header).collect())
}

impl Blueprint {
    /// Writes the trajectory with one commit at the end.
    pub(super) fn write(&self, sources: &[Source], writer: &mut Hdf5Writer, state: State) -> Result<()> {
        self.write_runs(sources, writer)?;
        writer.edit(&self.edits)?;
        Ok(writer.finish(state)?)
    }

    /// Writes everything but the edits, without a commit.
    pub(super) fn write_runs(&self, sources: &[Source], writer: &mut Hdf5Writer) -> Result<()> {
        let mut failure = None;
        writer.begin_copy(&self.plan, self.order.as_deref(), &mut |runs: Range<usize>| {
            let column = |(position, strand): (usize, &Strand)| {
                let mut cells = Cells::of(&strand.leaf.value_type);
                if let Some(computed) = self.computed.get(position) {
                    runs.clone().for_each(|run| cells.push_cell(&computed.cell(run)));
                    return cells;
                }
                let read = self.read_range(strand, sources, runs.clone(), &mut cells);
                if let Err(error) = read {
                    failure.get_or_insert(error);
                    cells = Cells::of(&strand.leaf.value_type);
                    let shape = vec![0; cells.rank()];
                    runs.clone().for_each(|_| cells.push_fill(&shape));
                }
                cells
            };
            self.coordinates.iter().enumerate().map(column).collect()
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        let (mut of_runs, results) = (self.columns(sources, "runs"), self.columns(sources, "results"));
        self.arrays.part_records(&mut of_runs);
        let n_wanted = (of_runs.len() + results.len()) * self.runs.len();
        let is_done = |pick: super::sources::Pick| sources[pick.source].statuses[pick.run] == RunStatus::Done;
        for (place, strand) in of_runs.iter().chain(&results).enumerate() {
            let is_wanted = |pick| place < of_runs.len() || is_done(pick);
            strand.read(sources, &self.runs, is_wanted, |first, cells| {
                tell(place * self.runs.len() + first, n_wanted);
                let renumbered = self.arrays.renumbered(&strand.path, first, cells);
                Ok(writer.write_rows(&strand.path, &strand.leaf, first, renumbered.as_ref().unwrap_or(cells))?)
            })?;
        }
        for (row, attempt) in self.runs.failed_runs(sources)? {
            writer.write_error(&row, attempt)?;
        }
        Ok(())
    }

    fn read_range(&self, strand: &Strand, sources: &[Source], runs: Range<usize>, cells: &mut Cells) -> Result<()> {
        let part = match &self.runs {
            Runs::Same(_) => {
                *cells = strand.rows(sources, 0, runs)?;
                return Ok(());
            }
            Runs::Picked(picks) => Runs::Picked(picks[runs].to_vec()),
        };
        strand.read(
            sources,
            &part,
            |_| true,
            |_, block| {
                block.iter().for_each(|cell| cells.push_cell(&cell));
                Ok(())
            },
        )
    }

    /// All columns of a branch that any source has; declared results as they were declared.
    fn columns(&self, sources: &[Source], branch: &str) -> Vec<Strand> {
        let mut found: Vec<Strand> = Vec::new();
        for (path, leaf) in sources.iter().flat_map(|source| source.columns(branch)) {
            if let Some(strand) = found.iter_mut().find(|strand| strand.path == path) {
                // As between the run tables of different versions.
                if strand.leaf.value_type.element.widens_to(leaf.value_type.element) {
                    strand.leaf.value_type.element = leaf.value_type.element;
                }
                continue;
            }
            let declared = self.plan.header.schema.results.iter();
            let declared = declared.filter(|_| branch == "results").find(|declared| declared.name == leaf.name);
            found.push(Strand::new(path, declared.unwrap_or(leaf), sources));
        }
        found
    }
}

/// A column of whole numbers for the coordinate of a repetition.
pub(super) fn repetition_leaf(name: &str) -> Leaf {
    Leaf::new(name, ValueType::scalar(ElementType::U64)).with_comment("number of the repetition")
}

/// What a source has of a coordinate: a column, or a value that is the same in all its runs.
pub(super) fn origin(source: &Source, column: &str, value: &str) -> Result<Origin> {
    if let Some(NodeKind::Column(_)) = source.node(column).map(|node| &node.kind) {
        return Ok(Origin::Column(column.into()));
    }
    Ok(source.value(value)?.map_or(Origin::Absent, |(_, cells)| Origin::Constant(cells)))
}
