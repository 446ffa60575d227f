//! The log of one study.

use std::fs::{File, OpenOptions, TryLockError, create_dir_all};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::Level;

use super::place::{as_seen_from, folder};
use super::terminal::{Stream, say};
use super::{LogError, LogLevels, LogLine, layer};
use crate::storage::PlannedLeaf;

/// Entries that wait for the trajectory's name, as of `prepare`; more are lost.
const MOST_WAITING: usize = 10_000;
/// Warnings that the terminal shows; more are in the log.
const SHOWN: usize = 20;

/// What the line above the entries of a study begins with.
pub(super) const HEADING: &str = "=== ";

/// Takes what is said while a study goes on.
#[derive(Debug)]
pub(crate) struct Book {
    levels: LogLevels,
    wanted_folder: Option<PathBuf>,
    echo: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    target: Target,
    n_shown: usize,
    n_lost: usize,
}

/// Where entries go.
enum Target {
    /// Nobody knows yet.
    Waiting(Vec<LogLine>),
    Files(Files),
    /// To the program that has started this worker.
    Relay(Box<dyn FnMut(&LogLine) + Send>),
}

/// The log and its errors; made with the first entry.
#[derive(Debug)]
struct Files {
    log: PathBuf,
    errors: PathBuf,
    /// Stands above what this study says, and tells whose it is.
    heading: String,
    open: Option<File>,
    open_errors: Option<File>,
    /// Whether the last entry may not be whole.
    is_torn: bool,
}

impl Book {
    pub(super) fn new(levels: LogLevels, wanted_folder: Option<&Path>, echo: bool) -> Self {
        let state = State { target: Target::Waiting(Vec::new()), n_shown: 0, n_lost: 0 };
        Self { levels, wanted_folder: wanted_folder.map(Into::into), echo, state: Mutex::new(state) }
    }

    pub(crate) fn levels(&self) -> &LogLevels {
        &self.levels
    }

    /// The trajectory is known: entries go to its files. Gives what the trajectory keeps of it.
    ///
    /// # Errors
    /// The folder has unknown wildcards, or it was asked for and cannot be written.
    pub(crate) fn open(
        &self,
        trajectory: &str,
        created: &str,
        file: Option<&Path>,
    ) -> Result<Vec<PlannedLeaf>, LogError> {
        let Some(folder) = folder(self.wanted_folder.as_deref(), file, trajectory)? else { return Ok(Vec::new()) };
        let heading = format!("{HEADING}{trajectory} created {created}");
        let mut files = Files::new(&folder, trajectory, &heading);
        if self.wanted_folder.is_some() {
            // Several studies may share a folder, and be of one name.
            let mut number = 1;
            while !files.begin_alone().map_err(|source| LogError::Write { file: files.log.clone(), source })? {
                number += 1;
                files = Files::new(&folder, &format!("{trajectory}.{number}"), &heading);
            }
        }
        let log = files.log.clone();
        let mut state = self.lock();
        if let Target::Waiting(waiting) = std::mem::replace(&mut state.target, Target::Files(files)) {
            for line in &waiting {
                state.put(line);
            }
        }
        drop(state);
        let log = file.map_or_else(|| log.clone(), |file| as_seen_from(file.parent().unwrap_or(Path::new("")), &log));
        let log = log.to_string_lossy();
        let log = if cfg!(windows) { log.replace('\\', "/") } else { log.into_owned() };
        let entry = |name: &str, text: String, comment: &str| {
            PlannedLeaf::new(format!("config/environment/{name}"), &text, comment)
        };
        Ok(vec![
            entry("log", log, "where its log is, as seen from the file's folder"),
            entry("log_level", self.levels.to_string(), "what was logged"),
        ])
    }

    /// Entries go to another process.
    pub(crate) fn relay(&self, mut relay: impl FnMut(&LogLine) + Send + 'static) {
        let mut state = self.lock();
        if let Target::Waiting(waiting) = &state.target {
            waiting.iter().for_each(&mut relay);
        }
        state.target = Target::Relay(Box::new(relay));
    }

