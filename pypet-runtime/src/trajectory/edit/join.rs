//! What several trajectories say beside their runs, put together: config, comments, annotations, links, summaries.

use std::collections::{BTreeMap, HashMap};

use super::arrays::SharedArrays;
use super::sources::Source;
use crate::error::Result;
use crate::schema::Leaf;
use crate::storage::{Edit, PlannedLeaf};
use crate::value::{Cells, ResultValue};

/// One environment's config.
struct Entry {
    created: String,
    /// Path below the entry, leaf and value.
    values: Vec<(String, Leaf, Cells)>,
    /// The source it comes from, and its group there.
    from: Vec<(usize, String)>,
}

/// Where groups went: of a source, from a path, to a path.
pub(super) type Moved = Vec<(usize, String, String)>;

/// The lines of all comments, each once.
pub(super) fn join_comments(sources: &[Source]) -> String {
    join_lines(sources.iter().map(|source| source.any.header().comment.as_str()))
}

/// The lines of all texts, each once.
fn join_lines<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in texts.into_iter().flat_map(str::lines) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The config of all sources: in numbered groups `config/merged_1`, … where there are several.
pub(super) fn join_config(sources: &[Source]) -> Result<(Vec<PlannedLeaf>, Moved)> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        for entry in entries_of(number, source)? {
            let same = |other: &&mut Entry| {
                let values = |entry: &Entry| {
                    entry.values.iter().map(|(path, _, value)| (path.clone(), value.clone())).collect::<Vec<_>>()
                };
                other.created == entry.created && values(other) == values(&entry)
            };
            match entries.iter_mut().find(same) {
                Some(known) => known.from.extend(entry.from),
                None => entries.push(entry),
            }
        }
    }
    entries.sort_by(|a, b| a.created.cmp(&b.created));
    let several = entries.len() > 1;
    let (mut values, mut moved) = (Vec::new(), Moved::new());
    for (number, entry) in entries.into_iter().enumerate() {
        let group = if several { format!("config/merged_{}", number + 1) } else { "config".into() };
        moved.extend(entry.from.into_iter().map(|(source, from)| (source, from, group.clone())));
        let planned =
            |path: &str, leaf, value| PlannedLeaf { path: format!("{group}/{path}"), leaf, value, explored: None };
        if several {
            let mut value = Cells::of(&String::value_type());
            entry.created.write(&mut value);
            let leaf = Leaf::new("created", String::value_type()).with_comment("when the trajectory was made");
            values.push(planned("created", leaf, value));
        }
        values.extend(entry.values.into_iter().map(|(path, leaf, value)| planned(&path, leaf, value)));
    }
    Ok((values, moved))
}

