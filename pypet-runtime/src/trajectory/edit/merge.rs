//! Joining trajectories of one parameter space.
//!
//! The sources are put into an order of their own and the runs into that of their points, so the order in which the
//! files are given does not matter, and neither does giving one twice.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::arrays::SharedArrays;
use super::copy::{Blueprint, check_name, header_axes, origin, plan_coordinates, repetition_leaf};
use super::join::{join_comments, join_config, join_edits};
use super::sources::{Origin, Pick, Runs, Source, Strand, zero};
use crate::error::Result;
use crate::explore::lattice::{compare, push_key};
use crate::run::RunStatus;
use crate::schema::{Leaf, Schema};
use crate::storage::hdf5::{Hdf5Writer, NameChoice};
use crate::storage::{Header, Plan, PlanAxis, PlannedLeaf, State};
use crate::value::{Cells, ElementType};

/// How trajectories are joined.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct MergeOptions {
    /// The name of the joined trajectory; that of the oldest source by default.
    pub name: Option<String>,
    /// What happens where a run is there twice with different results.
    pub agreement: Agreement,
    /// Keeps all runs of one point, and numbers them anew in this coordinate: a repetition or a whole-number parameter.
    pub trial: Option<String>,
}

/// What happens where the same run is there twice with different results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Agreement {
    /// It is an error.
    #[default]
    Required,
    /// The first of the files in the order given wins.
    First,
    /// The last wins.
    Last,
}

/// What came of joining.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The name of the joined trajectory.
    pub name: String,
    /// Its number of runs.
    pub n_runs: usize,
    /// How many runs were there more than once and are no more.
    pub n_duplicates: usize,
    /// Shared arrays that could not become one with that of an older file.
    pub apart: Vec<KeptApart>,
}

/// An array that runs have written together and that keeps a place of its own: it has another shape than those of older
/// files, or the same elements were written in two files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptApart {
    /// The file that it comes from.
    pub file: PathBuf,
    /// Its full name there.
    pub name: String,
    /// Its full name in the joined trajectory.
    pub new_name: String,
}

/// Why trajectories cannot be joined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Nothing to join.
    #[error("there is nothing to join; name at least one file")]
    NoInput,
    /// A file that is read cannot be written.
    #[error("`{}` is one of the files to be joined; write the result to another file", file.display())]
    OutputIsInput {
        /// The file.
        file: PathBuf,
    },
    /// Different experiments.
    #[error("`{}` is of the experiment `{expected}` but `{}` of `{found}`; only runs of one experiment are joined", first.display(), other.display())]
    Experiments {
        /// One file.
        first: PathBuf,
        /// Its experiment.
        expected: String,
        /// Another file.
        other: PathBuf,
        /// Its experiment.
        found: String,
    },
    /// Different parameters or results.
    #[error("`{}` and `{}` cannot be joined:\n{}", first.display(), other.display(), lines(.differences))]
    Schemas {
        /// One file.
        first: PathBuf,
        /// Another file.
        other: PathBuf,
        /// All differences.
        differences: Vec<String>,
    },
    /// One run with two results.
    #[error(
        "run {run} of `{}` and run {other_run} of `{}` are at the same point but differ in `{result}`; \
         say which file wins, or number the runs anew as trials", file.display(), other.display()
    )]
    Disagreement {
        /// One file.
        file: PathBuf,
        /// The run there.
        run: usize,
        /// Another file.
        other: PathBuf,
        /// The run there.
        other_run: usize,
        /// The result.
        result: String,
    },
    /// A trial that is no coordinate of whole numbers.
    #[error(
        "`{name}` cannot number trials: it is `{found}`; name a repetition, or a parameter of type `i32`, `i64`, `u32` or `u64`"
    )]
    Trial {
        /// The name given.
        name: String,
        /// What it is.
        found: String,
    },
}

fn lines(differences: &[String]) -> String {
    differences.iter().map(|difference| format!("  - {difference}")).collect::<Vec<_>>().join("\n")
}

