//! What can be read of a file that is damaged.
//!
//! [`examine`] reads everything once. A [`Salvage`] then is a trajectory as any other, in which what cannot be read is
//! not there, and the runs that lack something by that are pending. So whatever copies trajectories can save it.

mod beside;
mod look;
mod reader;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use hdf5::Group;

use super::access::ReadableFile;
use super::journal::journal_path;
use super::reader::Hdf5Reader;
use super::survey::{self, Member};
use super::{Place, attributes, file};
use crate::storage::{Node, StorageError};
use look::Examination;

/// The column that tells how far a run has come.
const STATUS: &str = "runs/status";

/// Something that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The node from the trajectory on, joined by `/`; empty for the trajectory, or the file, itself.
    pub path: String,
    /// The runs whose values cannot be read, where it is a column.
    pub runs: Vec<Range<usize>>,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether all of it is made anew from what can be read.
    pub is_made_anew: bool,
}

/// All that can be read of a file, and all that cannot.
#[derive(Debug)]
pub struct Examined {
    /// Its trajectories, oldest first; those that cannot be dated at the end.
    pub trajectories: Vec<ExaminedTrajectory>,
    /// What is wrong outside of trajectories.
    pub losses: Vec<Loss>,
}

/// One trajectory of a file that may be damaged.
#[derive(Debug)]
pub struct ExaminedTrajectory {
    /// Its name.
    pub name: String,
    /// What cannot be read.
    pub losses: Vec<Loss>,
    /// Runs that were done, or may have been, and lack something now.
    pub pending: Vec<Range<usize>>,
    /// What can be read, or why that is no study.
    pub salvage: Result<Salvage, String>,
}

/// A trajectory without what is damaged in it.
#[derive(Debug)]
pub struct Salvage {
    reader: Hdf5Reader,
    nodes: Vec<Node>,
    /// By path: the rows of columns that cannot be read.
    holes: BTreeMap<String, Vec<Range<usize>>>,
    statuses: Vec<u8>,
}

impl Loss {
    fn new(path: &str, error: &StorageError) -> Self {
        Self { path: path.into(), runs: Vec::new(), reason: reason(error), is_made_anew: false }
    }

    /// What a copy does not need.
    fn beside(path: &str, error: &StorageError) -> Self {
        Self { is_made_anew: true, ..Self::new(path, error) }
    }

    /// A node that cannot be read for reasons yet to be told.
    pub(crate) fn of(path: &str) -> Self {
        Self { path: path.into(), runs: Vec::new(), reason: String::new(), is_made_anew: false }
    }

    /// Whether it is a node and not a text beside one.
    fn is_data(&self) -> bool {
        !self.is_made_anew && !self.path.is_empty() && !self.path.contains(", ")
    }
}

fn reason(error: &StorageError) -> String {
    match error {
        StorageError::Damaged { .. } => "its bytes are not those that were written".into(),
        StorageError::Malformed { problem, .. } => problem.clone(),
        StorageError::Hdf5 { source, .. } if source.to_string().contains("cut off") => "the file was cut off".into(),
        StorageError::Hdf5 { action, .. } => format!("HDF5 cannot {action} it"),
        other => other.to_string(),
    }
}

