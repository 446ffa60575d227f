//! The nodes of a tree, and handles to walk from one to the next.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::ops::Deref;

use super::{AnyTrajectory, Value};
use crate::error::Result;
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::{Node, NodeKind};
use crate::value::{Cells, ElementType, ResultValue};

/// All nodes of a tree by their numbers, with who is below whom.
pub(super) struct Nodes {
    list: Vec<Node>,
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    branches: Vec<usize>,
    by_path: HashMap<String, usize>,
}

impl Nodes {
    pub(super) fn new(list: Vec<Node>) -> Self {
        let by_path: HashMap<String, usize> =
            list.iter().enumerate().map(|(number, node)| (node.path.clone(), number)).collect();
        let parent = |node: &Node| by_path.get(node.path.rsplit_once('/')?.0).copied();
        let parents: Vec<Option<usize>> = list.iter().map(parent).collect();
        let mut children = vec![Vec::new(); list.len()];
        let mut branches = Vec::new();
        for (number, parent) in parents.iter().enumerate() {
            parent.map_or(&mut branches, |parent| &mut children[parent]).push(number);
        }
        Self { list, parents, children, branches, by_path }
    }

    pub(super) fn list(&self) -> &[Node] {
        &self.list
    }

    pub(super) fn at(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }
}

/// A node of a trajectory's tree: a group, a value, or a column with one value for each run.
///
/// It is a reference, cheap to copy; data are read when [`get`](Self::get), [`value`](Self::value) or
/// [`cells`](Self::cells) ask for them.
#[derive(Clone, Copy)]
pub struct NodeRef<'a> {
    any: &'a AnyTrajectory,
    number: usize,
}

impl<'a> NodeRef<'a> {
    pub(super) fn new(any: &'a AnyTrajectory, number: usize) -> Self {
        Self { any, number }
    }

