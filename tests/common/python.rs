//! A Python with h5py, xarray and netCDF4: the strangers that must understand our files.
//!
//! The packages come from PyPI, once for each set of requirements, into a folder beside the build's output.
//! Nothing outside the target folder is touched, and nothing that is installed elsewhere can get in the way.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use super::target_folder;

const NO_PYTHON: &str = "the tests read trajectory files with h5py and xarray and need Python 3.9 or newer with pip: \
    on Debian and Ubuntu `apt install python3 python3-pip`, on macOS `brew install python`, on Windows from \
    python.org; or name an interpreter in the variable PYTHON";

static PYTHON: LazyLock<Python> = LazyLock::new(|| Python::provide("requirements.txt"));
/// The one that drives a browser.
static DRIVER: LazyLock<Python> = LazyLock::new(|| Python::provide("requirements-browser.txt"));

/// The one that knows JSON Schema.
static JUDGE: LazyLock<Python> = LazyLock::new(|| Python::provide("requirements-schema.txt"));

/// An interpreter and the folder of packages that it needs.
struct Python {
    program: String,
    packages: PathBuf,
}

/// Runs a script of `tests/python` and gives what it printed.
///
/// # Panics
/// If the script fails; its assertions are then part of the message.
pub(crate) fn run<A: AsRef<OsStr>>(script: &str, arguments: impl IntoIterator<Item = A>) -> String {
    run_with(&PYTHON, script, arguments)
}

/// Installs what drives a browser, which takes its time, before something else begins.
pub(crate) fn prepare_driver() {
    LazyLock::force(&DRIVER);
}

/// The same for a script that drives a browser.
///
/// # Panics
/// As [`run`].
pub(crate) fn drive<A: AsRef<OsStr>>(script: &str, arguments: impl IntoIterator<Item = A>) -> String {
    run_with(&DRIVER, script, arguments)
}

/// The same for a script that checks JSON against a schema.
///
/// # Panics
/// As [`run`].
pub(crate) fn judge<A: AsRef<OsStr>>(script: &str, arguments: impl IntoIterator<Item = A>) -> String {
    run_with(&JUDGE, script, arguments)
}

fn run_with<A: AsRef<OsStr>>(python: &Python, script: &str, arguments: impl IntoIterator<Item = A>) -> String {
    let output = python
        .command()
        .env("PYTHONPATH", &python.packages)
        .arg(folder().join(script))
        .args(arguments)
        .output()
        .expect("an interpreter that ran before runs again");
    assert!(output.status.success(), "tests/python/{script} failed, {}", report(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How a program ended and all that it printed.
pub(crate) fn report(output: &Output) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{}\n--- stdout\n{stdout}\n--- stderr\n{stderr}", output.status)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("python")
}

impl Python {
    fn provide(requirements: &str) -> Self {
        let (program, version) = find_interpreter();
        let requirements = folder().join(requirements);
        let text = fs::read_to_string(&requirements).expect("the requirements of the tests can be read");

        // Compiled packages fit one version of Python, so it is part of the name.
        let mut hasher = DefaultHasher::new();
        (&text, &version).hash(&mut hasher);
        let packages = target_folder().join(format!("python-packages-{:016x}", hasher.finish()));

        let python = Self { program, packages };
        python.install(&requirements);
        python
    }

    /// Installs the packages unless they are there. Test programs that run side by side wait for the first.
    fn install(&self, requirements: &Path) {
        let lock = File::create(self.packages.with_extension("lock")).expect("the target folder can be written");
        lock.lock().expect("a file in the target folder can be locked");
        if self.packages.is_dir() {
            return;
        }
        // The folder gets its name when it is complete; whatever ends the installation leaves no half of it.
        let partial = tempfile::Builder::new().prefix("python-packages-").tempdir_in(target_folder());
        let partial = partial.expect("the target folder can be written");
        let fresh = partial.path().join("packages");

        let output = self
            .command()
            .args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--requirement"])
            .arg(requirements)
            .arg("--target")
            .arg(&fresh)
            .envs([("PIP_USER", "0"), ("PIP_REQUIRE_VIRTUALENV", "0"), ("PIP_DISABLE_PIP_VERSION_CHECK", "1")])
            .output()
            .expect("an interpreter that ran before runs again");
        assert!(output.status.success(), "pip cannot install {}, {}", requirements.display(), report(&output));
        fs::rename(&fresh, &self.packages).expect("a folder can be renamed within the target folder");
    }

    /// The interpreter with nothing of the user's own in its way.
    fn command(&self) -> Command {
        interpreter(&self.program)
    }
}

fn interpreter(program: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("-s").env_remove("PYTHONPATH").env_remove("PYTHONHOME").env("PYTHONDONTWRITEBYTECODE", "1");
    // Whatever the machine's language, messages come in one encoding.
    command.env("PYTHONUTF8", "1");
    command
}

/// The first interpreter that is new enough and has pip, with its version and platform in words.
fn find_interpreter() -> (String, String) {
    let probe = "import sys, sysconfig, pip; assert sys.version_info >= (3, 9), sys.version; \
        print(sys.implementation.cache_tag, sysconfig.get_platform())";
    let candidates = match std::env::var("PYTHON") {
        Ok(chosen) => vec![chosen],
        Err(_) => vec!["python3".into(), "python".into()],
    };

    let mut problems = Vec::new();
    for program in candidates {
        match interpreter(&program).args(["-c", probe]).output() {
            Ok(output) if output.status.success() => {
                return (program, String::from_utf8_lossy(&output.stdout).trim().into());
            }
            Ok(output) => problems.push(format!("`{program}`: {}", report(&output))),
            Err(error) => problems.push(format!("`{program}`: {error}")),
        }
    }
    panic!("{NO_PYTHON}\n{}", problems.join("\n"))
}
