//! One set of axes with lines, points or a map in it.

use super::canvas::{AXIS, Anchor, Canvas, Colour, GRID, INK, NOTHING, Shape, Text, shortened, width_of};
use super::colours;
use super::data::{Axis, Spread};
use super::parallel::{self, Parallel};
use super::scale::{Scale, Tick, is_geometric, spelled, told_apart};

pub(super) const TICK_SIZE: f64 = 12.0;
pub(super) const TITLE_SIZE: f64 = 13.0;
/// Of titles that would not fit otherwise.
const SMALL_TITLE_SIZE: f64 = 10.5;
/// Points of a line up to which each is marked.
const MARKED: usize = 60;
/// Points up to which each says its value when it is pointed at.
pub(super) const SPEAKING: usize = 3000;
/// Dots of a cloud; of more, every second, third, … is drawn.
const DOTS: usize = 8000;
/// Cells of a map up to which each is a shape of its own.
const CELLS: usize = 12_000;

/// What one set of axes shows.
pub(super) struct Panel {
    /// What tells it from the other panels.
    pub(super) title: String,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// Values over one axis, for each of several lines.
    Lines { x: Axis, y_title: String, lines: Vec<Line>, range: (f64, f64), legend: Legend },
    /// Values over two axes, as colours.
    Map(Map),
    /// Values at scattered points, as colours; those of one axis without.
    Cloud(Cloud),
    /// Values at scattered points of more than two axes.
    Parallel(Parallel),
}

pub(super) struct Line {
    pub(super) label: String,
    pub(super) points: Vec<Spread>,
}

/// What the lines are.
pub(super) struct Legend {
    pub(super) title: String,
    /// Whether the lines stand for numbers, in order.
    pub(super) is_ordered: bool,
}

pub(super) struct Map {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) title: String,
    /// The row of the first value of `y` first.
    pub(super) values: Vec<f64>,
    /// The values of the darkest and the lightest colour.
    pub(super) range: (f64, f64),
    /// Whether the first row is at the top, as in pictures and matrices.
    pub(super) is_image: bool,
}

/// Points that fill no grid.
pub(super) struct Cloud {
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// What the colours say; empty if all points have one.
    pub(super) title: String,
    /// Places along both axes, and values.
    pub(super) points: Vec<(usize, usize, f64)>,
    pub(super) range: (f64, f64),
}

/// A rectangle of the paper.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// Draws a panel and says how far down it reaches.
pub(super) fn draw(panel: &Panel, area: Area, canvas: &mut Canvas) -> f64 {
    let top = if panel.title.is_empty() { 8.0 } else { 26.0 };
    if !panel.title.is_empty() {
        let title = shortened(&panel.title, characters(area.width, TITLE_SIZE));
        canvas.text(
            Text::new(area.x + area.width / 2.0, area.y + 15.0, title, TITLE_SIZE).bold().anchored(Anchor::Middle),
        );
    }
    let area = Area { y: area.y + top, height: area.height - top, ..area };
    match &panel.content {
        Content::Lines { x, y_title, lines, range, legend } => {
            draw_lines((x, y_title), lines, *range, legend, area, canvas);
        }
        Content::Map(map) => return draw_map(map, area, canvas),
        Content::Cloud(cloud) => draw_cloud(cloud, area, canvas),
        Content::Parallel(lines) => parallel::draw(lines, area, canvas),
    }
    area.bottom()
}

fn draw_lines(
    (x, y_title): (&Axis, &str),
    lines: &[Line],
    (low, high): (f64, f64),
    legend: &Legend,
    area: Area,
    canvas: &mut Canvas,
) {
    // Bars of nothing are no help, but a zero nearby says how large the values are.
    let low = if low > 0.0 && low < high / 2.0 { 0.0 } else { low };
    let pad = 0.04 * (high - low);
    let y_range = (if low == 0.0 { 0.0 } else { low - pad }, high + pad);

    let probe = Scale::new(y_range.0, y_range.1, 0.0, area.height);
    let inner = inside(area, &probe.ticks(6), legend_width(lines, legend), x);
    let y = Scale::new(y_range.0, y_range.1, inner.bottom(), inner.y);
    for tick in y.ticks(6) {
        canvas.line(&[(inner.x, tick.place), (inner.right(), tick.place)], GRID, 1.0);
    }
    vertical_axis(&y.ticks(6), y_title, inner, area, canvas);
    let places = horizontal_axis(x, inner, area, canvas);

    if !lines.iter().flat_map(|line| &line.points).any(|point| point.median.is_finite()) {
        say_nothing(inner, canvas);
    }
    let colours = colours::of_lines(lines.len(), legend.is_ordered);
    for (line, colour) in lines.iter().zip(&colours) {
        draw_line(line, *colour, x, &places, &y, inner, canvas);
    }
    speak(lines, x, &places, &y, canvas);
    if lines.len() > 1 {
        draw_legend(lines, &legend.title, &colours, inner, canvas);
    }
}

