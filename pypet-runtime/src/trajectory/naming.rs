//! Natural naming at run time: finding nodes by parts of their names.

use super::TrajectoryError;
use crate::storage::{Node, NodeKind};

/// Branches that are searched only when a name begins with them: the run table and the explored columns say
/// again what stands elsewhere.
const EXPLICIT: [&str; 2] = ["explored", "runs"];

/// Which runs a name is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Those of whoever asks: all runs of a trajectory, the one of a view.
    Asker,
    /// One run, as in `results.r_7.rate`.
    Run(usize),
    /// All runs, as in `results.run_ALL.rate`.
    All,
}

/// Finds the node of a name, by its number, and the runs that are meant.
///
/// A name is a path with dots in which groups may be left out; the shallowest match wins. `par`, `dpar`,
/// `conf` and `res` stand for the branches. `run_7`, `r_7` and `run_00000007` name a run, `run_ALL` all of
/// them, `$` and `crun` the run of a view; a node that is really called so goes first.
pub(super) fn resolve(nodes: &[Node], name: &str) -> Result<(usize, Of), TrajectoryError> {
    let wanted = expanded(name);
    let (without_run, of) = split_run(&wanted);
    match search(nodes, name, &wanted) {
        Err(TrajectoryError::Unknown { .. }) if without_run.len() < wanted.len() && !without_run.is_empty() => {
            Ok((search(nodes, name, &without_run)?, of))
        }
        found => Ok((found?, Of::Asker)),
    }
}

fn search(nodes: &[Node], name: &str, wanted: &[&str]) -> Result<usize, TrajectoryError> {
    match search_but(&EXPLICIT, nodes, name, wanted) {
        // A repetition stands among the explored columns only.
        Err(unknown @ TrajectoryError::Unknown { .. }) => {
            search_but(&EXPLICIT[1..], nodes, name, wanted).map_err(|other| match other {
                TrajectoryError::Unknown { .. } => unknown,
                other => other,
            })
        }
        found => found,
    }
}

fn search_but(hidden: &[&str], nodes: &[Node], name: &str, wanted: &[&str]) -> Result<usize, TrajectoryError> {
    if let Some(exact) = nodes.iter().position(|node| segments(node).eq(wanted.iter().copied())) {
        return Ok(exact);
    }
    let mut shallowest = usize::MAX;
    let mut matching: Vec<usize> = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        if is_hidden(node, hidden, wanted[0]) || !fits(segments(node), wanted) {
            continue;
        }
        let depth = segments(node).count();
        if depth < shallowest {
            shallowest = depth;
            matching.clear();
        }
        if depth == shallowest {
            matching.push(number);
        }
    }
    // How a study was carried out gives way to what it is about.
    let is_config = |number: &usize| nodes[*number].path.starts_with("config/");
    if !matching.iter().all(is_config) {
        matching.retain(|number| !is_config(number));
    }
    match matching.as_slice() {
        [only] => Ok(*only),
        [] => {
            let is_shown = |node: &&Node| node.kind != NodeKind::Group && !is_hidden(node, hidden, wanted[0]);
            let leaves = nodes.iter().filter(is_shown);
            Err(TrajectoryError::Unknown { name: name.into(), names: leaves.map(dotted).collect() })
        }
        several => Err(TrajectoryError::Ambiguous {
            name: name.into(),
            names: several.iter().map(|&number| dotted(&nodes[number])).collect(),
        }),
    }
}

/// The numbers of all nodes whose names fit a pattern.
///
/// `*` stands for any text within one part of a name, `**` for any number of parts.
pub(super) fn find_all(nodes: &[Node], pattern: &str) -> Vec<usize> {
    let wanted = expanded(pattern);
    let fits = |node: &Node| {
        let path: Vec<&str> = segments(node).collect();
        !is_hidden(node, &EXPLICIT, wanted[0]) && fits_pattern(&path, &wanted)
    };
    (0..nodes.len()).filter(|&number| fits(&nodes[number])).collect()
}

fn dotted(node: &Node) -> String {
    node.path.replace('/', ".")
}

