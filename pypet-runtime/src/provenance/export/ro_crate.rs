//! A trajectory file as an RO-Crate.
//!
//! Source: RO-Crate Metadata Specification 1.1 (<https://w3id.org/ro/crate/1.1>), and the profile Process Run Crate 0.5 for
//! the actions: the program is the instrument, the parameters are the objects, the file is the result.

use serde_json::{Map, Value, json};

use super::{facts, file_name, values};
use crate::error::Result;
use crate::storage::State;
use crate::trajectory::AnyTrajectory;

/// The profile that tells how runs of programs are described.
const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";

/// The content of `ro-crate-metadata.json` for a folder that holds the file.
pub(crate) fn ro_crate(trajectory: &AnyTrajectory) -> Result<Value> {
    let header = trajectory.header();
    let file = file_id(trajectory);
    let parameters = parameters(trajectory)?;
    let mut graph = vec![
        json!({
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": { "@id": "https://w3id.org/ro/crate/1.1" },
            "about": { "@id": "./" },
        }),
        json!({ "@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5" }),
        json!({
            "@id": file,
            "@type": "File",
            "name": format!("trajectory {}", header.name),
            "description": header.comment,
            "encodingFormat": "application/x-hdf5",
            "dateCreated": header.created,
        }),
    ];
    let mut actions = Vec::new();
    for number in 0..=trajectory.n_resumed() {
        let facts = facts(trajectory, number)?;
        graph.push(program(number, &facts));
        graph.push(action(trajectory, number, &facts, &parameters));
        graph.extend(properties(number, &facts));
        actions.push(json!({ "@id": format!("#run-{number}") }));
    }
    let root = json!({
        "@id": "./",
        "@type": "Dataset",
        "name": format!("{}: {} runs of {}", header.name, header.n_runs, header.experiment),
        "description": if header.comment.is_empty() { &header.experiment } else { &header.comment },
        "datePublished": header.created,
        "conformsTo": { "@id": PROFILE },
        "hasPart": { "@id": file },
        "mentions": actions,
    });
    graph.insert(1, root);
    graph.extend(parameters);
    Ok(json!({ "@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph }))
}

/// One `PropertyValue` for each parameter that can be set.
fn parameters(trajectory: &AnyTrajectory) -> Result<Vec<Value>> {
    let presets = values(trajectory, "parameters")?;
    let leaves = trajectory.header().schema.parameters.iter().filter(|parameter| !parameter.derived);
    let property = |leaf: &crate::schema::Leaf| {
        let name = &leaf.name;
        let mut property = json!({
            "@id": format!("#parameter-{name}"),
            "@type": "PropertyValue",
            "name": name,
            "description": leaf.comment,
            "value": presets.get(name),
        });
        if !leaf.unit.is_empty() {
            property["unitText"] = leaf.unit.as_str().into();
        }
        if trajectory.nodes().iter().any(|node| node.path.strip_prefix("explored/") == Some(name)) {
            let path = format!("{}/explored/{name}", trajectory.header().name);
            property["value"] = format!("explored; the dataset `{path}` has the value of each run").into();
        }
        property
    };
    Ok(leaves.map(|parameter| property(&parameter.leaf)).collect())
}

fn program(number: usize, facts: &Map<String, Value>) -> Value {
    let text = |name: &str| facts.get(name).and_then(Value::as_str);
    let mut program = json!({
        "@id": format!("#program-{number}"),
        "@type": "SoftwareApplication",
        "name": text("build.package").unwrap_or("a program with pypet"),
        "additionalProperty": references(number, facts, "build."),
    });
    if let Some(version) = text("build.version") {
        program["softwareVersion"] = version.into();
    }
    if let Some(commit) = text("build.commit") {
        program["identifier"] = format!("git:{commit}").into();
    }
    program
}

fn action(trajectory: &AnyTrajectory, number: usize, facts: &Map<String, Value>, parameters: &[Value]) -> Value {
    let header = trajectory.header();
    let is_first = number == 0;
    let words = facts.get("environment.command").and_then(Value::as_array).into_iter().flatten();
    let command: Vec<&str> = words.filter_map(Value::as_str).collect();
    let ended = facts.get("environment.ended");
    let status = match (ended, header.state) {
        (Some(_), _) => "CompletedActionStatus",
        (None, State::Running) if number == trajectory.n_resumed() => "ActiveActionStatus",
        // Killed.
        (None, _) => "FailedActionStatus",
    };
    let properties = ["environment.", "machine.", "versions."].map(|start| references(number, facts, start)).concat();
    let mut action = json!({
        "@id": format!("#run-{number}"),
        "@type": if is_first { "CreateAction" } else { "UpdateAction" },
        "name": format!("{} {}", if is_first { "explored" } else { "resumed" }, header.experiment),
        "description": command.join(" "),
        "startTime": facts.get("environment.started"),
        "instrument": { "@id": format!("#program-{number}") },
        "object": parameters.iter().map(|parameter| json!({ "@id": parameter["@id"] })).collect::<Vec<_>>(),
        "result": { "@id": file_id(trajectory) },
        "actionStatus": { "@id": format!("http://schema.org/{status}") },
        "additionalProperty": properties,
    });
    if let Some(ended) = ended {
        action["endTime"] = ended.clone();
    }
    action
}

fn properties(number: usize, facts: &Map<String, Value>) -> impl Iterator<Item = Value> {
    facts.iter().map(move |(name, value)| {
        json!({ "@id": format!("#config-{number}-{name}"), "@type": "PropertyValue", "name": name, "value": value })
    })
}

fn references(number: usize, facts: &Map<String, Value>, start: &str) -> Vec<Value> {
    let names = facts.keys().filter(|name| name.starts_with(start));
    names.map(|name| json!({ "@id": format!("#config-{number}-{name}") })).collect()
}

/// The name of the file as a relative URI.
fn file_id(trajectory: &AnyTrajectory) -> String {
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    file_name(trajectory).bytes().map(encode).collect()
}