/// Where a picture would be, if there were anything to show.
fn say_nothing(inner: Area, canvas: &mut Canvas) {
    let (x, y) = (inner.x + inner.width / 2.0, inner.y + inner.height / 2.0);
    canvas.text(Text::new(x, y, "no finite value", TITLE_SIZE).soft().anchored(Anchor::Middle));
}

fn draw_line(line: &Line, colour: Colour, x: &Axis, places: &[f64], y: &Scale, inner: Area, canvas: &mut Canvas) {
    let spots: Vec<(f64, &Spread)> = places.iter().copied().zip(&line.points).collect();
    let is_drawable = |(_, spread): &&(f64, &Spread)| spread.median.is_finite();
    // A spread that knows no end reaches the edge of the picture.
    let end = |value: f64| y.place(value).clamp(inner.y, inner.bottom());
    if !x.is_numeric() {
        for (place, spread) in spots.iter().filter(is_drawable) {
            if spread.high > spread.low {
                canvas.line(&[(*place, end(spread.low)), (*place, end(spread.high))], colour, 2.0);
            }
            canvas.shapes.push(Shape::Dot { x: *place, y: y.place(spread.median), radius: 4.5, fill: colour });
        }
        return;
    }
    for stretch in spots.split(|(_, spread)| !spread.median.is_finite()).filter(|stretch| !stretch.is_empty()) {
        if stretch.iter().any(|(_, spread)| spread.high > spread.low) {
            let upper = stretch.iter().map(|(place, spread)| (*place, end(spread.high)));
            let lower = stretch.iter().rev().map(|(place, spread)| (*place, end(spread.low)));
            let points = upper.chain(lower).collect();
            canvas.shapes.push(Shape::Area { points, fill: colour, opacity: 0.18 });
        }
        let points: Vec<(f64, f64)> = stretch.iter().map(|(place, spread)| (*place, y.place(spread.median))).collect();
        canvas.line(&thinned(&points, inner.width), colour, 2.0);
        if spots.len() <= MARKED || points.len() == 1 {
            for (x, y) in points {
                canvas.shapes.push(Shape::Dot { x, y, radius: 3.0, fill: colour });
            }
        }
    }
}

fn draw_cloud(cloud: &Cloud, area: Area, canvas: &mut Canvas) {
    let has_colours = !cloud.title.is_empty();
    let bar = if has_colours { bar_width(cloud.range) } else { 0.0 };
    let (_, probe) = laid_out(&cloud.y, area.height, 0.0, 6);
    let inner = inside(area, &probe, bar, &cloud.x);
    let (rows, ticks) = laid_out(&cloud.y, inner.bottom() - 8.0, inner.y + 8.0, 6);
    for tick in &ticks {
        canvas.line(&[(inner.x, tick.place), (inner.right(), tick.place)], GRID, 1.0);
    }
    vertical_axis(&ticks, &cloud.y.title, inner, area, canvas);
    let columns = horizontal_axis(&cloud.x, inner, area, canvas);
    let colours = Scale::new(cloud.range.0, cloud.range.1, 0.0, 1.0);
    for &(column, row, value) in cloud.points.iter().step_by(cloud.points.len() / DOTS + 1) {
        let fill = if has_colours { colours::viridis(colours.part(value)) } else { colours::of_lines(1, false)[0] };
        let (x, y) = (columns[column], rows[row]);
        let radius = if cloud.points.len() > 500 { 2.2 } else { 4.0 };
        canvas.shapes.push(Shape::Dot { x, y, radius, fill });
        if cloud.points.len() <= SPEAKING {
            let (along, up) = (&cloud.x, &cloud.y);
            let value = if has_colours { format!("\n{}", spelled(value)) } else { String::new() };
            let says = format!("{} = {}\n{} = {}{value}", along.name, along.value(column), up.name, up.value(row));
            canvas.shapes.push(Shape::Spot { x: x - 6.0, y: y - 6.0, width: 12.0, height: 12.0, says });
        }
    }
    if has_colours {
        draw_bar(cloud.range, &cloud.title, inner, area, canvas);
    }
}

