//! Carrying out what is missing in a stored trajectory.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::home::Home;
use super::plan::{self, Subject};
use super::processes::{self, Role, Visit};
use super::queue::Runs;
use super::study::Study;
use super::{Options, RunFunction};
use crate::error::Result;
use crate::explore::Points;
use crate::logs;
use crate::parameter::ParameterSet;
use crate::provenance::Origin;
use crate::result::{ResultSet, SharedArray};
use crate::run::RunStatus;
use crate::schema::SchemaParameter;
use crate::storage::hdf5::Hdf5Writer;
use crate::storage::{PlannedGroup, TrajectoryReader, TrajectoryWriter};
use crate::trajectory::Stored;
use crate::value::Cells;

/// The runs that a trajectory lacks, and all that is needed of it to carry them out; it is closed.
pub(super) struct Missing<P> {
    home: Home,
    name: String,
    created: String,
    seed: u64,
    points: Points<P>,
    done: Vec<bool>,
    runs: Vec<usize>,
    /// Parameters that the program has and the trajectory does not.
    gained: Vec<(SchemaParameter, Cells)>,
    /// What earlier environments have told of themselves.
    earlier: BTreeMap<String, Cells>,
}

impl<P: ParameterSet> Missing<P> {
    pub(super) fn of(stored: Stored<P>, origin: &Origin, options: &Options) -> Result<Self> {
        stored.expect_resumable()?;
        let statuses = stored.any().statuses()?;
        let is_missing = |status: RunStatus| match status {
            RunStatus::Done => false,
            RunStatus::Failed | RunStatus::TimedOut => options.failed,
            RunStatus::Pending | RunStatus::Cancelled => true,
        };
        let missing = Self {
            home: Home::of(stored.any())?,
            name: stored.any().header().name.clone(),
            created: stored.any().header().created.clone(),
            seed: stored.any().header().seed,
            points: stored.exploration()?.bind(stored.presets().clone())?,
            done: statuses.iter().map(|status| *status == RunStatus::Done).collect(),
            runs: (0..statuses.len()).filter(|&run| is_missing(statuses[run])).collect(),
            gained: stored.gained_parameters(),
            earlier: origin.values_before(stored.any())?,
        };
        // Before anybody writes.
        drop(stored);
        Ok(missing)
    }

    /// The values of the parameters that are not explored.
    pub(super) fn presets(&self) -> &P {
        self.points.presets()
    }

    /// Carries them out and opens the trajectory anew.
    pub(super) fn carry_out<R: ResultSet>(
        self,
        subject: Subject<'_>,
        run: &RunFunction<'_, P, R>,
        arrays: Arc<[SharedArray]>,
        options: &Options,
        visit: &Visit,
        role: &Role,
    ) -> Result<Box<dyn TrajectoryReader>> {
        let (points, seed, file) = (&self.points, self.seed, self.home.file());
        let mut study = Study { subject, points, seed, run, file, visit, arrays };
        if let Role::Worker(_) = role {
            processes::serve(&study, options);
        }
        let crew = options.start_engine()?;
        let mut config = plan::config(options, crew.engine());
        if let Some(book) = logs::book_of_this_thread() {
            config.extend(book.open(&self.name, &self.created, self.home.file())?);
        }
        study.subject.origin.as_changes(config, &self.earlier);
        let groups = PlannedGroup::of("results", &study.subject.groups).collect();
        let mut store: Box<dyn TrajectoryWriter> = match &self.home {
            Home::File { file, name } => {
                let mut writer = Hdf5Writer::reopen(file, name, &study.subject.results, &self.done)?;
                options.prepare(&mut writer);
                writer.describe_groups(groups)?;
                writer.add_parameters(self.gained)?;
                Box::new(writer)
            }
            Home::Memory(memory) => {
                memory.add_parameters(self.gained)?;
                Box::new(memory.reopen(&study.subject.results))
            }
        };
        store.add(study.subject.origin.values())?;
        study.carry_out_runs(options, &crew, &self.name, Runs::These(self.runs), &mut *store)?;
        drop(store);
        visit.note(self.seed, self.home.kept());
        self.home.open()
    }
}
