//! Writing a trajectory whose runs are known already: copies, joined trajectories, compacted files.
//!
//! Nothing is committed before the end, so what is killed on the way leaves nothing behind.

use std::ops::Range;
use std::path::Path;

use super::access::Replacement;
use super::columns::Column;
use super::file;
use super::groups::ensure_groups;
use super::writer::{Hdf5Writer, Open};
use super::{Place, edit};
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
        let file = self.file.as_ref().expect("open until the trajectory is finished");
        self.open = Some(Open::create(file, &self.name, &self.place, plan, order, columns)?);
        Ok(())
    }

    /// Writes consecutive runs of any column; it is made where it is missing.
    ///
    /// # Errors
    /// The place cannot take it.
    pub fn write_rows(&mut self, path: &str, leaf: &Leaf, first: usize, cells: &Cells) -> Result<(), StorageError> {
        let failed = || self.place.clone().failed("write", path);
        let open = self.open.as_mut().expect("a trajectory begins before it is written to");
        if !open.added.contains_key(path) {
            let (groups, name) = path.rsplit_once('/').expect("columns lie below a branch");
            let parent = ensure_groups(&open.trajectory, groups).map_err(failed())?;
            let column = Column::new(parent, name, leaf.clone(), open.n_runs).open(&[]).map_err(failed())?;
            open.added.insert(path.into(), column);
        }
        let column = open.added.get_mut(path).expect("just inserted");
        let change = column.write(first, cells).map_err(failed())?;
        if !path.starts_with("results/") {
            return Ok(());
        }
        open.show(&open.added[path], &change).map_err(failed())
    }

    /// Adds a row to the table of failures, and nothing else; `attempt` is the number of the try.
    ///
    /// # Errors
    /// The place cannot take it.
    pub fn write_error(&mut self, run: &FailedRun, attempt: u8) -> Result<(), StorageError> {
        let open = self.open.as_mut().expect("a trajectory begins before it is written to");
        open.runs.errors.append(run, &Cells::from_bytes(ElementType::U8, &[], 1, vec![attempt])).map_err(self.place.failed("write", DynamicColumn::ERRORS))
    }

    /// Carries out changes of the trajectory that is being written.
    ///
    /// # Errors
    /// A change is not possible, or the place cannot take it.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<(), StorageError> {
        let file = self.file.as_ref().expect("open until the trajectory is finished");
        let open = self.open.as_ref().expect("a trajectory begins before it is written to");
        edits.iter().try_for_each(|edit| edit::apply(file, &open.trajectory, edit, &self.place))
    }
}

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
        match members.into_iter().find(|name| !known.contains(name)) {
            None => Ok(Self(replacement)),
            Some(foreign) => {
                Err(place.malformed(&foreign, "it is no trajectory, and would be lost; move it to another file"))
            }
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
