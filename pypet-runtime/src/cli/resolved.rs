//! `params --from FILE`: the configuration with which a stored trajectory was carried out, as a file for `run --config`.
//!
//! Presets, options and seed stand in the trajectory as such. The exploration is found again in its explored columns: as
//! axes where they form a grid in the order of its points, and else as one list of all points in lock step.

use std::fmt::Write as _;
use std::ops::Range;

use super::Failure;
use super::template::{comment_of, quoted, value_of};
use crate::error::{Error, Result};
use crate::explore::lattice::push_key;
use crate::registry::AnyExperiment;
use crate::schema::Leaf;
use crate::storage::{HeaderAxis, StorageError};
use crate::trajectory::AnyTrajectory;
use crate::value::{Cells, ResultValue};

/// The file; it says the same as the trajectory, or there is none.
pub(super) fn config_file(any: &AnyTrajectory, experiment: &dyn AnyExperiment) -> std::result::Result<String, Failure> {
    let header = any.header();
    let mut text = format!(
        "# What `{}` was carried out with: run --config FILE\nexperiment = {}\n",
        header.name,
        quoted(&header.experiment)
    );
    presets(any, experiment, &mut text)?;
    let exploration = Exploration::of(any)?;
    exploration.write(&mut text);
    let _ = writeln!(text, "\n[environment]");
    for (key, value) in options(any)? {
        let _ = writeln!(text, "{key} = {value}");
    }
    if let Some((name, count)) = &exploration.repeat {
        let _ = writeln!(text, "repeat = {}", quoted(&format!("{name}={count}")));
    }
    Ok(text)
}

fn presets(any: &AnyTrajectory, experiment: &dyn AnyExperiment, text: &mut String) -> Result<()> {
    let infos = experiment.parameters();
    let names = any.header().schema.parameters.iter().filter(|parameter| !parameter.derived);
    let mut groups: Vec<(&str, Vec<&str>)> = vec![("", Vec::new())];
    for name in names.map(|parameter| parameter.leaf.name.as_str()) {
        let group = name.rsplit_once('.').map_or("", |(group, _)| group);
        match groups.iter_mut().find(|(other, _)| *other == group) {
            Some((_, members)) => members.push(name),
            None => groups.push((group, vec![name])),
        }
    }
    for (group, members) in groups.iter().filter(|(_, members)| !members.is_empty()) {
        let table = if group.is_empty() { "parameters".to_owned() } else { format!("parameters.{}", key(group)) };
        let _ = writeln!(text, "\n[{table}]");
        for name in members {
            if let Some(info) = infos.iter().find(|info| info.name == *name) {
                text.push_str(&comment_of(info));
            }
            let value = any.reader().read(&format!("parameters/{}", name.replace('.', "/")))?;
            let short = name.rsplit('.').next().unwrap_or(name);
            let _ = writeln!(text, "{} = {}", key(short), value_of(&value.cell(0)));
        }
    }
    Ok(())
}

/// What may change results, how they are kept and what is kept beside them, as flags of `run`; where it runs is another
/// matter.
fn options(any: &AnyTrajectory) -> Result<Vec<(&'static str, String)>> {
    let seed = any.header().seed;
    let fits = i64::try_from(seed).is_ok();
    let mut found = vec![("seed", if fits { seed.to_string() } else { quoted(&seed.to_string()) })];
    if !any.header().comment.is_empty() {
        found.push(("comment", quoted(&any.header().comment)));
    }
    for name in ["engine", "order", "retries", "timeout", "durability", "compression", "log_level", "git"] {
        let value = match any.reader().read(&format!("config/environment/{name}")) {
            Err(StorageError::NoNode { .. }) => continue,
            other => other?,
        };
        found.push((name, value_of(&value.cell(0))));
    }
    Ok(found)
}

/// What was explored.
#[derive(Default)]
struct Exploration {
    /// Axes of one parameter each, outermost first.
    explore: Vec<Axis>,
    /// Axes within these, of several parameters each.
    zips: Vec<Vec<Axis>>,
    repeat: Option<(String, usize)>,
}

/// A parameter and its values as text.
type Axis = (String, Vec<String>);

impl Exploration {
    fn of(any: &AnyTrajectory) -> std::result::Result<Self, Failure> {
        let is_in_order = matches!(any.reader().read("grid/run_index"), Err(StorageError::NoNode { .. }));
        let mut found = match any.header().axes.as_ref().filter(|_| is_in_order) {
            Some(axes) => Self::of_axes(any, axes)?,
            None => None,
        };
        if found.is_none() {
            found = Self::of_points(any)?;
        }
        let mut found = found.ok_or_else(|| {
            let what = "its repetitions are not those of `--repeat`, so no configuration says the same";
            Failure::Config(format!("`{}`: {what}", any.header().name))
        })?;
        if found.explore.is_empty() && found.zips.is_empty() {
            // Else the declared exploration would be carried out.
            let first = any.header().schema.parameters.iter().find(|parameter| !parameter.derived);
            if let Some(Leaf { name, .. }) = first.map(|parameter| &parameter.leaf) {
                let value = any.reader().read(&format!("parameters/{}", name.replace('.', "/")));
                found.explore.push((name.clone(), vec![value_of(&value.map_err(Error::from)?.cell(0))]));
            }
        }
        Ok(found)
    }

