//! Trajectories in memory, for examples in the documentation and for tests.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::claims::{Claims, Place};
use super::{
    CHECKSUM, Edit, Expansion, FailedRun, Finished, Header, Newcomer, Node, NodeKind, Plan, PlannedLeaf, State,
    StorageError, TrajectoryReader, TrajectoryWriter, check_refusal, links_to,
};
use crate::result::SharedArray;
use crate::result::checksum::ValueHash;
use crate::run::{RunStatus, SliceWrite};
use crate::schema::{Leaf, SchemaParameter};
use crate::value::{Cells, ElementType, Slice, ValueType, Window};

/// Why what runs hand over can be read.
const NOTHING_ASIDE: &str = "without a file nothing is put aside";

/// Where the run at each point of the grid stands, which is no node of the tree.
const GRID_ORDER: &str = "grid/run_index";

/// One trajectory in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    tree: Arc<Mutex<Tree>>,
    /// The declared results of the runs that are written, in their order.
    results: Vec<Leaf>,
}

#[derive(Debug, Clone, Default)]
struct Tree {
    header: Option<Header>,
    /// In the order of their making.
    leaves: Vec<(String, Stored)>,
    /// Comments of groups, by path; of some of them nothing may be there yet.
    groups: BTreeMap<String, String>,
    /// By path and key.
    annotations: BTreeMap<String, BTreeMap<String, Cells>>,
    /// The paths of arrays that runs write together, and what runs have written of them.
    shared: Vec<(String, Claims)>,
}

#[derive(Debug, Clone)]
struct Stored {
    leaf: Leaf,
    rows: Rows,
}

#[derive(Debug, Clone)]
enum Rows {
    /// One cell.
    Value(Cells),
    /// One cell for each run that has a value.
    Column(BTreeMap<usize, Cells>),
    /// The path of another node.
    Link(String),
}

impl Memory {
    /// Reads what was written.
    ///
    /// # Panics
    /// If no trajectory was begun.
    #[must_use]
    pub fn reader(&self) -> impl TrajectoryReader + use<> {
        let header = self.lock().header.clone().expect("a trajectory begins before it is read");
        MemoryReader { memory: self.clone(), header }
    }

    /// Changes what was written, wholly or not at all.
    ///
    /// # Errors
    /// A node is missing, or there already.
    pub fn edit(&self, edits: &[Edit]) -> Result<(), StorageError> {
        let mut tree = self.lock();
        let mut changed = tree.clone();
        edits.iter().try_for_each(|edit| changed.edit(edit))?;
        *tree = changed;
        Ok(())
    }

    /// Gives a trajectory further runs, which are pending then; all as `hdf5::expand` does.
    pub(crate) fn expand(
        &self,
        new: Expansion<'_>,
        columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
    ) -> Result<(), StorageError> {
        let mut tree = self.lock();
        if tree.header.as_ref().map(|header| header.n_runs) != Some(new.n_before) {
            return Err(StorageError::Changed { name: new.plan.header.name.clone() });
        }
        let mut grown = tree.clone();
        grown.expand(new, columns)?;
        *tree = grown;
        Ok(())
    }

    /// Opens the trajectory to carry out what is missing in it, with the results that the program declares now.
    pub(crate) fn reopen(&self, results: &[Leaf]) -> Self {
        let mut tree = self.lock();
        for leaf in results {
            tree.column(&result_path(leaf), || leaf.clone());
            if let Some(Header { schema, .. }) = &mut tree.header
                && schema.results.iter().all(|old| old.name != leaf.name)
            {
                schema.results.push(leaf.clone());
            }
        }
        drop(tree);
        Self { tree: self.tree.clone(), results: results.to_vec() }
    }

