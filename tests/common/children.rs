//! The test program as a process of its own, with limits and mounts that end with it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Tells a test that it is the child, and where its files are.
const FOLDER: &str = "PYPET_TEST_FOLDER";

/// The folder that the parent gives to this process; `None` if it is no child.
pub(crate) fn folder() -> Option<std::path::PathBuf> {
    std::env::var_os(FOLDER).map(Into::into)
}

/// A command that carries out one test of this program as a child.
pub(crate) fn test(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
    command.args([name, "--exact", "--nocapture"]).env(FOLDER, folder).stdin(Stdio::null());
    command
}

/// The same after a shell has carried out `setup` in `$0`, the folder.
pub(crate) fn test_after(setup: &str, name: &str, folder: &Path) -> Command {
    let program = std::env::current_exe().expect("a running program has a path");
    let arguments: [&OsStr; 3] = [folder.as_ref(), program.as_ref(), name.as_ref()];
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{setup} && exec \"$1\" \"$2\" --exact --nocapture")).args(arguments);
    command.env(FOLDER, folder).stdin(Stdio::null());
    command
}

/// The same with mounts that nobody else sees; `None` where we may not mount.
pub(crate) fn test_with_mounts(setup: &str, name: &str, folder: &Path) -> Option<Command> {
    let may = Command::new("unshare").args(["-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        println!("skipped: only root on Linux may mount file systems");
        return None;
    }
    let inner = test_after(setup, name, folder);
    let mut command = Command::new("unshare");
    command.arg("-m").arg(inner.get_program()).args(inner.get_args()).env(FOLDER, folder).stdin(Stdio::null());
    Some(command)
}

/// Longer than this nothing takes but what hangs, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// Waits until something can be seen of what a child does.
///
/// # Panics
/// If it takes longer than [`PATIENCE`].
pub(crate) fn wait_until(can_be_seen: impl FnMut() -> bool) {
    wait(PATIENCE, can_be_seen);
}

fn wait(patience: Duration, mut is_over: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_over() {
        assert!(begun.elapsed() < patience, "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What the later runs of a study do in a child that is to be stopped in their midst: they wait for it, so that
/// nobody need be quick.
///
/// # Panics
/// If nobody stops the child, as when the test has failed.
pub(crate) fn wait_to_be_stopped(run: &pypet::prelude::Run) {
    // Longer than whoever stops it would look.
    wait(2 * PATIENCE, || run.is_cancelled());
}

/// Waits for a child whose assertions all hold.
///
/// # Panics
/// If one does not, with what the child printed.
pub(crate) fn succeed(mut command: Command) {
    let output = command.output().expect("the test program can be started again");
    assert!(output.status.success(), "the child failed, {}", super::python::report(&output));
}
