//! What is known before the first run.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use super::Options;
use crate::engine::Engine;
use crate::experiment::Experiment;
use crate::explore::{Explored, GridAxis, GridCoordinate, Points};
use crate::parameter::{self, AxisValues, ParameterInfo, ParameterSet, declared_parameters, one_cell};
use crate::provenance::Origin;
use crate::result::{DeclaredGroup, DeclaredResults, declared};
use crate::schema::{Leaf, Schema};
use crate::storage::{AxisCells, Coordinate, Header, Plan, PlanAxis, PlannedGroup, PlannedLeaf, State};
use crate::trajectory::Stored;
use crate::value::{Cells, ElementType, ResultValue};

/// What a study is about.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) comment: &'a str,
    /// Where it is declared: file, line and column.
    pub(super) place: &'a str,
    pub(super) results: Vec<Leaf>,
    /// The groups among the results.
    pub(super) groups: Vec<DeclaredGroup>,
    pub(super) origin: Origin,
}

impl Subject<'static> {
    pub(super) fn of<E: Experiment>(origin: Origin) -> Self {
        let DeclaredResults { leaves: results, groups } = declared::<E::Results>(E::RESULT, E::COMMENT);
        Self { name: E::NAME, comment: E::COMMENT, place: E::PLACE, results, groups, origin }
    }
}

impl Subject<'_> {
    /// The same, with results that go on under the names by which a trajectory knows them.
    pub(super) fn known_to<P: ParameterSet>(mut self, stored: &Stored<P>) -> Self {
        self.results.clone_from(&stored.schema().results);
        stored.name_groups(&mut self.groups);
        self
    }
}

/// Points in the order of their runs.
pub(super) trait PointList<P> {
    /// How many there are.
    fn n_points(&self) -> usize;
    /// The values of the parameters that are not explored.
    fn presets(&self) -> &P;
    /// What is explored, each once.
    fn explored(&self) -> &[Explored];
    /// Turns any other point into this one.
    fn move_to(&self, index: usize, point: &mut P);
    /// Which repetition a point is, 0 if it is not repeated.
    fn repetition(&self, index: usize, name: &str) -> usize;
    /// All parameters, under the names that they are stored by.
    fn parameters(&self) -> Vec<ParameterInfo>;
    /// The axes if the points are known to form a grid in their order.
    fn axes(&self) -> Option<&[GridAxis]> {
        None
    }
}

impl<P: ParameterSet> PointList<P> for Points<P> {
    fn n_points(&self) -> usize {
        self.len()
    }

    fn presets(&self) -> &P {
        self.presets()
    }

    fn explored(&self) -> &[Explored] {
        self.explored()
    }

    fn move_to(&self, index: usize, point: &mut P) {
        self.move_to(index, point);
    }

    fn repetition(&self, index: usize, name: &str) -> usize {
        self.repetition(index, name)
    }

    fn parameters(&self) -> Vec<ParameterInfo> {
        declared_parameters::<P>()
    }

    fn axes(&self) -> Option<&[GridAxis]> {
        self.axes()
    }
}

/// The plan of a study, and what each of its coordinates is.
pub(super) struct Planned {
    pub(super) plan: Plan,
    infos: Vec<ParameterInfo>,
    sources: Vec<Source>,
}

/// Where the values of a coordinate come from.
#[derive(Debug, Clone)]
enum Source {
    Leaf(usize),
    /// The member with this number of a parameter that is a group.
    Member(usize, usize),
    Repetition(String),
}

