//! Tables: named columns of one length.
//!
//! `rows` makes tables of structs and structs of tables, `arrow` and `polars` (features of these names) record batches
//! and data frames.

#[cfg(feature = "arrow")]
mod arrow;
#[cfg(any(feature = "arrow", feature = "polars"))]
mod columnar;
#[cfg(feature = "polars")]
mod polars;
mod rows;

#[cfg(feature = "arrow")]
pub use arrow::ArrowError;
#[cfg(feature = "parquet")]
pub(crate) use arrow::{array_of, field_of};
#[cfg(feature = "polars")]
pub use polars::FrameError;
pub use rows::RowError;

use std::fmt;

use super::{Cells, ResultValue, ValueError, ValueType, text};
use crate::result::{Members, ResultGroup, StoredMembers};
use crate::schema::Leaf;
use crate::trajectory::one_line;

/// Named columns of one length, each with its own type, comment and unit; as a result a group with an array for each
/// column.
///
/// Printed, it shows its first rows.
///
/// # Examples
/// ```
/// # use pypet_runtime::value::Table;
/// let spikes = Table::new()
///     .with("time", [0.5, 1.25])
///     .with_column_unit("time", "ms")
///     .with_column_comment("time", "since the stimulus")
///     .with("neuron", vec![3_u32, 7]);
/// assert_eq!(spikes.n_rows(), 2);
/// assert_eq!(spikes.column::<f64>("time")?, [0.5, 1.25]);
/// assert_eq!(spikes.to_string(), "time (ms)  neuron\n0.5        3\n1.25       7\n");
/// # Ok::<(), pypet_runtime::value::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<Column>,
}

/// A column: what it holds, and one cell for each row.
#[derive(Debug, Clone)]
struct Column {
    leaf: Leaf,
    cells: Cells,
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The table with a further column, in place of one of the same name.
    ///
    /// Rows may hold whatever a result may, arrays included; only a table whose arrays are of one shape in each column
    /// can be stored.
    ///
    /// # Panics
    /// If the column is longer or shorter than the others.
    #[must_use]
    pub fn with<V: ResultValue>(self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        let value_type = V::value_type();
        let mut cells = Cells::of(&value_type);
        values.into_iter().for_each(|value| value.write(&mut cells));
        self.with_cells(Leaf::new(name, value_type), cells)
    }

    /// The table with a further column that is cells already, in place of one of the same name.
    pub(crate) fn with_cells(mut self, leaf: Leaf, cells: Cells) -> Self {
        self.columns.retain(|other| other.leaf.name != leaf.name);
        let (found, expected) = (cells.len(), self.n_rows());
        assert!(
            self.columns.is_empty() || found == expected,
            "the column `{}` has {found} rows, but the table has {expected}",
            leaf.name
        );
        self.columns.push(Column { leaf, cells });
        self
    }

    /// The table with another comment on a column.
    ///
    /// # Panics
    /// If there is no such column.
    #[must_use]
    pub fn with_column_comment(self, name: &str, comment: &str) -> Self {
        self.with_column_leaf(name, |leaf| leaf.with_comment(comment))
    }

    /// The table with another unit for a column, unless its values bring their own.
    ///
    /// # Panics
    /// If there is no such column.
    #[must_use]
    pub fn with_column_unit(self, name: &str, unit: &str) -> Self {
        self.with_column_leaf(name, |leaf| leaf.with_unit(unit))
    }

    fn with_column_leaf(mut self, name: &str, change: impl FnOnce(Leaf) -> Leaf) -> Self {
        let column = self.columns.iter_mut().find(|column| column.leaf.name == name);
        let column = column.unwrap_or_else(|| panic!("the table has no column `{name}`"));
        column.leaf = change(column.leaf.clone());
        self
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }

