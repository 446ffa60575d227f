//! Everything of pypet that happens at run time.
//!
//! Programs depend on the facade `pypet`, which adds the attribute macros and the prelude. In reading order:
//!
//! | module | what it is about |
//! | --- | --- |
//! | [`value`] | what parameters and results can hold |
//! | [`parameter`] | parameter sets, typed names, limits |
//! | [`explore`] | explorations: lazy lists of points |
//! | [`result`] | result sets |
//! | [`run`] | what an experiment sees of its run |
//! | [`experiment`] | functions from parameters to results |
//! | [`engine`] | who carries out runs |
//! | [`environment`] | scheduling, storing, reporting |
//! | [`logs`] | what programs say while they carry trajectories out |
//! | [`provenance`] | how a trajectory came about |
//! | [`trajectory`] | reading what was stored |
//! | [`storage`] | where trajectories are kept |
//! | [`compare`] | whether two trajectories say the same |
//! | [`mod@verify`] | whether a trajectory says what its runs yielded |
//! | [`export`] | tables and netCDF for other programs |
//! | [`plot`] | pictures |
//! | `view` | the local web page, with the feature of this name |
//! | [`schema`] | what a file says about its parameters and results |
//! | [`registry`] | the experiments of a program |
//! | [`cli`] | the command line that every program has |

pub mod cli;
pub mod compare;
pub mod engine;
pub mod environment;
mod error;
pub mod experiment;
pub mod explore;
pub mod export;
pub mod logs;
pub mod parameter;
pub mod plot;
mod progress;
pub mod provenance;
pub mod registry;
pub mod result;
pub mod run;
pub mod schema;
pub mod storage;
mod table;
mod telling;
mod termination;
pub mod trajectory;
pub mod value;
pub mod verify;

/// Data frames of Polars, in the version that tables convert to.
#[cfg(feature = "polars")]
pub use polars_core;
/// Arrays, record batches and their schemas, in the version that tables convert to.
#[cfg(feature = "arrow")]
pub use {arrow_array, arrow_schema};
#[cfg(feature = "view")]
pub mod view;

pub use error::{Error, Result};
/// The traits and distributions of random numbers, in the version that [`run::Stream`] fits.
pub use rand;

#[doc(hidden)]
pub mod __private;
