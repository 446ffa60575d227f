//! Arrays that the runs of several sources have written together, each source its own.
//!
//! Every run that is done says which parts it has written. Where each run of a source has the row of its own index, the
//! rows go to where their runs are now. Where arrays are of one shape and no element was written by runs of two sources,
//! they are laid over each other. All others stay apart, under names with a number.

use std::collections::HashSet;
use std::ops::Range;

use super::join::Moved;
use super::sources::{Origin, Pick, Runs, Source, Strand};
use crate::error::Result;
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::claims::{Claims, Place};
use crate::storage::{DynamicColumn, Edit};
use crate::value::{Cells, Window};

/// What becomes of the shared arrays of all sources.
#[derive(Default)]
pub(super) struct SharedArrays {
    joined: Vec<Joined>,
    /// Of a source, from a path, to a path.
    pub(super) apart: Moved,
}

/// An array that was several.
struct Joined {
    path: String,
    leaf: Leaf,
    value: Cells,
    /// Whether each run has written the row of its index.
    by_run: bool,
}

/// What one source has under a name.
struct Part<'a> {
    source: usize,
    of_source: &'a Source,
    leaf: Leaf,
    value: Cells,
    /// Runs of the joined trajectory with their index in the source and what they have written.
    written: Vec<(usize, usize, Vec<Place>)>,
    has_record: bool,
}

impl SharedArrays {
    /// Joins what can be joined.
    pub(super) fn of(sources: &[Source], runs: &Runs) -> Result<Self> {
        let records = sources.iter().flat_map(|source| source.columns(DynamicColumn::SLICES));
        let mut names: Vec<&str> = records.filter_map(|(path, _)| name_of(path)).collect();
        names.sort_unstable();
        names.dedup();
        let nodes = sources.iter().flat_map(|source| source.any.nodes());
        let mut taken: HashSet<String> = nodes.map(|node| node.path.clone()).collect();
        let mut arrays = Self::default();
        for name in names {
            let path = format!("results/{name}");
            let parts: Vec<Part> = (0..sources.len())
                .filter_map(|source| Part::read(sources, source, name, runs).transpose())
                .collect::<Result<_>>()?;
            if parts.len() < 2 {
                continue;
            }
            if let Some(joined) = Joined::of(&path, &parts, runs.len()) {
                arrays.joined.push(joined);
                continue;
            }
            for part in &parts[1..] {
                let mut places = (2..).map(|number| format!("{path}_{number}"));
                let place = places.find(|place| taken.insert(place.clone())).expect("there is always a next number");
                arrays.apart.push((part.source, path.clone(), place));
            }
        }
        Ok(arrays)
    }

    /// Puts a joined array in the place of that of a source.
    pub(super) fn put_joined(&self, edit: &mut Edit) {
        if let Edit::AddValue { path, leaf, value } = edit
            && let Some(joined) = self.joined.iter().find(|joined| joined.path == *path)
        {
            (*leaf, *value) = (joined.leaf.clone(), joined.value.clone());
        }
    }

    /// Gives the records of arrays that stay apart columns of their own.
    pub(super) fn part_records(&self, columns: &mut Vec<Strand>) {
        for (source, from, to) in &self.apart {
            let (from, to) = (record_of(from), record_of(to));
            let Some(whole) = columns.iter_mut().find(|strand| strand.path == from) else { continue };
            let origin = std::mem::replace(&mut whole.origins[*source], Origin::Absent);
            let mut part = Strand { path: to, ..whole.unread() };
            part.origins[*source] = origin;
            columns.push(part);
        }
    }

    /// What a record says of runs from `first` on, now that they have other indices.
    pub(super) fn renumbered(&self, path: &str, first: usize, cells: &Cells) -> Option<Cells> {
        self.joined.iter().find(|joined| joined.by_run && record_of(&joined.path) == path)?;
        let mut renumbered = Cells::new(cells.element(), cells.rank());
        for (run, cell) in (first as u64..).zip(cells.iter()) {
            let mut ends = cell.numbers::<u64>();
            let n_ends = 2 * cell.shape()[1].max(1);
            ends.chunks_exact_mut(n_ends).for_each(|place| (place[0], place[1]) = (run, run + 1));
            renumbered.put_numbers(&ends);
            renumbered.end_array(cell.shape());
        }
        Some(renumbered)
    }
}

