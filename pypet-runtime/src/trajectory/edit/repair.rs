//! Repairing a file: what a killed writer left is put right, and of a damaged file is saved what can be read.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::copy::{blueprint, with_suffix};
use super::sources::Source;
use crate::error::{Error, Result};
use crate::storage::hdf5::{self, Examined, ExaminedTrajectory, Hdf5Writer, Loss, NameChoice, Salvage};
use crate::storage::{LeftOver, StorageError, TrajectoryReader, TrajectoryWriter, spell_runs};
use crate::trajectory::AnyTrajectory;

/// How a file is repaired.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RepairOptions {
    /// Where what can be read of a damaged file goes; `x.repaired.h5` beside a file `x.h5` by default.
    pub out: Option<PathBuf>,
}

impl RepairOptions {
    /// Another place for what can be read.
    #[must_use]
    pub fn with_out(mut self, out: impl Into<PathBuf>) -> Self {
        self.out = Some(out.into());
        self
    }
}

/// What was found in a file, and what was done; its text says all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// The file.
    pub file: PathBuf,
    /// What a killed writer had left.
    pub found: Vec<LeftOver>,
    /// What cannot be read outside of trajectories.
    pub losses: Vec<Loss>,
    /// One for each trajectory, oldest first.
    pub trajectories: Vec<RepairedTrajectory>,
    /// The new file, if there was damage and something could be saved.
    pub saved: Option<PathBuf>,
}

/// What was found in one trajectory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairedTrajectory {
    /// Its name.
    pub name: String,
    /// How many runs it has, where that can be read.
    pub n_runs: Option<usize>,
    /// What cannot be read.
    pub losses: Vec<Loss>,
    /// Runs that lack something by that; in the new file they are pending, so that `resume` carries them out again.
    pub pending: Vec<Range<usize>>,
    /// Why nothing of it can be saved.
    pub beyond_repair: Option<String>,
}

impl Repaired {
    /// Whether nothing was wrong at all.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.found.is_empty() && !self.is_damaged()
    }

    /// Whether the file itself is damaged; it was not changed then.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        let of_trajectory =
            |trajectory: &RepairedTrajectory| !trajectory.losses.is_empty() || trajectory.beyond_repair.is_some();
        !self.losses.is_empty() || self.trajectories.iter().any(of_trajectory)
    }

    /// Whether something cannot be read and is not made anew either.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        let losses = self.losses.iter().chain(self.trajectories.iter().flat_map(|trajectory| &trajectory.losses));
        let beyond = self.trajectories.iter().any(|trajectory| trajectory.beyond_repair.is_some());
        beyond || self.found.iter().any(LeftOver::is_loss) || losses.into_iter().any(|loss| !loss.is_made_anew)
    }
}

/// What was found and done, a line for each.
impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        if self.is_sound() {
            return writeln!(f, "{file}: everything can be read; nothing was changed");
        }
        writeln!(f, "{file}: {}", if self.is_damaged() { "damaged" } else { "recovered" })?;
        self.found.iter().try_for_each(|found| writeln!(f, "  {found}"))?;
        self.losses.iter().try_for_each(|loss| writeln!(f, "  {}", Line(loss)))?;
        for trajectory in &self.trajectories {
            write!(f, "{trajectory}")?;
        }
        match &self.saved {
            Some(saved) => {
                writeln!(f, "{file} stays as it is; what can be read of it is in {}", saved.display())?;
                if self.trajectories.iter().any(|trajectory| !trajectory.pending.is_empty()) {
                    writeln!(f, "carry on with `resume {}`", saved.display())?;
                }
                Ok(())
            }
            None if self.is_damaged() => writeln!(f, "{file} stays as it is; nothing of it can be saved"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for RepairedTrajectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_runs = self.n_runs.map(|n_runs| format!(" ({n_runs} runs)")).unwrap_or_default();
        let is_sound = self.losses.is_empty() && self.beyond_repair.is_none();
        writeln!(f, "trajectory `{}`{n_runs}{}", self.name, if is_sound { ": everything can be read" } else { "" })?;
        self.losses.iter().try_for_each(|loss| writeln!(f, "  {}", Line(loss)))?;
        if let Some(problem) = &self.beyond_repair {
            return writeln!(f, "  beyond repair: {problem}; a study is nothing without it");
        }
        match self.pending.iter().map(Range::len).sum::<usize>() {
            0 => Ok(()),
            1 => writeln!(f, "  pending again: run {}", spell_runs(&self.pending)),
            n => writeln!(f, "  pending again: {n} runs, {}", spell_runs(&self.pending)),
        }
    }
}

