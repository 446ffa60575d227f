//! What the trajectory is, how it came about, and how far it has come.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Ask, Refusal, cut};
use crate::error::Result;
use crate::plot::is_drawable;
use crate::progress::{FileStatus, time};
use crate::storage::hdf5::trajectories;
use crate::table::{Column, RunTable};
use crate::trajectory::AnyTrajectory;
use crate::value::ElementType;
use crate::view::reading::Source;

/// How far it has come: asked every second, so it is worked out once for each state of the file.
#[derive(Debug, Deserialize)]
pub(super) struct StateQuery {
    trajectory: Option<String>,
}

impl Ask for StateQuery {
    fn ask(self, source: &mut Source) -> Result<Answer, Refusal> {
        let whole = FileStatus::of(source.path())?;
        let file = source.path().display().to_string();
        let (version, progress) = source.progress(self.trajectory.as_deref())?;
        let mut state = progress.json(&whole);
        let more = json!({
            "version": version,
            "file": file,
            "bytes": whole.bytes,
            "changed": whole.changed.map(time),
            "writer": whole.writer,
        });
        if let (Value::Object(state), Value::Object(more)) = (&mut state, more) {
            state.extend(more);
        }
        Ok(Answer::Json(state))
    }
}

/// Everything about the trajectory as a whole.
#[derive(Debug, Deserialize)]
pub(super) struct OverviewQuery {
    trajectory: Option<String>,
}

impl Ask for OverviewQuery {
    fn ask(self, source: &mut Source) -> Result<Answer, Refusal> {
        let path = source.path().to_owned();
        let (any, _) = source.open(self.trajectory.as_deref())?;
        let table = RunTable::of(any)?;
        let header = any.header();
        Ok(Answer::Json(json!({
            "trajectory": header.name,
            "trajectories": trajectories(&path).map_err(crate::error::Error::from)?,
            "experiment": header.experiment,
            "comment": cut(&header.comment),
            "created": header.created,
            "n_runs": header.n_runs,
            "annotations": super::annotations(any, ""),
            "explored": table.explored.iter().map(column).collect::<Vec<_>>(),
            "results": table.results.iter().map(column).collect::<Vec<_>>(),
            "config": config(any),
        })))
    }
}

/// What the page knows of a column.
pub(super) fn column(column: &Column) -> Value {
    json!({
        "label": column.label,
        "name": column.leaf.name,
        "unit": column.leaf.unit,
        "comment": cut(&column.leaf.comment),
        "type": column.leaf.value_type.to_string(),
        "rank": column.leaf.value_type.shape.len(),
        "is_parameter": column.is_parameter,
        "is_number": is_number(column),
        "is_drawable": is_drawable(column),
    })
}

/// Whether it holds single numbers, which stand on the right of a table.
fn is_number(column: &Column) -> bool {
    let kind = &column.leaf.value_type;
    kind.is_scalar() && !matches!(kind.element, ElementType::Text | ElementType::Bool)
}

/// How the trajectory came about, as `show FILE config` tells.
fn config(any: &AnyTrajectory) -> Vec<Value> {
    const MOST: usize = 500;
    let Some(config) = any.at("config") else { return Vec::new() };
    let fact = |node: crate::trajectory::NodeRef<'_>| {
        let text = node.cells().map_or_else(|error| format!("({error})"), |cells| super::spelled(&cells.cell(0)));
        let name = node.path().trim_start_matches("config/").replace('/', ".");
        json!({ "name": name, "text": cut(&text), "unit": node.unit(), "comment": cut(node.comment()) })
    };
    config.leaves().take(MOST).map(fact).collect()
}
