//! The runs of a trajectory as a table: explored parameters, results and status side by side.
//!
//! What exports, pictures and comparisons have in common. Opening a table reads names and statuses; values come
//! when they are asked for, so a table of any length takes little memory.

use std::cell::Cell;
use std::ops::Range;

use crate::error::Result;
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::NodeKind;
use crate::telling::tell;
use crate::trajectory::AnyTrajectory;
use crate::value::text::suggestion;
use crate::value::{Cells, Table, ValueType};

/// Up to so many rows are read one by one, and whole columns beyond.
const SINGLE_READS: usize = 200;
/// Names of columns that every table has.
const TAKEN: [&str; 2] = ["run", "status"];

/// The runs of a trajectory, side by side.
pub(crate) struct RunTable<'a> {
    any: &'a AnyTrajectory,
    /// How far each run has come.
    pub(crate) statuses: Vec<RunStatus>,
    /// Explored parameters and repetitions.
    pub(crate) explored: Vec<Column>,
    /// Results, in the order of the file.
    pub(crate) results: Vec<Column>,
    /// Values that are read from now on and those that were, where somebody wants to hear of it.
    n_wanted: Cell<usize>,
    n_read: Cell<usize>,
}

/// One value for each run.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Unique in its table: where a name is taken, it is `parameters.<name>` or `results.<name>`.
    pub(crate) label: String,
    /// Name, type, unit and comment.
    pub(crate) leaf: Leaf,
    /// Whether it is a parameter; else a repetition or a result.
    pub(crate) is_parameter: bool,
    /// Where its values are.
    pub(crate) path: String,
}

impl Column {
    /// What an axis of a picture is called: comment or name, with the unit.
    pub(crate) fn title(&self) -> String {
        let comment = self.leaf.comment.lines().next().unwrap_or_default().trim().trim_end_matches('.');
        let name = if comment.is_empty() || comment.chars().count() > 60 { &self.label } else { comment };
        if self.leaf.unit.is_empty() { name.into() } else { format!("{name} ({})", self.leaf.unit) }
    }
}

impl<'a> RunTable<'a> {
    pub(crate) fn of(any: &'a AnyTrajectory) -> Result<Self> {
        let schema = &any.header().schema;
        let mut explored = Vec::new();
        let mut results: Vec<Column> = Vec::new();
        for node in any.nodes() {
            let NodeKind::Column(leaf) = &node.kind else { continue };
            let mut leaf = leaf.clone();
            if let Some(name) = node.path.strip_prefix("explored/") {
                leaf.name = name.into();
                let is_parameter = schema.parameters.iter().any(|parameter| parameter.leaf.name == name);
                let label = if TAKEN.contains(&name) { format!("parameters.{name}") } else { name.into() };
                explored.push(Column { label, leaf, is_parameter, path: node.path.clone() });
            } else if let Some(name) = node.path.strip_prefix("results/") {
                let name = name.replace('/', ".");
                if let Some(declared) = schema.results.iter().find(|result| result.name == name) {
                    leaf = Leaf { value_type: leaf.value_type, ..declared.clone() };
                }
                results.push(Column { label: name, leaf, is_parameter: false, path: node.path.clone() });
            }
        }
        for result in &mut results {
            let is_taken = |label: &str| TAKEN.contains(&label) || explored.iter().any(|other| other.label == label);
            if is_taken(&result.label) {
                result.label.insert_str(0, "results.");
            }
        }
        // Arrays come into the file later than scalars; their order is that of the declaration all the same.
        results.sort_by_key(|result| {
            schema.results.iter().position(|other| other.name == result.leaf.name).unwrap_or(usize::MAX)
        });
        let (n_wanted, n_read) = (Cell::default(), Cell::default());
        Ok(Self { any, statuses: any.statuses()?.to_vec(), explored, results, n_wanted, n_read })
    }