/// Of points that share a column of pixels, those that matter: first, lowest, highest, last.
fn thinned(points: &[(f64, f64)], width: f64) -> Vec<(f64, f64)> {
    if (points.len() as f64) < 4.0 * width {
        return points.to_vec();
    }
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor().total_cmp(&b.0.floor()).is_eq()) {
        let lowest = (0..column.len()).min_by(|&a, &b| column[a].1.total_cmp(&column[b].1)).unwrap_or(0);
        let highest = (0..column.len()).max_by(|&a, &b| column[a].1.total_cmp(&column[b].1)).unwrap_or(0);
        let mut indices = vec![0, lowest, highest, column.len() - 1];
        indices.sort_unstable();
        indices.dedup();
        kept.extend(indices.into_iter().map(|i| column[i]));
    }
    kept
}

fn speak(lines: &[Line], x: &Axis, places: &[f64], y: &Scale, canvas: &mut Canvas) {
    if lines.iter().map(|line| line.points.len()).sum::<usize>() > SPEAKING {
        return;
    }
    for line in lines {
        for (place, spread) in line.points.iter().enumerate().filter(|(_, spread)| spread.median.is_finite()) {
            let label = if line.label.is_empty() { String::new() } else { format!("{}\n", line.label) };
            let several = if spread.count > 1 {
                format!(" ({} to {} in {} runs)", spelled(spread.low), spelled(spread.high), spread.count)
            } else {
                String::new()
            };
            let says = format!("{label}{} = {}\n{}{several}", x.name, x.value(place), spelled(spread.median));
            let (x, y) = (places[place] - 6.0, y.place(spread.median) - 6.0);
            canvas.shapes.push(Shape::Spot { x, y, width: 12.0, height: 12.0, says });
        }
    }
}

fn legend_width(lines: &[Line], legend: &Legend) -> f64 {
    if lines.len() < 2 {
        return 0.0;
    }
    let widest = lines.iter().map(|line| line.label.as_str()).chain([legend.title.as_str()]);
    let widest = widest.map(|label| width_of(&shortened(label, 22), TICK_SIZE)).fold(0.0, f64::max);
    widest + 46.0
}

fn draw_legend(lines: &[Line], title: &str, colours: &[Colour], inner: Area, canvas: &mut Canvas) {
    let x = inner.right() + 16.0;
    canvas.text(Text::new(x, inner.y + 10.0, shortened(title, 22), TICK_SIZE).bold());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few lines")]
    let room = ((inner.height / 18.0) as usize).saturating_sub(2).max(1);
    for (number, (line, colour)) in lines.iter().zip(colours).take(room).enumerate() {
        let y = inner.y + 28.0 + 18.0 * number as f64;
        canvas.line(&[(x, y - 4.0), (x + 18.0, y - 4.0)], *colour, 3.0);
        canvas.text(Text::new(x + 25.0, y, shortened(&line.label, 22), TICK_SIZE));
    }
    if lines.len() > room {
        let y = inner.y + 28.0 + 18.0 * room as f64;
        canvas.text(Text::new(x, y, format!("… {} more", lines.len() - room), TICK_SIZE).soft());
    }
}

