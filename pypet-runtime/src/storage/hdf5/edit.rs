//! Changing a trajectory that has been stored: annotations, comments, links, summaries, names.

use std::path::Path;

use hdf5::{File, Group, Location};

use super::access::WritableFile;
use super::file::{self, Wanted};
use super::groups::ensure_groups;
use super::survey::Member;
use super::views::Views;
use super::{Place, annotations, attributes, checksums, columns, raw, survey};
use crate::schema::{Leaf, Schema};
use crate::storage::{DynamicColumn, Edit, StorageError, check_refusal, links_to};
use crate::value::{Cells, ElementType, ValueType};

/// Where something may be added, linked or removed; the other branches make the trajectory what it is.
const OPEN_BRANCHES: [&str; 3] = ["results", "config", "runs/annotations"];
/// Where links may lie.
const LINK_BRANCHES: [&str; 4] = ["results", "config", "parameters", "derived_parameters"];

/// Carries out changes of a trajectory, all with one commit.
///
/// # Errors
/// The file cannot be written, has no such trajectory, or a change is not possible; then none is made.
pub fn edit(path: &Path, name: &str, edits: &[Edit]) -> Result<(), StorageError> {
    edit_in(file::open_to_write(path)?, path, name, edits)
}

/// The same in a file that is open.
pub(super) fn edit_in(file: WritableFile, path: &Path, name: &str, edits: &[Edit]) -> Result<(), StorageError> {
    let place = Place::new(path);
    let (_, trajectory) = file::find(&file, path, Wanted::Named(name))?;
    edits.iter().try_for_each(|edit| apply(&file, &trajectory, edit, &place))?;
    drop(trajectory);
    file.close()
}

/// Deletes a trajectory; `compact` gives its space back.
///
/// # Errors
/// The file cannot be written, or has no such trajectory.
pub fn delete(path: &Path, name: &str) -> Result<(), StorageError> {
    let file = file::open_to_write(path)?;
    drop(file::find(&file, path, Wanted::Named(name))?);
    file.unlink(name).map_err(Place::new(path).failed("delete", name))?;
    file.close()
}

/// Carries out one change.
pub(super) fn apply(file: &File, trajectory: &Group, edit: &Edit, place: &Place) -> Result<(), StorageError> {
    match edit {
        Edit::Annotate { path, key, value } => {
            check_annotation(path, key, value)?;
            let set = at(trajectory, path, place)?.and_then(|node| annotations::set(&node, key, value));
            set.map_err(place.failed("annotate", path))
        }
        Edit::RemoveAnnotation { path, key } => {
            let removed = at(trajectory, path, place)?.and_then(|node| annotations::remove(&node, key));
            if removed.map_err(place.failed("change an annotation of", path))? {
                return Ok(());
            }
            Err(StorageError::NoNode { path: format!("{path}, annotation:{key}") })
        }
        Edit::Comment { path, text } => {
            let failed = || place.failed("comment", path);
            let node = at(trajectory, path, place)?.map_err(failed())?;
            // Each text that is written takes room of its own.
            if attributes::text(&node, "comment").map_err(failed())?.unwrap_or_default() == *text {
                return Ok(());
            }
            attributes::set_text(&node, "comment", text).map_err(failed())?;
            match path.strip_prefix("results/") {
                Some(name) => {
                    let views = Views::open(trajectory, n_runs_of(trajectory, place)?);
                    views.and_then(|views| views.comment(&name.replace('/', "."), text)).map_err(failed())
                }
                None => Ok(()),
            }
        }
        Edit::Link { path, target } => link(trajectory, path, target, place),
        Edit::AddValue { path, leaf, value } => add_value(trajectory, path, leaf, value, place),
        Edit::ReplaceValue { path, leaf, value } => {
            let failed = || place.failed("replace", path);
            let kept = at(trajectory, path, place)?.and_then(|node| annotations::all(&node)).map_err(failed())?;
            trajectory.unlink(path).map_err(failed())?;
            remove_slices(trajectory, path, place)?;
            add_value(trajectory, path, leaf, value, place)?;
            let node = at(trajectory, path, place)?.map_err(failed())?;
            kept.iter().try_for_each(|(key, value)| annotations::set(&node, key, value)).map_err(failed())
        }
        Edit::Remove { path } => remove(trajectory, path, place),
        Edit::Rename { name } => rename(file, trajectory, name, place),
    }
}

/// A node, which need not be a link.
pub(super) fn at(trajectory: &Group, path: &str, place: &Place) -> Result<hdf5::Result<Location>, StorageError> {
    if path.is_empty() {
        return Ok(Ok((**trajectory).clone()));
    }
    if !exists(trajectory, path, place)? {
        return Err(StorageError::NoNode { path: path.into() });
    }
    Ok(survey::open(trajectory, path).and_then(|member| match member {
        Member::Dataset(dataset) => Ok((**dataset).clone()),
        Member::Group(group) => Ok((*group).clone()),
        Member::Foreign => Err(hdf5::Error::from("it is neither a group nor a data set")),
    }))
}

