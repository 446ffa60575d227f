//! What a run is, and what it can say beside its results.

mod status;

pub use status::RunStatus;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::storage::DynamicColumn;
use crate::value::{Cells, ResultValue};

/// The run that is being carried out, as `&mut Run` in an experiment's arguments.
#[derive(Debug)]
pub struct Run {
    index: usize,
    n_runs: usize,
    cancelled: Arc<AtomicBool>,
    deadline: Option<Instant>,
    added: Vec<AddedResult>,
    mistake: Option<AddResultError>,
}

/// A result that no result set declares.
#[derive(Debug)]
pub(crate) struct AddedResult {
    /// Whether it is a result or an annotation.
    pub(crate) branch: &'static str,
    pub(crate) name: String,
    /// One cell.
    pub(crate) cells: Cells,
}

impl Run {
    pub(crate) fn new(n_runs: usize, cancelled: Arc<AtomicBool>) -> Self {
        Self { index: 0, n_runs, cancelled, deadline: None, added: Vec::new(), mistake: None }
    }

    /// Position in the trajectory, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Number of runs of the trajectory.
    #[must_use]
    pub fn n_runs(&self) -> usize {
        self.n_runs
    }

    /// Whether the study is being stopped or the run has used up its time, so that a long run may end early.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Adds a result that the result set does not foresee, as `results/<name>`.
    ///
    /// Names consist of letters, digits and `_`, with dots between groups: `network.layer_1`.
    /// Nothing is written before the run ends. A name that is malformed or given twice in one run fails the
    /// run, and the error says so.
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn add_result<V: ResultValue>(&mut self, name: &str, value: V) {
        self.add(DynamicColumn::RESULTS, name, &value);
    }

    /// Notes something about this run, as `runs/annotations/<key>`: a column with a value for each run that has one.
    ///
    /// Keys are as the names of added results, and mistakes fail the run in the same way.
    #[expect(clippy::needless_pass_by_value, reason = "a note that was taken is done with")]
    pub fn annotate<V: ResultValue>(&mut self, key: &str, value: V) {
        self.add(DynamicColumn::ANNOTATIONS, key, &value);
    }

    fn add<V: ResultValue>(&mut self, branch: &'static str, name: &str, value: &V) {
        let mistake = if !is_valid_name(name) {
            Some(AddResultError::Name { name: name.into() })
        } else if self.added.iter().any(|added| (added.branch, added.name.as_str()) == (branch, name)) {
            Some(AddResultError::Twice { name: name.into() })
        } else {
            None
        };
        if mistake.is_some() {
            self.mistake = self.mistake.take().or(mistake);
            return;
        }
        let mut cells = Cells::of(&V::value_type());
        value.write(&mut cells);
        self.added.push(AddedResult { branch, name: name.into(), cells });
    }

    pub(crate) fn start(&mut self, index: usize, deadline: Option<Instant>) {
        self.index = index;
        self.deadline = deadline;
        self.added.clear();
        self.mistake = None;
    }

    /// The first result that could not be added.
    pub(crate) fn take_mistake(&mut self) -> Option<AddResultError> {
        self.mistake.take()
    }

    pub(crate) fn added(&self) -> &[AddedResult] {
        &self.added
    }

    pub(crate) fn take_added(&mut self) -> std::vec::Drain<'_, AddedResult> {
        self.added.drain(..)
    }
}

/// Why a result cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddResultError {
    /// A name that would be no path.
    #[error("`{name}` is no name for a result; use letters, digits and `_`, with dots between groups")]
    Name {
        /// The name given.
        name: String,
    },
    /// The same name twice in one run.
    #[error("the result `{name}` was added twice in one run; add it once, or under two names")]
    Twice {
        /// The name given.
        name: String,
    },
    /// A declared result of this name exists.
    #[error("the result `{name}` is declared in the result set; add yours under another name")]
    Declared {
        /// The name given.
        name: String,
    },
    /// Text that HDF5 would cut.
    #[error("the result `{name}` holds a text with a NUL character, which HDF5 text ends at; store it as bytes")]
    Nul {
        /// The name of the result.
        name: String,
    },
}

/// Whether each dot-separated part begins with a letter or `_` and goes on with letters, digits and `_`.
pub(crate) fn is_valid_name(name: &str) -> bool {
    name.split('.').all(|part| {
        let starts_well = part.starts_with(|c: char| c.is_alphabetic() || c == '_');
        starts_well && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_results_have_proper_names_given_once() {
        let mut run = Run::new(1, Arc::default());
        run.start(0, None);
        run.add_result("net.size", 3_u32);
        assert_eq!((run.take_mistake(), run.take_added().count()), (None, 1));
        run.add_result("../etc", 3_u32);
        assert!(matches!(run.take_mistake(), Some(AddResultError::Name { .. })));
        run.start(1, None);
        run.add_result("a", 1.0);
        run.add_result("a", 2.0);
        assert!(matches!(run.take_mistake(), Some(AddResultError::Twice { .. })));
    }
}
