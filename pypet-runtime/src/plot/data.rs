//! What a picture shows: values of results over the explored parameters, whatever the exploration was.
//!
//! An explored parameter that takes several values is an axis. Parameters in lock step are one axis, and repetitions
//! are none: they give each point a spread. So products, zips, sums and filtered explorations are all drawn alike.

use std::collections::HashMap;

use super::PlotError;
use crate::error::Result;
use crate::table::{Column, RunTable};
use crate::value::text::suggestion;
use crate::value::{Cells, ElementType};

/// A parameter along which the runs differ.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// Comment or name, with the unit.
    pub(super) title: String,
    /// The last part of its name, for legends.
    pub(super) name: String,
    pub(super) unit: String,
    /// The values in order; positions of categories.
    pub(super) values: Vec<f64>,
    /// The words of categories.
    pub(super) words: Option<Vec<String>>,
    /// The value of each run, by its place in `values`.
    pub(super) of_run: Vec<usize>,
}

impl Axis {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn is_numeric(&self) -> bool {
        self.words.is_none()
    }

    /// A value with its unit.
    pub(super) fn value(&self, place: usize) -> String {
        match &self.words {
            Some(words) => words[place].clone(),
            None => format!("{} {}", super::scale::spelled(self.values[place]), self.unit).trim().to_owned(),
        }
    }

    /// An axis that counts.
    pub(super) fn counting(title: &str, len: usize) -> Self {
        Self {
            title: title.into(),
            name: title.into(),
            unit: String::new(),
            values: (0..len).map(|i| i as f64).collect(),
            words: None,
            of_run: (0..len).collect(),
        }
    }

    /// An axis of what was found and not of what was explored.
    pub(super) fn of_numbers(title: &str, name: &str, numbers: &[f64]) -> Self {
        let mut values = numbers.to_vec();
        values.sort_by(f64::total_cmp);
        values.dedup_by(|a, b| a.total_cmp(b).is_eq());
        let place = |number: &f64| values.partition_point(|value| value.total_cmp(number).is_lt());
        let of_run = numbers.iter().map(place).collect();
        Self { title: title.into(), name: name.into(), unit: String::new(), values, words: None, of_run }
    }

    fn of(column: &Column, cells: &Cells) -> Self {
        let is_number = cells.rank() == 0 && !matches!(cells.element(), ElementType::Text | ElementType::Bool);
        let numbers: Vec<f64> =
            if is_number { cells.iter().filter_map(|cell| cell.as_f64()).collect() } else { Vec::new() };
        let name = column.leaf.name.rsplit('.').next().unwrap_or(&column.leaf.name);
        if is_number && numbers.len() == cells.len() {
            return Self { unit: column.leaf.unit.clone(), ..Self::of_numbers(&column.title(), name, &numbers) };
        }
        let mut places = HashMap::new();
        let mut words: Vec<String> = Vec::new();
        let mut of_run = Vec::with_capacity(cells.len());
        for cell in cells.iter() {
            let word = cell.to_string();
            let place = *places.entry(word.clone()).or_insert(words.len());
            if place == words.len() {
                words.push(word);
            }
            of_run.push(place);
        }
        let values = (0..words.len()).map(|i| i as f64).collect();
        Self { title: column.title(), name: name.into(), unit: String::new(), values, words: Some(words), of_run }
    }

    /// Whether both rise and fall together, value by value, as in a zip; points drawn at random do not.
    pub(super) fn is_in_step_with(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let mut partners = vec![None; self.len()];
        let mut pairs = self.of_run.iter().zip(&other.of_run);
        let is_unique = pairs.all(|(&own, &theirs)| *partners[own].get_or_insert(theirs) == theirs);
        let has_words = !self.is_numeric() || !other.is_numeric();
        is_unique && (has_words || partners.is_sorted() || partners.is_sorted_by(|a, b| a >= b))
    }
}

/// The axis of one explored parameter.
pub(super) fn axis(table: &RunTable<'_>, name: &str) -> Result<Axis, PlotError> {
    let explored: Vec<&Column> = table.explored.iter().filter(|column| column.is_parameter).collect();
    let Some(column) = explored.iter().find(|column| column.leaf.name == name) else {
        let names: Vec<&str> = explored.iter().map(|column| column.leaf.name.as_str()).collect();
        return Err(PlotError::NoAxis(format!("`{name}` is not explored{}", suggestion(name, &names))));
    };
    Ok(Axis::of(column, &table.cells(column, 0..table.len())?))
}

