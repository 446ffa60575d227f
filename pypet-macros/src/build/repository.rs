//! The state of the git repository around a crate, as `git` tells it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::capture::hash;

/// Larger patches are left out: half of one could not be applied.
const LONGEST_PATCH: usize = 64 << 10;
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
/// Settings under which patches are those of every user, and can be applied; the runtime's `provenance/git.rs` has the same.
const SETTINGS: [&str; 7] = [
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.relative=false",
    "diff.context=3",
    "diff.interHunkContext=0",
    "diff.algorithm=default",
    "diff.submodule=short",
];
/// The difference to the commit. The length of abbreviated hashes depends on the repository.
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

/// What git knows; empty where the crate is in no repository.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Repository {
    pub(super) commit: String,
    /// Empty if no branch is checked out.
    pub(super) branch: String,
    /// Files that differ from the commit, and sources that git does not know, as seen from the repository's root.
    pub(super) changed: Vec<String>,
    /// SHA-256 of `git diff HEAD --binary --full-index`; empty if there is no difference.
    pub(super) diff_hash: String,
    /// The difference itself, if it is short text.
    pub(super) patch: String,
}

impl Repository {
    /// The repository that tracks the manifest of the crate in `folder`, whose workspace is `workspace`.
    pub(super) fn around(folder: &Path, workspace: &Path) -> Option<Self> {
        // A member of a workspace may be a repository of its own.
        let mut inner = folder.ancestors().take_while(|parent| *parent != workspace);
        let sources = inner.find(|parent| parent.join(".git").exists()).unwrap_or(workspace);
        // Side by side, since starting a process takes longest.
        let status =
            ["status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=untracked", "-z"];
        let status = start(folder, &status)?;
        let unknown = start(sources, &["ls-files", "-z", "--others", "--exclude-standard", "--full-name", "*.rs"])?;
        let manifest = text(&output(start(folder, &["ls-files", "-t", "-z", "--cached", "Cargo.toml"])?)?);
        let (status, unknown) = (text(&output(status)?), text(&output(unknown)?));
        if manifest != "H Cargo.toml\0" {
            // A crate from a registry, for example, in a home folder that is a repository itself.
            return None;
        }
        let mut repository = Self::default();
        repository.read_status(&status)?;
        let is_changed = !repository.changed.is_empty();
        let unknown = unknown.split('\0').filter(|name| !name.is_empty());
        repository.changed.extend(unknown.map(ToOwned::to_owned));
        if is_changed {
            let diff = output(start(folder, &DIFF)?)?;
            repository.diff_hash = hash(&diff);
            if diff.len() <= LONGEST_PATCH && !diff.contains(&0) {
                repository.patch = String::from_utf8(diff).unwrap_or_default();
            }
        }
        Some(repository)
    }

    /// Takes commit, branch and changed files from `git status --porcelain=v2 --branch -z`.
    fn read_status(&mut self, status: &str) -> Option<()> {
        let mut entries = status.split('\0');
        while let Some(entry) = entries.next() {
            // The path comes last, after a number of fields that depends on the kind of change.
            let path = |n_fields: usize| entry.splitn(n_fields, ' ').last().unwrap_or_default().to_owned();
            match entry.split_once(' ') {
                Some(("#", header)) => match header.split_once(' ') {
                    Some(("branch.oid", "(initial)")) => return None,
                    Some(("branch.oid", commit)) => self.commit = commit.into(),
                    Some(("branch.head", branch)) if branch != "(detached)" => self.branch = branch.into(),
                    _ => {}
                },
                Some(("1", _)) => self.changed.push(path(9)),
                Some(("2", _)) => {
                    self.changed.push(path(10));
                    // The name before.
                    entries.next();
                }
                Some(("u", _)) => self.changed.push(path(11)),
                _ => {}
            }
        }
        Some(())
    }
}

fn start(folder: &Path, arguments: &[&str]) -> Option<Child> {
    let mut git = Command::new("git");
    git.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
    for variable in ELSEWHERE {
        git.env_remove(variable);
    }
    git.current_dir(folder).args(arguments).env("GIT_OPTIONAL_LOCKS", "0");
    git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()
}