    /// Adds parameters that the program has gained, with the values that they have in all runs.
    pub(crate) fn add_parameters(&self, added: Vec<(SchemaParameter, Cells)>) -> Result<(), StorageError> {
        let mut tree = self.lock();
        for (parameter, value) in added {
            let path = format!("parameters/{}", parameter.leaf.name.replace('.', "/"));
            tree.add_values(&[PlannedLeaf { path, leaf: parameter.leaf.clone(), value, explored: Some(false) }])?;
            tree.header.iter_mut().for_each(|header| header.schema.parameters.push(parameter.clone()));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Tree> {
        // A panic elsewhere leaves plain values behind, which are as good as before.
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tree {
    fn add_values(&mut self, values: &[PlannedLeaf]) -> Result<(), StorageError> {
        for planned in values {
            check_refusal(&planned.leaf, &planned.value)?;
            let stored = Stored { leaf: planned.leaf.clone(), rows: Rows::Value(planned.value.clone()) };
            self.leaves.push((planned.path.clone(), stored));
        }
        Ok(())
    }

    fn expand(
        &mut self,
        Expansion { plan, n_before, order }: Expansion<'_>,
        columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
    ) -> Result<(), StorageError> {
        let n_runs = plan.header.n_runs;
        let is_new = |value: &&PlannedLeaf| self.position(&value.path).is_none();
        let new: Vec<PlannedLeaf> = plan.values.iter().filter(is_new).cloned().collect();
        self.add_values(&new)?;
        for (coordinate, cells) in plan.coordinates.iter().zip(columns(0..n_runs)) {
            check_refusal(&coordinate.leaf, &cells)?;
            // What is derived from what did not vary before was a single value, what was widened had narrower ones.
            let element = coordinate.leaf.value_type.element;
            let goes_on =
                |stored: &Stored| matches!(stored.rows, Rows::Column(_)) && stored.leaf.value_type.element == element;
            self.leaves.retain(|(path, stored)| *path != coordinate.path || goes_on(stored));
            self.put(&coordinate.path, &coordinate.leaf, 0..n_runs, &cells);
        }
        (n_before..n_runs).for_each(|run| self.put_status(run, RunStatus::Pending));
        self.leaves.retain(|(path, _)| path != GRID_ORDER);
        if let (Some(order), Some(axes)) = (order, &plan.axes) {
            let shape: Vec<usize> = axes.iter().map(|axis| axis.len).collect();
            let runs: Vec<i64> = order.iter().map(|&run| i64::try_from(run).expect("runs fit")).collect();
            let value = Cells::from_bytes(ElementType::I64, &shape, 1, bytemuck::cast_slice(&runs).to_vec());
            let value_type = ValueType::scalar(ElementType::I64).with_shape(vec![None; shape.len()]);
            let leaf = Leaf::new("run_index", value_type);
            self.leaves.push((GRID_ORDER.into(), Stored { leaf, rows: Rows::Value(value) }));
        }
        self.header = Some(Header { state: State::Running, ..plan.header.clone() });
        Ok(())
    }

    fn column(&mut self, path: &str, leaf: impl FnOnce() -> Leaf) -> &mut BTreeMap<usize, Cells> {
        let position = self.leaves.iter().position(|(other, _)| other == path);
        let position = position.unwrap_or_else(|| {
            self.leaves.push((path.into(), Stored { leaf: leaf(), rows: Rows::Column(BTreeMap::new()) }));
            self.leaves.len() - 1
        });
        match &mut self.leaves[position].1.rows {
            Rows::Column(rows) => rows,
            Rows::Value(_) | Rows::Link(_) => unreachable!("values and columns lie in different branches"),
        }
    }

    fn put(&mut self, path: &str, leaf: &Leaf, runs: impl Iterator<Item = usize>, cells: &Cells) {
        let column = self.column(path, || leaf.clone());
        for (run, cell) in runs.zip(cells.iter()) {
            let mut row = Cells::new(cells.element(), cells.rank());
            row.push_cell(&cell);
            column.insert(run, row);
        }
    }

    /// Makes room for what runs write together, or goes on with what is there.
    fn share(&mut self, arrays: &[SharedArray]) -> Result<(), StorageError> {
        let mut earlier = std::mem::take(&mut self.shared);
        for array in arrays {
            let (path, leaf) = (array.path(), array.leaf().clone());
            if let Some(position) = self.position(&path) {
                let found = &self.leaves[position].1;
                let is_value = matches!(found.rows, Rows::Value(_));
                let found = &found.leaf.value_type;
                if !is_value || !found.agrees(&leaf.value_type) || found.shape != leaf.value_type.shape {
                    let found = if is_value { found.to_string() } else { "a result of each run".into() };
                    let (name, expected) = (array.name().into(), leaf.value_type.to_string());
                    return Err(StorageError::SharedArray { name, expected, found });
                }
            } else {
                let mut value = Cells::of(&leaf.value_type);
                value.push_fill(&array.shape());
                self.add(&path, Stored { leaf, rows: Rows::Value(value) })?;
            }
            let known = earlier.iter().position(|(other, _)| *other == path);
            self.shared.push(known.map_or((path, Claims::default()), |known| earlier.swap_remove(known)));
        }
        Ok(())
    }

    /// Writes a part of a shared array, but for what later runs have written.
    fn write_slice(&mut self, slice: &SliceWrite) -> Result<(), StorageError> {
        let (path, claims) = &mut self.shared[slice.array];
        let cells = slice.part.cells().expect(NOTHING_ASIDE);
        let stored = self.leaves.iter_mut().find(|(other, _)| other == path);
        let Some(Rows::Value(whole)) = stored.map(|(_, stored)| &mut stored.rows) else {
            return Err(StorageError::NoNode { path: path.clone() });
        };
        for left in claims.left_to(slice.run, &slice.place) {
            let all: Place = whole.cell(0).shape().iter().map(|&length| 0..length).collect();
            let part = Window::between(&slice.place, &left).cut(&cells.cell(0));
            Window::between(&all, &left).paste(whole, &part);
        }
        claims.add(slice.run, slice.place.clone());
        Ok(())
    }

    /// Whether a result can have its place.
    fn check(&self, newcomer: &Newcomer<'_>) -> Result<(), StorageError> {
        match self.position(&newcomer.path()) {
            Some(position) => newcomer.check_type(&self.leaves[position].1.leaf.value_type),
            None => newcomer.check_place(self.leaves.iter().map(|(path, _)| path)),
        }
    }

    fn put_time(&mut self, path: &str, first: usize, seconds: &[f64]) {
        let mut cells = Cells::new(ElementType::F64, 0);
        for &seconds in seconds {
            cells.push_number(seconds);
        }
        let leaf = Leaf::new(path, ValueType::scalar(ElementType::F64)).with_unit("s");
        self.put(path, &leaf, first..first + seconds.len(), &cells);
    }

    /// Adds a row to the table of failed runs.
    fn put_error(&mut self, run: &FailedRun) {
        let mut index = Cells::new(ElementType::U64, 0);
        index.push_number(run.index as u64);
        let texts = [("message", &run.message), ("place", &run.place), ("backtrace", &run.backtrace)];
        let texts = texts.map(|(name, text)| (name, Cells::from_text(&[], 1, [text.clone()])));
        for (name, entry) in [("run", index)].into_iter().chain(texts) {
            let path = format!("runs/errors/{name}");
            let position = self.leaves.iter().position(|(other, _)| *other == path);
            let mut entries = Cells::new(entry.element(), 0);
            if let Some(Rows::Value(before)) = position.map(|position| &self.leaves[position].1.rows) {
                entries.push_elements(&before.cell(0));
            }
            entries.push_cell(&entry.cell(0));
            let rows = Rows::Value(entries.as_one().expect("single values have one shape"));
            let leaf = Leaf::new(name, ValueType::scalar(entry.element()).with_shape([None]));
            match position {
                Some(position) => self.leaves[position].1.rows = rows,
                None => self.leaves.push((path, Stored { leaf, rows })),
            }
        }
    }

    fn put_status(&mut self, run: usize, status: RunStatus) {
        let leaf = Leaf::new("status", ValueType::scalar(ElementType::U8));
        let mut cells = Cells::new(ElementType::U8, 0);
        cells.push_number(status.code());
        self.put("runs/status", &leaf, run..=run, &cells);
    }
}

impl Tree {
    fn edit(&mut self, edit: &Edit) -> Result<(), StorageError> {
        match edit {
            Edit::Annotate { path, key, value } => {
                self.annotations.entry(path.clone()).or_default().insert(key.clone(), value.clone());
            }
            Edit::RemoveAnnotation { path, key } => {
                let missing = || StorageError::NoNode { path: format!("{path}, annotation:{key}") };
                self.annotations.get_mut(path).and_then(|of_node| of_node.remove(key)).ok_or_else(missing)?;
            }
            Edit::Comment { path, text } if path.is_empty() => {
                self.header.iter_mut().for_each(|header| header.comment.clone_from(text));
            }
            Edit::Comment { path, text } => match self.position(path) {
                Some(position) => self.leaves[position].1.leaf.comment.clone_from(text),
                None if self.is_group(path) => drop(self.groups.insert(path.clone(), text.clone())),
                None => return Err(StorageError::NoNode { path: path.clone() }),
            },
            Edit::Link { path, target } => {
                let leaf = Leaf::new(path, ValueType::scalar(ElementType::Text));
                self.add(path, Stored { leaf, rows: Rows::Link(target.clone()) })?;
            }
            Edit::AddValue { path, leaf, value } => {
                self.add(path, Stored { leaf: leaf.clone(), rows: Rows::Value(value.clone()) })?;
            }
            Edit::ReplaceValue { path, leaf, value } => {
                let position = self.position(path).ok_or_else(|| StorageError::NoNode { path: path.clone() })?;
                self.leaves[position].1 = Stored { leaf: leaf.clone(), rows: Rows::Value(value.clone()) };
            }
            Edit::Remove { path } => {
                let is_below = |other: &str| other == path || other.starts_with(&format!("{path}/"));
                let before = self.leaves.len();
                self.take_back_checksums(is_below);
                let link = |(path, stored): &(String, Stored)| match &stored.rows {
                    Rows::Link(target) => Some((path.clone(), target.clone())),
                    _ => None,
                };
                let links: Vec<(String, String)> = self.leaves.iter().filter_map(link).collect();
                let links = links_to(path, &links);
                self.leaves.retain(|(other, _)| !is_below(other) && !links.contains(other));
                if self.leaves.len() == before {
                    return Err(StorageError::NoNode { path: path.clone() });
                }
                self.annotations.retain(|other, _| !is_below(other));
            }
            Edit::Rename { name } => self.header.iter_mut().for_each(|header| header.name.clone_from(name)),
        }
        Ok(())
    }

    /// Takes what results count that are about to be removed back from the checksums of their runs.
    fn take_back_checksums(&mut self, is_gone: impl Fn(&str) -> bool) {
        let mut counted: Vec<(usize, u64)> = Vec::new();
        for (path, Stored { leaf, rows }) in &self.leaves {
            if let (true, Some(name), Rows::Column(rows)) = (is_gone(path), path.strip_prefix("results/"), rows) {
                let hash = ValueHash::new(&name.replace('/', "."), leaf.value_type.element);
                counted.extend(rows.iter().map(|(run, value)| (*run, hash.of(&value.last()))));
            }
        }
        let Some(position) = self.position(CHECKSUM) else { return };
        let Rows::Column(checksums) = &mut self.leaves[position].1.rows else { return };
        for (run, count) in counted {
            let Some(cells) = checksums.get_mut(&run) else { continue };
            let before = cells.cell(0).numbers::<u64>()[0];
            cells.clear();
            cells.push_number(before.wrapping_sub(count));
        }
    }

    fn position(&self, path: &str) -> Option<usize> {
        self.leaves.iter().position(|(other, _)| other == path)
    }

    fn is_group(&self, path: &str) -> bool {
        self.leaves.iter().any(|(other, _)| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    fn add(&mut self, path: &str, stored: Stored) -> Result<(), StorageError> {
        if self.position(path).is_some() || self.is_group(path) {
            return Err(StorageError::Exists { path: path.into() });
        }
        if path.match_indices('/').any(|(end, _)| self.position(&path[..end]).is_some()) {
            return Err(StorageError::inside_value(path, "added"));
        }
        self.leaves.push((path.into(), stored));
        Ok(())
    }
}

fn result_path(leaf: &Leaf) -> String {
    format!("results/{}", leaf.name.replace('.', "/"))
}

impl TrajectoryWriter for Memory {
    fn begin(&mut self, plan: &Plan, columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>) -> Result<(), StorageError> {
        self.results.clone_from(&plan.header.schema.results);
        let mut tree = self.lock();
        tree.leaves.clear();
        tree.groups = plan.groups.iter().map(|group| (group.path.clone(), group.comment.clone())).collect();
        tree.add_values(&plan.values)?;
        let runs = 0..plan.header.n_runs;
        for (coordinate, cells) in plan.coordinates.iter().zip(columns(runs.clone())) {
            check_refusal(&coordinate.leaf, &cells)?;
            tree.put(&coordinate.path, &coordinate.leaf, runs.clone(), &cells);
        }
        runs.for_each(|run| tree.put_status(run, RunStatus::Pending));
        for leaf in &plan.header.schema.results {
            tree.column(&result_path(leaf), || leaf.clone());
        }
        tree.header = Some(plan.header.clone());
        Ok(())
    }

    fn add(&mut self, values: &[PlannedLeaf]) -> Result<(), StorageError> {
        self.lock().add_values(values)
    }

    fn share(&mut self, arrays: &[SharedArray]) -> Result<(), StorageError> {
        self.lock().share(arrays)
    }

    fn write(&mut self, finished: &Finished) -> Result<(), StorageError> {
        let mut tree = self.lock();
        match finished {
            Finished::Failed(run) => {
                tree.put_status(run.index, run.status);
                tree.put_time("runs/started", run.index, &[run.started]);
                tree.put_time("runs/runtime", run.index, &[run.runtime]);
                tree.put_error(run);
            }
            Finished::Done(block) => {
                for (leaf, cells) in self.results.iter().zip(&block.results) {
                    tree.put(&result_path(leaf), leaf, block.runs(), cells);
                }
                for added in &block.added {
                    tree.check(&added.newcomer())?;
                    tree.put(&added.path(), &added.leaf, added.runs.iter().copied(), &added.cells);
                }
                for result in &block.early {
                    let newcomer = result.newcomer();
                    tree.check(&newcomer)?;
                    let cells = result.cells().expect(NOTHING_ASIDE);
                    tree.put(&newcomer.path(), &result.leaf, std::iter::once(result.run), &cells);
                }
                block.slices.iter().try_for_each(|slice| tree.write_slice(slice))?;
                tree.put_time("runs/started", block.first, &block.started);
                tree.put_time("runs/runtime", block.first, &block.runtime);
                let leaf = Leaf::new("checksum", ValueType::scalar(ElementType::U64));
                let bytes = bytemuck::cast_slice(&block.checksum).to_vec();
                let checksums = Cells::from_bytes(ElementType::U64, &[], block.checksum.len(), bytes);
                tree.put(CHECKSUM, &leaf, block.runs(), &checksums);
                block.runs().for_each(|run| tree.put_status(run, RunStatus::Done));
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StorageError> {
        Ok(())
    }

    fn finish(&mut self, state: State) -> Result<(), StorageError> {
        if let Some(header) = &mut self.lock().header {
            header.state = state;
        }
        Ok(())
    }
}

struct MemoryReader {
    memory: Memory,
    header: Header,
}

impl MemoryReader {
    fn with<T>(&self, path: &str, read: impl FnOnce(&Stored) -> T) -> Result<T, StorageError> {
        let tree = self.memory.lock();
        let found = tree.leaves.iter().find(|(other, _)| other == path);
        found.map(|(_, stored)| read(stored)).ok_or_else(|| StorageError::NoNode { path: path.into() })
    }
}

impl TrajectoryReader for MemoryReader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn path(&self) -> Option<&Path> {
        None
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.memory)
    }

    fn nodes(&self) -> Result<Vec<Node>, StorageError> {
        let mut nodes: Vec<Node> = Vec::new();
        for (path, stored) in self.memory.lock().leaves.iter().filter(|(path, _)| path != GRID_ORDER) {
            for (end, _) in path.match_indices('/') {
                let group = Node { path: path[..end].into(), kind: NodeKind::Group };
                if !nodes.contains(&group) {
                    nodes.push(group);
                }
            }
            let leaf = stored.leaf.clone();
            let kind = match &stored.rows {
                Rows::Value(_) => NodeKind::Value(leaf),
                Rows::Column(_) => NodeKind::Column(leaf),
                Rows::Link(target) => NodeKind::Link { target: target.clone() },
            };
            nodes.push(Node { path: path.clone(), kind });
        }
        Ok(nodes)
    }

    fn read(&self, path: &str) -> Result<Cells, StorageError> {
        if let Some(value) = self.with(path, |stored| match &stored.rows {
            Rows::Value(value) => Some(value.clone()),
            Rows::Column(_) | Rows::Link(_) => None,
        })? {
            return Ok(value);
        }
        let rows = self.rows(path, 0..self.header.n_runs)?;
        Ok(rows.as_one().unwrap_or(rows))
    }

    fn rows(&self, path: &str, runs: Range<usize>) -> Result<Cells, StorageError> {
        self.with(path, |stored| {
            let mut cells = Cells::of(&stored.leaf.value_type);
            if let Rows::Value(list) = &stored.rows {
                // Tables beside the runs are lists of single values.
                let mut all = Cells::new(list.element(), 0);
                all.push_elements(&list.cell(0));
                cells = Cells::new(list.element(), 0);
                runs.clone().for_each(|row| cells.push_cell(&all.cell(row)));
            }
            if let Rows::Column(rows) = &stored.rows {
                // A run without a result has the shape of its neighbours where they have one.
                let first =
                    rows.values().next().filter(|_| !stored.leaf.ragged).map(|row| row.cell(0).shape().to_vec());
                let shape = first.unwrap_or_else(|| vec![0; cells.rank()]);
                for run in runs {
                    match rows.get(&run) {
                        Some(row) => cells.push_cell(&row.cell(0)),
                        None => cells.push_fill(&shape),
                    }
                }
            }
            cells
        })
    }

    fn slice(&self, path: &str, runs: Option<Range<usize>>, slice: &Slice) -> Result<Cells, StorageError> {
        let no_part = |run| move |source| StorageError::Slice { path: path.into(), run, source };
        let first = runs.as_ref().map(|runs| runs.start);
        let cells = match &runs {
            Some(runs) => self.rows(path, runs.clone())?,
            None => self.read(path)?,
        };
        let mut parts: Option<Cells> = None;
        for (position, cell) in cells.iter().enumerate() {
            let window = slice.within(cell.shape()).map_err(no_part(first.map(|first| first + position)))?;
            let part = window.cut(&cell);
            parts.get_or_insert_with(|| Cells::new(part.element(), part.rank())).append(&part);
        }
        Ok(parts.unwrap_or_else(|| Cells::new(cells.element(), cells.rank())))
    }

    fn n_rows(&self, path: &str) -> Result<usize, StorageError> {
        self.with(path, |_| self.header.n_runs)
    }

    fn comment(&self, path: &str) -> Result<String, StorageError> {
        let of_leaf = self.with(path, |stored| stored.leaf.comment.clone());
        Ok(of_leaf.or_else(|_| self.memory.lock().groups.get(path).cloned().ok_or(())).unwrap_or_default())
    }

    fn annotations(&self, path: &str) -> Result<BTreeMap<String, Cells>, StorageError> {
        Ok(self.memory.lock().annotations.get(path).cloned().unwrap_or_default())
    }
}
