//! Adding points to a stored trajectory, and the loop of post-processing that asks for further ones.

use std::collections::HashSet;
use std::sync::Arc;

use super::home::Home;
use super::missing::Missing;
use super::plan::{Planned, PointList, Subject};
use super::processes::{Role, Visit};
use super::{Options, panics, prepare, prepared};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::explore::key::PointKey;
use crate::explore::{Exploration, Explored, Points};
use crate::parameter::{AxisValues, ParameterInfo, ParameterSet, declared_parameters, one_cell};
use crate::provenance::Origin;
use crate::run::Run;
use crate::schema::Leaf;
use crate::storage::{Expansion, Header, PlanAxis, PlannedLeaf, State};
use crate::trajectory::{Repetition, Stored, Trajectory};
use crate::value::{Cells, ResultValue};

/// Presets that were given must be those of the file.
pub(super) fn check_presets<P: ParameterSet>(stored: &Stored<P>, given: Option<P>) -> Result<()> {
    let Some(mut given) = given else { return Ok(()) };
    given.derive();
    let infos = declared_parameters::<P>();
    let differences = infos.iter().enumerate().filter(|(_, info)| !info.derived).filter_map(|(leaf, info)| {
        let (here, there) = (given.leaf(leaf), stored.presets().leaf(leaf));
        let same = one_cell(here) == one_cell(there);
        (!same).then(|| format!("`{}` is {} here but {}", info.name, here.to_text(), there.to_text()))
    });
    let differences: Vec<String> = differences.collect();
    if differences.is_empty() { Ok(()) } else { Err(Error::OtherPresets { differences }) }
}

/// Appends the points that a trajectory lacks as pending runs, and opens it anew; tells how many they were.
pub(super) fn append<P: ParameterSet>(
    stored: Stored<P>,
    exploration: &Exploration<P>,
    subject: &Subject<'_>,
    options: &Options,
) -> Result<(Stored<P>, usize)> {
    stored.expect_resumable()?;
    let home = Home::of(stored.any())?;
    let schema = stored.schema().clone();
    let new = exploration.bind(stored.presets().clone())?;
    let union = Union::new(Known::of(&stored)?, &new);
    let n_new = union.added.len();
    if n_new == 0 {
        return Ok((stored, 0));
    }
    // Before anybody writes.
    drop(stored);
    let (plan, order) = union.plan(subject, options)?;
    let mut columns = |runs| plan.columns(&union, runs);
    let new = Expansion { plan: &plan.plan, n_before: union.known.header.n_runs, order: order.as_deref() };
    home.expand(new, &mut columns)?;
    Ok((Stored::read(home.open()?, schema)?, n_new))
}

/// Carries out what is missing in a trajectory of an experiment; what all runs share is prepared unless it is.
pub(super) fn carry_on<E: Experiment>(
    stored: Stored<E::Parameters>,
    subject: Subject<'static>,
    options: &Options,
    shared: &mut Option<E::Shared>,
    visit: &Visit,
    role: &Role,
) -> Result<Trajectory<E>> {
    let missing = role.insist(Missing::of(stored, &subject.origin, options))?;
    if shared.is_none() {
        *shared = role.insist(prepare::<E>(options, role, missing.presets()))?;
    }
    let arrays = options.shared_arrays(E::shared_arrays(missing.presets()), &subject.results);
    let arrays = role.insist(arrays)?;
    let run = |parameters: &E::Parameters, run: &mut Run| E::run(parameters, prepared(shared.as_ref()), run);
    Trajectory::from_reader(missing.carry_out(subject, &run, arrays, options, visit, role)?)
}

/// Post-processing of a trajectory whose runs are stored, again and again while it asks for points that are new.
pub(super) fn finish<E: Experiment>(
    mut visit: Visit,
    mut trajectory: Trajectory<E>,
    options: &Options,
    shared: &mut Option<E::Shared>,
) -> Result<Trajectory<E>> {
    let is_in_file = trajectory.path().is_some();
    if let Some(wanted) = visit.wanted_further().filter(|_| is_in_file) {
        // A worker of further points, or of a study in their post-processing, needs no rounds before.
        visit = wanted;
        if let role @ Role::Worker(_) = visit.role() {
            let stored = trajectory.into_stored_points();
            let subject = Subject::of::<E>(Origin::default()).known_to(&stored);
            return carry_on(stored, subject, options, shared, &visit, &role);
        }
    }
    // A worker of a later study needs what is in memory as it was in the program.
    while trajectory.header().state == State::Finished && (!is_in_file || visit.leads_to_the_wanted()) {
        let finished = visit
            .within(|| panics::catch(|| E::finish(&mut trajectory)))
            .map_err(|panic| Error::FinishPanic { message: panic.message, place: panic.place })?;
        let further = finished.map_err(Error::Finish)?;
        trajectory = trajectory.stored()?;
        let Some(exploration) = further else { break };
        // Where and by whom is told by the environment that has come here.
        let subject = Subject::of::<E>(Origin::default()).known_to(trajectory.stored_points());
        let (expanded, n_new) = append(trajectory.into_stored_points(), &exploration, &subject, options)?;
        if n_new == 0 {
            // Finishing the same runs again would ask for the same points again.
            return Ok(Trajectory::from_stored_points(expanded));
        }
        visit = visit.further();
        // A worker may have come to its study here.
        let role = if is_in_file { Role::Program } else { visit.role() };
        trajectory = carry_on(expanded, subject, options, shared, &visit, &role)?;
    }
    Ok(trajectory)
}

