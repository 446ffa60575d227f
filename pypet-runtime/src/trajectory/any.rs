//! Trajectories of which nothing is known beforehand.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use super::{TrajectoryError, links, naming, tree};
use crate::error::Result;
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::hdf5::Hdf5Reader;
use crate::storage::{Header, Node, NodeKind, TrajectoryReader};
use crate::value::{Cells, ResultValue};

/// A trajectory whose experiment the program need not know: nodes are found by natural naming at run time.
///
/// Opening reads names; data come when they are asked for.
///
/// # Examples
/// ```text
/// let any = AnyTrajectory::open("hdf5/firing_rate.h5")?;
/// let i: f64 = any.get("neuron.i")?; // the shortcut for `parameters.neuron.i`
/// println!("{any}");
/// ```
pub struct AnyTrajectory {
    reader: Box<dyn TrajectoryReader>,
    nodes: Vec<Node>,
}

impl AnyTrajectory {
    /// Opens the newest trajectory of a file.
    ///
    /// # Errors
    /// The file cannot be read, is not pypet's, or has no trajectory.
    pub fn open(file: impl AsRef<Path>) -> Result<Self> {
        Self::from_reader(Box::new(Hdf5Reader::newest(file.as_ref())?))
    }

    /// Opens the trajectory of this name.
    ///
    /// # Errors
    /// As [`AnyTrajectory::open`].
    pub fn open_named(file: impl AsRef<Path>, name: &str) -> Result<Self> {
        Self::from_reader(Box::new(Hdf5Reader::named(file.as_ref(), name)?))
    }

    pub(crate) fn from_reader(reader: Box<dyn TrajectoryReader>) -> Result<Self> {
        let nodes = reader.nodes()?;
        Ok(Self { reader, nodes })
    }

    /// What is known of the trajectory as a whole.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.reader.header()
    }

    /// The file, unless the trajectory is in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.reader.path()
    }

    /// All nodes, parents before children.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of a name: a path with dots in which groups may be left out; the shallowest match wins.
    ///
    /// # Errors
    /// Nothing fits the name, or several nodes of one depth do.
    pub fn node(&self, name: &str) -> Result<&Node> {
        match naming::resolve(&self.nodes, name) {
            Ok(node) => Ok(node),
            // The name may lead through a link to a group.
            Err(unknown) => Ok(links::through(&self.nodes, name).unwrap_or(Err(unknown))?),
        }
    }

    /// The node of a name, or the one that it leads to if it is a link.
    ///
    /// # Errors
    /// As [`AnyTrajectory::node`]; and a link leads nowhere, or back to itself.
    pub fn target(&self, name: &str) -> Result<&Node> {
        let node = self.node(name)?;
        Ok(links::follow(&self.nodes, &node.path)?)
    }

    /// The annotations of a node, or of the trajectory itself for an empty name: one cell for each key.
    ///
    /// # Errors
    /// Nothing or too much fits the name, or the file cannot be read.
    pub fn annotations(&self, name: &str) -> Result<BTreeMap<String, Cells>> {
        let path = if name.is_empty() { "" } else { &self.target(name)?.path };
        Ok(self.reader.annotations(path)?)
    }

    /// One annotation of a node, or of the trajectory itself for an empty name.
    ///
    /// # Errors
    /// As [`AnyTrajectory::annotations`]; and there is none of this key, or it holds another type.
    pub fn annotation<V: ResultValue>(&self, name: &str, key: &str) -> Result<V> {
        let all = self.annotations(name)?;
        let Some(cells) = all.get(key) else {
            let (name, keys) = (name.into(), all.into_keys().collect());
            return Err(TrajectoryError::NoAnnotation { name, key: key.into(), keys }.into());
        };
        let value = V::read(cells.cell(0));
        Ok(value.map_err(|source| TrajectoryError::Value { name: format!("{name}, annotation:{key}"), source })?)
    }

    /// A value by its name; of a column all runs at once, with the run as the first dimension.
    ///
    /// # Errors
    /// Nothing or too much fits the name, it is a group, or it holds another type.
    pub fn get<V: ResultValue>(&self, name: &str) -> Result<V> {
        let cells = self.cells(name)?;
        let value = V::read(cells.cell(0));
        Ok(value.map_err(|source| TrajectoryError::Value { name: name.into(), source })?)
    }

    /// A value of whatever type, as one cell.
    ///
    /// # Errors
    /// Nothing or too much fits the name, or it is a group.
    pub fn cells(&self, name: &str) -> Result<Cells> {
        let node = self.target(name)?;
        if node.kind == NodeKind::Group {
            let members = self.members(&node.path).iter().map(|member| member.path.replace('/', ".")).collect();
            return Err(TrajectoryError::Group { name: name.into(), members }.into());
        }
        Ok(self.reader.read(&node.path)?)
    }

    /// The values of some runs from a column, one cell for each.
    ///
    /// # Errors
    /// Nothing or too much fits the name, it is no column, or there are fewer runs.
    pub fn rows(&self, name: &str, runs: Range<usize>) -> Result<Cells> {
        Ok(self.reader.rows(&self.target(name)?.path, runs)?)
    }

    /// How far each run has come.
    ///
    /// # Errors
    /// The run table cannot be read.
    pub fn statuses(&self) -> Result<Vec<RunStatus>> {
        let cells = self.reader.rows("runs/status", 0..self.header().n_runs)?;
        let unknown = |source| TrajectoryError::Value { name: "runs.status".into(), source };
        let codes = u8::read_column(&cells).map_err(unknown)?;
        // A state of a later version is nothing that this one can build on.
        Ok(codes.into_iter().map(|code| RunStatus::from_code(code).unwrap_or(RunStatus::Pending)).collect())
    }

    /// The direct members of a group.
    pub(crate) fn members(&self, group: &str) -> Vec<&Node> {
        let is_member = |node: &&Node| node.path.rsplit_once('/').is_some_and(|(parent, _)| parent == group);
        self.nodes.iter().filter(is_member).collect()
    }

    pub(crate) fn reader(&self) -> &dyn TrajectoryReader {
        &*self.reader
    }

    pub(super) fn leaf_at(&self, path: &str) -> Option<Leaf> {
        match &self.nodes.iter().find(|node| node.path == path)?.kind {
            NodeKind::Group | NodeKind::Link { .. } => None,
            NodeKind::Value(leaf) | NodeKind::Column(leaf) => Some(leaf.clone()),
        }
    }
}

/// The tree with types, shapes, units, comments and a glimpse of the values.
impl fmt::Display for AnyTrajectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree::write(self, None, f)
    }
}

impl fmt::Debug for AnyTrajectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.header();
        write!(f, "AnyTrajectory `{}` of `{}` ({} runs)", header.name, header.experiment, header.n_runs)
    }
}
