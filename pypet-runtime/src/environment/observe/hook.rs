//! Telling other programs.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};

use super::telling::complain;
use super::{Observer, RunFailed, StudyFinished, StudyStarted};
use crate::error::BoxError;
use crate::run::RunStatus;

/// The longest text that a command is told, and that it can answer.
const MOST_BYTES: usize = 4 << 10;

/// How long the end of what a failed command says is waited for: something that it has started may keep it open.
const PATIENCE: Duration = Duration::from_secs(1);

/// Starts a command when the first run of a study fails and when the study ends.
///
/// It finds what happened as a JSON object on its standard input, and each entry of that as an environment
/// variable: `event` (`run_failed` or `finished`) as `PYPET_EVENT`, and so `trajectory`, `experiment`, `file`; of a run `run`,
/// `status`, `message`, `place`; of a study `state` (`finished`, `stopped`, `failed`), `n_done`, `n_failed`, `n_left`,
/// `seconds`, `error`. A command that fails, or takes longer than ten seconds and is killed, is a warning.
#[derive(Debug, Clone)]
pub struct Hook {
    program: OsString,
    arguments: Vec<OsString>,
    /// What warnings call it, which are in the log: not the command, nor all of a URL, which may hold secrets.
    name: String,
    timeout: Duration,
    study: Option<StudyStarted>,
    has_failed: bool,
    is_webhook: bool,
}

impl Hook {
    /// Starts a command of the shell: `sh -c`, or `cmd /C` on Windows.
    pub fn new(command: impl Into<OsString>) -> Self {
        let (program, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let command = command.into();
        Self {
            name: format!("hook `{}…`", first_word(&command.to_string_lossy())),
            program: program.into(),
            arguments: vec![flag.into(), command],
            timeout: Duration::from_secs(10),
            study: None,
            has_failed: false,
            is_webhook: false,
        }
    }

    /// Sends the JSON object to a URL with HTTP POST, by the program `curl`, which knows the certificates and
    /// proxies of the system.
    pub fn webhook(url: &str) -> Self {
        let arguments = [
            "--silent",
            "--show-error",
            "--fail",
            "--globoff",
            "--location",
            // As it was sent to the old place; curl would ask for a page there.
            "--post301",
            "--post302",
            "--header",
            "Content-Type: application/json",
            "--data-binary",
            "@-",
            "--url",
            url,
        ];
        Self {
            program: "curl".into(),
            arguments: arguments.map(Into::into).to_vec(),
            name: format!("webhook at `{}`", host(url)),
            is_webhook: true,
            ..Self::new("")
        }
    }

    /// Kills the command when it takes longer.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn tell(&self, event: &str, what: &impl Serialize) {
        let mut entries = Map::from_iter([("event".to_owned(), Value::from(event))]);
        // The later ones say the same of what they share.
        for part in [serde_json::to_value(&self.study), serde_json::to_value(what)] {
            if let Ok(Value::Object(part)) = part {
                entries.extend(part);
            }
        }
        if let Err(why) = self.call(entries) {
            complain(&format!("the {} {why}", self.name));
        }
    }

    fn call(&self, entries: Map<String, Value>) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        for (name, value) in &entries {
            let text = value.as_str().map_or_else(|| value.to_string(), |text| cut(text).replace('\0', " "));
            command.env(format!("PYPET_{}", name.to_uppercase()), if value.is_null() { String::new() } else { text });
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            let entries = entries.into_iter().map(|(name, value)| match value {
                Value::String(text) => (name, cut(&text).into()),
                value => (name, value),
            });
            // So short that it fits the pipe; a command need not read it.
            let _ = stdin.write_all(Value::Object(entries.collect()).to_string().as_bytes());
        }
        let said = said_by(&mut child);
        let status = wait(&mut child, self.timeout).map_err(|error| format!("cannot be waited for: {error}"))?;
        let Some(status) = status else {
            return Err(format!("took longer than {} s and was killed", self.timeout.as_secs_f64()));
        };
        if status.success() {
            return Ok(());
        }
        let said = said.recv_timeout(PATIENCE).unwrap_or_default();
        Err(format!("failed ({status}) {}", said.trim()).trim_end().to_owned())
    }
}

impl Observer for Hook {
    fn ready(&mut self) -> Result<(), BoxError> {
        if !self.is_webhook {
            return Ok(());
        }
        let url = self.arguments.last().map(|url| url.to_string_lossy().into_owned()).unwrap_or_default();
        if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(format!("the webhook `{url}` is no URL; it begins with `https://` or `http://`").into());
        }
        let curl = Command::new("curl").arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
        curl.map(drop)
            .map_err(|error| format!("a webhook needs the program `curl`, which cannot be started: {error}").into())
    }

    fn started(&mut self, study: &StudyStarted) {
        self.study = Some(study.clone());
        self.has_failed = false;
    }

    fn run_failed(&mut self, run: &RunFailed) {
        if !self.has_failed && run.status != RunStatus::Pending {
            self.has_failed = true;
            self.tell("run_failed", run);
        }
    }

    fn finished(&mut self, study: &StudyFinished) {
        self.tell("finished", study);
    }

    fn patience(&self) -> Duration {
        // It may be at the failed run when the study ends.
        2 * self.timeout + Duration::from_secs(1)
    }
}

/// What a command begins with, unless that is the value of a variable.
fn first_word(command: &str) -> String {
    let word = command.split_whitespace().next().filter(|word| !word.contains('='));
    word.map_or(String::new(), |word| format!("{word} "))
}

/// Where a URL leads, without user, path and query.
fn host(url: &str) -> &str {
    let (_, place) = url.split_once("://").unwrap_or(("", url));
    let authority = place.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}

/// What a command writes to its standard error, at most so much.
fn said_by(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, said) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.take(MOST_BYTES as u64).read_to_end(&mut text);
            let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
        });
    }
    said
}

/// How a command ended; nothing if it had to be killed.
fn wait(child: &mut Child, timeout: Duration) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    while begun.elapsed() < timeout {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(50));
    }
    // With all that it has started, which may be what hangs.
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL);
    let _ = child.kill();
    child.wait()?;
    Ok(None)
}