fn output(git: Child) -> Option<Vec<u8>> {
    let output = git.wait_with_output().ok()?;
    output.status.success().then_some(output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
        let mut git = Command::new("git");
        let output = git.current_dir(folder).args(identity).args(arguments).output().expect("git can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn around(folder: &Path) -> Option<Repository> {
        Repository::around(folder, folder)
    }

    #[test]
    fn commit_branch_changes_and_patch_are_captured() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        assert_eq!(around(folder), None);
        git(folder, &["init", "--initial-branch", "trunk"]);
        write("Cargo.toml", "[package]\n");
        write("a model.rs", "one\n");
        assert_eq!(around(folder), None, "nothing is tracked yet");
        git(folder, &["add", "."]);
        assert_eq!(around(folder), None, "nothing is committed yet");
        git(folder, &["commit", "--message", "one"]);

        let clean = around(folder).unwrap();
        assert_eq!((clean.commit.len(), clean.branch.as_str()), (40, "trunk"));
        assert_eq!((clean.changed.len(), clean.diff_hash.as_str(), clean.patch.as_str()), (0, "", ""));

        write("a model.rs", "two\n");
        write("new.rs", "");
        write("data.txt", "");
        git(folder, &["mv", "Cargo.toml", "moved.toml"]);
        write("Cargo.toml", "[package]\n");
        git(folder, &["add", "Cargo.toml"]);
        let begun = Instant::now();
        let dirty = around(folder).unwrap();
        println!("capturing a repository with changes took {:?}", begun.elapsed());
        assert_eq!(dirty.commit, clean.commit);
        assert_eq!(dirty.changed, ["a model.rs", "moved.toml", "new.rs"]);
        assert!(dirty.patch.contains("-one\n+two\n"), "{}", dirty.patch);
        assert_eq!(dirty.diff_hash, hash(dirty.patch.as_bytes()));

        write("a model.rs", &"long\n".repeat(20_000));
        git(folder, &["checkout", "--detach"]);
        let long = around(folder).unwrap();
        assert_eq!((long.branch.as_str(), long.patch.as_str(), long.diff_hash.len()), ("", "", 64));
    }

    #[test]
    fn a_member_of_a_workspace_tells_of_the_whole_and_settings_change_no_patch() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let member = root.join("member");
        git(root, &["init"]);
        fs::create_dir(&member).unwrap();
        fs::create_dir(root.join("model")).unwrap();
        fs::write(member.join("Cargo.toml"), "[package]\n").unwrap();
        fs::write(root.join("model/lib.rs"), "one\n").unwrap();
        git(root, &["add", "."]);
        git(root, &["commit", "--message", "one"]);
        fs::write(root.join("model/lib.rs"), "two\n").unwrap();
        fs::write(root.join("model/new.rs"), "").unwrap();
        fs::write(member.join("own.rs"), "").unwrap();

        let plain = Repository::around(&member, root).unwrap();
        assert_eq!(plain.changed, ["model/lib.rs", "member/own.rs", "model/new.rs"]);
        for setting in ["noprefix", "mnemonicPrefix", "relative"] {
            git(root, &["config", &format!("diff.{setting}"), "true"]);
        }
        git(root, &["config", "diff.context", "0"]);
        git(root, &["config", "core.abbrev", "12"]);
        assert_eq!(Repository::around(&member, root), Some(plain.clone()));
        fs::write(root.join("plain.patch"), plain.patch).unwrap();
        git(root, &["checkout", "--", "model/lib.rs"]);
        git(root, &["apply", "plain.patch"]);
        assert_eq!(fs::read_to_string(root.join("model/lib.rs")).unwrap(), "two\n");

        let own = root.join("own");
        fs::create_dir(&own).unwrap();
        git(&own, &["init"]);
        fs::write(own.join("Cargo.toml"), "[package]\n").unwrap();
        git(&own, &["add", "."]);
        git(&own, &["commit", "--message", "one"]);
        fs::write(own.join("new.rs"), "").unwrap();
        assert_eq!(Repository::around(&own, root).unwrap().changed, ["new.rs"]);
    }

    #[test]
    fn an_ignored_crate_does_not_belong_to_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init"]);
        fs::write(folder.path().join(".gitignore"), "target\n").unwrap();
        git(folder.path(), &["add", "."]);
        git(folder.path(), &["commit", "--message", "one"]);
        let ignored = folder.path().join("target");
        fs::create_dir(&ignored).unwrap();
        fs::write(ignored.join("Cargo.toml"), "[package]\n").unwrap();
        assert_eq!(around(&ignored), None);
    }
}
