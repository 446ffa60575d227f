//! How far a trajectory has come, for `status` and for the page of `view`.

use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::error::Result;
use crate::run::RunStatus;
use crate::storage::hdf5::writer_of;
use crate::storage::{State, StorageError};
use crate::trajectory::AnyTrajectory;
use crate::value::{ElementType, ResultValue};
use crate::verify::ContentHash;

/// What holds for the file as a whole.
#[derive(Debug)]
pub(crate) struct FileStatus {
    pub(crate) bytes: u64,
    pub(crate) changed: Option<SystemTime>,
    /// Who is writing to it.
    pub(crate) writer: Option<String>,
}

impl FileStatus {
    pub(crate) fn of(file: &Path) -> Result<Self> {
        let missing = |_| StorageError::NoFile { file: file.into() };
        let metadata = std::fs::metadata(file).map_err(missing)?;
        let writer = writer_of(file)?;
        Ok(Self { bytes: metadata.len(), changed: metadata.modified().ok(), writer })
    }
}

/// How far one trajectory has come.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) name: String,
    pub(crate) experiment: String,
    state: State,
    pub(crate) statuses: Vec<RunStatus>,
    /// When the first run began and the last one ended, seconds since 1970.
    pub(crate) first: Option<f64>,
    pub(crate) last: Option<f64>,
    /// Runs per second over the last minute of work.
    pub(crate) rate: Option<f64>,
    /// The hash of points, states and results, where it was asked for.
    pub(crate) content: Option<ContentHash>,
}

impl Progress {
    pub(crate) fn of(any: &AnyTrajectory) -> Result<Self> {
        let header = any.header();
        let statuses = any.statuses()?.to_vec();
        let numbers = |name: &str| -> Result<Vec<f64>> {
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
            content: None,
        })
    }

    pub(crate) fn with_content(self, content: ContentHash) -> Self {
        Self { content: Some(content), ..self }
    }

    pub(crate) fn count(&self, wanted: RunStatus) -> usize {
        self.statuses.iter().filter(|status| **status == wanted).count()
    }

    /// The state as of now: a study whose process is gone does not run.
    pub(crate) fn state(&self, file: &FileStatus) -> &'static str {
        match self.state {
            State::Running if file.writer.is_none() => "interrupted",
            state => state.word(),
        }
    }

    /// Seconds until all runs are done, if it goes on like this.
    pub(crate) fn remaining(&self, file: &FileStatus) -> Option<f64> {
        let rate = self.rate.filter(|_| self.state(file) == State::Running.word())?;
        Some(self.count(RunStatus::Pending) as f64 / rate)
    }

    pub(crate) fn json(&self, file: &FileStatus) -> Value {
        let mut answer = json!({
            "trajectory": self.name,
            "experiment": self.experiment,
            "state": self.state(file),
            "n_runs": self.statuses.len(),
            "runs": counts(&self.statuses),
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
}

/// How many runs are in each state.
pub(crate) fn counts(statuses: &[RunStatus]) -> Value {
    let count = |wanted: RunStatus| statuses.iter().filter(|status| **status == wanted).count();
    Value::Object(RunStatus::ALL.into_iter().map(|status| (status.word().into(), count(status).into())).collect())
}

/// Runs per second over the last minute in which any ended, or over all the time if that is shorter.
fn rate(ended: &[f64], first: f64, last: f64) -> Option<f64> {
    const WINDOW: f64 = 60.0;
    let begin = first.max(last - WINDOW);
    let count = ended.iter().filter(|time| **time > begin).count();
    (last > begin && count > 0).then(|| count as f64 / (last - begin))
}

pub(crate) fn seconds(since_1970: f64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(since_1970).ok()?)
}

/// Local time as people write it, with its offset.
pub(crate) fn time(at: SystemTime) -> String {
    let Ok(at) = Timestamp::try_from(at) else { return "long ago".into() };
    let zoned = at.to_zoned(jiff::tz::TimeZone::system());
    zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
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
}
