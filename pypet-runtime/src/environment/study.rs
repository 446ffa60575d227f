//! One study from beginning to end: plan, workers, the writer's thread.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;

use super::observe::{StudyStarted, Telling};
use super::options::Crew;
use super::outbox::{Outbox, Room};
use super::plan::{Planned, Subject};
use super::processes::{Kept, Supervision, Supervisor, Visit};
use super::progress::Progress;
use super::queue::{Queue, Runs};
use super::signals::Watch;
use super::timeout::Overtime;
use super::worker::Worker;
use super::writer::Writing;
use super::{Options, RunFunction};
use crate::engine::EngineError;
use crate::error::{Result, with_causes};
use crate::explore::Points;
use crate::logs;
use crate::parameter::ParameterSet;
use crate::result::{ResultSet, SharedArray};
use crate::run::{Beside, Depot};
use crate::storage::{State, TrajectoryWriter};

/// What is carried out at which points.
pub(super) struct Study<'a, P, R> {
    pub(super) subject: Subject<'a>,
    pub(super) points: &'a Points<P>,
    pub(super) seed: u64,
    pub(super) run: &'a RunFunction<'a, P, R>,
    /// Where the trajectory is kept, if it can be carried on with.
    pub(super) file: Option<&'a Path>,
    pub(super) visit: &'a Visit,
    /// What runs write together.
    pub(super) arrays: Arc<[SharedArray]>,
}