/// Reads everything in a file that may be damaged, and changes nothing.
///
/// # Errors
/// The file is not ours, cannot be opened at all, or is being written by a library of the system.
pub fn examine(path: &Path) -> Result<Examined, StorageError> {
    let place = Place::new(path);
    let (opened, cut_off) = open(path)?;
    let mut losses = Vec::new();
    if cut_off > 0 {
        let reason = format!("the file was cut off: {cut_off} bytes are missing at its end");
        losses.push(Loss { path: String::new(), runs: Vec::new(), reason, is_made_anew: true });
    }
    if let Err(error) = file::check_format(&opened, path) {
        match error {
            StorageError::NotOurs { .. } | StorageError::NewerFormat { .. } => return Err(error),
            other => losses.push(Loss { is_made_anew: true, ..Loss::new("", &other) }),
        }
    }
    let members = survey::members(&opened).map_err(|error| StorageError::BeyondRepair {
        file: path.into(),
        what: "the list of trajectories",
        source: Box::new(error),
    })?;
    let mut found = Vec::new();
    beside::look_at(&opened, "", &mut found);
    losses.extend(found.into_iter().map(|(path, error)| Loss::beside(&path, &place.failed("read", &path)(error))));
    let mut trajectories = Vec::new();
    for (name, target) in members {
        match survey::open(&opened, &name).map_err(place.failed("open", &name)) {
            _ if target.is_some() => {}
            Ok(Member::Group(group)) => match is_trajectory(&group).map_err(place.failed("read", &name)) {
                Ok(true) => trajectories.push(ExaminedTrajectory::read(open(path)?.0, path, &name)),
                Ok(false) => {}
                Err(error) => trajectories.push(ExaminedTrajectory::unreadable(&name, &error)),
            },
            Ok(_) => {}
            Err(error) => trajectories.push(ExaminedTrajectory::unreadable(&name, &error)),
        }
    }
    let created = |examined: &ExaminedTrajectory| {
        let salvage = examined.salvage.as_ref().ok();
        salvage.map_or((true, String::new()), |salvage| (false, salvage.reader.header.created.clone()))
    };
    trajectories.sort_by_key(created);
    let examined = Examined { trajectories, losses };
    if examined.is_sound() {
        // What nobody reads may be damaged as well; others would stumble over it.
        file::trajectories(path)?;
    }
    Ok(examined)
}

/// Refuses a file that is not ours before anything beside it is touched.
///
/// # Errors
/// It is missing, of another kind, of another program or of a later version.
pub fn refuse_foreign(path: &Path) -> Result<(), StorageError> {
    file::check_signature(path)?;
    if journal_path(path).exists() {
        // It is for `settle` to say what that was, and closing a file that was read applies it.
        return Ok(());
    }
    let Ok((opened, _)) = ReadableFile::open_damaged(path) else { return Ok(()) };
    match file::check_format(&opened, path) {
        Err(error @ (StorageError::NotOurs { .. } | StorageError::NewerFormat { .. })) => Err(error),
        _ => Ok(()),
    }
}

fn open(path: &Path) -> Result<(ReadableFile, u64), StorageError> {
    ReadableFile::open_damaged(path).map_err(|error| match error {
        StorageError::Hdf5 { source, .. } | StorageError::Damaged { source, .. } => {
            StorageError::BeyondRepair { file: path.into(), what: "the superblock or the root group", source }
        }
        other => other,
    })
}

fn is_trajectory(group: &Group) -> hdf5::Result<bool> {
    Ok(attributes::has(group, "experiment")? && attributes::has(group, "created")?)
}

impl Examined {
    /// Whether everything can be read.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.losses.is_empty() && self.trajectories.iter().all(ExaminedTrajectory::is_sound)
    }
}

impl ExaminedTrajectory {
    fn is_sound(&self) -> bool {
        self.losses.is_empty() && self.salvage.is_ok()
    }

    fn unreadable(name: &str, error: &StorageError) -> Self {
        Self { name: name.into(), losses: Vec::new(), pending: Vec::new(), salvage: Err(reason(error)) }
    }

    fn read(file: ReadableFile, path: &Path, name: &str) -> Self {
        match Hdf5Reader::of_damaged(file, path, name) {
            Err(error) => Self::unreadable(name, &error),
            Ok((reader, lost)) => {
                let losses = lost.iter().map(|error| Loss::new("", error)).collect();
                Examination::of(reader, losses).judge(name)
            }
        }
    }
}

/// What of a range lies in none of these, which are sorted.
fn gaps(holes: &[Range<usize>], within: Range<usize>) -> Vec<Range<usize>> {
    let mut gaps = Vec::new();
    let mut first = within.start;
    for hole in holes {
        if hole.start.min(within.end) > first {
            gaps.push(first..hole.start.min(within.end));
        }
        first = first.max(hole.end);
    }
    if first < within.end {
        gaps.push(first..within.end);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_lies_between_holes() {
        let holes = [2..4, 6..9];
        assert_eq!(gaps(&holes, 0..10), [0..2, 4..6, 9..10]);
        assert_eq!(gaps(&holes, 3..7), std::slice::from_ref(&(4..6)));
        assert!(gaps(&holes, 2..4).is_empty());
        assert_eq!(gaps(&[], 2..4), std::slice::from_ref(&(2..4)));
    }
}