/// What is known of a stored trajectory once its file is closed.
struct Known<P> {
    header: Header,
    presets: P,
    /// The values of explored parameters at each run, by the numbers of the parameters.
    values: Vec<(usize, Arc<dyn AxisValues>)>,
    /// The repetitions of the runs, by name.
    repetitions: Vec<Repetition>,
    /// Where the config of an expansion goes.
    group: String,
}

impl<P: ParameterSet> Known<P> {
    fn of(stored: &Stored<P>) -> Result<Self> {
        let nodes = stored.any().nodes();
        let taken = |group: &str| nodes.iter().any(|node| node.path == group);
        let mut groups = (1..).map(|number| format!("config/expansion_{number}"));
        let values = stored.values()?.into_iter().map(|(leaf, values)| (leaf, values.clone()));
        Ok(Self {
            header: stored.any().header().clone(),
            presets: stored.presets().clone(),
            values: values.collect(),
            repetitions: stored.repetitions()?,
            group: groups.find(|group| !taken(group)).expect("there is always a next number"),
        })
    }
}

/// The runs of a stored trajectory, followed by the points that it lacks.
struct Union<'a, P> {
    known: Known<P>,
    new: &'a Points<P>,
    /// Which of the new points the trajectory lacks.
    added: Vec<usize>,
    explored: Vec<Explored>,
}

impl<'a, P: ParameterSet> Union<'a, P> {
    fn new(stored: Known<P>, new: &'a Points<P>) -> Self {
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
        let mut known: HashSet<PointKey> = HashSet::with_capacity(n_runs);
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
    fn key(&self, run: usize, point: &P) -> PointKey {
        let (mut values, mut repetitions) = (Vec::new(), Vec::new());
        for explored in &self.explored {
            match explored {
                Explored::Parameter(leaf) => values.push(point.leaf(*leaf)),
                Explored::Repetition(name) => repetitions.push((name.as_str(), self.repetition(run, name) as u64)),
            }
        }
        PointKey::of(values.into_iter(), repetitions)
    }

    /// The plan of all runs, and the run at each point of their grid where that is not simply the next.
    fn plan(&self, subject: &Subject<'_>, options: &Options) -> Result<(Planned, Option<Vec<usize>>)> {
        let header = &self.known.header;
        let crew = options.start_engine()?;
        let mut planned = Planned::new(self, subject, &header.name, options, crew.engine());
        let plan = &mut planned.plan;
        plan.header.comment.clone_from(&header.comment);
        plan.header.created.clone_from(&header.created);
        plan.header.seed = header.seed;
        plan.header.schema.keep_what_is_gone(&header.schema);
        self.note_expansion(&mut plan.values);

        let columns = planned.columns(self, 0..self.n_points());
        let n_explored = planned.plan.coordinates.iter().filter(|coordinate| coordinate.explored).count();
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

impl<P: ParameterSet> PointList<P> for Union<'_, P> {
    fn n_points(&self) -> usize {
        self.known.header.n_runs + self.added.len()
    }

    fn presets(&self) -> &P {
        &self.known.presets
    }

    fn explored(&self) -> &[Explored] {
        &self.explored
    }

    fn move_to(&self, run: usize, point: &mut P) {
        for explored in &self.explored {
            if let Explored::Parameter(leaf) = explored {
                point.leaf_mut(*leaf).assign(self.presets().leaf(*leaf));
            }
        }
        match run.checked_sub(self.known.header.n_runs) {
            None => {
                for (leaf, values) in &self.known.values {
                    values.assign(run, point.leaf_mut(*leaf));
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
                stored.map_or(0, |(_, numbers)| numbers[run])
            }
            Some(new) => self.new.repetition(self.added[new], name),
        }
    }

    fn parameters(&self) -> Vec<ParameterInfo> {
        let mut infos = declared_parameters::<P>();
        for info in &mut infos {
            // A column goes on under the name that the file knows it by.
            let first = info.stored().swap_remove(0);
            if let Some(stored) = self.known.header.schema.parameter(&first) {
                let inside = first.leaf.name.len() - info.name.len();
                info.name = stored.leaf.name[..stored.leaf.name.len() - inside].into();
            }
        }
        infos
    }
}
