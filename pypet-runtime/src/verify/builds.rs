//! In what a program differs from those that carried runs out.

use std::collections::BTreeMap;

use super::BuildDifference;
use crate::error::Result;
use crate::provenance::{self, Build, build_values, of_program};
use crate::storage::StorageError;
use crate::trajectory::AnyTrajectory;
use crate::value::Cells;

/// What every environment tells.
const VERSION: &str = "versions/pypet";

/// What may change what a run yields; the branch and the names of changed files tell nothing beside the hashes.
const NAMES: [&str; 13] = [
    "build/package",
    "build/version",
    "build/features",
    "build/commit",
    "build/diff_sha256",
    "build/lock_sha256",
    "build/rustc",
    "build/target",
    "build/profile",
    "build/opt_level",
    "build/rustflags",
    "build/debug_assertions",
    VERSION,
];

/// What a trajectory says of the builds that worked on it, where that is not what is known of this program.
pub(crate) fn build_differences(any: &AnyTrajectory, experiment: Build) -> Result<Vec<BuildDifference>> {
    let values = build_values(&of_program(experiment));
    let here = |name: &str| values.iter().find(|value| value.path.strip_prefix("config/") == Some(name));
    let mut found: Vec<BuildDifference> = Vec::new();
    for build in builds(any)? {
        for name in NAMES {
            let stored = build.get(name).map(|value| value.cell(0).to_string()).unwrap_or_default();
            let here = here(name).map(|value| value.value.cell(0).to_string()).unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or(name).to_owned();
            let difference = BuildDifference { name, stored, here };
            if difference.stored != difference.here && !found.contains(&difference) {
                found.push(difference);
            }
        }
    }
    Ok(found)
}

/// What each environment that worked on a trajectory, or on one of which it was joined, was built from.
fn builds(any: &AnyTrajectory) -> Result<Vec<BTreeMap<String, Cells>>> {
    let mut all = Vec::new();
    for number in 0..=any.n_resumed() {
        all.push(provenance::values(any, number)?);
    }
    let joined = any.nodes().iter().filter_map(|node| node.path.strip_suffix(VERSION));
    for group in joined.filter(|group| group.starts_with("config/merged_")) {
        let mut values = BTreeMap::new();
        for name in NAMES {
            match any.reader().read(&format!("{group}{name}")) {
                Err(StorageError::NoNode { .. }) => None,
                read => values.insert(name.to_owned(), read?),
            };
        }
        all.push(values);
    }
    // A joined trajectory has no build of its own.
    all.retain(|values| values.contains_key(VERSION));
    Ok(all)
}
