//! Trajectories: parameters and results of an exploration, side by side, for reading.
//!
//! [`Trajectory`] knows its experiment, so names and types are checked when the program is compiled and once
//! more when the file is opened. [`AnyTrajectory`] knows nothing beforehand and finds nodes by natural naming.
//! Neither knows how a trajectory is stored.

mod any;
mod edit;
mod explored;
mod failures;
mod find;
mod grid;
mod groups;
mod links;
mod naming;
mod nodes;
mod points;
mod query;
mod runs;
mod stored;
mod tree;
mod typed;
mod value;
mod view;

pub use any::AnyTrajectory;
pub use edit::{
    Agreement, Compacted, EditError, KeptApart, MergeError, MergeOptions, Merged, RepairOptions, Repaired,
    RepairedTrajectory, TrajectoryEditor, backup, compact, copy, delete, merge, repair,
};
pub use failures::RunFailure;
pub use find::ResultNames;
pub use grid::{Axis, Grid};
pub use nodes::NodeRef;
pub use query::QueryError;
pub use runs::RunView;
pub(crate) use stored::{Repetition, Stored};
#[cfg(feature = "view")]
pub(crate) use tree::glimpse;
pub(crate) use tree::{of_runs, one_line, write as write_tree};
pub use typed::Trajectory;
pub(crate) use typed::schema_of;
pub use value::Value;
pub use view::AnyRunView;

use ndarray::ArrayD;

use crate::error::Result;
use crate::run::RunStatus;
use crate::schema::Difference;
use crate::storage::StorageError;
use crate::value::{Cells, Element, ResultValue, ValueError, read_array};

/// What can go wrong while reading a trajectory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrajectoryError {
    /// The file was made by another experiment or another version of it.
    #[error("the trajectory `{name}` does not fit the program:\n{}", list(.differences))]
    Schema {
        /// The trajectory.
        name: String,
        /// All differences.
        differences: Vec<Difference>,
    },
    /// The program can read the trajectory but not add runs to it.
    #[error(
        "the trajectory `{name}` can be read but not resumed:\n{}\nresume it with the program that began it",
        list(.differences)
    )]
    NotResumable {
        /// The trajectory.
        name: String,
        /// What stands in the way.
        differences: Vec<Difference>,
    },
    /// A stored value of another type.
    #[error("cannot read `{name}`")]
    Value {
        /// The node.
        name: String,
        /// Why.
        source: ValueError,
    },
    /// A run without results.
    #[error("run {run} has no results: it is {status}")]
    NotDone {
        /// The run.
        run: usize,
        /// Its state.
        status: RunStatus,
    },
    /// A run that does not exist.
    #[error("there is no run {run}; the trajectory has {n_runs} runs, from 0 on")]
    NoRun {
        /// The run asked for.
        run: usize,
        /// How many there are.
        n_runs: usize,
    },
    /// A result that no run of the trajectory has.
    #[error("the trajectory `{trajectory}` has no result `{name}`; its program did not store one")]
    NoResult {
        /// The result.
        name: String,
        /// The trajectory.
        trajectory: String,
    },
    /// Points that form no grid.
    #[error("the runs form no grid: only products of axes do, not filters and sums; use `all` or `runs`")]
    NoGrid,
    /// Nothing has this name.
    #[error("there is no node `{name}`{}", crate::value::text::suggestion(.name, .names))]
    Unknown {
        /// The name asked for.
        name: String,
        /// All full names.
        names: Vec<String>,
    },
    /// A shortcut that fits several nodes of one depth.
    #[error("`{name}` could be {}; write more of the name", crate::value::text::quoted_list(.names))]
    Ambiguous {
        /// The name asked for.
        name: String,
        /// What it fits.
        names: Vec<String>,
    },
    /// A group where a value was asked for.
    #[error("`{name}` is a group, not a value; it has {}", crate::value::text::quoted_list(.members))]
    Group {
        /// The group.
        name: String,
        /// Its members.
        members: Vec<String>,
    },
    /// A value where a group was asked for.
    #[error("`{name}` is a value, not a group of results; read it with `get`")]
    NoGroup {
        /// The node.
        name: String,
    },
    /// A group without values of its own.
    #[error("`{name}` has no values of its own; in it there is {}", crate::value::text::quoted_list(.members))]
    NoMembers {
        /// The group.
        name: String,
        /// What is in it.
        members: Vec<String>,
    },
    /// A group that each run has for itself.
    #[error("each run has a group `{name}` of its own; ask one of them, as by `any.run(7)?.get_group(…)`")]
    OfRuns {
        /// The group.
        name: String,
    },
    /// A condition as text that cannot be understood.
    #[error(transparent)]
    Query(QueryError),
    /// A link whose target is not there.
    #[error("the link `{link}` leads to `{target}`, which is not there; remove it, or link to another node")]
    Dangling {
        /// The link.
        link: String,
        /// Where it leads.
        target: String,
    },
    /// Links that lead to each other.
    #[error("the link `{link}` leads back to itself; remove it, or link to another node")]
    Cyclic {
        /// The link.
        link: String,
    },
    /// An annotation that is not there.
    #[error("`{name}` has no annotation `{key}`{}", crate::value::text::suggestion(.key, .keys))]
    NoAnnotation {
        /// The node.
        name: String,
        /// The annotation asked for.
        key: String,
        /// Those there are.
        keys: Vec<String>,
    },
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A single value as the type that is asked for, if that is the stored one or a wider one.
fn read_value<V: ResultValue>(name: &str, cells: Cells) -> Result<V> {
    let cells = cells.widened(V::value_type().element);
    Ok(V::read(cells.cell(0)).map_err(|source| TrajectoryError::Value { name: name.into(), source })?)
}

/// A part of a value as an array of the elements that are asked for.
fn read_part<T: Element>(name: &str, cells: &Cells) -> Result<ArrayD<T>> {
    Ok(read_array(&cells.cell(0)).map_err(|source| TrajectoryError::Value { name: name.into(), source })?)
}

fn list(differences: &[Difference]) -> String {
    let lines: Vec<String> = differences.iter().map(|difference| format!("  - {difference}")).collect();
    lines.join("\n")
}
