//! Experiments: functions from parameters to results.

pub use crate::error::BoxError;
use crate::explore::{Exploration, IntoExploration};
use crate::parameter::ParameterSet;
use crate::provenance::Build;
use crate::result::{NoResults, ResultSet, SharedArray, Single};
use crate::run::Run;
use crate::trajectory::Trajectory;
use crate::value::ResultValue;

/// A function that is carried out once for each point; implemented by `#[experiment]`.
///
/// The type has the name of the function, so `Trajectory::<firing_rate>::open(…)` reads as it should.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an experiment",
    note = "put `#[experiment]` on the function of this name"
)]
pub trait Experiment: Sized + Send + Sync + 'static {
    /// What a run is given.
    type Parameters: ParameterSet;
    /// What a run yields.
    type Results: ResultSet;
    /// What all runs of a process share, computed once before the first.
    type Shared: Send + Sync;

    /// The name of the function.
    const NAME: &'static str;
    /// The doc comment of the function.
    const COMMENT: &'static str;
    /// The name of the result if the function returns a single value.
    const RESULT: &'static str;

    /// Where the experiment is declared, as `file:line:column`; a run that returns an error is recorded with it.
    const PLACE: &'static str = "";
    /// What the crate of the function was built from.
    const BUILD: Build = Build::UNKNOWN;

    /// The points that are visited unless others are given; one point with the presets by default.
    ///
    /// # Errors
    /// The declared exploration contradicts itself, or whatever its function returns as an error.
    fn exploration() -> Result<Exploration<Self::Parameters>, BoxError> {
        Ok(Exploration::single())
    }

    /// The arrays that all runs write together, each its part; their shapes may follow from the presets.
    fn shared_arrays(presets: &Self::Parameters) -> Vec<SharedArray> {
        let _ = presets;
        Vec::new()
    }

    /// Computes what all runs share.
    fn prepare(presets: &Self::Parameters) -> Self::Shared;

    /// Carries out one run.
    ///
    /// # Errors
    /// Whatever the function returns as an error.
    fn run(parameters: &Self::Parameters, shared: &Self::Shared, run: &mut Run) -> Result<Self::Results, BoxError>;

    /// Post-processing, after all runs are stored; a further exploration is carried out and finished in turn.
    ///
    /// # Errors
    /// Whatever the function returns as an error.
    fn finish(trajectory: &mut Trajectory<Self>) -> Result<Option<Exploration<Self::Parameters>>, BoxError> {
        let _ = trajectory;
        Ok(None)
    }

    /// The typed names of the results; for a single value its name.
    fn results() -> <Self::Results as ResultSet>::Names<Self::Results> {
        Self::Results::names()
    }
}

/// What an experiment's function may return.
#[diagnostic::on_unimplemented(
    message = "an experiment cannot return `{Self}`",
    label = "this type cannot be stored",
    note = "return a struct with `#[results]`, a storable value (number, `bool`, `String`, array), `()`, or a `Result` of one of these",
    note = "the error of a `Result` must convert into `Box<dyn Error + Send + Sync>`"
)]
pub trait Outcome {
    /// The result set it becomes.
    type Results: ResultSet;

    /// The results, or why there are none.
    ///
    /// # Errors
    /// The run failed.
    fn into_results(self) -> Result<Self::Results, BoxError>;
}

impl<V: ResultValue> Outcome for V {
    type Results = Single<V>;

    fn into_results(self) -> Result<Single<V>, BoxError> {
        Ok(Single(self))
    }
}

impl Outcome for () {
    type Results = NoResults;

    fn into_results(self) -> Result<NoResults, BoxError> {
        Ok(NoResults)
    }
}

impl<O: Outcome, E: Into<BoxError>> Outcome for Result<O, E> {
    type Results = O::Results;

    fn into_results(self) -> Result<O::Results, BoxError> {
        self.map_err(Into::into)?.into_results()
    }
}

/// A function that prepares what all runs share: `fn() -> S` or `fn(&P) -> S`.
#[diagnostic::on_unimplemented(
    message = "`prepare` must be a function `fn() -> S` or `fn(&{P}) -> S`, where the experiment takes `&S`"
)]
pub trait Prepare<P, S, Form> {
    /// Calls the function.
    fn prepare(self, presets: &P) -> S;
}

impl<P, S, F: FnOnce() -> S> Prepare<P, S, fn() -> S> for F {
    fn prepare(self, _: &P) -> S {
        self()
    }
}

impl<P, S, F: FnOnce(&P) -> S> Prepare<P, S, fn(&P) -> S> for F {
    fn prepare(self, presets: &P) -> S {
        self(presets)
    }
}

/// Takes what a function given as `shared_arrays = …` returned; for generated code.
#[doc(hidden)]
pub fn shared_arrays_of(arrays: impl IntoIterator<Item = SharedArray>) -> Vec<SharedArray> {
    arrays.into_iter().collect()
}

/// Calls a function given as `explore = …`; for generated code.
#[doc(hidden)]
pub fn explore_with<P: ParameterSet, I: IntoExploration<P>>(
    explore: impl FnOnce() -> I,
) -> Result<Exploration<P>, BoxError> {
    explore().into_exploration()
}

/// What a function given as `finish = …` may return: `()`, `Option<Exploration<P>>`, or a `Result` of these.
///
/// A further exploration is carried out, and finished in turn; `None` ends the study.
#[diagnostic::on_unimplemented(
    message = "`finish` must return `()`, `Option<Exploration<{P}>>` or a `Result` of these, not `{Self}`"
)]
pub trait Finished<P> {
    /// The further exploration, or what went wrong.
    ///
    /// # Errors
    /// The post-processing failed.
    fn into_further(self) -> Result<Option<Exploration<P>>, BoxError>;
}

impl<P> Finished<P> for () {
    fn into_further(self) -> Result<Option<Exploration<P>>, BoxError> {
        Ok(None)
    }
}

impl<P> Finished<P> for Option<Exploration<P>> {
    fn into_further(self) -> Result<Self, BoxError> {
        Ok(self)
    }
}

impl<P, F: Finished<P>, E: Into<BoxError>> Finished<P> for Result<F, E> {
    fn into_further(self) -> Result<Option<Exploration<P>>, BoxError> {
        self.map_err(Into::into)?.into_further()
    }
}

/// Takes what a function given as `finish = …` returned; for generated code.
#[doc(hidden)]
pub fn finish_with<P>(finished: impl Finished<P>) -> Result<Option<Exploration<P>>, BoxError> {
    finished.into_further()
}
