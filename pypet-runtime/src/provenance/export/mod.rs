//! What a file tells about its making, in the words of other tools.

mod ro_crate;
mod sumatra;

pub(crate) use ro_crate::ro_crate;
pub(crate) use sumatra::sumatra;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::storage::NodeKind;
use crate::trajectory::AnyTrajectory;
use crate::value::{Cell, Cells, ElementType};

/// Arrays of more elements are told by their first ones.
const MOST_ELEMENTS: usize = 1000;

/// What was in force for an environment, by names with dots.
fn facts(trajectory: &AnyTrajectory, number: usize) -> Result<Map<String, Value>> {
    let values = super::values(trajectory, number)?;
    Ok(values.into_iter().map(|(name, cells)| (name.replace('/', "."), json(&cells.cell(0)))).collect())
}

/// All single values below a branch, by their names there.
fn values(trajectory: &AnyTrajectory, branch: &str) -> Result<Map<String, Value>> {
    let mut values = Map::new();
    for node in trajectory.nodes() {
        let below = node.path.strip_prefix(branch).and_then(|path| path.strip_prefix('/'));
        if let (Some(name), NodeKind::Value(_)) = (below, &node.kind) {
            let cells = trajectory.reader().read(&node.path)?;
            values.insert(name.replace('/', "."), json(&cells.cell(0)));
        }
    }
    Ok(values)
}

/// A value as JSON; numbers that JSON does not have are text.
fn json(value: &Cell<'_>) -> Value {
    let n_elements: usize = value.shape().iter().product();
    if n_elements > MOST_ELEMENTS {
        return value.to_string().into();
    }
    let mut flat = Cells::new(value.element(), 0);
    flat.push_elements(value);
    let mut elements = flat.iter().map(|element| match element.element() {
        ElementType::Text => Value::String(element.to_string()),
        _ => serde_json::from_str(&element.to_string()).unwrap_or_else(|_| element.to_string().into()),
    });
    nested(value.shape(), &mut elements)
}

/// The elements of an array, dimension by dimension.
fn nested(shape: &[usize], elements: &mut impl Iterator<Item = Value>) -> Value {
    match shape {
        [] => elements.next().unwrap_or_default(),
        [length, inner @ ..] => (0..*length).map(|_| nested(inner, elements)).collect(),
    }
}

/// The name of the file, as other tools find it beside the metadata.
fn file_name(trajectory: &AnyTrajectory) -> String {
    let name = trajectory.path().and_then(|path| path.file_name());
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