/// Whether there is a link of this path; what it leads to may be missing.
pub(super) fn exists(trajectory: &Group, path: &str, place: &Place) -> Result<bool, StorageError> {
    let failed = || place.failed("look for", path);
    let mut group = trajectory.clone();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() || !raw::link_exists(&group, part).map_err(failed())? {
            return Ok(false);
        }
        if parts.peek().is_some() {
            match survey::open(&group, part).map_err(failed())? {
                Member::Group(child) => group = child,
                _ => return Ok(false),
            }
        }
    }
    Ok(true)
}

fn check_annotation(path: &str, key: &str, value: &Cells) -> Result<(), StorageError> {
    // A text is a reference of 16 bytes in an attribute, and lies elsewhere.
    let n_bytes = if value.element() == ElementType::Text { 16 * value.strings().count() } else { value.bytes().len() };
    if n_bytes > annotations::MOST_BYTES {
        let (path, key) = (path.into(), key.into());
        return Err(StorageError::LargeAnnotation { path, key, n_bytes, most: annotations::MOST_BYTES });
    }
    if matches!(value.element(), ElementType::C32 | ElementType::C64) {
        let problem = "an annotation holds no complex numbers; annotate with its two parts".into();
        return Err(StorageError::Refused { name: key.into(), problem });
    }
    check_refusal(&Leaf::new(key, ValueType::scalar(value.element())), value)
}

fn is_below(path: &str, branches: &[&str]) -> bool {
    branches.iter().any(|branch| path.strip_prefix(branch).is_some_and(|rest| rest.starts_with('/')))
}

/// Makes sure that there is nothing under a path, and that it does not lead into a value: nobody looks there.
fn require_free(trajectory: &Group, path: &str, action: &'static str, place: &Place) -> Result<(), StorageError> {
    for (end, _) in path.match_indices('/') {
        let outer = &path[..end];
        if !exists(trajectory, outer, place)? {
            break;
        }
        let failed = || place.failed("look at", outer);
        let is_group = match survey::open(trajectory, outer).map_err(failed())? {
            Member::Group(group) => !attributes::has(&group, columns::LAYOUT).map_err(failed())?,
            _ => false,
        };
        if !is_group {
            return Err(StorageError::inside_value(path, action));
        }
    }
    if exists(trajectory, path, place)? { Err(StorageError::Exists { path: path.into() }) } else { Ok(()) }
}

fn link(trajectory: &Group, path: &str, target: &str, place: &Place) -> Result<(), StorageError> {
    if !is_below(path, &LINK_BRANCHES) {
        let allowed = "links lie below `results`, `config`, `parameters` or `derived_parameters`";
        return Err(StorageError::Fixed { path: path.into(), action: "linked", allowed });
    }
    require_free(trajectory, path, "linked", place)?;
    let made = parent(trajectory, path).and_then(|(group, name)| {
        // Another program's link may lead out of the trajectory, by its whole path.
        let is_whole = target.starts_with('/');
        let target = if is_whole { target.to_owned() } else { format!("{}/{target}", trajectory.name()) };
        group.link_soft(&target, name)
    });
    made.map_err(place.failed("link", path))
}

fn add_value(trajectory: &Group, path: &str, leaf: &Leaf, value: &Cells, place: &Place) -> Result<(), StorageError> {
    if !is_below(path, &OPEN_BRANCHES) {
        let allowed = "only results and config can be added to a trajectory";
        return Err(StorageError::Fixed { path: path.into(), action: "added", allowed });
    }
    require_free(trajectory, path, "added", place)?;
    check_refusal(leaf, value)?;
    let added = parent(trajectory, path).and_then(|(group, name)| columns::new_value(&group, name, leaf, value));
    added.map(drop).map_err(place.failed("add", path))
}

/// The group that a path lies in, made where it is missing, and the name in it.
fn parent<'a>(trajectory: &Group, path: &'a str) -> hdf5::Result<(Group, &'a str)> {
    let (groups, name) = path.rsplit_once('/').expect("paths lie below a branch");
    Ok((ensure_groups(trajectory, groups)?, name))
}

fn remove(trajectory: &Group, path: &str, place: &Place) -> Result<(), StorageError> {
    if !exists(trajectory, path, place)? {
        return Err(StorageError::NoNode { path: path.into() });
    }
    let failed = || place.failed("remove", path);
    let links = survey::links(trajectory, "").map_err(failed())?;
    let is_link = links.iter().any(|(link, _)| link == path);
    if !is_link && !is_below(path, &OPEN_BRANCHES) {
        let allowed = "parameters and runs are what a trajectory is; only results, config and links can be removed";
        return Err(StorageError::Fixed { path: path.into(), action: "removed", allowed });
    }
    if !is_link {
        remove_columns(trajectory, path, place)?;
    }
    // A link to what is gone would lead nowhere.
    let prefix = format!("{}/", trajectory.name());
    let inside = |(link, target): (String, String)| Some((link, target.strip_prefix(&prefix)?.to_owned()));
    let links: Vec<(String, String)> = links.into_iter().filter_map(inside).collect();
    for link in links_to(path, &links).iter().filter(|link| !is_below(link, &[path])) {
        trajectory.unlink(link).map_err(failed())?;
    }
    trajectory.unlink(path).map_err(failed())?;
    remove_slices(trajectory, path, place)
}