/// The axes of a table, outermost first; the run index if nothing is explored.
pub(super) fn axes(table: &RunTable<'_>) -> Result<Vec<Axis>> {
    let mut axes: Vec<(usize, Axis)> = Vec::new();
    for column in table.explored.iter().filter(|column| column.is_parameter) {
        let axis = Axis::of(column, &table.cells(column, 0..table.len())?);
        if axis.len() > 1 && !axes.iter().any(|(_, other)| other.is_in_step_with(&axis)) {
            let depth = table.trajectory().header().axes.iter().flatten();
            let depth = depth.into_iter().position(|axis| axis.coordinates.contains(&column.leaf.name));
            axes.push((depth.unwrap_or(usize::MAX), axis));
        }
    }
    axes.sort_by_key(|(depth, _)| *depth);
    if axes.is_empty() {
        return Ok(vec![Axis::counting("run", table.len())]);
    }
    Ok(axes.into_iter().map(|(_, axis)| axis).collect())
}

/// A scalar result of all runs; NaN for those that are not done.
pub(super) fn numbers(table: &RunTable<'_>, result: &Column) -> Result<Vec<f64>> {
    let mut numbers = Vec::with_capacity(table.len());
    for runs in table.stretches(result) {
        let cells = table.cells(result, runs.clone())?;
        let known = runs.zip(cells.iter()).map(|(run, cell)| cell.as_f64().filter(|_| table.is_done(run)));
        numbers.extend(known.map(|number| number.unwrap_or(f64::NAN)));
    }
    Ok(numbers)
}

/// Several values of one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
    pub(super) count: usize,
}

impl Spread {
    pub(super) const NONE: Self = Self { low: f64::NAN, median: f64::NAN, high: f64::NAN, count: 0 };

    /// The one value of a point.
    pub(super) fn single(value: f64) -> Self {
        Self { low: value, median: value, high: value, count: 1 }
    }

    /// Median, and what 10 and 90 % of the values lie below.
    fn of(values: &mut [f64]) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = part * (values.len() - 1) as f64;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the values")]
            let below = place.floor() as usize;
            let (beyond, lower) = (place - below as f64, values[below]);
            let upper = values[(below + 1).min(values.len() - 1)];
            // Between infinities there is no middle, and what is not asked for must not count: 0 · ∞ is no number.
            if beyond == 0.0 || lower.total_cmp(&upper).is_eq() { lower } else { lower + beyond * (upper - lower) }
        };
        if values.is_empty() {
            return Self::NONE;
        }
        Self { low: at(0.1), median: at(0.5), high: at(0.9), count: values.len() }
    }
}

/// The values at every combination of two axes, of the runs that `wanted` admits; the second axis varies fastest.
pub(super) fn spreads(outer: &Axis, inner: &Axis, numbers: &[f64], wanted: impl Fn(usize) -> bool) -> Vec<Spread> {
    let mut values = vec![Vec::new(); outer.len() * inner.len()];
    for (run, number) in numbers.iter().enumerate().filter(|(run, number)| !number.is_nan() && wanted(*run)) {
        values[outer.of_run[run] * inner.len() + inner.of_run[run]].push(*number);
    }
    values.iter_mut().map(|values| Spread::of(values)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_its_median_in_the_middle() {
        let spread = Spread::of(&mut [3.0, 1.0, 2.0]);
        assert_eq!((spread.median, spread.count), (2.0, 3));
        assert!(spread.low < 1.5 && spread.high > 2.5);
        assert_eq!(Spread::of(&mut [7.0]), Spread { low: 7.0, median: 7.0, high: 7.0, count: 1 });
        assert!(Spread::of(&mut [f64::INFINITY, f64::INFINITY]).median.is_infinite());
        let spread = Spread::of(&mut [1.0, f64::INFINITY, 2.0]);
        assert_eq!((spread.median, spread.high), (2.0, f64::INFINITY));
    }
}
