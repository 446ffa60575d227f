//! Changes of a trajectory that has been stored.

use crate::schema::Leaf;
use crate::value::Cells;

/// One change of a stored trajectory; a list of them is carried out wholly or not at all.
///
/// Paths lead from the trajectory to a node, joined by `/`; the empty path is the trajectory itself.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Edit {
    /// Gives a node an annotation, or an annotation another value.
    Annotate {
        /// The node.
        path: String,
        /// The annotation.
        key: String,
        /// One cell.
        value: Cells,
    },
    /// Takes an annotation away.
    RemoveAnnotation {
        /// The node.
        path: String,
        /// The annotation.
        key: String,
    },
    /// Gives a node another comment.
    Comment {
        /// The node.
        path: String,
        /// The comment.
        text: String,
    },
    /// Makes a second path to a node.
    Link {
        /// The new path.
        path: String,
        /// The node.
        target: String,
    },
    /// Adds a value outside of runs.
    AddValue {
        /// Its path.
        path: String,
        /// Name, comment and unit.
        leaf: Leaf,
        /// One cell.
        value: Cells,
    },
    /// Puts another value in the place of one outside of runs; its annotations and the links to it stay.
    ReplaceValue {
        /// Its path.
        path: String,
        /// Name, comment and unit.
        leaf: Leaf,
        /// One cell.
        value: Cells,
    },
    /// Deletes a result, an entry of config or a link, and the links to it.
    Remove {
        /// The node; a group goes with all that is in it.
        path: String,
    },
    /// Gives the trajectory another name.
    Rename {
        /// The name, which no other trajectory of the file has.
        name: String,
    },
}

/// The links that lead to a node or into it, also by way of other links; each link is its path and its target.
pub(crate) fn links_to(node: &str, links: &[(String, String)]) -> Vec<String> {
    let mut places = vec![node.to_owned()];
    let mut n_seen = 0;
    while let Some(place) = places.get(n_seen).cloned() {
        for (link, target) in links {
            let leads_there = target.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if leads_there && !places.contains(link) {
                places.push(link.clone());
            }
        }
        n_seen += 1;
    }
    places.split_off(1)
}
