//! Giving a stored trajectory further runs.

use std::ops::Range;
use std::path::Path;

use hdf5::{Dataset, Group};

use super::access::WritableFile;
use super::columns::{self, Column};
use super::file::{self, Wanted};
use super::groups::ensure_groups;
use super::survey::{self, Found, Member};
use super::views::{self, Views};
use super::{Place, annotations, attributes, edit, raw, writer};
use crate::schema::Leaf;
use crate::storage::{Coordinate, DynamicColumn, Edit, Expansion, Plan, State, StorageError, check_refusal};
use crate::value::Cells;

/// Rows of coordinates that are computed and written at a time.
const COORDINATE_ROWS: usize = 16_384;

/// Appends runs to a trajectory, all with one commit; they are pending then.
///
/// Of the plan's values only those that the trajectory lacks are written. `columns` gives the values of all coordinates for
/// a range of runs.
///
/// # Errors
/// The file cannot be written, or was changed since the plan was made; then it stays as it was.
pub fn expand(
    path: &Path,
    new: Expansion<'_>,
    columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
) -> Result<(), StorageError> {
    expand_in(file::open_to_write(path)?, path, new, columns)
}

/// The same in a file that is open.
pub(super) fn expand_in(
    file: WritableFile,
    path: &Path,
    new: Expansion<'_>,
    columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
) -> Result<(), StorageError> {
    let Expansion { plan, n_before, order } = new;
    let name = &plan.header.name;
    let place = Place::new(path);
    let (_, trajectory) = file::find(&file, path, Wanted::Named(name))?;
    if edit::n_runs_of(&trajectory, &place)? != n_before {
        return Err(StorageError::Changed { name: name.clone() });
    }
    let appending = Appending { trajectory, plan, n_before, order, place };
    let notes = appending.notes()?;
    appending.carry_out(columns)?;
    notes.iter().try_for_each(|note| edit::apply(&file, &appending.trajectory, note, &appending.place))?;
    drop(appending);
    file.close()
}

struct Appending<'a> {
    trajectory: Group,
    plan: &'a Plan,
    n_before: usize,
    order: Option<&'a [usize]>,
    place: Place,
}

