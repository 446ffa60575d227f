//! The two netCDF-4 faces of a trajectory: `by_run` and `grid`.
//!
//! `by_run` holds hard links to the columns, with the run as their dimension. `grid` shows the columns of a
//! Cartesian product shaped by its axes: virtual datasets over the columns of the same file, so nothing is
//! stored twice. xarray opens either as a data set with named dimensions and coordinates.
//!
//! The scales of the dimensions `run` and `v_0`, `v_1`, … lie in the trajectory itself: netCDF-4 looks for a
//! dimension in the group of a variable and in those above, and columns appear in several groups.

use std::ops::Range;

use hdf5::{Dataset, Group, Hyperslab, SliceOrIndex};

use super::columns::{self, new_rows};
use super::groups::new_group;
use super::{attributes, raw};
use crate::schema::Leaf;
use crate::storage::{AxisCells, Coordinate, Plan, PlanAxis};
use crate::value::{Cells, ElementType};

/// The leading dimensions of a face, outermost first, and its auxiliary coordinates.
const DIMENSIONS: &str = "pypet_dimensions";
const COORDINATES: &str = "pypet_coordinates";
/// The variable of the grid that says which run each point is, where runs are in another order.
pub(super) const RUN_INDEX: &str = "run_index";

/// Values along an axis that are in memory at a time.
const AXIS_ROWS: usize = 16_384;

/// Both faces of a trajectory that is being written.
#[derive(Debug)]
pub(super) struct Views {
    trajectory: Group,
    by_run: View,
    grid: Option<View>,
    n_runs: usize,
}

/// One face: a group that is a netCDF-4 data set of its own.
#[derive(Debug)]
struct View {
    group: Group,
    /// The scales of the leading dimensions, outermost first.
    leading: Vec<Dataset>,
    /// The auxiliary coordinates, as the attribute `coordinates` lists them.
    coordinates: Vec<String>,
    /// The run at each point of the grid where that is not simply the next, as in expanded trajectories.
    order: Option<Vec<usize>>,
}

impl Views {
    /// New faces; `order` gives the run at each point of the grid where that is not simply the next.
    pub(super) fn create(trajectory: &Group, plan: &Plan, order: Option<&[usize]>) -> hdf5::Result<Self> {
        let n_runs = plan.header.n_runs;
        let is_variable = |coordinate: &&Coordinate| coordinate.explored && !coordinate.leaf.is_ragged();
        let explored = plan.coordinates.iter().filter(is_variable);
        let by_run = View {
            group: new_group(trajectory, "by_run")?,
            leading: Vec::new(),
            coordinates: explored.map(|coordinate| coordinate.label.clone()).collect(),
            order: None,
        };
        let mut views = Self { trajectory: trajectory.clone(), by_run, grid: None, n_runs };
        let run = if raw::link_exists(trajectory, "run")? {
            trajectory.dataset("run")?
        } else {
            run_scale(trajectory, n_runs)?
        };
        views.by_run.group.link_hard(&views.absolute("run"), "run")?;
        views.by_run.leading.push(run);
        if let Some(axes) = plan.axes.as_ref().filter(|axes| !axes.is_empty()) {
            let group = new_group(trajectory, "grid")?;
            let order = order.map(<[usize]>::to_vec);
            let mut view = View { group, leading: Vec::new(), coordinates: Vec::new(), order };
            for axis in axes {
                let scale = views.axis_scale(&view.group, axis)?;
                // The first one names the dimension, unless its values are arrays.
                let is_shown = |(coordinate, values): &&(Coordinate, AxisCells)| {
                    last_part(&scale.name()) != coordinate.label && common_shape(coordinate, values, axis.len).is_some()
                };
                let shown = axis.coordinates.iter().filter(is_shown).map(|(coordinate, _)| coordinate.label.clone());
                let shown: Vec<String> = shown.collect();
                view.coordinates.extend(shown);
                view.leading.push(scale);
            }
            view.write_order()?;
            views.grid = Some(view);
        }
        for view in std::iter::once(&views.by_run).chain(&views.grid) {
            view.remember()?;
        }
        Ok(views)
    }

    /// The faces of a trajectory that exists.
    pub(super) fn open(trajectory: &Group, n_runs: usize) -> hdf5::Result<Self> {
        let by_run = View::open(trajectory, "by_run")?;
        let grid = raw::link_exists(trajectory, "grid")?.then(|| View::open(trajectory, "grid")).transpose()?;
        Ok(Self { trajectory: trajectory.clone(), by_run, grid, n_runs })
    }

