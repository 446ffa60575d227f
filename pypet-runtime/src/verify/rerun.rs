//! Comparing what is stored with runs that are carried out once more.

use std::ops::Range;
use std::path::Path;

use rand::SeedableRng;
use rand::seq::index;
use rand_pcg::Pcg64Dxsm;

use super::{Problem, ProblemKind, Verified};
use crate::result::SharedArray;
use crate::result::checksum::ValueHash;
use crate::run::{EarlyResult, RunStatus};
use crate::schema::Leaf;
use crate::storage::{
    Block, DynamicColumn, FailedRun, Finished, NodeKind, Plan, PlannedLeaf, State, StorageError, TrajectoryWriter,
};
use crate::trajectory::{AnyTrajectory, TrajectoryError};
use crate::value::{Cell, Cells};

/// Which runs are carried out once more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rerun {
    /// All that were tried.
    All,
    /// These.
    These(Vec<usize>),
    /// So many of those that are done, drawn with this seed.
    Drawn {
        /// How many.
        n_runs: usize,
        /// What the choice depends on.
        seed: u64,
    },
}

/// The runs that are meant, in ascending order.
pub(crate) fn runs_of(rerun: &Rerun, statuses: &[RunStatus]) -> Result<Vec<usize>, TrajectoryError> {
    let was_tried = |run: &usize| !matches!(statuses[*run], RunStatus::Pending | RunStatus::Cancelled);
    Ok(match rerun {
        Rerun::All => (0..statuses.len()).filter(was_tried).collect(),
        Rerun::These(runs) => {
            if let Some(&run) = runs.iter().find(|run| **run >= statuses.len()) {
                return Err(TrajectoryError::NoRun { run, n_runs: statuses.len() });
            }
            let mut runs = runs.clone();
            runs.sort_unstable();
            runs.dedup();
            runs
        }
        Rerun::Drawn { n_runs, seed } => {
            let done: Vec<usize> = (0..statuses.len()).filter(|&run| statuses[run] == RunStatus::Done).collect();
            let mut rng = Pcg64Dxsm::seed_from_u64(*seed);
            let chosen = index::sample(&mut rng, done.len(), (*n_runs).min(done.len()));
            let mut runs: Vec<usize> = chosen.into_iter().map(|position| done[position]).collect();
            runs.sort_unstable();
            runs
        }
    })
}

/// Takes runs as a store does, and compares them with what is stored elsewhere.
pub(crate) struct Comparer {
    stored: AnyTrajectory,
    results: Vec<Leaf>,
    /// Runs that came.
    n_runs: usize,
    problems: Vec<Problem>,
    /// The names of shared arrays.
    ignored: Vec<String>,
}

impl Comparer {
    /// `results` are the declared ones.
    pub(crate) fn new(stored: AnyTrajectory, results: Vec<Leaf>) -> Self {
        Self { stored, results, n_runs: 0, problems: Vec::new(), ignored: Vec::new() }
    }

    /// Puts what was found to what is known.
    pub(crate) fn tell(mut self, n_wanted: usize, verified: &mut Verified) {
        verified.n_rerun = self.n_runs;
        if self.n_runs < n_wanted {
            verified.notes.push(format!("only {} of {n_wanted} runs were carried out once more", self.n_runs));
        }
        if !self.ignored.is_empty() {
            let names: Vec<String> = self.ignored.iter().map(|name| format!("`{name}`")).collect();
            verified.notes.push(format!("what runs write together was not compared: {}", names.join(", ")));
        }
        self.problems.sort_by(|a, b| a.runs.cmp(&b.runs));
        verified.problems.append(&mut self.problems);
    }

    fn add(&mut self, run: usize, nodes: Vec<String>, what: String) {
        self.problems.push(Problem { kind: ProblemKind::Rerun, runs: vec![run], nodes, what });
    }

    fn status(&self, run: usize) -> Result<RunStatus, StorageError> {
        let cells = self.stored.reader().rows("runs/status", run..run + 1)?;
        Ok(RunStatus::from_code(cells.bytes()[0]).unwrap_or(RunStatus::Pending))
    }

    fn compare(&mut self, block: &Block, row: usize) -> Result<(), StorageError> {
        let run = block.first + row;
        match self.status(run)? {
            RunStatus::Done => {}
            // There is nothing to compare with.
            RunStatus::Pending | RunStatus::Cancelled => return Ok(()),
            status => {
                self.add(run, Vec::new(), format!("it is {status} in the file, and succeeds now"));
                return Ok(());
            }
        }
        let mut columns = Vec::new();
        for (leaf, cells) in self.results.iter().zip(&block.results) {
            columns.push((leaf.name.clone(), cells.cell(row)));
        }
        for added in block.added.iter().filter(|added| added.branch == DynamicColumn::RESULTS) {
            if let Some(position) = added.runs.iter().position(|&other| other == run) {
                columns.push((added.leaf.name.clone(), added.cells.cell(position)));
            }
        }
        let early = block.early.iter().filter(|early| early.run == run);
        let early: Result<Vec<(&str, Cells)>, StorageError> =
            early.map(|early| Ok((early.leaf.name.as_str(), self.whole(early)?))).collect();
        let early = early?;
        columns.extend(early.iter().map(|(name, cells)| ((*name).to_owned(), cells.last())));
        for (name, computed) in &columns {
            if let Some(what) = self.difference(name, computed, run)? {
                self.add(run, vec![name.clone()], what);
                return Ok(());
            }
        }
        // What the run does not yield any more.
        for node in self.stored.nodes() {
            let (Some(name), NodeKind::Column(leaf)) = (node.path.strip_prefix("results/"), &node.kind) else {
                continue;
            };
            let name = name.replace('/', ".");
            if columns.iter().any(|(other, _)| *other == name) {
                continue;
            }
            let stored = self.stored.reader().rows(&node.path, run..run + 1)?;
            // Where all values have one shape, nobody can tell a missing one from what stands for it.
            let may_be_missing = !leaf.value_type.shape.contains(&None) || stored.n_elements() == 0;
            let counts = ValueHash::new(&name, leaf.value_type.element).of(&stored.cell(0)) != 0;
            if counts || !may_be_missing {
                let what = format!("{} in the file, and not there now", stored.cell(0));
                self.add(run, vec![name], what);
                return Ok(());
            }
        }
        Ok(())
    }

