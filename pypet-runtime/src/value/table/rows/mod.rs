//! Tables of structs that serde knows, and back: each field is a column.
//!
//! A column takes its type from the first row that has a value in it: that of the Rust field. A list or another value
//! with parts is JSON text. A field that is `None` in all rows gives no column, and reads as `None` again.

mod ser;
mod tree;

use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::Table;
use crate::schema::Leaf;
use crate::value::json::Tree;
use crate::value::{Cells, ResultValue, ValueType};

impl Table {
    /// A table with a column for each field of a struct, and a row for each of the structs.
    ///
    /// # Errors
    /// A row is no struct and no map, or a field changes its type from row to row.
    ///
    /// # Examples
    /// ```
    /// # use pypet_runtime::value::Table;
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Spike {
    ///     time: f64,
    ///     neuron: Option<u32>,
    /// }
    ///
    /// let table = Table::from_rows([Spike { time: 0.5, neuron: Some(3) }, Spike { time: 1.25, neuron: None }])?;
    /// assert_eq!(table.column::<f64>("time").unwrap(), [0.5, 1.25]);
    /// assert_eq!(table.to_rows::<Spike>()?[0].neuron, Some(3));
    /// # Ok::<(), pypet_runtime::value::RowError>(())
    /// ```
    pub fn from_rows<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Self, RowError> {
        let mut growing = Growing::default();
        for row in rows {
            let taken = row.serialize(ser::Taker::of_row(&mut growing));
            let taken = taken.and_then(|()| growing.end_row());
            taken.map_err(|problem| RowError { row: growing.n_rows, problem: problem.to_string() })?;
        }
        let mut table = Self::new();
        for column in growing.columns {
            if let Some(Filled { value_type, cells, .. }) = column.filled {
                table = table.with_cells(Leaf::new(&column.name, value_type), cells);
            }
        }
        Ok(table)
    }

    /// The rows as structs whose fields are named as the columns.
    ///
    /// # Errors
    /// A field has no column, or one of another type.
    pub fn to_rows<T: DeserializeOwned>(&self) -> Result<Vec<T>, RowError> {
        let mut columns: Vec<_> = self.columns.iter().map(|column| (&column.leaf, column.cells.iter())).collect();
        let row = |row: usize| {
            let failed = |problem: String| RowError { row, problem };
            let mut fields = Vec::new();
            for (leaf, cells) in &mut columns {
                let trees = cells.next().map(|cell| tree::of(&leaf.value_type, &cell)).into_iter();
                let tree = trees.collect::<Result<Vec<_>, _>>();
                let tree = tree.map_err(|problem| failed(format!("`{}`: {problem}", leaf.name)))?;
                fields.extend(tree.into_iter().map(|tree| (leaf.name.clone(), tree)));
            }
            T::deserialize(Tree::Map(fields)).map_err(|problem| failed(problem.to_string()))
        };
        (0..self.n_rows()).map(row).collect()
    }
}

/// Why structs form no table, or rows no structs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row} of the table: {problem}")]
pub struct RowError {
    /// The row, from 0.
    row: usize,
    /// What is wrong with it.
    problem: String,
}

/// A table row by row.
#[derive(Default)]
struct Growing {
    n_rows: usize,
    columns: Vec<GrowingColumn>,
}

struct GrowingColumn {
    name: String,
    /// Nothing before the first value.
    filled: Option<Filled>,
}

struct Filled {
    value_type: ValueType,
    cells: Cells,
    put_missing: fn(&mut Cells) -> bool,
}

impl Growing {
    fn put<V: ResultValue>(&mut self, field: usize, value: &V, put_missing: fn(&mut Cells) -> bool) -> Taken {
        let column = &mut self.columns[field];
        let value_type = V::value_type();
        if column.filled.is_none() {
            let cells = Cells::of(&value_type);
            column.filled = Some(Filled { value_type: value_type.clone(), cells, put_missing });
            (0..self.n_rows).try_for_each(|_| self.put_missing(field))?;
        }
        let column = &mut self.columns[field];
        let filled = column.filled.as_mut().expect("made just above");
        if !filled.value_type.agrees(&value_type) {
            let (before, now) = (&filled.value_type, &value_type);
            return Err(Problem::Said(format!("`{}` is `{now}` here, but `{before}` in rows before", column.name)));
        }
        if filled.cells.len() > self.n_rows {
            return Err(Problem::Said(format!("`{}` is there twice", column.name)));
        }
        value.write(&mut filled.cells);
        Ok(())
    }

    fn put_missing(&mut self, field: usize) -> Taken {
        let column = &mut self.columns[field];
        let is_fine = column.filled.as_mut().is_none_or(|filled| (filled.put_missing)(&mut filled.cells));
        if is_fine { Ok(()) } else { Err(Problem::Said(format!("`{}` is missing, and is no `Option`", column.name))) }
    }

    fn end_row(&mut self) -> Taken {
        for field in 0..self.columns.len() {
            let n_cells = self.columns[field].filled.as_ref().map(|filled| filled.cells.len());
            if n_cells == Some(self.n_rows) {
                self.put_missing(field)?;
            }
        }
        self.n_rows += 1;
        Ok(())
    }

    fn field(&mut self, name: &str) -> usize {
        let found = self.columns.iter().position(|column| column.name == name);
        found.unwrap_or_else(|| {
            self.columns.push(GrowingColumn { name: name.into(), filled: None });
            self.columns.len() - 1
        })
    }
}

type Taken = Result<(), Problem>;

#[derive(Debug, thiserror::Error)]
enum Problem {
    /// A list, a map or the like, which no column of its own type holds.
    #[error("a row is a struct or a map with text keys, and each field is a column")]
    HasParts,
    #[error("{0}")]
    Said(String),
}

impl serde::ser::Error for Problem {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Said(message.to_string())
    }
}
