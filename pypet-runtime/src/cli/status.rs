//! `status`: how far the trajectories of a file have come.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Arg, ArgAction, ArgMatches, Command};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::output::{Paint, Tone};
use super::{Done, Failure, file_arguments, file_of, json, open_trajectory, output};
use crate::error::Error;
use crate::run::RunStatus;
use crate::storage::hdf5::{trajectories, writer_of};
use crate::storage::{State, StorageError};
use crate::trajectory::{AnyTrajectory, one_line};
use crate::value::{ElementType, ResultValue};
use crate::verify::ContentHash;

pub(super) fn command() -> Command {
    Command::new("status")
        .about("Shows how far a file's trajectories have come; exit code 0 if all runs are done, else 1")
        .args(file_arguments())
        .mut_arg("trajectory", |argument| argument.help("one trajectory of the file; all by default"))
        .arg(
            Arg::new("content")
                .long("content")
                .action(ArgAction::SetTrue)
                .help("adds the hash of points, states and results, for which all points are read"),
        )
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let file = file_of(matches);
    let names = match matches.get_one::<String>("trajectory") {
        Some(name) => vec![name.clone()],
        None => trajectories(file).map_err(Error::from)?,
    };
    let progress: Result<Vec<Progress>, Failure> = names
        .iter()
        .map(|name| Progress::of(&open_trajectory(file, Some(name))?, matches.get_flag("content")))
        .collect();
    let progress = progress?;
    let whole = FileStatus::of(file)?;
    if output::wants_json(matches) {
        let trajectories: Vec<Value> = progress.iter().map(|progress| progress.json(&whole)).collect();
        output::print_json(&json!({
            "file": file.display().to_string(),
            "bytes": whole.bytes,
            "changed": whole.changed.map(time),
            "writer": whole.writer,
            "trajectories": trajectories,
        }))?;
    } else {
        let paint = Paint::of(matches);
        let parts: Vec<String> = progress.iter().map(|progress| progress.text(&whole, paint)).collect();
        output::print_painted(&format!("{}{}", whole.text(file), parts.concat()))?;
    }
    let all_done = progress.iter().all(|progress| progress.count(RunStatus::Done) == progress.statuses.len());
    Ok(ExitCode::from(u8::from(!all_done)))
}

/// What holds for the file as a whole.
struct FileStatus {
    bytes: u64,
    changed: Option<SystemTime>,
    writer: Option<String>,
}

impl FileStatus {
    fn of(file: &Path) -> Result<Self, Failure> {
        let missing = |_| Error::from(StorageError::NoFile { file: file.into() });
        let metadata = std::fs::metadata(file).map_err(missing)?;
        let writer = writer_of(file).map_err(Error::from)?;
        Ok(Self { bytes: metadata.len(), changed: metadata.modified().ok(), writer })
    }

    fn text(&self, file: &Path) -> String {
        let writer = self.writer.as_deref().map_or("nobody is writing", |_| "being written");
        let who = self.writer.as_deref().map(|who| format!(" by {}", one_line(who))).unwrap_or_default();
        let changed = self.changed.map(|at| format!(", last commit {}", time(at))).unwrap_or_default();
        format!("{}: {}, {writer}{who}{changed}\n", file.display(), size(self.bytes))
    }
}

/// How far one trajectory has come.
struct Progress {
    name: String,
    experiment: String,
    state: State,
    statuses: Vec<RunStatus>,
    /// When the first run began and the last one ended, seconds since 1970.
    first: Option<f64>,
    last: Option<f64>,
    /// Runs per second over the last minute of work.
    rate: Option<f64>,
    content: Option<ContentHash>,
}

impl Progress {
    fn of(any: &AnyTrajectory, with_content: bool) -> Result<Self, Failure> {
        let header = any.header();
        let statuses = any.statuses()?.to_vec();
        let numbers = |name: &str| -> Result<Vec<f64>, Failure> {
            let cells = any.rows(name, 0..header.n_runs)?.widened(ElementType::F64);
            Ok(f64::read_column(&cells).map(|column| column.to_vec()).unwrap_or_default())
        };
        let (started, runtime) = (numbers("runs.started")?, numbers("runs.runtime")?);
        let ended: Vec<f64> = started.iter().zip(&runtime).map(|(start, took)| start + took).collect();
        let tried = |times: &[f64]| -> Vec<f64> {
            let tried = times.iter().zip(&statuses).filter(|(_, status)| **status != RunStatus::Pending);
            tried.map(|(time, _)| *time).filter(|time| time.is_finite() && *time > 0.0).collect()
        };
        let (started, ended) = (tried(&started), tried(&ended));
        let (first, last) = (started.into_iter().reduce(f64::min), ended.iter().copied().reduce(f64::max));
        Ok(Self {
            name: header.name.clone(),
            experiment: header.experiment.clone(),
            state: header.state,
            rate: first.zip(last).and_then(|(first, last)| rate(&ended, first, last)),
            statuses,
            first,
            last,
            content: with_content.then(|| any.content_hash()).transpose()?,
        })
    }

