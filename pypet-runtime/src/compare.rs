//! Two trajectories side by side: do they say the same?
//!
//! Points are matched by the values of their explored parameters, whatever their order; where a parameter is explored
//! on one side only, its preset stands for the other. Runs that are done on both sides are compared result by result.
//! What one side has renamed, as its aliases tell, is compared under the name that it has on the first side.
//! How both came about is compared, too, and counts for nothing.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::error::Result;
use crate::provenance::values as environment_values;
use crate::schema::Leaf;
use crate::storage::NodeKind;
use crate::table::{Column, RunTable};
use crate::trajectory::AnyTrajectory;
use crate::value::{Cell, Cells, ElementType};

/// How far two numbers may be apart and still count as equal: `|a − b| ≤ absolute + relative · max(|a|, |b|)`.
///
/// NaN equals NaN.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tolerance {
    /// In the unit of the numbers.
    pub absolute: f64,
    /// As a part of the larger number.
    pub relative: f64,
}

impl Tolerance {
    fn admits(self, a: f64, b: f64) -> bool {
        let apart = (a - b).abs();
        a.to_bits() == b.to_bits()
            || (a.is_nan() && b.is_nan())
            // Written so that NaN on one side and infinities of different signs are never equal.
            || (apart.is_finite() && apart <= self.absolute + self.relative * a.abs().max(b.abs()))
    }
}

/// What is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A parameter or result that is missing on one side, or of another type or unit.
    Schema,
    /// The value of a parameter that is not explored.
    Preset,
    /// A point that only one side visits.
    Point,
    /// A run that has come further on one side.
    Status,
    /// The result of a run.
    Result,
}

impl Kind {
    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Preset => "preset",
            Self::Point => "point",
            Self::Status => "status",
            Self::Result => "result",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What is different.
    pub kind: Kind,
    /// The parameter or result; for points what is explored.
    pub name: String,
    /// The run on each side, where there is one.
    pub runs: [Option<usize>; 2],
    /// The first element that differs, for arrays.
    pub position: Option<Vec<usize>>,
    /// What each side says.
    pub values: [String; 2],
}

/// Something in how the two came about that is not the same: program, machine or environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenanceDifference {
    /// What it is, as `build.commit`; the name of the node below `config`.
    pub name: String,
    /// What each side says, as it was for the last who worked on it; empty where it is not known.
    pub values: [String; 2],
}

/// What came of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// The first differences.
    pub findings: Vec<Finding>,
    /// The number of all differences.
    pub n_different: usize,
    /// Points that both sides visit.
    pub n_matched: usize,
    /// In what the two came about differently; this is no difference in what they say.
    pub provenance: Vec<ProvenanceDifference>,
    most: usize,
}

impl Comparison {
    /// Whether both sides say the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.n_different == 0
    }

    fn add(&mut self, finding: impl FnOnce() -> Finding) {
        self.n_different += 1;
        if self.findings.len() < self.most {
            self.findings.push(finding());
        }
    }
}

/// Compares two trajectories and keeps the first `most` differences.
///
/// # Errors
/// One of them cannot be read.
pub fn compare(a: &AnyTrajectory, b: &AnyTrajectory, tolerance: Tolerance, most: usize) -> Result<Comparison> {
    let mut found = Comparison { most, provenance: provenance(a, b)?, ..Comparison::default() };
    let (a, b) = (RunTable::of(a)?, RunTable::of(b)?);
    a.will_read(a.explored.len() + a.results.len());
    let renamed = Renamed::between(&leaves(&a), &leaves(&b));
    schemas(&a, &b, &renamed, &mut found);
    presets(&a, &b, &renamed, tolerance, &mut found)?;
    let matches = points(&a, &b, &renamed, &mut found)?;
    found.n_matched = matches.len();
    for &(left, right) in &matches {
        let statuses = [a.statuses[left], b.statuses[right]];
        if statuses[0] != statuses[1] {
            found.add(|| Finding {
                kind: Kind::Status,
                name: "status".into(),
                runs: [Some(left), Some(right)],
                position: None,
                values: statuses.map(|status| status.to_string()),
            });
        }
    }
    let done: Vec<(usize, usize)> = matches.into_iter().filter(|&(x, y)| a.is_done(x) && b.is_done(y)).collect();
    for left in &a.results {
        let name = renamed.in_b(Branch::Results, &left.leaf.name);
        let same_name = |right: &&Column| right.leaf.name == name;
        if let Some(right) = b.results.iter().find(same_name).filter(|right| is_same_type(&left.leaf, &right.leaf)) {
            results([&a, &b], [left, right], &done, tolerance, &mut found)?;
        }
    }
    Ok(found)
}

