//! How a study is carried out.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use super::observe::Observers;
use super::processes::{Role, Visit};
use crate::engine::{Engine, EngineError, Processes, Serial, Threads};
use crate::error::{Error, Result};
use crate::logs::Keeping;
use crate::provenance::GitPolicy;
use crate::result::{SharedArray, check_shared_arrays};
use crate::run::{drawn_seed, is_valid_name};
use crate::schema::Leaf;
use crate::storage::hdf5::Hdf5Writer;

/// Every option of an [`Environment`](super::Environment); each is also a flag of the command line.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each a flag of the command line")]
pub struct Options {
    /// The trajectory's name; that of the experiment if none is given.
    pub name: Option<String>,
    /// Adds the time to the name in any case.
    pub add_time: bool,
    /// What the trajectory is for.
    pub comment: String,
    /// What all random streams begin with; drawn from the system if none is given.
    pub seed: Option<u64>,
    /// What is done about uncommitted changes before the first run.
    pub git: GitPolicy,
    /// Who carries runs out.
    pub engine: EngineChoice,
    /// Which runs come first.
    pub order: Order,
    /// The arguments that worker processes are started with; those of the program if none are given.
    pub worker_arguments: Option<Vec<OsString>>,
    /// What happens when a run fails.
    pub on_failure: OnFailure,
    /// The longest time that finished runs wait for a commit; as long as a commit takes, if that is longer.
    pub commit_every: Duration,
    /// How often a failed run is tried again before it counts as failed.
    pub retries: usize,
    /// The longest time that a run may take.
    pub timeout: Option<Duration>,
    /// The most bytes of results that wait to be written.
    pub memory_cap: usize,
    /// What a commit withstands, and when it is due.
    pub durability: Durability,
    /// How hard results are compressed, from 1 to 9, where they do not say it themselves; 0 for not at all.
    pub compression: u8,
    /// How many runs a thread draws at a time, where their time shall not tell.
    pub runs_per_draw: Option<usize>,
    /// Replaces an old trajectory of the same name.
    pub overwrite: bool,
    /// Goes on with a trajectory that fits, in place of beginning a new one.
    pub reuse: bool,
    /// Lets Ctrl-C and termination signals end the study in order.
    pub signals: bool,
    /// Tries failed runs again when a trajectory is resumed.
    pub failed: bool,
    /// Shows progress; `None` where standard error is a terminal.
    pub progress: Option<bool>,
    /// Arrays of which runs write parts, beside those that the experiment declares.
    pub shared_arrays: Vec<SharedArray>,
    /// The folder of the log, with wildcards; beside the file if none is given.
    pub log_dir: Option<PathBuf>,
    /// What is logged, as [`LogLevels`](crate::logs::LogLevels).
    pub log_level: String,
    /// Who is told how the study goes.
    pub observers: Observers,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: None,
            add_time: false,
            comment: String::new(),
            seed: None,
            git: GitPolicy::Record,
            engine: EngineChoice::Threads(0),
            order: Order::Natural,
            worker_arguments: None,
            on_failure: OnFailure::Continue,
            commit_every: Duration::from_secs(1),
            retries: 0,
            timeout: None,
            memory_cap: 1 << 30,
            durability: Durability::Commit,
            compression: 0,
            runs_per_draw: None,
            overwrite: false,
            reuse: false,
            signals: false,
            failed: false,
            progress: None,
            shared_arrays: Vec::new(),
            log_dir: None,
            log_level: "info".into(),
            observers: Observers::default(),
        }
    }
}

impl Options {
    /// The same with a seed: what the program has, where this is one of its workers, or else drawn if none was given.
    pub(super) fn seeded(&self, visit: &Visit) -> Self {
        Self { seed: Some(visit.seed().or(self.seed).unwrap_or_else(drawn_seed)), ..self.clone() }
    }

    /// What a worker that passes a study in memory does quietly, since it is not what it was started for.
    pub(super) fn of_role(&self, role: &Role) -> Self {
        match role {
            Role::Program | Role::Worker(_) => self.clone(),
            Role::Passing(_) => {
                let quiet = Self { progress: Some(false), signals: false, log_level: "off".into(), ..self.clone() };
                Self { engine: EngineChoice::Serial, observers: Observers::default(), ..quiet }
            }
        }
    }

    /// The arrays that runs write together, checked; `declared` are those of the experiment.
    pub(super) fn shared_arrays(&self, declared: Vec<SharedArray>, results: &[Leaf]) -> Result<Arc<[SharedArray]>> {
        let arrays = [declared, self.shared_arrays.clone()].concat();
        check_shared_arrays(&arrays, results)?;
        Ok(arrays.into())
    }

