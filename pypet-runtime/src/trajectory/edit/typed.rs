//! What a program adds to its own trajectory, as in the post-processing `finish = …`.

use super::editor::{EditError, check_name, group_values, one_cell, path_of};
use crate::error::Result;
use crate::experiment::Experiment;
use crate::result::ResultGroup;
use crate::schema::Leaf;
use crate::storage::hdf5::{self, Hdf5Reader};
use crate::storage::{Edit, Node, NodeKind, StorageError, TrajectoryReader};
use crate::trajectory::Trajectory;
use crate::value::{Cells, ResultValue};

impl<E: Experiment> Trajectory<E> {
    /// Adds a result of the trajectory as a whole, as `results/<name>`; it is stored with [`store`](Self::store),
    /// and by itself after `finish`.
    ///
    /// Takes the place of one that an earlier post-processing left under this name.
    ///
    /// # Errors
    /// The name is none, or that of a result of the runs.
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn add_result<V: ResultValue>(&mut self, name: &str, value: V) -> Result<()> {
        check_name(name)?;
        let path = format!("results/{}", name.replace('.', "/"));
        let leaf = Leaf::new(name, V::value_type());
        self.put(&path, vec![(path.clone(), leaf, one_cell(&value))])
    }

    /// Adds a group of results of the trajectory as a whole, such as a `Table`, as `results/<name>/<member>`; stored
    /// as by [`add_result`](Self::add_result), and as there in place of an earlier one.
    ///
    /// # Errors
    /// The name of the group or of a member is none, or that of a result of the runs.
    #[expect(clippy::needless_pass_by_value, reason = "a result that was added is done with")]
    pub fn add_group<G: ResultGroup>(&mut self, name: &str, group: G) -> Result<()> {
        check_name(name)?;
        let path = format!("results/{}", name.replace('.', "/"));
        let values = group_values(&path, &group)?;
        self.put(&path, values)
    }

    /// Puts values at and below a path, where an earlier post-processing may have left others; what runs left there is
    /// an error. A value that takes the place of another keeps its annotations and the links to it, and its comment if the
    /// new one has none.
    fn put(&mut self, path: &str, values: Vec<(String, Leaf, Cells)>) -> Result<()> {
        let is_there =
            |other: &str| other == path || other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let is_new = |edit: &Edit| match edit {
            Edit::AddValue { path, .. } | Edit::ReplaceValue { path, .. } => is_there(path),
            _ => false,
        };
        let stored: Vec<&Node> = self.any().nodes().iter().filter(|node| is_there(&node.path)).collect();
        let is_summary = stored.iter().all(|node| matches!(node.kind, NodeKind::Value(_) | NodeKind::Group));
        if !is_summary || self.pending.iter().any(is_new) {
            return Err(StorageError::Exists { path: path.into() }.into());
        }
        let old = stored.iter().filter_map(|node| match &node.kind {
            NodeKind::Value(leaf) => Some((node.path.clone(), leaf.comment.clone())),
            _ => None,
        });
        let is_replaced = |(old, _): &(String, String)| values.iter().any(|(path, ..)| path == old);
        let (kept, gone): (Vec<_>, Vec<_>) = old.partition(is_replaced);
        if kept.is_empty() && !stored.is_empty() {
            self.pending.push(Edit::Remove { path: path.into() });
        } else {
            self.pending.extend(gone.into_iter().map(|(path, _)| Edit::Remove { path }));
        }
        for (path, mut leaf, value) in values {
            let Some((_, comment)) = kept.iter().find(|(kept, _)| *kept == path) else {
                self.pending.push(Edit::AddValue { path, leaf, value });
                continue;
            };
            if leaf.comment.is_empty() {
                leaf.comment.clone_from(comment);
            }
            self.pending.push(Edit::ReplaceValue { path, leaf, value });
        }
        Ok(())
    }

    /// Annotates a node, or the trajectory itself for an empty name; stored as by [`add_result`](Self::add_result).
    ///
    /// # Errors
    /// Nothing or too much fits the name, or the key is no name.
    #[expect(clippy::needless_pass_by_value, reason = "a note that was taken is done with")]
    pub fn annotate<V: ResultValue>(&mut self, node: &str, key: &str, value: V) -> Result<()> {
        check_name(key)?;
        let path = path_of(self.any().nodes(), node)?;
        self.pending.push(Edit::Annotate { path, key: key.into(), value: one_cell(&value) });
        Ok(())
    }

    /// Stores what was added, all at once, and opens the trajectory anew; its file is closed in between, since a
    /// system's library does not write to what is being read.
    pub(crate) fn stored(mut self) -> Result<Self> {
        let Some(file) = self.path().filter(|_| !self.pending.is_empty()).map(ToOwned::to_owned) else {
            self.store()?;
            return Ok(self);
        };
        let (name, pending) = (self.name().to_owned(), std::mem::take(&mut self.pending));
        drop(self);
        hdf5::edit(&file, &name, &pending)?;
        Self::open_named(file, &name)
    }

    /// Stores what was added, all at once, and reads the trajectory anew.
    ///
    /// # Errors
    /// The file cannot be written; with a system's HDF5 library it cannot while this or another trajectory of it is
    /// open.
    pub fn store(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let reader: Box<dyn TrajectoryReader> = match (self.any().reader().memory(), self.path()) {
            (Some(memory), _) => {
                memory.edit(&self.pending)?;
                Box::new(memory.reader())
            }
            (None, file) => {
                let file = file.ok_or(EditError::NoFile)?;
                hdf5::edit(file, self.name(), &self.pending)?;
                Box::new(Hdf5Reader::named(file, self.name())?)
            }
        };
        *self = Self::from_reader(reader)?;
        Ok(())
    }
}
