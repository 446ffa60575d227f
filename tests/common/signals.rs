//! Programs that hear signals whatever the tests themselves were told to ignore, and the other way round.

use std::process::{Child, Command, Stdio};

/// The command with Ctrl-C as at a terminal: shells have jobs in the background ignore it, and children inherit that.
pub(crate) fn heard(command: Command) -> Command {
    if cfg!(target_os = "linux") { through_env("--default-signal=INT", &command) } else { command }
}

/// The command with Ctrl-C and hanging up ignored, as by `nohup` in a script.
#[cfg(target_os = "linux")]
pub(crate) fn ignored(command: &Command) -> Command {
    through_env("--ignore-signal=INT,HUP", command)
}

/// `env` sets signals and becomes the program; nothing is to be read or printed but what is piped later.
fn through_env(option: &str, command: &Command) -> Command {
    let mut through = Command::new("env");
    through.arg(option).arg(command.get_program()).args(command.get_args());
    through.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    through.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    through
}

/// Sends a signal, as `-TERM`.
///
/// # Panics
/// If there is no `kill`.
pub(crate) fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.expect("there is `kill`").success());
}