    /// Makes sure that all observers are ready, and keeps a log of what this thread carries out, if one is wanted.
    pub(super) fn attend(&self, file: Option<&Path>, role: &Role) -> Result<Keeping> {
        if matches!(role, Role::Program) {
            self.observers.expect_ready()?;
        }
        let echo = self.progress.unwrap_or_else(|| std::io::stderr().is_terminal());
        Ok(Keeping::begin(&self.log_level, self.log_dir.as_deref(), file, echo)?)
    }

    pub(super) fn start_engine(&self) -> Result<Crew, EngineError> {
        Ok(match self.engine {
            EngineChoice::Serial => Crew::Here(Box::new(Serial)),
            EngineChoice::Threads(n_threads) => Crew::Here(Box::new(Threads::new(n_threads)?)),
            EngineChoice::Processes(n) => Crew::Processes(Processes::new(n, self.worker_arguments.as_deref())?),
        })
    }

    /// Tells a writer what concerns it.
    pub(super) fn prepare(&self, writer: &mut Hdf5Writer) {
        writer.set_durable(self.durability != Durability::None);
        let n_threads = match self.engine {
            EngineChoice::Serial => 1,
            EngineChoice::Threads(n) | EngineChoice::Processes(n) => n,
        };
        writer.set_compression(self.compression, n_threads);
    }
}

/// Who carries runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineChoice {
    /// The calling thread, one run after the other.
    Serial,
    /// This many threads; all cores for 0.
    Threads(usize),
    /// This many processes of the same program, which a run may take down with it; all cores for 0. Only on unix.
    Processes(usize),
}

impl EngineChoice {
    /// How many of so many runs are carried out at once.
    pub(crate) fn n_workers(self, n_runs: usize) -> usize {
        let n_workers = match self {
            Self::Serial => 1,
            Self::Threads(0) | Self::Processes(0) => available_parallelism().map_or(1, NonZero::get),
            Self::Threads(n) | Self::Processes(n) => n,
        };
        n_workers.clamp(1, n_runs.max(1))
    }
}

/// Those who carry runs out.
#[derive(Debug)]
pub(super) enum Crew {
    /// In this process.
    Here(Box<dyn Engine>),
    /// In others.
    Processes(Processes),
}

impl Crew {
    pub(super) fn engine(&self) -> &dyn Engine {
        match self {
            Self::Here(engine) => &**engine,
            Self::Processes(processes) => processes,
        }
    }
}

/// What a commit withstands, and when it is due.
///
/// At every level a commit is atomic, and a process that is killed leaves the file as its last commit left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Finished runs are committed together, by default every second. What is committed is on the disk before
    /// it counts, so that it outlasts a power cut as well.
    Commit,
    /// As `Commit`, but what a worker hands over is committed before more is taken: each run that takes a
    /// millisecond or longer on its own, shorter ones by about the millisecond. For long runs that must not be
    /// lost; short ones spend their time waiting for the disk.
    Run,
    /// As `Commit`, but nobody waits for the disk: commits are in the hands of the system, which writes them when
    /// it likes and in an order of its own. A killed process loses nothing; a power cut, or a crash of the system,
    /// may leave the file older than its last commit, or unreadable. For files that can be made again.
    None,
}

impl Durability {
    /// The word for it in files and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Run => "run",
            Self::None => "none",
        }
    }
}

/// Which runs come first; the results do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Order {
    /// As their indices say.
    #[default]
    Natural,
    /// The last ones first: where they take longest, so that no worker is idle at the end.
    Reversed,
    /// In an order that depends on the seed: a study that is stopped has runs from everywhere in the space.
    Shuffled,
}

impl Order {
    /// All orders.
    pub const ALL: [Self; 3] = [Self::Natural, Self::Reversed, Self::Shuffled];

    /// The word for it in files and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Natural => "natural",
            Self::Reversed => "reversed",
            Self::Shuffled => "shuffled",
        }
    }

    /// The order of this word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.word() == word)
    }
}

/// What happens when a run fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// The failure is recorded and the others go on.
    Continue,
    /// No further run begins; those that have begun are finished and stored.
    Stop,
    /// As `Stop`, but only after this many failures.
    MaxFailures(usize),
}

impl OnFailure {
    /// Whether a study goes on after this many failures.
    pub(super) fn goes_on(self, n_failures: usize) -> bool {
        match self {
            Self::Continue => true,
            Self::Stop => n_failures == 0,
            Self::MaxFailures(most) => n_failures < most,
        }
    }
}

/// Names of trajectories are groups of the file and parts of paths.
pub(super) fn check_name(name: &str) -> Result<()> {
    if is_valid_name(name) && !name.contains('.') {
        return Ok(());
    }
    Err(Error::TrajectoryName { name: name.into() })
}
