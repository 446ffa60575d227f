//! What the verbs say to programs.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::logs::LogLine;
use crate::progress::counts;
use crate::registry::AnyExperiment;
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::NodeKind;
use crate::trajectory::{AnyRunView, AnyTrajectory, NodeRef, Value as AnyValue};
use crate::value::Cell;

/// Elements of a single value that stand in a tree; longer ones are read one by one.
const MOST_ELEMENTS: usize = 1000;

/// The answer of `list`.
pub(super) fn experiments(experiments: &[&'static dyn AnyExperiment]) -> Value {
    let describe = |experiment: &&'static dyn AnyExperiment| {
        json!({
            "name": experiment.name(),
            "comment": experiment.comment(),
            "parameters": experiment.parameter_set(),
            "results": experiment.results().iter().map(leaf).collect::<Vec<_>>(),
        })
    };
    json!({ "experiments": experiments.iter().map(describe).collect::<Vec<_>>() })
}

/// The answer of `params`.
pub(super) fn parameters(experiment: &dyn AnyExperiment) -> Value {
    let infos = experiment.parameters();
    let defaults = experiment.defaults();
    let describe = |(info, default): (&crate::parameter::ParameterInfo, &crate::value::Cells)| {
        json!({
            "name": info.name,
            "type": info.value_type.to_string(),
            "default": value(&default.cell(0)),
            "unit": info.unit,
            "limit": info.limit_or_choices(),
            "derived": info.derived,
            "comment": info.comment,
        })
    };
    let parameters: Vec<Value> = infos.iter().zip(&defaults).map(describe).collect();
    json!({ "experiment": experiment.name(), "parameters": parameters })
}

/// The answer of `show`: the header and all nodes, one node with the values of all runs, or one run.
pub(super) fn show(any: &AnyTrajectory, path: Option<&str>, run: Option<usize>) -> Result<Value> {
    match (path, run.or_else(|| any.run_of(path?))) {
        (None, None) => tree(any),
        (Some(path), None) => node(any, path),
        (path, Some(run)) => of_run(&any.run(run)?, path),
    }
}

/// The answer of `show --log`.
pub(super) fn log(lines: &[LogLine]) -> Value {
    let line = |line: &LogLine| {
        let LogLine { time, level, run, n_tries, target, text } = line;
        let level = level.as_str().to_lowercase();
        json!({ "time": time, "level": level, "run": run, "n_tries": n_tries, "target": target, "text": text })
    };
    json!({ "log": lines.iter().map(line).collect::<Vec<_>>() })
}

fn of_run(run: &AnyRunView<'_>, path: Option<&str>) -> Result<Value> {
    let values = match path {
        Some(path) => json!({ path: run.value(path)? }),
        None => json!(run.to_map()?),
    };
    Ok(json!({ "run": run.index(), "status": run.status().word(), "values": values }))
}

fn tree(any: &AnyTrajectory) -> Result<Value> {
    let header = any.header();
    let nodes: Result<Vec<Value>> = any
        .nodes()
        .iter()
        .map(|node| {
            let mut entry = Map::new();
            entry.insert("name".into(), node.path.replace('/', ".").into());
            describe(&node.kind, &mut entry);
            if let NodeKind::Value(leaf) = &node.kind {
                let lengths = leaf.value_type.shape.iter().map(|length| length.unwrap_or(usize::MAX));
                if lengths.fold(1, usize::saturating_mul) <= MOST_ELEMENTS {
                    let cells = any.reader().read(&node.path)?;
                    entry.insert("value".into(), value(&cells.cell(0)));
                }
            }
            Ok(Value::Object(entry))
        })
        .collect();
    Ok(json!({
        "trajectory": header.name,
        "experiment": header.experiment,
        "comment": header.comment,
        "created": header.created,
        "state": header.state.word(),
        "n_runs": header.n_runs,
        "runs": counts(any.statuses()?),
        "nodes": nodes?,
    }))
}

fn node(any: &AnyTrajectory, name: &str) -> Result<Value> {
    let node = any.node(name)?;
    let mut entry = Map::new();
    entry.insert("name".into(), node.full_name().into());
    let Some(leaf) = node.leaf() else {
        describe(&NodeKind::Group, &mut entry);
        entry.insert("members".into(), node.children().map(NodeRef::name).collect());
        return Ok(Value::Object(entry));
    };
    if node.is_column() {
        describe(&NodeKind::Column(leaf.clone()), &mut entry);
        let cells = any.rows(name, 0..any.header().n_runs)?;
        // What the file holds for a run without results means nothing.
        let known = |(cell, status): (Cell<'_>, &RunStatus)| node.has_value_of(*status).then(|| value(&cell));
        entry.insert("values".into(), json!(cells.iter().zip(any.statuses()?).map(known).collect::<Vec<_>>()));
    } else {
        describe(&NodeKind::Value(leaf.clone()), &mut entry);
        entry.insert("value".into(), value(&node.cells()?.cell(0)));
    }
    Ok(Value::Object(entry))
}

fn value(cell: &Cell<'_>) -> Value {
    json!(AnyValue::of(cell))
}

fn describe(kind: &NodeKind, entry: &mut Map<String, Value>) {
    let (word, described) = match kind {
        NodeKind::Group => ("group", None),
        NodeKind::Link { .. } => ("link", None),
        NodeKind::Value(leaf) => ("value", Some(leaf)),
        NodeKind::Column(leaf) => ("column", Some(leaf)),
    };
    entry.insert("kind".into(), word.into());
    if let NodeKind::Link { target } = kind {
        entry.insert("target".into(), target.replace('/', ".").into());
    }
    if let Some(described) = described {
        entry.insert("type".into(), described.value_type.to_string().into());
        entry.insert("unit".into(), described.unit.clone().into());
        entry.insert("comment".into(), described.comment.clone().into());
    }
}

fn leaf(leaf: &Leaf) -> Value {
    json!({
        "name": leaf.name,
        "type": leaf.value_type.to_string(),
        "unit": leaf.unit,
        "comment": leaf.comment,
    })
}