/// The config of one source; of a joined trajectory that of all its sources.
fn entries_of(number: usize, source: &Source) -> Result<Vec<Entry>> {
    let mut entries: Vec<(String, Entry)> = Vec::new();
    for (path, leaf, value) in source.values("config")? {
        let below = path.strip_prefix("config/").unwrap_or(&path);
        let is_number = |text: &str| text.parse::<u32>().is_ok();
        let is_merged = |(group, _): &(&str, &str)| group.strip_prefix("merged_").is_some_and(is_number);
        let merged = below.split_once('/').filter(is_merged);
        let (group, below) =
            merged.map_or(("config".to_owned(), below), |(group, below)| (format!("config/{group}"), below));
        let position = entries.iter().position(|(other, _)| *other == group).unwrap_or_else(|| {
            let created = source.any.header().created.clone();
            entries.push((group.clone(), Entry { created, values: Vec::new(), from: vec![(number, group.clone())] }));
            entries.len() - 1
        });
        let entry = &mut entries[position].1;
        if merged.is_some() && below == "created" {
            value.strings().next().unwrap_or_default().clone_into(&mut entry.created);
        } else {
            entry.values.push((below.to_owned(), leaf, value));
        }
    }
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// Annotations, links and summaries of all sources; where two say different things of one name, the second gets `_2`.
pub(super) fn join_edits(sources: &[Source], moved: &Moved, arrays: &SharedArrays) -> Result<Vec<Edit>> {
    let mut joined: Vec<Edit> = Vec::new();
    // By what an edit is about, so that those of one name meet.
    let mut known: HashMap<String, usize> = HashMap::new();
    for (number, source) in sources.iter().enumerate() {
        let mut edits = source.edits()?;
        for edit in &mut edits {
            arrays.put_joined(edit);
        }
        let moved = [moved, &arrays.apart, &moved_tables(number, &edits, &joined)].map(Vec::as_slice).concat();
        for edit in edits {
            let mut edit = relocate(edit, number, &moved);
            let base = edit.clone();
            let mut next = 2;
            loop {
                let subject = subject(&edit);
                let Some(&position) = known.get(&subject) else {
                    known.insert(subject, joined.len());
                    joined.push(edit);
                    break;
                };
                if let (Edit::Comment { text, .. }, Edit::Comment { text: other, .. }) = (&mut joined[position], &edit)
                {
                    *text = join_lines([&**text, other]);
                    break;
                }
                if joined[position] == edit {
                    break;
                }
                edit = numbered(&base, next);
                next += 1;
            }
        }
    }
    // Links come last, when all that they lead to is there.
    joined.sort_by_key(|edit| matches!(edit, Edit::Link { .. }));
    Ok(joined)
}

/// Where the tables of a source go whose names are taken by something else: the columns of one stay together.
fn moved_tables(number: usize, edits: &[Edit], joined: &[Edit]) -> Moved {
    let known = groups_of(joined);
    let place = |(name, members): (&String, &Vec<(&str, &Cells)>)| {
        let fits = |place: &String| match known.get(place) {
            Some(other) => other == members || !(is_table(other) || is_table(members)),
            None => true,
        };
        let mut places = (1..).map(|number| if number == 1 { name.clone() } else { format!("{name}_{number}") });
        let place = places.find(fits).expect("there is always a next number");
        (place != *name).then(|| (number, name.clone(), place))
    };
    groups_of(edits).iter().filter_map(place).collect()
}

/// The groups of results outside of runs, each with its members by their names.
fn groups_of(edits: &[Edit]) -> BTreeMap<String, Vec<(&str, &Cells)>> {
    let mut groups: BTreeMap<String, Vec<(&str, &Cells)>> = BTreeMap::new();
    for edit in edits {
        let Edit::AddValue { path, value, .. } = edit else { continue };
        match path.rsplit_once('/') {
            Some((group, name)) if group != "results" => groups.entry(group.into()).or_default().push((name, value)),
            _ => {}
        }
    }
    groups
}

/// Whether all members are arrays of one length.
fn is_table(members: &[(&str, &Cells)]) -> bool {
    let mut lengths = members.iter().map(|(_, value)| value.cell(0).shape().first());
    let first = lengths.next().flatten();
    first.is_some() && lengths.all(|length| length == first)
}

fn subject(edit: &Edit) -> String {
    match edit {
        Edit::Annotate { path, key, .. } => format!("{path}:{key}"),
        Edit::Comment { path, .. } => format!("{path}#"),
        Edit::AddValue { path, .. } | Edit::Link { path, .. } => path.clone(),
        other => format!("{other:?}"),
    }
}

fn numbered(edit: &Edit, number: usize) -> Edit {
    let mut edit = edit.clone();
    if let Edit::Annotate { key: name, .. } | Edit::AddValue { path: name, .. } | Edit::Link { path: name, .. } =
        &mut edit
    {
        *name = format!("{name}_{number}");
    }
    edit
}

fn relocate(mut edit: Edit, number: usize, moved: &Moved) -> Edit {
    let place = |path: &mut String| {
        let new = moved.iter().filter(|(source, ..)| *source == number).filter_map(|(_, from, to)| {
            let below = path.strip_prefix(from.as_str())?;
            // The branch `config` itself stays, as do the parts of a joined trajectory in it that go elsewhere.
            let is_whole = below.is_empty() && from != "config";
            (is_whole || below.starts_with('/')).then(|| (from.len(), format!("{to}{below}")))
        });
        if let Some((_, new)) = new.max_by_key(|(n_matched, _)| *n_matched) {
            *path = new;
        }
    };
    match &mut edit {
        Edit::Annotate { path, .. } | Edit::Comment { path, .. } | Edit::AddValue { path, .. } => place(path),
        Edit::Link { path, target } => {
            place(path);
            place(target);
        }
        _ => {}
    }
    edit
}
