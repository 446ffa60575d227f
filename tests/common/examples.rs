//! Builds the examples once per test binary and runs them as a user does.
//!
//! They are built with the options that the tests were built with, so that nothing is compiled twice.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use super::{python, target_folder};

/// The built examples, by name.
static EXAMPLES: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(build);

/// The names of the files in `examples/`, without their ending.
pub(crate) fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(folder).expect("there is a folder of examples");
    let files = entries.map(|entry| entry.expect("the folder can be read").path());
    let sources = files.filter(|file| file.extension().is_some_and(|ending| ending == "rs"));
    let mut names: Vec<String> =
        sources.map(|file| file.file_stem().expect("a file has a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The program of an example.
///
/// # Panics
/// If there is no such example.
pub(crate) fn program(name: &str) -> &'static Path {
    EXAMPLES.get(name).unwrap_or_else(|| panic!("cargo built no example `{name}`: {EXAMPLES:?}"))
}

/// Runs an example with these arguments in a folder.
///
/// # Panics
/// If there is no such example or it cannot be started; a failing one is left to the caller.
pub(crate) fn run_with<A: AsRef<OsStr>>(name: &str, folder: &Path, arguments: impl IntoIterator<Item = A>) -> Output {
    let program = program(name);
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    output.unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()))
}

/// Runs an example with its own exploration and hands over its trajectory file.
///
/// # Panics
/// If the example does not end with exit code 0.
pub(crate) fn with_file_of<T>(name: &str, test: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join(format!("{name}.h5"));
    let output = run_with(name, folder.path(), [OsStr::new("run"), OsStr::new("-o"), file.as_os_str()]);
    assert!(output.status.success(), "`{name}` failed, {}", python::report(&output));
    assert!(file.is_file(), "`{name}` left no file, {}", python::report(&output));
    test(&file)
}

fn build() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    // The whole workspace, as in `cargo test --workspace`: features unify as they did there.
    cargo.args(["build", "--workspace", "--examples", "--message-format=json-render-diagnostics"]);
    cargo.arg("--target-dir").arg(target_folder());
    cargo.args(profile_arguments());
    if cfg!(not(feature = "bundled-hdf5")) {
        cargo.arg("--no-default-features");
    }
    if cfg!(feature = "system-hdf5") {
        cargo.args(["--features", "system-hdf5"]);
    }

    let output = cargo.output().expect("the cargo that built this test can be started");
    assert!(output.status.success(), "cargo cannot build the examples, {}", python::report(&output));
    String::from_utf8_lossy(&output.stdout).lines().filter_map(built_example).collect()
}

/// Name and program of an example from one of cargo's messages.
fn built_example(message: &str) -> Option<(String, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let is_example = message["target"]["kind"].as_array()?.iter().any(|kind| kind == "example");
    let program = message["executable"].as_str().filter(|_| is_example)?;
    Some((message["target"]["name"].as_str()?.into(), program.into()))
}

/// The profile and the target platform of this test, told from where its program lies:
/// `<target>/[<platform>/]<profile>/deps/<program>`.
fn profile_arguments() -> Vec<String> {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut folders = program.ancestors().skip(2).map(Path::file_name);
    let mut next = || folders.next().flatten().map(OsStr::to_string_lossy).unwrap_or_default().into_owned();

    let profile = match next() {
        folder if folder == "debug" => "dev".into(),
        folder => folder,
    };
    let mut arguments = vec!["--profile".into(), profile];
    let platform = next();
    if target_folder().file_name() != Some(OsStr::new(&platform)) {
        arguments.extend(["--target".into(), platform]);
    }
    arguments
}