/// In what build, environment, machine and versions differ, as they are in force at the end.
fn provenance(a: &AnyTrajectory, b: &AnyTrajectory) -> Result<Vec<ProvenanceDifference>> {
    let (a, b) = (environment_values(a, usize::MAX)?, environment_values(b, usize::MAX)?);
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let difference = |name: &String| {
        let spell = |cells: Option<&Cells>| cells.map(|cells| spelled(&cells.cell(0))).unwrap_or_default();
        let values = [spell(a.get(name)), spell(b.get(name))];
        (values[0] != values[1]).then(|| ProvenanceDifference { name: name.replace('/', "."), values })
    };
    Ok(names.into_iter().filter_map(difference).collect())
}

fn is_same_type(a: &Leaf, b: &Leaf) -> bool {
    a.value_type.element == b.value_type.element && a.value_type.shape.len() == b.value_type.shape.len()
}

/// Where a name belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Branch {
    Parameters,
    Results,
}

impl Branch {
    fn word(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Results => "results",
        }
    }
}

/// All that a trajectory knows the type of.
fn leaves(table: &RunTable<'_>) -> Vec<(Branch, Leaf)> {
    let parameters = table.trajectory().header().schema.parameters.iter();
    let parameters = parameters.map(|parameter| (Branch::Parameters, parameter.leaf.clone()));
    parameters.chain(table.results.iter().map(|result| (Branch::Results, result.leaf.clone()))).collect()
}

/// What has another name on each side.
struct Renamed(Vec<(Branch, [String; 2])>);

impl Renamed {
    fn between(a: &[(Branch, Leaf)], b: &[(Branch, Leaf)]) -> Self {
        let lacks = |side: &[(Branch, Leaf)], (branch, leaf): &(Branch, Leaf)| {
            !side.iter().any(|(other, same)| (other, &same.name) == (branch, &leaf.name))
        };
        let mut pairs: Vec<(Branch, [String; 2])> = Vec::new();
        for left @ (branch, old) in a.iter().filter(|left| lacks(b, left)) {
            let is_it = |right: &&(Branch, Leaf)| {
                let new = &right.1;
                let is_alias = old.aliases.contains(&new.name) || new.aliases.contains(&old.name);
                let is_taken = || pairs.iter().any(|(other, [_, name])| (*other, name) == (right.0, &new.name));
                is_alias && right.0 == left.0 && lacks(a, right) && !is_taken()
            };
            if let Some((_, new)) = b.iter().find(is_it) {
                pairs.push((*branch, [old.name.clone(), new.name.clone()]));
            }
        }
        Self(pairs)
    }

    /// What the second side calls something.
    fn in_b<'a>(&'a self, branch: Branch, name: &'a str) -> &'a str {
        self.0.iter().find(|(other, [a, _])| *other == branch && a == name).map_or(name, |(_, [_, b])| b)
    }

    /// What the first side calls something.
    fn in_a<'a>(&'a self, branch: Branch, name: &'a str) -> &'a str {
        self.0.iter().find(|(other, [_, b])| *other == branch && b == name).map_or(name, |(_, [a, _])| a)
    }
}

