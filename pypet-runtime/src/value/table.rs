//! Tables: named columns of one length.

use super::{Cells, Element, ResultValue, ValueError, ValueType, text};
use crate::result::{Members, ResultGroup, StoredMembers};
use crate::schema::Leaf;

/// Named columns of one length, each with its own type; as a result a group with an array for each column.
///
/// # Examples
/// ```
/// # use pypet_runtime::value::Table;
/// let spikes = Table::new().with("time", vec![0.5, 1.25]).with("neuron", vec![3_u32, 7]);
/// assert_eq!(spikes.n_rows(), 2);
/// assert_eq!(spikes.column::<f64>("time")?, [0.5, 1.25]);
/// # Ok::<(), pypet_runtime::value::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Each column's name and type, and its elements as one cell.
    columns: Vec<(String, ValueType, Cells)>,
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The table with a further column, in place of one of the same name.
    ///
    /// # Panics
    /// If the column is longer or shorter than the others.
    #[must_use]
    pub fn with<T: Element>(mut self, name: &str, elements: impl Into<Vec<T>>) -> Self {
        let elements: Vec<T> = elements.into();
        let value_type = Vec::<T>::value_type();
        let mut cells = Cells::of(&value_type);
        elements.write(&mut cells);
        self.columns.retain(|(other, ..)| other != name);
        let (found, expected) = (elements.len(), self.n_rows());
        assert!(
            self.columns.is_empty() || found == expected,
            "the column `{name}` has {found} rows, but the table has {expected}"
        );
        self.columns.push((name.into(), value_type, cells));
        self
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |(.., cells)| cells.cell(0).shape()[0])
    }

    /// The names of the columns in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, ..)| name.as_str())
    }

    /// What the columns are made of, in order.
    pub fn types(&self) -> impl Iterator<Item = &ValueType> {
        self.columns.iter().map(|(_, value_type, _)| value_type)
    }

    /// One column.
    ///
    /// # Errors
    /// There is none of this name, or it is made of something else.
    pub fn column<T: Element>(&self, name: &str) -> Result<Vec<T>, ValueError> {
        let column = self.columns.iter().find(|(other, ..)| other == name);
        let (.., cells) = column.ok_or_else(|| ValueError::Member {
            name: name.into(),
            names: self.names().map(ToOwned::to_owned).collect(),
        })?;
        Vec::read(cells.cell(0))
    }
}

impl ResultGroup for Table {
    fn put(&self, members: &mut Members) {
        for (name, value_type, cells) in &self.columns {
            members.put_cells(name, value_type.clone(), cells.clone());
        }
    }

    fn take(members: &StoredMembers) -> Result<Self, ValueError> {
        let rows = |cells: &Cells| cells.cell(0).shape().first().copied().unwrap_or(0);
        let n_rows = members.iter().map(|(_, cells)| rows(cells)).max().unwrap_or(0);
        let mut columns = Vec::new();
        // A column that only other runs have is empty in this one.
        for (Leaf { name, value_type, .. }, cells) in members.iter().filter(|(_, cells)| rows(cells) > 0 || n_rows == 0)
        {
            if cells.rank() != 1 || rows(cells) != n_rows {
                let problem = format!("{n_rows} rows, as other columns of the table have");
                return Err(ValueError::Malformed { expected: problem, found: text::quoted_list(&[name]) });
            }
            columns.push((name.clone(), value_type.clone().with_shape([None]), cells.clone()));
        }
        Ok(Self { columns })
    }
}
