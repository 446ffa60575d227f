//! In what a program differs from those that carried runs out.

use super::BuildDifference;
use crate::error::Result;
use crate::provenance;
use crate::storage::PlannedLeaf;
use crate::trajectory::AnyTrajectory;

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
    "versions/pypet",
];

/// What a trajectory says of the builds that worked on it, where that is not what stands `here`, below `config`.
pub(crate) fn build_differences(any: &AnyTrajectory, here: &[PlannedLeaf]) -> Result<Vec<BuildDifference>> {
    let mut found: Vec<BuildDifference> = Vec::new();
    for number in 0..=any.n_resumed() {
        let values = provenance::values(any, number)?;
        if !values.contains_key("versions/pypet") {
            // Nothing was told, as by a trajectory of post-processing alone.
            continue;
        }
        for name in NAMES {
            let stored = values.get(name).map(|value| value.cell(0).to_string()).unwrap_or_default();
            let here = here.iter().find(|value| value.path.strip_prefix("config/") == Some(name));
            let here = here.map(|value| value.value.cell(0).to_string()).unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or(name).to_owned();
            let difference = BuildDifference { name, stored, here };
            if difference.stored != difference.here && !found.contains(&difference) {
                found.push(difference);
            }
        }
    }
    Ok(found)
}