/// A loss in one line.
struct Line<'a>(&'a Loss);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Loss { path, runs, reason, is_made_anew, .. } = self.0;
        if !path.is_empty() {
            write!(f, "`{path}`")?;
            match runs.as_slice() {
                [] => {}
                [one] if one.len() == 1 => write!(f, " in run {}", one.start)?,
                runs => write!(f, " in the runs {}", spell_runs(runs))?,
            }
            f.write_str(": ")?;
        }
        write!(f, "{reason}{}", if *is_made_anew { "; made anew" } else { "" })
    }
}

/// Looks through a file and puts right what can be put right; tells what it found and did.
///
/// What a killed writer left is finished or removed, as opening the file for writing would do it. A file that is
/// damaged is never changed: all that can be read of it goes to a new one. There, the runs of which a result cannot be
/// read are pending, so that `resume` carries them out again.
///
/// # Errors
/// The file is not ours, is being written, or so damaged that nothing in it can be found; or the new file exists
/// already or cannot be written.
pub fn repair(file: impl AsRef<Path>, options: &RepairOptions) -> Result<Repaired> {
    let file = file.as_ref();
    if file.exists() {
        hdf5::refuse_foreign(file)?;
    }
    let settled = hdf5::settle(file)?;
    let mut repaired = Repaired {
        file: file.into(),
        found: settled.found.clone(),
        losses: Vec::new(),
        trajectories: Vec::new(),
        saved: None,
    };
    if !file.exists() {
        // There never was a commit.
        return Ok(repaired);
    }
    let Examined { trajectories, losses, .. } = hdf5::examine(file)?;
    repaired.losses = losses;
    let mut salvages = Vec::new();
    for ExaminedTrajectory { name, losses, pending, salvage, .. } in trajectories {
        let (salvage, beyond_repair) = match salvage {
            Ok(salvage) => (Some(salvage), None),
            Err(problem) => (None, Some(problem)),
        };
        let n_runs = salvage.as_ref().map(|salvage| salvage.header().n_runs);
        repaired.trajectories.push(RepairedTrajectory { name, n_runs, losses, pending, beyond_repair });
        salvages.push(salvage);
    }
    if repaired.is_damaged() {
        let out = options.out.clone().unwrap_or_else(|| beside(file));
        let saved = repaired.trajectories.iter_mut().zip(salvages);
        let saved: Vec<_> = saved.filter_map(|(trajectory, salvage)| Some((trajectory, salvage?))).collect();
        if !saved.is_empty() {
            save(saved, file, &out)?;
            repaired.saved = Some(out);
        }
    }
    drop(settled);
    Ok(repaired)
}

/// `x.repaired.h5` for `x.h5`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(".repaired");
    if let Some(extension) = file.extension() {
        name.push(".");
        name.push(extension);
    }
    file.with_file_name(name)
}

/// Writes a new file with all of these, wholly or not at all.
fn save(saved: Vec<(&mut RepairedTrajectory, Salvage)>, file: &Path, out: &Path) -> Result<()> {
    let io = |action, source| StorageError::Io { action, file: out.into(), source };
    if out.exists() {
        return Err(io("create", std::io::ErrorKind::AlreadyExists.into()).into());
    }
    let unfinished = with_suffix(out, ".unfinished");
    let parts = || ["", ".new", ".journal", ".journal.new", ".lock"].map(|part| with_suffix(&unfinished, part));
    let clear = || parts().iter().for_each(|part| drop(std::fs::remove_file(part)));
    // What is there was left by a repair that was killed.
    clear();
    let written = saved.into_iter().try_for_each(|(trajectory, salvage)| write(trajectory, salvage, file, &unfinished));
    let renamed = written.and_then(|()| {
        if out.exists() {
            return Err(io("create", std::io::ErrorKind::AlreadyExists.into()).into());
        }
        Ok::<_, Error>(std::fs::rename(&unfinished, out).map_err(|source| io("create", source))?)
    });
    if renamed.is_err() {
        clear();
    }
    renamed
}

fn write(trajectory: &mut RepairedTrajectory, salvage: Salvage, file: &Path, to: &Path) -> Result<()> {
    let sources = [Source::of(AnyTrajectory::from_reader(Box::new(salvage))?, file)?];
    let choice = NameChoice { name: trajectory.name.clone(), add_time: false, overwrite: false };
    let mut writer = Hdf5Writer::create(to, &choice)?;
    let blueprint = blueprint(&sources, writer.name())?;
    blueprint.write_runs(&sources, &mut writer)?;
    for edit in &blueprint.edits {
        match writer.edit(std::slice::from_ref(edit)) {
            // Notes about what could not be saved have no place any more.
            Err(StorageError::NoNode { path }) => {
                let reason = "what it is about cannot be read".into();
                trajectory.losses.push(Loss { reason, ..Loss::of(&path) });
            }
            other => other?,
        }
    }
    Ok(writer.finish(sources[0].any.header().state)?)
}
