//! Natural naming at run time: finding nodes by parts of their names.

use super::TrajectoryError;
use crate::storage::{Node, NodeKind};

/// Branches that are searched only when a name begins with them: the run table and the explored columns say
/// again what stands elsewhere.
const EXPLICIT: [&str; 2] = ["explored", "runs"];

/// Finds the node of a name.
///
/// A name is a path with dots in which groups may be left out; the shallowest match wins. `par`, `dpar`,
/// `conf` and `res` stand for the branches.
pub(super) fn resolve<'a>(nodes: &'a [Node], name: &str) -> Result<&'a Node, TrajectoryError> {
    let wanted = expanded(name);
    let dotted = |node: &Node| node.path.replace('/', ".");
    if let Some(exact) = nodes.iter().find(|node| dotted(node) == wanted.join(".")) {
        return Ok(exact);
    }
    let is_explicit = |branch: &str| EXPLICIT.contains(&branch) && wanted[0] != branch;
    let matching = nodes.iter().filter(|node| {
        let path = dotted(node);
        let segments: Vec<&str> = path.split('.').collect();
        !is_explicit(segments[0]) && fits(&segments, &wanted)
    });
    let depth = |node: &Node| dotted(node).split('.').count();
    let mut matching: Vec<&Node> = matching.collect();
    let Some(shallowest) = matching.iter().map(|node| depth(node)).min() else {
        let leaves = nodes.iter().filter(|node| node.kind != NodeKind::Group);
        return Err(TrajectoryError::Unknown { name: name.into(), names: leaves.map(dotted).collect() });
    };
    matching.retain(|node| depth(node) == shallowest);
    match matching.as_slice() {
        [only] => Ok(only),
        several => Err(TrajectoryError::Ambiguous {
            name: name.into(),
            names: several.iter().map(|node| dotted(node)).collect(),
        }),
    }
}

fn expanded(name: &str) -> Vec<&str> {
    let mut segments: Vec<&str> = name.split(['.', '/']).collect();
    segments[0] = match segments[0] {
        "par" => "parameters",
        "dpar" => "derived_parameters",
        "conf" => "config",
        "res" => "results",
        other => other,
    };
    segments
}

/// Whether the path ends as wanted and has all other wanted segments before, in order.
fn fits(path: &[&str], wanted: &[&str]) -> bool {
    let (Some((last, path)), Some((wanted_last, wanted))) = (path.split_last(), wanted.split_last()) else {
        return false;
    };
    let mut rest = path.iter();
    last == wanted_last && wanted.iter().all(|segment| rest.any(|other| other == segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(paths: &[&str]) -> Vec<Node> {
        paths.iter().map(|path| Node { path: (*path).into(), kind: NodeKind::Group }).collect()
    }

    #[test]
    fn groups_may_be_left_out_and_the_shallowest_wins() {
        let tree = nodes(&["parameters/neuron/i", "parameters/net/input/i", "explored/neuron.i"]);
        assert_eq!(resolve(&tree, "neuron.i").unwrap().path, "parameters/neuron/i");
        assert_eq!(resolve(&tree, "i").unwrap().path, "parameters/neuron/i");
        assert_eq!(resolve(&tree, "par.net.i").unwrap().path, "parameters/net/input/i");
        assert_eq!(resolve(&tree, "explored.neuron.i").unwrap().path, "explored/neuron.i");
    }

    #[test]
    fn segments_are_compared_whole() {
        let tree = nodes(&["parameters/network/x"]);
        assert!(matches!(resolve(&tree, "net.x"), Err(TrajectoryError::Unknown { .. })));
    }

    #[test]
    fn two_at_one_depth_are_ambiguous() {
        let tree = nodes(&["parameters/a/x", "parameters/b/x"]);
        let error = resolve(&tree, "x").unwrap_err().to_string();
        assert!(error.contains("`parameters.a.x` or `parameters.b.x`"), "{error}");
    }
}