    fn whole(&self, early: &EarlyResult) -> Result<Cells, StorageError> {
        let file = self.stored.path().unwrap_or(Path::new("")).into();
        early.cells().map_err(|source| StorageError::Io { action: "read what was put aside beside", file, source })
    }

    /// How a value differs from the stored one.
    fn difference(&self, name: &str, computed: &Cell<'_>, run: usize) -> Result<Option<String>, StorageError> {
        let stored = match self.stored.reader().rows(&format!("results/{}", name.replace('.', "/")), run..run + 1) {
            // The file is older than the result.
            Err(StorageError::NoNode { .. }) => return Ok(None),
            other => other?,
        };
        let stored = stored.cell(0);
        if stored.element() != computed.element() || stored.shape() != computed.shape() {
            let spell = |cell: &Cell<'_>| format!("{}{:?}", cell.element().name(), cell.shape());
            return Ok(Some(format!("{} in the file, {} now", spell(&stored), spell(computed))));
        }
        let is_same = match stored.element().size() {
            None => stored.strings().eq(computed.strings()),
            Some(_) => stored.bytes() == computed.bytes(),
        };
        Ok((!is_same).then(|| first_difference(&stored, computed)))
    }
}

/// The first element that differs, with both values.
fn first_difference(stored: &Cell<'_>, computed: &Cell<'_>) -> String {
    let position = match stored.element().size() {
        None => stored.strings().zip(computed.strings()).position(|(a, b)| a != b),
        Some(size) => {
            let elements = stored.bytes().chunks_exact(size).zip(computed.bytes().chunks_exact(size));
            elements.into_iter().position(|(a, b)| a != b)
        }
    };
    let position = position.unwrap_or_default();
    let spell = |cell: &Cell<'_>| cell.spellings(position + 1).pop().unwrap_or_default();
    let (mut a, mut b) = (spell(stored), spell(computed));
    if a == b
        && let Some(size) = stored.element().size()
    {
        // As NaNs, which look the same.
        let bits = |cell: &Cell<'_>| {
            let bytes = &cell.bytes()[position * size..(position + 1) * size];
            bytes.iter().rev().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
        };
        (a, b) = (format!("{a} ({})", bits(stored)), format!("{b} ({})", bits(computed)));
    }
    let mut place = Vec::new();
    let mut rest = position;
    for &length in stored.shape().iter().rev() {
        place.push((rest % length.max(1)).to_string());
        rest /= length.max(1);
    }
    place.reverse();
    let place = if place.is_empty() { String::new() } else { format!("at [{}] ", place.join(", ")) };
    format!("{place}{a} in the file, {b} now")
}

impl TrajectoryWriter for Comparer {
    fn begin(&mut self, _: &Plan, _: &mut dyn FnMut(Range<usize>) -> Vec<Cells>) -> Result<(), StorageError> {
        Ok(())
    }

    fn add(&mut self, _: &[PlannedLeaf]) -> Result<(), StorageError> {
        Ok(())
    }

    /// Parts of shared arrays are not compared: in the file stands what the last of several runs has written.
    fn share(&mut self, arrays: &[SharedArray]) -> Result<(), StorageError> {
        self.ignored.extend(arrays.iter().map(|array| array.name().to_owned()));
        Ok(())
    }

    fn write(&mut self, finished: &Finished) -> Result<(), StorageError> {
        match finished {
            Finished::Done(block) => {
                self.n_runs += block.runs().len();
                (0..block.runs().len()).try_for_each(|row| match self.compare(block, row) {
                    // That was found when the file was looked through.
                    Err(StorageError::Damaged { .. } | StorageError::Malformed { .. }) => Ok(()),
                    compared => compared,
                })
            }
            Finished::Failed(failed) if failed.is_final() => {
                self.n_runs += 1;
                let FailedRun { index, status, message, .. } = failed;
                let stored = self.status(*index)?;
                if stored == RunStatus::Done {
                    self.add(*index, Vec::new(), format!("it is done in the file, and {status} now: {message}"));
                }
                Ok(())
            }
            Finished::Failed(_) => Ok(()),
        }
    }

    fn commit(&mut self) -> Result<(), StorageError> {
        Ok(())
    }

    fn finish(&mut self, _: State) -> Result<(), StorageError> {
        Ok(())
    }
}