    /// Shows a coordinate among the runs; the grid has it as an axis.
    pub(super) fn add_coordinate(&self, label: &str, path: &str, leaf: &Leaf, dataset: &Dataset) -> hdf5::Result<()> {
        self.by_run.group.link_hard(&self.absolute(path), label)?;
        self.add_dimensions(leaf, dataset)
    }

    /// Says that a column's first dimension is the run, and names those of an array.
    pub(super) fn add_dimensions(&self, leaf: &Leaf, dataset: &Dataset) -> hdf5::Result<()> {
        raw::attach_scale(dataset, &self.by_run.leading[0], 0)?;
        self.add_own_dimensions(leaf, dataset)
    }

    /// Names the dimensions of the arrays along the first one; readers take all dimensions named, or none.
    fn add_own_dimensions(&self, leaf: &Leaf, dataset: &Dataset) -> hdf5::Result<()> {
        let dimensions = self.dimensions(leaf, &dataset.shape()[1..])?;
        dimensions.iter().zip(1..).try_for_each(|(scale, axis)| raw::attach_scale(dataset, scale, axis))
    }

    /// Says no longer what a column's dimensions are.
    pub(super) fn remove_dimensions(&self, dataset: &Dataset) -> hdf5::Result<()> {
        if !attributes::has(dataset, "DIMENSION_LIST")? {
            return Ok(());
        }
        self.remove_own_dimensions(dataset)?;
        raw::detach_scale(dataset, &self.by_run.leading[0], 0)
    }

    /// Files of earlier versions have no names for them.
    fn remove_own_dimensions(&self, dataset: &Dataset) -> hdf5::Result<()> {
        let n_dimensions = dataset.ndim();
        if n_dimensions < 2 {
            return Ok(());
        }
        for scale in self.trajectory.datasets()?.iter().filter(|scale| is_bare_dimension(scale)) {
            for axis in 1..n_dimensions {
                if raw::has_scale(dataset, scale, axis)? {
                    raw::detach_scale(dataset, scale, axis)?;
                }
            }
            self.drop_if_unused(scale)?;
        }
        Ok(())
    }

    fn drop_if_unused(&self, scale: &Dataset) -> hdf5::Result<()> {
        let is_used = attributes::has(scale, "REFERENCE_LIST")?;
        if is_used { Ok(()) } else { self.trajectory.unlink(&last_part(&scale.name())) }
    }

    /// Takes both faces away; their results were removed before.
    pub(super) fn dissolve(self) -> hdf5::Result<()> {
        if let Some(grid) = &self.grid {
            let shown = grid.coordinates.iter().map(|label| grid.group.dataset(label));
            shown.into_iter().try_for_each(|coordinate| self.remove_own_dimensions(&coordinate?))?;
        }
        let names = ["by_run"].into_iter().chain(self.grid.is_some().then_some("grid"));
        names.into_iter().try_for_each(|name| self.trajectory.unlink(name))
    }

    /// Shows a dense column in both faces.
    pub(super) fn add(&self, path: &str, leaf: &Leaf, shape: &[usize], dataset: &Dataset) -> hdf5::Result<()> {
        let label = self.label(leaf)?;
        self.by_run.group.link_hard(&self.absolute(path), &label)?;
        let dimensions = self.dimensions(leaf, shape)?;
        self.by_run.attach(dataset, &dimensions)?;
        if let Some(grid) = &self.grid {
            let from: Vec<usize> = std::iter::once(self.n_runs).chain(shape.iter().copied()).collect();
            grid.add_virtual(&label, &self.absolute(path), leaf, &from, &dimensions)?;
        }
        Ok(())
    }

    /// Gives a result another comment in the grid, whose variables have attributes of their own.
    pub(super) fn comment(&self, result: &str, text: &str) -> hdf5::Result<()> {
        let Some(grid) = &self.grid else { return Ok(()) };
        for label in [result.to_owned(), format!("results.{result}")] {
            let is_coordinate = grid.coordinates.contains(&label) || grid.is_dimension(&label);
            if !is_coordinate && raw::link_exists(&grid.group, &label)? {
                attributes::set_text(&*grid.group.dataset(&label)?, "comment", text)?;
            }
        }
        Ok(())
    }

    /// Takes a column out of both faces; it no longer has one shape.
    pub(super) fn remove(&self, leaf: &Leaf) -> hdf5::Result<()> {
        for view in std::iter::once(&self.by_run).chain(&self.grid) {
            for label in [leaf.name.clone(), format!("results.{}", leaf.name)] {
                // The longer label exists where a coordinate has the short one.
                let is_coordinate = view.coordinates.contains(&label) || view.is_dimension(&label);
                if !is_coordinate && raw::link_exists(&view.group, &label)? {
                    self.remove_from(view, &label, leaf)?;
                }
            }
        }
        Ok(())
    }

