//! Stored trajectories as the sources of a new one, read block by block.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};

use twox_hash::XxHash3_64;

use crate::error::Result;
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::{Edit, FailedRun, Node, NodeKind, StorageError};
use crate::trajectory::AnyTrajectory;
use crate::value::{Cells, ResultValue};

/// Bytes of one block that are aimed at, and its most runs.
const BLOCK_BYTES: usize = 4 << 20;
const MOST_RUNS: usize = 65_536;

/// One trajectory from which runs are taken.
pub(super) struct Source {
    pub(super) any: AnyTrajectory,
    pub(super) file: PathBuf,
    pub(super) statuses: Vec<RunStatus>,
}

/// How old a source is. Copies of one file that went on apart differ in the last two alone.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Age {
    created: String,
    name: String,
    n_runs: usize,
    last_started: u64,
    content: u64,
}

/// A run of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) source: usize,
    pub(super) run: usize,
}

/// Which runs the new trajectory has, in their order.
pub(super) enum Runs {
    /// All of the only source.
    Same(usize),
    Picked(Vec<Pick>),
}

/// What a source has of one column.
pub(super) enum Origin {
    Column(String),
    /// The same in all runs: one cell.
    Constant(Cells),
    Absent,
}

/// One column of the new trajectory.
pub(super) struct Strand {
    pub(super) path: String,
    pub(super) leaf: Leaf,
    /// One for each source.
    pub(super) origins: Vec<Origin>,
}

/// A stretch of runs that lie side by side in the new trajectory and in their source.
struct Piece {
    first: usize,
    source: usize,
    runs: Range<usize>,
}

impl Source {
    pub(super) fn open(file: &Path, name: Option<&str>) -> Result<Self> {
        let any = match name {
            Some(name) => AnyTrajectory::open_named(file, name)?,
            None => AnyTrajectory::open(file)?,
        };
        Self::of(any, file)
    }

    pub(super) fn of(any: AnyTrajectory, file: &Path) -> Result<Self> {
        Ok(Self { statuses: any.statuses()?.to_vec(), any, file: file.into() })
    }

    /// What puts sources in order, oldest first, whatever the order in which they were given.
    pub(super) fn age(&self) -> Result<Age> {
        let header = self.any.header();
        let started = self.any.reader().rows("runs/started", 0..header.n_runs)?;
        let mut hash = XxHash3_64::default();
        (&started, &self.statuses).hash(&mut hash);
        for (path, _, value) in self.values("config")? {
            (path, value).hash(&mut hash);
        }
        for edit in self.edits()? {
            match &edit {
                Edit::Annotate { path, key, value } => (path, key, value).hash(&mut hash),
                Edit::AddValue { path, value, .. } => (path, value).hash(&mut hash),
                Edit::Comment { path: one, text: other } | Edit::Link { path: one, target: other } => {
                    (one, other).hash(&mut hash);
                }
                _ => {}
            }
        }
        let last = started.iter().flat_map(|cell| cell.numbers::<f64>()).filter(|time| *time > 0.0).fold(0.0, f64::max);
        Ok(Age {
            created: header.created.clone(),
            name: header.name.clone(),
            n_runs: header.n_runs,
            // Of positive numbers the larger has the larger bits.
            last_started: last.to_bits(),
            content: hash.finish(),
        })
    }

    pub(super) fn node(&self, path: &str) -> Option<&Node> {
        self.any.nodes().iter().find(|node| node.path == path)
    }

    /// The value at a path, if there is a single one.
    pub(super) fn value(&self, path: &str) -> Result<Option<(Leaf, Cells)>> {
        match self.node(path).map(|node| &node.kind) {
            Some(NodeKind::Value(leaf)) => Ok(Some((leaf.clone(), self.any.reader().read(path)?))),
            _ => Ok(None),
        }
    }

    /// All single values of a branch with their paths.
    pub(super) fn values(&self, branch: &str) -> Result<Vec<(String, Leaf, Cells)>> {
        let mut found = Vec::new();
        for node in self.any.nodes().iter().filter(|node| node.path.starts_with(&format!("{branch}/"))) {
            if let Some((leaf, value)) = self.value(&node.path)? {
                found.push((node.path.clone(), leaf, value));
            }
        }
        Ok(found)
    }

    /// All columns of a branch.
    pub(super) fn columns(&self, branch: &str) -> impl Iterator<Item = (&str, &Leaf)> {
        let prefix = format!("{branch}/");
        self.any.nodes().iter().filter_map(move |node| match &node.kind {
            NodeKind::Column(leaf) if node.path.starts_with(&prefix) => Some((node.path.as_str(), leaf)),
            _ => None,
        })
    }

