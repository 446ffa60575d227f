//! What `run` and `resume` say at the end.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Done, Failure, output, typed};
use crate::progress::counts;
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::trajectory::{AnyTrajectory, RunFailure};
use crate::value::Cells;

/// Indices of failed runs that are printed; more are only counted.
const SHOWN_FAILURES: usize = 20;

/// Says what came of it and where it is.
pub(super) fn report(trajectory: &AnyTrajectory, file: &Path, took: Duration, is_json: bool) -> Done {
    let results = summaries(trajectory)?;
    if is_json {
        output::print_json(&answer(trajectory, file, took, &results)?)?;
    } else {
        let text = text(trajectory, file, took, &results)?;
        let next = if io::stdout().is_terminal() {
            next_commands(&typed(file, &trajectory.header().name), &results)
        } else {
            String::new()
        };
        output::print(&(text + &next))?;
    }
    let all_done = trajectory.statuses()?.iter().all(|status| matches!(status, RunStatus::Done | RunStatus::Cancelled));
    Ok(ExitCode::from(u8::from(!all_done)))
}

fn text(
    trajectory: &AnyTrajectory,
    file: &Path,
    took: Duration,
    results: &[(&Leaf, Option<Summary>)],
) -> Result<String, Failure> {
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
    let row = |(leaf, summary): &(&Leaf, Option<Summary>)| {
        let said = match summary {
            Some(Summary { min, median, max }) => {
                let [min, median, max] = [min, median, max].map(|number| spelled(*number));
                format!("min {min}, median {median}, max {max}")
            }
            None if leaf.value_type.is_scalar() => leaf.value_type.element.to_string(),
            None => format!("{} per run", leaf.value_type),
        };
        vec![leaf.name.clone(), said, leaf.unit.clone()]
    };
    text.push_str(&output::table(2, &results.iter().map(row).collect::<Vec<_>>()));
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
    if n_unsuccessful > 0 {
        let file = typed(file, &header.name);
        let _ = writeln!(text, "why: `show {file} runs.errors`; try them again with `resume {file} --failed`");
    }
    if pending > 0 {
        let _ = writeln!(text, "{pending} are still to be done; carry on with `resume {}`", typed(file, &header.name));
    }
    Ok(text)
}

/// What people will want to do now, as they may type it.
fn next_commands(file: &str, results: &[(&Leaf, Option<Summary>)]) -> String {
    let has_numbers = results.iter().any(|(_, summary)| summary.is_some());
    let program = std::env::args_os().next().unwrap_or_default();
    let others = [("`plot`", has_numbers), ("`view`", cfg!(feature = "view"))];
    let others: Vec<&str> = others.into_iter().filter_map(|(verb, is_there)| is_there.then_some(verb)).collect();
    let others =
        if others.is_empty() { String::new() } else { format!(", or {} in place of `show`", others.join(" or ")) };
    format!("look at it: `{} show {file}`{others}\n", output::quoted(&program.to_string_lossy()))
}

fn answer(
    trajectory: &AnyTrajectory,
    file: &Path,
    took: Duration,
    results: &[(&Leaf, Option<Summary>)],
) -> Result<Value, Failure> {
    let header = trajectory.header();
    let failure = |failure: RunFailure| {
        let RunFailure { run, status, message, place, .. } = failure;
        json!({ "run": run, "status": status.word(), "message": message, "place": place })
    };
    let result = |(leaf, summary): &(&Leaf, Option<Summary>)| {
        let summary = summary.as_ref().map(|Summary { min, median, max }| {
            json!({ "min": number(*min), "median": number(*median), "max": number(*max) })
        });
        json!({
            "name": leaf.name,
            "type": leaf.value_type.to_string(),
            "unit": leaf.unit,
            "summary": summary,
        })
    };
    Ok(json!({
        "file": file.display().to_string(),
        "trajectory": header.name,
        "experiment": header.experiment,
        "seconds": took.as_secs_f64(),
        "n_runs": header.n_runs,
        "runs": counts(trajectory.statuses()?),
        "failures": trajectory.failures()?.into_iter().map(failure).collect::<Vec<_>>(),
        "results": results.iter().map(result).collect::<Vec<_>>(),
    }))
}

/// A number at a glance: six digits or more before the point, and not hundreds of zeros.
fn spelled(number: f64) -> String {
    let number = if number.abs() < 1e5 { format!("{number:.5e}").parse().unwrap_or(number) } else { number.round() };
    let is_plain = number == 0.0 || !number.is_finite() || (1e-5..1e16).contains(&number.abs());
    if is_plain { number.to_string() } else { format!("{number:e}") }
}

/// A float in JSON, which has no infinities of its own.
fn number(number: f64) -> Value {
    if number.is_finite() { json!(number) } else { json!(number.to_string()) }
}

/// How far the values of a result spread over the runs that are done; NaN does not count.
struct Summary {
    min: f64,
    median: f64,
    max: f64,
}

impl Summary {
    fn of(cells: &Cells, statuses: &[RunStatus]) -> Option<Self> {
        let done = cells.iter().zip(statuses).filter(|(_, status)| **status == RunStatus::Done);
        let mut numbers: Vec<f64> = done.filter_map(|(cell, _)| cell.as_f64()).filter(|x| !x.is_nan()).collect();
        if numbers.is_empty() {
            return None;
        }
        let middle = numbers.len() / 2;
        let median = *numbers.select_nth_unstable_by(middle, f64::total_cmp).1;
        let (min, max) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
        Some(Self { min, median, max })
    }
}

/// The declared results, those that are single numbers with their spread.
fn summaries(trajectory: &AnyTrajectory) -> Result<Vec<(&Leaf, Option<Summary>)>, Failure> {
    let statuses = trajectory.statuses()?;
    let mut summaries = Vec::new();
    for leaf in &trajectory.header().schema.results {
        let summary = if leaf.value_type.is_scalar() {
            Summary::of(&trajectory.rows(&format!("results.{}", leaf.name), 0..statuses.len())?, statuses)
        } else {
            None
        };
        summaries.push((leaf, summary));
    }
    Ok(summaries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_numbers_are_spelled_with_an_exponent() {
        assert_eq!(
            [1e-300, 2.5e-16, 0.1, 6.0, 1e20, -3e-9].map(spelled),
            ["1e-300", "2.5e-16", "0.1", "6", "1e20", "-3e-9"]
        );
    }

    #[test]
    fn numbers_have_six_digits_or_all_before_the_point() {
        let numbers = [0.101_924_288_158_992_68, 1_234_567.0, 1_234_567.8, f64::INFINITY];
        assert_eq!(numbers.map(spelled), ["0.101924", "1234567", "1234568", "inf"]);
    }
}
