//! The table, the CSV file and the picture.

use std::fmt::Write as _;
use std::path::Path;

use plotters::prelude::*;

use super::{Case, Measured, Phase, System};

/// What is seen while it is measured.
pub(super) fn line(one: &Measured) -> String {
    let [run, all, each] = one.seconds;
    format!(
        "{:8} {:>9} runs  {:24} run {run:9.4} s  load all {all:8.4} s  one by one {each:8.4} s  {:>13} bytes",
        one.case.name(),
        one.n_runs,
        one.system.name(),
        one.bytes
    )
}

/// Microseconds for each run, with the ratio to plain files in the same row of sizes.
pub(super) fn table(measured: &[Measured]) -> String {
    let mut text = String::from(
        "| case | runs | system | µs per run: run | × files | load all | load one by one | bytes per run beyond the payload |\n\
         | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for case in Case::ALL {
        for &n_runs in case.sizes() {
            let here: Vec<&Measured> = measured.iter().filter(|m| m.case == case && m.n_runs == n_runs).collect();
            let files = here.iter().find(|m| m.system == System::Files).map(|m| m.seconds[0]);
            for one in here {
                let per_run = one.seconds.map(|seconds| format!("{:.3}", seconds / n_runs as f64 * 1e6));
                let ratio = files.map(|files| format!("{:.1}", one.seconds[0] / files)).unwrap_or_default();
                let beyond = (one.bytes as f64 - (n_runs * case.payload()) as f64) / n_runs as f64;
                let _ = writeln!(
                    text,
                    "| {} | {n_runs} | {} | {} | {ratio} | {} | {} | {beyond:.0} |",
                    case.name(),
                    one.system.name(),
                    per_run[0],
                    per_run[1],
                    per_run[2]
                );
            }
        }
    }
    text
}

/// Writes all three.
pub(super) fn write(measured: &[Measured], folder: &Path) {
    let mut csv = String::from("case,runs,system,run_s,load_all_s,load_each_s,bytes\n");
    for one in measured {
        let [run, all, each] = one.seconds;
        let (case, system) = (one.case.name(), one.system.name());
        let _ = writeln!(csv, "{case},{},\"{system}\",{run},{all},{each},{}", one.n_runs, one.bytes);
    }
    std::fs::write(folder.join("figure5.csv"), csv).expect("the CSV file can be written");
    std::fs::write(folder.join("figure5.md"), table(measured)).expect("the table can be written");
    picture(measured, &folder.join("figure5.svg")).expect("the picture can be written");
}

/// Colours that are told apart without red and green (Okabe & Ito 2008), one for each system.
const COLOURS: [RGBColor; 7] = [
    RGBColor(213, 94, 0),
    RGBColor(230, 159, 0),
    RGBColor(120, 120, 120),
    RGBColor(0, 0, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 114, 178),
    RGBColor(204, 121, 167),
];

/// What a panel shows.
type Value = fn(&Measured) -> f64;

/// Rows: the cases; columns: running, file size, loading all, loading one by one; both axes logarithmic.
fn picture(measured: &[Measured], file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::new(file, (1400, 980)).into_drawing_area();
    root.fill(&WHITE)?;
    let (drawing, legend) = root.split_vertically(920);
    let panels = drawing.split_evenly((Case::ALL.len(), 4));
    let columns: [(&str, Value); 4] = [
        ("run and store (s)", |m| m.seconds[0]),
        ("size of the file (MB)", |m| m.bytes as f64 / 1e6),
        ("load all (s)", |m| m.seconds[1]),
        ("load run by run (s)", |m| m.seconds[2]),
    ];
    debug_assert_eq!(Phase::ALL.len() + 1, columns.len());
    for (position, panel) in panels.iter().enumerate() {
        let (case, (title, value)) = (Case::ALL[position / 4], columns[position % 4]);
        let here: Vec<&Measured> = measured.iter().filter(|m| m.case == case).collect();
        let values = || here.iter().map(|m| value(m).max(1e-6));
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
        if here.is_empty() {
            continue;
        }
        let most = *case.sizes().last().expect("there are sizes") as f64;
        let mut chart = ChartBuilder::on(panel)
            .caption(format!("{}: {title}", case.name()), ("sans-serif", 15))
            .margin(8)
            .x_label_area_size(28)
            .y_label_area_size(56)
            .build_cartesian_2d((80.0..most * 1.3).log_scale(), (low / 2.0..high * 2.0).log_scale())?;
        let number = |x: &f64| format!("{x:.0e}");
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&number)
            .y_label_formatter(&number)
            .draw()?;
        for (system, colour) in System::ALL.into_iter().zip(COLOURS) {
            let points: Vec<(f64, f64)> =
                here.iter().filter(|m| m.system == system).map(|m| (m.n_runs as f64, value(m).max(1e-6))).collect();
            chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
            chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, colour.filled())))?;
        }
    }
    for (position, (system, colour)) in (0..).zip(System::ALL.into_iter().zip(COLOURS)) {
        let x = 20 + 195 * position;
        legend.draw(&PathElement::new(vec![(x, 22), (x + 24, 22)], colour.stroke_width(3)))?;
        legend.draw(&Text::new(system.name(), (x + 30, 15), ("sans-serif", 14)))?;
    }
    root.present()?;
    Ok(())
}
