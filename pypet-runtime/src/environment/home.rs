//! Where a stored trajectory is kept, so that it can be closed, changed and opened anew.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::processes::Kept;
use crate::error::{Error, Result};
use crate::storage::hdf5::{self, Hdf5Reader};
use crate::storage::{Expansion, Memory, StorageError, TrajectoryReader};
use crate::trajectory::AnyTrajectory;
use crate::value::Cells;

/// A file and the name of the trajectory in it, or memory.
#[derive(Debug, Clone)]
pub(super) enum Home {
    File { file: PathBuf, name: String },
    Memory(Memory),
}

impl Home {
    pub(super) fn of(trajectory: &AnyTrajectory) -> Result<Self> {
        match (trajectory.path(), trajectory.reader().memory()) {
            (Some(file), _) => Ok(Self::File { file: file.into(), name: trajectory.header().name.clone() }),
            (None, Some(memory)) => Ok(Self::Memory(memory.clone())),
            (None, None) => Err(Error::NoFileToResume),
        }
    }

    pub(super) fn open(&self) -> Result<Box<dyn TrajectoryReader>> {
        Ok(match self {
            Self::File { file, name } => Box::new(Hdf5Reader::named(file, name)?),
            Self::Memory(memory) => Box::new(memory.reader()),
        })
    }

    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File { file, .. } => Some(file),
            Self::Memory(_) => None,
        }
    }

    /// What workers of later studies are told.
    pub(super) fn kept(&self) -> Option<Kept> {
        match self {
            Self::File { file, name } => Some(Kept::new(file, name)),
            Self::Memory(_) => None,
        }
    }

    /// Appends pending runs; see [`hdf5::expand`].
    pub(super) fn expand(
        &self,
        new: Expansion<'_>,
        columns: &mut dyn FnMut(Range<usize>) -> Vec<Cells>,
    ) -> Result<(), StorageError> {
        match self {
            Self::File { file, .. } => hdf5::expand(file, new, columns),
            Self::Memory(memory) => memory.expand(new, columns),
        }
    }
}
