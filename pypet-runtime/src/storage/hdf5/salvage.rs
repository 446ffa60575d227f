//! What can be read of a file that is damaged.
//!
//! [`examine`] reads everything once. A [`Salvage`] then is a trajectory as any other, in which what cannot be read is
//! not there, and the runs that lack something by that are pending. So whatever copies trajectories can save it.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::path::Path;

use hdf5::{Group, Location};

use super::access::ReadableFile;
use super::columns::{self, LAYOUT};
use super::journal::journal_path;
use super::reader::Hdf5Reader;
use super::survey::{self, Member};
use super::{Place, annotations, attributes, copy, damage, file, raw};
use crate::run::RunStatus;
use crate::storage::{Header, Node, NodeKind, State, StorageError, TrajectoryReader};
use crate::value::{Cells, ElementType};

/// The columns that tell how far a run has come.
const RUN_TABLE: [&str; 5] = ["runs/status", "runs/started", "runs/runtime", "runs/worker", "runs/attempt"];
const ERRORS: &str = "runs/errors";

/// Something that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The node from the trajectory on, joined by `/`; empty for the trajectory, or the file, itself.
    pub path: String,
    /// The runs whose values cannot be read, where it is a column.
    pub runs: Vec<Range<usize>>,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether all of it is made anew from what can be read.
    pub is_made_anew: bool,
}

/// All that can be read of a file, and all that cannot.
#[derive(Debug)]
pub struct Examined {
    /// Its trajectories, oldest first; those that cannot be dated at the end.
    pub trajectories: Vec<ExaminedTrajectory>,
    /// What is wrong outside of trajectories.
    pub losses: Vec<Loss>,
}

/// One trajectory of a file that may be damaged.
#[derive(Debug)]
pub struct ExaminedTrajectory {
    /// Its name.
    pub name: String,
    /// What cannot be read.
    pub losses: Vec<Loss>,
    /// Runs that were done, or may have been, and lack something now.
    pub pending: Vec<Range<usize>>,
    /// What can be read, or why that is no study.
    pub salvage: Result<Salvage, String>,
}

/// A trajectory without what is damaged in it.
#[derive(Debug)]
pub struct Salvage {
    reader: Hdf5Reader,
    nodes: Vec<Node>,
    /// By path: the rows of columns that cannot be read.
    holes: BTreeMap<String, Vec<Range<usize>>>,
    statuses: Vec<u8>,
}

impl Loss {
    fn new(path: &str, error: &StorageError) -> Self {
        Self { path: path.into(), runs: Vec::new(), reason: reason(error), is_made_anew: false }
    }

    /// A node that cannot be read for reasons yet to be told.
    pub(crate) fn of(path: &str) -> Self {
        Self { path: path.into(), runs: Vec::new(), reason: String::new(), is_made_anew: false }
    }

    /// Whether it is a node and not a text beside one.
    fn is_data(&self) -> bool {
        !self.is_made_anew && !self.path.is_empty() && !self.path.contains(", ")
    }
}

fn reason(error: &StorageError) -> String {
    match error {
        StorageError::Damaged { .. } => "its bytes are not those that were written".into(),
        StorageError::Malformed { problem, .. } => problem.clone(),
        StorageError::Hdf5 { source, .. } if source.to_string().contains("cut off") => "the file was cut off".into(),
        StorageError::Hdf5 { action, .. } => format!("HDF5 cannot {action} it"),
        other => other.to_string(),
    }
}

