//! The environment carries a trajectory out: it schedules, stores and reports.
//!
//! [`Environment`] collects options (`builder`) and carries out experiments and `closures`. `plan` works out all that is known before the first run; `expand` adds points to
//! what is stored; `queue` holds the runs that are left; `worker` draws from it and `carrier` carries out one run after
//! the other. What they yield goes through the `outbox` to `writer`, the one thread that owns the store. `panics`
//! catches what a run throws, `processes` does the same with worker processes. `timeout` tells which runs take too
//! long, `signals` what the user or the system sends, `progress` how far it is; `observe` tells those who want to know.

mod builder;
mod carrier;
mod closures;
mod expand;
mod foresee;
mod home;
mod missing;
mod observe;
mod options;
mod outbox;
mod panics;
mod plan;
mod processes;
mod progress;
mod queue;
mod rerun;
mod reuse;
mod signals;
mod study;
mod timeout;
mod worker;
mod writer;

pub(crate) use foresee::measure;
pub use foresee::{Foreseen, Measured};
pub use observe::{Committed, Hook, Observer, Observers, RunFailed, RunFinished, StudyFinished, StudyStarted};
pub use options::{Durability, EngineChoice, OnFailure, Options, Order};
pub use reuse::Reuse;

use std::path::{Path, PathBuf};

use crate::error::{BoxError, Error, Result};
use crate::experiment::Experiment;
use crate::explore::{IntoExploration, Points};
use crate::parameter::ParameterSet;
use crate::provenance::{self, Build, Origin};
use crate::run::Run;
use crate::schema::Schema;
use crate::storage::hdf5::{Hdf5Reader, Hdf5Writer, NameChoice};
use crate::storage::{Memory, TrajectoryReader};
use crate::trajectory::{AnyTrajectory, Stored, Trajectory, schema_of};
use crate::verify::{Rerun, Verified};
use home::Home;
use plan::Subject;
use processes::{Kept, Role, Visit};
use study::Study;

/// Carries out explorations and keeps what they yield.
///
/// `P` is the parameter set whose values were given by [`with_parameters`](Self::with_parameters), `()` for
/// the declared defaults.
///
/// # Examples
/// ```no_run
/// # use pypet_runtime::environment::Environment;
/// let environment = Environment::new("hdf5/firing_rate.h5").with_comment("first try").with_threads(8);
/// ```
#[derive(Debug, Clone)]
#[must_use = "an environment does nothing until it runs an exploration"]
pub struct Environment<P = ()> {
    place: Place,
    presets: P,
    options: Options,
}

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    /// With the trajectory that is there to be carried on with.
    Memory(Option<Memory>),
}

/// The values of all parameters that are not explored: a parameter set, or `()` for its defaults.
#[diagnostic::on_unimplemented(
    message = "the presets are `{Self}`, but the experiment takes `{P}`",
    note = "give `with_parameters` a value of the experiment's own parameter set"
)]
pub trait Presets<P>: Clone {
    /// The parameter set, if one was given.
    fn given(self) -> Option<P>;

    /// The parameter set.
    fn presets(self) -> P
    where
        Self: Sized,
        P: Default,
    {
        self.given().unwrap_or_default()
    }
}

impl<P: ParameterSet> Presets<P> for P {
    fn given(self) -> Option<P> {
        Some(self)
    }
}

impl<P: ParameterSet> Presets<P> for () {
    fn given(self) -> Option<P> {
        None
    }
}

impl Environment {
    /// Keeps trajectories in an HDF5 file; makes the file and its folder when needed, and adds to a file that
    /// is there.
    pub fn new(file: impl AsRef<Path>) -> Self {
        Self { place: Place::File(file.as_ref().into()), presets: (), options: Options::default() }
    }

    /// Keeps trajectories in memory, for trying things out.
    pub fn in_memory() -> Self {
        Self { place: Place::Memory(None), presets: (), options: Options::default() }
    }