impl Appending<'_> {
    fn carry_out(&self, values: &mut dyn FnMut(Range<usize>) -> Vec<Cells>) -> Result<(), StorageError> {
        let (trajectory, plan) = (&self.trajectory, self.plan);
        let n_runs = plan.header.n_runs;
        let failed = |what: &str| self.place.failed("expand", &format!("{}/{what}", plan.header.name));
        let results = self.survey("results")?;
        self.leave_views(&results).map_err(failed("by_run"))?;
        for branch in ["results", "runs"] {
            for found in self.survey(branch)? {
                let column = Column::new(found.parent, &found.name, found.leaf, self.n_before).open(&[]);
                column.and_then(|mut column| column.grow(n_runs)).map_err(failed(&found.path))?;
            }
        }
        self.write_values().map_err(failed("parameters"))?;
        let coordinates = self.write_coordinates(values)?;
        writer::write_header(trajectory, plan).map_err(failed(""))?;
        attributes::set_text(trajectory, "state", State::Running.word()).map_err(failed(""))?;
        views::grow_run_scale(trajectory, self.n_before, n_runs).map_err(failed("run"))?;
        self.enter_views(&results, &coordinates).map_err(failed("by_run"))
    }

    /// What was said since they were written of coordinates that are about to be written anew.
    fn notes(&self) -> Result<Vec<Edit>, StorageError> {
        let mut notes = Vec::new();
        for Coordinate { path, leaf, .. } in &self.plan.coordinates {
            let failed = || self.place.failed("read the annotations of", path);
            let (group, name) = path.rsplit_once('/').expect("coordinates lie below a branch");
            if !edit::exists(&self.trajectory, path, &self.place)?
                || self.trajectory.group(group).and_then(|group| holds(&group, name, leaf)).map_err(failed())?
            {
                continue;
            }
            let node = edit::at(&self.trajectory, path, &self.place)?.map_err(failed())?;
            if let Some(text) = attributes::text(&node, "comment").map_err(failed())? {
                notes.push(Edit::Comment { path: path.clone(), text });
            }
            let annotations = annotations::all(&node).map_err(failed())?;
            let note = |(key, value)| Edit::Annotate { path: path.clone(), key, value };
            notes.extend(annotations.into_iter().map(note));
        }
        Ok(notes)
    }

    fn survey(&self, branch: &str) -> Result<Vec<Found>, StorageError> {
        let failed = self.place.failed("look through", branch);
        survey::columns_below(&self.trajectory, branch, &self.plan.header.schema).map_err(failed)
    }

    /// Takes everything out of both faces, so that nothing refers to what is about to change.
    fn leave_views(&self, results: &[Found]) -> hdf5::Result<()> {
        let views = Views::open(&self.trajectory, self.n_before)?;
        for found in results.iter().filter(|found| found.dataset.is_some()) {
            views.remove(&found.leaf)?;
        }
        for branch in ["explored", "derived_parameters", "runs"] {
            for found in survey::columns_below(&self.trajectory, branch, &self.plan.header.schema)? {
                found.dataset.map_or(Ok(()), |dataset| views.remove_dimensions(&dataset))?;
            }
        }
        views.dissolve()
    }

    fn enter_views(&self, results: &[Found], coordinates: &[Column]) -> hdf5::Result<()> {
        let views = Views::create(&self.trajectory, self.plan, self.order)?;
        for (coordinate, column) in self.plan.coordinates.iter().zip(coordinates) {
            let Some(dataset) = column.dataset() else { continue };
            if coordinate.explored {
                views.add_coordinate(&coordinate.label, &coordinate.path, &coordinate.leaf, dataset)?;
            } else {
                views.add_dimensions(&coordinate.leaf, dataset)?;
            }
        }
        for found in survey::columns_below(&self.trajectory, "runs", &self.plan.header.schema)? {
            let is_annotation = found.path.starts_with(DynamicColumn::ANNOTATIONS);
            if let Some(dataset) = found.dataset.filter(|_| !is_annotation) {
                views.add_dimensions(&found.leaf, &dataset)?;
            }
        }
        let mut dense = results.iter().filter_map(|found| Some((found, found.dataset.as_ref()?)));
        let add =
            |(found, dataset): (&Found, &Dataset)| views.add(&found.path, &found.leaf, &dataset.shape()[1..], dataset);
        dense.try_for_each(add)
    }

    /// What the trajectory lacks of the plan's values, and which parameters are explored now.
    fn write_values(&self) -> hdf5::Result<()> {
        for value in &self.plan.values {
            if !self.has(&value.path)? {
                writer::write_value(&self.trajectory, value)?;
            } else if let Some(explored) = value.explored {
                attributes::set(&**self.trajectory.dataset(&value.path)?, "explored", &u8::from(explored))?;
            }
        }
        Ok(())
    }

    fn has(&self, path: &str) -> hdf5::Result<bool> {
        let groups = path.match_indices('/').map(|(end, _)| &path[..end]);
        for part in groups.chain([path]) {
            if !raw::link_exists(&self.trajectory, part)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn write_coordinates(
        &self,
        values: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
    ) -> Result<Vec<Column>, StorageError> {
        let failed = |what: &str| self.place.failed("expand", what);
        let n_runs = self.plan.header.n_runs;
        let mut made = Vec::new();
        for coordinate in &self.plan.coordinates {
            let column = self.coordinate(&coordinate.path, &coordinate.leaf);
            made.push(column.map_err(failed(&coordinate.path))?);
        }
        // What was stored before is only computed for columns that are new.
        let old = if made.iter().any(|(_, is_new)| *is_new) { 0..self.n_before } else { 0..0 };
        for (part, is_old) in [(old, true), (self.n_before..n_runs, false)] {
            for first in part.clone().step_by(COORDINATE_ROWS) {
                let runs = first..(first + COORDINATE_ROWS).min(part.end);
                for ((column, is_new), cells) in made.iter_mut().zip(values(runs)) {
                    if is_old && !*is_new {
                        continue;
                    }
                    let name = column.leaf.name.clone();
                    check_refusal(&column.leaf, &cells)?;
                    column.write(first, &cells).map_err(failed(&name))?;
                }
            }
        }
        for (column, _) in &mut made {
            column.submit().and_then(|()| column.settle()).map_err(failed(&column.leaf.name))?;
        }
        Ok(made.into_iter().map(|(column, _)| column).collect())
    }

    /// A coordinate's column with room for all runs, and whether it is new.
    fn coordinate(&self, path: &str, leaf: &Leaf) -> hdf5::Result<(Column, bool)> {
        let (groups, name) = path.rsplit_once('/').expect("coordinates lie below a branch");
        let group = ensure_groups(&self.trajectory, groups)?;
        if raw::link_exists(&group, name)? && !holds(&group, name, leaf)? {
            group.unlink(name)?;
        }
        let mut column =
            Column::new(group, name, leaf.clone(), self.n_before).open(std::slice::from_ref(&(0..self.n_before)))?;
        let is_new = !column.exists();
        column.grow(self.plan.header.n_runs)?;
        Ok((column, is_new))
    }
}

/// Whether what is there is a column that can take values of this type: not a single value, as what is derived from
/// parameters that did not vary before, and not narrower numbers, as of a parameter that was widened since.
fn holds(group: &Group, name: &str, leaf: &Leaf) -> hdf5::Result<bool> {
    let element = Some(leaf.value_type.element);
    match survey::open(group, name)? {
        Member::Dataset(dataset) => {
            Ok(attributes::has(&dataset, columns::LAYOUT)? && columns::element_of(&dataset)? == element)
        }
        Member::Group(ragged) => Ok(columns::element_of(&ragged.dataset("values")?)? == element),
        Member::Foreign => Ok(false),
    }
}
