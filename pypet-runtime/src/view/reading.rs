//! The one thread that reads the file; whoever has a question waits for its turn.
//!
//! A reader holds a lock for which commits of a study must wait, so the file is closed as soon as no question is left,
//! and opened again for the next. What was worked out in between is kept in a [`Memo`] until the file changes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use super::memo::Memo;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::storage::StorageError;
use crate::storage::hdf5::fingerprint;
use crate::trajectory::AnyTrajectory;

/// How long the file stays open for a further question.
const QUIET: Duration = Duration::from_millis(100);
/// How often a file that may just be changing is tried, and how long to wait in between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(25);
/// A file that changed so lately may be changing.
const LATELY: Duration = Duration::from_secs(10);

/// A question to the file; it knows whom to answer.
type Question = Box<dyn FnOnce(&mut Source) + Send>;

/// The thread that reads.
#[derive(Debug)]
pub(super) struct Reader {
    questions: Option<Sender<Question>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Starts the thread.
    pub(super) fn start(source: Source) -> std::io::Result<Self> {
        let (questions, waiting) = mpsc::channel();
        let thread = thread::Builder::new().name("pypet-view".into()).spawn(move || serve(source, &waiting))?;
        Ok(Self { questions: Some(questions), thread: Some(thread) })
    }

    /// The answer to a question; `None` if answering panicked.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Source) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let question = move |source: &mut Source| {
            // Whoever has scrolled on no longer waits.
            if !reply.is_closed() {
                let _ = reply.send(question(source));
            }
        };
        self.questions.as_ref()?.send(Box::new(question)).ok()?;
        answer.await.ok()
    }
}

impl Drop for Reader {
    /// Lets the thread close the file.
    fn drop(&mut self) {
        self.questions = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut source: Source, questions: &Receiver<Question>) {
    loop {
        let question = match questions.recv_timeout(QUIET) {
            Ok(question) => question,
            Err(RecvTimeoutError::Timeout) => {
                source.close();
                let Ok(question) = questions.recv() else { return };
                question
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if catch_unwind(AssertUnwindSafe(|| question(&mut source))).is_err() {
            // Whatever was half worked out is forgotten.
            source = Source::new(&source.path, &source.trajectory);
        }
    }
}

/// The file, open or not, and what is known of it.
pub(super) struct Source {
    path: PathBuf,
    /// The trajectory that is shown unless another is asked for.
    trajectory: String,
    open: Option<AnyTrajectory>,
    memo: Memo,
}

impl Source {
    /// A file that is opened when it is asked for.
    pub(super) fn new(path: &Path, trajectory: &str) -> Self {
        Self { path: path.into(), trajectory: trajectory.into(), open: None, memo: Memo::default() }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The trajectory as the last commit left it, and what was worked out about it.
    pub(super) fn open(&mut self, trajectory: Option<&str>) -> Result<(&AnyTrajectory, &mut Memo)> {
        let name = trajectory.unwrap_or(&self.trajectory);
        let now = fingerprint(&self.path)?;
        if !self.memo.is_of(name, &now) {
            self.open = None;
            self.memo = Memo::of(name, now);
        }
        let any = match self.open.take() {
            Some(any) => any,
            None => patiently(&self.path, || AnyTrajectory::open_named(&self.path, name))?,
        };
        Ok((self.open.insert(any), &mut self.memo))
    }

    /// How far the trajectory has come, and what tells this state of the file from the next; the file is opened only
    /// if it has changed.
    pub(super) fn progress(&mut self, trajectory: Option<&str>) -> Result<(String, &Progress)> {
        let name = trajectory.unwrap_or(&self.trajectory);
        let now = fingerprint(&self.path)?;
        let version = now.to_string();
        if !self.memo.is_of(name, &now) || self.memo.progress.is_none() {
            let (any, memo) = self.open(trajectory)?;
            memo.progress = Some(Progress::of(any)?);
        }
        Ok((version, self.memo.progress.as_ref().expect("it was worked out just now")))
    }

    fn close(&mut self) {
        self.open = None;
    }
}

/// Tries again for a moment while somebody may be committing.
pub(super) fn patiently<T>(path: &Path, open: impl Fn() -> Result<T>) -> Result<T> {
    for _ in 1..TRIES {
        match open() {
            Err(error) if may_pass(&error) && changed_lately(path) => thread::sleep(PAUSE),
            other => return other,
        }
    }
    open()
}

/// Whether the same file may be readable a moment later.
fn may_pass(error: &Error) -> bool {
    let Error::Storage(error) = error else { return false };
    matches!(
        error,
        StorageError::Io { .. }
            | StorageError::Hdf5 { .. }
            | StorageError::Damaged { .. }
            | StorageError::Malformed { .. }
            | StorageError::InUse { .. }
    )
}

fn changed_lately(path: &Path) -> bool {
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|since| since < LATELY))
}
