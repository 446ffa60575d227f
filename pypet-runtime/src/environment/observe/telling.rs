//! Telling observers, without waiting for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::Level;

use super::{Committed, Observer, Observers, RunFailed, RunFinished, StudyFinished, StudyStarted};
use crate::environment::panics;
use crate::error::Error;
use crate::logs;
use crate::storage::{Block, FailedRun};

/// What may wait for one observer: events, or this many times [`RUNS_PER_EVENT`] runs.
const MOST_WAITING: usize = 1 << 13;
/// Runs that wait together count as one event each so many.
const RUNS_PER_EVENT: usize = 64;

/// Something that happened.
#[derive(Debug)]
enum Event {
    Started(StudyStarted),
    Done { first: usize, started: Vec<f64>, runtime: Vec<f64> },
    Failed(RunFailed),
    Committed(Committed),
    Finished(StudyFinished),
}

/// All observers of one study.
#[derive(Debug)]
pub(in crate::environment) struct Telling {
    listeners: Vec<Listener>,
    begun: Instant,
    study: StudyStarted,
    n_done: AtomicUsize,
    n_failed: AtomicUsize,
}

/// One observer, as the study sees it.
#[derive(Debug)]
struct Listener {
    events: Sender<Arc<Event>>,
    waiting: Arc<AtomicUsize>,
    n_missed: AtomicUsize,
    patience: Duration,
    /// Closed when the observer has heard all; why it has not.
    end: Mutex<Receiver<String>>,
}

impl Telling {
    /// Tells all observers that a study begins.
    ///
    /// # Errors
    /// The system gives no further thread.
    pub(in crate::environment) fn begin(observers: &Observers, study: StudyStarted) -> Result<Self, Error> {
        let listeners: Result<_, Error> =
            observers.0.iter().map(|observer| Listener::start(observer.clone())).collect();
        let telling = Self {
            listeners: listeners?,
            begun: Instant::now(),
            n_done: AtomicUsize::new(0),
            n_failed: AtomicUsize::new(0),
            study,
        };
        telling.tell(|| Event::Started(telling.study.clone()));
        Ok(telling)
    }

    pub(in crate::environment) fn done(&self, block: &Block) {
        self.n_done.fetch_add(block.started.len(), Ordering::Relaxed);
        let (first, started, runtime) = (block.first, &block.started, &block.runtime);
        self.tell(|| Event::Done { first, started: started.clone(), runtime: runtime.clone() });
    }

    pub(in crate::environment) fn failed(&self, run: &FailedRun) {
        self.n_failed.fetch_add(usize::from(run.is_final()), Ordering::Relaxed);
        let FailedRun { index, status, message, place, .. } = run;
        let failed = || RunFailed { run: *index, status: *status, message: message.clone(), place: place.clone() };
        self.tell(|| Event::Failed(failed()));
    }

    pub(in crate::environment) fn committed(&self) {
        let [n_done, n_failed] = [&self.n_done, &self.n_failed].map(|count| count.load(Ordering::Relaxed));
        self.tell(|| Event::Committed(Committed { n_done, n_failed }));
    }

    /// Tells that the study has ended, and waits a little for those who still listen.
    pub(in crate::environment) fn finish(self, state: &'static str, error: String) {
        let [n_done, n_failed] = [&self.n_done, &self.n_failed].map(|count| count.load(Ordering::Relaxed));
        let StudyStarted { trajectory, file, n_left, .. } = self.study.clone();
        let n_left = n_left.saturating_sub(n_done + n_failed);
        let seconds = self.begun.elapsed().as_secs_f64();
        let finished = StudyFinished { trajectory, file, state, n_done, n_failed, n_left, seconds, error };
        self.tell(|| Event::Finished(finished));
        for listener in self.listeners {
            listener.end();
        }
    }

    fn tell(&self, event: impl FnOnce() -> Event) {
        if self.listeners.is_empty() {
            return;
        }
        let event = Arc::new(event());
        for listener in &self.listeners {
            listener.hear(&event);
        }
    }
}

impl Event {
    /// How much room it takes where it waits; none for those that have to arrive.
    fn weight(&self) -> usize {
        match self {
            Self::Started(_) | Self::Finished(_) => 0,
            Self::Done { started, .. } => 1 + started.len() / RUNS_PER_EVENT,
            Self::Failed(_) | Self::Committed(_) => 1,
        }
    }