/// Reads everything in a file that may be damaged, and changes nothing.
///
/// # Errors
/// The file is not ours, cannot be opened at all, or is being written by a library of the system.
pub fn examine(path: &Path) -> Result<Examined, StorageError> {
    let place = Place::new(path);
    let (opened, cut_off) = open(path)?;
    let mut losses = Vec::new();
    if cut_off > 0 {
        let reason = format!("the file was cut off: {cut_off} bytes are missing at its end");
        losses.push(Loss { path: String::new(), runs: Vec::new(), reason, is_made_anew: true });
    }
    if let Err(error) = file::check_format(&opened, path) {
        match error {
            StorageError::NotOurs { .. } | StorageError::NewerFormat { .. } => return Err(error),
            other => losses.push(Loss { is_made_anew: true, ..Loss::new("", &other) }),
        }
    }
    let members = survey::members(&opened).map_err(|error| StorageError::BeyondRepair {
        file: path.into(),
        what: "the list of trajectories",
        source: Box::new(error),
    })?;
    let mut trajectories = Vec::new();
    for (name, target) in members {
        match survey::open(&opened, &name).map_err(place.failed("open", &name)) {
            _ if target.is_some() => {}
            Ok(Member::Group(group)) => match is_trajectory(&group).map_err(place.failed("read", &name)) {
                Ok(true) => trajectories.push(ExaminedTrajectory::read(open(path)?.0, path, &name)),
                Ok(false) => {}
                Err(error) => trajectories.push(ExaminedTrajectory::unreadable(&name, &error)),
            },
            Ok(_) => {}
            Err(error) => trajectories.push(ExaminedTrajectory::unreadable(&name, &error)),
        }
    }
    let created = |examined: &ExaminedTrajectory| {
        let salvage = examined.salvage.as_ref().ok();
        salvage.map_or((true, String::new()), |salvage| (false, salvage.reader.header.created.clone()))
    };
    trajectories.sort_by_key(created);
    let examined = Examined { trajectories, losses };
    if examined.is_sound() {
        // What nobody reads may be damaged as well; others would stumble over it.
        file::trajectories(path)?;
    }
    Ok(examined)
}

/// Refuses a file that is not ours before anything beside it is touched.
///
/// # Errors
/// It is missing, of another kind, of another program or of a later version.
pub fn refuse_foreign(path: &Path) -> Result<(), StorageError> {
    file::check_signature(path)?;
    if journal_path(path).exists() {
        // It is for `settle` to say what that was, and closing a file that was read applies it.
        return Ok(());
    }
    let Ok((opened, _)) = ReadableFile::open_damaged(path) else { return Ok(()) };
    match file::check_format(&opened, path) {
        Err(error @ (StorageError::NotOurs { .. } | StorageError::NewerFormat { .. })) => Err(error),
        _ => Ok(()),
    }
}

fn open(path: &Path) -> Result<(ReadableFile, u64), StorageError> {
    ReadableFile::open_damaged(path).map_err(|error| match error {
        StorageError::Hdf5 { source, .. } | StorageError::Damaged { source, .. } => {
            StorageError::BeyondRepair { file: path.into(), what: "the superblock or the root group", source }
        }
        other => other,
    })
}

fn is_trajectory(group: &Group) -> hdf5::Result<bool> {
    Ok(attributes::has(group, "experiment")? && attributes::has(group, "created")?)
}

impl Examined {
    /// Whether everything can be read.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.losses.is_empty() && self.trajectories.iter().all(ExaminedTrajectory::is_sound)
    }
}

impl ExaminedTrajectory {
    fn is_sound(&self) -> bool {
        self.losses.is_empty() && self.salvage.is_ok()
    }

    fn unreadable(name: &str, error: &StorageError) -> Self {
        Self { name: name.into(), losses: Vec::new(), pending: Vec::new(), salvage: Err(reason(error)) }
    }

    fn read(file: ReadableFile, path: &Path, name: &str) -> Self {
        match Hdf5Reader::of_damaged(file, path, name) {
            Err(error) => Self::unreadable(name, &error),
            Ok((reader, lost)) => {
                let losses = lost.iter().map(|error| Loss::new("", error)).collect();
                let mut examination =
                    Examination { reader, nodes: Vec::new(), holes: BTreeMap::new(), losses, lost_values: Vec::new() };
                examination.look();
                examination.judge(name)
            }
        }
    }
}

/// A trajectory that is being looked through.
struct Examination {
    reader: Hdf5Reader,
    nodes: Vec<Node>,
    holes: BTreeMap<String, Vec<Range<usize>>>,
    losses: Vec<Loss>,
    /// Paths of single values that cannot be read.
    lost_values: Vec<String>,
}

impl Examination {
    /// Reads everything once.
    fn look(&mut self) {
        let losses = &mut self.losses;
        let nodes = self.reader.nodes_or(&mut |path, error| {
            losses.push(Loss::new(path, &error));
            Ok(())
        });
        self.nodes = nodes.unwrap_or_default();
        let nodes = std::mem::take(&mut self.nodes);
        self.look_at_attributes("");
        for node in nodes {
            let is_readable = match &node.kind {
                NodeKind::Link { .. } => true,
                NodeKind::Group => {
                    self.look_at_attributes(&node.path);
                    true
                }
                NodeKind::Value(_) | NodeKind::Column(_) => {
                    self.look_at_attributes(&node.path);
                    self.look_at_data(&node)
                }
            };
            if is_readable {
                self.nodes.push(node);
            } else if matches!(node.kind, NodeKind::Value(_)) {
                self.lost_values.push(node.path);
            }
        }
        self.drop_dangling_links();
        self.look_at_views();
    }