    /// As axes, unless a repetition is not the innermost one.
    fn of_axes(any: &AnyTrajectory, axes: &[HeaderAxis]) -> Result<Option<Self>> {
        let mut found = Self::default();
        let mut stride = any.header().n_runs;
        for (position, axis) in axes.iter().enumerate() {
            stride /= axis.len.max(1);
            let places = || (0..axis.len).map(|point| point * stride);
            if let [only] = axis.coordinates.as_slice()
                && is_repetition(any, only)
            {
                let numbers = column(any, only)?;
                let counts = numbers.iter().map(|number| u64::read(number).unwrap_or(u64::MAX));
                let counts: Vec<u64> = counts.collect();
                if position + 1 < axes.len() || !places().zip(0..).all(|(run, number)| counts[run] == number) {
                    return Ok(None);
                }
                found.repeat = Some((only.clone(), axis.len));
                continue;
            }
            let of_axis: Result<Vec<Axis>> = axis
                .coordinates
                .iter()
                .map(|name| Ok((name.clone(), spelled(&column(any, name)?, places()))))
                .collect();
            let mut of_axis = of_axis?;
            // Zips vary faster than what is explored by itself, so all that comes after one has to be one.
            match of_axis.len() {
                1 if found.zips.is_empty() => found.explore.append(&mut of_axis),
                _ => found.zips.push(of_axis),
            }
        }
        Ok(Some(found))
    }

    /// As one list of all points, each repeated as often.
    fn of_points(any: &AnyTrajectory) -> Result<Option<Self>> {
        let n_runs = any.header().n_runs;
        let explored = any.nodes().iter().filter_map(|node| node.path.strip_prefix("explored/"));
        let (repetitions, parameters): (Vec<&str>, Vec<&str>) = explored.partition(|name| is_repetition(any, name));
        let mut found = Self::default();
        let count = match repetitions.as_slice() {
            [] => 1,
            [name] => {
                let numbers = column(any, name)?;
                let numbers: Vec<u64> = numbers.iter().map(|number| u64::read(number).unwrap_or(u64::MAX)).collect();
                let count = numbers.iter().skip(1).take_while(|number| **number > 0).count() + 1;
                if !n_runs.is_multiple_of(count)
                    || numbers.iter().enumerate().any(|(run, number)| (run % count) as u64 != *number)
                {
                    return Ok(None);
                }
                found.repeat = Some(((*name).to_owned(), count));
                count
            }
            _ => return Ok(None),
        };
        let mut zip = Vec::new();
        for name in parameters {
            let values = column(any, name)?;
            let keys: Vec<Vec<u8>> = values
                .iter()
                .map(|cell| {
                    let mut key = Vec::new();
                    push_key(&cell, &mut key);
                    key
                })
                .collect();
            let is_same = |runs: Range<usize>| keys[runs].windows(2).all(|pair| pair[0] == pair[1]);
            if !(0..n_runs).step_by(count).all(|first| is_same(first..first + count)) {
                return Ok(None);
            }
            zip.push((name.to_owned(), spelled(&values, (0..n_runs).step_by(count))));
        }
        if !zip.is_empty() {
            found.zips.push(zip);
        }
        Ok(Some(found))
    }

    fn write(&self, text: &mut String) {
        let mut table = |name: &str, axes: &[Axis]| {
            let _ = writeln!(text, "\n{name}");
            for (name, values) in axes {
                let _ = writeln!(text, "{} = [{}]", key(name), values.join(", "));
            }
        };
        if !self.explore.is_empty() {
            table("[explore]", &self.explore);
        }
        self.zips.iter().for_each(|zip| table("[[zip]]", zip));
    }
}

fn is_repetition(any: &AnyTrajectory, name: &str) -> bool {
    any.header().schema.parameters.iter().all(|parameter| parameter.leaf.name != name)
}

fn column(any: &AnyTrajectory, name: &str) -> Result<Cells> {
    Ok(any.reader().rows(&format!("explored/{name}"), 0..any.header().n_runs)?)
}

fn spelled(values: &Cells, runs: impl Iterator<Item = usize>) -> Vec<String> {
    let cells: Vec<_> = values.iter().collect();
    runs.map(|run| value_of(&cells[run])).collect()
}

/// A dotted key of TOML.
fn key(name: &str) -> String {
    let is_bare = |part: &&str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let parts = name.split('.').map(|part| if is_bare(&part) { part.to_owned() } else { quoted(part) });
    parts.collect::<Vec<_>>().join(".")
}
