//! One hash of all that a trajectory has found out: points, states, results.

use std::fmt;

use super::{Told, stored};
use crate::error::Result;
use crate::parameter::{Encoding, Identity};
use crate::result::checksum::ValueHash;
use crate::run::RunStatus;
use crate::storage::{NodeKind, StorageError};
use crate::trajectory::AnyTrajectory;
use crate::value::{Cells, ResultValue};

/// Runs that are looked at together.
const BLOCK: usize = 4096;

/// The hash of points, states and results of a trajectory.
///
/// It does not depend on who carried the runs out, in which order or when, on how they are laid out or compressed, nor on
/// whether the trajectory was resumed, copied or joined of parts.
///
/// # Source
/// `docs/reproducibility.md` has the definition byte by byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// All 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// All bytes, in hexadecimal digits.
impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The content hash of a trajectory; only runs without a checksum are read.
pub(crate) fn content_hash(any: &AnyTrajectory) -> Result<ContentHash> {
    let mut checksums = stored::checksums(any)?;
    let statuses = any.statuses()?;
    let is_done = |run: usize| statuses[run] == RunStatus::Done;
    if (0..checksums.len()).any(|run| is_done(run) && checksums[run] == 0) {
        let mut failure = None;
        let computed = stored::computed(any, &mut |_| {}, |run, path, error| {
            failure.get_or_insert((run, path.to_owned(), error.to_string()));
        })?;
        if let Some((run, path, _)) = failure {
            // Once more, for the error itself.
            any.reader().rows(&path, run..run + 1)?;
        }
        let missing = (0..checksums.len()).filter(|&run| checksums[run] == 0);
        missing.collect::<Vec<_>>().into_iter().for_each(|run| checksums[run] = computed[run]);
    }
    (0..checksums.len()).filter(|&run| !is_done(run)).for_each(|run| checksums[run] = 0);
    Content::of(any, &checksums, &mut |_| {})?.hash(any)
}

/// What the content hash is made of.
pub(super) struct Content {
    /// A hash of each run's point and repetitions.
    points: Vec<[u8; 32]>,
    /// A hash of all that each run is.
    runs: Vec<[u8; 32]>,
}

/// What differs from run to run, or not.
enum Values {
    Same(Cells),
    Column(String),
}

impl Values {
    fn of(any: &AnyTrajectory, column: String, value: &str) -> Result<Self> {
        let is_column =
            |path: &str| any.nodes().iter().any(|node| node.path == path && matches!(node.kind, NodeKind::Column(_)));
        if is_column(&column) {
            return Ok(Self::Column(column));
        }
        if is_column(value) {
            return Ok(Self::Column(value.into()));
        }
        Ok(Self::Same(any.reader().read(value)?))
    }

    /// One cell for each run, or one for all.
    fn rows(&self, any: &AnyTrajectory, runs: std::ops::Range<usize>) -> Result<Cells> {
        Ok(match self {
            Self::Same(value) => value.clone(),
            Self::Column(path) => any.reader().rows(path, runs)?,
        })
    }
}

impl Content {
    pub(super) fn of(any: &AnyTrajectory, checksums: &[u64], told: &mut Told<'_>) -> Result<Self> {
        let schema = &any.header().schema;
        let statuses = any.statuses()?;
        let (mut parameters, mut derived) = (Vec::new(), Vec::new());
        for parameter in &schema.parameters {
            let name = parameter.leaf.name.clone();
            let branch = if parameter.derived { "derived_parameters" } else { "parameters" };
            let value = format!("{branch}/{}", name.replace('.', "/"));
            match Values::of(any, format!("explored/{name}"), &value) {
                Ok(values) if parameter.derived => {
                    derived.push((ValueHash::new(&name, parameter.leaf.value_type.element), values));
                }
                Ok(values) => parameters.push((name, values)),
                // What the program has gained since is in the schema, and derived parameters are not stored again.
                Err(crate::Error::Storage(StorageError::NoNode { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        parameters.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let explored = stored::columns(any, "explored").into_iter().map(|(_, leaf)| leaf.name.clone());
        let is_repetition = |name: &String| schema.parameters.iter().all(|parameter| parameter.leaf.name != *name);
        let mut repetitions: Vec<String> = explored.filter(is_repetition).collect();
        repetitions.sort_unstable();

        let mut content = Self { points: Vec::with_capacity(statuses.len()), runs: Vec::with_capacity(statuses.len()) };
        for first in (0..statuses.len()).step_by(BLOCK) {
            told(first as f64 / statuses.len() as f64);
            let runs = first..(first + BLOCK).min(statuses.len());
            let read = |values: &Values| values.rows(any, runs.clone());
            let points: Result<Vec<Cells>> = parameters.iter().map(|(_, values)| read(values)).collect();
            let follows: Result<Vec<Cells>> = derived.iter().map(|(_, values)| read(values)).collect();
            let numbers: Result<Vec<Cells>> = repetitions
                .iter()
                .map(|name| Ok(any.reader().rows(&format!("explored/{name}"), runs.clone())?))
                .collect();
            let (points, follows, numbers) = (points?, follows?, numbers?);
            for (row, run) in runs.clone().enumerate() {
                let cell = |cells: &Cells| if cells.len() == 1 { 0 } else { row };
                let values =
                    parameters.iter().zip(&points).map(|((name, _), cells)| (name.as_str(), cells.cell(cell(cells))));
                let identity = Identity::of_values(values);
                let counted = repetitions
                    .iter()
                    .zip(&numbers)
                    .map(|(name, cells)| (name, u64::read(cells.cell(row)).unwrap_or_default()));
                let counted: Vec<_> = counted.filter(|(_, number)| *number > 0).collect();
                let mut point = Encoding::new("pypet visit 1");
                point.bytes(identity.as_bytes());
                point.number(counted.len() as u64);
                for (name, number) in counted {
                    point.text(name);
                    point.number(number);
                }
                let point = point.hash();
                let follows = derived.iter().zip(&follows);
                let follows = follows.map(|((hash, _), cells)| hash.of(&cells.cell(cell(cells))));
                let mut encoding = Encoding::new("pypet run 1");
                encoding.bytes(&point);
                encoding.number(u64::from(statuses[run].code()));
                encoding.number(checksums[run]);
                encoding.number(follows.fold(0, u64::wrapping_add));
                content.points.push(point);
                content.runs.push(encoding.hash());
            }
        }
        Ok(content)
    }

    pub(super) fn points(&self) -> &[[u8; 32]] {
        &self.points
    }

    pub(super) fn hash(mut self, any: &AnyTrajectory) -> Result<ContentHash> {
        self.runs.sort_unstable();
        let mut encoding = Encoding::new("pypet content 1");
        encoding.text(&any.header().experiment);
        encoding.number(self.runs.len() as u64);
        self.runs.iter().for_each(|run| encoding.bytes(run));
        let mut summaries = Vec::new();
        for node in any.nodes() {
            if let (Some(name), NodeKind::Value(leaf)) = (node.path.strip_prefix("results/"), &node.kind) {
                let value = any.reader().read(&node.path)?;
                let name = name.replace('/', ".");
                summaries.push((ValueHash::new(&name, leaf.value_type.element).of(&value.cell(0)), name));
            }
        }
        summaries.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        encoding.number(summaries.len() as u64);
        for (hash, name) in summaries {
            encoding.text(&name);
            encoding.number(hash);
        }
        Ok(ContentHash(encoding.hash()))
    }
}