    fn lose(&mut self, path: &str, runs: Vec<Range<usize>>, error: &StorageError) {
        self.losses.push(Loss { runs, ..Loss::new(path, error) });
    }

    /// Texts beside the data; without them the data can be read.
    fn look_at_attributes(&mut self, path: &str) {
        let Self { reader, losses, .. } = self;
        let mut tell = |name: &str, error: hdf5::Error| {
            let error = reader.place.failed("read", path)(error);
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}, {name}") };
            losses.push(Loss::new(&path, &error));
        };
        let look = reader.at(path, "read the attributes of", |node| {
            let known = ["comment", "units", "choices", "encoding", "type"];
            let names = if path.is_empty() { &[] } else { &known[..] };
            let texts = names.iter().map(|&name| (name.to_owned(), attributes::text(node, name).err()));
            let annotations = annotations::each(node)?.into_iter();
            let annotations = annotations.map(|(key, read)| (format!("annotation `{key}`"), read.err()));
            Ok(texts.chain(annotations).collect::<Vec<_>>())
        });
        match look {
            Ok(all) => all.into_iter().for_each(|(name, error)| error.into_iter().for_each(|e| tell(&name, e))),
            Err(error) => losses.push(Loss::new(&format!("{path}, attributes"), &error)),
        }
    }

    /// Whether anything of a leaf can be read; of a column notes which rows cannot.
    fn look_at_data(&mut self, node: &Node) -> bool {
        let path = &node.path;
        let n_runs = self.reader.header.n_runs;
        let is_column = matches!(node.kind, NodeKind::Column(_));
        let is_table = path.starts_with(ERRORS);
        let found = if is_column && self.reader.is_ragged(path) {
            self.ragged_holes(path, n_runs)
        } else if is_column || is_table {
            self.dense_holes(path, is_column.then_some(n_runs))
        } else {
            self.reader.read(path).map(|_| (Vec::new(), None))
        };
        match found {
            Ok((holes, error)) => {
                if let Some(error) = error {
                    self.lose(path, holes.clone(), &error);
                    self.holes.insert(path.clone(), holes);
                }
                true
            }
            Err(error) => {
                self.lose(path, Vec::new(), &error);
                false
            }
        }
    }

    /// The rows that cannot be read; there have to be so many.
    fn dense_holes(&self, path: &str, n_rows: Option<usize>) -> Result<Holes, StorageError> {
        let (dataset, element) = self.reader.dataset(path)?;
        let found = dataset.shape().first().copied().unwrap_or(0);
        let expected = n_rows.unwrap_or(found);
        let (mut holes, error) = damage::scan(&dataset, element, 0..found.min(expected));
        let mut error = error.map(|error| self.reader.place.failed("read", path)(error));
        if found < expected {
            damage::join(&mut holes, found..expected);
            error = error.or_else(|| Some(self.reader.place.malformed(path, format!("it has {found} rows only"))));
        }
        Ok((holes, error))
    }

    fn ragged_holes(&self, path: &str, n_runs: usize) -> Result<Holes, StorageError> {
        let (group, place) = (self.reader.trajectory.group(path), &self.reader.place);
        let rank = self.reader.rank(&group.map_err(place.failed("open", path))?, path)?;
        let mut holes = Vec::new();
        let mut reason = None;
        for name in ["row_start", "row_size", "row_shape"].into_iter().take(if rank > 1 { 3 } else { 2 }) {
            let (found, error) = self.dense_holes(&format!("{path}/{name}"), Some(n_runs))?;
            holes.extend(found);
            reason = reason.or(error);
        }
        let (values, error) = self.dense_holes(&format!("{path}/values"), None)?;
        reason = reason.or(error);
        let (starts, sizes) = (format!("{path}/row_start"), format!("{path}/row_size"));
        for runs in gaps(&sorted(holes.clone()), 0..n_runs) {
            let numbers = |path: &str| Ok::<_, StorageError>(self.reader.rows(path, runs.clone())?.bytes().to_vec());
            let (starts, sizes) = (numbers(&starts)?, numbers(&sizes)?);
            let rows = starts.chunks_exact(8).zip(sizes.chunks_exact(8)).map(|(start, size)| {
                let number = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().unwrap_or_default());
                let start = usize::try_from(number(start)).unwrap_or(usize::MAX);
                start..start.saturating_add(usize::try_from(number(size)).unwrap_or(usize::MAX))
            });
            for (run, row) in runs.clone().zip(rows) {
                if !row.is_empty() && overlaps(&values, &row) {
                    holes.push(run..run + 1);
                }
            }
        }
        // A row that lies outside of the values, or has another shape than it says.
        for runs in gaps(&sorted(holes.clone()), 0..n_runs) {
            if self.reader.rows(path, runs.clone()).is_ok() {
                continue;
            }
            for run in runs {
                if let Err(error) = self.reader.rows(path, run..run + 1) {
                    holes.push(run..run + 1);
                    reason.get_or_insert(error);
                }
            }
        }
        Ok((sorted(holes), reason))
    }

    /// Links to what cannot be read lead nowhere.
    fn drop_dangling_links(&mut self) {
        loop {
            let paths: HashSet<String> = self.nodes.iter().map(|node| node.path.clone()).collect();
            let before = self.nodes.len();
            let losses = &mut self.losses;
            self.nodes.retain(|node| match &node.kind {
                NodeKind::Link { target } if !paths.contains(target) => {
                    let reason = format!("it leads to `{target}`, which cannot be read");
                    losses.push(Loss { path: node.path.clone(), runs: Vec::new(), reason, is_made_anew: false });
                    false
                }
                _ => true,
            });
            if self.nodes.len() == before {
                return;
            }
        }
    }

    /// What shows the branches again; a copy has it new.
    fn look_at_views(&mut self) {
        let mut failed = Vec::new();
        let trajectory = &self.reader.trajectory;
        match survey::members(trajectory) {
            Err(error) => failed.push((String::new(), error)),
            Ok(members) => {
                for (name, _) in
                    members.into_iter().filter(|(name, _)| !super::reader::BRANCHES.contains(&name.as_str()))
                {
                    look_at_view(trajectory, &name, &name, &mut failed);
                }
            }
        }
        let place = self.reader.place.clone();
        for (path, error) in failed {
            let error = place.failed("open", &path)(error);
            self.losses.push(Loss { is_made_anew: true, ..Loss::new(&path, &error) });
            if path == "grid" || path == "grid/run_index" {
                // Without it nobody knows which run lies where.
                self.reader.header.axes = None;
            }
        }
    }

    /// What follows from all that cannot be read.
    fn judge(mut self, name: &str) -> ExaminedTrajectory {
        let n_runs = self.reader.header.n_runs;
        let is_in = |path: &str, branch: &str| path == branch || path.starts_with(&format!("{branch}/"));
        let data = || self.losses.iter().filter(|loss| loss.is_data());
        if let Some(loss) = data().find(|loss| is_in(&loss.path, "parameters") || is_in(&loss.path, "explored")) {
            let problem = format!("`{}` cannot be read: {}", loss.path, loss.reason);
            return ExaminedTrajectory {
                name: name.into(),
                pending: Vec::new(),
                salvage: Err(problem),
                losses: self.losses,
            };
        }
        let has = |path: &str| self.nodes.iter().any(|node| node.path == path);
        let statuses = self.statuses();
        let mut is_done: Vec<bool> = statuses.iter().map(|&status| status == RunStatus::Done.code()).collect();
        let mut is_lost = vec![false; n_runs];
        for loss in data() {
            let table = RUN_TABLE.contains(&loss.path.as_str()) || loss.path == "runs";
            let of_done = is_in(&loss.path, "results") || is_in(&loss.path, "runs/annotations");
            let whole = [0..n_runs];
            // What cannot be opened at all may have been in any run, but a value outside of runs is in none.
            let runs = if has(&loss.path) { &loss.runs[..] } else { &whole };
            if table || of_done && !self.lost_values.contains(&loss.path) {
                let runs = runs.iter().flat_map(|runs| runs.start..runs.end.min(n_runs));
                runs.filter(|&run| table || is_done[run]).for_each(|run| is_lost[run] = true);
            }
        }
        let mut pending = Vec::new();
        let mut statuses = statuses;
        for run in (0..n_runs).filter(|&run| is_lost[run]) {
            statuses[run] = RunStatus::Pending.code();
            is_done[run] = false;
            damage::join(&mut pending, run..run + 1);
        }
        if statuses.contains(&RunStatus::Pending.code()) && !pending.is_empty() {
            self.reader.header.state = State::Stopped;
        }
        self.drop_half_columns();
        let Self { reader, nodes, holes, mut losses, .. } = self;
        if !losses.is_empty()
            && let Ok(Some(path)) = copy::foreign_node(&reader.trajectory)
        {
            let reason = "it is not pypet's, so it is not copied".into();
            losses.push(Loss { path, runs: Vec::new(), reason, is_made_anew: false });
        }
        let salvage = Ok(Salvage { reader, nodes, holes, statuses });
        ExaminedTrajectory { name: name.into(), losses, pending, salvage }
    }

    /// Columns of which a part would be taken for a value that nobody stored.
    fn drop_half_columns(&mut self) {
        let holes = &self.holes;
        let table_is_lost = ["run", "attempt"].iter().any(|name| holes.contains_key(&format!("{ERRORS}/{name}")))
            || self.losses.iter().any(|loss| loss.is_data() && loss.path.starts_with(ERRORS) && loss.runs.is_empty());
        self.nodes.retain(|node| {
            let is_derived = node.path.starts_with("derived_parameters/") && holes.contains_key(&node.path);
            let is_table = table_is_lost && node.path.starts_with(ERRORS) && node.kind != NodeKind::Group;
            !is_derived && !is_table
        });
    }

    fn statuses(&self) -> Vec<u8> {
        let n_runs = self.reader.header.n_runs;
        let mut statuses = vec![RunStatus::Pending.code(); n_runs];
        if !self.nodes.iter().any(|node| node.path == RUN_TABLE[0]) {
            return statuses;
        }
        let holes = self.holes.get(RUN_TABLE[0]).map_or(&[][..], Vec::as_slice);
        for runs in gaps(holes, 0..n_runs) {
            if let Ok(cells) = self.reader.rows(RUN_TABLE[0], runs.clone())
                && cells.element() == ElementType::U8
            {
                statuses[runs].copy_from_slice(cells.bytes());
            }
        }
        statuses
    }
}