/// Joins the newest trajectories of several files to one in another file.
///
/// The joined trajectory has all runs, in the order of their points. Runs at one point, and of one repetition, are one
/// run if their results are the same; a run that is done goes before one that failed, and that before one that is
/// pending. What differs between the files without being explored is explored then. Comments, annotations, links and
/// config of all files are kept. Arrays that runs have written together become one where each run has the row of its own
/// index, which follows its run, or where they are of one shape and no element was written in two files; all others stay
/// apart, as `map` and `map_2`. The order of the files does not matter, and neither does naming one twice. A file that
/// is written to may exist already; then it gets a further trajectory.
///
/// # Errors
/// The files are of different experiments or schemas, runs at one point disagree, or a file cannot be read or written;
/// then nothing is written.
pub fn merge<I: AsRef<Path>>(
    out: impl AsRef<Path>,
    inputs: impl IntoIterator<Item = I>,
    options: &MergeOptions,
) -> Result<Merged> {
    let out = out.as_ref();
    let mut sources = Vec::new();
    for (given, input) in inputs.into_iter().enumerate() {
        let input = input.as_ref();
        let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if same(input, out) {
            return Err(MergeError::OutputIsInput { file: out.into() }.into());
        }
        let source = Source::open(input, None)?;
        let age = source.age()?;
        sources.push((given, source, age));
    }
    sources.sort_by(|(.., a), (.., b)| a.cmp(b));
    let (given, sources): (Vec<usize>, Vec<Source>) =
        sources.into_iter().map(|(given, source, _)| (given, source)).unzip();
    let first = sources.first().ok_or(MergeError::NoInput)?;
    for other in &sources[1..] {
        check_alike(first, other)?;
    }
    let name = options.name.clone().unwrap_or_else(|| first.any.header().name.clone());
    check_name(&name)?;

    let table = Table::new(&sources, options.trial.as_deref())?;
    let chosen = table.choose(&given, options.agreement)?;
    let n_duplicates = table.n_runs() - chosen.len();
    let mut writer = Hdf5Writer::create(out, &NameChoice { name, add_time: false, overwrite: false })?;
    let name = writer.name().to_owned();
    let blueprint = table.blueprint(&chosen, &name)?;
    let is_tried = |run: &Chosen| table.status(run.row) != RunStatus::Pending;
    let state = if chosen.iter().all(is_tried) { State::Finished } else { State::Stopped };
    blueprint.write(&sources, &mut writer, state)?;
    let dotted = |path: &str| path.replace('/', ".");
    let apart = blueprint.arrays.apart.iter().map(|(source, from, to)| {
        let file = sources[*source].file.clone();
        KeptApart { file, name: dotted(from), new_name: dotted(to) }
    });
    Ok(Merged { name, n_runs: chosen.len(), n_duplicates, apart: apart.collect() })
}

fn check_alike(first: &Source, other: &Source) -> Result<()> {
    let (a, b) = (first.any.header(), other.any.header());
    let (first, other) = (first.file.clone(), other.file.clone());
    if a.experiment != b.experiment {
        let (expected, found) = (a.experiment.clone(), b.experiment.clone());
        return Err(MergeError::Experiments { first, expected, other, found }.into());
    }
    let differences = differences(&a.schema, &b.schema);
    if differences.is_empty() { Ok(()) } else { Err(MergeError::Schemas { first, other, differences }.into()) }
}

/// What two schemas disagree about; comments may differ.
fn differences(a: &Schema, b: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    let parameters = |schema: &Schema| schema.parameters.iter().map(|p| p.leaf.clone()).collect::<Vec<_>>();
    let kinds = [("parameter", parameters(a), parameters(b)), ("result", a.results.clone(), b.results.clone())];
    for (kind, a, b) in kinds {
        for leaf in &a {
            match b.iter().find(|other| other.name == leaf.name) {
                None => found.push(format!("only the first has the {kind} `{}`", leaf.name)),
                Some(other) if !same_type(leaf, other) => found.push(format!(
                    "the {kind} `{}` is `{}` in the first but `{}` in the second",
                    leaf.name, leaf.value_type, other.value_type
                )),
                Some(other) if leaf.has_other_unit(other) => found.push(format!(
                    "the {kind} `{}` is in `{}` in the first but in `{}` in the second",
                    leaf.name, leaf.unit, other.unit
                )),
                Some(_) => {}
            }
        }
        let is_new = |leaf: &&Leaf| !a.iter().any(|other| other.name == leaf.name);
        found.extend(b.iter().filter(is_new).map(|leaf| format!("only the second has the {kind} `{}`", leaf.name)));
    }
    found
}

