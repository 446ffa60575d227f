//! The environment carries a trajectory out: it schedules, stores and reports.
//!
//! [`Environment`] collects options. `plan` works out all that is known before the first run; `expand` adds points to
//! what is stored; `queue` holds the runs that are left; `worker` draws from it and `carrier` carries out one run after
//! the other. What they yield goes through the `outbox` to `writer`, the one thread that owns the store. `panics`
//! catches what a run throws, `processes` does the same with worker processes. `timeout` tells which runs take too
//! long, `signals` what the user or the system sends, `progress` how far it is.

mod carrier;
mod expand;
mod options;
mod outbox;
mod panics;
mod plan;
mod processes;
mod progress;
mod queue;
mod signals;
mod study;
mod timeout;
mod worker;
mod writer;

pub use options::{Durability, EngineChoice, OnFailure, Options};

use std::ffi::OsString;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::experiment::{BoxError, Experiment, Outcome};
use crate::explore::{IntoExploration, Points};
use crate::parameter::ParameterSet;
use crate::provenance::{self, Build, GitPolicy, Origin};
use crate::result::{SharedArray, declared_results};
use crate::run::Run;
use crate::storage::hdf5::{Hdf5Reader, Hdf5Writer, NameChoice};
use crate::storage::{Memory, TrajectoryReader};
use crate::trajectory::{AnyTrajectory, Trajectory};
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
    Memory,
}

/// The values of all parameters that are not explored: a parameter set, or `()` for its defaults.
#[diagnostic::on_unimplemented(
    message = "the presets are `{Self}`, but the experiment takes `{P}`",
    note = "give `with_parameters` a value of the experiment's own parameter set"
)]
pub trait Presets<P> {
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
        Self { place: Place::Memory, presets: (), options: Options::default() }
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

    /// Replaces an old trajectory of the same name in the file, instead of adding the time to the name.
    pub fn overwrite(mut self) -> Self {
        self.options.overwrite = true;
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
        let visit = Visit::to(E::NAME);
        let role = visit.role();
        if let Role::Passing(Some(kept)) = &role {
            let stored = Trajectory::open_named(&kept.file, &kept.name)?;
            return expand::finish(visit, stored, &self.options, &mut None);
        }
        let points = role.insist(bind(self.presets, exploration))?;
        let options = self.options.of_role(&role).seeded(&visit);
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
    /// As [`Trajectory::open`] and [`run`](Self::run); trajectories in memory cannot be resumed.
    pub fn resume<E: Experiment>(self) -> Result<Trajectory<E>> {
        self.carry_on_with(|stored, _, _| Ok(stored))
    }

    /// Adds points to a trajectory of the file and carries them out: the newest of the experiment, or the named one.
    ///
    /// Points that are there already are recognised by the values of all their parameters, bit for bit, and by
    /// their repetitions; they are not computed again. Runs keep their indices, and new ones follow. A parameter
    /// that was not explored before has its preset in the old runs. Runs that are missing, as after a kill, are
    /// carried out as by [`resume`](Self::resume). Presets come from the file.
    ///
    /// # Errors
    /// As [`resume`](Self::resume) and [`run`](Self::run); and presets that were given differ from the file's.
    pub fn expand<E: Experiment>(self, exploration: impl IntoExploration<E::Parameters>) -> Result<Trajectory<E>>
    where
        P: Presets<E::Parameters>,
    {
        self.carry_on_with(|stored, presets: P, options| {
            expand::check_presets(&stored, presets.given())?;
            Ok(expand::append(stored, &exploration.into_exploration()?, options)?.0)
        })
    }

    /// Carries out what is missing in a stored trajectory, after something is done to it.
    fn carry_on_with<E: Experiment>(
        mut self,
        change: impl FnOnce(Trajectory<E>, P, &Options) -> Result<Trajectory<E>>,
    ) -> Result<Trajectory<E>> {
        let visit = Visit::to(E::NAME);
        let role = visit.role();
        if let Role::Passing(Some(kept)) = &role {
            let stored = Trajectory::open_named(&kept.file, &kept.name)?;
            return expand::finish(visit, stored, &self.options, &mut None);
        }
        if let Role::Worker(Some(kept)) = &role {
            self.place = Place::File(kept.file.clone());
            self.options.name = Some(kept.name.clone());
        }
        let mut stored = role.insist(self.stored::<E>())?;
        let options = Options { seed: Some(stored.header().seed), ..self.options.of_role(&role) };
        let subject = role.insist(subject::<E>(&options, &role, stored.any().n_resumed() + 1))?;
        // A worker finds it changed already.
        if !matches!(role, Role::Worker(_)) {
            stored = change(stored, self.presets, &options)?;
        }
        let mut shared = None;
        let trajectory = expand::carry_on(stored, subject, &options, &mut shared, &visit, &role)?;
        expand::finish(visit, trajectory, &options, &mut shared)
    }

    /// The trajectory of the file that the options mean.
    pub(crate) fn stored<E: Experiment>(&self) -> Result<Trajectory<E>> {
        let Place::File(file) = &self.place else { return Err(Error::NoFileToResume) };
        match &self.options.name {
            Some(name) => Trajectory::open_named(file, name),
            None => Trajectory::open(file),
        }
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
        let origin = role.insist(origin(&options, &role, name, "", Build::UNKNOWN, 0))?;
        let results = declared_results::<O::Results>(name, "");
        let subject = Subject { name, comment: "", place: &declared_at, results, origin };
        let arrays = role.insist(options.shared_arrays(Vec::new(), &subject.results))?;
        let run = |parameters: &Q, run: &mut Run| experiment(parameters, run).into_results();
        let seed = options.seed.unwrap_or_default();
        let study = Study { subject, points: &points, seed, run: &run, file: self.place.file(), visit: &visit, arrays };
        let reader = self.place.carry_out(&options, &study, &role)?;
        AnyTrajectory::from_reader(reader)
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
            Self::Memory => None,
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
            Self::Memory => {
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
