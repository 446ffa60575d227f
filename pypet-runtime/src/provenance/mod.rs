//! How a trajectory came about: the build of the program, the machine, the circumstances of each start.
//!
//! [`Build`] is captured when the user's crate is compiled, so it tells what runs and not what the sources have
//! become since. `machine` and `start` look around once when an environment begins, `git` carries out what a
//! [`GitPolicy`] asks for, and `origin` gathers all of it as values below `config`. `environments` finds them again, one
//! environment after the other, and `export` tells them to other tools. Nothing secret is kept: of the
//! environment's variables only those of a list.

mod build;
mod environments;
mod export;
mod git;
mod machine;
mod origin;
mod start;

pub use build::Build;
pub(crate) use build::{of_program, set_program};
pub(crate) use environments::values;
pub(crate) use export::{ro_crate, sumatra};
pub use git::{GitError, GitPolicy};
pub(crate) use origin::{Origin, build_values};
