//! Generated code keeps to the strictest lints, documented items included.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, clippy::pedantic)]

use pypet::prelude::*;

/// How the integration is carried out.
#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
pub enum Method {
    /// First order.
    Euler,
    /// Fourth order.
    #[param(rename = "rk4")]
    RungeKutta,
}

mod cells {
    use pypet::prelude::*;

    /// A cell, of which this module shows a part.
    #[parameters]
    pub(crate) struct Cell {
        /// Time constant.
        #[param(default = 10.0, unit = "ms", range = 0.0.., alias = "tau_m")]
        pub(crate) tau: f64,
        #[param(default = 2, choices = [1, 2, 3])]
        layer: u8,
    }
}

/// A simulation.
#[parameters]
pub struct Simulation {
    /// Duration.
    #[param(default = 100.0)]
    pub duration: f64,
    /// Step.
    #[param(default = 0.5)]
    pub dt: f64,
    /// Number of steps.
    #[param(derived = (self.duration / self.dt) as usize)]
    pub steps: usize,
    /// Times of the steps.
    #[param(derived = (0..self.steps).map(|step| step as f64 * self.dt).collect())]
    pub times: Vec<f64>,
    /// Method.
    #[param(default = Method::Euler)]
    pub method: Method,
    /// Name of the integrator.
    #[param(default = "fixed", choices = ["fixed", "adaptive"])]
    pub integrator: String,
    /// Weights.
    #[param(default = [[1.0; 3], [2.0; 3]].concat())]
    pub weights: Vec<f64>,
    cell: cells::Cell,
}

/// Without parameters.
#[parameters]
pub struct Nothing {}

/// All of it.
#[parameters]
#[derive(Clone)]
pub struct All {
    /// What is simulated.
    pub simulation: Simulation,
    /// Nothing more.
    pub nothing: Nothing,
}

fn main() {
    let mut all = All::default();
    assert_eq!(all, all.clone());
    assert_eq!(all.simulation.steps, 200);
    assert_eq!(all.simulation.times.len(), 200);
    assert_eq!(all.simulation.integrator, "fixed");
    assert!(all.simulation.cell.tau > 0.0);
    all.simulation.method = Method::RungeKutta;
    assert_ne!(all, All::default());
    let p = All::names();
    let same = p;
    assert_eq!(p.simulation.cell.tau.full_name(), "parameters.simulation.cell.tau");
    assert_eq!(same.simulation.steps.default(), 200);
}
