//! Pictures of trajectories: look before you read.
//!
//! | explored | picture |
//! | --- | --- |
//! | one parameter with numbers | a line; with repetitions its median and the band of 10 to 90 % |
//! | one parameter with words | points with bars |
//! | two parameters | a map; lines where one has words |
//! | two parameters drawn at random | points, coloured by the result |
//! | more of them | parallel coordinates with a line for each run, and points over each parameter |
//! | more | several maps, one for each combination of the others |
//! | an array of one run | a trace, or an image; places, where it has two columns, as of the dots of a raster |
//!
//! `data` finds out what to show, `panel` draws axes and data as shapes on a `canvas`, `svg` writes them. None
//! of this depends on fonts or on other crates; `raster`, which makes PNG, has both.

mod canvas;
mod colours;
mod data;
mod panel;
mod parallel;
mod pixels;
#[cfg(feature = "png")]
mod raster;
mod scale;
mod svg;

use canvas::{Canvas, Text};
use data::{Axis, Spread};
use panel::{Area, Cloud, Content, Legend, Line, Map, Panel};
use parallel::Parallel;

use crate::error::Error;
use crate::run::RunStatus;
use crate::table::{Column, RunTable};
use crate::trajectory::AnyTrajectory;
use crate::value::{Cell, ElementType};

/// Panels of one picture; more are only counted.
const MOST_PANELS: usize = 12;
/// Results that are shown where none are named.
const MOST_RESULTS: usize = 4;
/// Words up to which each is a line of its own.
const MOST_LINES: usize = 8;

/// What a picture shows.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The results; the first few scalar ones if there are none.
    pub results: Vec<String>,
    /// The run of which an array is shown; the first that is done by default.
    pub run: Option<usize>,
    /// Further runs whose traces are drawn into the same picture.
    pub beside: Vec<usize>,
    /// Lines instead of a map where two parameters are explored.
    pub lines: bool,
    /// The explored parameter along the horizontal axis; the one with most values by default.
    pub x: Option<String>,
    /// The explored parameter along the vertical axis, or the lines; beside a chosen `x`, none by default.
    pub y: Option<String>,
}

/// A picture, ready to be written.
#[derive(Debug, Clone)]
pub struct Picture {
    canvas: Canvas,
}

impl Picture {
    /// As SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::svg(&self.canvas)
    }

    /// As one HTML page that shows values under the pointer and loads nothing from elsewhere.
    #[must_use]
    pub fn html(&self) -> String {
        svg::html(&self.canvas)
    }

    /// As PNG, at twice the size for sharp text.
    #[cfg(feature = "png")]
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        raster::png(&self.canvas)
    }
}

/// Draws results of a trajectory.
///
/// # Errors
/// A result is not there or holds no numbers, no run is done, or the trajectory cannot be read.
pub fn plot(any: &AnyTrajectory, request: &Request) -> Result<Picture, PlotError> {
    let table = RunTable::of(any)?;
    let is_done = |run: usize| table.statuses.get(run).is_some_and(|status| *status == RunStatus::Done);
    let mut asked = request.run.into_iter().chain(request.beside.iter().copied());
    if let Some(run) = asked.find(|run| !is_done(*run)) {
        let status =
            table.statuses.get(run).map_or_else(|| format!("there are {} runs", table.len()), ToString::to_string);
        return Err(PlotError::NotDone { run, status });
    }
    let first_done =
        table.statuses.iter().position(|status| *status == RunStatus::Done).ok_or(PlotError::NothingDone)?;
    let run = request.run.unwrap_or(first_done);
    let mut panels = Vec::new();
    let mut unseen = Unseen::default();
    for result in chosen(&table, request)? {
        if result.leaf.value_type.is_scalar() && request.run.is_none() {
            over_parameters(&table, result, request, &mut panels, &mut unseen)?;
        } else {
            panels.push(if request.beside.is_empty() {
                of_one_run(&table, result, run)?
            } else {
                traces(&table, result, run, &request.beside)?
            });
        }
    }
    Ok(Picture { canvas: compose(&table, &panels, unseen, run) })
}

/// What a picture leaves out or cannot show, which it has to say.
#[derive(Debug, Clone, Copy, Default)]
struct Unseen {
    /// Combinations of parameters for which there was no room.
    panels: usize,
    /// Values that lie on no paper.
    infinite: usize,
}