/// The parts of a node's full name; explored columns carry theirs in one name with dots.
fn segments(node: &Node) -> impl Iterator<Item = &str> + Clone {
    node.path.split(['/', '.'])
}

fn is_hidden(node: &Node, hidden: &[&str], first: &str) -> bool {
    let branch = segments(node).next().unwrap_or_default();
    hidden.contains(&branch) && first != branch
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

/// The name without the parts that name a run, and the last run that they name.
fn split_run<'a>(wanted: &[&'a str]) -> (Vec<&'a str>, Of) {
    let mut of = Of::Asker;
    let mut rest = Vec::new();
    for segment in wanted {
        let Some(named) = run_named(segment) else {
            rest.push(*segment);
            continue;
        };
        of = named;
        // Python's pypet keeps runs in groups `runs`; such names work as they are.
        if rest.len() > 1 && rest.last() == Some(&"runs") {
            rest.pop();
        }
    }
    (rest, of)
}

fn run_named(segment: &str) -> Option<Of> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    match segment {
        "$" | "crun" => Some(Of::Asker),
        "run_ALL" | "r_ALL" | "r_A" => Some(Of::All),
        other => other.strip_prefix("run_").or_else(|| other.strip_prefix("r_")).and_then(number).map(Of::Run),
    }
}

/// Whether the path ends as wanted and has all other wanted segments before, in order.
fn fits<'a>(path: impl Iterator<Item = &'a str> + Clone, wanted: &[&str]) -> bool {
    let Some((wanted_last, wanted)) = wanted.split_last() else { return false };
    let mut rest = path.clone();
    let mut n_used = 0;
    let in_order = wanted.iter().all(|segment| {
        rest.any(|other| {
            n_used += 1;
            other == *segment
        })
    });
    in_order && path.skip(n_used).last() == Some(wanted_last)
}

fn fits_pattern(path: &[&str], pattern: &[&str]) -> bool {
    match (pattern, path) {
        ([], path) => path.is_empty(),
        (["**", pattern @ ..], path) => (0..=path.len()).any(|skipped| fits_pattern(&path[skipped..], pattern)),
        ([_, ..], []) => false,
        ([first, pattern @ ..], [segment, path @ ..]) => fits_wildcard(segment, first) && fits_pattern(path, pattern),
    }
}

