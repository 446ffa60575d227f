//! Experiments that are closures, for what fits no `#[experiment]`.

use std::panic::Location;

use super::missing::Missing;
use super::plan::Subject;
use super::processes::{Role, Visit};
use super::study::Study;
use super::{Environment, Options, Presets, adding, bind, origin};
use crate::error::{BoxError, Result};
use crate::experiment::Outcome;
use crate::explore::IntoExploration;
use crate::parameter::ParameterSet;
use crate::provenance::{Build, Origin};
use crate::result::{DeclaredResults, declared};
use crate::run::Run;
use crate::schema::Schema;
use crate::trajectory::{AnyTrajectory, Stored};

impl<P> Environment<P> {
    /// Carries out a closure, for what fits no `#[experiment]`.
    ///
    /// # Errors
    /// As [`run`](Self::run); and `name` must consist of letters, digits and `_`.
    #[track_caller]
    pub fn run_with<Q: ParameterSet, O: Outcome>(
        self,
        name: &str,
        exploration: impl IntoExploration<Q>,
        experiment: impl Fn(&Q, &mut Run) -> O + Sync,
    ) -> Result<AnyTrajectory>
    where
        P: Presets<Q>,
    {
        let declared_at = Location::caller().to_string();
        let visit = Visit::to(name);
        let role = visit.role();
        if let Role::Passing(Some(kept)) = &role {
            return AnyTrajectory::open_named(&kept.file, &kept.name);
        }
        let points = role.insist(bind(self.presets, exploration))?;
        let options = self.options.of_role(&role).seeded(&visit);
        let _log = role.insist(options.attend(self.place.file(), &role))?;
        let origin = role.insist(origin(&options, &role, name, "", Build::UNKNOWN, 0))?;
        let subject = subject::<O>(name, &declared_at, origin);
        let (arrays, run) = (role.insist(options.shared_arrays(Vec::new(), &subject.results))?, yielding(experiment));
        let seed = options.seed.unwrap_or_default();
        let study = Study { subject, points: &points, seed, run: &run, file: self.place.file(), visit: &visit, arrays };
        let reader = self.place.carry_out(&options, &study, &role)?;
        AnyTrajectory::from_reader(reader)
    }

    /// As [`resume`](Self::resume), for a closure; `name` is that of [`run_with`](Self::run_with).
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    #[track_caller]
    pub fn resume_with<Q: ParameterSet, O: Outcome>(
        self,
        name: &str,
        experiment: impl Fn(&Q, &mut Run) -> O + Sync,
    ) -> Result<AnyTrajectory> {
        let declared_at = Location::caller().to_string();
        self.carry_on_with_closure(name, &declared_at, experiment, |stored, _, _, _| Ok(stored))
    }

    /// As [`expand`](Self::expand), for a closure; `name` is that of [`run_with`](Self::run_with).
    ///
    /// # Errors
    /// As [`expand`](Self::expand).
    #[track_caller]
    pub fn expand_with<Q: ParameterSet, O: Outcome>(
        self,
        name: &str,
        exploration: impl IntoExploration<Q>,
        experiment: impl Fn(&Q, &mut Run) -> O + Sync,
    ) -> Result<AnyTrajectory>
    where
        P: Presets<Q>,
    {
        let declared_at = Location::caller().to_string();
        self.carry_on_with_closure(name, &declared_at, experiment, adding(exploration))
    }

    fn carry_on_with_closure<Q: ParameterSet, O: Outcome>(
        self,
        name: &str,
        declared_at: &str,
        experiment: impl Fn(&Q, &mut Run) -> O + Sync,
        change: impl FnOnce(Stored<Q>, P, &Subject<'_>, &Options) -> Result<Stored<Q>>,
    ) -> Result<AnyTrajectory> {
        let visit = Visit::to(name);
        let role = visit.role();
        if let Role::Passing(Some(kept)) = &role {
            return AnyTrajectory::open_named(&kept.file, &kept.name);
        }
        let _log = role.insist(self.options.attend(self.place.file(), &role))?;
        let subject = subject::<O>(name, declared_at, Origin::default());
        let schema = Schema::new::<Q>(subject.results.clone());
        let (stored, subject, options) = self.take_up(&role, subject, schema, Build::UNKNOWN, change)?;
        let missing = role.insist(Missing::of(stored, &subject.origin, &options))?;
        let (arrays, run) = (role.insist(options.shared_arrays(Vec::new(), &subject.results))?, yielding(experiment));
        AnyTrajectory::from_reader(missing.carry_out(subject, &run, arrays, &options, &visit, &role)?)
    }
}

/// What a study of a closure is about; `declared_at` is where the closure is handed over.
fn subject<'a, O: Outcome>(name: &'a str, declared_at: &'a str, origin: Origin) -> Subject<'a> {
    let DeclaredResults { leaves: results, groups } = declared::<O::Results>(name, "");
    Subject { name, comment: "", place: declared_at, results, groups, origin }
}

/// The closure as the function of an experiment.
fn yielding<Q, O: Outcome>(
    experiment: impl Fn(&Q, &mut Run) -> O + Sync,
) -> impl Fn(&Q, &mut Run) -> std::result::Result<O::Results, BoxError> + Sync {
    move |parameters, run| experiment(parameters, run).into_results()
}