/// Whether pictures can show a result: they show real numbers.
pub(crate) fn is_drawable(column: &Column) -> bool {
    !matches!(column.leaf.value_type.element, ElementType::Text | ElementType::C32 | ElementType::C64)
}

/// The results that are asked for, or those worth a first look.
fn chosen<'t>(table: &'t RunTable<'_>, request: &Request) -> Result<Vec<&'t Column>, PlotError> {
    if request.results.is_empty() {
        let is_wanted = |scalar: bool| move |column: &&Column| column.leaf.value_type.is_scalar() == scalar;
        let numbers: Vec<&Column> = table.results.iter().filter(|column| is_drawable(column)).collect();
        let mut chosen: Vec<&Column> = numbers.iter().copied().filter(is_wanted(request.run.is_none())).collect();
        if chosen.is_empty() {
            chosen = numbers;
        }
        chosen.truncate(MOST_RESULTS);
        return if chosen.is_empty() { Err(PlotError::NoNumbers) } else { Ok(chosen) };
    }
    let mut chosen = Vec::new();
    for name in &request.results {
        let column = table.result(name).map_err(PlotError::NoResult)?;
        if !is_drawable(column) {
            let found = column.leaf.value_type.element.to_string();
            return Err(PlotError::Kind { name: column.leaf.name.clone(), found });
        }
        chosen.push(column);
    }
    Ok(chosen)
}

/// A scalar result over all that is explored.
fn over_parameters(
    table: &RunTable<'_>,
    result: &Column,
    request: &Request,
    panels: &mut Vec<Panel>,
    unseen: &mut Unseen,
) -> Result<(), PlotError> {
    let numbers = data::numbers(table, result)?;
    unseen.infinite += numbers.iter().filter(|number| number.is_infinite()).count();
    let chosen = |name: &Option<String>| name.as_deref().map(|name| data::axis(table, name)).transpose();
    let (x, y) = (chosen(&request.x)?, chosen(&request.y)?);
    let mut axes = data::axes(table)?;
    let title = if table.results.len() > 1 { result.label.clone() } else { String::new() };
    let n_points = axes.iter().fold(1_usize, |count, axis| count.saturating_mul(axis.len()));
    let fills_no_grid = |n_points: usize| n_points > 4 * table.len() + 16;
    // Parameters in lock step are one axis of the exploration, but a wide grid where both are asked for.
    let is_wide = x.as_ref().zip(y.as_ref()).is_some_and(|(x, y)| fills_no_grid(x.len().saturating_mul(y.len())));
    if is_wide || (axes.len() > 1 && fills_no_grid(n_points)) {
        let chosen: Vec<Axis> = y.into_iter().chain(x).collect();
        panels.extend(clouds(&title, result, if chosen.is_empty() { &axes } else { &chosen }, &numbers));
        return Ok(());
    }
    let (outer, inner) = match (y, x) {
        // What the other parameters do is the spread.
        (None, Some(x)) => (None, x),
        (Some(y), None) => {
            axes.retain(|axis| !axis.is_in_step_with(&y));
            let x = if axes.is_empty() { None } else { Some(two_widest(&mut axes)) };
            match x {
                Some((next, x)) => {
                    axes.extend(next);
                    (Some(y), x)
                }
                None => (None, y),
            }
        }
        (Some(y), Some(x)) => {
            axes.retain(|axis| !axis.is_in_step_with(&y) && !axis.is_in_step_with(&x));
            (Some(y), x)
        }
        (None, None) => two_widest(&mut axes),
    };
    let Some(outer) = outer else {
        panels.push(lines(title, result, &inner, None, &numbers, |_| true));
        return Ok(());
    };
    // Words are told apart by colours, numbers lie along the axis.
    let has_words = outer.is_numeric() != inner.is_numeric();
    let is_turned = has_words && outer.is_numeric() && request.x.is_none() && request.y.is_none();
    let (outer, inner) = if is_turned { (inner, outer) } else { (outer, inner) };
    let fits_lines = has_words && !outer.is_numeric() && outer.len() <= MOST_LINES;
    let as_lines = request.lines || (axes.is_empty() && fits_lines);
    let n_panels = axes.iter().map(Axis::len).product::<usize>();
    unseen.panels += n_panels.saturating_sub(MOST_PANELS);
    let mut maps = Vec::new();
    for number in 0..n_panels.min(MOST_PANELS) {
        let mut rest = number;
        let mut places = vec![0; axes.len()];
        for (place, axis) in places.iter_mut().zip(&axes).rev() {
            *place = rest % axis.len();
            rest /= axis.len();
        }
        let is_here = |run: usize| axes.iter().zip(&places).all(|(axis, place)| axis.of_run[run] == *place);
        let fixed = axes.iter().zip(&places).map(|(axis, place)| format!("{} = {}", axis.name, axis.value(*place)));
        let parts: Vec<String> =
            Some(title.clone()).into_iter().filter(|title| !title.is_empty()).chain(fixed).collect();
        let title = parts.join(", ");
        if as_lines {
            let mut panel = lines(title, result, &inner, Some(&outer), &numbers, is_here);
            if let Content::Lines { range, .. } = &mut panel.content
                && n_panels > 1
            {
                // One scale for all, so that panels can be compared.
                *range = self::range(numbers.iter().copied());
            }
            panels.push(panel);
            continue;
        }
        let spreads = data::spreads(&outer, &inner, &numbers, is_here);
        maps.push((title, spreads.into_iter().map(|spread| spread.median).collect::<Vec<f64>>()));
    }
    // One scale of colours, so that panels can be compared.
    let range = range(maps.iter().flat_map(|(_, values)| values).copied());
    panels.extend(maps.into_iter().map(|(title, values)| {
        let (x, y) = (inner.clone(), outer.clone());
        Panel { title, content: Content::Map(Map { x, y, title: result.title(), values, range, is_image: false }) }
    }));
    Ok(())
}