fn draw_map(map: &Map, area: Area, canvas: &mut Canvas) -> f64 {
    let colours = Scale::new(map.range.0, map.range.1, 0.0, 1.0);
    let rows = edges(&map.y, 1.0, 0.0, map.is_image);
    let inner = inside(area, &map_ticks(&map.y, &rows), bar_width(map.range), &map.x);
    let (area, inner) = if map.is_image { with_square_cells(map, area, inner) } else { (area, inner) };
    let (columns, rows) =
        (edges(&map.x, inner.x, inner.right(), false), edges(&map.y, inner.bottom(), inner.y, map.is_image));

    let colour = |value: f64| if value.is_nan() { NOTHING } else { colours::viridis(colours.part(value)) };
    if map.values.len() <= CELLS {
        draw_cells(map, &columns, &rows, colour, canvas);
    } else {
        draw_pixels(map, inner, colour, canvas);
    }
    vertical_axis(&map_ticks(&map.y, &rows), &map.y.title, inner, area, canvas);
    let x_ticks = map_ticks(&map.x, &columns);
    horizontal_ticks(&x_ticks, &map.x, inner, area, canvas);
    draw_bar(map.range, &map.title, inner, area, canvas);
    if map.values.iter().all(|value| !value.is_finite()) {
        say_nothing(inner, canvas);
    }
    area.bottom()
}

/// Less room, in which the cells of an image are squares; all of it where that would leave too little.
fn with_square_cells(map: &Map, area: Area, inner: Area) -> (Area, Area) {
    let (width, height) = (inner.width / map.x.len() as f64, inner.height / map.y.len() as f64);
    let cell = width.min(height);
    if map.x.len().min(map.y.len()) < 8 || width.max(height) > 2.5 * cell {
        return (area, inner);
    }
    let (less_width, less_height) = (inner.width - cell * map.x.len() as f64, inner.height - cell * map.y.len() as f64);
    let less = |all: Area| Area {
        x: all.x + less_width / 2.0,
        y: all.y,
        width: all.width - less_width,
        height: all.height - less_height,
    };
    (less(area), less(inner))
}

pub(super) fn bar_width(range: (f64, f64)) -> f64 {
    let ticks = Scale::new(range.0, range.1, 0.0, 1.0).ticks(6);
    62.0 + ticks.iter().map(|tick| width_of(&tick.label, TICK_SIZE)).fold(0.0, f64::max)
}

/// What the colours mean.
pub(super) fn draw_bar(range: (f64, f64), title: &str, inner: Area, area: Area, canvas: &mut Canvas) {
    let x = inner.right() + 16.0;
    let steps = 64;
    for step in 0..steps {
        let height = inner.height / f64::from(steps);
        let fill = colours::viridis(1.0 - (f64::from(step) + 0.5) / f64::from(steps));
        let y = inner.y + height * f64::from(step);
        canvas.shapes.push(Shape::Rect { x, y, width: 14.0, height: height + 0.5, fill });
    }
    for tick in Scale::new(range.0, range.1, inner.bottom(), inner.y).ticks(6) {
        canvas.line(&[(x + 14.0, tick.place), (x + 18.0, tick.place)], AXIS, 1.0);
        canvas.text(Text::new(x + 21.0, tick.place + 4.0, tick.label, TICK_SIZE).soft());
    }
    let (title, size) = title_within(title, inner.height);
    let title = Text::new(area.right() - 4.0, inner.y + inner.height / 2.0, title, size);
    canvas.text(title.anchored(Anchor::Middle).turned(-90.0));
}

fn draw_cells(map: &Map, columns: &[f64], rows: &[f64], colour: impl Fn(f64) -> Colour, canvas: &mut Canvas) {
    for (cell, &value) in map.values.iter().enumerate() {
        let (row, column) = (cell / map.x.len(), cell % map.x.len());
        let (left, right) = (columns[column].min(columns[column + 1]), columns[column].max(columns[column + 1]));
        let (top, bottom) = (rows[row].min(rows[row + 1]), rows[row].max(rows[row + 1]));
        let (width, height) = (right - left, bottom - top);
        // The next cell covers what is too wide; without it, scaled pictures show gaps between cells.
        let overlap = if column + 1 < map.x.len() { 0.5 } else { 0.0 };
        canvas.shapes.push(Shape::Rect { x: left, y: top, width: width + overlap, height, fill: colour(value) });
        if map.values.len() <= SPEAKING {
            let (x, y) = (&map.x, &map.y);
            let says = format!("{} = {}\n{} = {}\n{}", y.name, y.value(row), x.name, x.value(column), spelled(value));
            canvas.shapes.push(Shape::Spot { x: left, y: top, width, height, says });
        }
    }
}