    /// The trajectory.
    pub(crate) fn trajectory(&self) -> &'a AnyTrajectory {
        self.any
    }

    /// Number of runs.
    pub(crate) fn len(&self) -> usize {
        self.statuses.len()
    }

    pub(crate) fn is_done(&self, run: usize) -> bool {
        self.statuses[run] == RunStatus::Done
    }

    /// A result by its name or an unambiguous end of it; else what to say to the user.
    pub(crate) fn result(&self, name: &str) -> Result<&Column, String> {
        let wanted = ["results.", "res."].iter().find_map(|branch| name.strip_prefix(branch)).unwrap_or(name);
        if let Some(exact) = self.results.iter().find(|column| column.leaf.name == wanted) {
            return Ok(exact);
        }
        let ends_with = |column: &&Column| column.leaf.name.strip_suffix(wanted).is_some_and(|s| s.ends_with('.'));
        let found: Vec<&Column> = self.results.iter().filter(ends_with).collect();
        if let [only] = found.as_slice() {
            return Ok(only);
        }
        let labels: Vec<&str> = self.results.iter().map(|column| column.leaf.name.as_str()).collect();
        let trajectory = &self.any.header().name;
        Err(format!("the trajectory `{trajectory}` has no result `{name}`{}", suggestion(name, &labels)))
    }

    /// Tells from now on how much of so many columns was read.
    pub(crate) fn will_read(&self, n_columns: usize) {
        self.n_wanted.set(n_columns * self.len());
        self.n_read.set(0);
    }

    /// A column's values in some runs, one cell for each.
    pub(crate) fn cells(&self, column: &Column, runs: Range<usize>) -> Result<Cells> {
        self.n_read.set(self.n_read.get() + runs.len());
        tell(self.n_read.get(), self.n_wanted.get());
        Ok(self.any.reader().rows(&column.path, runs)?)
    }

    /// All of it in memory, with those results that are single values.
    pub(crate) fn to_table(&self) -> Result<Table> {
        let runs = 0..self.len();
        let mut table = Table::new().with("run", runs.clone().map(|run| run as u64));
        let scalars = self.results.iter().filter(|column| column.leaf.value_type.is_scalar());
        for column in self.explored.iter().chain(scalars) {
            let leaf = Leaf { name: column.label.clone(), ..column.leaf.clone() };
            table = table.with_cells(leaf, self.cells(column, runs.clone())?);
        }
        Ok(table.with("status", self.statuses.iter().map(|status| status.word().to_owned())))
    }

    /// The runs in stretches of which a column's values fit into memory.
    pub(crate) fn stretches(&self, column: &Column) -> impl Iterator<Item = Range<usize>> + use<> {
        const BYTES: usize = 16 << 20;
        let lengths = column.leaf.value_type.shape.iter().map(|length| length.unwrap_or(10_000));
        let bytes = lengths.fold(8_usize, usize::saturating_mul);
        let (step, n_runs) = ((BYTES / bytes).clamp(1, 65_536), self.len());
        (0..n_runs).step_by(step).map(move |first| first..(first + step).min(n_runs))
    }
}

/// The values of a column in some runs, in their order.
pub(crate) fn cells_at(any: &AnyTrajectory, path: &str, value_type: &ValueType, runs: &[usize]) -> Result<Cells> {
    if let (Some(&first), Some(&last)) = (runs.first(), runs.last())
        && runs.is_sorted_by(|a, b| a + 1 == *b)
    {
        return Ok(any.reader().rows(path, first..last + 1)?);
    }
    let mut chosen = Cells::of(value_type);
    if runs.len() <= SINGLE_READS {
        for &run in runs {
            chosen.push_cell(&any.reader().rows(path, run..run + 1)?.cell(0));
        }
    } else {
        let all = any.reader().rows(path, 0..any.header().n_runs)?;
        for &run in runs {
            chosen.push_cell(&all.cell(run));
        }
    }
    Ok(chosen)
}
