//! Opening files, and refusing those that are not ours.

use std::io::Read;
use std::path::Path;

use hdf5::{File, Group};

use super::access::{ReadableFile, WritableFile};
use super::journal::Signature;
use super::survey::{self, Member};
use super::{Place, attributes, raw};
use crate::storage::StorageError;

/// The version of the file format that this version of pypet writes.
pub const FORMAT: &str = "1.0";

/// Opens a file of ours for reading.
pub(super) fn open(path: &Path) -> Result<ReadableFile, StorageError> {
    check_signature(path)?;
    let file = ReadableFile::open(path)?;
    check_format(&file, path)?;
    Ok(file)
}

/// Opens a file of ours for writing.
pub(super) fn open_to_write(path: &Path) -> Result<WritableFile, StorageError> {
    check_signature(path)?;
    raw::outlive_file_size_limit();
    let file = WritableFile::open(path)?;
    check_format(&file, path)?;
    Ok(file)
}

/// Opens a file of ours for writing, or makes a new one.
pub(super) fn open_or_create(path: &Path) -> Result<WritableFile, StorageError> {
    if path.exists() {
        return open_to_write(path);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(Place::new(folder).io("create the folder"))?;
    }
    create(path)
}

/// Makes a new file, or opens the one that another program has made meanwhile.
fn create(path: &Path) -> Result<WritableFile, StorageError> {
    raw::outlive_file_size_limit();
    let Some(file) = WritableFile::create(path)? else { return open_to_write(path) };
    mark(&file).map_err(Place::new(path).failed("mark", "/"))?;
    Ok(file)
}

/// Makes a file without a trajectory.
///
/// # Errors
/// The file cannot be written.
pub fn create_empty(path: &Path) -> Result<(), StorageError> {
    open_or_create(path)?.close()
}

/// Makes a file one of ours.
pub(super) fn mark(file: &File) -> hdf5::Result<()> {
    attributes::set_text(file, "pypet_format", FORMAT)?;
    attributes::set_text(file, "creator", concat!("pypet ", env!("CARGO_PKG_VERSION")))
}

pub(super) fn check_format(file: &File, path: &Path) -> Result<(), StorageError> {
    let place = Place::new(path);
    let format = attributes::text(file, "pypet_format").map_err(place.failed("read the format of", "/"))?;
    let Some(format) = format else {
        let groups = file.groups().unwrap_or_default();
        // What only Python's pypet puts into every trajectory.
        let is_pythons = groups.iter().any(|group| group.dataset("overview/info").is_ok());
        return Err(StorageError::NotOurs { file: path.into(), is_pythons });
    };
    let major = |version: &str| version.split('.').next().and_then(|number| number.parse::<u32>().ok());
    match (major(&format), major(FORMAT)) {
        (Some(found), Some(known)) if found <= known => Ok(()),
        (Some(_), _) => Err(StorageError::NewerFormat { file: path.into(), found: format, known: FORMAT }),
        (None, _) => Err(place.malformed("/", format!("its format is `{format}`"))),
    }
}

pub(super) fn check_signature(path: &Path) -> Result<(), StorageError> {
    let place = Place::new(path);
    let mut file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StorageError::NoFile { file: path.into() });
        }
        other => other.map_err(place.io("open"))?,
    };
    let mut start = Vec::new();
    file.by_ref().take(16).read_to_end(&mut start).map_err(place.io("read"))?;
    // A writer that was killed while it applied a commit leaves its mark, which opening the file removes.
    if Signature::of(&start) != Signature::Foreign {
        return Ok(());
    }
    Err(StorageError::NotHdf5 { file: path.into(), found: kind_of(&start) })
}

/// What a file seems to be from its first bytes.
fn kind_of(start: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 7] = [
        (b"CDF", "a netCDF-3 file"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"SQLite format 3", "an SQLite database"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"PAR1", "a Parquet file"),
        (b"MATLAB 5.0", "a MATLAB file"),
    ];
    if start.is_empty() {
        return Some("it is empty");
    }
    known.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
}

/// The groups that are trajectories, oldest first, with their experiments.
fn trajectory_groups(file: &File, place: &Place) -> Result<Vec<(String, String, String)>, StorageError> {
    let mut found = Vec::new();
    let hard = |(name, target): (String, Option<String>)| target.is_none().then_some(name);
    for name in survey::members(file).map_err(place.failed("list", "/"))?.into_iter().filter_map(hard) {
        // A damaged trajectory must not look like one that was never there.
        let Member::Group(group) = survey::open(file, &name).map_err(place.failed("open", &name))? else { continue };
        let read = |attribute| attributes::text(&group, attribute).map_err(place.failed("read", &name));
        if let (Some(experiment), Some(created)) = (read("experiment")?, read("created")?) {
            found.push((created, name.clone(), experiment));
        }
    }
    found.sort();
    Ok(found)
}

/// The names of a file's trajectories, oldest first.
///
/// # Errors
/// The file cannot be read, or is not ours.
pub fn trajectories(path: &Path) -> Result<Vec<String>, StorageError> {
    let file = open(path)?;
    Ok(trajectory_groups(&file, &Place::new(path))?.into_iter().map(|(_, name, _)| name).collect())
}

/// Who is writing to a file now, if anybody; a build against a system's library cannot tell.
///
/// # Errors
/// The lock beside the file cannot be read.
pub fn writer_of(path: &Path) -> Result<Option<String>, StorageError> {
    // Without the journal nobody takes the lock, so nobody is found.
    super::journal::holder(path).map_err(Place::new(path).io("look for the writer of"))
}

/// Which trajectory of a file is meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// The newest.
    Newest,
    /// The newest of an experiment.
    Experiment(&'a str),
    /// The one of this name.
    Named(&'a str),
}

/// Finds a trajectory.
pub(super) fn find(file: &File, path: &Path, wanted: Wanted<'_>) -> Result<(String, Group), StorageError> {
    let place = Place::new(path);
    let all = trajectory_groups(file, &place)?;
    let mut newest_first = all.iter().rev();
    let found = match wanted {
        Wanted::Newest => newest_first.next(),
        Wanted::Experiment(experiment) => newest_first.find(|(_, _, of)| of == experiment),
        Wanted::Named(name) => newest_first.find(|(_, named, _)| named == name),
    };
    let Some((_, name, _)) = found else {
        let wanted = match wanted {
            Wanted::Newest => "at all".into(),
            Wanted::Experiment(experiment) => format!("of the experiment `{experiment}`"),
            Wanted::Named(name) => format!("named `{name}`"),
        };
        let names = all.into_iter().map(|(_, name, _)| name).collect();
        return Err(StorageError::NoTrajectory { file: path.into(), wanted, names });
    };
    let group = file.group(name).map_err(place.failed("open", name))?;
    Ok((name.clone(), group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_another_program_has_made_meanwhile_is_opened_and_not_made_anew() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("study.h5");
        // Both have asked whether there is a file, and then the other one was quicker.
        let quicker = create(&path).expect("there is none");
        quicker.create_group("study").expect("it can be written");
        quicker.close().expect("it can be written");
        let late = create(&path).expect("it can be opened");
        assert_eq!(late.member_names().expect("it can be read"), ["study"]);
        late.close().expect("it can be written");
        assert_eq!(open(&path).expect("it can be opened").member_names().expect("it can be read"), ["study"]);
    }
}