/// A map of many cells, as pixels: at most two for each unit of the paper.
fn draw_pixels(map: &Map, inner: Area, colour: impl Fn(f64) -> Colour, canvas: &mut Canvas) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size on the paper")]
    let most = |size: f64, len: usize| len.min((2.0 * size) as usize).max(1);
    let (width, height) = (most(inner.width, map.x.len()), most(inner.height, map.y.len()));
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        // The paper begins at the top, and so do pictures; the values of an axis begin at the bottom.
        let y = if map.is_image { y } else { height - 1 - y };
        let row = (2 * y + 1) * map.y.len() / (2 * height);
        for x in 0..width {
            let column = (2 * x + 1) * map.x.len() / (2 * width);
            pixels.push(colour(map.values[row * map.x.len() + column]));
        }
    }
    let Area { x, y, .. } = inner;
    canvas.shapes.push(Shape::Image { x, y, width: inner.width, height: inner.height, columns: width, pixels });
}

/// Where the cells of a map begin and end along an axis: half way between neighbouring values.
fn edges(axis: &Axis, start: f64, end: f64, is_image: bool) -> Vec<f64> {
    let (start, end) = if is_image { (end, start) } else { (start, end) };
    let values = &axis.values;
    // Pixels of a picture have one size, and so have cells that are too many to be told apart.
    if has_even_cells(axis) || values.len() > 500 {
        let len = values.len().max(1);
        return (0..=len).map(|i| start + (end - start) * i as f64 / len as f64).collect();
    }
    let is_log = is_geometric(values);
    let on = |value: f64| if is_log { value.ln() } else { value };
    let middles = values.windows(2).map(|pair| f64::midpoint(on(pair[0]), on(pair[1])));
    let (first, last) = (on(values[0]), on(values[values.len() - 1]));
    let (second, before) = (on(values[1]), on(values[values.len() - 2]));
    let mut edges = vec![first - (second - first) / 2.0];
    edges.extend(middles);
    edges.push(last + (last - before) / 2.0);
    let scale = Scale::new(edges[0], edges[edges.len() - 1], start, end);
    edges.into_iter().map(|edge| scale.place(edge)).collect()
}

/// Whether the cells of a map have one size along an axis, as those of words; also where some would be too narrow to be seen.
fn has_even_cells(axis: &Axis) -> bool {
    let values = &axis.values;
    let [first, _, .., last] = values.as_slice() else { return true };
    let even = (last - first) / (values.len() - 1) as f64;
    let is_seen = |pair: &[f64]| pair[1] - pair[0] > even / 8.0;
    !axis.is_numeric() || !is_geometric(values) && !values.windows(2).all(is_seen)
}

/// Marks in the middle of cells: all or some of them, or at a few round values.
fn map_ticks(axis: &Axis, edges: &[f64]) -> Vec<Tick> {
    const MOST: usize = 8;
    let middle = |i: usize| f64::midpoint(edges[i], edges[i + 1]);
    if has_even_cells(axis) || axis.len() <= MOST {
        let every = if axis.is_numeric() { axis.len().div_ceil(MOST) } else { 1 };
        let tick = |i: usize| Tick { place: middle(i), label: shortened(&label_of(axis, i), 24) };
        return (0..axis.len()).step_by(every.max(1)).map(tick).collect();
    }
    let (first, last) = (axis.values[0], axis.values[axis.len() - 1]);
    let (start, end) = (middle(0), middle(axis.len() - 1));
    if is_geometric(&axis.values) {
        return Scale::log(first, last, start, end).ticks(6);
    }
    Scale::new(first, last, start, end).ticks(6)
}

fn label_of(axis: &Axis, place: usize) -> String {
    axis.words.as_ref().map_or_else(|| told_apart(&axis.values, place), |words| words[place].clone())
}

/// The room that is left for the data beside ticks, titles and what stands on the right.
fn inside(area: Area, y_ticks: &[Tick], right: f64, x: &Axis) -> Area {
    let left = 34.0 + y_ticks.iter().map(|tick| width_of(&tick.label, TICK_SIZE)).fold(14.0, f64::max);
    let right = right.max(16.0);
    let width = (area.width - left - right).max(40.0);
    let below = if is_crowded(x, width) { 96.0 } else { 48.0 };
    Area { x: area.x + left, y: area.y, width, height: (area.height - below).max(40.0) }
}

