//! `run --dry-run`: what a study would take, without a file.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::output::{self, size, span};
use super::{Done, Failure};
use crate::environment::{Foreseen, Options};
use crate::registry::{AnyExperiment, Request};
use crate::schema::Leaf;
use crate::trajectory::one_line;

/// What is known before anything runs.
struct Declared {
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
    let declared = Declared::of(experiment);
    let first = measure.then(|| output::apart(is_json, || experiment.measure(request)));
    let first = first.transpose()?.transpose()?;
    let foreseen = Foreseen { n_runs, n_workers: options.engine.n_workers(n_runs), first };
    if is_json {
        output::print_json(&answer(experiment, &declared, &foreseen))?;
    } else {
        output::print(&text(experiment, &declared, &foreseen))?;
    }
    if let Some(failure) = foreseen.first.and_then(|first| first.failure) {
        return Err(Failure::Measured(one_line(&failure)));
    }
    Ok(ExitCode::SUCCESS)
}

impl Declared {
    fn of(experiment: &dyn AnyExperiment) -> Self {
        let mut declared = Self { bytes_per_run: 0, open: Vec::new() };
        for leaf in experiment.results() {
            match bytes_of(&leaf) {
                Some(bytes) => declared.bytes_per_run = declared.bytes_per_run.saturating_add(bytes),
                None => declared.open.push(leaf.name),
            }
        }
        declared
    }

    fn bytes(&self, n_runs: usize) -> u64 {
        self.bytes_per_run.saturating_mul(n_runs as u64)
    }
}

/// What one value takes, if that is the same for all.
fn bytes_of(leaf: &Leaf) -> Option<u64> {
    let mut lengths = leaf.value_type.shape.iter().map(|length| length.map(|length| length as u64));
    let elements = lengths.try_fold(1_u64, |product, length| product.checked_mul(length?))?;
    elements.checked_mul(leaf.value_type.element.size()? as u64)
}

fn text(experiment: &dyn AnyExperiment, declared: &Declared, foreseen: &Foreseen) -> String {
    let mut text = format!("{} would carry out {} runs", experiment.name(), foreseen.n_runs);
    let (bytes, open) = (size(declared.bytes(foreseen.n_runs)), declared.open.join(", "));
    // Writing to a `String` cannot fail.
    let _ = match (declared.bytes_per_run, declared.open.is_empty()) {
        (0, true) => writeln!(text),
        (0, false) => writeln!(text, ", with results of sizes yet unknown: {open}"),
        (_, true) => writeln!(text, ", {bytes} of results"),
        (_, false) => writeln!(text, ", {bytes} of results without those of sizes yet unknown: {open}"),
    };
    if let Some(first) = foreseen.first.as_ref().filter(|first| first.failure.is_none()) {
        let _ = writeln!(
            text,
            "the first took {:.1?} and yielded {}; all like this would be {} in {}, {} at a time",
            Duration::from_secs_f64(first.seconds),
            size(first.bytes),
            size(foreseen.bytes().unwrap_or_default()),
            span(foreseen.seconds().unwrap_or_default()),
            foreseen.n_workers,
        );
    }
    text
}

fn answer(experiment: &dyn AnyExperiment, declared: &Declared, foreseen: &Foreseen) -> Value {
    let measured = foreseen.first.as_ref().map(|first| {
        json!({
            "run_seconds": first.seconds,
            "run_bytes": first.bytes,
            "seconds": foreseen.seconds(),
            "bytes": foreseen.bytes(),
            "failure": first.failure,
        })
    });
    json!({
        "experiment": experiment.name(),
        "n_runs": foreseen.n_runs,
        "n_workers": foreseen.n_workers,
        "bytes": declared.bytes(foreseen.n_runs),
        "unknown_sizes": declared.open,
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
}
