//! Conditions on runs as text: `neuron.i > 0.5 && rate > 10`.
//!
//! `lex` makes tokens, `parse` a tree, `bind` finds the names in a trajectory and checks types and units, and
//! `eval` answers for many runs at a time, column by column.
//!
//! Names are found by natural naming; `run` is the index of a run and `status` its state. A run without
//! results neither satisfies nor fails a condition on results, so `!(rate > 10)` does not find it either.

mod bind;
mod eval;
mod lex;
mod parse;
mod prefixes;
mod spelled;

use std::fmt;
use std::ops::Range;

use super::{AnyRunView, AnyTrajectory};
use crate::error::{Error, Result};
use crate::trajectory::TrajectoryError;

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// What is wrong, and what was expected.
    pub message: String,
    /// The whole expression.
    pub expression: String,
    /// The bytes of the expression that it is about.
    pub place: Range<usize>,
}

/// The message, the expression, and a caret under the place.
impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = |text: &str| text.replace(char::is_control, " ");
        let before = self.expression.get(..self.place.start).unwrap_or_default().chars().count();
        let marked = self.expression.get(self.place.clone()).unwrap_or_default().chars().count().max(1);
        let (expression, carets) = (clean(&self.expression), "^".repeat(marked));
        write!(f, "{}\n  {expression}\n  {:before$}{carets}", clean(&self.message), "")
    }
}

impl std::error::Error for QueryError {}

/// A mistake at a place of the expression, which is not at hand where it is found.
#[derive(Debug)]
struct Mistake {
    message: String,
    place: Range<usize>,
}

impl Mistake {
    fn new(place: &Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), place: place.clone() }
    }
}

/// A mistake, or a file that cannot be read.
#[derive(Debug)]
enum Trouble {
    Mistake(Mistake),
    Error(Error),
}

impl From<Mistake> for Trouble {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl AnyTrajectory {
    /// The runs that satisfy a condition, as `neuron.i > 0.5 && rate > 10`.
    ///
    /// | in a condition | |
    /// | --- | --- |
    /// | `neuron.i`, `results.net.rate` | what the parameter or result is in the run, by natural naming |
    /// | `run`, `status` | its index; `"done"`, `"failed"`, `"pending"`, `"timed out"` or `"cancelled"` |
    /// | `5`, `2.5e3`, `5 ms`, `"text"`, `true` | values; a unit must be that of what they meet, up to its prefix: `0.005 s` is `5 ms` |
    /// | `== != < <= > >=`, `in [a, b]` | comparisons of two numbers, two texts, or two truth values |
    /// | `&&` or `and`, `\|\|` or `or`, `!` or `not` | of conditions; `!` binds tightly, `not` loosely |
    /// | `+ - * /` | of numbers; `/` gives fractions of whole numbers, too |
    ///
    /// NaN is neither equal to, nor less, nor greater than anything, as in Rust, and neither is a number that is missing
    /// (`None`). A run without results never satisfies a condition on results.
    ///
    /// # Errors
    /// The condition is malformed, compares what cannot be compared, or names what is not there or is no
    /// single value; or the file cannot be read.
    pub fn find(&self, condition: &str) -> Result<impl Iterator<Item = AnyRunView<'_>>> {
        let statuses = self.statuses()?;
        let found = runs(self, condition).map_err(|trouble| match trouble {
            Trouble::Error(error) => error,
            Trouble::Mistake(Mistake { message, place }) => {
                TrajectoryError::Query(QueryError { message, expression: condition.into(), place }).into()
            }
        })?;
        Ok(found.into_iter().map(|run| AnyRunView::new(self, run, statuses[run])))
    }
}

fn runs(any: &AnyTrajectory, condition: &str) -> Result<Vec<usize>, Trouble> {
    let units = bind::units(any);
    let tokens = lex::tokens(condition, &units)?;
    let expression = parse::parse(&tokens)?;
    let query = bind::bind(any, condition, &expression)?;
    Ok(query.matching(any.statuses()?))
}
