//! Whether each point has exactly one state.

use std::collections::BTreeMap;

use super::content::Content;
use super::{ProblemKind, Verified};
use crate::error::Result;
use crate::explore::lattice::push_key;
use crate::run::RunStatus;
use crate::storage::{HeaderAxis, NodeKind};
use crate::trajectory::AnyTrajectory;

const STATUS: &str = "runs/status";

/// Checks that every column has a row for each run, and each run a state; tells whether one can go on from there.
pub(super) fn check(any: &AnyTrajectory, verified: &mut Verified) -> bool {
    let (reader, n_runs) = (any.reader(), any.header().n_runs);
    for node in any.nodes().iter().filter(|node| matches!(node.kind, NodeKind::Column(_))) {
        // Damage was found already.
        let Ok(found) = reader.n_rows(&node.path) else { continue };
        if found == n_runs {
            continue;
        }
        let (runs, what) = if found < n_runs {
            ((found..n_runs).collect(), format!("it has {found} rows for {n_runs} runs: runs are missing"))
        } else {
            ((n_runs..found).collect(), format!("it has {found} rows for {n_runs} runs: runs are there twice"))
        };
        verified.problems.retain(|problem| problem.nodes != [node.path.clone()]);
        verified.add(ProblemKind::Rows, runs, vec![node.path.clone()], what);
    }
    if let Some(axes) = &any.header().axes {
        let n_points = axes.iter().try_fold(1_usize, |product, axis| product.checked_mul(axis.len));
        if n_points != Some(n_runs) {
            let axes: Vec<String> = axes.iter().map(|axis| axis.len.to_string()).collect();
            let what = format!("the grid of {} points has {n_runs} runs", axes.join(" × "));
            verified.add(ProblemKind::Rows, Vec::new(), Vec::new(), what);
        }
    }
    let Ok(codes) = reader.rows(STATUS, 0..n_runs) else {
        if verified.is_sound() {
            let what = "it cannot be read, so nobody knows how the runs went".into();
            verified.add(ProblemKind::Status, Vec::new(), vec![STATUS.into()], what);
        }
        return false;
    };
    for (run, &code) in codes.bytes().iter().enumerate() {
        match RunStatus::from_code(code) {
            Some(RunStatus::Done) => verified.n_done += 1,
            Some(_) => {}
            None => verified.add(
                ProblemKind::Status,
                vec![run],
                vec![STATUS.into()],
                format!("{code} is no state of a run; they go from 0 to {}", RunStatus::ALL.len() - 1),
            ),
        }
    }
    true
}

/// Checks that no point has two states.
///
/// An exploration may visit a point several times, but then its runs have the same random streams and yield the same. A
/// grid visits each point once, unless an axis repeats a value.
pub(super) fn check_points(
    any: &AnyTrajectory,
    content: &Content,
    checksums: &[u64],
    verified: &mut Verified,
) -> Result<()> {
    let mut by_point: BTreeMap<&[u8; 32], Vec<usize>> = BTreeMap::new();
    content.points().iter().enumerate().for_each(|(run, point)| by_point.entry(point).or_default().push(run));
    let mut doubled: Vec<Vec<usize>> = by_point.into_values().filter(|runs| runs.len() > 1).collect();
    doubled.sort_unstable();
    if doubled.is_empty() {
        return Ok(());
    }
    let visits_once = any.header().axes.as_ref().is_some_and(|axes| axes.iter().all(|axis| !repeats(any, axis)));
    let statuses = any.statuses()?;
    let mut n_noted = 0;
    for runs in doubled {
        let mut yielded: Vec<u64> =
            runs.iter().filter(|&&run| statuses[run] == RunStatus::Done).map(|&run| checksums[run]).collect();
        yielded.sort_unstable();
        yielded.dedup();
        let what = if yielded.len() > 1 {
            "they are at one point and yielded different results"
        } else if visits_once {
            "they are at one point of a grid, which visits each once"
        } else {
            n_noted += runs.len();
            continue;
        };
        verified.add(ProblemKind::Point, runs, Vec::new(), what.into());
    }
    if n_noted > 0 {
        verified.notes.push(format!("{n_noted} runs share their points with others, and agree with them"));
    }
    Ok(())
}

/// Whether an axis has a value twice; yes, if nobody knows.
fn repeats(any: &AnyTrajectory, axis: &HeaderAxis) -> bool {
    let mut keys = vec![Vec::new(); axis.len];
    for name in &axis.coordinates {
        let short = name.rsplit('.').next().unwrap_or(name);
        let read = [short, name].into_iter().find_map(|label| any.reader().read(&format!("grid/{label}")).ok());
        let Some(values) = read.filter(|values| values.rank() == 1 && values.cell(0).shape() == [axis.len]) else {
            return true;
        };
        let mut points = crate::value::Cells::new(values.element(), 0);
        points.push_elements(&values.cell(0));
        keys.iter_mut().zip(points.iter()).for_each(|(key, value)| push_key(&value, key));
    }
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}