    /// Annotations, comments, links, and results outside of runs, as they are put into another trajectory.
    pub(super) fn edits(&self) -> Result<Vec<Edit>> {
        let reader = self.any.reader();
        let summaries = self.values("results")?.into_iter();
        let mut edits: Vec<Edit> = summaries.map(|(path, leaf, value)| Edit::AddValue { path, leaf, value }).collect();
        let mut links = Vec::new();
        for node in std::iter::once(None).chain(self.any.nodes().iter().map(Some)) {
            let path = node.map_or("", |node| node.path.as_str()).to_owned();
            match node.map(|node| &node.kind) {
                Some(NodeKind::Link { target }) => {
                    links.push(Edit::Link { path, target: target.clone() });
                    continue;
                }
                Some(NodeKind::Group) => edits.push(Edit::Comment { path: path.clone(), text: reader.comment(&path)? }),
                // A summary comes with its own.
                Some(NodeKind::Value(_)) if path.starts_with("results/") => {}
                Some(NodeKind::Value(leaf) | NodeKind::Column(leaf)) => {
                    edits.push(Edit::Comment { path: path.clone(), text: leaf.comment.clone() });
                }
                None => {}
            }
            for (key, value) in reader.annotations(&path)? {
                edits.push(Edit::Annotate { path: path.clone(), key, value });
            }
        }
        edits.extend(links);
        Ok(edits)
    }

    /// The table of failures, each with the number of the try.
    pub(super) fn failed_runs(&self) -> Result<Vec<(FailedRun, u8)>> {
        let read = |name: &str| self.any.reader().read(&format!("runs/errors/{name}"));
        let runs = match read("run") {
            Err(StorageError::NoNode { .. }) => return Ok(Vec::new()),
            other => other?,
        };
        let texts = |name| Ok::<Vec<String>, StorageError>(read(name)?.strings().map(ToOwned::to_owned).collect());
        let (messages, places, backtraces) = (texts("message")?, texts("place")?, texts("backtrace")?);
        // Files of older versions do not number the tries.
        let attempts = match read("attempt") {
            Err(StorageError::NoNode { .. }) => vec![1; messages.len()],
            other => other?.cell(0).bytes().to_vec(),
        };
        let rows = runs.cell(0).numbers::<u64>().into_iter().zip(messages).zip(places).zip(backtraces);
        let row = |(((run, message), place), backtrace)| FailedRun {
            index: usize::try_from(run).unwrap_or(usize::MAX),
            worker: 0,
            status: RunStatus::Failed,
            started: 0.0,
            runtime: 0.0,
            message,
            place,
            backtrace,
        };
        Ok(rows.map(row).zip(attempts).collect())
    }
}

impl Runs {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Same(n_runs) => *n_runs,
            Self::Picked(picks) => picks.len(),
        }
    }

    pub(super) fn picks(&self) -> impl Iterator<Item = Pick> {
        (0..self.len()).map(|run| self.pick(run))
    }

    fn pick(&self, run: usize) -> Pick {
        match self {
            Self::Same(_) => Pick { source: 0, run },
            Self::Picked(picks) => picks[run],
        }
    }

    /// The rows of failed runs with the runs' new indices, in the order of these.
    pub(super) fn failed_runs(&self, sources: &[Source]) -> Result<Vec<(FailedRun, u8)>> {
        let mut of_sources: Vec<HashMap<usize, Vec<(FailedRun, u8)>>> = Vec::new();
        for source in sources {
            let mut by_run: HashMap<usize, Vec<(FailedRun, u8)>> = HashMap::new();
            source.failed_runs()?.into_iter().for_each(|row| by_run.entry(row.0.index).or_default().push(row));
            of_sources.push(by_run);
        }
        if of_sources.iter().all(HashMap::is_empty) {
            return Ok(Vec::new());
        }
        let rows = (0..self.len()).flat_map(|index| {
            let pick = self.pick(index);
            let rows = of_sources[pick.source].get(&pick.run).cloned().unwrap_or_default();
            rows.into_iter().map(move |(row, attempt)| (FailedRun { index, ..row }, attempt))
        });
        Ok(rows.collect())
    }

    /// The runs of a block that satisfy a condition, in as few pieces as possible.
    fn pieces(&self, block: Range<usize>, wanted: impl Fn(Pick) -> bool) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for index in block {
            let pick = self.pick(index);
            if !wanted(pick) {
                continue;
            }
            match pieces.last_mut() {
                Some(last)
                    if last.source == pick.source
                        && last.runs.end == pick.run
                        && last.first + last.runs.len() == index =>
                {
                    last.runs.end += 1;
                }
                _ => pieces.push(Piece { first: index, source: pick.source, runs: pick.run..pick.run + 1 }),
            }
        }
        pieces
    }
}

impl Strand {
    /// The column of this path, where the sources have it.
    pub(super) fn new(path: &str, leaf: &Leaf, sources: &[Source]) -> Self {
        let origin = |source: &Source| match source.node(path).map(|node| &node.kind) {
            Some(NodeKind::Column(_)) => Origin::Column(path.into()),
            _ => Origin::Absent,
        };
        Self { path: path.into(), leaf: leaf.clone(), origins: sources.iter().map(origin).collect() }
    }