    fn tell(&self, observer: &mut dyn Observer) {
        match self {
            Self::Started(study) => observer.started(study),
            Self::Done { first, started, runtime } => {
                for (run, (&started, &runtime)) in (*first..).zip(started.iter().zip(runtime)) {
                    observer.run_finished(&RunFinished { run, started, runtime });
                }
            }
            Self::Failed(run) => observer.run_failed(run),
            Self::Committed(counts) => observer.committed(counts),
            Self::Finished(study) => observer.finished(study),
        }
    }
}

impl Listener {
    fn start(observer: Arc<Mutex<Box<dyn Observer>>>) -> Result<Self, Error> {
        // One that still has not ended its last study hears of this one when it has, and nobody waits for it.
        let patience = observer.try_lock().map_or(Duration::ZERO, |observer| observer.patience());
        let (events, heard) = mpsc::channel::<Arc<Event>>();
        let (tell_end, end) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (room, book) = (waiting.clone(), logs::book_of_this_thread());
        let hear = move || {
            let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
            for event in heard {
                let told = panics::catch(|| event.tell(&mut **observer));
                room.fetch_sub(event.weight(), Ordering::Relaxed);
                if let Err(panic) = told {
                    // Nobody listens if the study did not wait so long.
                    let _ = tell_end
                        .send(format!("panicked ({}: {}), and heard of nothing more", panic.place, panic.message));
                    return;
                }
            }
        };
        let name = "pypet-observer".to_owned();
        let started = thread::Builder::new().name(name).spawn(move || logs::within(book.as_ref(), hear));
        started.map_err(|error| Error::Observer(error.into()))?;
        Ok(Self { events, waiting, n_missed: AtomicUsize::new(0), patience, end: Mutex::new(end) })
    }

    fn hear(&self, event: &Arc<Event>) {
        let weight = event.weight();
        let is_full = weight > 0 && self.waiting.load(Ordering::Relaxed) + weight > MOST_WAITING;
        if !is_full {
            self.waiting.fetch_add(weight, Ordering::Relaxed);
        }
        if is_full || self.events.send(event.clone()).is_err() {
            self.n_missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn end(self) {
        drop(self.events);
        let end = self.end.into_inner().unwrap_or_else(PoisonError::into_inner);
        match end.recv_timeout(self.patience) {
            Ok(why) => complain(&format!("an observer {why}")),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = self.patience.as_secs_f64();
                complain(&format!("an observer still has not heard all after {seconds} s, and is left behind"));
            }
            Err(RecvTimeoutError::Disconnected) => {}
        }
        let n_missed = self.n_missed.into_inner();
        if n_missed > 0 {
            complain(&format!("an observer was too slow for {n_missed} events and has missed them"));
        }
    }
}

/// Says what is wrong with an observer, on the terminal and in the log.
pub(super) fn complain(what: &str) {
    logs::say(&format!("warning: {what}"));
    if let Some(book) = logs::book_of_this_thread() {
        book.note(Level::WARN, None, what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits until it is let go, and counts the runs.
    struct Slow(Arc<Mutex<usize>>);

    impl Observer for Slow {
        fn run_finished(&mut self, _: &RunFinished) {
            *self.0.lock().unwrap() += 1;
        }
    }

    #[test]
    fn a_slow_observer_misses_runs_and_hears_of_the_end() {
        let n_heard = Arc::new(Mutex::new(0));
        let mut observers = Observers::default();
        observers.add(Slow(n_heard.clone()));
        let (trajectory, experiment) = ("study".to_owned(), "study".to_owned());
        let study = StudyStarted { trajectory, experiment, file: None, n_runs: 1, n_left: 1 };
        let telling = Telling::begin(&observers, study).unwrap();
        let mut block = Block::new(&[], 0);
        block.started = vec![0.0; MOST_WAITING * RUNS_PER_EVENT / 10];
        block.runtime.clone_from(&block.started);
        let held = n_heard.lock().unwrap();
        for _ in 0..20 {
            telling.done(&block);
        }
        let listener = &telling.listeners[0];
        assert!(listener.waiting.load(Ordering::Relaxed) <= MOST_WAITING);
        assert!((10..=11).contains(&listener.n_missed.load(Ordering::Relaxed)), "{listener:?}");
        drop(held);
        telling.finish("finished", String::new());
        assert!(*n_heard.lock().unwrap() >= 9 * block.started.len(), "what it did not miss it has heard");
    }
}
