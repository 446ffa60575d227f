//! The environments that worked on a trajectory, and what was in force for each.
//!
//! The one that made the trajectory tells all of itself below `config`. Each that resumed it tells below
//! `config/resumed_0`, `config/resumed_1`, … only what differs from the ones before, since a study may be
//! resumed hundreds of times by the same program on the same machine.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::storage::NodeKind;
use crate::trajectory::AnyTrajectory;
use crate::value::Cells;

/// What each environment tells of itself.
const GROUPS: [&str; 4] = ["build/", "environment/", "machine/", "versions/"];
/// What holds for one environment alone.
const TIMES: [&str; 2] = ["environment/started", "environment/ended"];

/// The branch of an environment; number 0 has made the trajectory.
pub(super) fn branch(number: usize) -> String {
    number.checked_sub(1).map_or_else(|| "config".into(), |resumed| format!("config/resumed_{resumed}"))
}

/// Whether a value holds for the environments after it as well, unless they tell another.
pub(super) fn is_inherited(name: &str) -> bool {
    GROUPS.iter().any(|group| name.starts_with(group)) && !TIMES.contains(&name)
}

/// All values in force for an environment, by their names below its branch.
///
/// What is no longer known since an earlier environment is an empty text in between, and absent here.
pub(crate) fn values(trajectory: &AnyTrajectory, number: usize) -> Result<BTreeMap<String, Cells>> {
    let mut newest: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for node in trajectory.nodes() {
        let (Some(below), NodeKind::Value(_)) = (node.path.strip_prefix("config/"), &node.kind) else { continue };
        let (of, name) = environment_of(below);
        if of > number || (of < number && !is_inherited(name)) {
            continue;
        }
        let found = newest.entry(name).or_insert((of, &node.path));
        if of > found.0 {
            *found = (of, &node.path);
        }
    }
    let mut values = BTreeMap::new();
    for (name, (_, path)) in newest {
        let value = trajectory.reader().read(path)?;
        if value != gone() {
            values.insert(name.to_owned(), value);
        }
    }
    Ok(values)
}

/// What stands for a value that is no longer known.
pub(super) fn gone() -> Cells {
    crate::storage::PlannedLeaf::new(String::new(), &String::new(), "").value
}

/// The number of the environment, and the name below its branch.
fn environment_of(below_config: &str) -> (usize, &str) {
    let resumed = below_config.strip_prefix("resumed_").and_then(|rest| rest.split_once('/'));
    let resumed = resumed.and_then(|(number, name)| Some((number.parse::<usize>().ok()? + 1, name)));
    resumed.unwrap_or((0, below_config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_numbered_and_found_by_their_numbers() {
        assert_eq!([0, 1, 12].map(branch), ["config", "config/resumed_0", "config/resumed_11"]);
        assert_eq!(environment_of("machine/host"), (0, "machine/host"));
        assert_eq!(environment_of("resumed_11/machine/host"), (12, "machine/host"));
        assert_eq!(environment_of("resumed_by/hand"), (0, "resumed_by/hand"));
    }
}
