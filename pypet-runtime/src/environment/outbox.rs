//! The way from the workers to the writer: bounded in messages and in bytes.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tracing::Level;

use super::queue::{Draw, Queue};
use crate::logs;
use crate::run::RunStatus;
use crate::storage::{FailedRun, Finished};

/// Large messages that may wait for the writer, about a mebibyte or one run each; of small ones as many as take
/// that much, so that a commit, for which the writer waits for the disk, does not keep workers waiting.
const WAITING_MESSAGES: usize = 16;
const WAITING_BYTES: usize = WAITING_MESSAGES << 20;

/// What a message takes at least.
const MESSAGE_BYTES: usize = 1 << 10;

/// The writer is gone; there is no use in going on.
#[derive(Debug)]
pub(super) struct WriterGone;

/// A worker's end of the way.
#[derive(Debug, Clone)]
pub(super) struct Outbox<'a> {
    sender: Sender<Finished>,
    room: &'a Room,
}

impl<'a> Outbox<'a> {
    /// Both ends.
    pub(super) fn new(room: &'a Room) -> (Self, Receiver<Finished>) {
        let (sender, receiver) = mpsc::channel();
        (Self { sender, room }, receiver)
    }

    /// Hands over what a worker has finished, as soon as there is room for it.
    pub(super) fn send(&self, finished: Finished) -> Result<(), WriterGone> {
        self.room.take(finished.n_bytes())?;
        self.sender.send(finished).map_err(|_| WriterGone)
    }

    /// Hands a failure over; the run goes back to the queue if it may be tried again.
    pub(super) fn send_failed(
        &self,
        mut run: FailedRun,
        queue: &Queue,
        n_tries: usize,
        retries: usize,
    ) -> Result<(), WriterGone> {
        note(&run, n_tries, n_tries < retries);
        if n_tries == retries {
            return self.send(Finished::Failed(run));
        }
        let draw = Draw { runs: run.index..run.index + 1, n_tries: n_tries + 1 };
        run.status = RunStatus::Pending;
        // In this order, so that nobody's later success is overtaken by this failure.
        self.send(Finished::Failed(run))?;
        queue.give_back(draw);
        Ok(())
    }
}

/// Puts a failure into the log, behind what led to it.
fn note(run: &FailedRun, n_tries: usize, is_tried_again: bool) {
    let Some(book) = logs::book_of_this_thread() else { return };
    let (level, end) = if is_tried_again { (Level::WARN, "; it will be tried again") } else { (Level::ERROR, "") };
    let place = if run.place.is_empty() { String::new() } else { format!(" ({})", run.place) };
    let text = format!("{}: {}{place}{end}", run.status, run.message);
    book.note(level, Some((run.index, n_tries)), &text);
}

/// Room for results that wait for the writer.
#[derive(Debug)]
pub(super) struct Room {
    cap: usize,
    taken: Mutex<Taken>,
    changed: Condvar,
    /// Held by the one who waits for room, so that small results do not slip past a large one for ever.
    turn: Mutex<()>,
}

#[derive(Debug)]
struct Taken {
    n_messages: usize,
    n_bytes: usize,
    is_closed: bool,
}

impl Room {
    pub(super) fn new(cap: usize) -> Self {
        let taken = Mutex::new(Taken { n_messages: 0, n_bytes: 0, is_closed: false });
        Self { cap, taken, changed: Condvar::new(), turn: Mutex::new(()) }
    }

    /// Waits until there is room; what exceeds the cap by itself waits until nothing else is there.
    fn take(&self, n_bytes: usize) -> Result<(), WriterGone> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |taken: &mut Taken| !taken.is_closed && !self.has_room(taken, n_bytes);
        let taken = self.changed.wait_while(self.lock(), is_full);
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        taken.n_bytes += n_bytes;
        taken.n_messages += 1;
        if taken.is_closed { Err(WriterGone) } else { Ok(()) }
    }

    fn has_room(&self, taken: &Taken, n_bytes: usize) -> bool {
        let sum = taken.n_bytes.saturating_add(n_bytes);
        let are_few = taken.n_messages < WAITING_MESSAGES || sum <= WAITING_BYTES;
        taken.n_messages == 0 || (are_few && sum <= self.cap)
    }

    /// Gives back what was written.
    pub(super) fn give_back(&self, n_bytes: usize) {
        let mut taken = self.lock();
        taken.n_bytes -= n_bytes;
        taken.n_messages -= 1;
        drop(taken);
        self.changed.notify_all();
    }

    /// Lets nobody wait any more, since nothing will be written.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Finished {
    /// Memory in bytes.
    pub(super) fn n_bytes(&self) -> usize {
        let payload = match self {
            // Beside the results three numbers for each run.
            Self::Done(block) => block.n_bytes() + 3 * size_of_val(&*block.started),
            Self::Failed(run) => run.message.len() + run.place.len() + run.backtrace.len(),
        };
        MESSAGE_BYTES + payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn waiting_results_stay_below_the_cap_and_a_large_one_passes_alone() {
        let room = Room::new(100);
        thread::scope(|scope| {
            let (passed, has_passed) = mpsc::channel();
            for n_bytes in [60, 60, 1000, 30] {
                let (room, passed) = (&room, passed.clone());
                scope.spawn(move || room.take(n_bytes).map(|()| passed.send(n_bytes).expect("somebody listens")));
            }
            for _ in 0..4 {
                let n_bytes = has_passed.recv().expect("there is room for each in its turn");
                thread::sleep(Duration::from_millis(5));
                let all = room.lock().n_bytes;
                assert!(all <= 100 || (all == 1000 && n_bytes == 1000), "{all} bytes after {n_bytes}");
                room.give_back(n_bytes);
            }
        });
    }

    #[test]
    fn of_small_results_more_may_wait_than_of_large_ones() {
        let room = Room::new(usize::MAX);
        let n_waiting = |n_bytes: usize| {
            let taken = |n_messages| Taken { n_messages, n_bytes: n_messages * n_bytes, is_closed: false };
            (0..10_000)
                .find(|&n_messages| !room.has_room(&taken(n_messages), n_bytes))
                .expect("at some time it is full")
        };
        assert_eq!(n_waiting(2 << 20), WAITING_MESSAGES);
        assert_eq!(n_waiting(8 << 10), WAITING_BYTES / (8 << 10));
    }

    #[test]
    fn nobody_waits_for_a_writer_that_is_gone() {
        let room = Room::new(1);
        room.take(1).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| room.take(1));
            thread::sleep(Duration::from_millis(5));
            room.close();
            assert!(waiting.join().unwrap().is_err());
        });
    }
}