impl Planned {
    pub(super) fn new<P: ParameterSet>(
        points: &impl PointList<P>,
        subject: &Subject<'_>,
        name: &str,
        options: &Options,
        engine: &dyn Engine,
    ) -> Self {
        let (infos, groups) = (points.parameters(), parameter::declared::<P>().1);
        let labels = Labels::new(&infos, points.explored(), &subject.results);
        let explored: Vec<usize> = points
            .explored()
            .iter()
            .filter_map(|explored| match explored {
                Explored::Parameter(leaf) => Some(*leaf),
                Explored::Repetition(_) => None,
            })
            .collect();
        let varying = varying_derived(points, &infos);

        let mut coordinates = Vec::new();
        let mut sources = Vec::new();
        for explored in points.explored() {
            for (source, coordinate) in labels.coordinates(explored, &infos) {
                coordinates.push(coordinate);
                sources.push(source);
            }
        }
        let mut values = Vec::new();
        for (leaf, info) in infos.iter().enumerate() {
            let branch = if info.derived { "derived_parameters" } else { "parameters" };
            let path = |stored: &Leaf| format!("{branch}/{}", stored.name.replace('.', "/"));
            if varying.contains(&leaf) {
                for (source, stored) in sources_of(leaf, info) {
                    let (path, label) = (path(&stored), stored.name.clone());
                    coordinates.push(Coordinate { path, label, leaf: stored, explored: false });
                    sources.push(source);
                }
                continue;
            }
            let value = one_cell(points.presets().leaf(leaf));
            let explored = (!info.derived).then(|| explored.contains(&leaf));
            for ((_, stored), value) in sources_of(leaf, info).into_iter().zip(info.split(value)) {
                values.push(PlannedLeaf { path: path(&stored), leaf: stored, value, explored });
            }
        }
        values.extend(config(options, engine));
        values.extend_from_slice(subject.origin.values());

        let axes: Option<Vec<PlanAxis>> =
            points.axes().map(|axes| axes.iter().map(|axis| labels.axis(axis, &infos)).collect());
        let header = Header {
            name: name.into(),
            experiment: subject.name.into(),
            comment: if options.comment.is_empty() { subject.comment.into() } else { options.comment.clone() },
            created: Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string(),
            n_runs: points.n_points(),
            seed: options.seed.unwrap_or_default(),
            schema: Schema::of(&infos, subject.results.clone()),
            state: State::Running,
            axes: axes.as_ref().map(|axes| axes.iter().map(PlanAxis::header).collect()),
        };
        let of_parameters = ["parameters", "derived_parameters"].map(|branch| PlannedGroup::of(branch, &groups));
        let of_results = PlannedGroup::of("results", &subject.groups);
        let groups = of_parameters.into_iter().flatten().chain(of_results).collect();
        Self { plan: Plan { header, values, coordinates, axes, groups }, infos, sources }
    }

    /// The values of all coordinates for a range of runs.
    pub(super) fn columns<P: ParameterSet>(&self, points: &impl PointList<P>, runs: Range<usize>) -> Vec<Cells> {
        let coordinates = &self.plan.coordinates;
        let mut columns: Vec<Cells> = coordinates.iter().map(|c| Cells::of(&c.leaf.value_type)).collect();
        let mut point = points.presets().clone();
        for run in runs {
            points.move_to(run, &mut point);
            for (source, cells) in self.sources.iter().zip(&mut columns) {
                match source {
                    Source::Leaf(leaf) => point.leaf(*leaf).write_cell(cells),
                    Source::Member(leaf, member) => {
                        let members = self.infos[*leaf].split(one_cell(point.leaf(*leaf)));
                        members[*member].refusal().into_iter().for_each(|problem| cells.refuse(problem));
                        cells.append(&members[*member]);
                    }
                    Source::Repetition(name) => cells.push_number(points.repetition(run, name) as u64),
                }
            }
        }
        columns
    }
}

/// Names in `by_run` and `grid`: the short one where it is unique, else the full one.
struct Labels {
    uses: HashMap<String, usize>,
}

impl Labels {
    fn new(infos: &[ParameterInfo], explored: &[Explored], results: &[Leaf]) -> Self {
        let mut uses = HashMap::from([("run".to_owned(), 1)]);
        let mut count = |name: &str| *uses.entry(name.to_owned()).or_insert(0) += 1;
        for explored in explored {
            match explored {
                Explored::Parameter(leaf) => count(infos[*leaf].short_name()),
                Explored::Repetition(name) => count(name),
            }
        }
        for leaf in results {
            count(&leaf.name);
        }
        Self { uses }
    }

    fn label(&self, info: &ParameterInfo) -> String {
        let short = info.short_name();
        if self.uses.get(short).is_some_and(|&uses| uses > 1) { info.name.clone() } else { short.into() }
    }

    /// The column of an explored parameter or repetition, or the columns of a group's members.
    fn coordinates(&self, explored: &Explored, infos: &[ParameterInfo]) -> Vec<(Source, Coordinate)> {
        let coordinate = |label: String, leaf: Leaf| {
            let path = format!("explored/{}", leaf.name);
            Coordinate { path, label, leaf, explored: true }
        };
        match explored {
            Explored::Parameter(leaf) => {
                let info = &infos[*leaf];
                let inside = |stored: &Leaf| format!("{}{}", self.label(info), &stored.name[info.name.len()..]);
                let stored = sources_of(*leaf, info).into_iter();
                stored.map(|(source, stored)| (source, coordinate(inside(&stored), stored))).collect()
            }
            Explored::Repetition(name) => {
                let leaf = Leaf::new(name, u64::value_type()).with_comment("number of the repetition");
                vec![(Source::Repetition(name.clone()), coordinate(name.clone(), leaf))]
            }
        }
    }

