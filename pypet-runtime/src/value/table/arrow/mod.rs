//! Tables as record batches of Arrow, and back.
//!
//! | in a table | in Arrow |
//! | --- | --- |
//! | integers, floats, `bool` | the same type; `f16` as `Float32` |
//! | text, enums, 128-bit integers, JSON | `Utf8` |
//! | `Duration`, and `i64` with the unit `ns` | `Duration(ns)` |
//! | times, and `i64` nanoseconds since 1970 | `Timestamp(ns, UTC)` |
//! | `Option` | the type within, `None` as null; NaN stays NaN |
//! | complex numbers | a struct of `r` and `i` |
//! | arrays | lists, one in another for each dimension |
//!
//! Comment, unit and what else tells how to read a column are the metadata `comment`, `units`, `encoding`, `type` and
//! `choices` of its field. Coming back, also other kinds of text, lists, times and durations are understood, and
//! dictionaries of text.

mod from;
mod to;

pub(crate) use to::{array_of, field_of};

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Schema};

use super::columnar::put_or_refuse;
use super::{Column, Table};
use crate::result::{Members, ResultGroup, StoredMembers};
use crate::value::ValueError;

/// Keys of the metadata of a field.
const COMMENT: &str = "comment";
const UNITS: &str = "units";
const ENCODING: &str = "encoding";
const TYPE: &str = "type";
const CHOICES: &str = "choices";

/// Why a table and a record batch cannot become each other.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrowError {
    /// A column of a kind that tables do not have.
    #[error(
        "the column `{column}` is of Arrow's type `{found}`, which no table holds; cast it to numbers, text or lists of these"
    )]
    Unsupported {
        /// The column.
        column: String,
        /// Its type.
        found: DataType,
    },
    /// Nulls where a table has no room for them.
    #[error("the column `{column}` lacks whole lists or structs; only numbers, truth values and text may be null")]
    Null {
        /// The column.
        column: String,
    },
    /// Lists in lists that form no array.
    #[error("the lists within a row of the column `{column}` differ in length, so they form no array")]
    Ragged {
        /// The column.
        column: String,
    },
    /// A time that 64-bit nanoseconds do not reach.
    #[error("the column `{column}` has a time further from 1970 than 64-bit nanoseconds reach, 292 years")]
    TimeOutOfRange {
        /// The column.
        column: String,
    },
    /// Two columns of one name.
    #[error("the record batch has two columns `{column}`; rename one")]
    Twice {
        /// The column.
        column: String,
    },
    /// More than one record batch can hold.
    #[error("the column `{column}` is too large for one record batch; make several of fewer rows")]
    TooLarge {
        /// The column.
        column: String,
    },
    /// A stored value that is not what its column says.
    #[error("cannot read the column `{column}`")]
    Value {
        /// The column.
        column: String,
        /// Why.
        source: ValueError,
    },
}

impl TryFrom<&Table> for RecordBatch {
    type Error = ArrowError;

    fn try_from(table: &Table) -> Result<Self, ArrowError> {
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for Column { leaf, cells } in &table.columns {
            let field = field_of(leaf, &leaf.name, leaf.value_type.encoding == "optional");
            arrays.push(array_of(leaf, cells, None)?);
            fields.push(field);
        }
        let n_rows = RecordBatchOptions::new().with_row_count(Some(table.n_rows()));
        let batch = Self::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &n_rows);
        Ok(batch.expect("the fields are those of the arrays, which have one length"))
    }
}

impl TryFrom<&RecordBatch> for Table {
    type Error = ArrowError;

    fn try_from(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let mut table = Self::new();
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            if table.names().any(|name| name == field.name()) {
                return Err(ArrowError::Twice { column: field.name().clone() });
            }
            let (leaf, cells) = from::column_of(field, array)?;
            table = table.with_cells(leaf, cells);
        }
        Ok(table)
    }
}

/// Stored as the table that it is.
impl ResultGroup for RecordBatch {
    fn put(&self, members: &mut Members) {
        let fields = self.schema_ref().fields();
        put_or_refuse(Table::try_from(self), fields.first().map(|field| field.name().as_str()), members);
    }

    fn take(members: &StoredMembers) -> Result<Self, ValueError> {
        Self::try_from(&Table::take(members)?).map_err(|problem| match problem {
            ArrowError::Value { source, .. } => source,
            problem => ValueError::Malformed { expected: "record batch".into(), found: problem.to_string() },
        })
    }
}