/// Whether the words of an axis need to be turned.
fn is_crowded(axis: &Axis, width: f64) -> bool {
    let words = axis.words.as_ref();
    words.is_some_and(|words| {
        let widest = words.iter().map(|word| width_of(&shortened(word, 24), TICK_SIZE)).fold(0.0, f64::max);
        widest + 8.0 > width / words.len() as f64
    })
}

fn vertical_axis(ticks: &[Tick], title: &str, inner: Area, area: Area, canvas: &mut Canvas) {
    canvas.line(&[(inner.x, inner.y), (inner.x, inner.bottom())], AXIS, 1.0);
    for tick in apart(ticks, |_| TICK_SIZE) {
        canvas.line(&[(inner.x - 4.0, tick.place), (inner.x, tick.place)], AXIS, 1.0);
        let text = Text::new(inner.x - 7.0, tick.place + 4.0, tick.label.clone(), TICK_SIZE);
        canvas.text(text.soft().anchored(Anchor::End));
    }
    let (title, size) = title_within(title, inner.height);
    let title = Text::new(area.x + 13.0, inner.y + inner.height / 2.0, title, size);
    canvas.text(title.anchored(Anchor::Middle).turned(-90.0));
}

/// Draws the axis below and says where its values are.
fn horizontal_axis(x: &Axis, inner: Area, area: Area, canvas: &mut Canvas) -> Vec<f64> {
    let edge = if x.is_numeric() { 8.0 } else { 0.0 };
    let (places, ticks) = laid_out(x, inner.x + edge, inner.right() - edge, 7);
    horizontal_ticks(&ticks, x, inner, area, canvas);
    places
}

/// Where the values of an axis are, with its marks.
pub(super) fn laid_out(axis: &Axis, start: f64, end: f64, about: usize) -> (Vec<f64>, Vec<Tick>) {
    if !axis.is_numeric() {
        let part = (end - start) / axis.len() as f64;
        let places: Vec<f64> = (0..axis.len()).map(|i| start + part * (i as f64 + 0.5)).collect();
        let tick = |(i, place): (usize, &f64)| Tick { place: *place, label: shortened(&label_of(axis, i), 24) };
        let ticks = places.iter().enumerate().map(tick).collect();
        return (places, ticks);
    }
    let finite = || axis.values.iter().copied().filter(|value| value.is_finite());
    let (from, to) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let is_log = is_geometric(&axis.values);
    let scale = if is_log { Scale::log(from, to, start, end) } else { Scale::new(from, to, start, end) };
    // Infinities lie at the ends, and what is no number at the start.
    let place = |value: &f64| scale.place(value.clamp(from, to).max(from)).clamp(start.min(end), start.max(end));
    (axis.values.iter().map(place).collect(), scale.ticks(about))
}

fn horizontal_ticks(ticks: &[Tick], x: &Axis, inner: Area, area: Area, canvas: &mut Canvas) {
    canvas.line(&[(inner.x, inner.bottom()), (inner.right(), inner.bottom())], AXIS, 1.0);
    let is_crowded = is_crowded(x, inner.width);
    let shown: Vec<&Tick> = if x.is_numeric() {
        apart(ticks, |tick| width_of(&tick.label, TICK_SIZE) + 4.0)
    } else {
        ticks.iter().step_by(ticks.len() / 60 + 1).collect()
    };
    for tick in shown {
        canvas.line(&[(tick.place, inner.bottom()), (tick.place, inner.bottom() + 4.0)], AXIS, 1.0);
        let text = Text::new(tick.place, inner.bottom() + 18.0, tick.label.clone(), TICK_SIZE).soft();
        canvas.text(if is_crowded {
            Text { x: tick.place + 4.0, y: inner.bottom() + 14.0, words: shortened(&text.words, 14), ..text }
                .anchored(Anchor::End)
                .turned(-35.0)
        } else {
            text.anchored(Anchor::Middle)
        });
    }
    let (title, size) = title_within(&x.title, inner.width);
    let title = Text::new(inner.x + inner.width / 2.0, area.bottom() - 8.0, title, size);
    canvas.text(Text { colour: INK, ..title }.anchored(Anchor::Middle));
}

