//! The crate that is being compiled.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::compiler::Compiler;
use super::repository::Repository;

/// What is known of the crate; empty where nothing is.
#[derive(Debug, Default)]
pub(super) struct Capture {
    pub(super) package: String,
    pub(super) version: String,
    pub(super) folder: String,
    pub(super) lock_hash: String,
    pub(super) compiler: Compiler,
    pub(super) repository: Repository,
}

impl Capture {
    /// Looked at once for each process of the compiler, which compiles one crate.
    pub(super) fn of_this_crate() -> &'static Self {
        static CAPTURE: OnceLock<Capture> = OnceLock::new();
        CAPTURE.get_or_init(|| {
            let variable = |name| std::env::var(name).unwrap_or_default();
            let folder = variable("CARGO_MANIFEST_DIR");
            // A path among them need not be text.
            let arguments: Vec<String> =
                std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
            // Without cargo nothing is known, and what is only checked never runs.
            if folder.is_empty() || is_only_checked(&arguments) {
                return Self::default();
            }
            let path = PathBuf::from(&folder);
            let workspace = workspace(&path);
            Self {
                package: variable("CARGO_PKG_NAME"),
                version: variable("CARGO_PKG_VERSION"),
                lock_hash: lock_hash(&workspace).unwrap_or_default(),
                compiler: Compiler::of(&arguments),
                repository: Repository::around(&path, &workspace).unwrap_or_default(),
                folder,
            }
        })
    }
}

/// Whether the compiler, of these arguments, makes nothing that could run, as for `cargo check`.
fn is_only_checked(arguments: &[String]) -> bool {
    let emitted: Vec<&str> = arguments.iter().filter_map(|argument| argument.strip_prefix("--emit=")).collect();
    let mut kinds = emitted.iter().flat_map(|kinds| kinds.split(','));
    !emitted.is_empty() && kinds.all(|kind| matches!(kind, "dep-info" | "metadata"))
}

/// The root of the crate's workspace, which is where cargo starts the compiler; the crate's own folder if it does not.
fn workspace(folder: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    if !here.as_os_str().is_empty() && folder.starts_with(&here) { here } else { folder.into() }
}

/// The hash of the lock file that cargo uses: the nearest one above. One of a member of a workspace means nothing.
fn lock_hash(workspace: &Path) -> Option<String> {
    let lock = workspace.ancestors().find_map(|folder| fs::read(folder.join("Cargo.lock")).ok())?;
    Some(hash(&lock))
}

/// SHA-256 in hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_checked_is_told_by_what_the_compiler_emits() {
        let arguments = |command: &str| command.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>();
        let is_only_checked = |command: &str| is_only_checked(&arguments(command));
        assert!(is_only_checked("rustc --crate-name x --emit=dep-info,metadata -C metadata=1"));
        assert!(!is_only_checked("rustc --crate-name x --emit=dep-info,link -C metadata=1"));
        assert!(!is_only_checked("rustc --crate-name x --emit=dep-info,metadata,link"));
        assert!(!is_only_checked("rustc x.rs"));
    }

    #[test]
    fn the_crate_that_is_compiled_is_known() {
        let capture = Capture::of_this_crate();
        assert_eq!(capture.package, "pypet-macros");
        assert_eq!(capture.lock_hash.len(), 64);
    }
}
