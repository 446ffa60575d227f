//! Whether what is stored has the checksums that runs were stored with.

use super::{ProblemKind, Told, Verified};
use crate::error::Result;
use crate::result::checksum::{self, ValueHash};
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::{CHECKSUM, NodeKind, StorageError};
use crate::trajectory::AnyTrajectory;
use crate::value::{Cell, ResultValue};

/// Bytes of one block that are aimed at, and its most runs.
const BLOCK_BYTES: usize = 4 << 20;
const MOST_RUNS: usize = 16_384;

/// The columns below a branch.
pub(super) fn columns<'a>(any: &'a AnyTrajectory, branch: &str) -> Vec<(&'a str, &'a Leaf)> {
    let prefix = format!("{branch}/");
    let column = |node: &'a crate::storage::Node| match &node.kind {
        NodeKind::Column(leaf) if node.path.starts_with(&prefix) => Some((node.path.as_str(), leaf)),
        _ => None,
    };
    any.nodes().iter().filter_map(column).collect()
}

/// Hands over the values of all runs in order, and the errors of those that cannot be read.
pub(super) fn each(
    any: &AnyTrajectory,
    path: &str,
    mut take: impl FnMut(usize, std::result::Result<Cell<'_>, &StorageError>),
) {
    let n_runs = any.header().n_runs;
    let (mut first, mut count) = (0, 64);
    while first < n_runs {
        let runs = first..(first + count).min(n_runs);
        match any.reader().rows(path, runs.clone()) {
            Ok(cells) => {
                runs.clone().zip(cells.iter()).for_each(|(run, cell)| take(run, Ok(cell)));
                if cells.n_bytes() < BLOCK_BYTES / 2 {
                    count = (2 * count).min(MOST_RUNS);
                } else if cells.n_bytes() > BLOCK_BYTES {
                    count = (count / 2).max(1);
                }
            }
            Err(_) if runs.len() > 1 => {
                for run in runs.clone() {
                    match any.reader().rows(path, run..run + 1) {
                        Ok(cells) => take(run, Ok(cells.cell(0))),
                        Err(error) => take(run, Err(&error)),
                    }
                }
            }
            Err(error) => take(first, Err(&error)),
        }
        first = runs.end;
    }
}

/// The checksums that runs were stored with; 0 for those that have none.
pub(super) fn checksums(any: &AnyTrajectory) -> Result<Vec<u64>> {
    match any.reader().rows(CHECKSUM, 0..any.header().n_runs) {
        Ok(cells) => Ok(cells.iter().map(|cell| u64::read(cell).unwrap_or_default()).collect()),
        Err(StorageError::NoNode { .. }) => Ok(vec![0; any.header().n_runs]),
        Err(error) => Err(error.into()),
    }
}

/// The checksums of what is stored of runs that are done, 0 for all others; `lost` hears what cannot be read.
pub(super) fn computed(
    any: &AnyTrajectory,
    told: &mut Told<'_>,
    mut lost: impl FnMut(usize, &str, &StorageError),
) -> Result<Vec<u64>> {
    let statuses = any.statuses()?;
    let start = |status: &RunStatus| if *status == RunStatus::Done { checksum::NOTHING } else { 0 };
    let mut sums: Vec<u64> = statuses.iter().map(start).collect();
    let columns = columns(any, "results");
    for (position, (path, leaf)) in columns.iter().enumerate() {
        let hash = ValueHash::new(&leaf.name, leaf.value_type.element);
        each(any, path, |run, value| match value {
            _ if statuses[run] != RunStatus::Done => {}
            Ok(value) => {
                sums[run] = sums[run].wrapping_add(hash.of(&value));
                if run % 256 == 0 {
                    told((position as f64 + run as f64 / statuses.len() as f64) / columns.len() as f64);
                }
            }
            Err(error) => lost(run, path, error),
        });
    }
    Ok(sums)
}

/// Compares the results of each run with its checksum; gives the checksums of all runs that are done, those of the
/// stored results where a run has none.
pub(super) fn check(any: &AnyTrajectory, verified: &mut Verified, told: &mut Told<'_>) -> Result<Vec<u64>> {
    let statuses = any.statuses()?;
    let Ok(stored) = checksums(any) else {
        // Found already, as damage or as missing rows.
        return Ok(vec![0; statuses.len()]);
    };
    let mut is_lost = vec![false; statuses.len()];
    let mut found = Vec::new();
    let computed = computed(any, told, |run, path, error| {
        is_lost[run] = true;
        found.push((run, path.to_owned(), error.to_string()));
    })?;
    for (run, path, error) in found {
        let is_known = |problem: &super::Problem| problem.nodes == [path.clone()];
        if !verified.problems.iter().any(is_known) {
            verified.add(ProblemKind::Damage, vec![run], vec![path], error);
        }
    }
    let names: Vec<String> = columns(any, "results").into_iter().map(|(_, leaf)| leaf.name.clone()).collect();
    let mut checksums = stored.clone();
    for run in (0..statuses.len()).filter(|&run| statuses[run] == RunStatus::Done && !is_lost[run]) {
        if stored[run] == 0 {
            verified.n_without_checksum += 1;
            checksums[run] = computed[run];
        } else if stored[run] == computed[run] {
            verified.n_checked += 1;
        } else {
            let what = match names.as_slice() {
                [] => "it has lost its results".to_owned(),
                [_] => "the stored value is not what the run yielded".to_owned(),
                names => format!(
                    "one of the results {} is not what the run yielded; `--runs {run}` computes it anew and says which",
                    crate::value::text::quoted_list(names)
                ),
            };
            verified.add(ProblemKind::Checksum, vec![run], names.clone(), what);
        }
    }
    (0..statuses.len()).filter(|&run| statuses[run] != RunStatus::Done).for_each(|run| checksums[run] = 0);
    if verified.n_without_checksum > 0 {
        verified.notes.push(format!(
            "{} runs were stored by an older version without checksums: their results were read, and nothing tells \
             whether they are what the runs yielded",
            verified.n_without_checksum
        ));
    }
    Ok(checksums)
}
