//! The environment carries a trajectory out: it schedules, stores and reports.
//!
//! [`Environment`] collects options. `plan` works out all that is known before the first run; `expand` adds points to
//! what is stored; `queue` holds the runs that are left; `worker` draws from it and `carrier` carries out one run after
//! the other. What they yield goes through the `outbox` to `writer`, the one thread that owns the store. `panics`
//! catches what a run throws, `processes` does the same with worker processes. `timeout` tells which runs take too
//! long, `signals` what the user or the system sends, `progress` how far it is; `observe` tells those who want to know.

mod carrier;
mod expand;
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

pub use observe::{Committed, Hook, Observer, Observers, RunFailed, RunFinished, StudyFinished, StudyStarted};
pub use options::{Durability, EngineChoice, OnFailure, Options, Order};
pub use reuse::Reuse;

use std::ffi::OsString;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::experiment::{BoxError, Experiment, Outcome};
use crate::explore::{IntoExploration, Points};
use crate::parameter::ParameterSet;
use crate::provenance::{self, Build, GitPolicy, Origin};
use crate::result::{DeclaredResults, SharedArray, declared};
use crate::run::Run;
use crate::schema::Schema;
use crate::storage::hdf5::{Hdf5Reader, Hdf5Writer, NameChoice};
use crate::storage::{Memory, TrajectoryReader};
use crate::trajectory::{AnyTrajectory, Stored, Trajectory, schema_of};
use crate::verify::{Rerun, Verified};
use home::Home;
use missing::Missing;
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
    /// Takes these values for all parameters that are not explored, instead of the defaults.
    pub fn with_parameters<Q: ParameterSet>(self, presets: Q) -> Environment<Q> {
        Environment { place: self.place, presets, options: self.options }
    }

    /// Names the trajectory; by default it has the name of the experiment.
    ///
    /// If the file already has a trajectory of the name, the time is added to it.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// Adds the time to the name in any case.
    pub fn with_time_in_name(mut self) -> Self {
        self.options.add_time = true;
        self
    }

    /// Says what the trajectory is for.
    pub fn with_comment(mut self, comment: impl Into<String>) -> Self {
        self.options.comment = comment.into();
        self
    }

    /// Gives all random streams this seed; the system draws one if none is given.
    ///
    /// It is kept as `config.environment.seed`, and a trajectory that is resumed goes on with its own.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.options.seed = Some(seed);
        self
    }

    /// What is done about uncommitted changes of the program's git repository before the first run.
    ///
    /// By default the trajectory tells what the program was built from, changes included.
    pub fn with_git(mut self, policy: GitPolicy) -> Self {
        self.options.git = policy;
        self
    }

    /// Carries runs out on this many threads; on all cores for 0, which is the default.
    pub fn with_threads(mut self, n_threads: usize) -> Self {
        self.options.engine = EngineChoice::Threads(n_threads);
        self
    }

    /// Carries runs out in this many processes of the same program; one for each core for 0. Only on unix.
    ///
    /// A run that aborts, overflows its stack, is killed for want of memory or exceeds its
    /// [timeout](Self::with_timeout) ends its process and no more: why is recorded, and another process takes its
    /// place.
    ///
    /// Each process is started as this program was, with the same arguments, and comes by itself to the same study,
    /// where it stays. So what the program does before is done in each of them, points must depend on nothing but the
    /// program and its arguments, and standard input is not for them. Studies that came before are not
    /// carried out again.
    pub fn with_processes(mut self, n_processes: usize) -> Self {
        self.options.engine = EngineChoice::Processes(n_processes);
        self
    }

    /// Starts the processes of [`with_processes`](Self::with_processes) with other arguments than this program's.
    pub fn with_worker_arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.options.worker_arguments = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// Carries runs out one after the other on the calling thread.
    pub fn serial(mut self) -> Self {
        self.options.engine = EngineChoice::Serial;
        self
    }

    /// Which runs come first; by default those of low indices. The results do not depend on it.
    pub fn with_order(mut self, order: Order) -> Self {
        self.options.order = order;
        self
    }

    /// What happens when a run fails; by default the others go on.
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.options.on_failure = on_failure;
        self
    }

    /// Tries a failed run this many times more before it counts as failed; not at all by default.
    ///
    /// Every failed try is recorded. What depends on the random streams of the run alone fails each time.
    pub fn with_retries(mut self, retries: usize) -> Self {
        self.options.retries = retries;
        self
    }

    /// Lets no run take longer; one that does is recorded as timed out, and its results are dropped.
    ///
    /// On threads a run cannot be stopped from outside: [`Run::is_cancelled`] becomes true, and a run that
    /// goes on is named on standard error. [Processes](Self::with_processes) are ended.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Lets workers wait while this many bytes of results wait to be written; 1 GiB by default.
    ///
    /// A single result that is larger passes alone.
    pub fn with_memory_cap(mut self, n_bytes: usize) -> Self {
        self.options.memory_cap = n_bytes;
        self
    }

    /// Commits finished runs at least this often; every second by default.
    pub fn with_commit_every(mut self, interval: Duration) -> Self {
        self.options.commit_every = interval;
        self
    }

    /// What commits withstand, and when they are due; see [`Durability`].
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.options.durability = durability;
        self
    }

    /// Compresses all results that do not say it themselves, from 1 (fast) to 9 (small); 0, the default, is not at all.
    ///
    /// Every HDF5 reader understands it. Results that look random, as most traces of floats do, hardly get smaller.
    pub fn with_compression(mut self, level: u8) -> Self {
        self.options.compression = level.min(9);
        self
    }

    /// Gives runs a further array that they write together, each its part, by [`Run::write_slice`].
    ///
    /// What belongs to an experiment is better declared with it: `#[experiment(shared_arrays = maps)]`.
    ///
    /// # Examples
    /// ```
    /// # use pypet_runtime::{environment::Environment, result::SharedArray};
    /// let map = SharedArray::new::<f64>("map", [100, 200]).with_comment("potential at each place");
    /// let environment = Environment::new("map.h5").with_shared_array(map);
    /// ```
    pub fn with_shared_array(mut self, array: SharedArray) -> Self {
        self.options.shared_arrays.push(array);
        self
    }

    /// Lets threads draw so many runs at a time, whatever these take: for counting instructions, which must not depend
    /// on time.
    #[doc(hidden)]
    pub fn with_runs_per_draw(mut self, n_runs: usize) -> Self {
        self.options.runs_per_draw = Some(n_runs);
        self
    }

    /// Replaces an old trajectory of the same name in the file, instead of adding the time to the name.
    pub fn overwrite(mut self) -> Self {
        self.options.overwrite = true;
        self
    }

    /// Goes on with the newest trajectory of the experiment in the file, or the named one, if it fits: points that are done
    /// there are not carried out again.
    ///
    /// The trajectory grows by the points that it lacks, as with [`expand`](Self::expand); its runs that failed or are
    /// missing are carried out as well. One of another schema, other presets or another seed is left alone, and a new one
    /// begun. [`reusable`](Self::reusable) tells beforehand what can be reused.
    pub fn with_reuse(mut self) -> Self {
        self.options.reuse = true;
        self
    }

    /// Lets [`resume`](Self::resume) try failed runs again.
    pub fn with_failed(mut self) -> Self {
        self.options.failed = true;
        self
    }

    /// Shows progress on standard error; on by default where that is a terminal.
    pub fn with_progress(mut self, progress: bool) -> Self {
        self.options.progress = Some(progress);
        self
    }

    /// Keeps the log in this folder, which is made; by default beside the file, once something is logged.
    ///
    /// It may hold the wildcards `$traj`, `$env`, `$file`, `$host` and `$proc`; see [`logs`](crate::logs).
    pub fn with_log_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.log_dir = Some(folder.into());
        self
    }

    /// What is logged: `info` by default, else as `debug`, `warn,my_crate::solver=trace`, or `off` for no log.
    pub fn with_log_level(mut self, levels: impl Into<String>) -> Self {
        self.options.log_level = levels.into();
        self
    }

    /// Tells somebody how the study goes; it can neither block nor fail a run.
    pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
        self.options.observers.add(observer);
        self
    }

    /// Starts a command of the shell when the first run fails and when the study ends; see [`Hook`].
    pub fn with_hook(self, command: impl Into<OsString>) -> Self {
        self.with_observer(Hook::new(command))
    }

    /// Posts a JSON object to a URL when the first run fails and when the study ends; see [`Hook::webhook`].
    pub fn with_webhook(self, url: &str) -> Self {
        self.with_observer(Hook::webhook(url))
    }

    /// Ends a study in order at the first Ctrl-C or termination signal: what has begun is finished and stored.
    /// The second ends the program at once, and loses nothing that was committed.
    pub fn with_signals(mut self) -> Self {
        self.options.signals = true;
        self
    }

    /// Takes all options at once.
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

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
        let exploration = exploration.into_exploration()?;
        // A worker does as its program did, which may have made the trajectory since.
        let goes_on = match Visit::wanted_is_stored() {
            Some(is_stored) => is_stored,
            None => self.reusable::<E>(&exploration)?.is_possible(),
        };
        if goes_on { self.with_failed().expand(exploration) } else { self.begin(exploration) }
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
        let DeclaredResults { leaves: results, groups } = declared::<O::Results>(name, "");
        let subject = Subject { name, comment: "", place: &declared_at, results, groups, origin };
        let arrays = role.insist(options.shared_arrays(Vec::new(), &subject.results))?;
        let run = |parameters: &Q, run: &mut Run| experiment(parameters, run).into_results();
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
        let DeclaredResults { leaves: results, groups } = declared::<O::Results>(name, "");
        let schema = Schema::new::<Q>(results.clone());
        let subject = Subject { name, comment: "", place: declared_at, results, groups, origin: Origin::default() };
        let (stored, subject, options) = self.take_up(&role, subject, schema, Build::UNKNOWN, change)?;
        let missing = role.insist(Missing::of(stored, &subject.origin, &options))?;
        let arrays = role.insist(options.shared_arrays(Vec::new(), &subject.results))?;
        let run = |parameters: &Q, run: &mut Run| experiment(parameters, run).into_results();
        AnyTrajectory::from_reader(missing.carry_out(subject, &run, arrays, &options, &visit, &role)?)
    }
}

/// Adds points to a stored trajectory, whose presets are those that were given.
fn adding<P: Presets<Q>, Q: ParameterSet>(
    exploration: impl IntoExploration<Q>,
) -> impl FnOnce(Stored<Q>, P, &Subject<'_>, &Options) -> Result<Stored<Q>> {
    |stored, presets, subject, options| {
        expand::check_presets(&stored, presets.given())?;
        Ok(expand::append(stored, &exploration.into_exploration()?, subject, options)?.0)
    }
}

/// The points of a study, with these values for all that is not explored.
fn bind<Q: ParameterSet>(presets: impl Presets<Q>, exploration: impl IntoExploration<Q>) -> Result<Points<Q>> {
    let mut presets = presets.presets();
    presets.derive();
    Ok(exploration.into_exploration()?.bind(presets)?)
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