fn schemas(a: &RunTable<'_>, b: &RunTable<'_>, renamed: &Renamed, found: &mut Comparison) {
    let full_names = |side: Vec<(Branch, Leaf)>, name_of: &dyn Fn(Branch, &str) -> String| -> Vec<(String, Leaf)> {
        let full =
            |(branch, leaf): (Branch, Leaf)| (format!("{}.{}", branch.word(), name_of(branch, &leaf.name)), leaf);
        side.into_iter().map(full).collect()
    };
    let a = full_names(leaves(a), &|_, name| name.to_owned());
    let b = full_names(leaves(b), &|branch, name| renamed.in_a(branch, name).to_owned());
    let describe = |leaf: Option<&Leaf>| {
        leaf.map_or_else(|| "missing".into(), |leaf| format!("{} {}", leaf.value_type, leaf.unit).trim().to_owned())
    };
    let mut names: Vec<&String> = a.iter().map(|(name, _)| name).collect();
    names.extend(b.iter().map(|(name, _)| name).filter(|name| !a.iter().any(|(other, _)| other == *name)));
    for name in names {
        let of =
            |leaves: &'_ [(String, Leaf)]| leaves.iter().find(|(other, _)| other == name).map(|(_, leaf)| leaf.clone());
        let (left, right) = (of(&a), of(&b));
        let agree = match (&left, &right) {
            (Some(left), Some(right)) => is_same_type(left, right) && left.unit == right.unit,
            _ => false,
        };
        if !agree {
            found.add(|| Finding {
                kind: Kind::Schema,
                name: name.clone(),
                runs: [None; 2],
                position: None,
                values: [describe(left.as_ref()), describe(right.as_ref())],
            });
        }
    }
}

/// Presets of parameters that neither side explores.
fn presets(
    a: &RunTable<'_>,
    b: &RunTable<'_>,
    renamed: &Renamed,
    tolerance: Tolerance,
    found: &mut Comparison,
) -> Result<()> {
    for node in a.trajectory().nodes() {
        let (NodeKind::Value(leaf), Some(name)) = (&node.kind, node.path.strip_prefix("parameters/")) else { continue };
        let name = name.replace('/', ".");
        let name_in_b = renamed.in_b(Branch::Parameters, &name);
        let is_explored = |table: &RunTable<'_>, name| table.explored.iter().any(|column| column.leaf.name == name);
        let path = format!("parameters/{}", name_in_b.replace('.', "/"));
        let other = b.trajectory().nodes().iter().find(|other| other.path == path);
        let Some(NodeKind::Value(other)) = other.map(|other| &other.kind) else { continue };
        if is_explored(a, name.as_str()) || is_explored(b, name_in_b) || !is_same_type(leaf, other) {
            continue;
        }
        let left = a.trajectory().reader().read(&node.path)?;
        let right = b.trajectory().reader().read(&path)?;
        if let Some(position) = difference(&left.cell(0), &right.cell(0), tolerance) {
            found.add(|| Finding::of_values(Kind::Preset, &name, [None; 2], position, [left.cell(0), right.cell(0)]));
        }
    }
    Ok(())
}

