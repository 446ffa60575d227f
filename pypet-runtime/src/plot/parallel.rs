//! Parallel coordinates: an axis upright for each explored parameter, and a line across them for each run.

use super::canvas::{AXIS, Anchor, Canvas, PAPER, Shape, Text, shortened, width_of};
use super::colours;
use super::data::Axis;
use super::panel::{Area, SPEAKING, TICK_SIZE, TITLE_SIZE, bar_width, characters, draw_bar, laid_out};
use super::scale::{Scale, spelled};

/// Runs that are drawn; of more, every second, third, … is.
const MOST_LINES: usize = 2000;

/// Runs across the axes of all that is explored, coloured by a result.
pub(super) struct Parallel {
    pub(super) axes: Vec<Axis>,
    /// What the colours say.
    pub(super) title: String,
    /// Runs and their values.
    pub(super) runs: Vec<(usize, f64)>,
    pub(super) range: (f64, f64),
}

pub(super) fn draw(parallel: &Parallel, area: Area, canvas: &mut Canvas) {
    let Parallel { axes, title, range, .. } = parallel;
    // The first axis has its labels to the left, and so have all.
    let inner = Area {
        x: area.x + 60.0,
        y: area.y + 8.0,
        width: (area.width - 76.0 - bar_width(*range)).max(40.0),
        height: (area.height - 50.0).max(40.0),
    };
    let step = inner.width / axes.len().saturating_sub(1).max(1) as f64;
    let laid_out: Vec<_> = axes.iter().map(|axis| laid_out(axis, inner.bottom(), inner.y, 6)).collect();
    let place = |axis: usize, run: usize| (inner.x + step * axis as f64, laid_out[axis].0[axes[axis].of_run[run]]);
    let colours = Scale::new(range.0, range.1, 0.0, 1.0);
    let shown = || parallel.runs.iter().step_by(parallel.runs.len().div_ceil(MOST_LINES).max(1));
    for &(run, value) in shown() {
        let points: Vec<(f64, f64)> = (0..axes.len()).map(|axis| place(axis, run)).collect();
        let width = if parallel.runs.len() > 200 { 0.8 } else { 1.4 };
        canvas.line(&points, colours::viridis(colours.part(value)), width);
    }
    for (number, axis) in axes.iter().enumerate() {
        let x = inner.x + step * number as f64;
        canvas.line(&[(x, inner.y), (x, inner.bottom())], AXIS, 1.5);
        for tick in &laid_out[number].1 {
            canvas.line(&[(x - 4.0, tick.place), (x, tick.place)], AXIS, 1.0);
            let room = if number == 0 { 50.0 } else { step - 12.0 };
            let label = shortened(&tick.label, characters(room, TICK_SIZE).min(16));
            // Lines run behind the labels of all axes but the first.
            let width = width_of(&label, TICK_SIZE) + 4.0;
            if number > 0 {
                let (x, y) = (x - 7.0 - width, tick.place - 7.0);
                let points = vec![(x, y), (x + width + 2.0, y), (x + width + 2.0, y + 14.0), (x, y + 14.0)];
                canvas.shapes.push(Shape::Area { points, fill: PAPER, opacity: 0.75 });
            }
            canvas.text(Text::new(x - 7.0, tick.place + 4.0, label, TICK_SIZE).soft().anchored(Anchor::End));
        }
        // Comments are too long for axes that stand close, so names stand below them.
        let name = if axis.unit.is_empty() { axis.name.clone() } else { format!("{} ({})", axis.name, axis.unit) };
        let name = shortened(&name, characters(step.max(60.0), TITLE_SIZE));
        canvas.text(Text::new(x, inner.bottom() + 24.0, name, TITLE_SIZE).anchored(Anchor::Middle));
    }
    if shown().count() * axes.len() <= SPEAKING {
        for &(run, value) in shown() {
            let of_axis = |axis: &Axis| format!("{} = {}\n", axis.name, axis.value(axis.of_run[run]));
            let says = format!("run {run}\n{}{}", axes.iter().map(of_axis).collect::<String>(), spelled(value));
            for axis in 0..axes.len() {
                let (x, y) = place(axis, run);
                canvas.shapes.push(Shape::Spot {
                    x: x - 5.0,
                    y: y - 3.0,
                    width: 10.0,
                    height: 6.0,
                    says: says.clone(),
                });
            }
        }
    }
    draw_bar(*range, title, inner, area, canvas);
}