    /// Takes an entry; grave ones are shown on the terminal as well.
    pub(crate) fn write(&self, line: &LogLine) {
        let mut state = self.lock();
        state.put(line);
        // A worker leaves that to its program.
        let is_shown = line.level <= Level::WARN && self.echo && layer::is_ours();
        if !is_shown || matches!(state.target, Target::Relay(_)) {
            return;
        }
        state.n_shown += 1;
        let run = line.run.map(|run| format!("run {run} ")).unwrap_or_default();
        match state.n_shown.cmp(&(SHOWN + 1)) {
            std::cmp::Ordering::Less => {
                say(&format!("{run}{}: {}: {}", line.level.as_str().to_lowercase(), line.target, line.text));
            }
            std::cmp::Ordering::Equal => say("further warnings are in the log"),
            std::cmp::Ordering::Greater => {}
        }
    }

    /// Notes what the study itself has to say, if that is wanted.
    pub(crate) fn note(&self, level: Level, run: Option<(usize, usize)>, text: &str) {
        if self.levels.enable("pypet", level) {
            self.lock().put(&LogLine::now(level, run, "pypet", text));
        }
    }

    /// Takes what a worker process has printed.
    pub(crate) fn output(&self, stream: Stream, run: Option<(usize, usize)>, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if self.levels.enable(stream.target(), Level::INFO) && !text.trim().is_empty() {
            self.lock().put(&LogLine::now(Level::INFO, run, stream.target(), &text));
        }
    }

    /// Says what was lost.
    pub(super) fn close(&self) {
        let state = self.lock();
        if let (Target::Files(files), n_lost @ 1..) = (&state.target, state.n_lost) {
            say(&format!("{n_lost} entries are missing in the log `{}`", files.log.display()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, line: &LogLine) {
        match &mut self.target {
            Target::Waiting(waiting) if waiting.len() < MOST_WAITING => waiting.push(line.clone()),
            Target::Waiting(_) => self.n_lost += 1,
            Target::Relay(relay) => relay(line),
            Target::Files(files) => {
                if let Err(error) = files.write(line) {
                    self.n_lost += 1;
                    if self.n_lost == 1 {
                        let log = files.log.display();
                        say(&format!("cannot write the log `{log}`: {error}; the study goes on without it"));
                    }
                }
            }
        }
    }
}

impl Files {
    fn new(folder: &Path, name: &str, heading: &str) -> Self {
        Self {
            log: folder.join(format!("{name}.log")),
            errors: folder.join(format!("{name}.errors.log")),
            heading: heading.into(),
            open: None,
            open_errors: None,
            is_torn: false,
        }
    }

    /// Makes the log unless another study writes to it, below whose heading our entries would stand; whether it did.
    ///
    /// Where there are no locks, nobody can tell.
    fn begin_alone(&mut self) -> io::Result<bool> {
        let log = append_to(&self.log)?;
        if matches!(log.try_lock(), Err(TryLockError::WouldBlock)) {
            return Ok(false);
        }
        self.open = Some(headed(log, &self.heading)?);
        Ok(true)
    }

    /// Makes the log, if need be, and begins what this study says.
    fn begin(&mut self) -> io::Result<&mut File> {
        if self.open.is_none() && !self.begin_alone()? {
            self.open = Some(headed(append_to(&self.log)?, &self.heading)?);
        }
        Ok(self.open.as_mut().expect("just opened"))
    }

    /// With one call for each entry, so that a kill leaves whole ones.
    fn write(&mut self, line: &LogLine) -> io::Result<()> {
        let begin = if self.is_torn { "\n" } else { "" };
        let text = format!("{begin}{line}\n");
        let written = self.begin().and_then(|log| log.write_all(text.as_bytes()));
        self.is_torn = written.is_err() && self.open.is_some();
        written?;
        if line.level == Level::ERROR {
            let errors = match &mut self.open_errors {
                Some(errors) => errors,
                none => none.insert(headed(append_to(&self.errors)?, &self.heading)?),
            };
            errors.write_all(text.as_bytes())?;
        }
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        create_dir_all(folder)?;
    }
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

/// Writes a heading at the beginning of a line: on a full disk the last entry may have none of its end.
fn headed(mut file: File, heading: &str) -> io::Result<File> {
    let mut last = *b"\n";
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    let begin = if last == *b"\n" { "" } else { "\n" };
    file.write_all(format!("{begin}{heading}\n").as_bytes())?;
    Ok(file)
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Waiting(waiting) => write!(f, "Waiting({})", waiting.len()),
            Self::Files(files) => files.fmt(f),
            Self::Relay(_) => f.write_str("Relay"),
        }
    }
}