/// Those marks whose labels, which take so much room, do not run into each other.
fn apart(ticks: &[Tick], room: impl Fn(&Tick) -> f64) -> Vec<&Tick> {
    let mut shown: Vec<&Tick> = Vec::new();
    for tick in ticks {
        let needed = |last: &&Tick| f64::midpoint(room(last), room(tick));
        if shown.last().is_none_or(|last| (tick.place - last.place).abs() >= needed(last)) {
            shown.push(tick);
        }
    }
    shown
}

/// The title of an axis and its size: smaller where it is long, and cut where that does not help; its unit stays.
fn title_within(title: &str, room: f64) -> (String, f64) {
    let size = if title.chars().count() > characters(room, TITLE_SIZE) { SMALL_TITLE_SIZE } else { TITLE_SIZE };
    let most = characters(room, size);
    let unit = title.rsplit_once(" (").filter(|(_, unit)| unit.ends_with(')') && 2 * unit.len() < most);
    let Some((name, unit)) = unit else { return (shortened(title, most), size) };
    (shortened(&format!("{} ({unit}", shortened(name, most - 2 - unit.chars().count())), most), size)
}

/// How many characters of a size there is room for.
pub(super) fn characters(room: f64, size: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size on the paper")]
    let count = (room / (0.52 * size)) as usize;
    count.max(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64]) -> Axis {
        Axis::of_numbers("x", "x", values)
    }

    #[test]
    fn cells_are_as_wide_as_their_values_are_apart_unless_some_could_not_be_seen() {
        let near = |found: Vec<f64>, wanted: &[f64]| found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9);
        let apart = edges(&axis(&[0.0, 1.0, 3.0]), 0.0, 4.5, false);
        assert!(near(apart, &[0.0, 1.0, 2.5, 4.5]), "half way between neighbours");
        let uneven = axis(&[-2.0, 1.0, 1e7]);
        assert!(near(edges(&uneven, 0.0, 3.0, false), &[0.0, 1.0, 2.0, 3.0]));
        let labels: Vec<String> =
            map_ticks(&uneven, &[0.0, 1.0, 2.0, 3.0]).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["−2", "1", "1×10⁷"]);
        assert!(!has_even_cells(&axis(&[1.0, 10.0, 100.0, 1000.0])), "these are even on a logarithmic scale");
    }

    #[test]
    fn labels_do_not_run_into_each_other() {
        let ticks = [0.0, 5.0, 12.0, 30.0].map(|place| Tick { place, label: String::new() });
        let shown = |room: f64| apart(&ticks, |_| room).iter().map(|tick| tick.place).sum::<f64>();
        assert!((shown(10.0) - 42.0).abs() < 1e-9 && (shown(1.0) - 47.0).abs() < 1e-9);
    }

    #[test]
    fn a_title_that_is_cut_keeps_its_unit() {
        let is = |title: &str, room: f64, wanted: &str, size: f64| {
            let found = title_within(title, room);
            assert_eq!(found.0, wanted);
            assert!((found.1 - size).abs() < 1e-9, "{found:?}");
        };
        is("Speed (m/s)", 200.0, "Speed (m/s)", TITLE_SIZE);
        is(
            "How fast the ball leaves the hand (m/s)",
            220.0,
            "How fast the ball leaves the hand (m/s)",
            SMALL_TITLE_SIZE,
        );
        is("How fast the ball leaves the hand (m/s)", 110.0, "How fast the … (m/s)", SMALL_TITLE_SIZE);
        is("How fast the ball leaves", 56.0, "How fast …", SMALL_TITLE_SIZE);
    }

    #[test]
    fn pixels_of_an_image_are_squares() {
        let counting = |len| Axis::counting("i", len);
        let image = |columns, rows| Map {
            x: counting(columns),
            y: counting(rows),
            title: String::new(),
            values: Vec::new(),
            range: (0.0, 1.0),
            is_image: true,
        };
        let area = Area { x: 0.0, y: 0.0, width: 500.0, height: 300.0 };
        let inner = Area { x: 50.0, width: 400.0, height: 200.0, ..area };
        let (_, square) = with_square_cells(&image(100, 100), area, inner);
        assert!((square.width - square.height).abs() < 1e-9 && (square.x - 150.0).abs() < 1e-9);
        let (_, long) = with_square_cells(&image(10_000, 10), area, inner);
        assert!((long.width - inner.width).abs() < 1e-9, "of a strip nothing would be seen");
    }
}
