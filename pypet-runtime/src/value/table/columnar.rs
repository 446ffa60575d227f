//! What Arrow and Polars have in common.

use std::fmt::Display;
use std::ops::Range;

use super::Table;
use crate::result::{Members, ResultGroup};
use crate::value::{Cells, ElementType, ResultValue, ValueType};

/// The type within an `Option` that is spelled as text; else nothing.
pub(super) fn within_option(value_type: &ValueType) -> &str {
    let is_optional = value_type.encoding == "optional";
    let within = value_type.type_name.strip_prefix("Option<").and_then(|name| name.strip_suffix('>'));
    within.filter(|_| is_optional).unwrap_or_default()
}

/// How many elements each list of this level has, in all cells.
pub(super) fn list_lengths(cells: &Cells, level: usize) -> impl Iterator<Item = usize> {
    cells.iter().flat_map(move |cell| {
        let shape = cell.shape();
        std::iter::repeat_n(shape[level], shape[..level].iter().product())
    })
}

/// Values as cells of their own type.
pub(super) fn written<V: ResultValue>(values: impl Iterator<Item = V>) -> (ValueType, Cells) {
    let value_type = V::value_type();
    let mut cells = Cells::of(&value_type);
    values.for_each(|value| value.write(&mut cells));
    (value_type, cells)
}

/// Arrays of which each is a stretch of rows; `None` if the rows of one differ in shape.
pub(super) fn arrays_of(
    (row_type, rows): (ValueType, Cells),
    stretches: impl Iterator<Item = Range<usize>>,
) -> Option<(ValueType, Cells)> {
    let shape = std::iter::once(None).chain(row_type.shape.iter().map(|_| None));
    let value_type = row_type.clone().with_shape(shape);
    let mut cells = Cells::of(&value_type);
    let cells_of_rows: Vec<_> = rows.iter().collect();
    for stretch in stretches {
        let parts = &cells_of_rows[stretch];
        let part = parts.first().map_or_else(|| vec![0; rows.rank()], |cell| cell.shape().to_vec());
        if parts.iter().any(|cell| cell.shape() != part) {
            return None;
        }
        for cell in parts {
            cells.put_elements(cell);
        }
        let shape: Vec<usize> = std::iter::once(parts.len()).chain(part).collect();
        cells.end_array(&shape);
    }
    Some((value_type, cells))
}

/// Puts a table that something else became; if it could not, the problem is reported under the name of a column.
pub(super) fn put_or_refuse(table: Result<Table, impl Display>, name: Option<&str>, members: &mut Members) {
    match table {
        Ok(table) => table.put(members),
        Err(problem) => {
            let value_type = ValueType::scalar(ElementType::U8).with_shape([None]);
            let mut none = Cells::of(&value_type);
            none.end_array(&[0]);
            none.refuse(problem.to_string());
            members.put_cells(name.unwrap_or("column"), value_type, none);
        }
    }
}