/// The runs of both sides that stand for the same point.
fn points(
    a: &RunTable<'_>,
    b: &RunTable<'_>,
    renamed: &Renamed,
    found: &mut Comparison,
) -> Result<Vec<(usize, usize)>> {
    let mut names: Vec<&str> = a.explored.iter().map(|column| column.leaf.name.as_str()).collect();
    names.extend(
        b.explored
            .iter()
            .map(|column| renamed.in_a(Branch::Parameters, &column.leaf.name))
            .filter(|name| a.explored.iter().all(|other| other.leaf.name != *name)),
    );
    let (left, right) =
        (keys(a, &names, |name| name)?, keys(b, &names, |name| renamed.in_b(Branch::Parameters, name))?);
    if left == right {
        return Ok((0..left.len()).map(|run| (run, run)).collect());
    }
    let mut places: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (run, key) in right.iter().enumerate() {
        places.entry(key).or_default().push_back(run);
    }
    let mut matches = Vec::new();
    let mut lonely: Vec<(usize, usize)> = Vec::new();
    for (run, key) in left.iter().enumerate() {
        // Points that are visited several times are matched in their order.
        match places.get_mut(key.as_str()).and_then(VecDeque::pop_front) {
            Some(other) => matches.push((run, other)),
            None => lonely.push((0, run)),
        }
    }
    let mut rest: Vec<usize> = places.into_values().flatten().collect();
    rest.sort_unstable();
    lonely.extend(rest.into_iter().map(|run| (1, run)));
    for (side, run) in lonely {
        found.add(|| {
            let key = if side == 0 { &left[run] } else { &right[run] };
            let mut runs = [None; 2];
            runs[side] = Some(run);
            let mut values = ["missing".to_owned(), "missing".to_owned()];
            values[side] = key.replace('\n', ", ");
            Finding { kind: Kind::Point, name: names.join(", "), runs, position: None, values }
        });
    }
    Ok(matches)
}

/// The content of each point: what is explored, spelled to the last digit; `own` is what the table calls a parameter.
fn keys<'a>(table: &RunTable<'_>, names: &[&'a str], own: impl Fn(&'a str) -> &'a str) -> Result<Vec<String>> {
    let mut keys = vec![String::new(); table.len()];
    for name in names {
        let mut append = |run: usize, cell: &Cell<'_>| {
            if !keys[run].is_empty() {
                keys[run].push('\n');
            }
            keys[run].push_str(name);
            keys[run].push_str(" = ");
            keys[run].push_str(&spelled(cell));
        };
        if let Some(column) = table.explored.iter().find(|column| column.leaf.name == own(name)) {
            let cells = table.cells(column, 0..table.len())?;
            cells.iter().enumerate().for_each(|(run, cell)| append(run, &cell));
        } else {
            let path = format!("parameters/{}", own(name).replace('.', "/"));
            // What one side repeats and the other does not know has no value there.
            let preset =
                table.trajectory().reader().read(&path).unwrap_or_else(|_| Cells::from_text(&[], 1, ["none".into()]));
            (0..table.len()).for_each(|run| append(run, &preset.cell(0)));
        }
    }
    Ok(keys)
}

