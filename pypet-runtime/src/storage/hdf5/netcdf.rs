//! A netCDF-4 file without groups: the results of one trajectory for whoever wants nothing else.
//!
//! Cartesian products are shaped by their axes, with the values as coordinates; other explorations have the run as
//! dimension and the explored parameters along it. A result whose arrays differ in shape is a CF contiguous ragged
//! array. Values are copied, stretch by stretch.

use std::path::Path;

use hdf5::{Dataset, File, FileBuilder};

use super::access::bounds;
use super::columns::{describe, file_type, mark_fill, mark_type};
use super::{Place, attributes, raw};
use crate::error::Error;
use crate::schema::Leaf;
use crate::table::{Column, RunTable};
use crate::value::{Cells, ElementType, ValueType};

/// Writes the chosen results with the explored parameters; the file must not exist.
pub(crate) fn write_netcdf(table: &RunTable<'_>, results: &[&Column], path: &Path) -> Result<(), Error> {
    let failed = || Place::new(path).failed("write", "/");
    let file = FileBuilder::new().with_fapl(|access| bounds(access)).create_excl(path).map_err(failed())?;
    let copy = Filling { table, file, place: Place::new(path) };
    copy.header().map_err(failed())?;
    let leading = copy.leading(results)?;
    copy.statuses(&leading).map_err(failed())?;
    for result in results {
        copy.result(result, &leading)?;
    }
    copy.file.close().map_err(failed())?;
    Ok(())
}

/// A file that is being filled.
struct Filling<'t> {
    table: &'t RunTable<'t>,
    file: File,
    place: Place,
}

/// The dimensions that lead every result.
struct Leading {
    scales: Vec<Dataset>,
    /// What lies along them and is no dimension itself.
    coordinates: Vec<String>,
}

impl Leading {
    fn shape(&self) -> Vec<usize> {
        self.scales.iter().map(|scale| scale.shape()[0]).collect()
    }
}

