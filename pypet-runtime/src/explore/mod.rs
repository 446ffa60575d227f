//! Explorations: ordered, lazily computed lists of points of a parameter space.
//!
//! An [`Exploration`] is an algebraic expression over axes; it holds the values of each axis once and never
//! the list of points. [`Points`] is an exploration bound to presets: checked, with its filters decided, and
//! able to give any point at a cost of the number of axes. Nothing here knows about files or runs.

mod axes;
mod error;
mod exploration;
pub(crate) mod key;
pub(crate) mod lattice;
mod node;
mod points;
mod samples;
mod selection;
mod spaced;

pub use axes::{GridAxis, GridCoordinate};
pub use error::ExploreError;
pub use exploration::{Exploration, IntoExploration};
pub(crate) use points::Explored;
pub use points::Points;
pub use samples::{Dimension, Domain, Number, latin_hypercube, random, scrambled_sobol, sobol};
pub(crate) use samples::{Method, domain_from_text};
pub use spaced::{Spaced, arange, linspace, logspace};
