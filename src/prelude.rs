//! All that a program with an experiment needs: `use pypet::prelude::*;`.

pub use ndarray::{Array1, Array2, Array3, ArrayD, s};
pub use pypet_macros::{ParamValue, ResultValue, experiment, parameters, results};
pub use pypet_runtime::environment::{Environment, OnFailure, Order};
pub use pypet_runtime::experiment::Experiment;
pub use pypet_runtime::explore::{
    Exploration, arange, latin_hypercube, linspace, logspace, random, scrambled_sobol, sobol,
};
pub use pypet_runtime::parameter::Name;
pub use pypet_runtime::provenance::GitPolicy;
pub use pypet_runtime::rand::RngExt;
pub use pypet_runtime::result::SharedArray;
pub use pypet_runtime::run::{Run, RunStatus};
pub use pypet_runtime::trajectory::{AnyTrajectory, Axis, Grid, RunView, Trajectory, TrajectoryEditor};
pub use pypet_runtime::value::{Grouped, Json, Table};

/// The default of any type, for `FiringRate { duration: 10.0, ..default() }`.
#[must_use]
pub fn default<T: Default>() -> T {
    T::default()
}
