//! Which points of an exploration are done already in a stored trajectory, and why others are not.

use std::collections::HashMap;
use std::fmt;

use super::{Environment, Presets, bind, expand};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::explore::{Exploration, Points};
use crate::parameter::{Identity, Leaves, ParameterSet};
use crate::run::RunStatus;
use crate::storage::StorageError;
use crate::trajectory::{Trajectory, TrajectoryError};
use crate::verify::{BuildDifference, build_differences};

/// What of an exploration need not be carried out, since a stored trajectory has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reuse {
    /// The stored trajectory, if there is one.
    pub trajectory: Option<String>,
    /// Points that are asked for, each repetition counted.
    pub n_points: usize,
    /// Those that are done.
    pub n_done: usize,
    /// Those that were tried and have no results.
    pub n_failed: usize,
    /// Those that the trajectory has and nobody has carried out.
    pub n_pending: usize,
    /// Why none of its runs can be reused.
    pub obstacles: Vec<String>,
    /// In what this program differs from those that carried its runs out; that does not keep them from being reused.
    pub builds: Vec<BuildDifference>,
}

impl Reuse {
    /// Whether the trajectory can be gone on with.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.trajectory.is_some() && self.obstacles.is_empty()
    }

    /// Points that are not in the trajectory.
    #[must_use]
    pub fn n_new(&self) -> usize {
        self.n_points - self.n_done - self.n_failed - self.n_pending
    }
}

/// How many are reused, and why others are not.
impl fmt::Display for Reuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(name) = &self.trajectory else { return f.write_str("there are no runs yet that could be reused") };
        if !self.obstacles.is_empty() {
            return write!(f, "no run of `{name}` can be reused: {}", self.obstacles.join("; "));
        }
        write!(f, "{} of {} runs are done in `{name}` and reused", self.n_done, self.n_points)?;
        let left = [(self.n_new(), "new"), (self.n_failed, "failed before"), (self.n_pending, "still missing")];
        let left: Vec<String> =
            left.into_iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
        if !left.is_empty() {
            write!(f, "; carried out: {}", left.join(", "))?;
        }
        if !self.builds.is_empty() {
            let names: Vec<&str> = self.builds.iter().map(|build| build.name.as_str()).collect();
            write!(f, "; the reused ones are of another build, which differs in {}", names.join(", "))?;
        }
        Ok(())
    }
}

impl<P> Environment<P> {
    /// Tells which points of an exploration are done in the trajectory that [`with_reuse`](Self::with_reuse) would go on
    /// with, and carries nothing out.
    ///
    /// # Errors
    /// The exploration contradicts itself, or the file cannot be read.
    pub fn reusable<E: Experiment>(&self, exploration: &Exploration<E::Parameters>) -> Result<Reuse>
    where
        P: Presets<E::Parameters>,
    {
        let wanted = bind(self.presets.clone(), exploration.clone())?;
        let mut reuse = Reuse { n_points: wanted.len(), ..Reuse::default() };
        let stored = match self.stored::<E>() {
            Ok(stored) => stored,
            Err(Error::Storage(StorageError::NoFile { .. } | StorageError::NoTrajectory { .. })) => return Ok(reuse),
            Err(Error::Trajectory(TrajectoryError::Schema { name, differences })) => {
                reuse.trajectory = Some(name);
                reuse.obstacles = differences.iter().map(ToString::to_string).collect();
                return Ok(reuse);
            }
            Err(error) => return Err(error),
        };
        reuse.trajectory = Some(stored.name().into());
        reuse.obstacles = obstacles(&stored, &wanted, self.options.seed)?;
        if !reuse.obstacles.is_empty() {
            return Ok(reuse);
        }
        reuse.builds = build_differences(stored.any(), E::BUILD)?;
        let known = stored.exploration()?.bind(stored.presets().clone())?;
        let mut states: HashMap<Visited, RunStatus> = HashMap::with_capacity(known.len());
        each(&known, |run, visited| {
            let state = states.entry(visited).or_insert(RunStatus::Pending);
            if *state != RunStatus::Done {
                *state = stored.statuses()[run];
            }
        });
        each(&wanted, |_, visited| match states.get(&visited) {
            Some(RunStatus::Done) => reuse.n_done += 1,
            Some(RunStatus::Failed | RunStatus::TimedOut) => reuse.n_failed += 1,
            Some(RunStatus::Pending | RunStatus::Cancelled) => reuse.n_pending += 1,
            None => {}
        });
        Ok(reuse)
    }
}

/// A point, and which repetitions other than the first.
type Visited = (Identity, Vec<(String, u64)>);

fn each<P: ParameterSet>(points: &Points<P>, mut take: impl FnMut(usize, Visited)) {
    let leaves = Leaves::of::<P>();
    let mut point = points.presets().clone();
    for index in 0..points.len() {
        points.move_to(index, &mut point);
        let repetitions = points.repetitions(index).into_iter().filter(|(_, number)| *number > 0);
        let repetitions = repetitions.map(|(name, number)| (name.to_owned(), number)).collect();
        take(index, (leaves.identity(&point), repetitions));
    }
}

/// Why no run can be reused, although the program can read them.
fn obstacles<E: Experiment>(
    stored: &Trajectory<E>,
    wanted: &Points<E::Parameters>,
    seed: Option<u64>,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    match expand::check_presets(stored.stored_points(), Some(wanted.presets().clone())) {
        Err(Error::OtherPresets { differences }) => found.extend(differences),
        other => other?,
    }
    match stored.stored_points().expect_resumable() {
        Err(Error::Trajectory(TrajectoryError::NotResumable { differences, .. })) => {
            found.extend(differences.iter().map(ToString::to_string));
        }
        other => other?,
    }
    if let Some(seed) = seed.filter(|seed| *seed != stored.seed()) {
        found.push(format!("the seed is {seed} here but {}", stored.seed()));
    }
    Ok(found)
}