    /// Carries on with a trajectory where it is kept, in its file or in memory: by [`resume`](Self::resume),
    /// [`expand`](Self::expand) and their like for closures.
    ///
    /// The trajectory is closed; typed ones are given by [`Trajectory::into_any`].
    ///
    /// # Errors
    /// The trajectory is kept in neither.
    ///
    /// # Examples
    /// ```text
    /// let traj = Environment::in_memory().run::<multiply>(p.x.over([1.0, 2.0]))?;
    /// let traj = Environment::of(traj.into_any())?.expand::<multiply>(p.x.over([2.0, 3.0]))?;
    /// assert_eq!(traj.len(), 3);
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "a trajectory is closed before it is written to")]
    pub fn of(trajectory: AnyTrajectory) -> Result<Self> {
        let environment = match Home::of(&trajectory)? {
            Home::File { file, .. } => Self::new(file),
            Home::Memory(memory) => Self { place: Place::Memory(Some(memory)), ..Self::in_memory() },
        };
        Ok(environment.with_name(trajectory.header().name.clone()))
    }
}

impl<P> Environment<P> {
    /// Carries out one run for each point and stores its results.
    ///
    /// The exploration is of the experiment's own parameter set, or this does not compile. A run that fails
    /// is recorded with its error; [`Trajectory::failed`] lists them.
    ///
    /// # Errors
    /// The exploration contradicts itself or leaves a declared range, the file cannot be written, or the
    /// experiment's post-processing fails.
    pub fn run<E: Experiment>(self, exploration: impl IntoExploration<E::Parameters>) -> Result<Trajectory<E>>
    where
        P: Presets<E::Parameters>,
    {
        if !self.options.reuse || self.place.file().is_none() {
            return self.begin(exploration);
        }
        let exploration = exploration.into_exploration().map_err(Error::of_points)?;
        // A worker does as its program did, which may have made the trajectory since.
        let goes_on = match Visit::wanted_is_stored() {
            Some(is_stored) => is_stored,
            None => self.reusable::<E>(&exploration)?.is_possible(),
        };
        if goes_on { self.with_failed().expand(exploration) } else { self.begin(exploration) }
    }

    /// Tells what a study would take by carrying out its first run, in this process; it makes no file.
    ///
    /// The count alone is the length of the exploration.
    ///
    /// # Errors
    /// The exploration contradicts itself or leaves a declared range. A run that fails is no error:
    /// [`Measured::failure`] tells why.
    pub fn dry_run<E: Experiment>(self, exploration: impl IntoExploration<E::Parameters>) -> Result<Foreseen>
    where
        P: Presets<E::Parameters>,
    {
        let points = bind(self.presets, exploration)?;
        let n_workers = self.options.engine.n_workers(points.len());
        Ok(Foreseen { n_runs: points.len(), n_workers, first: Some(measure::<E>(&points, &self.options)?) })
    }

    /// Carries out a new trajectory.
    fn begin<E: Experiment>(self, exploration: impl IntoExploration<E::Parameters>) -> Result<Trajectory<E>>
    where
        P: Presets<E::Parameters>,
    {
        let visit = Visit::to(E::NAME);
        let role = visit.role();
        if let Role::Passing(Some(kept)) = &role {
            let stored = Trajectory::open_named(&kept.file, &kept.name)?;
            return expand::finish(visit, stored, &self.options, &mut None);
        }
        let points = role.insist(bind(self.presets, exploration))?;
        let options = self.options.of_role(&role).seeded(&visit);
        let _log = role.insist(options.attend(self.place.file(), &role))?;
        let subject = role.insist(subject::<E>(&options, &role, 0))?;
        let mut shared = role.insist(prepare::<E>(&options, &role, points.presets()))?;
        let arrays = options.shared_arrays(E::shared_arrays(points.presets()), &subject.results);
        let arrays = role.insist(arrays)?;
        let run = |parameters: &E::Parameters, run: &mut Run| E::run(parameters, prepared(shared.as_ref()), run);
        let seed = options.seed.unwrap_or_default();
        let study = Study { subject, points: &points, seed, run: &run, file: self.place.file(), visit: &visit, arrays };
        let reader = self.place.carry_out(&options, &study, &role)?;
        expand::finish(visit, Trajectory::from_reader(reader)?, &options, &mut shared)
    }

    /// Carries out what is missing in a trajectory of the file: the newest of the experiment, or the named one.
    ///
    /// Runs that are done are not computed again; failed ones are if [`with_failed`](Self::with_failed) asks
    /// for it. Parameters come from the file, so presets and exploration of the program do not matter.
    ///
    /// # Errors
    /// As [`Trajectory::open`] and [`run`](Self::run).
    pub fn resume<E: Experiment>(self) -> Result<Trajectory<E>> {
        self.carry_on_with_experiment(|stored, _, _, _| Ok(stored))
    }