    fn remove_from(&self, view: &View, label: &str, leaf: &Leaf) -> hdf5::Result<()> {
        let dataset = view.group.dataset(label)?;
        let dimensions = self.dimensions(leaf, &dataset.shape()[view.leading.len()..])?;
        for (axis, scale) in view.leading.iter().chain(&dimensions).enumerate() {
            raw::detach_scale(&dataset, scale, axis)?;
        }
        for scale in &dimensions {
            self.drop_if_unused(scale)?;
        }
        view.group.unlink(label)
    }

    /// The name of a result in both faces; longer where a coordinate has the short one.
    fn label(&self, leaf: &Leaf) -> hdf5::Result<String> {
        for view in std::iter::once(&self.by_run).chain(&self.grid) {
            if raw::link_exists(&view.group, &leaf.name)? {
                return Ok(format!("results.{}", leaf.name));
            }
        }
        Ok(leaf.name.clone())
    }

    /// The scales of the dimensions that a value has of its own.
    fn dimensions(&self, leaf: &Leaf, shape: &[usize]) -> hdf5::Result<Vec<Dataset>> {
        shape.iter().enumerate().map(|(axis, &length)| self.dimension(&leaf.dim(axis), length)).collect()
    }

    /// A dimension without values, shared by all datasets that name it and agree on its length.
    fn dimension(&self, name: &str, length: usize) -> hdf5::Result<Dataset> {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        for name in std::iter::once(name.to_owned()).chain(numbered) {
            if !raw::link_exists(&self.trajectory, &name)? {
                let scale = self.trajectory.new_dataset::<f32>().shape([length]).create(name.as_str())?;
                // The phrase by which netCDF-4 knows a dimension that is no variable.
                let phrase = format!("This is a netCDF dimension but not a netCDF variable.{length:10}");
                raw::set_scale(&scale, &phrase)?;
                return Ok(scale);
            }
            let existing = self.trajectory.dataset(&name)?;
            if is_bare_dimension(&existing) && existing.shape() == [length] {
                return Ok(existing);
            }
        }
        unreachable!("there is always a next number")
    }

    /// The scale of an axis with its values; coordinates in lock step with it become variables along it.
    fn axis_scale(&self, group: &Group, axis: &PlanAxis) -> hdf5::Result<Dataset> {
        let (first, values) = &axis.coordinates[0];
        let scale = if first.leaf.value_type.is_scalar() {
            let scale = axis_values(group, first, values, axis.len, &[])?;
            raw::set_scale(&scale, &first.label)?;
            scale
        } else {
            // An array is no coordinate value: the dimension counts, and the arrays lie along it.
            let name = format!("{}_index", first.label);
            let scale = new_rows(group, &name, ElementType::I64, axis.len, &[])?;
            for points in parts(axis.len) {
                let mut positions = Cells::new(ElementType::I64, 0);
                points.clone().for_each(|i| positions.push_number(i64::try_from(i).expect("positions fit")));
                raw::write_rows(&scale, points.start, &positions)?;
            }
            raw::set_scale(&scale, &name)?;
            self.add_along(group, first, values, axis.len, &scale)?;
            scale
        };
        for (coordinate, values) in &axis.coordinates[1..] {
            self.add_along(group, coordinate, values, axis.len, &scale)?;
        }
        Ok(scale)
    }

    fn add_along(
        &self,
        group: &Group,
        coordinate: &Coordinate,
        values: &AxisCells,
        len: usize,
        scale: &Dataset,
    ) -> hdf5::Result<()> {
        let Some(shape) = common_shape(coordinate, values, len) else { return Ok(()) };
        let dataset = axis_values(group, coordinate, values, len, &shape)?;
        raw::attach_scale(&dataset, scale, 0)?;
        self.add_own_dimensions(&coordinate.leaf, &dataset)
    }

    fn absolute(&self, path: &str) -> String {
        format!("{}/{path}", self.trajectory.name())
    }
}

impl View {
    /// Notes in the file what a resumed study needs to show further columns.
    fn remember(&self) -> hdf5::Result<()> {
        let names: Vec<String> = self.leading.iter().map(|scale| last_part(&scale.name())).collect();
        attributes::set_text(&self.group, DIMENSIONS, &names.join(" "))?;
        attributes::set_text(&self.group, COORDINATES, &self.coordinates.join(" "))
    }

