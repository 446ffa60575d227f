//! Proof that a trajectory says what its runs yielded.
//!
//! [`verify`] reads everything: each point has one state (`states`), what is stored has the checksums that runs were
//! stored with (`stored`), and nothing on the disk is damaged. `content` makes one hash of it all. `rerun` compares with
//! runs that are carried out once more, which is for [`Environment::verify`](crate::environment::Environment::verify).

mod builds;
mod content;
mod rerun;
mod states;
mod stored;

pub(crate) use builds::build_differences;
pub use content::ContentHash;
pub(crate) use content::content_hash;
pub use rerun::Rerun;
pub(crate) use rerun::{Comparer, runs_of};

use std::fmt;
use std::path::Path;

use crate::error::Result;
use crate::storage::hdf5::{self, Loss};
use crate::storage::{StorageError, spell_runs};
use crate::trajectory::AnyTrajectory;

/// What was found in a trajectory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verified {
    /// Its name.
    pub trajectory: String,
    /// Its number of runs.
    pub n_runs: usize,
    /// How many of them are done.
    pub n_done: usize,
    /// Runs whose stored results have the checksum that they were stored with.
    pub n_checked: usize,
    /// Runs that are done and have no checksum, as in files of older versions.
    pub n_without_checksum: usize,
    /// Runs that were carried out once more.
    pub n_rerun: usize,
    /// In what this program differs from those that carried the runs out; only where runs were carried out again.
    pub builds: Vec<BuildDifference>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is worth knowing and not wrong.
    pub notes: Vec<String>,
    /// The hash of points, states and results, if all could be read.
    pub content: Option<ContentHash>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Of what kind it is.
    pub kind: ProblemKind,
    /// The runs, as far as they are known.
    pub runs: Vec<usize>,
    /// The results, or the path of the node, that it is about; several where it is one of them.
    pub nodes: Vec<String>,
    /// What is wrong, in words.
    pub what: String,
}

/// Of what kind a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Bytes are not those that were written.
    Damage,
    /// A column has another number of rows than there are runs.
    Rows,
    /// A run is in a state that there is not.
    Status,
    /// A point has more than one run where it cannot.
    Point,
    /// Stored results are not those that the run yielded.
    Checksum,
    /// The run yields something else when it is carried out once more.
    Rerun,
}

impl ProblemKind {
    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Damage => "damage",
            Self::Rows => "rows",
            Self::Status => "status",
            Self::Point => "point",
            Self::Checksum => "checksum",
            Self::Rerun => "rerun",
        }
    }
}

/// Something in which two builds differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildDifference {
    /// What it is, as `commit`; docs/reproducibility.md lists all.
    pub name: String,
    /// As the file has it.
    pub stored: String,
    /// As this program has it.
    pub here: String,
}

impl Verified {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn add(&mut self, kind: ProblemKind, runs: Vec<usize>, nodes: Vec<String>, what: String) {
        self.problems.push(Problem { kind, runs, nodes, what });
    }

    fn lose(&mut self, loss: &Loss) {
        let runs = loss.runs.iter().cloned().flatten().collect();
        let nodes = if loss.path.is_empty() { Vec::new() } else { vec![loss.path.clone()] };
        self.add(ProblemKind::Damage, runs, nodes, loss.reason.clone());
    }
}

/// `run 3: `z`: what is wrong`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = stretches(&self.runs);
        match self.runs.len() {
            0 => {}
            1 => write!(f, "run {}: ", self.runs[0])?,
            _ => write!(f, "the runs {}: ", spell_runs(&runs))?,
        }
        if let [one] = self.nodes.as_slice() {
            write!(f, "`{one}`: ")?;
        }
        f.write_str(&self.what)
    }
}

fn stretches(runs: &[usize]) -> Vec<std::ops::Range<usize>> {
    let stretches = runs.chunk_by(|run, next| run + 1 == *next);
    stretches.map(|stretch| stretch[0]..stretch[stretch.len() - 1] + 1).collect()
}

/// Told how far it is, as a part of all.
pub type Told<'a> = dyn FnMut(f64) + 'a;

/// Reads everything of a trajectory of a file, the newest without a name, and says what is wrong.
///
/// All checksums of the file are checked; each point has to have one state; and the results of each run must have the
/// checksum that it was stored with. `told` hears how far it is.
///
/// # Errors
/// The file is not ours, or has no such trajectory. Damage is no error but found.
pub fn verify(file: impl AsRef<Path>, trajectory: Option<&str>, told: &mut Told<'_>) -> Result<Verified> {
    let file = file.as_ref();
    if !file.exists() {
        return Err(StorageError::NoFile { file: file.into() }.into());
    }
    hdf5::refuse_foreign(file)?;
    let opened = match trajectory {
        Some(name) => AnyTrajectory::open_named(file, name),
        None => AnyTrajectory::open(file),
    };
    let name = opened.as_ref().map_or(trajectory, |any| Some(any.header().name.as_str())).unwrap_or_default();
    let mut verified = Verified { trajectory: name.into(), ..Verified::default() };
    let examined = hdf5::examine(file)?;
    for examined_trajectory in examined.trajectories.iter().filter(|other| other.name == name || name.is_empty()) {
        examined_trajectory.losses.iter().for_each(|loss| verified.lose(loss));
        if let Err(problem) = &examined_trajectory.salvage {
            let what = format!("the trajectory cannot be read: {problem}");
            verified.add(ProblemKind::Damage, Vec::new(), Vec::new(), what);
        }
    }
    examined.losses.iter().for_each(|loss| verified.lose(loss));
    match opened {
        Ok(any) => look_through(&any, verified, told),
        // What keeps it from being opened was found.
        Err(_) if !verified.is_sound() => Ok(verified),
        Err(error) => Err(error),
    }
}

/// The same for a trajectory that is open, without a look at what is not read.
pub(crate) fn verify_opened(any: &AnyTrajectory, told: &mut Told<'_>) -> Result<Verified> {
    match any.path() {
        Some(file) => verify(file, Some(&any.header().name), told),
        None => look_through(any, Verified { trajectory: any.header().name.clone(), ..Verified::default() }, told),
    }
}

fn look_through(any: &AnyTrajectory, mut verified: Verified, told: &mut Told<'_>) -> Result<Verified> {
    verified.n_runs = any.header().n_runs;
    if !states::check(any, &mut verified) {
        return Ok(verified);
    }
    let checksums = stored::check(any, &mut verified, &mut |part| told(part / 2.0))?;
    if verified.problems.iter().any(|problem| problem.kind == ProblemKind::Damage) {
        return Ok(verified);
    }
    let content = content::Content::of(any, &checksums, &mut |part| told(f64::midpoint(1.0, part)))?;
    states::check_points(any, &content, &checksums, &mut verified)?;
    verified.content = Some(content.hash(any)?);
    Ok(verified)
}
