//! Files that appear whole or not at all, and never replace another by accident.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::ExportError;

/// A file that is being written beside its place.
pub(crate) struct Target {
    place: PathBuf,
    partial: PathBuf,
    out: Option<BufWriter<File>>,
}

impl Target {
    /// Begins a file; what is there is replaced only if that is wanted.
    pub(crate) fn begin(place: &Path, replace: bool) -> Result<Self, ExportError> {
        let partial = Self::claim(place, replace)?;
        let file = OpenOptions::new().write(true).create_new(true).open(&partial).map_err(failed("write", place))?;
        Ok(Self { place: place.into(), partial, out: Some(BufWriter::new(file)) })
    }

    /// A place for a file that something else writes; [`Target::publish`] gives it its name.
    pub(crate) fn claim(place: &Path, replace: bool) -> Result<PathBuf, ExportError> {
        // A link that leads nowhere is something that was there, too.
        if !replace && fs::symlink_metadata(place).is_ok() {
            return Err(ExportError::Exists { file: place.into() });
        }
        if let Some(folder) = place.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed("create the folder of", place))?;
        }
        let name = place.file_name().ok_or_else(|| ExportError::NoFileName { place: place.into() })?;
        let mut partial = OsString::from(".");
        partial.push(name);
        partial.push(format!(".{}", std::process::id()));
        let partial = place.with_file_name(partial);
        // Left by a process of the same number that was killed.
        let _ = fs::remove_file(&partial);
        Ok(partial)
    }

    /// Gives a claimed file its name.
    pub(crate) fn publish(partial: &Path, place: &Path) -> Result<(), ExportError> {
        fs::rename(partial, place).map_err(failed("write", place))
    }

    /// Ends the file; only now does it appear.
    pub(crate) fn finish(mut self) -> Result<PathBuf, ExportError> {
        let out = self.out.take().expect("only this takes it");
        out.into_inner().map_err(|error| failed("write", &self.place)(error.into_error()))?;
        Self::publish(&self.partial, &self.place)?;
        Ok(self.place.clone())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.as_mut().expect("open until finished").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().expect("open until finished").flush()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // After `finish` it has its name and nothing is there any more.
        let _ = fs::remove_file(&self.partial);
    }
}

pub(super) fn failed(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> ExportError + use<> {
    let file = file.to_owned();
    move |source| ExportError::Io { action, file, source }
}