    fn open(trajectory: &Group, name: &str) -> hdf5::Result<Self> {
        let group = trajectory.group(name)?;
        let words = |attribute| -> hdf5::Result<Vec<String>> {
            let text = attributes::text(&group, attribute)?.unwrap_or_default();
            Ok(text.split_whitespace().map(ToOwned::to_owned).collect())
        };
        let leading: hdf5::Result<Vec<Dataset>> = words(DIMENSIONS)?.iter().map(|name| group.dataset(name)).collect();
        let order = raw::link_exists(&group, RUN_INDEX)?.then(|| read_order(&group)).transpose()?;
        Ok(Self { leading: leading?, coordinates: words(COORDINATES)?, group, order })
    }

    /// Says which run each point of the grid is.
    fn write_order(&self) -> hdf5::Result<()> {
        let Some(order) = &self.order else { return Ok(()) };
        let shape: Vec<usize> = self.leading.iter().map(|scale| scale.shape()[0]).collect();
        let mut indices = Cells::new(ElementType::I64, shape.len());
        for &run in order {
            indices.put_numbers(&[i64::try_from(run).expect("indices of stored runs fit")]);
        }
        indices.end_array(&shape);
        let leaf = Leaf::new(RUN_INDEX, crate::value::ValueType::scalar(ElementType::I64));
        let leaf = leaf.with_comment("the run at each point of the grid");
        let dataset = columns::new_value(&self.group, RUN_INDEX, &leaf, &indices)?;
        self.leading.iter().enumerate().try_for_each(|(axis, scale)| raw::attach_scale(&dataset, scale, axis))
    }

    fn is_dimension(&self, label: &str) -> bool {
        self.leading.iter().any(|scale| last_part(&scale.name()) == label)
    }

    /// Names all dimensions of a dataset of this view and its auxiliary coordinates.
    fn attach(&self, dataset: &Dataset, dimensions: &[Dataset]) -> hdf5::Result<()> {
        for (axis, scale) in self.leading.iter().chain(dimensions).enumerate() {
            raw::attach_scale(dataset, scale, axis)?;
        }
        if !self.coordinates.is_empty() {
            attributes::set_text(dataset, "coordinates", &self.coordinates.join(" "))?;
        }
        Ok(())
    }

    fn add_virtual(
        &self,
        label: &str,
        source: &str,
        leaf: &Leaf,
        from: &[usize],
        dimensions: &[Dataset],
    ) -> hdf5::Result<()> {
        let leading = self.leading.iter().map(|scale| scale.shape()[0]);
        let target: Vec<usize> = leading.chain(from[1..].iter().copied()).collect();
        if target.contains(&0) {
            return Ok(());
        }
        let whole =
            |dims: &[usize]| Hyperslab::from(dims.iter().map(|&n| SliceOrIndex::from(0..n)).collect::<Vec<_>>());
        let element = leaf.value_type.element;
        let mut builder = self.group.new_dataset_builder();
        builder = match element {
            ElementType::F32 => builder.fill_value(f32::NAN),
            ElementType::F64 => builder.fill_value(f64::NAN),
            _ => builder,
        };
        if let Some(order) = &self.order {
            let n_axes = self.leading.len();
            for (start, stretch) in stretches(order, target[n_axes - 1]) {
                let inner = from[1..].iter().map(|&length| SliceOrIndex::from(0..length));
                let source_rows = std::iter::once(SliceOrIndex::from(stretch.clone())).chain(inner.clone());
                let point = position(start, &target[..n_axes])
                    .into_iter()
                    .enumerate()
                    .map(|(axis, at)| SliceOrIndex::from(at..at + if axis + 1 == n_axes { stretch.len() } else { 1 }));
                let (shown, here): (Vec<_>, Vec<_>) = (source_rows.collect(), point.chain(inner).collect());
                let (shown, here) = (Hyperslab::from(shown), Hyperslab::from(here));
                builder = builder.virtual_map(".", source, from.to_vec(), shown, target.clone(), here);
            }
        } else {
            builder = builder.virtual_map(".", source, from.to_vec(), whole(from), target.clone(), whole(&target));
        }
        let dataset = builder.empty_as(columns::file_type(element)).shape(target.clone()).create(label)?;
        columns::describe(&dataset, leaf)?;
        columns::mark_type(&dataset, element)?;
        columns::mark_fill(&dataset, element)?;
        self.attach(&dataset, dimensions)
    }
}