    fn axis(&self, axis: &GridAxis, infos: &[ParameterInfo]) -> PlanAxis {
        let coordinates = axis.coordinates.iter().flat_map(|coordinate| {
            let (explored, columns) = match coordinate {
                GridCoordinate::Parameter(leaf, values) => {
                    (Explored::Parameter(*leaf), parameter_cells(&infos[*leaf], values))
                }
                GridCoordinate::Repetition(name) => {
                    let cells = AxisCells::new(|points| {
                        let mut cells = Cells::new(ElementType::U64, 0);
                        points.for_each(|point| cells.push_number(point as u64));
                        cells
                    });
                    (Explored::Repetition(name.clone()), vec![cells])
                }
            };
            let coordinates = self.coordinates(&explored, infos).into_iter().map(|(_, coordinate)| coordinate);
            coordinates.zip(columns).collect::<Vec<_>>()
        });
        PlanAxis { len: axis.len, coordinates: coordinates.collect() }
    }
}

/// The columns of a parameter's values along an axis: one, or one for each member.
fn parameter_cells(info: &ParameterInfo, values: &Arc<dyn AxisValues>) -> Vec<AxisCells> {
    let member_cells = |member: usize| {
        let (info, values) = (info.clone(), values.clone());
        AxisCells::new(move |points| {
            let mut cells = Cells::of(&info.value_type);
            values.write(points, &mut cells);
            info.split(cells).swap_remove(member)
        })
    };
    (0..info.stored().len()).map(member_cells).collect()
}

/// What a parameter is in a file, and where the values come from.
fn sources_of(leaf: usize, info: &ParameterInfo) -> Vec<(Source, Leaf)> {
    let source = |member| if info.members.is_empty() { Source::Leaf(leaf) } else { Source::Member(leaf, member) };
    info.stored().into_iter().enumerate().map(|(member, stored)| (source(member), stored.leaf)).collect()
}

/// The derived parameters that are not the same in every run.
fn varying_derived<P: ParameterSet>(points: &impl PointList<P>, infos: &[ParameterInfo]) -> Vec<usize> {
    let mut constant: Vec<(usize, Cells)> = (0..infos.len())
        .filter(|&leaf| infos[leaf].derived)
        .map(|leaf| (leaf, one_cell(points.presets().leaf(leaf))))
        .collect();
    let mut varying = Vec::new();
    let mut point = points.presets().clone();
    for run in 0..points.n_points() {
        if constant.is_empty() {
            break;
        }
        points.move_to(run, &mut point);
        constant.retain(|(leaf, preset)| {
            let same = one_cell(point.leaf(*leaf)) == *preset;
            if !same {
                varying.push(*leaf);
            }
            same
        });
    }
    varying.sort_unstable();
    varying
}

/// How the study is carried out, as it stands below `config`.
pub(super) fn config(options: &Options, engine: &dyn Engine) -> Vec<PlannedLeaf> {
    fn entry<V: ResultValue>(name: &str, value: &V, comment: &str) -> PlannedLeaf {
        PlannedLeaf::new(format!("config/environment/{name}"), value, comment)
    }
    fn seconds(name: &str, time: Duration, comment: &str) -> PlannedLeaf {
        let mut entry = entry(name, &time.as_secs_f64(), comment);
        entry.leaf.unit = "s".into();
        entry
    }
    let mut entries = vec![
        entry("engine", &engine.name().to_owned(), "who carries runs out"),
        entry("order", &options.order.word().to_owned(), "which runs come first"),
        entry("n_workers", &engine.n_workers(), "runs that are carried out at once"),
        entry("seed", &options.seed.unwrap_or_default(), "what all random streams begin with"),
        seconds("commit_every", options.commit_every, "longest time that finished runs wait"),
        entry("retries", &options.retries, "how often a failed run is tried again"),
        entry("durability", &options.durability.word().to_owned(), "what commits withstand"),
        entry("compression", &options.compression, "level at which results are compressed"),
    ];
    entries.extend(options.timeout.map(|timeout| seconds("timeout", timeout, "longest time that a run may take")));
    entries
}
