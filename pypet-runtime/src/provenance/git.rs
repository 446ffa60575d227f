//! What is done about uncommitted changes before the first run.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::Build;
use super::start::hexadecimal;
use crate::value::text::quoted_list;

/// They point git at another repository, index or folder than the one around the crate; hooks of git set them.
const ELSEWHERE: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_DIFF_OPTS",
];
/// Settings under which patches are those of every user, and can be applied; the macros' `build/repository.rs` has the same.
const SETTINGS: [&str; 7] = [
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.relative=false",
    "diff.context=3",
    "diff.interHunkContext=0",
    "diff.algorithm=default",
    "diff.submodule=short",
];
/// As it is taken when the program is compiled.
const DIFF: [&str; 8] = [
    "diff",
    "HEAD",
    "--binary",
    "--full-index",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules=untracked",
];

/// What is done about the git repository of a program before its runs begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum GitPolicy {
    /// What the program was built from is recorded, changes included.
    #[default]
    Record,
    /// Nothing begins unless the program was built from a commit and no tracked file has changed since.
    RequireClean,
    /// Tracked files that have changed are committed, with the trajectory's name and comment as message.
    Commit,
    /// Nothing about the repository is recorded.
    Off,
}

impl GitPolicy {
    /// All policies, by their words.
    pub const ALL: [Self; 4] = [Self::Record, Self::RequireClean, Self::Commit, Self::Off];

    /// The word for the command line and in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::RequireClean => "require_clean",
            Self::Commit => "commit",
            Self::Off => "off",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.word() == word)
    }
}

/// Why a policy keeps runs from beginning.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// The program knows of no commit.
    #[error(
        "`git = {policy}` needs a git repository, but the program was built in none; commit its sources, or use another policy"
    )]
    NoRepository {
        /// The word of the policy.
        policy: &'static str,
    },
    /// The sources were not committed when the program was compiled.
    #[error("the program was built with uncommitted changes in {}; commit them and build again", quoted_list(.files))]
    BuiltFromChanges {
        /// The files.
        files: Vec<String>,
    },
    /// The sources are not committed now.
    #[error("there are uncommitted changes in {}; commit or stash them first", quoted_list(.files))]
    Changes {
        /// The files.
        files: Vec<String>,
    },
    /// Git refuses.
    #[error("`git {command}` failed: {message}")]
    Git {
        /// The command.
        command: String,
        /// What it says.
        message: String,
    },
}

/// The commit that is checked out when runs begin, where a policy looked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CheckedOut {
    pub(super) commit: String,
    /// Whether the commit is what the program was built from.
    pub(super) is_build: bool,
}

/// Carries out a policy for the repository that a program was built in.
pub(super) fn carry_out(policy: GitPolicy, build: &Build, message: &str) -> Result<Option<CheckedOut>, GitError> {
    if matches!(policy, GitPolicy::Record | GitPolicy::Off) {
        return Ok(None);
    }
    if build.commit.is_empty() {
        return Err(GitError::NoRepository { policy: policy.word() });
    }
    let folder = Path::new(build.folder);
    if policy == GitPolicy::RequireClean {
        if !build.changed.is_empty() {
            return Err(GitError::BuiltFromChanges { files: build.changed.iter().map(ToString::to_string).collect() });
        }
        if !folder.is_dir() {
            // The program has moved to another machine; it is clean itself.
            return Ok(None);
        }
    }
    let files = changed(folder)?;
    if files.is_empty() {
        let commit = head(folder)?;
        let is_build = commit == build.commit && build.changed.is_empty();
        return Ok(Some(CheckedOut { commit, is_build }));
    }
    if policy == GitPolicy::RequireClean {
        return Err(GitError::Changes { files });
    }
    // Nobody knows what sources were that git did not know.
    let is_known = build.changed.iter().all(|name| files.iter().any(|file| file == name));
    let is_built = is_known && head(folder)? == build.commit && diff_hash(folder)? == build.diff_hash;
    git(folder, &["commit", "--all", "--quiet", "--message", message])?;
    // Changes within a submodule are in none of our commits.
    let is_build = is_built && changed(folder)?.is_empty();
    Ok(Some(CheckedOut { commit: head(folder)?, is_build }))
}

/// Tracked files that differ from the commit.
fn changed(folder: &Path) -> Result<Vec<String>, GitError> {
    let names = git(folder, &["diff", "HEAD", "--name-only", "--no-ext-diff", "--ignore-submodules=untracked", "-z"])?;
    Ok(names.split(|&byte| byte == 0).filter(|name| !name.is_empty()).map(text).collect())
}

fn head(folder: &Path) -> Result<String, GitError> {
    Ok(text(&git(folder, &["rev-parse", "HEAD"])?).trim().into())
}

fn diff_hash(folder: &Path) -> Result<String, GitError> {
    let diff = git(folder, &DIFF)?;
    Ok(hexadecimal(&Sha256::digest(&diff)))
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
    let failed = |message: String| GitError::Git { command: arguments[0].into(), message };
    let mut git = Command::new("git");
    git.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
    for variable in ELSEWHERE {
        git.env_remove(variable);
    }
    let output = git.current_dir(folder).args(arguments).output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    // Hooks and `git commit` itself may speak on either stream.
    let said = [output.stderr, output.stdout].map(|bytes| text(&bytes).trim().to_owned());
    Err(failed(said.into_iter().find(|text| !text.is_empty()).unwrap_or_else(|| output.status.to_string())))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
