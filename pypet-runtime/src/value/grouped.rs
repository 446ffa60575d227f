//! Values of several members as parameters.
//!
//! In memory such a value is one cell of bytes, as every parameter is one cell. A file has it as a parameter set would
//! be stored: a group with a parameter for each member, so that whoever reads files meets nothing new.

use std::any::type_name;
use std::fmt::Debug;

use ndarray::Array1;
use ref_cast::RefCast;

use super::{Cell, Cells, ElementType, ParamValue, ParseValueError, ResultValue, ValueError, ValueType};
use crate::result::{Members, ResultGroup, StoredMembers};
use crate::schema::Leaf;

/// The encoding of the bytes, which no file has.
const ENCODING: &str = "group";

/// A [`ResultGroup`] that parameters may hold by `#[param(group, …)]`: each value has the same members.
#[diagnostic::on_unimplemented(
    message = "a parameter cannot be the group `{Self}`",
    label = "this type is no group that parameters hold",
    note = "use `ArrayD`, a sparse matrix (feature `sprs`), or implement `ParamGroup`; a single value needs no `group`"
)]
pub trait ParamGroup: ResultGroup + Clone + PartialEq + Debug + Send + Sync {
    /// The names and types of all members.
    fn members() -> Vec<(&'static str, ValueType)>;
}

/// The value of a parameter with `#[param(group, …)]`: `p.weights.over([a, b].map(Grouped))`.
#[derive(Debug, Clone, PartialEq, RefCast)]
#[repr(transparent)]
pub struct Grouped<T>(pub T);

impl<T: ParamGroup> ResultValue for Grouped<T> {
    type Column = Array1<Self>;

    fn value_type() -> ValueType {
        let bytes = ValueType::scalar(ElementType::U8).with_shape([None]).with_encoding(ENCODING);
        ValueType { type_name: type_name::<T>().into(), ..bytes }
    }

    fn write(&self, cells: &mut Cells) {
        let members = self.members();
        let leaves = leaves::<T>();
        let as_stated = |((put, cells), leaf): (&(Leaf, Cells), &Leaf)| {
            put.name == leaf.name && cells.expect(&leaf.value_type).is_ok()
        };
        if members.len() != leaves.len() || !members.iter().zip(&leaves).all(as_stated) {
            cells.refuse(format!("its members are not those that `{}` states", type_name::<T>()));
        }
        if let Some(problem) = members.iter().find_map(|(_, cells)| cells.refusal()) {
            cells.refuse(problem);
        }
        let bytes = joined(&members.iter().map(|(_, cells)| cells.cell(0)).collect::<Vec<_>>());
        cells.put_numbers(&bytes);
        cells.end_array(&[bytes.len()]);
    }

    fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
        cell.expect(&Self::value_type())?;
        let mut group = Cells::of(&Self::value_type());
        group.push_cell(&cell);
        let leaves = leaves::<T>();
        let columns = split(&group, &leaves);
        T::take(&StoredMembers::new(leaves.into_iter().zip(columns).collect())).map(Self)
    }

    fn read_column(cells: &Cells) -> Result<Array1<Self>, ValueError> {
        cells.iter().map(Self::read).collect()
    }
}

impl<T: ParamGroup> ParamValue for Grouped<T> {
    fn parse(text: &str) -> Result<Self, ParseValueError> {
        let expected = format!("text for `{}`, which is a group; set it in the program", type_name::<T>());
        Err(ParseValueError::new(text, expected))
    }

    fn to_text(&self) -> String {
        let members: Vec<String> =
            self.members().iter().map(|(leaf, cells)| format!("{} {}", leaf.name, cells.cell(0))).collect();
        members.join(", ")
    }
}

impl<T: ParamGroup> Grouped<T> {
    fn members(&self) -> Vec<(Leaf, Cells)> {
        let mut members = Members::default();
        self.0.put(&mut members);
        members.into_members()
    }
}

/// The members of a group as parameters of their own.
pub(crate) fn leaves<T: ParamGroup>() -> Vec<Leaf> {
    T::members().into_iter().map(|(name, value_type)| Leaf::new(name, value_type)).collect()
}

/// Whether values of this type are groups in files.
pub(crate) fn is_group(value_type: &ValueType) -> bool {
    value_type.encoding == ENCODING
}

/// Groups as single cells of bytes, from a column for each member.
pub(crate) fn join(columns: &[Cells]) -> Cells {
    let mut cells = Cells::new(ElementType::U8, 1);
    for row in 0..columns.first().map_or(0, Cells::len) {
        let bytes = joined(&columns.iter().map(|column| column.cell(row)).collect::<Vec<_>>());
        cells.put_numbers(&bytes);
        cells.end_array(&[bytes.len()]);
    }
    cells
}

/// Shape and elements of each member; types are known to who reads them.
fn joined(members: &[Cell<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let number = |bytes: &mut Vec<u8>, number: usize| bytes.extend_from_slice(&number.to_ne_bytes());
    for cell in members {
        cell.shape().iter().for_each(|&length| number(&mut bytes, length));
        if cell.element() == ElementType::Text {
            for text in cell.strings() {
                number(&mut bytes, text.len());
                bytes.extend_from_slice(text.as_bytes());
            }
        } else {
            bytes.extend_from_slice(cell.bytes());
        }
    }
    bytes
}

/// A column for each member, from groups as single cells of bytes; what refuses a group refuses its members.
///
/// # Panics
/// If the bytes are not those that groups of these members were joined to.
pub(crate) fn split(groups: &Cells, members: &[Leaf]) -> Vec<Cells> {
    let mut columns: Vec<Cells> = members.iter().map(|member| Cells::of(&member.value_type)).collect();
    for group in groups.iter() {
        let mut bytes = group.bytes();
        for (member, column) in members.iter().zip(&mut columns) {
            let shape: Vec<usize> = member.value_type.shape.iter().map(|_| number(&mut bytes)).collect();
            let n_elements: usize = shape.iter().product();
            if let Some(size) = member.value_type.element.size() {
                column.put_numbers(take(&mut bytes, size * n_elements));
            } else {
                for _ in 0..n_elements {
                    let n_bytes = number(&mut bytes);
                    column.put_str(&String::from_utf8_lossy(take(&mut bytes, n_bytes)));
                }
            }
            column.end_array(&shape);
        }
    }
    if let Some(problem) = groups.refusal() {
        for column in &mut columns {
            column.refuse(problem);
        }
    }
    columns
}

fn take<'a>(bytes: &mut &'a [u8], n_bytes: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(n_bytes);
    *bytes = rest;
    taken
}

fn number(bytes: &mut &[u8]) -> usize {
    usize::from_ne_bytes(take(bytes, size_of::<usize>()).try_into().expect("as many bytes as a number has"))
}
