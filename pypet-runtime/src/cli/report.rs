//! What `run` and `resume` say at the end.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::{Done, Failure, output};
use crate::run::RunStatus;
use crate::trajectory::AnyTrajectory;
use crate::value::Cells;

/// Indices of failed runs that are printed; more are only counted.
const SHOWN_FAILURES: usize = 20;

/// Says what came of it and where it is.
pub(super) fn report(trajectory: &AnyTrajectory, file: &Path, took: Duration) -> Done {
    let header = trajectory.header();
    let statuses = trajectory.statuses()?;
    let count = |wanted: RunStatus| statuses.iter().filter(|status| **status == wanted).count();
    let mut text = format!(
        "{} of {} runs done in {:.2} s → {} (trajectory `{}`)\n",
        count(RunStatus::Done),
        header.n_runs,
        took.as_secs_f64(),
        file.display(),
        header.name
    );
    text.push_str(&results_table(trajectory, statuses)?);
    let of = |wanted: RunStatus| (0..statuses.len()).filter(|&run| statuses[run] == wanted).collect::<Vec<_>>();
    let unsuccessful = [RunStatus::Failed, RunStatus::TimedOut].map(|status| (status, of(status)));
    let pending = count(RunStatus::Pending);
    let mut n_unsuccessful = 0;
    for (status, runs) in unsuccessful.iter().filter(|(_, runs)| !runs.is_empty()) {
        n_unsuccessful += runs.len();
        let shown: Vec<String> = runs.iter().take(SHOWN_FAILURES).map(ToString::to_string).collect();
        let more = runs.len().saturating_sub(SHOWN_FAILURES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(text, "{} {status}: {}{more}", runs.len(), shown.join(", "));
    }
    let file = file.display();
    if n_unsuccessful > 0 {
        let _ = writeln!(text, "why: `show {file} runs.errors`; try them again with `resume {file} --failed`");
    }
    if pending > 0 {
        let _ = writeln!(text, "{pending} are still to be done; carry on with `resume {file}`");
    }
    output::print(&text)?;
    Ok(ExitCode::from(u8::from(n_unsuccessful + pending > 0)))
}

/// Minimum, median and maximum of each scalar result; the type of all others.
fn results_table(trajectory: &AnyTrajectory, statuses: &[RunStatus]) -> Result<String, Failure> {
    let mut rows = Vec::new();
    for leaf in &trajectory.header().schema.results {
        let unit = leaf.unit.clone();
        if !leaf.value_type.is_scalar() {
            rows.push(vec![leaf.name.clone(), format!("{} per run", leaf.value_type), unit]);
            continue;
        }
        let cells = trajectory.rows(&format!("results.{}", leaf.name), 0..statuses.len())?;
        rows.push(vec![leaf.name.clone(), spread(&cells, statuses), unit]);
    }
    Ok(output::table(2, &rows))
}

fn spread(cells: &Cells, statuses: &[RunStatus]) -> String {
    let done = cells.iter().zip(statuses).filter(|(_, status)| **status == RunStatus::Done);
    let mut numbers: Vec<f64> = done.filter_map(|(cell, _)| cell.as_f64()).filter(|x| !x.is_nan()).collect();
    if numbers.is_empty() {
        return cells.element().to_string();
    }
    let middle = numbers.len() / 2;
    let median = *numbers.select_nth_unstable_by(middle, f64::total_cmp).1;
    let (min, max) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
    format!("min {min}, median {median}, max {max}")
}
