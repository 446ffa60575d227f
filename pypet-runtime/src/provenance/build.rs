//! What is known of a program since it was compiled.

use std::sync::OnceLock;

/// How a program was built; written by `#[experiment]` and `pypet::main!`. Unknown texts are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The crate of the experiment.
    pub package: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Where it was when it was compiled; never stored.
    pub folder: &'static str,
    /// SHA-256 of `Cargo.lock`.
    pub lock_hash: &'static str,
    /// The level of optimization of the crate.
    pub opt_level: &'static str,
    /// What else the compiler was told about the code that it makes of the crate.
    pub flags: &'static str,
    /// The features of the crate that are on.
    pub features: &'static [&'static str],
    /// Whether debug assertions are on.
    pub debug_assertions: bool,
    /// The commit of the git repository.
    pub commit: &'static str,
    /// The branch, if one was checked out.
    pub branch: &'static str,
    /// Files that differed from the commit.
    pub changed: &'static [&'static str],
    /// SHA-256 of `git diff HEAD --binary --full-index`, if there was a difference.
    pub diff_hash: &'static str,
    /// The difference itself, unless it was longer than 64 KiB.
    pub patch: &'static str,
}

impl Build {
    /// Nothing is known, as of experiments without the attribute.
    pub const UNKNOWN: Self = Self {
        package: "",
        version: "",
        folder: "",
        lock_hash: "",
        opt_level: "",
        flags: "",
        features: &[],
        debug_assertions: cfg!(debug_assertions),
        commit: "",
        branch: "",
        changed: &[],
        diff_hash: "",
        patch: "",
    };
}

/// What compiled the program, and for what; told by the build script of this crate.
pub(super) struct Compiler {
    pub(super) rustc: &'static str,
    pub(super) target: &'static str,
    pub(super) profile: &'static str,
    pub(super) opt_level: &'static str,
    pub(super) flags: &'static str,
}

pub(super) const COMPILER: Compiler = Compiler {
    rustc: env!("PYPET_RUSTC_VERSION"),
    target: env!("PYPET_TARGET"),
    profile: env!("PYPET_PROFILE"),
    opt_level: env!("PYPET_OPT_LEVEL"),
    flags: env!("PYPET_RUSTFLAGS"),
};

static PROGRAM: OnceLock<Build> = OnceLock::new();

/// Notes the build of the program's last crate, which knows of all changes; the first call counts.
pub(crate) fn set_program(build: Build) {
    let _ = PROGRAM.set(build);
}

/// The build of the program as a whole, or of the crate that an experiment is in.
pub(crate) fn of_program(experiment: Build) -> Build {
    *PROGRAM.get().unwrap_or(&experiment)
}
