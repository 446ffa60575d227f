#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(clippy::doc_markdown, reason = "the front page is the README, whose words are not code")]

/// The arrays of parameters and results.
pub use ndarray;
pub use pypet_macros::{ParamValue, experiment, parameters, results};
pub use pypet_runtime::{Error, Result};
pub use pypet_runtime::{
    cli, engine, environment, experiment, explore, parameter, registry, result, run, schema, storage, trajectory, value,
};

#[doc(hidden)]
pub use pypet_runtime::__private;

pub mod prelude;

/// Makes the program a tool for its experiments: `run`, `resume`, `list`, `params`, `show`.
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
            $crate::__private::main()
        }
    };
}
