//! The options of an environment, one call for each.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{Durability, EngineChoice, Environment, Hook, Observer, OnFailure, Options, Order};
use crate::parameter::ParameterSet;
use crate::provenance::GitPolicy;
use crate::result::SharedArray;

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
    /// On threads a run cannot be stopped from outside: [`Run::is_cancelled`](crate::run::Run::is_cancelled) becomes true, and a run that
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

    /// Commits finished runs this often, every second by default; where a commit takes longer, after as long a time.
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

    /// Gives runs a further array that they write together, each its part, by [`Run::write_slice`](crate::run::Run::write_slice).
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
}
