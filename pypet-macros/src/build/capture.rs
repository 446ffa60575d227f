//! The crate that is being compiled.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::repository::Repository;

/// What is known of the crate; empty where nothing is.
#[derive(Debug, Default)]
pub(super) struct Capture {
    pub(super) package: String,
    pub(super) version: String,
    pub(super) folder: String,
    pub(super) lock_hash: String,
    pub(super) features: Vec<String>,
    pub(super) repository: Repository,
}

impl Capture {
    /// Looked at once for each process of the compiler, which compiles one crate.
    pub(super) fn of_this_crate() -> &'static Self {
        static CAPTURE: OnceLock<Capture> = OnceLock::new();
        CAPTURE.get_or_init(|| {
            let variable = |name| std::env::var(name).unwrap_or_default();
            let folder = variable("CARGO_MANIFEST_DIR");
            // Without cargo nothing is known, and what is only checked never runs.
            if folder.is_empty() || is_only_checked(std::env::args()) {
                return Self::default();
            }
            let path = PathBuf::from(&folder);
            Self {
                package: variable("CARGO_PKG_NAME"),
                version: variable("CARGO_PKG_VERSION"),
                lock_hash: lock_hash(&path).unwrap_or_default(),
                features: fs::read_to_string(path.join("Cargo.toml")).map_or(Vec::new(), |text| features(&text)),
                repository: Repository::around(&path).unwrap_or_default(),
                folder,
            }
        })
    }
}

/// Whether the compiler, of these arguments, makes nothing that could run, as for `cargo check`.
fn is_only_checked(arguments: impl Iterator<Item = String>) -> bool {
    let emitted: Vec<String> =
        arguments.filter_map(|argument| argument.strip_prefix("--emit=").map(ToOwned::to_owned)).collect();
    let mut kinds = emitted.iter().flat_map(|kinds| kinds.split(','));
    !emitted.is_empty() && kinds.all(|kind| matches!(kind, "dep-info" | "metadata"))
}

/// The hash of the lock file that cargo uses: the nearest one above.
fn lock_hash(folder: &Path) -> Option<String> {
    let lock = folder.ancestors().find_map(|folder| fs::read(folder.join("Cargo.lock")).ok())?;
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

/// The names in the table `[features]` of a manifest. Each is at the beginning of a line, before a `=`.
fn features(manifest: &str) -> Vec<String> {
    let table = manifest.lines().map(str::trim).skip_while(|line| *line != "[features]").skip(1);
    let lines = table.take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim().trim_matches('"'));
    let is_name = |name: &&str| {
        *name != "default" && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.'))
    };
    names.filter(is_name).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_found_in_a_manifest() {
        let manifest = "[package]\nname = \"x\"\n[features]\ndefault = [\"a\"]\n# b = []\na = [\n  \"dep:z\",\n]\n\
                        \"c-d\" = []\n\n[dependencies]\ne = \"1\"\n";
        assert_eq!(features(manifest), ["a", "c-d"]);
        assert!(features("[package]\n").is_empty());
    }

    #[test]
    fn what_is_only_checked_is_told_by_what_the_compiler_emits() {
        let is_only_checked = |command: &str| is_only_checked(command.split(' ').map(ToOwned::to_owned));
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
