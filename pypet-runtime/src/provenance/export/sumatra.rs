//! Records in the form of Sumatra's JSON export, one for each program that worked on the file.
//!
//! Source: the fields of a record in the Sumatra documentation (<https://sumatra.readthedocs.io>). What pypet does not
//! keep, as the user's name, is empty.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{facts, file_name, values};
use crate::error::Result;
use crate::trajectory::AnyTrajectory;

/// The list of records.
pub(crate) fn sumatra(trajectory: &AnyTrajectory) -> Result<Value> {
    let parameters = values(trajectory, "parameters")?;
    let records = (0..=trajectory.n_resumed())
        .map(|number| Ok(record(trajectory, number, &facts(trajectory, number)?, &parameters)));
    records.collect()
}

fn record(
    trajectory: &AnyTrajectory,
    number: usize,
    facts: &Map<String, Value>,
    parameters: &Map<String, Value>,
) -> Value {
    let header = trajectory.header();
    let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or_default();
    let words = facts.get("environment.command").and_then(Value::as_array).into_iter().flatten();
    let command: Vec<&str> = words.filter_map(Value::as_str).collect();
    let (program, arguments) = command.split_first().map_or(("", Vec::new()), |(first, rest)| (*first, rest.to_vec()));
    let dependency = |name: &str| json!({ "name": name, "version": text(&format!("versions.{name}")) });
    let dependencies = ["pypet", "hdf5"].map(dependency);
    json!({
        "label": if number == 0 { header.name.clone() } else { format!("{}_resumed_{}", header.name, number - 1) },
        "timestamp": text("environment.started"),
        "duration": duration(text("environment.started"), text("environment.ended")),
        "reason": header.comment,
        "outcome": header.state.word(),
        "executable": { "name": text("build.package"), "path": program, "version": text("build.version"), "options": "" },
        "main_file": header.experiment,
        "script_arguments": arguments.join(" "),
        "repository": { "type": if text("build.commit").is_empty() { "" } else { "GitRepository" }, "url": "", "upstream": "" },
        "version": text("build.commit"),
        "diff": text("build.patch"),
        "parameters": { "type": "JSONParameterSet", "content": Value::Object(parameters.clone()).to_string() },
        "launch_mode": { "type": text("environment.engine"), "parameters": { "n": facts.get("environment.n_workers") } },
        "platforms": [{
            "network_name": text("machine.host"),
            "processor": text("machine.cpu"),
            "system_name": text("machine.os"),
            "release": text("machine.kernel"),
            "machine": text("build.target"),
        }],
        "dependencies": dependencies,
        "input_data": [],
        "output_data": [{ "path": file_name(trajectory), "metadata": { "mimetype": "application/x-hdf5" } }],
        "tags": [],
        "user": "",
    })
}

/// Seconds; nothing if one of the times is missing.
fn duration(started: &str, ended: &str) -> Option<f64> {
    let [started, ended] = [started, ended].map(|time| time.parse::<Timestamp>().ok());
    Some(ended?.duration_since(started?).as_secs_f64())
}
