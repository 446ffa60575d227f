//! One study from beginning to end: plan, workers, the writer's thread.

use std::path::Path;
use std::sync::mpsc;
use std::thread;

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
use crate::error::Result;
use crate::explore::Points;
use crate::parameter::ParameterSet;
use crate::result::ResultSet;
use crate::storage::{State, TrajectoryWriter};

/// What is carried out at which points.
pub(super) struct Study<'a, P, R> {
    pub(super) subject: Subject<'a>,
    pub(super) points: &'a Points<P>,
    pub(super) run: &'a RunFunction<'a, P, R>,
    /// Where the trajectory is kept, if it can be carried on with.
    pub(super) file: Option<&'a Path>,
    pub(super) visit: &'a Visit,
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
        let planned = Planned::new(self.points, &self.subject, name, options, crew.engine());
        store.begin(&planned.plan, &mut |runs| planned.columns(self.points, runs))?;
        self.carry_out_runs(options, crew, name, Runs::All(self.points.len()), store)
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
        let engine = crew.engine();
        let n_runs = runs.len();
        let queue = Queue::new(runs, engine.n_workers());
        let _watch = options.signals.then(|| Watch::over(queue.stop_flag(), self.file));
        let progress = Progress::start(options.progress, n_runs);
        let room = Room::new(options.memory_cap);
        let (outbox, receiver) = Outbox::new(&room);
        let (supervision, overtime) = match crew {
            Crew::Here(_) => (None, options.timeout.map(|timeout| Overtime::new(timeout, engine.n_workers()))),
            Crew::Processes(processes) => {
                let request = self.visit.request(self.file.map(|file| Kept::new(file, name)));
                let request = request.map_err(|error| EngineError::Process { source: error.into() })?;
                (Some(Supervision::new(processes, request, self, options, &queue)), None)
            }
        };
        let written = thread::scope(|scope| {
            let writing =
                Writing { store: &mut *store, receiver, queue: &queue, room: &room, progress: &progress, options };
            let writer = scope.spawn(|| writing.until_all_is_stored());
            let (_end, until) = mpsc::channel();
            if let Some(overtime) = &overtime {
                let progress = &progress;
                scope.spawn(move || overtime.watch(&until, |line| progress.say(line)));
            }
            engine.execute(&|number| match &supervision {
                Some(supervision) => Supervisor::new(supervision, number, outbox.clone()).work(),
                None => Worker::new(self, options, &queue, number, overtime.as_ref(), outbox.clone()).work(),
            });
            drop(outbox);
            // A panic of the writer is our own bug; it goes on to the caller.
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        progress.end();
        let state = if queue.is_exhausted() { State::Finished } else { State::Stopped };
        written.and_then(|()| store.finish(state))?;
        supervision.map_or(Ok(()), Supervision::into_result)
    }
}