    /// Adds points to a trajectory of the file and carries them out: the newest of the experiment, or the named one.
    ///
    /// Points that are there already are recognised by the values of all their parameters, bit for bit, and by
    /// their repetitions; they are not computed again. Runs keep their indices, and new ones follow. A parameter
    /// that was not explored before has its preset in the old runs, one that was renamed keeps its name in the file.
    /// Runs that are missing, as after a kill, are carried out as by [`resume`](Self::resume). Presets come from the
    /// file.
    ///
    /// # Errors
    /// As [`resume`](Self::resume) and [`run`](Self::run); and presets that were given differ from the file's.
    pub fn expand<E: Experiment>(self, exploration: impl IntoExploration<E::Parameters>) -> Result<Trajectory<E>>
    where
        P: Presets<E::Parameters>,
    {
        self.carry_on_with_experiment(adding(exploration))
    }

    /// Verifies a trajectory of the file, the newest of the experiment or the named one, and compares it with runs
    /// that are carried out once more; nothing is stored.
    ///
    /// The runs have the parameters and the random streams that they had, and are compared bit for bit.
    ///
    /// # Errors
    /// As [`resume`](Self::resume) and [`verify`](crate::verify::verify); and there is no such run.
    pub fn verify<E: Experiment>(self, rerun: &Rerun) -> Result<Verified> {
        rerun::verify::<E, P>(self, rerun)
    }

    /// Carries out what is missing in a stored trajectory, after something is done to it.
    fn carry_on_with_experiment<E: Experiment>(
        self,
        change: impl FnOnce(Stored<E::Parameters>, P, &Subject<'_>, &Options) -> Result<Stored<E::Parameters>>,
    ) -> Result<Trajectory<E>> {
        let visit = Visit::to(E::NAME).of_stored();
        let role = visit.role();
        if let Role::Passing(Some(kept)) = &role {
            let stored = Trajectory::open_named(&kept.file, &kept.name)?;
            return expand::finish(visit, stored, &self.options, &mut None);
        }
        let _log = role.insist(self.options.attend(self.place.file(), &role))?;
        let subject = Subject::of::<E>(Origin::default());
        let (stored, subject, options) = self.take_up(&role, subject, schema_of::<E>(), E::BUILD, change)?;
        let mut shared = None;
        let trajectory = expand::carry_on(stored, subject, &options, &mut shared, &visit, &role)?;
        expand::finish(visit, trajectory, &options, &mut shared)
    }

    /// The trajectory to carry on with after something is done to it, what it is about, and the options for it.
    fn take_up<'a, Q: ParameterSet>(
        mut self,
        role: &Role,
        mut subject: Subject<'a>,
        schema: Schema,
        build: Build,
        change: impl FnOnce(Stored<Q>, P, &Subject<'_>, &Options) -> Result<Stored<Q>>,
    ) -> Result<(Stored<Q>, Subject<'a>, Options)> {
        if let Role::Worker(Some(kept)) = role {
            self.place = Place::File(kept.file.clone());
            self.options.name = Some(kept.name.clone());
        }
        let stored = self.reader(subject.name).and_then(|reader| Stored::read(reader, schema));
        let mut stored = role.insist(stored)?;
        subject = subject.known_to(&stored);
        let options = Options { seed: Some(stored.any().header().seed), ..self.options.of_role(role) };
        let number = stored.any().n_resumed() + 1;
        let origin = role.insist(origin(&options, role, subject.name, subject.comment, build, number))?;
        // A worker finds a file changed already.
        if !matches!(role, Role::Worker(Some(_))) {
            stored = role.insist(change(stored, self.presets, &subject, &options))?;
        }
        subject.origin = origin;
        Ok((stored, subject, options))
    }

    /// The trajectory that the options mean, of an experiment unless it is named.
    fn reader(&self, experiment: &str) -> Result<Box<dyn TrajectoryReader>> {
        Ok(match (&self.place, &self.options.name) {
            (Place::File(file), Some(name)) => Box::new(Hdf5Reader::named(file, name)?),
            (Place::File(file), None) => Box::new(Hdf5Reader::of_experiment(file, experiment)?),
            (Place::Memory(Some(memory)), _) => Box::new(memory.reader()),
            (Place::Memory(None), _) => return Err(Error::NoFileToResume),
        })
    }

    /// The trajectory that the options mean, with the types of the program.
    pub(crate) fn stored<E: Experiment>(&self) -> Result<Trajectory<E>> {
        Trajectory::from_reader(self.reader(E::NAME)?)
    }
}

/// Adds points to a stored trajectory, whose presets are those that were given.
fn adding<P: Presets<Q>, Q: ParameterSet>(
    exploration: impl IntoExploration<Q>,
) -> impl FnOnce(Stored<Q>, P, &Subject<'_>, &Options) -> Result<Stored<Q>> {
    |stored, presets, subject, options| {
        expand::check_presets(&stored, presets.given())?;
        Ok(expand::append(stored, &exploration.into_exploration().map_err(Error::of_points)?, subject, options)?.0)
    }
}

/// The points of a study, with these values for all that is not explored.
fn bind<Q: ParameterSet>(presets: impl Presets<Q>, exploration: impl IntoExploration<Q>) -> Result<Points<Q>> {
    let mut presets = presets.presets();
    presets.derive();
    Ok(exploration.into_exploration().map_err(Error::of_points)?.bind(presets)?)
}

fn subject<E: Experiment>(options: &Options, role: &Role, number: usize) -> Result<Subject<'static>> {
    Ok(Subject::of::<E>(origin(options, role, E::NAME, E::COMMENT, E::BUILD, number)?))
}