/// Takes the two axes with most values out of the list, numbers before words; the one that varies fastest is second.
fn two_widest(axes: &mut Vec<Axis>) -> (Option<Axis>, Axis) {
    let widest = |axes: &[Axis]| (0..axes.len()).max_by_key(|&i| (axes[i].is_numeric(), axes[i].len(), i));
    let first = widest(axes).expect("there is at least one axis");
    let one = axes.remove(first);
    let Some(second) = widest(axes) else { return (None, one) };
    let other = axes.remove(second);
    // Taking the first one out moved those behind it.
    if second < first { (Some(other), one) } else { (Some(one), other) }
}

/// A result at points that fill no grid: over two parameters by colour, over more of them side by side and one by one.
fn clouds(title: &str, result: &Column, axes: &[Axis], numbers: &[f64]) -> Vec<Panel> {
    let known = || numbers.iter().enumerate().filter(|(_, number)| number.is_finite());
    let range = range(numbers.iter().copied());
    if let [y, x] = axes {
        let points = known().map(|(run, number)| (x.of_run[run], y.of_run[run], *number)).collect();
        let cloud = Cloud { x: x.clone(), y: y.clone(), title: result.title(), points, range };
        return vec![Panel { title: title.into(), content: Content::Cloud(cloud) }];
    }
    let y = Axis::of_numbers(&result.title(), &result.label, numbers);
    let runs = known().map(|(run, number)| (run, *number)).collect();
    let lines = Parallel { axes: axes.to_vec(), title: result.title(), runs, range };
    let lines = (axes.len() > 2).then(|| Panel { title: title.into(), content: Content::Parallel(lines) });
    let over = |x: &Axis| {
        let points = known().map(|(run, number)| (x.of_run[run], y.of_run[run], *number)).collect();
        let cloud = Cloud { x: x.clone(), y: y.clone(), title: String::new(), points, range };
        Panel { title: title.into(), content: Content::Cloud(cloud) }
    };
    lines.into_iter().chain(axes.iter().map(over)).take(MOST_PANELS).collect()
}

/// Values of the runs that `wanted` admits over one axis, a line for each value of another.
fn lines(
    title: String,
    result: &Column,
    x: &Axis,
    of: Option<&Axis>,
    numbers: &[f64],
    wanted: impl Fn(usize) -> bool,
) -> Panel {
    let single = Axis { of_run: vec![0; numbers.len()], ..Axis::counting("", 1) };
    let outer = of.unwrap_or(&single);
    let spreads = data::spreads(outer, x, numbers, wanted);
    let line = |place: usize| Line {
        label: of.map(|axis| axis.value(place)).unwrap_or_default(),
        points: spreads[place * x.len()..(place + 1) * x.len()].to_vec(),
    };
    let legend = Legend { title: outer.name.clone(), is_ordered: outer.is_numeric() };
    let lines: Vec<Line> = (0..outer.len()).map(line).collect();
    let range = reach(&lines);
    Panel { title, content: Content::Lines { x: x.clone(), y_title: result.title(), lines, range, legend } }
}

