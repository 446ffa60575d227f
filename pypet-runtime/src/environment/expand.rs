//! Adding points to a stored trajectory, and the loop of post-processing that asks for further ones.

use std::collections::HashSet;
use std::sync::Arc;

use super::plan::{self, Planned, PointList, Subject, one_cell};
use super::processes::{self, Kept, Role, Visit};
use super::queue::Runs;
use super::study::Study;
use super::{Options, panics, prepare, prepared};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::explore::lattice::push_key;
use crate::explore::{Exploration, Explored, Points};
use crate::parameter::{AxisValues, ParameterSet, declared_parameters};
use crate::provenance::Origin;
use crate::run::{Run, RunStatus};
use crate::schema::{Leaf, Schema};
use crate::storage::hdf5::{self, Hdf5Writer};
use crate::storage::{Header, NodeKind, PlanAxis, PlannedLeaf, State, TrajectoryWriter};
use crate::trajectory::Trajectory;
use crate::value::{Cells, ResultValue};

/// Presets that were given must be those of the file.
pub(super) fn check_presets<E: Experiment>(stored: &Trajectory<E>, given: Option<E::Parameters>) -> Result<()> {
    let Some(mut given) = given else { return Ok(()) };
    given.derive();
    let infos = declared_parameters::<E::Parameters>();
    let differences = infos.iter().enumerate().filter(|(_, info)| !info.derived).filter_map(|(leaf, info)| {
        let (here, there) = (given.leaf(leaf), stored.presets().leaf(leaf));
        let same = one_cell(here) == one_cell(there);
        (!same).then(|| format!("`{}` is {} here but {}", info.name, here.to_text(), there.to_text()))
    });
    let differences: Vec<String> = differences.collect();
    if differences.is_empty() { Ok(()) } else { Err(Error::OtherPresets { differences }) }
}

/// Appends the points that a trajectory lacks as pending runs, and opens it anew; tells how many they were.
pub(super) fn append<E: Experiment>(
    stored: Trajectory<E>,
    exploration: &Exploration<E::Parameters>,
    options: &Options,
) -> Result<(Trajectory<E>, usize)> {
    check_names(&stored)?;
    let file = stored.path().ok_or(Error::NoFileToResume)?.to_owned();
    let new = exploration.bind(stored.presets().clone())?;
    let union = Union::<E>::new(Known::of(&stored)?, &new);
    let n_new = union.added.len();
    if n_new == 0 {
        return Ok((stored, 0));
    }
    // Before anybody writes.
    drop(stored);
    let (plan, order) = union.plan(options)?;
    let (name, n_before) = (union.known.header.name.clone(), union.known.header.n_runs);
    let mut columns = |runs| plan.columns(&union, runs);
    hdf5::expand(&file, &plan.plan, n_before, order.as_deref(), &mut columns)?;
    Ok((Trajectory::open_named(file, &name)?, n_new))
}

/// Carries out what is missing in a stored trajectory; what all runs share is prepared unless it is.
pub(super) fn carry_on<E: Experiment>(
    stored: Trajectory<E>,
    subject: Subject<'static>,
    options: &Options,
    shared: &mut Option<E::Shared>,
    visit: &Visit,
    role: &Role,
) -> Result<Trajectory<E>> {
    let file = stored.path().ok_or(Error::NoFileToResume)?.to_owned();
    let name = stored.name().to_owned();
    let done: Vec<bool> = stored.statuses().iter().map(|status| *status == RunStatus::Done).collect();
    let is_missing = |status: RunStatus| match status {
        RunStatus::Done => false,
        RunStatus::Failed | RunStatus::TimedOut => options.failed,
        RunStatus::Pending | RunStatus::Cancelled => true,
    };
    let missing = (0..stored.len()).filter(|&run| is_missing(stored.statuses()[run])).collect();
    let exploration = role.insist(stored.expect_resumable().and_then(|()| stored.exploration()))?;
    let points = role.insist(exploration.bind(stored.presets().clone()).map_err(Into::into))?;
    let gained = stored.gained_parameters();
    let seed = stored.header().seed;
    let earlier = subject.origin.values_before(stored.any())?;
    // Before anybody writes.
    drop(stored);

    if shared.is_none() {
        *shared = role.insist(prepare::<E>(options, role, points.presets()))?;
    }
    let arrays = options.shared_arrays(E::shared_arrays(points.presets()), &subject.results);
    let arrays = role.insist(arrays)?;
    let run = |parameters: &E::Parameters, run: &mut Run| E::run(parameters, prepared(shared.as_ref()), run);
    let mut study = Study { subject, points: &points, seed, run: &run, file: Some(&file), visit, arrays };
    if let Role::Worker(_) = role {
        processes::serve(&study, options);
    }
    let crew = options.start_engine()?;
    study.subject.origin.as_changes(plan::config(options, crew.engine()), &earlier);
    let mut writer = Hdf5Writer::reopen(&file, &name, &study.subject.results, &done)?;
    options.prepare(&mut writer);
    writer.add_parameters(gained)?;
    writer.add(study.subject.origin.values())?;
    study.carry_out_runs(options, &crew, &name, Runs::These(missing), &mut writer)?;
    drop(writer);
    visit.note(seed, Some(Kept::new(&file, &name)));
    Trajectory::open_named(&file, &name)
}