fn same_type(a: &Leaf, b: &Leaf) -> bool {
    a.value_type.element == b.value_type.element && a.value_type.shape == b.value_type.shape
}

/// All runs of all sources with what tells them apart; a row is a run.
struct Table<'a> {
    sources: &'a [Source],
    /// Where the runs of each source begin.
    starts: Vec<usize>,
    strands: Vec<Strand>,
    /// The values of each strand in all rows.
    columns: Vec<Cells>,
    /// Which strand numbers trials anew.
    trial: Option<usize>,
}

/// A run of the joined trajectory.
#[derive(Debug, Clone, Copy)]
struct Chosen {
    row: usize,
    /// How many runs of its source before it are at the same point; the new number of its trial.
    occurrence: usize,
}

impl<'a> Table<'a> {
    fn new(sources: &'a [Source], trial: Option<&str>) -> Result<Self> {
        let mut starts = vec![0];
        for source in sources {
            starts.push(starts[starts.len() - 1] + source.statuses.len());
        }
        let mut strands = explored(sources)?;
        if let Some(name) = trial
            && !strands.iter().any(|strand| strand.leaf.name == name)
        {
            let origins = sources.iter().map(|_| Origin::Constant(zero())).collect();
            strands.push(Strand { path: format!("explored/{name}"), leaf: repetition_leaf(name), origins });
        }
        let mut columns = Vec::new();
        for strand in &strands {
            let mut column = Cells::of(&strand.leaf.value_type);
            for (source, of_source) in sources.iter().enumerate() {
                let rows = strand.rows(sources, source, 0..of_source.statuses.len())?;
                rows.iter().for_each(|cell| column.push_cell(&cell));
            }
            columns.push(column);
        }
        let trial = trial.and_then(|name| strands.iter().position(|strand| strand.leaf.name == name));
        if let Some(trial) = trial {
            use ElementType::{I32, I64, U32, U64};
            let leaf = &strands[trial].leaf;
            if !leaf.value_type.is_scalar() || !matches!(leaf.value_type.element, I32 | I64 | U32 | U64) {
                let (name, found) = (leaf.name.clone(), leaf.value_type.to_string());
                return Err(MergeError::Trial { name, found }.into());
            }
        }
        Ok(Self { sources, starts, strands, columns, trial })
    }

    fn n_runs(&self) -> usize {
        self.starts[self.sources.len()]
    }

    fn pick(&self, row: usize) -> Pick {
        let source = self.starts.partition_point(|&start| start <= row) - 1;
        Pick { source, run: row - self.starts[source] }
    }

    fn status(&self, row: usize) -> RunStatus {
        let pick = self.pick(row);
        self.sources[pick.source].statuses[pick.run]
    }

    /// The bytes that tell the point of a row from all others, the trial left out.
    fn key(&self, row: usize) -> Vec<u8> {
        let mut key = Vec::new();
        let columns = self.columns.iter().enumerate().filter(|(strand, _)| Some(*strand) != self.trial);
        columns.for_each(|(_, column)| push_key(&column.cell(row), &mut key));
        key
    }

