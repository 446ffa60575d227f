//! Everything that is known before the first run, as values of the tree.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::machine::Machine;
use super::{Build, GitError, GitPolicy, build::COMPILER, environments, git, start};
use crate::storage::PlannedLeaf;
use crate::trajectory::AnyTrajectory;
use crate::value::{Cells, ResultValue};

/// How an environment came to work on a trajectory.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// `config` for the environment that made the trajectory, `config/resumed_0` for the next.
    branch: String,
    values: Vec<PlannedLeaf>,
    program: Option<ProgramHash>,
}

impl Origin {
    /// Carries out the policy, then looks around; `number` counts the environments of the trajectory.
    pub(crate) fn establish(build: &Build, policy: GitPolicy, message: &str, number: usize) -> Result<Self, GitError> {
        let branch = environments::branch(number);
        let checked_out = git::carry_out(policy, build, message)?;
        let mut values = Values { branch: &branch, values: Vec::new() };
        values.build(build, policy);
        values.machine(Machine::here());
        values.start();
        values.text("environment/git", policy.word(), "what was done about uncommitted changes");
        if let Some(checked_out) = checked_out {
            values.text("environment/git_commit", &checked_out.commit, "commit when the runs began");
            let is_build = checked_out.is_build;
            values.put("environment/git_commit_is_build", &is_build, "whether it is what the program was built from");
        }
        let values = values.values;
        Ok(Self { branch, values, program: ProgramHash::new() })
    }

    pub(crate) fn values(&self) -> &[PlannedLeaf] {
        &self.values
    }

    /// What earlier environments have told, where this one tells of itself.
    pub(crate) fn values_before(&self, trajectory: &AnyTrajectory) -> crate::error::Result<BTreeMap<String, Cells>> {
        if self.values.is_empty() {
            return Ok(BTreeMap::new());
        }
        environments::values(trajectory, trajectory.n_resumed())
    }

    /// Adds how the runs are carried out, and leaves out what earlier environments of the trajectory have told alike.
    ///
    /// Nothing is told of an environment that is not told of in the trajectory.
    pub(crate) fn as_changes(&mut self, options: Vec<PlannedLeaf>, earlier: &BTreeMap<String, Cells>) {
        if self.values.is_empty() {
            return;
        }
        let options = options.into_iter().map(|mut option| {
            option.path = format!("{}{}", self.branch, option.path.trim_start_matches("config"));
            option
        });
        self.values.extend(options);
        let prefix = format!("{}/", self.branch);
        let name_of = |value: &PlannedLeaf| value.path.trim_start_matches(&prefix).to_owned();
        let now: HashSet<String> = self.values.iter().map(&name_of).collect();
        let gone =
            |name: &&String| environments::is_inherited(name) && !now.contains(*name) && *name != ProgramHash::NAME;
        let gone: Vec<PlannedLeaf> = earlier
            .keys()
            .filter(gone)
            .map(|name| PlannedLeaf::new(format!("{prefix}{name}"), &String::new(), "no longer known"))
            .collect();
        self.values.retain(|value| earlier.get(&name_of(value)) != Some(&value.value));
        self.values.extend(gone);
        let told = earlier.get(ProgramHash::NAME);
        if let (Some(program), Some(told)) = (&mut self.program, told) {
            program.told = Some(told.clone());
        }
    }

    /// Begins with what would hold up the first run.
    pub(crate) fn runs_begin(&self) {
        if let Some(program) = &self.program {
            program.begin();
        }
    }

    /// What has become known since the runs began, once.
    pub(crate) fn news(&self) -> Option<PlannedLeaf> {
        self.program.as_ref()?.news(&self.branch, false)
    }

    /// What is known when the last run has ended; nothing if the environment is not told of in the trajectory.
    pub(crate) fn at_the_end(&self) -> Vec<PlannedLeaf> {
        if self.values.is_empty() {
            return Vec::new();
        }
        let ended = format!("{}/environment/ended", self.branch);
        let ended = PlannedLeaf::new(ended, &start::now(), "when the last run was stored");
        self.program.as_ref().and_then(|program| program.news(&self.branch, true)).into_iter().chain([ended]).collect()
    }
}

/// The hash of the program's file, which takes longer to compute than all else that comes before the first run, and
/// would hold that up.
#[derive(Debug)]
struct ProgramHash {
    state: Mutex<Hashing>,
    /// What earlier environments have told.
    told: Option<Cells>,
}

#[derive(Debug)]
enum Hashing {
    /// The file as it was when the environment began, whatever is built in its place since.
    NotBegun(File),
    Begun(JoinHandle<String>),
    Over,
}

impl ProgramHash {
    const NAME: &str = "environment/program_sha256";

    fn new() -> Option<Self> {
        Some(Self { state: Mutex::new(Hashing::NotBegun(start::program()?)), told: None })
    }

