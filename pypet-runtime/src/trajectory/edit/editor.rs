//! Annotations, comments, links, summaries and names of a stored trajectory.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::result::{Members, ResultGroup};
use crate::run::is_valid_name;
use crate::schema::Leaf;
use crate::storage::{self, Edit, Node, NodeKind, StorageError, links_to};
use crate::trajectory::{AnyTrajectory, links, naming};
use crate::value::{Cells, ResultValue};

/// Changes of a stored trajectory, carried out together by [`commit`](Self::commit); dropping it changes nothing.
///
/// Nodes are named as in [`AnyTrajectory::node`], and the empty name is the trajectory itself.
///
/// # Examples
/// ```text
/// let mut edit = TrajectoryEditor::open("hdf5/firing_rate.h5")?;
/// edit.annotate("", "analysed_by", "Ada")?;
/// edit.set_comment("results.rate", "mean over the second half")?;
/// edit.add_result("best_rate", 12.5)?;
/// edit.commit()?;
/// ```
#[derive(Debug)]
#[must_use = "nothing is changed before `commit`"]
pub struct TrajectoryEditor {
    file: PathBuf,
    name: String,
    nodes: Vec<Node>,
    edits: Vec<Edit>,
}

impl TrajectoryEditor {
    /// Changes the newest trajectory of a file.
    ///
    /// # Errors
    /// As [`AnyTrajectory::open`].
    pub fn open(file: impl AsRef<Path>) -> Result<Self> {
        AnyTrajectory::open(file)?.edit()
    }

    /// Changes the trajectory of this name.
    ///
    /// # Errors
    /// As [`AnyTrajectory::open`].
    pub fn open_named(file: impl AsRef<Path>, name: &str) -> Result<Self> {
        AnyTrajectory::open_named(file, name)?.edit()
    }

    /// Gives a node an annotation, or an annotation another value: a number, a truth value, text, or an array.
    ///
    /// # Errors
    /// Nothing or too much fits the name, or the key is no name.
    #[expect(clippy::needless_pass_by_value, reason = "a note that was taken is done with")]
    pub fn annotate<V: ResultValue>(&mut self, node: &str, key: &str, value: V) -> Result<&mut Self> {
        check_name(key)?;
        let path = self.path(node)?;
        Ok(self.push(Edit::Annotate { path, key: key.into(), value: one_cell(&value) }))
    }

    /// Takes an annotation away.
    ///
    /// # Errors
    /// Nothing or too much fits the name.
    pub fn remove_annotation(&mut self, node: &str, key: &str) -> Result<&mut Self> {
        let path = self.path(node)?;
        Ok(self.push(Edit::RemoveAnnotation { path, key: key.into() }))
    }

    /// Gives a node another comment.
    ///
    /// # Errors
    /// Nothing or too much fits the name.
    pub fn set_comment(&mut self, node: &str, comment: &str) -> Result<&mut Self> {
        let path = self.path(node)?;
        Ok(self.push(Edit::Comment { path, text: comment.into() }))
    }

    /// Makes a second path to a node; a name without a branch lies below `results`.
    ///
    /// # Errors
    /// The name is none or taken, nothing or too much fits the target, or the link would lie in its own target.
    pub fn link(&mut self, name: &str, target: &str) -> Result<&mut Self> {
        let path = self.new_path(name)?;
        let target = self.path(target)?;
        if path.starts_with(&format!("{target}/")) {
            return Err(EditError::LinkIntoItself { link: dotted(&path), target: dotted(&target) }.into());
        }
        self.nodes.push(Node { path: path.clone(), kind: NodeKind::Link { target: target.clone() } });
        Ok(self.push(Edit::Link { path, target }))
    }

    /// Adds a result of the trajectory as a whole, as `results/<name>`.
    ///
    /// # Errors
    /// The name is none or taken.
    pub fn add_result<V: ResultValue>(&mut self, name: &str, value: V) -> Result<&mut Self> {
        self.add_result_with(name, "", "", value)
    }

    /// As [`add_result`](Self::add_result), with a unit and a comment.
    ///
    /// # Errors
    /// As there.
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn add_result_with<V: ResultValue>(
        &mut self,
        name: &str,
        unit: &str,
        comment: &str,
        value: V,
    ) -> Result<&mut Self> {
        let path = self.new_path(name)?;
        let name = dotted(path.split_once('/').map_or(path.as_str(), |(_, below)| below));
        let leaf = Leaf::new(&name, V::value_type()).with_unit(unit).with_comment(comment);
        self.nodes.push(Node { path: path.clone(), kind: NodeKind::Value(leaf.clone()) });
        Ok(self.push(Edit::AddValue { path, leaf, value: one_cell(&value) }))
    }

    /// Adds a group of results of the trajectory as a whole, such as a `Table`, as `results/<name>/<member>`.
    ///
    /// # Errors
    /// The name of the group or of a member is none, or taken.
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn add_group<G: ResultGroup>(&mut self, name: &str, group: G) -> Result<&mut Self> {
        let path = self.new_path(name)?;
        let values = group_values(&path, &group)?;
        self.nodes.push(Node { path, kind: NodeKind::Group });
        for (path, leaf, value) in values {
            self.nodes.push(Node { path: path.clone(), kind: NodeKind::Value(leaf.clone()) });
            self.push(Edit::AddValue { path, leaf, value });
        }
        Ok(self)
    }