impl<'a> Part<'a> {
    /// The array of a source, if it has one of this name, and what is said of its runs.
    fn read(sources: &'a [Source], source: usize, name: &str, runs: &Runs) -> Result<Option<Self>> {
        let of_source = &sources[source];
        let Some((leaf, value)) = of_source.value(&format!("results/{name}"))? else { return Ok(None) };
        let record = format!("{}/{name}", DynamicColumn::SLICES);
        let has_record = of_source.columns(DynamicColumn::SLICES).any(|(path, _)| path == record);
        let mut written = Vec::new();
        if has_record {
            let places = of_source.any.reader().rows(&record, 0..of_source.statuses.len())?;
            let is_done = |pick: &Pick| pick.source == source && of_source.statuses[pick.run] == RunStatus::Done;
            for (run, pick) in runs.picks().enumerate().filter(|(_, pick)| is_done(pick)) {
                let cell = places.cell(pick.run);
                let n_ends = 2 * cell.shape().get(1).copied().unwrap_or_default().max(1);
                let number = |end: u64| usize::try_from(end).unwrap_or(usize::MAX);
                let place = |ends: &[u64]| ends.chunks_exact(2).map(|ends| number(ends[0])..number(ends[1])).collect();
                written.push((run, pick.run, cell.numbers::<u64>().chunks_exact(n_ends).map(place).collect()));
            }
        }
        Ok(Some(Self { source, of_source, leaf, value, written, has_record }))
    }

    fn shape(&self) -> Vec<usize> {
        self.value.cell(0).shape().to_vec()
    }

    /// Whether what is said of it can be, and nothing is in it that no run is said to have written.
    fn is_consistent(&self) -> bool {
        let shape = self.shape();
        let is_inside =
            |place: &Place| place.len() == shape.len() && place.iter().zip(&shape).all(|(range, &n)| range.end <= n);
        let mut fill = Cells::new(self.value.element(), self.value.rank());
        fill.push_fill(&shape);
        (self.has_record || self.value == fill) && self.written.iter().all(|(.., places)| places.iter().all(is_inside))
    }

    fn is_by_run(&self) -> bool {
        let is_own = |run: usize| move |place: &Place| place[0] == (run..run + 1);
        self.shape()[0] == self.of_source.statuses.len()
            && self.written.iter().all(|(_, run, places)| places.iter().all(is_own(*run)))
    }
}

impl Joined {
    /// One array of all, if that is possible.
    fn of(path: &str, parts: &[Part<'_>], n_runs: usize) -> Option<Self> {
        let (first, leaf) = (parts[0].shape(), &parts[0].leaf);
        let is_alike = |part: &Part| {
            let (a, b) = (&leaf.value_type, &part.leaf.value_type);
            (a.element, &a.encoding) == (b.element, &b.encoding) && part.shape().get(1..) == first.get(1..)
        };
        if first.is_empty() || !parts.iter().all(|part| part.is_consistent() && is_alike(part)) {
            return None;
        }
        let by_run = parts.iter().all(Part::is_by_run);
        let is_beside = || parts.iter().all(|part| part.shape() == first) && !meet(parts);
        if !by_run && !is_beside() {
            return None;
        }
        let mut shape = first;
        if by_run {
            shape[0] = n_runs;
        }
        let mut value = Cells::new(leaf.value_type.element, shape.len());
        value.push_fill(&shape);
        let all = |shape: &[usize]| shape.iter().map(|&n| 0..n).collect::<Vec<Range<usize>>>();
        for part in parts {
            let cell = part.value.cell(0);
            let whole = all(cell.shape());
            for (run, _, places) in &part.written {
                for place in places.iter().filter(|place| place.iter().all(|range| !range.is_empty())) {
                    let mut to = place.clone();
                    if by_run {
                        to[0] = *run..run + 1;
                    }
                    Window::between(&all(&shape), &to).paste(&mut value, &Window::between(&whole, place).cut(&cell));
                }
            }
        }
        let value_type = leaf.value_type.clone().with_shape(shape.into_iter().map(Some));
        Some(Self { path: path.into(), leaf: Leaf { value_type, ..leaf.clone() }, value, by_run })
    }
}

/// Whether runs of two sources have written one element.
fn meet(parts: &[Part<'_>]) -> bool {
    let mut claims = Claims::default();
    parts.iter().any(|part| {
        let places = || part.written.iter().flat_map(|(run, _, places)| places.iter().map(move |place| (*run, place)));
        let meets = places().any(|(_, place)| claims.meet(place));
        places().for_each(|(run, place)| claims.add(run, place.clone()));
        meets
    })
}

fn name_of(record: &str) -> Option<&str> {
    record.strip_prefix(DynamicColumn::SLICES)?.strip_prefix('/')
}

/// The record of an array.
fn record_of(path: &str) -> String {
    format!("{}/{}", DynamicColumn::SLICES, path.trim_start_matches("results/"))
}
