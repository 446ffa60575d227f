//! What can go wrong while choosing points.

use crate::parameter::ParameterError;

/// What can go wrong while choosing points.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExploreError {
    /// Two explorations that are zipped differ in length.
    #[error(
        "{first} has {expected} points but {other} has {found}; \
         give both the same length, or combine them with `*`"
    )]
    ZipLengths {
        /// The parameters on the left.
        first: String,
        /// Their number of points.
        expected: usize,
        /// The parameters on the right.
        other: String,
        /// Their number of points.
        found: usize,
    },
    /// A parameter without values.
    #[error("{name} is explored over no values; give it at least one, or leave it at its preset")]
    NoValues {
        /// The parameter or repetition.
        name: String,
    },
    /// A filter that rejects every point.
    #[error("the filter rejects all {n_points} points; nothing would run")]
    AllFiltered {
        /// Points before the filter.
        n_points: usize,
    },
    /// The same parameter on both sides of a product or zip.
    #[error("`{name}` is explored twice in one point; explore it once, or join the explorations with `+`")]
    Twice {
        /// The parameter.
        name: String,
    },
    /// A derived parameter cannot be chosen.
    #[error("`{name}` is derived from other parameters and cannot be explored; explore those instead")]
    Derived {
        /// The derived parameter.
        name: String,
    },
    /// A sample between bounds that have nothing between them.
    #[error("`{name}` has no values between {low} and {high}; give two finite bounds, the lower one first")]
    Bounds {
        /// The parameter.
        name: String,
        /// The first bound.
        low: String,
        /// The second bound.
        high: String,
    },
    /// A logarithmic scale that reaches zero.
    #[error("`{name}` cannot lie between {low} and more on a logarithmic scale; give two bounds above zero")]
    LogBounds {
        /// The parameter.
        name: String,
        /// The lower bound.
        low: String,
    },
    /// A sample between bounds of a parameter that has choices.
    #[error("`{name}` must be {allowed}, so what lies between may not be allowed; sample it `among` its choices")]
    Choices {
        /// The parameter.
        name: String,
        /// Its choices, in words.
        allowed: String,
    },
    /// A Sobol sequence of too many dimensions.
    #[error(
        "a Sobol sequence has at most {most} dimensions, not {n_dimensions}; take a Latin hypercube or random points"
    )]
    Dimensions {
        /// Parameters that are sampled.
        n_dimensions: usize,
        /// How many there may be.
        most: usize,
    },
    /// A text that names no sample.
    #[error(
        "`{text}` is no sample; write `latin_hypercube:N`, `sobol:N` or `random:N` for N points, and `:SEED` behind it \
         if you like"
    )]
    Sample {
        /// What the user gave.
        text: String,
    },
    /// More points than an index can count.
    #[error("the exploration has more than {} points; explore fewer values at once", usize::MAX)]
    TooMany,
    /// A value that its declaration does not allow.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}