    /// Puts another value in the place of a result of the trajectory as a whole; unit, comment, annotations and the
    /// links to it stay.
    ///
    /// # Errors
    /// Nothing or too much fits the name, or it has a value for each run.
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn overwrite_result<V: ResultValue>(&mut self, name: &str, value: V) -> Result<&mut Self> {
        let path = self.path(name)?;
        let path = self.nodes[links::follow(&self.nodes, &path)?].path.clone();
        let kind = self.nodes.iter().find(|node| node.path == path).map(|node| node.kind.clone());
        match kind {
            Some(NodeKind::Value(leaf)) if path.starts_with("results/") => {
                let leaf = Leaf { value_type: V::value_type(), ..leaf };
                Ok(self.push(Edit::ReplaceValue { path, leaf, value: one_cell(&value) }))
            }
            _ => Err(EditError::NotASummary { name: dotted(&path) }.into()),
        }
    }

    /// Deletes a result, an entry of `config`, a group of these, or a link, and all links to it.
    ///
    /// The space is given back by [`compact`](super::compact).
    ///
    /// # Errors
    /// Nothing or too much fits the name.
    pub fn remove(&mut self, name: &str) -> Result<&mut Self> {
        let path = self.path(name)?;
        let is_below = |other: &str| other == path || other.starts_with(&format!("{path}/"));
        let link = |node: &Node| match &node.kind {
            NodeKind::Link { target } => Some((node.path.clone(), target.clone())),
            _ => None,
        };
        let links: Vec<(String, String)> = self.nodes.iter().filter_map(link).collect();
        let links = links_to(&path, &links);
        self.nodes.retain(|node| !is_below(&node.path) && !links.contains(&node.path));
        Ok(self.push(Edit::Remove { path }))
    }

    /// Gives the trajectory another name.
    ///
    /// # Errors
    /// It is no name for a trajectory.
    pub fn rename(&mut self, name: &str) -> Result<&mut Self> {
        if !is_valid_name(name) || name.contains('.') {
            return Err(Error::TrajectoryName { name: name.into() });
        }
        Ok(self.push(Edit::Rename { name: name.into() }))
    }

    /// Carries all changes out, wholly or not at all.
    ///
    /// # Errors
    /// The file cannot be written, or a change is not possible.
    pub fn commit(self) -> Result<()> {
        Ok(storage::hdf5::edit(&self.file, &self.name, &self.edits)?)
    }

    fn push(&mut self, edit: Edit) -> &mut Self {
        self.edits.push(edit);
        self
    }

    fn path(&self, name: &str) -> Result<String> {
        path_of(&self.nodes, name)
    }

    fn new_path(&self, name: &str) -> Result<String> {
        check_name(name)?;
        let path = name.replace('.', "/");
        let has_branch = self.nodes.iter().any(|node| path.starts_with(&format!("{}/", node.path)));
        let path = if has_branch { path } else { format!("results/{path}") };
        let is_leaf = |node: &&Node| matches!(node.kind, NodeKind::Value(_) | NodeKind::Column(_));
        if self.nodes.iter().filter(is_leaf).any(|leaf| path.starts_with(&format!("{}/", leaf.path))) {
            return Err(StorageError::inside_value(&path, "added").into());
        }
        if self.nodes.iter().any(|node| node.path == path) {
            return Err(StorageError::Exists { path: dotted(&path) }.into());
        }
        Ok(path)
    }
}

impl AnyTrajectory {
    /// Changes this trajectory; what is opened already goes on showing what was there.
    ///
    /// # Errors
    /// The trajectory is in memory.
    pub fn edit(&self) -> Result<TrajectoryEditor> {
        let file = self.path().ok_or(EditError::NoFile)?.to_owned();
        let nodes = self.nodes().to_vec();
        Ok(TrajectoryEditor { file, name: self.header().name.clone(), nodes, edits: Vec::new() })
    }
}

/// Why a trajectory cannot be changed so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// A trajectory in memory ends with its program.
    #[error("a trajectory in memory cannot be changed; use `Environment::new(file)`")]
    NoFile,
    /// A name that would be no path.
    #[error("`{name}` is no name for a node; use letters, digits and `_`, with dots between groups")]
    Name {
        /// The name given.
        name: String,
    },
    /// A link in the group that it leads to.
    #[error("the link `{link}` would lie in its own target `{target}`; put it elsewhere")]
    LinkIntoItself {
        /// The link.
        link: String,
        /// Where it leads.
        target: String,
    },
    /// Results of runs are not overwritten.
    #[error("`{name}` is no result of the trajectory as a whole; only these can be overwritten")]
    NotASummary {
        /// The node.
        name: String,
    },
}

/// The path of a node; empty for the trajectory itself.
pub(super) fn path_of(nodes: &[Node], name: &str) -> Result<String> {
    if name.is_empty() { Ok(String::new()) } else { Ok(nodes[naming::resolve(nodes, name)?.0].path.clone()) }
}

pub(super) fn check_name(name: &str) -> Result<()> {
    if is_valid_name(name) { Ok(()) } else { Err(EditError::Name { name: name.into() }.into()) }
}

pub(super) fn one_cell<V: ResultValue>(value: &V) -> Cells {
    let mut cells = Cells::of(&V::value_type());
    value.write(&mut cells);
    cells
}

/// The members of a group, each with its path below that of the group.
pub(super) fn group_values<G: ResultGroup>(path: &str, group: &G) -> Result<Vec<(String, Leaf, Cells)>> {
    let mut members = Members::default();
    group.put(&mut members);
    let name = dotted(path.split_once('/').map_or(path, |(_, below)| below));
    let mut values = Vec::new();
    for (leaf, value) in members.into_members() {
        check_name(&leaf.name)?;
        let path = format!("{path}/{}", leaf.name.replace('.', "/"));
        let leaf = Leaf { name: format!("{name}.{}", leaf.name), ragged: false, ..leaf };
        values.push((path, leaf, value));
    }
    Ok(values)
}

fn dotted(path: &str) -> String {
    path.replace('/', ".")
}
