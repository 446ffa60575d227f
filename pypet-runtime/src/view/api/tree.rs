//! The tree, one group at a time, and single nodes in full.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Ask, Refusal, annotations, cut, spelled};
use crate::trajectory::{AnyTrajectory, NodeRef, glimpse, of_runs, one_line};
use crate::view::reading::Source;

/// Members of a group in one answer.
const MOST_MEMBERS: usize = 200;
/// Runs of a column that are shown.
const MOST_RUNS: usize = 20;

/// The members of a group; the branches for an empty path.
#[derive(Debug, Deserialize)]
pub(super) struct TreeQuery {
    trajectory: Option<String>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    from: usize,
}

impl Ask for TreeQuery {
    fn ask(self, source: &mut Source) -> Result<Answer, Refusal> {
        let (any, _) = source.open(self.trajectory.as_deref())?;
        let members: Vec<NodeRef<'_>> = if self.path.is_empty() {
            any.children().filter(|branch| branch.children().len() > 0).collect()
        } else {
            at(any, &self.path)?.children().collect()
        };
        let shown = members.iter().skip(self.from).take(MOST_MEMBERS);
        Ok(Answer::Json(json!({
            "total": members.len(),
            "nodes": shown.map(|node| described(any, *node)).collect::<Vec<_>>(),
        })))
    }
}

/// One node with all there is to say.
#[derive(Debug, Deserialize)]
pub(super) struct NodeQuery {
    trajectory: Option<String>,
    path: String,
}

impl Ask for NodeQuery {
    fn ask(self, source: &mut Source) -> Result<Answer, Refusal> {
        let (any, _) = source.open(self.trajectory.as_deref())?;
        let node = at(any, &self.path)?;
        let mut entry = described(any, node);
        entry["comment"] = cut(&any.reader().comment(node.path()).unwrap_or_default()).into();
        entry["annotations"] = if node.is_link() { json!([]) } else { annotations(any, node.path()).into() };
        if let Some(column) = any.explored_of(node).or_else(|| node.is_column().then_some(node)) {
            let texts = of_runs(any, column, MOST_RUNS)?;
            entry["runs"] = texts.iter().map(|text| one_line(text)).collect::<Vec<_>>().into();
        } else if node.leaf().is_some() {
            entry["text"] = cut(&spelled(&node.cells()?.cell(0))).into();
        }
        Ok(Answer::Json(entry))
    }
}

fn at<'a>(any: &'a AnyTrajectory, path: &str) -> Result<NodeRef<'a>, Refusal> {
    any.at(path).ok_or_else(|| Refusal::Unknown(format!("there is no node `{}`", path.replace('/', "."))))
}

/// One line of the tree.
fn described(any: &AnyTrajectory, node: NodeRef<'_>) -> Value {
    let mut entry = json!({ "name": node.name(), "path": node.path(), "n_members": node.children().len() });
    if let Some(target) = node.link_target() {
        entry["kind"] = "link".into();
        entry["target"] = target.replace('/', ".").into();
        return entry;
    }
    let Some(leaf) = node.leaf() else {
        entry["kind"] = "group".into();
        return entry;
    };
    entry["kind"] = if node.is_column() { "column" } else { "value" }.into();
    entry["type"] = leaf.value_type.to_string().into();
    entry["unit"] = one_line(&leaf.unit).into();
    entry["comment"] = one_line(&leaf.comment).into();
    entry["is_per_run"] = (node.is_column() || any.explored_of(node).is_some()).into();
    entry["glimpse"] = glimpse(any, None, node).into();
    entry
}
