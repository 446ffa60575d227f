//! What several tests need: files for one test, the examples as users run them, and a Python that reads HDF5.

#![allow(dead_code, reason = "each test binary uses a part of this")]

pub(crate) mod children;
pub(crate) mod examples;
pub(crate) mod mutants;
pub(crate) mod python;
pub(crate) mod served;
#[cfg(unix)]
pub(crate) mod signals;
pub(crate) mod transcripts;

use std::path::Path;

/// Hands over the name of a file that does not exist yet, in a folder that is gone afterwards.
pub(crate) fn with_trajectory_file<T>(test: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    test(&folder.path().join("trajectory.h5"))
}

/// The target folder that this test was built into.
pub(crate) fn target_folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("cargo's folder for tests is inside the target folder")
}
