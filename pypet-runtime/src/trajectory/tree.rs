//! The tree as people read it.

use std::fmt;

use super::AnyTrajectory;
use crate::run::RunStatus;
use crate::storage::{Node, NodeKind};

/// Members of one group that are shown; more are only counted.
const SHOWN: usize = 100;

/// Writes the tree below a node, or all of it.
pub(crate) fn write(any: &AnyTrajectory, below: Option<&Node>, f: &mut impl fmt::Write) -> fmt::Result {
    if let Some(node) = below {
        return write_node(any, node, 0, f);
    }
    let header = any.header();
    writeln!(f, "{} — {}", header.name, summary(any))?;
    if !header.comment.is_empty() {
        writeln!(f, "{}", one_line(&header.comment))?;
    }
    for branch in any.nodes().iter().filter(|node| !node.path.contains('/')) {
        if !any.members(&branch.path).is_empty() {
            write_node(any, branch, 0, f)?;
        }
    }
    Ok(())
}

/// Experiment, time and state of the runs, in one line.
pub(crate) fn summary(any: &AnyTrajectory) -> String {
    let header = any.header();
    let statuses = any.statuses().unwrap_or_default();
    let count = |status| statuses.iter().filter(|other| **other == status).count();
    let counts: Vec<String> = RunStatus::ALL
        .into_iter()
        .map(|status| (status, count(status)))
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    format!("experiment {}, {} runs ({}), {}", header.experiment, header.n_runs, counts.join(", "), header.created)
}

fn write_node(any: &AnyTrajectory, node: &Node, depth: usize, f: &mut impl fmt::Write) -> fmt::Result {
    let name = node.path.rsplit('/').next().unwrap_or_default();
    let (leaf, column) = match &node.kind {
        NodeKind::Group => {
            writeln!(f, "{:indent$}{name}", "", indent = 2 * depth)?;
            let members = any.members(&node.path);
            for member in members.iter().take(SHOWN) {
                write_node(any, member, depth + 1, f)?;
            }
            if members.len() > SHOWN {
                writeln!(f, "{:indent$}… {} more", "", members.len() - SHOWN, indent = 2 * depth + 2)?;
            }
            return Ok(());
        }
        NodeKind::Link { target } => {
            return writeln!(f, "{:indent$}{name} → {}", "", target.replace('/', "."), indent = 2 * depth);
        }
        NodeKind::Value(leaf) => (leaf, false),
        NodeKind::Column(leaf) => (leaf, true),
    };
    let start = format!("{:indent$}{name}", "", indent = 2 * depth);
    let per_run = if column { "run × " } else { "" };
    let unit = if leaf.unit.is_empty() { String::new() } else { format!(" {}", leaf.unit) };
    let comment = if leaf.comment.is_empty() { String::new() } else { format!("  # {}", one_line(&leaf.comment)) };
    writeln!(f, "{start:<28} {per_run}{} = {}{unit}{comment}", leaf.value_type, glimpse(any, node, column))
}

/// The value, or those of the first runs.
fn glimpse(any: &AnyTrajectory, node: &Node, column: bool) -> String {
    const RUNS: usize = 3;
    if !column {
        return any
            .reader()
            .read(&node.path)
            .map_or_else(|error| format!("({error})"), |c| one_line(&c.cell(0).to_string()));
    }
    let n_runs = any.header().n_runs;
    match any.reader().rows(&node.path, 0..n_runs.min(RUNS)) {
        Err(error) => format!("({error})"),
        Ok(cells) => {
            let shown: Vec<String> = cells.iter().map(|cell| one_line(&cell.to_string())).collect();
            format!("{}{}", shown.join("; "), if n_runs > RUNS { "; …" } else { "" })
        }
    }
}

/// Text of a file on one line, without the control characters that would drive a terminal.
pub(crate) fn one_line(text: &str) -> String {
    const MOST: usize = 200;
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.chars().map(clean).take(MOST).collect();
    if text.chars().nth(MOST).is_some() {
        line.push('…');
    }
    line
}
