//! Logs: what a program says while it carries a trajectory out, with the run in every line.
//!
//! Programs log with the macros of `tracing`, or of `log`, as they do anywhere. What they log while a study goes on
//! is appended to `<trajectory>.log` in the trajectory's log folder, and errors to `<trajectory>.errors.log` as well:
//!
//! ```text
//! 2026-03-01T12:00:00.001234+01:00  INFO run=12 my_model::solver: converged steps=31
//! 2026-03-01T12:00:00.002345+01:00 ERROR run=13 try=2 pypet: failed: rocks ahead (src/main.rs:7:1)
//! ```
//!
//! * **Where**: `log_dir` of the environment; without it a folder beside the file, `hdf5/firing_rate.logs` for
//!   `hdf5/firing_rate.h5`, which is made with the first line. A trajectory in memory has a log only if it is given a
//!   folder. Names of folders may hold `$traj`, `$env` (when the environment began), `$file`, `$host` and `$proc`. The
//!   file keeps the way to its log as `config.environment.log`, so [`AnyTrajectory::log`] and `show FILE --log`
//!   find it, also when both are moved together.
//! * **What**: `log_level`, `info` by default, as `warn,my_model::solver=debug`; `off` for no log.
//! * **Runs**: a line has the run that its thread is at, and its try where it was tried before. What other threads
//!   log has none, and a thread of the pool that helps another run with rayon's iterators has its own, unless they
//!   enter a span that was made in the run.
//! * **Worker processes** send their lines to the program. What runs there print to their standard output
//!   and error is logged too, by the targets `stdout` and `stderr`; on threads prints are nobody's but the terminal's.
//! * **Failed runs** are in the log beside what led to them.
//! * **The terminal** shows warnings and errors above the progress bar, the first twenty; [`print()`] puts a line there.
//!
//! The first study of a program that has no subscriber of its own installs one, and one for `log` where there is none. A
//! program with its own adds [`layer`] to it, and then has all of `tracing` as it likes; its terminal is its own business:
//!
//! ```text
//! tracing_subscriber::registry().with(pypet::logs::layer()).with(tracing_subscriber::fmt::layer()).init();
//! ```
//!
//! Such subscribers may ask for the span `run` (target `pypet::run`, level `debug`) around each run, with the fields
//! `run` and `point`; nobody pays for it who does not ask.
//!
//! A log never fails a run: a folder that was asked for and cannot be written is an error before the first
//! run; later troubles are told once on standard error.
//!
//! [`AnyTrajectory::log`]: crate::trajectory::AnyTrajectory::log

mod book;
mod here;
mod layer;
mod levels;
mod line;
mod place;
mod read;
mod terminal;

pub use layer::layer;
pub use levels::LogLevels;
pub use line::LogLine;
pub use terminal::print;
/// How grave an entry is, in the version of `tracing` that programs log with.
pub use tracing::Level;

pub(crate) use book::Book;
pub(crate) use here::{Keeping, at_run, between_runs, book_of_this_thread, within};
pub(crate) use read::lines_of;
pub(crate) use terminal::{OnTerminal, Stream, say, write};

use std::path::PathBuf;

/// Why a log cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A level that is none.
    #[error("`{text}` is no log level: {problem}; write `info`, or `warn,my_crate::solver=debug`, or `off`")]
    Level {
        /// What was given.
        text: String,
        /// What is wrong.
        problem: String,
    },
    /// A wildcard that is none.
    #[error(
        "the log folder `{folder}` has `${wildcard}`{hint}; there are `$traj`, `$env`, `$file`, `$host` and `$proc`"
    )]
    Wildcard {
        /// What was given.
        folder: String,
        /// The word behind `$`.
        wildcard: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// The folder that was asked for cannot be written.
    #[error("cannot write the log `{}`; choose another folder with `log_dir`", file.display())]
    Write {
        /// The log file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The trajectory has no log.
    #[error("the trajectory `{name}` has no log: {why}")]
    None {
        /// The trajectory.
        name: String,
        /// Why not.
        why: String,
    },
    /// The log cannot be read.
    #[error("cannot read the log `{}`", file.display())]
    Read {
        /// The log file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