/// What several runs yielded, as one line each.
fn traces(table: &RunTable<'_>, result: &Column, run: usize, beside: &[usize]) -> Result<Panel, PlotError> {
    let mut lines = Vec::new();
    for &run in [run].iter().chain(beside) {
        let cells = table.cells(result, run..run + 1)?;
        let cell = cells.cell(0);
        if cell.shape().len() != 1 {
            let shape = cell.shape().to_vec();
            return Err(PlotError::Trace { name: result.leaf.name.clone(), run, shape });
        }
        let points = cell.to_f64s().into_iter().map(Spread::single).collect();
        lines.push(Line { label: format!("run {run}"), points });
    }
    let longest = lines.iter().map(|line| line.points.len()).max().unwrap_or_default();
    let x = Axis::counting(&result.leaf.dim(0), longest);
    let legend = Legend { title: String::new(), is_ordered: false };
    let range = reach(&lines);
    Ok(Panel {
        title: result.label.clone(),
        content: Content::Lines { x, y_title: result.title(), lines, range, legend },
    })
}

/// What one run yielded: a trace or an image.
fn of_one_run(table: &RunTable<'_>, result: &Column, run: usize) -> Result<Panel, PlotError> {
    let cells = table.cells(result, run..run + 1)?;
    let cell: Cell<'_> = cells.cell(0);
    let values = cell.to_f64s();
    let title = format!("{}, run {run}", result.label);
    match *cell.shape() {
        [length] if length > 0 => {
            let points = values.into_iter().map(Spread::single).collect();
            let x = Axis::counting(&result.leaf.dim(0), length);
            let legend = Legend { title: String::new(), is_ordered: false };
            let lines = vec![Line { label: String::new(), points }];
            let range = reach(&lines);
            Ok(Panel { title, content: Content::Lines { x, y_title: result.title(), lines, range, legend } })
        }
        [rows, 2] if rows > 2 => Ok(Panel { title, content: Content::Cloud(places(result, &values)) }),
        [rows, columns] if rows > 0 && columns > 0 => {
            let range = range(values.iter().copied());
            let (x, y) = (Axis::counting(&result.leaf.dim(1), columns), Axis::counting(&result.leaf.dim(0), rows));
            Ok(Panel {
                title,
                content: Content::Map(Map { x, y, title: result.title(), values, range, is_image: true }),
            })
        }
        [] => Err(PlotError::Single { name: result.leaf.name.clone() }),
        ref shape => Err(PlotError::Shape { name: result.leaf.name.clone(), run, shape: shape.to_vec() }),
    }
}

/// The rows of an array of two columns, as points of the plane.
fn places(result: &Column, values: &[f64]) -> Cloud {
    let axis = |column: usize| {
        let numbers: Vec<f64> = values.iter().skip(column).step_by(2).copied().collect();
        let name = format!("{}[:, {column}]", result.label);
        Axis::of_numbers(&name, &name, &numbers)
    };
    let (x, y) = (axis(0), axis(1));
    let is_place = |row: &usize| values[2 * row].is_finite() && values[2 * row + 1].is_finite();
    let rows = (0..x.of_run.len()).filter(is_place);
    let points = rows.map(|row| (x.of_run[row], y.of_run[row], 0.0)).collect();
    Cloud { x, y, title: String::new(), points, range: (0.0, 1.0) }
}

/// From where to where lines and their bands go.
fn reach(lines: &[Line]) -> (f64, f64) {
    range(lines.iter().flat_map(|line| &line.points).flat_map(|point| [point.low, point.high]))
}

/// The smallest and the largest value.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = values.filter(|value| value.is_finite()).fold(ends, |(low, high), x| (low.min(x), high.max(x)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

