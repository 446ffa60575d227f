//! What a study would take: its first run tells, without a file.

use std::sync::Mutex;
use std::time::Instant;

use super::{Environment, Options};
use crate::error::{BoxError, Result};
use crate::experiment::{Experiment, Outcome};
use crate::explore::{Exploration, Points};
use crate::provenance::GitPolicy;
use crate::result::ResultSet;
use crate::run::Run;

/// What a study would take if all of its runs were like the first.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Foreseen {
    /// Number of runs.
    pub n_runs: usize,
    /// How many of them are carried out at once.
    pub n_workers: usize,
    /// What the first run took, if it was carried out.
    pub first: Option<Measured>,
}

/// What one run took.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Time of the run, without what all runs share.
    pub seconds: f64,
    /// Size of its results.
    pub bytes: u64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

impl Foreseen {
    /// The time that all runs take.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        Some(self.first.as_ref()?.seconds * self.n_runs.div_ceil(self.n_workers) as f64)
    }

    /// The size of all results, without what runs write together.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        Some(self.first.as_ref()?.bytes.saturating_mul(self.n_runs as u64))
    }
}

/// Carries out the first run, in this process and without a file; of the options, signals and shared arrays matter.
pub(crate) fn measure<E: Experiment>(points: &Points<E::Parameters>, options: &Options) -> Result<Measured> {
    let presets = points.presets();
    let seconds = Mutex::new(0.0);
    let run = |point: &E::Parameters, run: &mut Run| {
        let shared = E::prepare(presets);
        let begun = Instant::now();
        let yielded = E::run(point, &shared, run);
        *seconds.lock().expect("nothing panics meanwhile") = begun.elapsed().as_secs_f64();
        Yielded(yielded)
    };
    let environment = Environment::in_memory().serial().with_git(GitPolicy::Off).with_log_level("off");
    let mut environment = environment.with_progress(false).with_parameters(points.point(0));
    environment.options.signals = options.signals;
    environment.options.shared_arrays = [E::shared_arrays(presets), options.shared_arrays.clone()].concat();
    let any = environment.run_with(E::NAME, Exploration::single(), run)?;
    let mut bytes = 0;
    for column in any.find_all("results.**").into_iter().filter(|node| node.is_column()) {
        bytes += any.reader().rows(column.path(), 0..1)?.n_bytes() as u64;
    }
    let failure = any.failures()?.into_iter().next().map(|failure| failure.message);
    let seconds = seconds.into_inner().expect("nothing panics meanwhile");
    Ok(Measured { seconds, bytes, failure })
}

/// What a run of a known experiment yields.
struct Yielded<R>(Result<R, BoxError>);

impl<R: ResultSet> Outcome for Yielded<R> {
    type Results = R;

    fn into_results(self) -> Result<R, BoxError> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_the_time() {
        let first = Measured { seconds: 2.0, bytes: 10, failure: None };
        let foreseen = Foreseen { n_runs: 5, n_workers: 2, first: Some(first) };
        assert!((foreseen.seconds().unwrap() - 6.0).abs() < 1e-12);
        assert_eq!(foreseen.bytes(), Some(50));
        assert!(Foreseen { n_runs: 0, n_workers: 1, first: None }.seconds().is_none());
    }
}