/// Rows that cannot be read, and why.
type Holes = (Vec<Range<usize>>, Option<StorageError>);

fn look_at_view(group: &Group, name: &str, path: &str, failed: &mut Vec<(String, hdf5::Error)>) {
    let texts = |node: &Location| -> hdf5::Result<()> {
        ["pypet_dimensions", "pypet_coordinates", "comment", "units", LAYOUT]
            .into_iter()
            .try_for_each(|name| attributes::text(node, name).map(drop))
    };
    let mut look = || -> hdf5::Result<()> {
        match survey::open(group, name)? {
            Member::Dataset(dataset) => {
                texts(&dataset)?;
                let is_virtual = dataset.dcpl()?.layout() == hdf5::plist::dataset_create::Layout::Virtual;
                let is_column = attributes::text(&dataset, LAYOUT)?.is_some();
                match columns::element_of(&dataset)? {
                    Some(element) if !is_virtual && !is_column && path.contains('/') => {
                        raw::read_value(&dataset, element).map(drop)
                    }
                    _ => Ok(()),
                }
            }
            Member::Group(child) => {
                texts(&child)?;
                for (name, target) in survey::members(&child)? {
                    if target.is_none() {
                        look_at_view(&child, &name, &format!("{path}/{name}"), failed);
                    }
                }
                Ok(())
            }
            Member::Foreign => Ok(()),
        }
    };
    if let Err(error) = look() {
        failed.push((path.into(), error));
    }
}

