//! One study from beginning to end: plan, workers, the writer's thread.

use std::sync::mpsc;
use std::thread;

use super::plan::{Planned, Subject};
use super::progress::Progress;
use super::signals::Watch;
use super::worker::{Queue, Runs, Worker};
use super::writer::Writing;
use super::{Options, RunFunction};
use crate::engine::Engine;
use crate::error::Result;
use crate::explore::Points;
use crate::parameter::ParameterSet;
use crate::result::ResultSet;
use crate::storage::{State, TrajectoryWriter};

/// Blocks that may wait for the writer; each holds about a mebibyte or one run.
const WAITING_BLOCKS: usize = 16;

/// What is carried out at which points.
pub(super) struct Study<'a, P, R> {
    pub(super) subject: Subject<'a>,
    pub(super) points: &'a Points<P>,
    pub(super) run: &'a RunFunction<'a, P, R>,
}

impl<P: ParameterSet, R: ResultSet> Study<'_, P, R> {
    /// Carries out all runs; returns when everything is stored.
    pub(super) fn carry_out(
        &self,
        options: &Options,
        engine: &dyn Engine,
        name: &str,
        store: &mut dyn TrajectoryWriter,
    ) -> Result<()> {
        let planned = Planned::new(self.points, &self.subject, name, options, engine);
        store.begin(&planned.plan, &mut |runs| planned.columns(self.points, runs))?;
        self.carry_out_runs(options, engine, Runs::All(self.points.len()), store)
    }

    /// Carries out some runs of a trajectory that has begun; returns when everything is stored.
    pub(super) fn carry_out_runs(
        &self,
        options: &Options,
        engine: &dyn Engine,
        runs: Runs,
        store: &mut dyn TrajectoryWriter,
    ) -> Result<()> {
        let n_runs = runs.len();
        let queue = Queue::new(runs, engine.n_workers());
        let _watch = options.signals.then(|| Watch::over(queue.stop_flag()));
        let progress = Progress::start(options.progress, n_runs);
        let (sender, receiver) = mpsc::sync_channel(WAITING_BLOCKS);
        let written = thread::scope(|scope| {
            let writing = Writing { store: &mut *store, receiver, queue: &queue, progress: &progress, options };
            let writer = scope.spawn(|| writing.until_all_is_stored());
            engine.execute(&|number| {
                Worker::new(self.points, &self.subject.results, &queue, number, sender.clone()).work(self.run);
            });
            drop(sender);
            // A panic of the writer is our own bug; it goes on to the caller.
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        progress.end();
        let state = if queue.is_exhausted() { State::Finished } else { State::Stopped };
        written.and_then(|()| store.finish(state))?;
        Ok(())
    }
}
