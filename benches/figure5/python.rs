//! The Python systems, each phase in an interpreter of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::{Case, Phase, System, results_folder};

/// Python's pypet 0.6.1 is the newest on PyPI and needs NumPy 1.
const PACKAGES: [&str; 5] = ["pypet==0.6.1", "numpy<2", "pandas<2.3", "tables<3.11", "h5py<3.15"];

/// The folder of the packages, if they can be had.
static FOLDER: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let folder = results_folder().join("python");
    let is_there = || {
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", &folder).args(["-c", "import pypet, h5py"]).stderr(Stdio::null());
        python.status().is_ok_and(|status| status.success())
    };
    if !is_there() {
        eprintln!("installing {} into {}", PACKAGES.join(", "), folder.display());
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--target"]).arg(&folder).args(PACKAGES);
        let _ = pip.stderr(Stdio::null()).status();
    }
    if is_there() {
        return Some(folder);
    }
    eprintln!("Python's systems are left out: `python3 -m pip install {}` fails here", PACKAGES.join(" "));
    None
});

pub(super) fn command(system: System, case: Case, n_runs: usize, phase: Phase, folder: &Path) -> Option<Command> {
    let name = match system {
        System::H5pyRows => "h5py_rows",
        System::H5pyGroups => "h5py_groups",
        System::PythonPypet => "pypet",
        _ => return None,
    };
    let packages = FOLDER.as_ref()?;
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages).env("PYTHONWARNINGS", "ignore");
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/figure5/peers.py"));
    python.args([name, case.name(), &n_runs.to_string(), phase.name()]).arg(folder);
    Some(python)
}