/// The parts of a grid along its innermost axis in which runs follow each other: where each begins, and its runs.
pub(super) fn stretches(order: &[usize], inner: usize) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut found: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
    for (point, &run) in order.iter().enumerate() {
        match found.last_mut() {
            Some((_, last)) if last.end == run && point % inner != 0 => last.end += 1,
            _ => found.push((point, run..run + 1)),
        }
    }
    found
}

/// The indices along all axes of a point that is counted with the last axis fastest.
fn position(mut point: usize, axes: &[usize]) -> Vec<usize> {
    let mut indices: Vec<usize> = axes.iter().rev().map(|&len| (point % len, point /= len).0).collect();
    indices.reverse();
    indices
}

fn read_order(grid: &Group) -> hdf5::Result<Vec<usize>> {
    let cells = raw::read_value(&grid.dataset(RUN_INDEX)?, ElementType::I64)?;
    let runs = cells.cell(0).numbers::<i64>().into_iter().map(usize::try_from).collect::<Result<_, _>>();
    runs.map_err(|_| hdf5::Error::from("the grid names a run that cannot be"))
}

fn last_part(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Whether a dataset is but a dimension, which has no values.
fn is_bare_dimension(dataset: &Dataset) -> bool {
    attributes::text_of_any_kind(dataset, "NAME").starts_with("This is a netCDF dimension")
}

fn run_scale(group: &Group, n_runs: usize) -> hdf5::Result<Dataset> {
    let scale = columns::new_compressed_rows(
        group,
        "run",
        index_type(n_runs),
        columns::Length::of(n_runs),
        &[],
        columns::STRETCHES,
    )?;
    attributes::set_text(&scale, "long_name", "run index")?;
    write_run_indices(&scale, 0, n_runs)?;
    raw::set_scale(&scale, "run")?;
    Ok(scale)
}

/// The smallest type of index that netCDF tools take for so many runs.
fn index_type(n_runs: usize) -> ElementType {
    if i32::try_from(n_runs).is_ok() { ElementType::I32 } else { ElementType::I64 }
}

/// Makes the scale of runs longer; nothing may refer to it.
pub(super) fn grow_run_scale(trajectory: &Group, n_before: usize, n_runs: usize) -> hdf5::Result<()> {
    if index_type(n_before) != index_type(n_runs) {
        trajectory.unlink("run")?;
        return run_scale(trajectory, n_runs).map(drop);
    }
    let scale = trajectory.dataset("run")?;
    raw::set_rows(&scale, n_runs)?;
    write_run_indices(&scale, n_before, n_runs)
}

fn write_run_indices(scale: &Dataset, mut first: usize, n_runs: usize) -> hdf5::Result<()> {
    while first < n_runs {
        let end = (first + 65_536).min(n_runs);
        let mut indices = Cells::new(ElementType::I64, 0);
        for index in first..end {
            indices.push_number(i64::try_from(index).expect("indices of stored runs fit"));
        }
        raw::write_rows(scale, first, &indices)?;
        first = end;
    }
    Ok(())
}

/// The shape that all values along an axis share, if they do; ragged coordinates are no variables of a face.
fn common_shape(coordinate: &Coordinate, values: &AxisCells, len: usize) -> Option<Vec<usize>> {
    if coordinate.leaf.is_ragged() {
        return None;
    }
    if coordinate.leaf.value_type.is_scalar() {
        return Some(Vec::new());
    }
    let first = values.part(0..len.min(1)).common_shape()?.to_vec();
    let is_common = |points| values.part(points).common_shape() == Some(&first);
    parts(len).all(is_common).then_some(first)
}

fn axis_values(
    group: &Group,
    coordinate: &Coordinate,
    values: &AxisCells,
    len: usize,
    shape: &[usize],
) -> hdf5::Result<Dataset> {
    let element = coordinate.leaf.value_type.element;
    let dataset = new_rows(group, &coordinate.label, element, len, shape)?;
    for points in parts(len) {
        raw::write_rows(&dataset, points.start, &values.part(points))?;
    }
    columns::describe(&dataset, &coordinate.leaf)?;
    Ok(dataset)
}

/// Points of an axis that are written at a time.
fn parts(len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(AXIS_ROWS).map(move |first| first..len.min(first + AXIS_ROWS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_indices_take_more_room_only_where_they_must() {
        let most = usize::try_from(i32::MAX).expect("32 bits fit");
        assert_eq!([index_type(0), index_type(most)], [ElementType::I32; 2]);
        assert_eq!(index_type(most + 1), ElementType::I64);
    }
}
