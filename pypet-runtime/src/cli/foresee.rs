//! `run --dry-run`: what a study would take, without a file.

use std::fmt::Write as _;
use std::num::NonZero;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

use serde_json::{Value, json};

use super::output::{self, size, span};
use super::{Done, Failure};
use crate::environment::{EngineChoice, Options};
use crate::registry::{AnyExperiment, Measured, Request};
use crate::schema::Leaf;
use crate::trajectory::one_line;

/// What is known before anything runs.
struct Foreseen {
    n_runs: usize,
    /// Bytes of the results whose size their types say.
    bytes_per_run: u64,
    /// The others: texts, and arrays of any length.
    open: Vec<String>,
}

/// Says what the runs would take; `measure` carries out the first one to know more.
pub(super) fn foresee(
    experiment: &dyn AnyExperiment,
    n_runs: usize,
    request: &Request,
    options: &Options,
    measure: bool,
    is_json: bool,
) -> Done {
    let foreseen = Foreseen::of(experiment, n_runs);
    let n_workers = n_workers(options.engine).clamp(1, n_runs.max(1));
    let measured = if measure && n_runs > 0 { Some(experiment.measure(request)?) } else { None };
    if is_json {
        output::print_json(&answer(experiment, &foreseen, n_workers, measured.as_ref()))?;
    } else {
        output::print(&text(experiment, &foreseen, n_workers, measured.as_ref()))?;
    }
    if let Some(failure) = measured.and_then(|measured| measured.failure) {
        return Err(Failure::Measured(one_line(&failure)));
    }
    Ok(ExitCode::SUCCESS)
}

impl Foreseen {
    fn of(experiment: &dyn AnyExperiment, n_runs: usize) -> Self {
        let mut foreseen = Self { n_runs, bytes_per_run: 0, open: Vec::new() };
        for leaf in experiment.results() {
            match bytes_of(&leaf) {
                Some(bytes) => foreseen.bytes_per_run = foreseen.bytes_per_run.saturating_add(bytes),
                None => foreseen.open.push(leaf.name),
            }
        }
        foreseen
    }

    fn bytes(&self) -> u64 {
        times(self.bytes_per_run, self.n_runs)
    }
}

/// What one value takes, if that is the same for all.
fn bytes_of(leaf: &Leaf) -> Option<u64> {
    let mut lengths = leaf.value_type.shape.iter().map(|length| length.map(|length| length as u64));
    let elements = lengths.try_fold(1_u64, |product, length| product.checked_mul(length?))?;
    elements.checked_mul(leaf.value_type.element.size()? as u64)
}

fn times(bytes: u64, n_runs: usize) -> u64 {
    bytes.saturating_mul(n_runs as u64)
}

/// Seconds that all runs take where each takes as long as this one.
fn seconds(measured: &Measured, n_runs: usize, n_workers: usize) -> f64 {
    measured.seconds * n_runs.div_ceil(n_workers) as f64
}

fn n_workers(engine: EngineChoice) -> usize {
    match engine {
        EngineChoice::Serial => 1,
        EngineChoice::Threads(0) | EngineChoice::Processes(0) => available_parallelism().map_or(1, NonZero::get),
        EngineChoice::Threads(n) | EngineChoice::Processes(n) => n,
    }
}

fn text(experiment: &dyn AnyExperiment, foreseen: &Foreseen, n_workers: usize, measured: Option<&Measured>) -> String {
    let n_runs = foreseen.n_runs;
    let mut text = format!("{} would carry out {n_runs} runs", experiment.name());
    let open = foreseen.open.join(", ");
    // Writing to a `String` cannot fail.
    let _ = match (foreseen.bytes_per_run, foreseen.open.is_empty()) {
        (0, true) => writeln!(text),
        (0, false) => writeln!(text, ", with results of sizes yet unknown: {open}"),
        (_, true) => writeln!(text, ", {} of results", size(foreseen.bytes())),
        (_, false) => {
            writeln!(text, ", {} of results without those of sizes yet unknown: {open}", size(foreseen.bytes()))
        }
    };
    if let Some(measured) = measured.filter(|measured| measured.failure.is_none()) {
        let _ = writeln!(
            text,
            "the first took {:.1?} and yielded {}; all like this would be {} in {}, {n_workers} at a time",
            Duration::from_secs_f64(measured.seconds),
            size(measured.bytes),
            size(times(measured.bytes, n_runs)),
            span(seconds(measured, n_runs, n_workers)),
        );
    }
    text
}

fn answer(experiment: &dyn AnyExperiment, foreseen: &Foreseen, n_workers: usize, measured: Option<&Measured>) -> Value {
    let measured = measured.map(|measured| {
        json!({
            "run_seconds": measured.seconds,
            "run_bytes": measured.bytes,
            "seconds": seconds(measured, foreseen.n_runs, n_workers),
            "bytes": times(measured.bytes, foreseen.n_runs),
            "failure": measured.failure,
        })
    });
    json!({
        "experiment": experiment.name(),
        "n_runs": foreseen.n_runs,
        "n_workers": n_workers,
        "bytes": foreseen.bytes(),
        "unknown_sizes": foreseen.open,
        "measured": measured,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ElementType, ValueType};

    #[test]
    fn only_fixed_shapes_of_fixed_elements_have_a_size() {
        let bytes = |element, shape: &[Option<usize>]| {
            bytes_of(&Leaf::new("x", ValueType::scalar(element).with_shape(shape.iter().copied())))
        };
        assert_eq!(bytes(ElementType::F64, &[]), Some(8));
        assert_eq!(bytes(ElementType::F32, &[Some(3), Some(5)]), Some(60));
        assert_eq!(bytes(ElementType::F32, &[None]), None);
        assert_eq!(bytes(ElementType::Text, &[]), None);
        assert_eq!(bytes(ElementType::U8, &[Some(usize::MAX), Some(2)]), None);
    }

    #[test]
    fn workers_share_the_time() {
        let measured = Measured { seconds: 2.0, bytes: 10, failure: None };
        assert!((seconds(&measured, 5, 2) - 6.0).abs() < 1e-12);
        assert_eq!(n_workers(EngineChoice::Threads(3)), 3);
    }
}