/// Puts the panels side by side under a heading.
fn compose(table: &RunTable<'_>, panels: &[Panel], unseen: Unseen, run: usize) -> Canvas {
    const GAP: f64 = 20.0;
    const HEADING: f64 = 62.0;
    let columns = match panels.len() {
        1 => 1,
        2 | 4 => 2,
        _ => 3,
    };
    let (width, height) = if columns == 1 { (720.0, 430.0) } else { (440.0, 320.0) };
    let rows = panels.len().div_ceil(columns);
    let total = |count: usize, size: f64| count as f64 * (size + GAP) + GAP;
    let header = table.trajectory().header();
    let mut canvas = Canvas {
        width: total(columns, width),
        height: HEADING + rows as f64 * (height + GAP),
        shapes: Vec::new(),
        description: canvas::shortened(&format!("{} ({})", header.name, header.experiment), 200),
    };
    canvas.text(Text::new(GAP, 28.0, canvas::shortened(&header.name, 60), 17.0).bold());
    canvas.text(Text::new(GAP, 48.0, subtitle(table, panels, unseen, run), 12.5).soft());
    let mut bottom = 0.0_f64;
    for (number, panel) in panels.iter().enumerate() {
        let (row, column) = (number / columns, number % columns);
        let area =
            Area { x: GAP + column as f64 * (width + GAP), y: HEADING + row as f64 * (height + GAP), width, height };
        let used = panel::draw(panel, area, &mut canvas);
        bottom = if column == 0 { used } else { bottom.max(used) };
    }
    // A flat image at the end leaves paper over.
    canvas.height = bottom + GAP;
    canvas
}

fn subtitle(table: &RunTable<'_>, panels: &[Panel], unseen: Unseen, run: usize) -> String {
    let n_done = table.statuses.iter().filter(|status| **status == RunStatus::Done).count();
    let mut parts = vec![if n_done == table.len() {
        format!("{n_done} run{}", if n_done == 1 { "" } else { "s" })
    } else {
        format!("{n_done} of {} runs are done", table.len())
    }];
    let of_run = |panel: &&Panel| matches!(&panel.content, Content::Map(map) if map.is_image);
    if panels.iter().any(|panel| of_run(&panel)) {
        parts.push(format!("the array of run {run}"));
    }
    let most = panels.iter().map(|panel| match &panel.content {
        Content::Lines { lines, .. } => lines.iter().flat_map(|line| &line.points).map(|point| point.count).max(),
        Content::Map(_) | Content::Cloud(_) | Content::Parallel(_) => None,
    });
    if let Some(most) = most.flatten().max().filter(|most| *most > 1) {
        parts.push(format!("median and band from 10 to 90 % of {most} runs"));
    }
    if unseen.infinite > 0 {
        parts.push(format!("{} infinite values", unseen.infinite));
    }
    if unseen.panels > 0 {
        parts.push(format!("{} more combinations are not shown", unseen.panels));
    }
    let comment = table.trajectory().header().comment.lines().next().unwrap_or_default();
    if !comment.is_empty() {
        parts.insert(0, canvas::shortened(comment.trim_end_matches('.'), 70));
    }
    parts.join(" · ")
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// A result that is not there.
    #[error("{0}")]
    NoResult(String),
    /// A result that holds something else than real numbers.
    #[error("`{name}` is `{found}`, and pictures show real numbers; choose another result")]
    Kind {
        /// The result.
        name: String,
        /// What it is made of.
        found: String,
    },
    /// No result holds numbers.
    #[error("no result of the trajectory holds real numbers, and pictures show nothing else")]
    NoNumbers,
    /// Nothing has been carried out.
    #[error("no run is done yet, so there is nothing to show")]
    NothingDone,
    /// The run that is asked for has no results.
    #[error("run {run} has no results to show: {status}")]
    NotDone {
        /// The run.
        run: usize,
        /// How far it has come, or how many runs there are.
        status: String,
    },
    /// A single number where an array is asked for.
    #[error("`{name}` is one value in each run; leave the run out, and it is drawn over what is explored")]
    Single {
        /// The result.
        name: String,
    },
    /// An array of too few or too many dimensions.
    #[error(
        "`{name}` of run {run} has the shape {shape:?}; a picture shows one or two dimensions with something in them"
    )]
    Shape {
        /// The result.
        name: String,
        /// The run.
        run: usize,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An array that is no list, where several runs are drawn.
    #[error("`{name}` of run {run} has the shape {shape:?}; several runs are drawn as lines, so choose one run for it")]
    Trace {
        /// The result.
        name: String,
        /// The run.
        run: usize,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An axis that nothing varies along.
    #[error("{0}")]
    NoAxis(String),
    /// The trajectory cannot be read.
    #[error(transparent)]
    Pypet(#[from] Error),
}

impl PlotError {
    /// Whether the user asked for something that cannot be, rather than the file or the machine refusing.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Pypet(_) | Self::NothingDone | Self::NoNumbers)
    }
}
