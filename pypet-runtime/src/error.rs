//! The one public error, made from the modules' own.

use crate::engine::EngineError;
use crate::explore::ExploreError;
use crate::logs::LogError;
use crate::parameter::ParameterError;
use crate::provenance::GitError;
use crate::result::SharedArrayError;
use crate::storage::StorageError;
use crate::trajectory::{EditError, MergeError, TrajectoryError};

/// A result with pypet's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error of a function of yours: a run, an exploration, an observer.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Anything that can go wrong outside of a single run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The points cannot be chosen so.
    #[error(transparent)]
    Explore(#[from] ExploreError),
    /// What should have chosen the points failed.
    #[error("the points cannot be chosen")]
    Points(#[source] BoxError),
    /// A parameter's name or value.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The file.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Who carries out runs.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The policy for uncommitted changes.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What runs are to write together.
    #[error(transparent)]
    SharedArray(#[from] SharedArrayError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An observer that cannot do its work.
    #[error("an observer is not ready")]
    Observer(#[source] BoxError),
    /// Reading a trajectory.
    #[error(transparent)]
    Trajectory(#[from] TrajectoryError),
    /// Changing a trajectory.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Joining trajectories.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A name that cannot be a group of a file.
    #[error("`{name}` is no name for a trajectory; use letters, digits and `_`, and begin with a letter")]
    TrajectoryName {
        /// The name given.
        name: String,
    },
    /// A new environment in memory has no trajectory.
    #[error(
        "a new environment in memory has no trajectory to carry on with; use `Environment::of(trajectory)` or \
         `Environment::new(file)`"
    )]
    NoFileToResume,
    /// A worker process has come to other points than the program.
    #[error(
        "a worker process computes {difference}; worker processes come to the study by the same program with the \
         same arguments, so let points depend on nothing else (give random numbers a seed)"
    )]
    OtherPoints {
        /// What is different there.
        difference: String,
    },
    /// Presets that are not those of the trajectory.
    #[error(
        "{} in the file, so its runs cannot be joined by such; leave the presets out, explore these parameters, \
         or begin another trajectory", differences.join(" and ")
    )]
    OtherPresets {
        /// One for each parameter.
        differences: Vec<String>,
    },
    /// What all runs share cannot be computed.
    #[error("the experiment's `prepare` panicked: {message} ({place})")]
    Prepare {
        /// What the panic says.
        message: String,
        /// Where it happened.
        place: String,
    },
    /// The post-processing of an experiment failed; its runs are stored.
    #[error("all runs are stored, but the experiment's `finish` failed")]
    Finish(#[source] BoxError),
    /// The post-processing of an experiment panicked; its runs are stored.
    #[error("all runs are stored, but the experiment's `finish` panicked: {message} ({place})")]
    FinishPanic {
        /// What the panic says.
        message: String,
        /// Where it happened.
        place: String,
    },
}

impl Error {
    /// Why there is no exploration; pypet's own errors stay what they are.
    pub(crate) fn of_points(error: BoxError) -> Self {
        let error = match error.downcast::<ExploreError>() {
            Ok(error) => return Self::Explore(*error),
            Err(error) => error,
        };
        error.downcast::<Self>().map_or_else(Self::Points, |error| *error)
    }

    /// Whether the user asked for something that cannot be, rather than the file or the machine refusing.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Trajectory(
                TrajectoryError::Query(_)
                    | TrajectoryError::Unknown { .. }
                    | TrajectoryError::Ambiguous { .. }
                    | TrajectoryError::NoRun { .. }
            ) | Self::Explore(_)
                | Self::Parameter(_)
                | Self::SharedArray(_)
                | Self::Edit(_)
                | Self::Merge(_)
                | Self::OtherPresets { .. }
                | Self::Log(LogError::Level { .. } | LogError::Wildcard { .. } | LogError::None { .. })
                | Self::TrajectoryName { .. }
        )
    }
}

/// An error with all that led to it.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pypet_says_of_points_stays_and_all_else_becomes_a_cause() {
        let own = Error::of_points(ExploreError::TooMany.into());
        assert!(matches!(own, Error::Explore(ExploreError::TooMany)));
        let whole = Error::of_points(Error::NoFileToResume.into());
        assert!(matches!(whole, Error::NoFileToResume));
        let other = Error::of_points("line 3 is no number".into());
        assert_eq!(with_causes(&other), "the points cannot be chosen: line 3 is no number");
    }
}
