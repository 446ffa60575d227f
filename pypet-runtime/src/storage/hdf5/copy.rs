//! Writing a trajectory whose runs are known already: copies, joined trajectories, compacted files.
//!
//! Nothing is committed before the end, so what is killed on the way leaves nothing behind.

use std::ops::Range;
use std::path::Path;

use hdf5::Group;

use super::access::Replacement;
use super::columns::{self, Column};
use super::file;
use super::groups::ensure_groups;
use super::reader::BRANCHES;
use super::survey::Member;
use super::writer::{Hdf5Writer, Open};
use super::{Place, attributes, edit, survey};
use crate::schema::Leaf;
use crate::storage::{DynamicColumn, Edit, FailedRun, Plan, StorageError};
use crate::value::{Cells, ElementType};

impl Hdf5Writer {
    /// As [`begin`](crate::storage::TrajectoryWriter::begin), but without a commit; `order` gives the run at each
    /// point of the grid where that is not simply the next.
    ///
    /// # Errors
    /// The place cannot take it.
    pub fn begin_copy(
        &mut self,
        plan: &Plan,
        order: Option<&[usize]>,
        columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
    ) -> Result<(), StorageError> {
        self.open = Some(Open::create(self, plan, order, columns)?);
        Ok(())
    }

    /// Writes consecutive runs of any column; it is made where it is missing.
    ///
    /// # Errors
    /// The place cannot take it.
    pub fn write_rows(&mut self, path: &str, leaf: &Leaf, first: usize, cells: &Cells) -> Result<(), StorageError> {
        let place = self.place.clone();
        let failed = || place.failed("write", path);
        let open = self.open();
        let mut column = match open.added.remove(path) {
            Some(column) => column,
            None => open.column_at(path, leaf).map_err(failed())?,
        };
        let change = column.write(first, cells).map_err(failed())?;
        if path.starts_with("results/") {
            open.show(&column, &change).map_err(failed())?;
        }
        open.added.insert(path.into(), column);
        Ok(())
    }

    /// Adds a row to the table of failures, and nothing else; `attempt` is the number of the try.
    ///
    /// # Errors
    /// The place cannot take it.
    pub fn write_error(&mut self, run: &FailedRun, attempt: u8) -> Result<(), StorageError> {
        let failed = self.place.failed("write", DynamicColumn::ERRORS);
        let attempt = Cells::from_bytes(ElementType::U8, &[], 1, vec![attempt]);
        self.open().runs.errors.append(run, &attempt).map_err(failed)
    }

    /// Carries out changes of the trajectory that is being written; what is said of a node that it lacks is left out, as
    /// of a result that only runs had which others took the place of.
    ///
    /// # Errors
    /// A change is not possible, or the place cannot take it.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<(), StorageError> {
        let place = self.place.clone();
        self.open().settle(&place)?;
        let trajectory = self.open().trajectory.clone();
        for edit in edits {
            let is_there = match edit {
                Edit::Annotate { path, .. } | Edit::Comment { path, .. } if !path.is_empty() => {
                    edit::exists(&trajectory, path, &self.place)?
                }
                _ => true,
            };
            if is_there {
                edit::apply(self.file(), &trajectory, edit, &self.place)?;
            }
        }
        Ok(())
    }
}

/// The first node of a trajectory that a copy would lack.
pub(super) fn foreign_node(trajectory: &Group) -> hdf5::Result<Option<String>> {
    for (name, target) in survey::members(trajectory)? {
        let path = format!("{}/{name}", trajectory.name());
        let is_scale =
            || trajectory.dataset(&name).is_ok_and(|dataset| attributes::has(&dataset, "CLASS").unwrap_or(false));
        let is_ours = target.is_none() && (VIEWS.contains(&name.as_str()) || is_scale());
        if BRANCHES.contains(&name.as_str()) {
            if let Some(found) = foreign_leaf(&trajectory.group(&name)?)? {
                return Ok(Some(found));
            }
        } else if !is_ours {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn foreign_leaf(group: &Group) -> hdf5::Result<Option<String>> {
    for (name, _) in survey::members(group)?.into_iter().filter(|(_, target)| target.is_none()) {
        let found = match survey::open(group, &name)? {
            Member::Dataset(dataset) => columns::element_of(&dataset)?.is_none().then(|| dataset.name()),
            Member::Group(child) => foreign_leaf(&child)?,
            Member::Foreign => Some(format!("{}/{name}", group.name())),
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

impl Open {
    fn column_at(&self, path: &str, leaf: &Leaf) -> hdf5::Result<Column> {
        let (groups, name) = path.rsplit_once('/').expect("columns lie below a branch");
        let parent = ensure_groups(&self.trajectory, groups)?;
        Column::new(parent, name, leaf.clone(), self.n_runs).with_compressors(&self.compressors).open(&[])
    }
}

/// What shows the branches of a trajectory again.
const VIEWS: [&str; 2] = ["by_run", "grid"];

/// Keeps all writers away from a file while another is made that takes its place.
#[derive(Debug)]
pub struct Rewriting(Replacement);

impl Rewriting {
    /// Takes the right to write, and makes sure that all that lies at the top of the file is pypet's.
    ///
    /// # Errors
    /// The file is being written, cannot be read, or holds what a copy of its trajectories would lack.
    pub fn begin(path: &Path) -> Result<Self, StorageError> {
        let replacement = Replacement::begin(path)?;
        let opened = file::open(path)?;
        let place = Place::new(path);
        let members = opened.member_names().map_err(place.failed("list", "/"))?;
        let known = file::trajectories(path)?;
        let mut foreign = members.into_iter().find(|name| !known.contains(name));
        for name in &known {
            if foreign.is_none() {
                let found = opened.group(name).and_then(|trajectory| foreign_node(&trajectory));
                foreign = found.map_err(place.failed("look through", name))?;
            }
        }
        match foreign {
            None => Ok(Self(replacement)),
            Some(path) => Err(place.malformed(&path, "it would be lost; move it to another file")),
        }
    }

    /// Puts the new file in the place of the old one, at once.
    ///
    /// # Errors
    /// The system refuses, or a commit is still waiting for readers of the old file.
    pub fn replace_by(self, new: &Path) -> Result<(), StorageError> {
        self.0.replace_by(new)
    }
}