    /// The same column, of which all values are known elsewhere.
    pub(super) fn unread(&self) -> Self {
        let origins = self.origins.iter().map(|_| Origin::Absent).collect();
        Self { path: self.path.clone(), leaf: self.leaf.clone(), origins }
    }

    /// The cells of some runs of one source.
    pub(super) fn rows(&self, sources: &[Source], source: usize, runs: Range<usize>) -> Result<Cells> {
        match &self.origins[source] {
            Origin::Column(path) => {
                let cells = sources[source].any.reader().rows(path, runs.clone())?;
                let cells = cells.widened(self.leaf.value_type.element);
                self.check(&cells, runs.start)?;
                Ok(cells)
            }
            Origin::Constant(cell) => {
                let mut cells = Cells::new(cell.element(), cell.rank());
                runs.for_each(|_| cells.push_cell(&cell.cell(0)));
                Ok(cells)
            }
            Origin::Absent => {
                let mut cells = Cells::of(&self.leaf.value_type);
                let shape: Vec<usize> = self.leaf.value_type.shape.iter().map(|length| length.unwrap_or(0)).collect();
                runs.for_each(|_| cells.push_fill(&shape));
                Ok(cells)
            }
        }
    }

    fn check(&self, cells: &Cells, run: usize) -> Result<()> {
        let expected = &self.leaf.value_type;
        if (cells.element(), cells.rank()) == (expected.element, expected.shape.len()) {
            return Ok(());
        }
        let found = crate::value::ValueType::scalar(cells.element()).with_shape(vec![None; cells.rank()]);
        let (found, expected) = (found.to_string(), expected.to_string());
        Err(StorageError::ResultType { name: self.leaf.name.clone(), run, found, expected }.into())
    }

    /// Hands the column of the new trajectory over in blocks, each with the index of its first run.
    ///
    /// Runs whose source lacks the column are left out, and so are those that are not wanted.
    pub(super) fn read(
        &self,
        sources: &[Source],
        runs: &Runs,
        wanted: impl Fn(Pick) -> bool,
        mut take: impl FnMut(usize, &Cells) -> Result<()>,
    ) -> Result<()> {
        let is_there = |pick: Pick| !matches!(self.origins[pick.source], Origin::Absent) && wanted(pick);
        let (mut first, mut count) = (0, 64);
        while first < runs.len() {
            let block = first..(first + count).min(runs.len());
            let n_bytes = self.read_block(sources, runs.pieces(block.clone(), is_there), &mut take)?;
            first = block.end;
            if n_bytes < BLOCK_BYTES / 2 {
                count = (2 * count).min(MOST_RUNS);
            } else if n_bytes > BLOCK_BYTES {
                count = (count / 2).max(1);
            }
        }
        Ok(())
    }

    fn read_block(
        &self,
        sources: &[Source],
        pieces: Vec<Piece>,
        take: &mut impl FnMut(usize, &Cells) -> Result<()>,
    ) -> Result<usize> {
        // Sources often take turns; then each is read once for the block and not piece by piece.
        let mut windows: HashMap<usize, (usize, Cells)> = HashMap::new();
        for source in 0..sources.len() {
            let of_source = || pieces.iter().filter(|piece| piece.source == source);
            let n_pieces = of_source().count();
            let n_runs: usize = of_source().map(|piece| piece.runs.len()).sum();
            let start = of_source().map(|piece| piece.runs.start).min().unwrap_or(0);
            let end = of_source().map(|piece| piece.runs.end).max().unwrap_or(0);
            if n_pieces > 1 && end - start <= 4 * n_runs {
                windows.insert(source, (start, self.rows(sources, source, start..end)?));
            }
        }
        let mut n_bytes = 0;
        let mut joined: Option<(usize, Cells)> = None;
        for piece in pieces {
            let read;
            let (offset, cells) = if let Some((start, cells)) = windows.get(&piece.source) {
                (piece.runs.start - start, cells)
            } else {
                read = self.rows(sources, piece.source, piece.runs.clone())?;
                (0, &read)
            };
            let follows = joined.as_ref().is_some_and(|(first, cells)| first + cells.len() == piece.first);
            if !follows && let Some((first, cells)) = joined.take() {
                n_bytes += cells.n_bytes();
                take(first, &cells)?;
            }
            let (_, target) = joined.get_or_insert_with(|| (piece.first, Cells::of(&self.leaf.value_type)));
            (offset..offset + piece.runs.len()).for_each(|row| target.push_cell(&cells.cell(row)));
        }
        if let Some((first, cells)) = joined {
            n_bytes += cells.n_bytes();
            take(first, &cells)?;
        }
        Ok(n_bytes)
    }
}

/// A column of whole numbers that is the same in all runs.
pub(super) fn zero() -> Cells {
    let mut cells = Cells::of(&u64::value_type());
    0_u64.write(&mut cells);
    cells
}