/// Whether a part of a name is `text*text*…`.
fn fits_wildcard(segment: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return segment == pattern };
    let Some(mut segment) = segment.strip_prefix(start) else { return false };
    let Some((middle, end)) = rest.rsplit_once('*') else { return segment.ends_with(rest) };
    for piece in middle.split('*') {
        let Some(found) = segment.find(piece) else { return false };
        segment = &segment[found + piece.len()..];
    }
    segment.ends_with(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_name_and_any_pattern_has_an_answer(
            odd in any::<String>(),
            parts in prop::collection::vec(prop::sample::select(vec![
                "par", "res", "$", "crun", "r_7", "run_ALL", "r_99999999999999999999", "neuron", "i", "*", "**", "", ".", "/",
                "tau_*", "ä",
            ]), 0..8),
        ) {
            let tree = nodes(&["parameters/neuron/i", "parameters/neuron/tau_v", "results/net/rate", "explored/neuron.i"]);
            for name in [odd, parts.join("."), parts.concat()] {
                if let Ok((number, _)) = resolve(&tree, &name) {
                    prop_assert!(number < tree.len());
                }
                prop_assert!(find_all(&tree, &name).len() <= tree.len());
            }
        }
    }

    fn nodes(paths: &[&str]) -> Vec<Node> {
        paths.iter().map(|path| Node { path: (*path).into(), kind: NodeKind::Group }).collect()
    }

    fn path_of<'a>(tree: &'a [Node], name: &str) -> &'a str {
        &tree[resolve(tree, name).unwrap().0].path
    }

    #[test]
    fn groups_may_be_left_out_and_the_shallowest_wins() {
        let tree = nodes(&["parameters/neuron/i", "parameters/net/input/i", "explored/neuron.i"]);
        assert_eq!(path_of(&tree, "neuron.i"), "parameters/neuron/i");
        assert_eq!(path_of(&tree, "i"), "parameters/neuron/i");
        assert_eq!(path_of(&tree, "par.net.i"), "parameters/net/input/i");
        assert_eq!(path_of(&tree, "explored.neuron.i"), "explored/neuron.i");
        assert_eq!(path_of(&nodes(&["explored/trial", "runs/worker"]), "trial"), "explored/trial", "a repetition");
        assert!(resolve(&nodes(&["runs/worker"]), "worker").is_err());
    }

    #[test]
    fn segments_are_compared_whole() {
        let tree = nodes(&["parameters/network/x"]);
        assert!(matches!(resolve(&tree, "net.x"), Err(TrajectoryError::Unknown { .. })));
        assert!(matches!(resolve(&tree, ""), Err(TrajectoryError::Unknown { .. })));
    }

    #[test]
    fn a_segment_serves_once() {
        let tree = nodes(&["results/a", "results/a/a"]);
        assert_eq!(path_of(&tree, "a.a"), "results/a/a");
        assert!(resolve(&nodes(&["results/a"]), "a.a").is_err());
    }

    #[test]
    fn config_gives_way_to_parameters_and_results() {
        let tree = nodes(&["config/environment/seed", "parameters/network/seed", "config/environment/engine"]);
        assert_eq!(path_of(&tree, "seed"), "parameters/network/seed");
        assert_eq!(path_of(&tree, "conf.seed"), "config/environment/seed");
        assert_eq!(path_of(&tree, "engine"), "config/environment/engine");
    }

    #[test]
    fn two_at_one_depth_are_ambiguous() {
        let tree = nodes(&["parameters/a/x", "parameters/b/x"]);
        let error = resolve(&tree, "x").unwrap_err().to_string();
        assert!(error.contains("`parameters.a.x` or `parameters.b.x`"), "{error}");
    }

    #[test]
    fn a_name_may_say_which_run_it_is_about() {
        let tree = nodes(&["results/net/rate", "results/net/r_5"]);
        for name in ["results.r_7.net.rate", "res.runs.run_00000007.rate", "net.run_7.rate", "r_7.rate"] {
            assert_eq!(resolve(&tree, name).unwrap(), (0, Of::Run(7)), "{name}");
        }
        assert_eq!(resolve(&tree, "results.$.rate").unwrap(), (0, Of::Asker));
        assert_eq!(resolve(&tree, "results.crun.rate").unwrap(), (0, Of::Asker));
        assert_eq!(resolve(&tree, "results.run_ALL.rate").unwrap(), (0, Of::All));
        assert_eq!(resolve(&tree, "net.r_5").unwrap(), (1, Of::Asker), "a node of this name goes first");
        for unknown in ["r_7", "$", "r_x.rate", "r_.rate", "run_99999999999999999999999.rate", "r_+1.rate"] {
            assert!(resolve(&tree, unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn wildcards_stand_for_parts_and_within_parts() {
        let tree = nodes(&[
            "parameters",
            "parameters/neuron",
            "parameters/neuron/tau_v",
            "parameters/neuron/tau_ref",
            "results/a/rate",
            "results/rate",
            "explored/neuron.tau_v",
        ]);
        let found = |pattern| find_all(&tree, pattern).into_iter().map(|n| tree[n].path.as_str()).collect::<Vec<_>>();
        assert_eq!(found("**.rate"), ["results/a/rate", "results/rate"]);
        assert_eq!(found("res.*"), ["results/rate"]);
        assert_eq!(found("**.tau_*"), ["parameters/neuron/tau_v", "parameters/neuron/tau_ref"]);
        assert_eq!(found("par.*.t*_*e*"), ["parameters/neuron/tau_ref"]);
        assert_eq!(found("explored.**"), ["explored/neuron.tau_v"]);
        assert_eq!(found("parameters.**").len(), 4);
        assert!(found("rate").is_empty() && found("").is_empty());
    }
}