    /// The runs of the joined trajectory in their order.
    fn choose(&self, given: &[usize], agreement: Agreement) -> Result<Vec<Chosen>> {
        let results = self.results();
        let mut chosen: Vec<Chosen> = Vec::new();
        let mut positions: HashMap<(Vec<u8>, usize), usize> = HashMap::new();
        let mut occurrences: HashMap<(Vec<u8>, usize), usize> = HashMap::new();
        for row in 0..self.n_runs() {
            let key = self.key(row);
            // As trials, all sources count together; else a source may have a point more than once.
            let counter = if self.trial.is_some() { 0 } else { self.pick(row).source };
            let count = occurrences.entry((key.clone(), counter)).or_insert(0);
            let occurrence = std::mem::replace(count, *count + 1);
            match positions.entry((key, occurrence)) {
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(chosen.len());
                    chosen.push(Chosen { row, occurrence });
                }
                std::collections::hash_map::Entry::Occupied(taken) => {
                    let held = &mut chosen[*taken.get()];
                    if self.goes_before(row, held.row, given, agreement, &results)? {
                        held.row = row;
                    }
                }
            }
        }
        chosen.sort_by(|a, b| self.compare(a, b));
        Ok(chosen)
    }

    /// Whether a run takes the place of another one at the same point.
    fn goes_before(
        &self,
        row: usize,
        held: usize,
        given: &[usize],
        agreement: Agreement,
        results: &[Strand],
    ) -> Result<bool> {
        let (new, old) = (self.status(row), self.status(held));
        if new != RunStatus::Done || old != RunStatus::Done {
            return Ok(rank(new) > rank(old));
        }
        let (new, old) = (self.pick(row), self.pick(held));
        let Some(result) = self.first_difference(new, old, results)? else { return Ok(false) };
        match agreement {
            Agreement::First => Ok(given[new.source] < given[old.source]),
            Agreement::Last => Ok(given[new.source] > given[old.source]),
            Agreement::Required => {
                let file = |pick: Pick| self.sources[pick.source].file.clone();
                let (file, other) = (file(old), file(new));
                Err(MergeError::Disagreement { file, run: old.run, other, other_run: new.run, result }.into())
            }
        }
    }

    /// The first result that two runs disagree about.
    fn first_difference(&self, a: Pick, b: Pick, results: &[Strand]) -> Result<Option<String>> {
        for strand in results {
            let read = |pick: Pick| strand.rows(self.sources, pick.source, pick.run..pick.run + 1);
            let (mut of_a, mut of_b) = (read(a)?, read(b)?);
            // A result that no run of a file added is as one that this run did not add.
            let is_absent = |pick: Pick| matches!(strand.origins[pick.source], Origin::Absent);
            let fill_for = |other: &Cells| {
                let mut fill = Cells::of(&strand.leaf.value_type);
                fill.push_fill(other.cell(0).shape());
                fill
            };
            if is_absent(a) {
                of_a = fill_for(&of_b);
            } else if is_absent(b) {
                of_b = fill_for(&of_a);
            }
            if of_a != of_b {
                return Ok(Some(strand.leaf.name.clone()));
            }
        }
        Ok(None)
    }

    fn results(&self) -> Vec<Strand> {
        let mut found: Vec<Strand> = Vec::new();
        for (path, leaf) in self.sources.iter().flat_map(|source| source.columns("results")) {
            if !found.iter().any(|strand| strand.path == path) {
                found.push(Strand::new(path, leaf, self.sources));
            }
        }
        found
    }

    fn compare(&self, a: &Chosen, b: &Chosen) -> Ordering {
        let columns = self.columns.iter().enumerate().filter(|(strand, _)| Some(*strand) != self.trial);
        let orders = columns.map(|(_, column)| compare(&column.cell(a.row), &column.cell(b.row)));
        let order = orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
        order.then(a.occurrence.cmp(&b.occurrence))
    }

    /// The coordinates of the chosen runs.
    fn coordinates(&self, chosen: &[Chosen]) -> Vec<Cells> {
        let column = |(strand, column): (usize, &Cells)| {
            let mut cells = Cells::new(column.element(), column.rank());
            for run in chosen {
                if Some(strand) == self.trial {
                    push_whole(&mut cells, run.occurrence);
                } else {
                    cells.push_cell(&column.cell(run.row));
                }
            }
            cells
        };
        self.columns.iter().enumerate().map(column).collect()
    }

    fn blueprint(&self, chosen: &[Chosen], name: &str) -> Result<Blueprint> {
        let sources = self.sources;
        let first = sources[0].any.header();
        let explored = self.coordinates(chosen);
        let names: Vec<&str> = self.strands.iter().map(|strand| strand.leaf.name.as_str()).collect();
        let mut values = Vec::new();
        for (path, leaf, value) in sources[0].values("parameters")? {
            let explored = Some(names.contains(&leaf.name.as_str()));
            values.push(PlannedLeaf { path, leaf, value, explored });
        }
        let mut strands: Vec<Strand> = self.strands.iter().map(Strand::unread).collect();
        for parameter in first.schema.parameters.iter().filter(|parameter| parameter.derived) {
            let path = format!("derived_parameters/{}", parameter.leaf.name.replace('.', "/"));
            if let Some((leaf, value)) = same_value(&path, sources)? {
                values.push(PlannedLeaf { path, leaf, value, explored: None });
                continue;
            }
            let origins: Result<Vec<Origin>> = sources.iter().map(|s| origin(s, &path, &path)).collect();
            strands.push(Strand { path, leaf: parameter.leaf.clone(), origins: origins? });
        }
        let (config, moved) = join_config(sources)?;
        values.extend(config);
        let coordinates = plan_coordinates(&strands, &first.schema.results);
        let (axes, order) = PlanAxis::of_columns(&explored, &coordinates);
        let header = Header {
            name: name.into(),
            experiment: first.experiment.clone(),
            comment: join_comments(sources),
            created: first.created.clone(),
            n_runs: chosen.len(),
            // Where the sources have others, their config says which.
            seed: first.seed,
            schema: first.schema.clone(),
            state: State::Running,
            axes: header_axes(axes.as_ref()),
        };
        let runs = Runs::Picked(chosen.iter().map(|run| self.pick(run.row)).collect());
        let arrays = SharedArrays::of(sources, &runs)?;
        Ok(Blueprint {
            plan: Plan { header, values, coordinates, axes, groups: Vec::new() },
            coordinates: strands,
            computed: explored,
            order,
            runs,
            edits: join_edits(sources, &moved, &arrays)?,
            arrays,
        })
    }
}

