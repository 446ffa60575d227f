//! Finding and reading the log of a stored trajectory.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use super::book::HEADING;
use super::{LogError, LogLine};
use crate::error::Result;
use crate::trajectory::AnyTrajectory;

/// The entries of a trajectory's log, of one run or of all; those of every environment that worked on it.
pub(crate) fn lines_of(any: &AnyTrajectory, run: Option<usize>) -> Result<Vec<LogLine>> {
    let name = &any.header().name;
    let logs = logs_of(any)?;
    if logs.is_empty() {
        let why = "it was carried out with `--log-level off`, in memory, or by a version that kept none".into();
        return Err(LogError::None { name: name.clone(), why }.into());
    }
    let mut entries = Vec::new();
    let mut is_found = false;
    for log in &logs {
        is_found |= read(log, &any.header().created, run, &mut entries)?;
    }
    if !is_found {
        let why = format!("there is nothing in `{}`; it is made when something is logged", logs[0].display());
        return Err(LogError::None { name: name.clone(), why }.into());
    }
    Ok(entries)
}

/// The log files that the trajectory knows of, each once.
fn logs_of(any: &AnyTrajectory) -> Result<Vec<PathBuf>> {
    let folder = any.path().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
    let mut logs = Vec::new();
    for node in any.nodes() {
        let Some(group) = node.path.strip_prefix("config/").and_then(|path| path.strip_suffix("environment/log"))
        else {
            continue;
        };
        // Sources of a merged trajectory have logs of their own, with other numbers of runs.
        if !group.is_empty() && !group.starts_with("resumed_") {
            continue;
        }
        let log = any.get::<String>(&node.path.replace('/', "."))?;
        // An environment without a log tells so by an empty text.
        let is_none = log.is_empty();
        let log = folder.join(log);
        if !is_none && !logs.contains(&log) {
            logs.push(log);
        }
    }
    Ok(logs)
}

/// Appends the entries below the headings of a trajectory; tells whether there is any.
fn read(file: &Path, created: &str, run: Option<usize>, entries: &mut Vec<LogLine>) -> Result<bool, LogError> {
    let failed = |source| LogError::Read { file: file.into(), source };
    let log = match File::open(file) {
        Ok(log) => log,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let (mut is_found, mut is_ours, mut is_wanted) = (false, false, false);
    let mut log = BufReader::new(log);
    let mut bytes = Vec::new();
    while log.read_until(b'\n', &mut bytes).map_err(failed)? > 0 {
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_end_matches('\n');
        if line.starts_with(HEADING) {
            // By its time, since a trajectory may be renamed.
            is_ours = line.ends_with(&format!(" created {created}"));
            is_found |= is_ours;
            is_wanted = false;
        } else if is_ours && let Some(entry) = LogLine::parse(line) {
            is_wanted = run.is_none() || entry.run == run;
            if is_wanted {
                entries.push(entry);
            }
        } else if is_ours
            && is_wanted
            && let Some(entry) = entries.last_mut()
        {
            entry.go_on(line);
        }
        bytes.clear();
    }
    Ok(is_found)
}