/// Carries out the policy for git and looks around; `number` counts the environments of the trajectory.
fn origin(options: &Options, role: &Role, name: &str, comment: &str, build: Build, number: usize) -> Result<Origin> {
    if !matches!(role, Role::Program) {
        // The program has done so.
        return Ok(Origin::default());
    }
    let name = options.name.as_deref().unwrap_or(name);
    let comment = if options.comment.is_empty() { comment } else { &options.comment };
    let message = format!("pypet: {name}\n\n{comment}");
    Ok(Origin::establish(&provenance::of_program(build), options.git, message.trim_end(), number)?)
}

/// What all runs share, unless they are carried out elsewhere.
fn prepare<E: Experiment>(options: &Options, role: &Role, presets: &E::Parameters) -> Result<Option<E::Shared>> {
    if matches!((options.engine, role), (EngineChoice::Processes(_), Role::Program)) {
        return Ok(None);
    }
    let shared = panics::catch(|| E::prepare(presets));
    shared.map(Some).map_err(|panic| Error::Prepare { message: panic.message, place: panic.place })
}

fn prepared<S>(shared: Option<&S>) -> &S {
    shared.expect("runs are carried out where it was prepared")
}

impl Place {
    fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            Self::Memory(_) => None,
        }
    }

    fn carry_out<P: ParameterSet, R: crate::result::ResultSet>(
        &self,
        options: &Options,
        study: &Study<'_, P, R>,
        role: &Role,
    ) -> Result<Box<dyn TrajectoryReader>> {
        if let Role::Worker(_) = role {
            processes::serve(study, options);
        }
        let wanted = options.name.clone().unwrap_or_else(|| study.subject.name.into());
        options::check_name(&wanted)?;
        match self {
            Self::File(file) => {
                let choice = NameChoice { name: wanted, add_time: options.add_time, overwrite: options.overwrite };
                let crew = options.start_engine()?;
                let mut writer = Hdf5Writer::create(file, &choice)?;
                options.prepare(&mut writer);
                let name = writer.name().to_owned();
                study.carry_out(options, &crew, &name, &mut writer)?;
                drop(writer);
                study.visit.note(study.seed, Some(Kept::new(file, &name)));
                Ok(Box::new(Hdf5Reader::named(file, &name)?))
            }
            Self::Memory(_) => {
                let mut memory = Memory::default();
                study.carry_out(options, &options.start_engine()?, &wanted, &mut memory)?;
                study.visit.note(study.seed, None);
                Ok(Box::new(memory.reader()))
            }
        }
    }
}

/// For signatures in this folder.
type RunFunction<'a, P, R> = dyn Fn(&P, &mut Run) -> std::result::Result<R, BoxError> + Sync + 'a;