fn sorted(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined = Vec::new();
    ranges.into_iter().for_each(|range| damage::join(&mut joined, range));
    joined
}

fn overlaps(ranges: &[Range<usize>], row: &Range<usize>) -> bool {
    let after = ranges.partition_point(|range| range.end <= row.start);
    ranges.get(after).is_some_and(|range| range.start < row.end)
}

/// What of a range lies in none of these, which are sorted.
fn gaps(holes: &[Range<usize>], within: Range<usize>) -> Vec<Range<usize>> {
    let mut gaps = Vec::new();
    let mut first = within.start;
    for hole in holes {
        if hole.start.min(within.end) > first {
            gaps.push(first..hole.start.min(within.end));
        }
        first = first.max(hole.end);
    }
    if first < within.end {
        gaps.push(first..within.end);
    }
    gaps
}

impl Salvage {
    fn has(&self, path: &str) -> bool {
        self.nodes.iter().any(|node| node.path == path)
    }

    fn missing(path: &str) -> StorageError {
        StorageError::NoNode { path: path.into() }
    }

    /// Rows of a column, and what stands for no value where they cannot be read.
    fn patched(&self, path: &str, holes: &[Range<usize>], rows: Range<usize>) -> Result<Cells, StorageError> {
        let is_ragged = self.reader.is_ragged(path);
        let (element, shape) = if is_ragged {
            let group = self.reader.trajectory.group(path).map_err(self.reader.place.failed("open", path))?;
            let rank = self.reader.rank(&group, path)?;
            (self.reader.dataset(&format!("{path}/values"))?.1, vec![0; rank])
        } else {
            let (dataset, element) = self.reader.dataset(path)?;
            (element, dataset.shape()[1..].to_vec())
        };
        let mut cells = Cells::new(element, shape.len());
        let mut next = rows.start;
        for readable in gaps(holes, rows.clone()) {
            (next..readable.start).for_each(|_| cells.push_fill(&shape));
            self.reader.rows(path, readable.clone())?.iter().for_each(|cell| cells.push_cell(&cell));
            next = readable.end;
        }
        (next..rows.end).for_each(|_| cells.push_fill(&shape));
        Ok(cells)
    }
}

