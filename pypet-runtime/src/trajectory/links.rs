//! Following links: second paths to nodes.

use super::TrajectoryError;
use crate::storage::{Node, NodeKind};

/// The number of the node that a path leads to, through as many links as there are.
pub(super) fn follow(nodes: &[Node], path: &str) -> Result<usize, TrajectoryError> {
    let dotted = |path: &str| path.replace('/', ".");
    let mut current = path.to_owned();
    let mut last_link = path.to_owned();
    // More steps than there are nodes visit one of them twice.
    for _ in 0..=nodes.len() {
        if let Some(number) = nodes.iter().position(|node| node.path == current) {
            let NodeKind::Link { target } = &nodes[number].kind else { return Ok(number) };
            last_link = std::mem::replace(&mut current, target.clone());
            continue;
        }
        let Some((link, below)) = link_on_the_way(nodes, &current) else {
            return Err(TrajectoryError::Dangling { link: dotted(&last_link), target: dotted(&current) });
        };
        let next = format!("{link}/{below}");
        last_link = std::mem::replace(&mut current, next);
    }
    Err(TrajectoryError::Cyclic { link: dotted(path) })
}

/// The number of the node of a name that leads through a link to a group; `None` if no link is on the way.
///
/// The name is a full one, or begins with the link's own.
pub(super) fn through(nodes: &[Node], name: &str) -> Option<Result<usize, TrajectoryError>> {
    let wanted = name.replace('.', "/");
    let path = nodes.iter().filter(|node| matches!(node.kind, NodeKind::Link { .. })).find_map(|link| {
        let own = link.path.rsplit('/').next().unwrap_or_default();
        let below = wanted.strip_prefix(&link.path).or_else(|| wanted.strip_prefix(own))?;
        below.starts_with('/').then(|| format!("{}{below}", link.path))
    })?;
    Some(follow(nodes, &path))
}

/// Where the first link on a path leads, and the rest of the path.
fn link_on_the_way<'a>(nodes: &'a [Node], path: &'a str) -> Option<(&'a str, &'a str)> {
    path.match_indices('/').find_map(|(end, _)| {
        let node = nodes.iter().find(|node| node.path == path[..end])?;
        match &node.kind {
            NodeKind::Link { target } => Some((target.as_str(), &path[end + 1..])),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Vec<Node> {
        let node = |path: &str, kind| Node { path: path.into(), kind };
        let link = |path: &str, target: &str| node(path, NodeKind::Link { target: target.into() });
        vec![
            node("results", NodeKind::Group),
            node("results/net", NodeKind::Group),
            node("results/net/rate", NodeKind::Group),
            link("results/best", "results/net"),
            link("results/again", "results/best/rate"),
            link("results/a", "results/b"),
            link("results/b", "results/a"),
            link("results/lost", "results/gone"),
        ]
    }

    #[test]
    fn links_are_followed_through_links() {
        let tree = tree();
        assert_eq!(tree[follow(&tree, "results/again").unwrap()].path, "results/net/rate");
        assert_eq!(tree[through(&tree, "best.rate").unwrap().unwrap()].path, "results/net/rate");
        assert!(through(&tree, "net.rate").is_none());
    }

    #[test]
    fn links_to_nowhere_and_in_circles_are_errors() {
        assert!(
            matches!(follow(&tree(), "results/lost"), Err(TrajectoryError::Dangling { link, .. }) if link == "results.lost")
        );
        assert!(matches!(follow(&tree(), "results/a"), Err(TrajectoryError::Cyclic { .. })));
    }
}
