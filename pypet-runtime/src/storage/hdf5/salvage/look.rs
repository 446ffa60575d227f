//! Looking through a trajectory that may be damaged.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use hdf5::{Group, Location};

use super::{ExaminedTrajectory, Loss, STATUS, Salvage, beside, gaps};
use crate::run::RunStatus;
use crate::storage::hdf5::columns::{self, LAYOUT};
use crate::storage::hdf5::reader::{BRANCHES, Hdf5Reader};
use crate::storage::hdf5::survey::{self, Member};
use crate::storage::hdf5::{annotations, attributes, copy, damage, raw};
use crate::storage::{Node, NodeKind, State, StorageError, TrajectoryReader};
use crate::value::ElementType;

/// The columns without which nobody knows how a run went.
const RUN_TABLE: [&str; 5] = [STATUS, "runs/started", "runs/runtime", "runs/worker", "runs/attempt"];
const ERRORS: &str = "runs/errors";

/// A trajectory that is being looked through.
pub(super) struct Examination {
    reader: Hdf5Reader,
    nodes: Vec<Node>,
    holes: BTreeMap<String, Vec<Range<usize>>>,
    losses: Vec<Loss>,
    /// Paths of single values that cannot be read.
    lost_values: Vec<String>,
}

impl Examination {
    /// Reads everything once.
    pub(super) fn of(reader: Hdf5Reader, losses: Vec<Loss>) -> Self {
        let (nodes, holes, lost_values) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut examination = Self { reader, nodes, holes, losses, lost_values };
        examination.look();
        examination
    }

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
        self.look_at_views();
        self.look_beside();
        if !self.losses.is_empty() {
            // In a sound file a link may lead nowhere, as links may.
            self.drop_dangling_links();
        }
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
                    let reason = format!("it leads to `{target}`, which is not there or cannot be read");
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
                for (name, _) in members.into_iter().filter(|(name, _)| !BRANCHES.contains(&name.as_str())) {
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

    /// What only other readers and the next writer need; a copy has it new.
    fn look_beside(&mut self) {
        let mut found = Vec::new();
        beside::walk(&self.reader.trajectory, "", &mut found);
        for (path, error) in found {
            let node = path.split(", ").next().unwrap_or_default();
            let is_told = |loss: &Loss| loss.path == path || loss.path == node;
            if !self.losses.iter().any(is_told) {
                let error = self.reader.place.failed("read", &path)(error);
                self.losses.push(Loss::beside(&path, &error));
            }
        }
    }

    /// What follows from all that cannot be read.
    pub(super) fn judge(mut self, name: &str) -> ExaminedTrajectory {
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
        let all = 0..n_runs;
        for loss in data() {
            let table = RUN_TABLE.contains(&loss.path.as_str()) || loss.path == "runs";
            let of_done = is_in(&loss.path, "results") || is_in(&loss.path, "runs/annotations");
            let whole = std::slice::from_ref(&all);
            // What cannot be opened at all may have been in any run, but a value outside of runs is in none.
            let runs = if has(&loss.path) { &loss.runs[..] } else { whole };
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
        if !self.nodes.iter().any(|node| node.path == STATUS) {
            return statuses;
        }
        let holes = self.holes.get(STATUS).map_or(&[][..], Vec::as_slice);
        for runs in gaps(holes, 0..n_runs) {
            if let Ok(cells) = self.reader.rows(STATUS, runs.clone())
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
    for range in ranges {
        damage::join(&mut joined, range);
    }
    joined
}

fn overlaps(ranges: &[Range<usize>], row: &Range<usize>) -> bool {
    let after = ranges.partition_point(|range| range.end <= row.start);
    ranges.get(after).is_some_and(|range| range.start < row.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_lost_if_a_part_of_it_is() {
        let lost = [10..20, 30..40];
        assert!(overlaps(&lost, &(19..21)) && overlaps(&lost, &(0..100)) && overlaps(&lost, &(35..36)));
        assert!(!overlaps(&lost, &(20..30)) && !overlaps(&lost, &(40..50)) && !overlaps(&lost, &(0..10)));
    }
}