impl TrajectoryReader for Salvage {
    fn header(&self) -> &Header {
        &self.reader.header
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.reader.path)
    }

    fn nodes(&self) -> Result<Vec<Node>, StorageError> {
        Ok(self.nodes.clone())
    }

    fn read(&self, path: &str) -> Result<Cells, StorageError> {
        let is_grid = path.starts_with("grid/") && self.reader.header.axes.is_some();
        if !is_grid && !self.has(path) {
            return Err(Self::missing(path));
        }
        match self.holes.get(path) {
            None => self.reader.read(path),
            // Of tables only the texts can have holes, or the whole table is not there.
            Some(holes) => {
                let n_rows = self.reader.dataset(path)?.0.shape().first().copied().unwrap_or(0);
                let rows = self.patched(path, holes, 0..n_rows)?;
                Ok(Cells::from_text(&[n_rows], 1, rows.strings().map(ToOwned::to_owned).collect::<Vec<_>>()))
            }
        }
    }

    fn rows(&self, path: &str, runs: Range<usize>) -> Result<Cells, StorageError> {
        if path == RUN_TABLE[0] && runs.end <= self.statuses.len() {
            return Ok(Cells::from_bytes(ElementType::U8, &[], runs.len(), self.statuses[runs].to_vec()));
        }
        if !self.has(path) {
            return Err(Self::missing(path));
        }
        match self.holes.get(path) {
            None => self.reader.rows(path, runs),
            Some(holes) => self.patched(path, holes, runs),
        }
    }

    fn annotations(&self, path: &str) -> Result<BTreeMap<String, Cells>, StorageError> {
        let readable = self.reader.at(path, "read the annotations of", |node| {
            let each = annotations::each(node)?.into_iter();
            Ok(each.filter_map(|(key, read)| Some((key, read.ok()??))).collect())
        });
        Ok(readable.unwrap_or_default())
    }

    fn comment(&self, path: &str) -> Result<String, StorageError> {
        Ok(self.reader.comment(path).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_lies_between_holes() {
        let holes = [2..4, 6..9];
        assert_eq!(gaps(&holes, 0..10), [0..2, 4..6, 9..10]);
        assert_eq!(gaps(&holes, 3..7), [4..6]);
        assert_eq!(gaps(&holes, 2..4), []);
        assert_eq!(gaps(&[], 2..4), [2..4]);
    }

    #[test]
    fn a_row_is_lost_if_a_part_of_it_is() {
        let lost = [10..20, 30..40];
        assert!(overlaps(&lost, &(19..21)) && overlaps(&lost, &(0..100)) && overlaps(&lost, &(35..36)));
        assert!(!overlaps(&lost, &(20..30)) && !overlaps(&lost, &(40..50)) && !overlaps(&lost, &(0..10)));
    }
}
