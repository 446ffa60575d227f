//! Carrying runs out once more, to see whether they yield what is stored.

use super::processes::{self, Kept, Role, Visit};
use super::queue::Runs;
use super::study::Study;
use super::{Environment, Options, Place, prepare, prepared};
use crate::environment::plan::Subject;
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::provenance::Origin;
use crate::run::Run;
use crate::telling::{tell_part, with_bar};
use crate::verify::{self, Comparer, Rerun, Verified, build_differences, runs_of};

/// Verifies a stored trajectory, and compares it with runs that are carried out once more.
pub(super) fn verify<E: Experiment, P>(mut environment: Environment<P>, rerun: &Rerun) -> Result<Verified> {
    let visit = Visit::to(E::NAME);
    let role = visit.role();
    if let Role::Passing(Some(kept)) = &role {
        // A worker of a later study has no need of the answer.
        return Ok(Verified { trajectory: kept.name.clone(), ..Verified::default() });
    }
    if let Role::Worker(Some(kept)) = &role {
        environment.place = Place::File(kept.file.clone());
        environment.options.name = Some(kept.name.clone());
    }
    let stored = role.insist(environment.stored::<E>())?;
    let file = stored.path().ok_or(Error::NoFileToResume)?.to_owned();
    let (name, seed) = (stored.name().to_owned(), stored.header().seed);
    let options = Options { seed: Some(seed), ..environment.options.of_role(&role) };
    let (mut verified, mut runs) = (Verified::default(), Vec::new());
    if !matches!(role, Role::Worker(_)) {
        runs = runs_of(rerun, stored.statuses())?;
        let look = || verify::verify(&file, Some(&name), &mut tell_part);
        verified = if options.progress == Some(false) { look() } else { with_bar("verifying", look) }?;
        verified.builds = build_differences(stored.any(), E::BUILD)?;
    }
    let exploration = role.insist(stored.stored_points().expect_resumable().and_then(|()| stored.exploration()))?;
    let points = role.insist(exploration.bind(stored.presets().clone()).map_err(Into::into))?;
    let shared = role.insist(prepare::<E>(&options, &role, points.presets()))?;
    let run = |parameters: &E::Parameters, run: &mut Run| E::run(parameters, prepared(shared.as_ref()), run);
    let subject = Subject::of::<E>(Origin::default()).known_to(stored.stored_points());
    let arrays = role.insist(options.shared_arrays(E::shared_arrays(points.presets()), &subject.results))?;
    let study = Study { subject, points: &points, seed, run: &run, file: Some(&file), visit: &visit, arrays };
    if let Role::Worker(_) = role {
        processes::serve(&study, &options);
    }
    let crew = options.start_engine()?;
    let n_wanted = runs.len();
    let mut comparer = Comparer::new(stored.into_any(), study.subject.results.clone());
    study.carry_out_runs(&options, &crew, &name, Runs::These(runs), &mut comparer)?;
    visit.note(seed, Some(Kept::new(&file, &name)));
    comparer.tell(n_wanted, &mut verified);
    Ok(verified)
}