    fn node(self) -> &'a Node {
        &self.any.tree().list[self.number]
    }

    /// The last part of the full name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// Names from the trajectory to the node, joined by dots, as `parameters.neuron.i`.
    #[must_use]
    pub fn full_name(self) -> String {
        self.path().replace('/', ".")
    }

    /// The same with slashes, as in the file.
    #[must_use]
    pub fn path(self) -> &'a str {
        &self.node().path
    }

    /// Why the node exists; of groups it is read by [`AnyTrajectory::comment`].
    #[must_use]
    pub fn comment(self) -> &'a str {
        self.leaf().map_or("", |leaf| &leaf.comment)
    }

    /// The unit of its values, empty if none is declared.
    #[must_use]
    pub fn unit(self) -> &'a str {
        self.leaf().map_or("", |leaf| &leaf.unit)
    }

    /// What its values are made of; `None` for groups.
    #[must_use]
    pub fn element(self) -> Option<ElementType> {
        self.leaf().map(|leaf| leaf.value_type.element)
    }

    /// One entry for each dimension, of columns the number of runs first; `None` where runs differ.
    #[must_use]
    pub fn shape(self) -> Vec<Option<usize>> {
        let own = self.leaf().map(|leaf| leaf.value_type.shape.clone()).unwrap_or_default();
        let runs = self.is_column().then(|| Some(self.any.header().n_runs));
        runs.into_iter().chain(own).collect()
    }

    /// Name, type, comment and unit; `None` for groups and links.
    #[must_use]
    pub fn leaf(self) -> Option<&'a Leaf> {
        match &self.node().kind {
            NodeKind::Group | NodeKind::Link { .. } => None,
            NodeKind::Value(leaf) | NodeKind::Column(leaf) => Some(leaf),
        }
    }

    /// Whether it has members and no value.
    #[must_use]
    pub fn is_group(self) -> bool {
        self.node().kind == NodeKind::Group
    }

    /// Whether it is another path to a node, and where it leads.
    #[must_use]
    pub fn link_target(self) -> Option<&'a str> {
        match &self.node().kind {
            NodeKind::Link { target } => Some(target),
            _ => None,
        }
    }

    /// Whether it is another path to a node.
    #[must_use]
    pub fn is_link(self) -> bool {
        self.link_target().is_some()
    }

    /// Whether it has one value for each run.
    #[must_use]
    pub fn is_column(self) -> bool {
        matches!(self.node().kind, NodeKind::Column(_))
    }

    /// Whether a run of this status has a value here: results are there when it is done.
    pub(crate) fn has_value_of(self, status: RunStatus) -> bool {
        status == RunStatus::Done || !self.is_column() || !self.path().starts_with("results/")
    }

    /// The group it is in; `None` for a branch.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        self.any.tree().parents[self.number].map(|number| Self { number, ..self })
    }

    /// The direct members of a group, in the order of their making.
    pub fn children(self) -> impl ExactSizeIterator<Item = Self> + use<'a> {
        self.any.tree().children[self.number].iter().map(move |&number| Self { number, ..self })
    }

    /// Everything below, level by level.
    pub fn descendants(self) -> impl Iterator<Item = Self> + use<'a> {
        Descendants { waiting: self.children().collect() }
    }

    /// The values and columns below, level by level.
    pub fn leaves(self) -> impl Iterator<Item = Self> + use<'a> {
        self.descendants().filter(|node| node.leaf().is_some())
    }

    /// The value; of a column all runs at once, with the run as the first dimension.
    ///
    /// # Errors
    /// It is a group, it holds another type, or it cannot be read.
    pub fn get<V: ResultValue>(self) -> Result<V> {
        super::read_value(&self.full_name(), self.cells()?)
    }

    /// The value, whatever its type.
    ///
    /// # Errors
    /// It is a group, or it cannot be read.
    pub fn value(self) -> Result<Value> {
        if self.is_column() {
            let cells = self.any.reader().rows(self.path(), 0..self.any.header().n_runs)?;
            return Ok(Value::of_column(&cells));
        }
        Ok(Value::of(&self.cells()?.cell(0)))
    }

    /// The value as one cell.
    ///
    /// # Errors
    /// As [`NodeRef::value`]; and arrays that differ in shape from run to run form no cell.
    pub fn cells(self) -> Result<Cells> {
        self.refuse_group()?;
        Ok(self.any.reader().read(self.path())?)
    }

    /// The value of one run, of a column.
    pub(super) fn row(self, run: usize) -> Result<Cells> {
        Ok(self.any.reader().rows(self.path(), run..run + 1)?)
    }

    pub(super) fn refuse_group(self) -> Result<()> {
        if !self.is_group() {
            return Ok(());
        }
        let members = self.children().map(Self::full_name).collect();
        Err(super::TrajectoryError::Group { name: self.full_name(), members }.into())
    }
}

/// A node gives the facts of the storage as well: `path` and `kind`.
impl Deref for NodeRef<'_> {
    type Target = Node;

    fn deref(&self) -> &Node {
        self.node()
    }
}

impl fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeRef(`{}`)", self.full_name())
    }
}

impl PartialEq for NodeRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.any, other.any) && self.number == other.number
    }
}

/// Breadth first.
struct Descendants<'a> {
    waiting: VecDeque<NodeRef<'a>>,
}

impl<'a> Iterator for Descendants<'a> {
    type Item = NodeRef<'a>;

    fn next(&mut self) -> Option<NodeRef<'a>> {
        let node = self.waiting.pop_front()?;
        self.waiting.extend(node.children());
        Some(node)
    }
}

/// Walking through the whole tree.
impl AnyTrajectory {
    /// The branches: `parameters`, `results` and so on.
    pub fn children(&self) -> impl ExactSizeIterator<Item = NodeRef<'_>> {
        self.tree().branches.iter().map(|&number| NodeRef::new(self, number))
    }

    /// All nodes, level by level.
    pub fn descendants(&self) -> impl Iterator<Item = NodeRef<'_>> {
        Descendants { waiting: self.children().collect() }
    }

    /// All values and columns, level by level.
    pub fn leaves(&self) -> impl Iterator<Item = NodeRef<'_>> {
        self.descendants().filter(|node| node.leaf().is_some())
    }
}