/// Post-processing of a trajectory whose runs are stored, again and again while it asks for points that are new.
pub(super) fn finish<E: Experiment>(
    mut visit: Visit,
    mut trajectory: Trajectory<E>,
    options: &Options,
    shared: &mut Option<E::Shared>,
) -> Result<Trajectory<E>> {
    if let Some(wanted) = visit.wanted_further() {
        // A worker of further points, or of a study in their post-processing, needs no rounds before.
        visit = wanted;
        if let role @ Role::Worker(_) = visit.role() {
            return carry_on(trajectory, Subject::of::<E>(Origin::default()), options, shared, &visit, &role);
        }
    }
    while trajectory.header().state == State::Finished && visit.leads_to_the_wanted() {
        let finished = visit
            .within(|| panics::catch(|| E::finish(&mut trajectory)))
            .map_err(|panic| Error::FinishPanic { message: panic.message, place: panic.place })?;
        let further = finished.map_err(Error::Finish)?;
        trajectory = trajectory.stored()?;
        let Some(exploration) = further else { break };
        let (expanded, n_new) = append(trajectory, &exploration, options)?;
        trajectory = expanded;
        if n_new == 0 {
            // Finishing the same runs again would ask for the same points again.
            break;
        }
        visit = visit.further();
        // Where and by whom is told by the environment that has come here.
        let subject = Subject::of::<E>(Origin::default());
        trajectory = carry_on(trajectory, subject, options, shared, &visit, &Role::Program)?;
    }
    Ok(trajectory)
}

/// A column has the name that the file knows it by.
fn check_names<E: Experiment>(stored: &Trajectory<E>) -> Result<()> {
    for parameter in &Schema::new::<E::Parameters>(Vec::new()).parameters {
        if let Some(old) = stored.header().schema.parameter(parameter)
            && old.leaf.name != parameter.leaf.name
        {
            return Err(Error::Renamed { name: parameter.leaf.name.clone(), stored: old.leaf.name.clone() });
        }
    }
    Ok(())
}

/// What is known of a stored trajectory once its file is closed.
struct Known<P> {
    header: Header,
    presets: P,
    /// The values of explored parameters at each run, by the numbers of the parameters.
    values: Vec<(usize, Arc<dyn AxisValues>)>,
    /// The repetitions of the runs, by name.
    repetitions: Vec<(String, Vec<u64>)>,
    /// Where the config of an expansion goes.
    group: String,
}

impl<P: ParameterSet> Known<P> {
    fn of<E: Experiment<Parameters = P>>(stored: &Trajectory<E>) -> Result<Self> {
        let nodes = stored.any().nodes();
        let taken = |group: &str| nodes.iter().any(|node| node.path == group);
        let mut groups = (1..).map(|number| format!("config/expansion_{number}"));
        let values = stored.explored_values()?.into_iter().map(|(leaf, values)| (leaf, values.clone()));
        Ok(Self {
            header: stored.header().clone(),
            presets: stored.presets().clone(),
            values: values.collect(),
            repetitions: repetitions(stored)?,
            group: groups.find(|group| !taken(group)).expect("there is always a next number"),
        })
    }
}

/// The runs of a stored trajectory, followed by the points that it lacks.
struct Union<'a, E: Experiment> {
    known: Known<E::Parameters>,
    new: &'a Points<E::Parameters>,
    /// Which of the new points the trajectory lacks.
    added: Vec<usize>,
    explored: Vec<Explored>,
}

