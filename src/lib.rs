#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(clippy::doc_markdown, reason = "the front page is the README, whose words are not code")]

/// The arrays of parameters and results.
pub use ndarray;
/// # Examples
/// ```
/// # use pypet::prelude::*;
/// #[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
/// enum Method {
///     Euler,
///     #[param(rename = "rk4")]
///     RungeKutta,
/// }
///
/// #[parameters]
/// struct Simulation {
///     #[param(default = Method::Euler)]
///     method: Method,
/// }
///
/// let both = Simulation::names().method.over([Method::Euler, Method::RungeKutta]);
/// assert_eq!(both.len(), 2);
/// ```
///
/// A type of your own with a rule of its own, stored as a plain number:
/// ```
/// # use pypet::prelude::*;
/// #[derive(Debug, Clone, PartialEq, ParamValue)]
/// #[param(as = f64)]
/// struct Probability(f64);
///
/// impl From<Probability> for f64 {
///     fn from(probability: Probability) -> f64 {
///         probability.0
///     }
/// }
///
/// impl TryFrom<f64> for Probability {
///     type Error = &'static str;
///
///     fn try_from(number: f64) -> Result<Self, Self::Error> {
///         if (0.0..=1.0).contains(&number) { Ok(Self(number)) } else { Err("it must lie between 0 and 1") }
///     }
/// }
///
/// #[parameters]
/// struct Walk {
///     #[param(default = Probability(0.5))]
///     left: Probability,
/// }
///
/// let p = Walk::names();
/// assert_eq!(p.left.over([0.1, 0.9].map(Probability)).len(), 2);
/// assert!(pypet::parameter::set_from_text(&mut Walk::default(), "left", "1.5").is_err());
/// ```
///
/// ---
pub use pypet_macros::ParamValue;
/// # Examples
/// ```
/// # use pypet::prelude::*;
/// # #[parameters]
/// # struct Factors { #[param(default = 1.0)] x: f64, #[param(default = 1.0)] y: f64 }
/// /// The product of two numbers.
/// #[experiment(explore = tables, result = "z")]
/// fn multiply(p: &Factors) -> f64 {
///     p.x * p.y
/// }
///
/// fn tables() -> Exploration<Factors> {
///     let p = Factors::names();
///     p.x.over(arange(1.0, 5.0, 1.0)) * p.y.over([6.0, 7.0, 8.0])
/// }
///
/// let traj = Environment::in_memory().run::<multiply>(tables())?;
/// assert_eq!(traj.get(multiply::results(), 4)?, 2.0 * 7.0);
/// # Ok::<(), pypet::Error>(())
/// ```
///
/// What runs write together, and how parts of it are read:
/// ```
/// # use pypet::prelude::*;
/// # #[parameters]
/// # struct Line { #[param(default = 0)] number: usize }
/// #[experiment(shared_arrays = squares, result = "n")]
/// fn line(p: &Line, run: &mut Run) -> usize {
///     run.write_slice("squares", s![p.number, ..], &Array1::from_elem(3, p.number * p.number));
///     run.append("passed", &vec![p.number; p.number]);
///     p.number
/// }
///
/// fn squares(_: &Line) -> [SharedArray; 1] {
///     [SharedArray::new::<usize>("squares", [4, 3])]
/// }
///
/// let traj = Environment::in_memory().run::<line>(Line::names().number.over(0..4))?;
/// let last: ArrayD<usize> = traj.any().get_slice("squares", s![2.., 0])?;
/// assert_eq!(last.iter().collect::<Vec<_>>(), [&4, &9]);
/// assert_eq!(traj.any().rows_of_all::<Vec<usize>>("passed")?, [1, 2, 2, 3, 3, 3]);
/// # Ok::<(), pypet::Error>(())
/// ```
///
/// ---
pub use pypet_macros::experiment;
/// # Examples
/// ```
/// # use pypet::prelude::*;
/// # #[parameters]
/// # pub struct Neuron { #[param(default = 0.0)] i: f64 }
/// /// How the integration is carried out.
/// #[parameters]
/// pub struct Simulation {
///     /// Simulated time.
///     #[param(default = 1000.0, unit = "ms", range = 0.0..)]
///     pub duration: f64,
///     /// Step of the integration.
///     #[param(default = 0.1, unit = "ms")]
///     pub dt: f64,
///     /// Number of Euler steps.
///     #[param(derived = (self.duration / self.dt) as usize)]
///     pub steps: usize,
///     /// The cell that is simulated, a parameter set itself.
///     pub neuron: Neuron,
/// }
///
/// let p = Simulation::names();
/// let points = p.dt.over([0.1, 0.2]) * p.neuron.i.over(linspace(0.0, 1.0, 11));
/// assert_eq!(points.len(), 22);
/// assert_eq!(Simulation { dt: 0.1, ..Default::default() }.steps, 10_000);
/// ```
///
/// ---
pub use pypet_macros::parameters;
/// # Examples
/// ```
/// # use pypet::prelude::*;
/// #[results]
/// pub struct Firing {
///     /// Membrane potential at every step.
///     #[result(unit = "mV", dims = ["time"])]
///     pub v: Array1<f64>,
///     /// Number of spikes.
///     pub n_spikes: u64,
/// }
///
/// # #[parameters]
/// # struct Nothing {}
/// #[experiment]
/// fn silence(_: &Nothing) -> Firing {
///     Firing { v: Array1::zeros(10), n_spikes: 0 }
/// }
///
/// let traj = Environment::in_memory().run::<silence>(Exploration::single())?;
/// assert_eq!(traj.all(Firing::names().n_spikes)?.to_vec(), [0]);
/// # Ok::<(), pypet::Error>(())
/// ```
///
/// ---
pub use pypet_macros::results;
/// Data frames of Polars, in the version that a [`Table`](value::Table) becomes.
#[cfg(feature = "polars")]
pub use pypet_runtime::polars_core;
/// Random numbers: the traits and distributions that fit the streams of a run.
pub use pypet_runtime::rand;
pub use pypet_runtime::trajectory::{backup, compact, copy, delete, merge, repair};
pub use pypet_runtime::verify::verify;
pub use pypet_runtime::{Error, Result};
/// Arrays, record batches and their schemas, in the version that a [`Table`](value::Table) becomes.
#[cfg(feature = "arrow")]
pub use pypet_runtime::{arrow_array, arrow_schema};
pub use pypet_runtime::{
    cli, compare, engine, environment, experiment, explore, export, logs, parameter, plot, provenance, registry,
    result, run, schema, storage, trajectory, value, verify,
};

/// Support for generated code, not public API.
#[doc(hidden)]
pub mod __private {
    pub use pypet_macros::build;
    pub use pypet_runtime::__private::*;
}

pub mod prelude;

/// The snippets of the page for users of Python's pypet are tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/from-pypet.md")]
mod from_pypet {}

/// Makes the program a tool for its experiments: `run`, `resume`, `list`, `params`, `status`, `show`, `find`, `diff`, `export`,
/// `plot`, `view`, `verify`, `merge`, `compact`, `repair`, `provenance`, `completions`.
///
/// # Examples
/// ```
/// use pypet::prelude::*;
///
/// #[parameters]
/// struct Factors {
///     #[param(default = 1)]
///     x: i64,
///     #[param(default = 1)]
///     y: i64,
/// }
///
/// /// The product of two numbers.
/// #[experiment]
/// fn multiply(p: &Factors) -> i64 {
///     p.x * p.y
/// }
///
/// # mod inner { // a doctest has its own `main`
/// pypet::main!();
/// # }
/// ```
#[macro_export]
macro_rules! main {
    () => {
        fn main() -> ::std::process::ExitCode {
            $crate::__private::main($crate::__private::build!($crate::__private))
        }
    };
}