fn results(
    tables: [&RunTable<'_>; 2],
    columns: [&Column; 2],
    runs: &[(usize, usize)],
    tolerance: Tolerance,
    found: &mut Comparison,
) -> Result<()> {
    for stretch in tables[0].stretches(columns[0]) {
        let from = runs.partition_point(|&(left, _)| left < stretch.start);
        let to = runs.partition_point(|&(left, _)| left < stretch.end);
        let runs = &runs[from..to];
        let left_cells = tables[0].cells(columns[0], stretch.clone())?;
        // The other side's runs mostly lie together, too; where they do not, they are read one by one.
        let first = runs.iter().map(|&(_, right)| right).min().unwrap_or(0);
        let end = runs.iter().map(|&(_, right)| right + 1).max().unwrap_or(0);
        let together =
            if end - first <= 2 * stretch.len() { Some(tables[1].cells(columns[1], first..end)?) } else { None };
        for &(left, right) in runs {
            let alone;
            let right_cell = if let Some(cells) = &together {
                cells.cell(right - first)
            } else {
                alone = tables[1].cells(columns[1], right..right + 1)?;
                alone.cell(0)
            };
            let left_cell = left_cells.cell(left - stretch.start);
            if let Some(position) = difference(&left_cell, &right_cell, tolerance) {
                let name = &columns[0].leaf.name;
                let runs = [Some(left), Some(right)];
                found.add(|| Finding::of_values(Kind::Result, name, runs, position, [left_cell, right_cell]));
            }
        }
    }
    Ok(())
}

impl Finding {
    fn of_values(kind: Kind, name: &str, runs: [Option<usize>; 2], difference: Differs, cells: [Cell<'_>; 2]) -> Self {
        let (position, values) = match difference {
            Differs::Shape => (None, cells.map(|cell| format!("an array of shape {:?}", cell.shape()))),
            Differs::At(_) if cells[0].shape().is_empty() => (None, cells.map(|cell| spelled(&cell))),
            Differs::At(flat) => {
                let mut rest = flat;
                let mut position = vec![0; cells[0].shape().len()];
                for (place, &length) in position.iter_mut().zip(cells[0].shape()).rev() {
                    *place = rest % length;
                    rest /= length;
                }
                let element = |cell: Cell<'_>| cell.spellings(flat + 1).pop().unwrap_or_default();
                (Some(position), cells.map(element))
            }
        };
        Self { kind, name: name.into(), runs, position, values }
    }
}

/// In what two values differ.
#[derive(Clone, Copy)]
enum Differs {
    Shape,
    /// The number of the first element that differs.
    At(usize),
}

fn difference(a: &Cell<'_>, b: &Cell<'_>, tolerance: Tolerance) -> Option<Differs> {
    if a.shape() != b.shape() {
        return Some(Differs::Shape);
    }
    if a.element() == ElementType::Text {
        return a.strings().zip(b.strings()).position(|(a, b)| a != b).map(Differs::At);
    }
    if a.bytes() == b.bytes() {
        return None;
    }
    let is_exact = tolerance.absolute == 0.0 && tolerance.relative == 0.0;
    let is_float = matches!(a.element(), ElementType::F32 | ElementType::F64);
    let (left, right) = (a.to_f64s(), b.to_f64s());
    if left.is_empty() || (is_exact && !is_float) {
        // A float does not tell large whole numbers apart.
        let pairs = a.spellings(usize::MAX).into_iter().zip(b.spellings(usize::MAX));
        return pairs.into_iter().position(|(a, b)| a != b).map(Differs::At);
    }
    left.into_iter().zip(right).position(|(a, b)| !tolerance.admits(a, b)).map(Differs::At)
}

fn spelled(cell: &Cell<'_>) -> String {
    let elements = cell.spellings(usize::MAX);
    if cell.shape().is_empty() { elements.concat() } else { format!("[{}]", elements.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_equals_nan_and_nothing_else() {
        let exact = Tolerance::default();
        assert!(exact.admits(f64::NAN, -f64::NAN));
        assert!(!exact.admits(f64::NAN, 1.0));
        let loose = Tolerance { absolute: 1e9, relative: 1.0 };
        assert!(!loose.admits(f64::NAN, 1.0));
        assert!(!loose.admits(f64::INFINITY, f64::NEG_INFINITY));
        assert!(loose.admits(f64::INFINITY, f64::INFINITY));
        assert!(!loose.admits(f64::INFINITY, 1.0));
    }

    #[test]
    fn numbers_may_be_apart_by_either_tolerance() {
        assert!(Tolerance { absolute: 0.1, relative: 0.0 }.admits(1.0, 1.05));
        assert!(Tolerance { absolute: 0.0, relative: 0.1 }.admits(100.0, 105.0));
        assert!(!Tolerance { absolute: 0.1, relative: 0.0 }.admits(100.0, 105.0));
        assert!(Tolerance::default().admits(0.0, -0.0));
    }

    #[test]
    fn large_whole_numbers_are_told_apart() {
        let cells = |number: u64| Cells::from_bytes(ElementType::U64, &[], 1, number.to_ne_bytes().to_vec());
        let (a, b) = (cells(u64::MAX), cells(u64::MAX - 1));
        assert!(difference(&a.cell(0), &b.cell(0), Tolerance::default()).is_some());
        let loose = Tolerance { absolute: 1.0, relative: 0.0 };
        assert!(difference(&a.cell(0), &b.cell(0), loose).is_none());
    }
}