    /// The names of the columns in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns().map(|leaf| leaf.name.as_str())
    }

    /// What the columns are made of, in order: the type of one row.
    pub fn types(&self) -> impl Iterator<Item = &ValueType> {
        self.columns().map(|leaf| &leaf.value_type)
    }

    /// Name, type, comment and unit of each column, in order.
    pub fn columns(&self) -> impl Iterator<Item = &Leaf> {
        self.columns.iter().map(|column| &column.leaf)
    }

    /// One column; numbers also as a type that holds all of the stored one.
    ///
    /// # Errors
    /// There is none of this name, or it is made of something else.
    pub fn column<V: ResultValue>(&self, name: &str) -> Result<Vec<V>, ValueError> {
        let cells = self.cells(name)?;
        let wanted = V::value_type().element;
        if cells.element() == wanted { V::read_all(cells) } else { V::read_all(&cells.clone().widened(wanted)) }
    }

    /// One column as it is stored, a cell for each row.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn cells(&self, name: &str) -> Result<&Cells, ValueError> {
        let column = self.columns.iter().find(|column| column.leaf.name == name);
        column.map(|column| &column.cells).ok_or_else(|| ValueError::Member {
            name: name.into(),
            names: self.names().map(ToOwned::to_owned).collect(),
        })
    }
}

/// What a table is made of is compared to the bit, as it is stored; the Rust types behind it are not.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.leaf, &other.leaf);
        let said = |leaf: &Leaf| (leaf.name.clone(), leaf.comment.clone(), leaf.unit.clone());
        said(a) == said(b) && a.value_type.agrees(&b.value_type) && self.cells == other.cells
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Rows that are shown.
        const SHOWN: usize = 20;
        let title = |leaf: &Leaf| {
            let unit = if leaf.unit.is_empty() { String::new() } else { format!(" ({})", leaf.unit) };
            one_line(&format!("{}{unit}", leaf.name))
        };
        let mut lines: Vec<Vec<String>> = vec![self.columns().map(title).collect()];
        let n_shown = self.n_rows().min(SHOWN);
        lines.resize(1 + n_shown, Vec::new());
        for column in &self.columns {
            for (line, cell) in lines[1..].iter_mut().zip(column.cells.iter()) {
                line.push(one_line(&cell.to_string()));
            }
        }
        f.write_str(&text::aligned(0, &lines, |entry| entry.chars().count()))?;
        match self.n_rows() - n_shown {
            0 => Ok(()),
            n_hidden => writeln!(f, "… {n_hidden} more rows"),
        }
    }
}

impl ResultGroup for Table {
    fn put(&self, members: &mut Members) {
        for Column { leaf, cells } in &self.columns {
            let value_type = leaf.value_type.clone();
            let shape = std::iter::once(None).chain(value_type.shape.iter().copied());
            let leaf = Leaf { value_type: value_type.clone().with_shape(shape), ..leaf.clone() };
            let array = cells.as_one().unwrap_or_else(|| {
                let mut none = Cells::of(&leaf.value_type);
                none.end_array(&vec![0; none.rank()]);
                none.refuse("its rows differ in shape; give all arrays of a column one shape, or make them `Json`");
                none
            });
            members.put_leaf(leaf, array);
        }
    }

    fn take(members: &StoredMembers) -> Result<Self, ValueError> {
        let rows = |cells: &Cells| cells.cell(0).shape().first().copied().unwrap_or(0);
        let n_rows = members.iter().map(|(_, cells)| rows(cells)).max().unwrap_or(0);
        let mut columns = Vec::new();
        // A column that only other runs have is empty in this one.
        let is_here = |cells: &Cells| cells.rank() == 0 || rows(cells) > 0 || n_rows == 0;
        for (leaf, cells) in members.iter().filter(|(_, cells)| is_here(cells)) {
            if cells.rank() == 0 || rows(cells) != n_rows {
                return Err(ValueError::Rows { name: leaf.name.clone(), n_rows });
            }
            columns.push(Column::of_array(leaf, cells));
        }
        Ok(Self { columns })
    }
}

impl Column {
    /// A column from its rows as one array.
    fn of_array(leaf: &Leaf, array: &Cells) -> Self {
        let array = array.cell(0);
        let value_type = leaf.value_type.clone().with_shape(array.shape()[1..].iter().copied().map(Some));
        let mut cells = Cells::of(&value_type);
        cells.push_rows(&array);
        Self { leaf: Leaf { value_type, ragged: false, ..leaf.clone() }, cells }
    }
}