impl<'a, E: Experiment> Union<'a, E> {
    fn new(stored: Known<E::Parameters>, new: &'a Points<E::Parameters>) -> Self {
        let names = stored.repetitions.iter().map(|(name, _)| Explored::Repetition(name.clone()));
        let parameters = stored.values.iter().map(|(leaf, _)| Explored::Parameter(*leaf));
        let mut explored: Vec<Explored> = parameters.chain(names).collect();
        for other in new.explored() {
            if !explored.contains(other) {
                explored.push(other.clone());
            }
        }
        let (mut point, n_runs) = (stored.presets.clone(), stored.header.n_runs);
        let mut union = Self { known: stored, new, added: Vec::new(), explored };
        let mut known: HashSet<Vec<u8>> = HashSet::with_capacity(n_runs);
        for run in 0..n_runs {
            union.move_to(run, &mut point);
            known.insert(union.key(run, &point));
        }
        let mut point = new.presets().clone();
        for index in 0..new.len() {
            new.move_to(index, &mut point);
            union.added.push(index);
            if !known.insert(union.key(union.n_points() - 1, &point)) {
                union.added.pop();
            }
        }
        union
    }

    /// What tells a run from all others.
    fn key(&self, run: usize, point: &E::Parameters) -> Vec<u8> {
        let mut key = Vec::new();
        for explored in &self.explored {
            match explored {
                Explored::Parameter(leaf) => push_key(&one_cell(point.leaf(*leaf)).cell(0), &mut key),
                Explored::Repetition(name) => key.extend_from_slice(&self.repetition(run, name).to_le_bytes()),
            }
        }
        key
    }

    /// The plan of all runs, and the run at each point of their grid where that is not simply the next.
    fn plan(&self, options: &Options) -> Result<(Planned, Option<Vec<usize>>)> {
        let subject = Subject::of::<E>(Origin::default());
        let header = &self.known.header;
        let crew = options.start_engine()?;
        let mut planned = Planned::new(self, &subject, &header.name, options, crew.engine());
        let plan = &mut planned.plan;
        plan.header.comment.clone_from(&header.comment);
        plan.header.created.clone_from(&header.created);
        plan.header.seed = header.seed;
        self.note_expansion(&mut plan.values);

        let columns = planned.columns(self, 0..self.n_points());
        let n_explored = self.explored.len();
        let (axes, order) = PlanAxis::of_columns(&columns[..n_explored], &planned.plan.coordinates);
        planned.plan.header.axes = axes.as_ref().map(|axes| axes.iter().map(PlanAxis::header).collect());
        planned.plan.axes = axes;
        Ok((planned, order))
    }

    /// Puts what is told of the expansion in place of the config, which is told when the runs are carried out.
    fn note_expansion(&self, values: &mut Vec<PlannedLeaf>) {
        let group = &self.known.group;
        values.retain(|value| !value.path.starts_with("config/"));
        let first_run = self.known.header.n_runs as u64;
        let mut cells = Cells::of(&u64::value_type());
        first_run.write(&mut cells);
        let leaf = Leaf::new("first_run", u64::value_type()).with_comment("the first run that was added");
        values.push(PlannedLeaf { path: format!("{group}/first_run"), leaf, value: cells, explored: None });
    }
}

impl<E: Experiment> PointList<E::Parameters> for Union<'_, E> {
    fn n_points(&self) -> usize {
        self.known.header.n_runs + self.added.len()
    }

    fn presets(&self) -> &E::Parameters {
        &self.known.presets
    }

    fn explored(&self) -> &[Explored] {
        &self.explored
    }

    fn move_to(&self, run: usize, point: &mut E::Parameters) {
        for explored in &self.explored {
            if let Explored::Parameter(leaf) = explored {
                point.leaf_mut(*leaf).assign(self.presets().leaf(*leaf));
            }
        }
        match run.checked_sub(self.known.header.n_runs) {
            None => {
                for (leaf, values) in &self.known.values {
                    point.leaf_mut(*leaf).assign(values.get(run));
                }
                point.derive();
            }
            Some(new) => self.new.move_to(self.added[new], point),
        }
    }

    fn repetition(&self, run: usize, name: &str) -> usize {
        match run.checked_sub(self.known.header.n_runs) {
            None => {
                let stored = self.known.repetitions.iter().find(|(other, _)| other == name);
                stored.map_or(0, |(_, numbers)| usize::try_from(numbers[run]).unwrap_or(usize::MAX))
            }
            Some(new) => self.new.repetition(self.added[new], name),
        }
    }
}

/// The explored columns that are no parameters, in the order of their making.
fn repetitions<E: Experiment>(stored: &Trajectory<E>) -> Result<Vec<(String, Vec<u64>)>> {
    let any = stored.any();
    let parameters = &any.header().schema.parameters;
    let mut found = Vec::new();
    for node in any.nodes() {
        let (Some(name), NodeKind::Column(_)) = (node.path.strip_prefix("explored/"), &node.kind) else { continue };
        if !parameters.iter().any(|parameter| parameter.leaf.name == name) {
            found.push((name.to_owned(), any.get(&node.path)?));
        }
    }
    Ok(found)
}
