//! The one thread that owns the store.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::observe::Telling;
use super::outbox::Room;
use super::progress::Progress;
use super::queue::Queue;
use super::{Durability, Options};
use crate::provenance::Origin;
use crate::storage::{Finished, StorageError, TrajectoryWriter};

/// Bytes of results that make a commit due before its time.
const COMMIT_BYTES: usize = 64 << 20;

/// The shortest time to wait for a run.
const IDLE: Duration = Duration::from_millis(1);

/// The writer's end of a study.
pub(super) struct Writing<'a> {
    pub(super) store: &'a mut dyn TrajectoryWriter,
    pub(super) receiver: Receiver<Finished>,
    pub(super) queue: &'a Queue,
    pub(super) room: &'a Room,
    pub(super) progress: &'a Progress,
    pub(super) telling: &'a Telling,
    pub(super) options: &'a Options,
    pub(super) origin: &'a Origin,
}

impl Writing<'_> {
    /// Writes and commits until all workers are done.
    ///
    /// # Errors
    /// The store cannot take a run; then no further run begins, and what was committed stays.
    pub(super) fn until_all_is_stored(mut self) -> Result<(), StorageError> {
        let queue = self.queue;
        self.origin.runs_begin();
        let written = self.write_all();
        if written.is_err() {
            queue.stop();
        }
        written
    }

    fn write_all(&mut self) -> Result<(), StorageError> {
        let mut last_commit = Instant::now();
        let mut interval = self.options.commit_every;
        let (mut waiting_runs, mut waiting_bytes, mut n_failures) = (0, 0, 0);
        loop {
            // At least a moment, so that an interval of zero does not keep a core busy.
            let until_commit = interval.saturating_sub(last_commit.elapsed()).max(IDLE);
            match self.receiver.recv_timeout(until_commit) {
                Ok(finished) => {
                    self.store.write(&finished)?;
                    let n_bytes = finished.n_bytes();
                    match finished {
                        Finished::Done(block) => {
                            waiting_runs += block.runs().len();
                            waiting_bytes += block.n_bytes();
                            self.progress.done(block.runs().len());
                            self.telling.done(&block);
                        }
                        // A try that is repeated is nobody's concern yet.
                        Finished::Failed(run) if !run.is_final() => {
                            waiting_runs += 1;
                            self.telling.failed(&run);
                        }
                        Finished::Failed(run) => {
                            waiting_runs += 1;
                            n_failures += 1;
                            self.progress.failed(&run);
                            self.telling.failed(&run);
                            if !self.options.on_failure.goes_on(n_failures) {
                                self.queue.stop();
                            }
                        }
                    }
                    self.room.give_back(n_bytes);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.commit(),
            }
            let is_due = last_commit.elapsed() >= interval || waiting_bytes >= COMMIT_BYTES;
            if is_due || self.options.durability == Durability::Run {
                let begun = Instant::now();
                if waiting_runs > 0 {
                    self.store.add(self.origin.news().as_slice())?;
                    self.commit()?;
                }
                (waiting_runs, waiting_bytes) = (0, 0);
                last_commit = Instant::now();
                // Where the disk or readers hold commits up, runs get as much of the time.
                interval = self.options.commit_every.max(begun.elapsed());
            }
        }
    }
}

impl Writing<'_> {
    fn commit(&mut self) -> Result<(), StorageError> {
        self.store.commit()?;
        self.telling.committed();
        Ok(())
    }
}

/// Workers that wait to hand something over wake up and end.
impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.room.close();
    }
}