/// Removes what tells which parts of shared arrays at and below a path runs have written.
fn remove_slices(trajectory: &Group, path: &str, place: &Place) -> Result<(), StorageError> {
    let Some(name) = path.strip_prefix("results/") else { return Ok(()) };
    let record = format!("{}/{name}", DynamicColumn::SLICES);
    if !exists(trajectory, &record, place)? {
        return Ok(());
    }
    let removed = || -> hdf5::Result<()> {
        trajectory.unlink(&record)?;
        // The groups that held nothing else go as well.
        let mut group = record.as_str();
        while let Some((parent, _)) = group.rsplit_once('/').filter(|(parent, _)| *parent != "runs") {
            if !trajectory.group(parent)?.is_empty() {
                break;
            }
            trajectory.unlink(parent)?;
            group = parent;
        }
        Ok(())
    };
    removed().map_err(place.failed("remove", &record))
}

/// Takes the columns at and below a path out of the views and the schema.
fn remove_columns(trajectory: &Group, path: &str, place: &Place) -> Result<(), StorageError> {
    let schema = schema_of(trajectory, place)?;
    let failed = || place.failed("remove", path);
    let is_gone = |other: &str| other == path || is_below(other, &[path]);
    let results = survey::columns_below(trajectory, "results", &schema).map_err(failed())?;
    let views = Views::open(trajectory, n_runs_of(trajectory, place)?).map_err(failed())?;
    for found in results.iter().filter(|found| is_gone(&found.path)) {
        checksums::take_back(trajectory, found).map_err(failed())?;
        views.remove(&found.leaf).map_err(failed())?;
    }
    let results = schema.results.iter().filter(|leaf| !is_gone(&format!("results/{}", leaf.name.replace('.', "/"))));
    let left = Schema { results: results.cloned().collect(), ..schema.clone() };
    if left != schema {
        write_schema(trajectory, &left).map_err(failed())?;
    }
    Ok(())
}

fn rename(file: &File, trajectory: &Group, name: &str, place: &Place) -> Result<(), StorageError> {
    let failed = || place.failed("rename", name);
    let old = trajectory.name();
    if raw::link_exists(file, name).map_err(failed())? {
        return Err(StorageError::NameTaken { file: place.file().to_owned(), name: name.into() });
    }
    let schema = schema_of(trajectory, place)?;
    let n_runs = n_runs_of(trajectory, place)?;
    let links = survey::links(trajectory, "").map_err(failed())?;
    let renamed = || -> hdf5::Result<()> {
        let results = survey::columns_below(trajectory, "results", &schema)?;
        let views = Views::open(trajectory, n_runs)?;
        let dense = || results.iter().filter_map(|found| Some((found, found.dataset.as_ref()?)));
        for (found, _) in dense() {
            views.remove(&found.leaf)?;
        }
        file.relink(&old, name)?;
        // Virtual datasets and links name what they show by its whole path.
        let trajectory = file.group(name)?;
        let views = Views::open(&trajectory, n_runs)?;
        for (found, dataset) in dense() {
            views.add(&found.path, &found.leaf, &dataset.shape()[1..], dataset)?;
        }
        for (link, target) in &links {
            if let Some(below) = target.strip_prefix(&format!("{old}/")) {
                let (group, last) = parent(&trajectory, link)?;
                group.unlink(last)?;
                group.link_soft(&format!("/{name}/{below}"), last)?;
            }
        }
        Ok(())
    };
    renamed().map_err(failed())
}

/// The schema that a trajectory states.
pub(super) fn schema_of(trajectory: &Group, place: &Place) -> Result<Schema, StorageError> {
    let name = trajectory.name();
    let text = attributes::text(trajectory, "schema").map_err(place.failed("read the schema of", &name))?;
    let schema = serde_json::from_str(&text.unwrap_or_default());
    schema.map_err(|error| place.malformed(&name, format!("its schema cannot be read: {error}")))
}

pub(super) fn write_schema(trajectory: &Group, schema: &Schema) -> hdf5::Result<()> {
    let schema = serde_json::to_string(schema).map_err(|error| hdf5::Error::from(error.to_string()))?;
    attributes::set_text(trajectory, "schema", &schema)
}

pub(super) fn n_runs_of(trajectory: &Group, place: &Place) -> Result<usize, StorageError> {
    let name = trajectory.name();
    let n_runs = attributes::number(trajectory, "n_runs").map_err(place.failed("read an attribute of", &name))?;
    let n_runs = n_runs.and_then(|number| usize::try_from(number).ok());
    n_runs.ok_or_else(|| place.malformed(&name, "it has no number of runs"))
}