impl Filling<'_> {
    fn header(&self) -> hdf5::Result<()> {
        let header = self.table.trajectory().header();
        let facts = [
            ("title", header.name.as_str()),
            ("experiment", &header.experiment),
            ("comment", &header.comment),
            ("created", &header.created),
            ("source", concat!("pypet ", env!("CARGO_PKG_VERSION"))),
            ("Conventions", "CF-1.11"),
        ];
        facts.into_iter().try_for_each(|(name, text)| attributes::set_text(&self.file, name, text))
    }

    fn leading(&self, results: &[&Column]) -> Result<Leading, Error> {
        let mut leading = Leading { scales: Vec::new(), coordinates: Vec::new() };
        let Some(axes) = self.axes() else {
            let runs = Self::positions(self.table.len());
            let leaf = Leaf::new("run", ValueType::scalar(ElementType::I64)).with_comment("run index");
            leading.scales.push(self.scale("run", &leaf, &runs).map_err(self.failed("run"))?);
            for column in &self.table.explored {
                let cells = self.table.cells(column, 0..self.table.len())?;
                self.along(column, results, &cells, &mut leading)?;
            }
            return Ok(leading);
        };
        let mut stride = self.table.len();
        for (len, columns) in axes {
            stride /= len;
            for (place, column) in columns.into_iter().enumerate() {
                let all = self.table.cells(column, 0..self.table.len())?;
                let mut cells = Cells::new(all.element(), all.rank());
                // Counting is quicker than finding the cells of arrays that differ in shape one by one.
                all.iter().step_by(stride).take(len).for_each(|cell| cells.push_cell(&cell));
                let label = self.label(column, results);
                if place == 0 && cells.rank() == 0 {
                    leading.scales.push(self.scale(&label, &column.leaf, &cells).map_err(self.failed(&label))?);
                    continue;
                }
                if place == 0 {
                    // An array is no coordinate value: the dimension counts, and the arrays lie along it.
                    let name = format!("{label}_index");
                    let leaf = Leaf::new(&name, ValueType::scalar(ElementType::I64));
                    let scale = self.scale(&name, &leaf, &Self::positions(len)).map_err(self.failed(&name))?;
                    leading.scales.push(scale);
                }
                self.along(column, results, &cells, &mut leading)?;
            }
        }
        Ok(leading)
    }

    /// The axes of a Cartesian product with what varies along them; `None` for other explorations.
    fn axes(&self) -> Option<Vec<(usize, Vec<&Column>)>> {
        let axes = self.table.trajectory().header().axes.as_ref().filter(|axes| !axes.is_empty())?;
        let n_points = axes.iter().try_fold(1_usize, |product, axis| product.checked_mul(axis.len));
        if n_points != Some(self.table.len()) || axes.iter().any(|axis| axis.coordinates.is_empty()) {
            return None;
        }
        let column = |name: &String| self.table.explored.iter().find(|column| column.leaf.name == *name);
        let columns = |names: &[String]| names.iter().map(column).collect::<Option<Vec<_>>>();
        axes.iter().map(|axis| Some((axis.len, columns(&axis.coordinates)?))).collect()
    }

    /// A coordinate along the newest dimension.
    fn along(&self, column: &Column, results: &[&Column], cells: &Cells, leading: &mut Leading) -> Result<(), Error> {
        let Some(shape) = cells.common_shape().map(<[usize]>::to_vec) else { return Ok(()) };
        let label = self.label(column, results);
        let write = || {
            let dims: Vec<usize> = std::iter::once(cells.len()).chain(shape.iter().copied()).collect();
            let dataset = self.dataset(&label, cells.element(), &dims, &column.leaf)?;
            raw::write_rows(&dataset, 0, cells)?;
            let newest = leading.scales.last().expect("the caller made one");
            raw::attach_scale(&dataset, newest, 0)?;
            self.own_dimensions(&dataset, &column.leaf, 1, &shape)
        };
        write().map_err(self.failed(&label))?;
        leading.coordinates.push(label);
        Ok(())
    }

    fn statuses(&self, leading: &Leading) -> hdf5::Result<()> {
        let leaf = Leaf::new("status", ValueType::scalar(ElementType::U8)).with_comment("how far each run has come");
        let dataset = self.dataset("status", ElementType::U8, &leading.shape(), &leaf)?;
        let codes: Vec<u8> = self.table.statuses.iter().map(|status| status.code()).collect();
        raw::write_value(&dataset, &Cells::from_bytes(ElementType::U8, &leading.shape(), 1, codes))?;
        let all = crate::run::RunStatus::ALL;
        attributes::set_list(&dataset, "flag_values", &all.map(crate::run::RunStatus::code))?;
        attributes::set_text(&dataset, "flag_meanings", &all.map(crate::run::RunStatus::word).join(" "))?;
        Self::lead(&dataset, leading)
    }

    fn result(&self, result: &Column, leading: &Leading) -> Result<(), Error> {
        let lengths: Option<Vec<usize>> = result.leaf.value_type.shape.iter().copied().collect();
        match lengths {
            Some(shape) => self.dense(result, &shape, leading),
            None => self.ragged(result, leading),
        }
    }

    fn dense(&self, result: &Column, shape: &[usize], leading: &Leading) -> Result<(), Error> {
        let failed = || self.failed(&result.label);
        let outer = leading.shape();
        let dims: Vec<usize> = outer.iter().chain(shape).copied().collect();
        let element = result.leaf.value_type.element;
        let dataset = self.dataset(&result.label, element, &dims, &result.leaf).map_err(failed())?;
        if !dims.contains(&0) {
            // All points that share a place on the first axis are one row of the dataset.
            let stride = self.table.len() / outer[0];
            for row in 0..outer[0] {
                let cells = self.table.cells(result, row * stride..(row + 1) * stride)?;
                let mut slab = Cells::new(element, dims.len() - 1);
                slab.push_array_of(&cells, &dims[1..]);
                raw::write_rows(&dataset, row, &slab).map_err(failed())?;
            }
        }
        Self::lead(&dataset, leading).map_err(failed())?;
        self.own_dimensions(&dataset, &result.leaf, outer.len(), shape).map_err(failed())
    }

    fn ragged(&self, result: &Column, leading: &Leading) -> Result<(), Error> {
        let failed = || self.failed(&result.label);
        let rank = result.leaf.value_type.shape.len();
        let element = result.leaf.value_type.element;
        let (mut sizes, mut shapes) = (Cells::new(ElementType::U64, 0), Cells::new(ElementType::U64, 1));
        let mut n_values = 0;
        for runs in self.table.stretches(result) {
            for cell in self.table.cells(result, runs)?.iter() {
                let size: usize = cell.shape().iter().product();
                n_values += size;
                sizes.push_number(size as u64);
                shapes.put_numbers(&cell.shape().iter().map(|&length| length as u64).collect::<Vec<u64>>());
                shapes.end_array(&[rank]);
            }
        }
        let dimension = format!("{}_values", result.label);
        let values = self.dataset(&result.label, element, &[n_values], &result.leaf).map_err(failed())?;
        let mut first = 0;
        for runs in self.table.stretches(result) {
            let mut flat = Cells::new(element, 0);
            self.table.cells(result, runs)?.iter().for_each(|cell| flat.push_elements(&cell));
            if !flat.is_empty() {
                raw::write_rows(&values, first, &flat).map_err(failed())?;
            }
            first += flat.len();
        }
        let scale = self.bare_dimension(&dimension, n_values).map_err(failed())?;
        raw::attach_scale(&values, &scale, 0).map_err(failed())?;

        let count = |suffix: &str, comment| {
            let name = format!("{}_{suffix}", result.label);
            (Leaf::new(&name, ValueType::scalar(ElementType::U64)).with_comment(comment), name)
        };
        let write = || {
            let (leaf, name) = count("row_size", "number of elements of each run");
            let dataset = self.dataset(&name, ElementType::U64, &leading.shape(), &leaf)?;
            raw::write_value(&dataset, &sizes)?;
            attributes::set_text(&dataset, "sample_dimension", &dimension)?;
            Self::lead(&dataset, leading)?;
            if rank > 1 {
                let (leaf, name) = count("row_shape", "shape of each run's array");
                let dims: Vec<usize> = leading.shape().into_iter().chain([rank]).collect();
                let dataset = self.dataset(&name, ElementType::U64, &dims, &leaf)?;
                raw::write_value(&dataset, &shapes)?;
                Self::lead(&dataset, leading)?;
                let scale = self.bare_dimension(&format!("{}_rank", result.label), rank)?;
                raw::attach_scale(&dataset, &scale, dims.len() - 1)?;
            }
            Ok(())
        };
        write().map_err(failed())
    }

    /// The short name where it is unique, else the full one.
    fn label(&self, column: &Column, results: &[&Column]) -> String {
        let short = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
        let own = short(&column.leaf.name);
        let is_taken = own == "run" || own == "status" || results.iter().any(|result| result.label == own);
        let n_alike = self.table.explored.iter().filter(|other| short(&other.leaf.name) == own).count();
        if is_taken || n_alike > 1 { column.label.clone() } else { own }
    }

    fn dataset(&self, name: &str, element: ElementType, dims: &[usize], leaf: &Leaf) -> hdf5::Result<Dataset> {
        let builder = self.file.new_dataset_builder();
        let builder = match element {
            ElementType::F32 => builder.fill_value(f32::NAN),
            ElementType::F64 => builder.fill_value(f64::NAN),
            _ => builder,
        };
        let dataset = builder.empty_as(file_type(element)).shape(dims.to_vec()).create(name)?;
        mark_type(&dataset, element)?;
        mark_fill(&dataset, element)?;
        describe(&dataset, leaf)?;
        Ok(dataset)
    }

    /// A dimension with its coordinate values.
    fn scale(&self, name: &str, leaf: &Leaf, cells: &Cells) -> hdf5::Result<Dataset> {
        let dataset = self.dataset(name, cells.element(), &[cells.len()], leaf)?;
        raw::write_rows(&dataset, 0, cells)?;
        raw::set_scale(&dataset, name)?;
        Ok(dataset)
    }

    fn lead(dataset: &Dataset, leading: &Leading) -> hdf5::Result<()> {
        for (axis, scale) in leading.scales.iter().enumerate() {
            raw::attach_scale(dataset, scale, axis)?;
        }
        if leading.coordinates.is_empty() {
            return Ok(());
        }
        attributes::set_text(dataset, "coordinates", &leading.coordinates.join(" "))
    }

    fn own_dimensions(&self, dataset: &Dataset, leaf: &Leaf, first: usize, shape: &[usize]) -> hdf5::Result<()> {
        for (axis, &length) in shape.iter().enumerate() {
            raw::attach_scale(dataset, &self.bare_dimension(&leaf.dim(axis), length)?, first + axis)?;
        }
        Ok(())
    }

    /// A dimension without values, shared by all that name it and agree on its length.
    fn bare_dimension(&self, name: &str, length: usize) -> hdf5::Result<Dataset> {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        for name in std::iter::once(name.to_owned()).chain(numbered) {
            if !raw::link_exists(&self.file, &name)? {
                let scale = self.file.new_dataset::<f32>().shape([length]).create(name.as_str())?;
                // The phrase by which netCDF-4 knows a dimension that is no variable.
                raw::set_scale(&scale, &format!("This is a netCDF dimension but not a netCDF variable.{length:10}"))?;
                return Ok(scale);
            }
            let existing = self.file.dataset(&name)?;
            let phrase = attributes::text_of_any_kind(&existing, "NAME");
            if phrase.starts_with("This is a netCDF dimension") && existing.shape() == [length] {
                return Ok(existing);
            }
        }
        unreachable!("there is always a next number")
    }

    fn positions(count: usize) -> Cells {
        let mut positions = Cells::new(ElementType::I64, 0);
        (0..count).for_each(|i| positions.push_number(i64::try_from(i).expect("positions of stored runs fit")));
        positions
    }

    fn failed(&self, path: &str) -> impl FnOnce(hdf5::Error) -> Error + use<> {
        let failed = self.place.failed("write", path);
        move |error| failed(error).into()
    }
}
