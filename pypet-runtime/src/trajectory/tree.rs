//! The tree as people read it: one line for each node, in columns.

use std::fmt;

use super::{AnyRunView, AnyTrajectory, NodeRef};
use crate::error::Result;
use crate::run::RunStatus;
use crate::value::Cell;

/// Members of one group that are shown; more are only counted.
const SHOWN: usize = 50;
/// Characters that a column of the table may take; longer entries push the rest of their line.
const WIDEST: usize = 44;
/// Characters of a value that are shown.
const GLIMPSE: usize = 72;

/// Writes the tree below a node, or all of it.
pub(crate) fn write(any: &AnyTrajectory, below: Option<NodeRef<'_>>, f: &mut impl fmt::Write) -> fmt::Result {
    let mut table = Table { any, run: None, rows: Vec::new() };
    if let Some(node) = below {
        table.add(node, "", "");
        return table.write(f);
    }
    let header = any.header();
    writeln!(f, "{} — {}", one_line(&header.name), summary(any))?;
    if !header.comment.is_empty() {
        writeln!(f, "{}", one_line(&header.comment))?;
    }
    any.children().filter(|branch| branch.children().len() > 0).for_each(|branch| table.add(branch, "", ""));
    table.write(f)
}

/// Writes the tree as one run sees it.
pub(super) fn write_run(view: &AnyRunView<'_>, f: &mut impl fmt::Write) -> fmt::Result {
    let any = view.trajectory();
    write!(f, "run {} of {} — {}", view.index(), one_line(&any.header().name), view.status())?;
    if let Ok(Some(runtime)) = view.runtime() {
        write!(f, ", {runtime:.3?}")?;
    }
    writeln!(f)?;
    if let Ok(Some(failure)) = view.error() {
        let lines = [failure.message.as_str(), failure.place.as_str()].into_iter().chain(failure.backtrace.lines());
        lines.filter(|line| !line.is_empty()).try_for_each(|line| writeln!(f, "  {}", one_line(line)))?;
    }
    let mut table = Table { any, run: Some(view), rows: Vec::new() };
    for branch in
        any.children().filter(|branch| branch.children().len() > 0 && table.is_shown(*branch)).collect::<Vec<_>>()
    {
        if ["parameters", "derived_parameters", "results"].contains(&branch.name()) {
            table.add(branch, "", "");
        }
    }
    table.write(f)
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
    let (experiment, created) = (one_line(&header.experiment), one_line(&header.created));
    format!("experiment {experiment}, {} runs ({}), {created}", header.n_runs, counts.join(", "))
}

/// The lines of a tree: name, type, glimpse of the values, comment.
struct Table<'a> {
    any: &'a AnyTrajectory,
    /// The run whose values are shown; all of them otherwise.
    run: Option<&'a AnyRunView<'a>>,
    rows: Vec<[String; 4]>,
}

impl Table<'_> {
    /// Adds a node and all below it; `guide` stands before its name, `below` before those of its members.
    fn add(&mut self, node: NodeRef<'_>, guide: &str, below: &str) {
        let name = format!("{guide}{}", one_line(node.name()));
        if let Some(target) = node.link_target() {
            self.rows.push([
                format!("{name} → {}", one_line(&target.replace('/', "."))),
                String::new(),
                String::new(),
                String::new(),
            ]);
            return;
        }
        let Some(leaf) = node.leaf() else {
            let comment = self.any.reader().comment(node.path()).unwrap_or_default();
            self.rows.push([name, String::new(), String::new(), as_comment(&comment)]);
            let members: Vec<NodeRef<'_>> = node.children().filter(|member| self.is_shown(*member)).collect();
            let n_hidden = members.len().saturating_sub(SHOWN);
            let last = members.len().min(SHOWN).saturating_sub(1);
            for (position, member) in members.into_iter().take(SHOWN).enumerate() {
                let is_last = position == last && n_hidden == 0;
                let (guide, inner) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                self.add(member, &format!("{below}{guide}"), &format!("{below}{inner}"));
            }
            if n_hidden > 0 {
                self.rows.push([format!("{below}└─ … {n_hidden} more"), String::new(), String::new(), String::new()]);
            }
            return;
        };
        let explored = self.any.explored_of(node);
        let differs = self.run.is_none() && (node.is_column() || explored.is_some());
        let per_run = if differs { "run × " } else { "" };
        let unit = if leaf.unit.is_empty() { String::new() } else { format!(" {}", one_line(&leaf.unit)) };
        let kind = format!("{per_run}{}", leaf.value_type);
        let glimpse = glimpse(self.any, self.run, node);
        self.rows.push([name, kind, format!("{glimpse}{unit}"), as_comment(&leaf.comment)]);
    }

    /// Whether there is something to say about a node: a run without results has none to be listed.
    fn is_shown(&self, node: NodeRef<'_>) -> bool {
        let Some(run) = self.run else { return true };
        let mut leaves = std::iter::once(node).chain(node.descendants());
        leaves.any(|leaf| leaf.leaf().is_some() && leaf.has_value_of(run.status()))
    }

    fn write(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let width = |column: usize| {
            let entries = self.rows.iter().filter(|row| !row[1].is_empty()).map(|row| row[column].chars().count());
            entries.filter(|&width| width <= WIDEST).max().unwrap_or(0)
        };
        let [name, kind, glimpse] = [width(0), width(1), width(2)];
        for row in &self.rows {
            let line = format!("{:name$}  {:kind$}  {:glimpse$}  {}", row[0], row[1], row[2], row[3]);
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// The value of a node, or those of the first runs; of one run if there is one.
pub(crate) fn glimpse(any: &AnyTrajectory, run: Option<&AnyRunView<'_>>, node: NodeRef<'_>) -> String {
    const RUNS: usize = 3;
    let n_runs = any.header().n_runs;
    let column = any.explored_of(node).or_else(|| node.is_column().then_some(node));
    let cells = match (run, column) {
        (Some(run), _) => run.cells_of(node),
        (None, None) => node.cells(),
        (None, Some(column)) => {
            return match of_runs(any, column, RUNS) {
                Err(error) => format!("({error})"),
                Ok(shown) => {
                    let more = if n_runs > RUNS { "; …" } else { "" };
                    format!("{}{more}", shortened(&shown.join("; "), GLIMPSE))
                }
            };
        }
    };
    match cells {
        Err(error) => format!("({error})"),
        Ok(cells) => shortened(&cells.cell(0).to_string(), GLIMPSE),
    }
}

/// What the first runs have in a column; those without results what became of them, since what the file holds there means nothing.
pub(crate) fn of_runs(any: &AnyTrajectory, column: NodeRef<'_>, most: usize) -> Result<Vec<String>> {
    let cells = any.reader().rows(column.path(), 0..any.header().n_runs.min(most))?;
    let statuses = any.statuses()?;
    let text = |(run, cell): (usize, Cell<'_>)| {
        if column.has_value_of(statuses[run]) { cell.to_string() } else { format!("({})", statuses[run]) }
    };
    Ok(cells.iter().enumerate().map(text).collect())
}

fn as_comment(comment: &str) -> String {
    if comment.is_empty() { String::new() } else { format!("# {}", one_line(comment)) }
}

/// Text of a file on one line, without the control characters that would drive a terminal.
pub(crate) fn one_line(text: &str) -> String {
    shortened(text, 200)
}

fn shortened(text: &str, most: usize) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.chars().map(clean).take(most).collect();
    if text.chars().nth(most).is_some() {
        line.push('…');
    }
    line
}