impl<P: ParameterSet, R: ResultSet> Study<'_, P, R> {
    /// Carries out all runs; returns when everything is stored.
    pub(super) fn carry_out(
        &self,
        options: &Options,
        crew: &Crew,
        name: &str,
        store: &mut dyn TrajectoryWriter,
    ) -> Result<()> {
        let mut planned = Planned::new(self.points, &self.subject, name, options, crew.engine());
        if let Some(book) = logs::book_of_this_thread() {
            let plan = &mut planned.plan;
            plan.values.extend(book.open(name, &plan.header.created, self.file)?);
        }
        store.begin(&planned.plan, &mut |runs| planned.columns(self.points, runs))?;
        // It holds the values of all axes, of which nobody has need any more.
        drop(planned);
        self.carry_out_runs(options, crew, name, Runs::All(self.points.len()), store)
    }

    /// Where runs put aside what is not to wait for their end; without a file all stays in memory.
    pub(super) fn depot(&self) -> Option<Box<dyn Depot>> {
        self.file.map(|file| Box::new(Beside::file(file)) as Box<dyn Depot>)
    }

    /// Carries out some runs of a trajectory that has begun; returns when everything is stored.
    pub(super) fn carry_out_runs(
        &self,
        options: &Options,
        crew: &Crew,
        name: &str,
        runs: Runs,
        store: &mut dyn TrajectoryWriter,
    ) -> Result<()> {
        if !self.arrays.is_empty() {
            store.share(&self.arrays)?;
        }
        let engine = crew.engine();
        let (file, n_runs) = (self.file.map(Into::into), runs.len());
        let started = StudyStarted {
            trajectory: name.into(),
            experiment: self.subject.name.into(),
            file,
            n_runs: self.points.len(),
            n_left: n_runs,
        };
        let telling = Telling::begin(&options.observers, started)?;
        let runs = runs.in_order(options.order, self.seed);
        let queue = Queue::new(runs, engine.n_workers());
        let _watch = options.signals.then(|| Watch::over(queue.stop_flag(), self.file));
        let progress = Progress::start(options.progress, n_runs);
        let room = Room::new(options.memory_cap);
        let (outbox, receiver) = Outbox::new(&room);
        let (supervision, overtime) = match crew {
            Crew::Here(_) => (None, options.timeout.map(|timeout| Overtime::new(timeout, engine.n_workers()))),
            Crew::Processes(processes) => {
                let request = self.visit.request(self.seed, self.file.map(|file| Kept::new(file, name)));
                let request = request.map_err(|error| EngineError::Process { source: error.into() })?;
                (Some(Supervision::new(processes, request, self, options, &queue)), None)
            }
        };
        let book = logs::book_of_this_thread();
        let written = thread::scope(|scope| {
            let (queue, room, progress, telling) = (&queue, &room, &progress, &telling);
            let origin = &self.subject.origin;
            let writing = Writing { store: &mut *store, receiver, queue, room, progress, telling, options, origin };
            let writer = scope.spawn(|| writing.until_all_is_stored());
            let (_end, until) = mpsc::channel();
            if let Some(overtime) = &overtime {
                scope.spawn(move || overtime.watch(&until, |line| progress.say(line)));
            }
            engine.execute(&|number| {
                logs::within(book.as_ref(), || match &supervision {
                    Some(supervision) => Supervisor::new(supervision, number, outbox.clone(), self.depot()).work(),
                    None => Worker::new(self, options, queue, number, overtime.as_ref(), outbox.clone()).work(),
                });
            });
            drop(outbox);
            // A panic of the writer is our own bug; it goes on to the caller.
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        progress.end();
        let state = if queue.is_exhausted() { State::Finished } else { State::Stopped };
        let end = self.subject.origin.at_the_end();
        let stored = written.and_then(|()| store.add(&end)).and_then(|()| store.finish(state));
        let ended = stored.map_err(Into::into).and_then(|()| supervision.map_or(Ok(()), Supervision::into_result));
        match &ended {
            Ok(()) if state == State::Finished => telling.finish("finished", String::new()),
            Ok(()) => telling.finish("stopped", String::new()),
            Err(error) => telling.finish("failed", with_causes(error)),
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::Range;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use crate::environment::{EngineChoice, OnFailure};
    use crate::explore::Exploration;
    use crate::parameter::{AnyParameter, Declaration};
    use crate::provenance::Origin;
    use crate::result::{Single, declared_results};
    use crate::run::Run;
    use crate::storage::{Finished, Plan, PlannedLeaf, StorageError};
    use crate::value::Cells;

    /// No parameters; runs are repetitions.
    #[derive(Debug, Clone, Default, PartialEq)]
    struct Nothing;

    impl ParameterSet for Nothing {
        type Names<Root: ParameterSet> = ();
        const LEN: usize = 0;

        fn declare(_: &mut Declaration) {}

        fn names_from<Root: ParameterSet>(_: usize) -> Self::Names<Root> {}

        fn leaf(&self, _: usize) -> &dyn AnyParameter {
            unreachable!("there are no leaves")
        }

        fn leaf_mut(&mut self, _: usize) -> &mut dyn AnyParameter {
            unreachable!("there are no leaves")
        }

        fn derive(&mut self) {}
    }

    /// Results of one run.
    const RESULT_BYTES: usize = 1 << 20;
    const N_RUNS: usize = 40;

    /// Takes its time, counts, and gives up at some run.
    struct SlowStore {
        n_written: Arc<AtomicUsize>,
        gives_up_at: usize,
    }

    impl TrajectoryWriter for SlowStore {
        fn begin(&mut self, _: &Plan, _: &mut dyn FnMut(Range<usize>) -> Vec<Cells>) -> Result<(), StorageError> {
            Ok(())
        }

        fn add(&mut self, _: &[PlannedLeaf]) -> Result<(), StorageError> {
            Ok(())
        }

        fn share(&mut self, _: &[SharedArray]) -> Result<(), StorageError> {
            Ok(())
        }

        fn write(&mut self, finished: &Finished) -> Result<(), StorageError> {
            std::thread::sleep(Duration::from_millis(2));
            let Finished::Done(block) = finished else { return Ok(()) };
            if self.n_written.load(Ordering::SeqCst) >= self.gives_up_at {
                return Err(StorageError::NoNode { path: "room on the disk".into() });
            }
            self.n_written.fetch_add(block.runs().len(), Ordering::SeqCst);
            Ok(())
        }

        fn commit(&mut self) -> Result<(), StorageError> {
            Ok(())
        }

        fn finish(&mut self, _: State) -> Result<(), StorageError> {
            Ok(())
        }
    }

    /// Carries out a study of large results; gives the most runs that had ended and were not yet written.
    fn most_waiting(memory_cap: usize, gives_up_at: usize) -> (Result<()>, usize) {
        let (n_written, n_ended, most) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0), AtomicUsize::new(0));
        let mut store = SlowStore { n_written: n_written.clone(), gives_up_at };
        let run = |_: &Nothing, _: &mut Run| {
            let waiting = n_ended.fetch_add(1, Ordering::SeqCst) + 1 - n_written.load(Ordering::SeqCst);
            most.fetch_max(waiting, Ordering::SeqCst);
            Ok(Single(vec![0_u8; RESULT_BYTES]))
        };
        let points = Exploration::<Nothing>::single().repeat("trial", N_RUNS).bind(Nothing).unwrap();
        let results = declared_results::<Single<Vec<u8>>>("bytes", "");
        let subject =
            Subject { name: "large", comment: "", place: "", results, groups: Vec::new(), origin: Origin::default() };
        let visit = Visit::to("large");
        let study =
            Study { subject, points: &points, seed: 0, run: &run, file: None, visit: &visit, arrays: Arc::default() };
        let engine = EngineChoice::Threads(2);
        let on_failure = OnFailure::Continue;
        let options = Options { engine, memory_cap, on_failure, progress: Some(false), ..Options::default() };
        let done = study.carry_out(&options, &options.start_engine().unwrap(), "large", &mut store);
        (done, most.into_inner())
    }

    #[test]
    fn a_slow_store_delays_runs_before_their_results_fill_the_memory() {
        // Beside what waits, each of the two workers has one result in its hands and is at the next run.
        for n_waiting in [1, 3, 8] {
            let (done, most) = most_waiting(n_waiting * (RESULT_BYTES + 100), N_RUNS);
            done.unwrap();
            assert!(most <= n_waiting + 4, "{most} runs for {n_waiting}");
        }
        let (done, most) = most_waiting(RESULT_BYTES / 2, N_RUNS);
        done.unwrap();
        assert!(most <= 5, "results beyond the cap pass one by one, not {most}");
    }

    #[test]
    fn a_store_that_gives_up_ends_the_study() {
        for memory_cap in [1, RESULT_BYTES, usize::MAX] {
            let (done, _) = most_waiting(memory_cap, 7);
            assert!(done.unwrap_err().to_string().contains("room on the disk"));
        }
    }
}