    fn count(&self, wanted: RunStatus) -> usize {
        self.statuses.iter().filter(|status| **status == wanted).count()
    }

    /// The state as of now: a study whose process is gone does not run.
    fn state(&self, file: &FileStatus) -> &'static str {
        match self.state {
            State::Running if file.writer.is_none() => "interrupted",
            state => state.word(),
        }
    }

    /// Seconds until all runs are done, if it goes on like this.
    fn remaining(&self, file: &FileStatus) -> Option<f64> {
        let rate = self.rate.filter(|_| self.state(file) == State::Running.word())?;
        Some(self.count(RunStatus::Pending) as f64 / rate)
    }

    fn json(&self, file: &FileStatus) -> Value {
        let mut answer = json!({
            "trajectory": self.name,
            "experiment": self.experiment,
            "state": self.state(file),
            "n_runs": self.statuses.len(),
            "runs": json::counts(&self.statuses),
            "first_run": self.first.and_then(seconds).map(time),
            "last_run": self.last.and_then(seconds).map(time),
            "runs_per_second": self.rate,
            "remaining_seconds": self.remaining(file),
        });
        if let Some(content) = self.content {
            answer["content"] = content.to_string().into();
        }
        answer
    }

    fn text(&self, file: &FileStatus, paint: Paint) -> String {
        let state = self.state(file);
        let all_done = self.count(RunStatus::Done) == self.statuses.len();
        let tone = if all_done { Tone::Good } else { Tone::Open };
        let counts: Vec<String> = RunStatus::ALL
            .into_iter()
            .map(|status| (status, self.count(status)))
            .filter(|(status, count)| *count > 0 || *status == RunStatus::Done)
            .map(|(status, count)| paint.tone(tone_of(status), &format!("{count} {status}")))
            .collect();
        let mut rows = vec![
            ["experiment".into(), one_line(&self.experiment)],
            ["state".into(), paint.tone(tone, state)],
            ["runs".into(), format!("{} of {}", counts.join(", "), self.statuses.len())],
        ];
        if let (Some(first), Some(last)) = (self.first.and_then(seconds), self.last.and_then(seconds)) {
            rows.push(["from".into(), format!("{} to {}", time(first), time(last))]);
        }
        if let Some(rate) = self.rate {
            rows.push(["speed".into(), speed(rate)]);
        }
        if let Some(remaining) = self.remaining(file) {
            rows.push(["remaining".into(), span(remaining)]);
        }
        if let Some(content) = self.content {
            rows.push(["content".into(), content.to_string()]);
        }
        if state != State::Running.word() && self.count(RunStatus::Pending) > 0 {
            rows.push(["next".into(), "carry on with `resume FILE`".into()]);
        }
        let rows: Vec<Vec<String>> = rows.into_iter().map(|row: [String; 2]| row.to_vec()).collect();
        format!("\n{}\n{}", paint.tone(Tone::Heading, &one_line(&self.name)), output::table(2, &rows))
    }
}

fn tone_of(status: RunStatus) -> Tone {
    match status {
        RunStatus::Done => Tone::Good,
        RunStatus::Failed | RunStatus::TimedOut => Tone::Bad,
        RunStatus::Pending | RunStatus::Cancelled => Tone::Open,
    }
}

/// Runs per second over the last minute in which any ended, or over all the time if that is shorter.
fn rate(ended: &[f64], first: f64, last: f64) -> Option<f64> {
    const WINDOW: f64 = 60.0;
    let begin = first.max(last - WINDOW);
    let count = ended.iter().filter(|time| **time > begin).count();
    (last > begin && count > 0).then(|| count as f64 / (last - begin))
}

fn seconds(since_1970: f64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(since_1970).ok()?)
}

/// Local time as people write it, with its offset.
fn time(at: SystemTime) -> String {
    let Ok(at) = Timestamp::try_from(at) else { return "long ago".into() };
    let zoned = at.to_zoned(jiff::tz::TimeZone::system());
    zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if bytes < 1024 { format!("{bytes} bytes") } else { format!("{size:.1} {}", UNITS[unit]) }
}

fn speed(per_second: f64) -> String {
    if per_second >= 1.0 {
        return format!("{per_second:.1} runs per second");
    }
    format!("{:.1} runs per hour", per_second * 3600.0)
}

fn span(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and never negative")]
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_that_of_the_last_minute() {
        let ended: Vec<f64> = (0..100).map(|i| 10.0 * f64::from(i)).collect();
        assert_eq!(rate(&ended, 0.0, 990.0), Some(0.1));
        assert_eq!(rate(&[5.0], 0.0, 5.0), Some(0.2));
        assert_eq!(rate(&[], 0.0, 0.0), None);
    }

    #[test]
    fn sizes_and_spans_are_told_in_fitting_units() {
        assert_eq!([size(12), size(2048), size(5 << 30)], ["12 bytes", "2.0 KiB", "5.0 GiB"]);
        assert_eq!([span(9.6), span(61.0), span(7260.0)], ["10 s", "1 min 1 s", "2 h 1 min"]);
    }
}