/// A run that is done goes before one that failed, and that before one that was not tried.
fn rank(status: RunStatus) -> u8 {
    match status {
        RunStatus::Done => 3,
        RunStatus::Failed | RunStatus::TimedOut => 2,
        RunStatus::Cancelled => 1,
        RunStatus::Pending => 0,
    }
}

fn push_whole(cells: &mut Cells, number: usize) {
    let fits = "a trial fits where runs can be counted";
    match cells.element() {
        ElementType::I32 => cells.push_number(i32::try_from(number).expect(fits)),
        ElementType::U32 => cells.push_number(u32::try_from(number).expect(fits)),
        ElementType::I64 => cells.push_number(i64::try_from(number).expect(fits)),
        _ => cells.push_number(number as u64),
    }
}

/// The value at a path if all sources have the same one.
fn same_value(path: &str, sources: &[Source]) -> Result<Option<(Leaf, Cells)>> {
    let Some(first) = sources[0].value(path)? else { return Ok(None) };
    for other in &sources[1..] {
        if other.value(path)?.is_none_or(|(_, value)| value != first.1) {
            return Ok(None);
        }
    }
    Ok(Some(first))
}

/// What tells the runs apart: explored by any source, or different between them.
fn explored(sources: &[Source]) -> Result<Vec<Strand>> {
    let names = |source: &Source| source.columns("explored").map(|(_, leaf)| leaf.name.clone()).collect::<Vec<_>>();
    let schema = &sources[0].any.header().schema;
    let value_path = |name: &str| format!("parameters/{}", name.replace('.', "/"));
    let mut found = names(&sources[0]);
    let mut agree = true;
    for source in &sources[1..] {
        let others = names(source);
        agree &= others == found;
        found.extend(others.into_iter().filter(|name| !found.contains(name)).collect::<Vec<_>>());
    }
    for parameter in schema.parameters.iter().filter(|parameter| !parameter.derived) {
        let name = &parameter.leaf.name;
        if !found.contains(name) && same_value(&value_path(name), sources)?.is_none() {
            agree = false;
            found.push(name.clone());
        }
    }
    let position = |name: &str| schema.parameters.iter().position(|parameter| parameter.leaf.name == name);
    if !agree {
        // Any order would do; this one does not depend on the order of the sources.
        found.sort_by_key(|name| (position(name).unwrap_or(usize::MAX), name.clone()));
    }
    let strand = |name: String| {
        let path = format!("explored/{name}");
        let leaf = position(&name).map(|position| schema.parameters[position].leaf.clone());
        let is_parameter = leaf.is_some();
        let mut origins = Vec::new();
        for source in sources {
            origins.push(match origin(source, &path, &value_path(&name))? {
                Origin::Absent if !is_parameter => Origin::Constant(zero()),
                other => other,
            });
        }
        let stored = || sources.iter().find_map(|source| source.columns("explored").find(|(p, _)| *p == path));
        let leaf = leaf.or_else(|| stored().map(|(_, leaf)| leaf.clone())).unwrap_or_else(|| repetition_leaf(&name));
        Ok(Strand { path, leaf, origins })
    };
    found.into_iter().map(strand).collect()
}