    /// On a thread of its own, if the system has one left.
    fn begin(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = match std::mem::replace(&mut *state, Hashing::Over) {
            Hashing::NotBegun(program) => {
                let thread = thread::Builder::new().name("pypet-program-hash".into());
                thread.spawn(|| start::hash_of(program)).map_or(Hashing::Over, Hashing::Begun)
            }
            begun => begun,
        };
    }

    fn news(&self, branch: &str, wait: bool) -> Option<PlannedLeaf> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = match std::mem::replace(&mut *state, Hashing::Over) {
            Hashing::Begun(thread) if wait || thread.is_finished() => thread,
            other => {
                *state = other;
                return None;
            }
        };
        let hash = thread.join().unwrap_or_default();
        let path = format!("{branch}/{}", Self::NAME);
        let news = PlannedLeaf::new(path, &hash, "SHA-256 of the program's file");
        (!hash.is_empty() && self.told.as_ref() != Some(&news.value)).then_some(news)
    }
}

/// What is known of this program's build, as it stands below `config`.
pub(crate) fn build_values(build: &Build) -> Vec<PlannedLeaf> {
    let mut values = Values { branch: "config", values: Vec::new() };
    values.build(build, GitPolicy::Record);
    values.values
}

struct Values<'a> {
    branch: &'a str,
    values: Vec<PlannedLeaf>,
}

impl Values<'_> {
    fn put<V: ResultValue>(&mut self, path: &str, value: &V, comment: &str) -> &mut PlannedLeaf {
        self.values.push(PlannedLeaf::new(format!("{}/{path}", self.branch), value, comment));
        self.values.last_mut().expect("just pushed")
    }

    /// What is unknown is left out.
    fn text(&mut self, path: &str, text: &str, comment: &str) {
        if !text.is_empty() {
            // An argument of the command line may hold anything, but HDF5 text ends there.
            self.put(path, &text.replace('\0', "\u{2400}"), comment);
        }
    }

    fn list<'t>(&mut self, path: &str, texts: impl IntoIterator<Item = &'t str>, comment: &str) {
        let texts: Vec<String> = texts.into_iter().map(ToOwned::to_owned).collect();
        if !texts.is_empty() {
            self.put(path, &texts, comment);
        }
    }

    fn build(&mut self, build: &Build, policy: GitPolicy) {
        self.text("build/package", build.package, "crate of the program");
        self.text("build/version", build.version, "its version");
        if policy != GitPolicy::Off && !build.commit.is_empty() {
            self.text("build/commit", build.commit, "git commit that was checked out");
            self.text("build/branch", build.branch, "git branch that was checked out");
            self.put("build/dirty", &!build.changed.is_empty(), "whether files differed from the commit");
            self.list("build/changed", build.changed.iter().copied(), "the files that did");
            self.text("build/diff_sha256", build.diff_hash, "SHA-256 of `git diff HEAD --binary --full-index`");
            self.text("build/patch", build.patch, "its output, for `git apply`, unless it was above 64 KiB");
        }
        self.text("build/lock_sha256", build.lock_hash, "SHA-256 of Cargo.lock");
        self.list("build/features", build.features.iter().copied(), "features of the crate");
        self.text("build/rustc", COMPILER.rustc, "the compiler");
        self.text("build/target", COMPILER.target, "platform that it compiled for");
        self.text("build/profile", COMPILER.profile, "profile that cargo's began with");
        // Without the crate's own, those of pypet.
        let (opt_level, flags) = match build.opt_level {
            "" => (COMPILER.opt_level, COMPILER.flags),
            known => (known, build.flags),
        };
        self.text("build/opt_level", opt_level, "level of optimization");
        self.text("build/rustflags", flags, "further flags of the compiler");
        self.put("build/debug_assertions", &build.debug_assertions, "whether debug assertions are on");
        self.text("versions/pypet", env!("CARGO_PKG_VERSION"), "version of pypet");
        self.text("versions/hdf5", &crate::storage::hdf5::library_version(), "version of the HDF5 library");
    }

    fn machine(&mut self, machine: &Machine) {
        self.text("machine/host", &machine.host, "its name");
        self.text("machine/os", &machine.os, "operating system");
        self.text("machine/kernel", &machine.kernel, "version of the kernel");
        self.text("machine/cpu", &machine.cpu, "model of the processor");
        if machine.n_cpus > 0 {
            self.put("machine/n_cpus", &machine.n_cpus, "logical processors");
        }
        if machine.memory > 0 {
            self.put("machine/memory", &machine.memory, "main memory").leaf.unit = "byte".into();
        }
    }

    fn start(&mut self) {
        self.text("environment/started", &start::now(), "when the environment began");
        let command = start::command();
        self.list("environment/command", command.iter().map(String::as_str), "program and arguments");
        self.text("environment/working_directory", &start::working_directory(), "where it was started");
        for (name, value) in start::variables() {
            self.text(&format!("environment/variables/{name}"), &value, "");
        }
    }
}
