//! Why runs failed, as `runs/errors` tells.

use std::collections::HashMap;
use std::fmt;

use super::{AnyTrajectory, read_value};
use crate::error::Result;
use crate::run::RunStatus;

/// A run that ended without results, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunFailure {
    /// The run.
    pub run: usize,
    /// How it ended.
    pub status: RunStatus,
    /// What the error or the panic says, its causes included.
    pub message: String,
    /// Source file, line and column of a panic; empty for errors.
    pub place: String,
    /// The stack at a panic; empty for errors and where backtraces are switched off.
    pub backtrace: String,
}

/// One line: run, state, message and place.
impl fmt::Display for RunFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} {}", self.run, self.status)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if self.place.is_empty() { Ok(()) } else { write!(f, " ({})", self.place) }
    }
}

/// The failure of one run; only its own row is read.
pub(super) fn of_run(any: &AnyTrajectory, run: usize, status: RunStatus) -> Result<RunFailure> {
    // A run that was tried several times has several rows; the last one counts.
    let row = rows(any)?.iter().rposition(|&other| usize::try_from(other) == Ok(run));
    let text = |column: &str| -> Result<String> {
        let Some(row) = row else { return Ok(String::new()) };
        let path = format!("runs/errors/{column}");
        read_value(&path.replace('/', "."), any.reader().rows(&path, row..row + 1)?)
    };
    Ok(RunFailure { run, status, message: text("message")?, place: text("place")?, backtrace: text("backtrace")? })
}

/// All runs that were tried and have no results, in run order.
pub(super) fn all(any: &AnyTrajectory) -> Result<Vec<RunFailure>> {
    let is_failure = |status: &RunStatus| !matches!(status, RunStatus::Done | RunStatus::Pending);
    let statuses = any.statuses()?;
    if !statuses.iter().any(is_failure) {
        return Ok(Vec::new());
    }
    let rows = rows(any)?;
    let last_row: HashMap<u64, usize> = rows.iter().enumerate().map(|(row, &run)| (run, row)).collect();
    let column = |column: &str| -> Result<Vec<String>> {
        any.at(&format!("runs/errors/{column}")).map_or(Ok(Vec::new()), super::NodeRef::get)
    };
    let (messages, places, backtraces) = (column("message")?, column("place")?, column("backtrace")?);
    let failure = |(run, &status): (usize, &RunStatus)| {
        let row = last_row.get(&(run as u64));
        let text = |texts: &[String]| row.and_then(|&row| texts.get(row)).cloned().unwrap_or_default();
        let (message, place, backtrace) = (text(&messages), text(&places), text(&backtraces));
        RunFailure { run, status, message, place, backtrace }
    };
    Ok(statuses.iter().enumerate().filter(|(_, status)| is_failure(status)).map(failure).collect())
}

/// The run of each row.
fn rows(any: &AnyTrajectory) -> Result<Vec<u64>> {
    any.at("runs/errors/run").map_or(Ok(Vec::new()), super::NodeRef::get)
}
