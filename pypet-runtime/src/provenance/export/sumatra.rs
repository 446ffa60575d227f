//! Records in the form of Sumatra's JSON export, one for each program that worked on the file.
//!
//! Source: what `sumatra.recordstore.serialization` of Sumatra 0.8 reads (<https://sumatra.readthedocs.io>). What pypet does
//! not keep, as the user's name, is empty.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{facts, file_name, values};
use crate::error::Result;
use crate::trajectory::AnyTrajectory;

/// What stands for the digest of a file that is not known.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000";

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
    let dependency = |name: &str| {
        // It knows the languages python, r, matlab, genesis and neuron; these do not look for the file.
        json!({ "name": name, "path": "", "version": text(&format!("versions.{name}")), "diff": "", "source": "", "module": "python" })
    };
    let dependencies = ["pypet", "hdf5"].map(dependency);
    let workers = facts.get("environment.n_workers").and_then(Value::as_u64).unwrap_or(1);
    let output = json!({
        "path": file_name(trajectory),
        "digest": NO_DIGEST,
        "creation": whole_seconds(&header.created),
        "metadata": { "mimetype": "application/x-hdf5" },
    });
    json!({
        "label": if number == 0 { header.name.clone() } else { format!("{}_resumed_{}", header.name, number - 1) },
        "timestamp": whole_seconds(text("environment.started")),
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
        // Its own engines are for several programs at once.
        "launch_mode": {
            "type": "SerialLaunchMode",
            "parameters": {
                "working_directory": text("environment.working_directory"),
                "options": format!("{} ({workers})", text("environment.engine")),
            },
        },
        "datastore": { "type": "FileSystemDataStore", "parameters": { "root": "." } },
        "platforms": [{
            "network_name": text("machine.host"),
            "processor": text("machine.cpu"),
            "system_name": text("machine.os"),
            "release": text("machine.kernel"),
            "machine": text("build.target"),
        }],
        "dependencies": dependencies,
        "input_data": [],
        "output_data": [output],
        "tags": [],
        "user": "",
    })
}

/// A time without the fraction of its seconds, which Sumatra does not read.
fn whole_seconds(time: &str) -> String {
    let Some((seconds, fraction)) = time.split_once('.') else { return time.into() };
    format!("{seconds}{}", fraction.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// Seconds; nothing if one of the times is missing.
fn duration(started: &str, ended: &str) -> Option<f64> {
    let [started, ended] = [started, ended].map(|time| time.parse::<Timestamp>().ok());
    Some(ended?.duration_since(started?).as_secs_f64())
}
