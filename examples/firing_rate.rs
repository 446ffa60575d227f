//! # Lesson 2: firing rate of a neuron
//!
//! A leaky integrate-and-fire neuron under constant current: 101 currents for each of 3 refractory periods, on
//! all cores. It teaches groups of parameters with units and ranges, a derived parameter, several results of one
//! run, one of them an array, and post-processing: at the end a picture of the rates is drawn.
//!
//! ```text
//! cargo run --release --example firing_rate               # 303 runs into hdf5/firing_rate.h5
//! cargo run --release --example firing_rate -- run --set neuron.tau_v=20 --explore neuron.i=0:2:201
//! cargo run --release --example firing_rate -- show hdf5/firing_rate.h5
//! ```
//!
//! What to look at afterwards: the picture `hdf5/firing_rate.svg`, and the rates as a labelled map.
//!
//! ```text
//! python3 -c "import xarray; print(xarray.open_dataset('hdf5/firing_rate.h5', group='firing_rate/grid').rate)"
//! ```

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use pypet::prelude::*;

/// A leaky integrate-and-fire neuron.
#[parameters]
pub struct Neuron {
    /// Membrane potential at the start.
    #[param(default = 0.0)]
    pub v_init: f64,
    /// Externally applied current.
    #[param(default = 0.0, range = 0.0..=2.0)]
    pub i: f64,
    /// Membrane time constant.
    #[param(default = 10.0, unit = "ms")]
    pub tau_v: f64,
    /// Refractory period.
    #[param(default = 5.0, unit = "ms")]
    pub tau_ref: f64,
}

/// How the integration is carried out.
#[parameters]
pub struct Simulation {
    /// Simulated time.
    #[param(default = 1000.0, unit = "ms")]
    pub duration: f64,
    /// Length of an Euler step.
    #[param(default = 0.1, unit = "ms")]
    pub dt: f64,
    /// Number of Euler steps.
    #[param(derived = (self.duration / self.dt) as usize)]
    pub steps: usize,
}

/// All parameters of the experiment, in two groups.
#[parameters]
pub struct FiringRate {
    /// The neuron.
    pub neuron: Neuron,
    /// The integration.
    pub simulation: Simulation,
}

/// What one run yields.
#[results]
pub struct Firing {
    /// Membrane potential at every step.
    pub v: Array1<f64>,
    /// Number of spikes.
    pub n_spikes: u64,
    /// Mean firing rate.
    #[result(unit = "Hz")]
    pub rate: f64,
}

/// Firing rate of a leaky integrate-and-fire neuron under constant current.
#[experiment(explore = currents, finish = draw_rates)]
fn firing_rate(p: &FiringRate) -> Firing {
    let (neuron, simulation) = (&p.neuron, &p.simulation);
    let mut v = Array1::zeros(simulation.steps);
    let mut spikes = Vec::new();

    if let Some(start) = v.first_mut() {
        *start = neuron.v_init;
    }
    for step in 1..simulation.steps {
        let time = step as f64 * simulation.dt;
        if v[step - 1] >= 1.0 {
            // The potential crossed the threshold: a spike, then the reset to 0.
            spikes.push(time);
        } else if spikes.last().is_none_or(|last| time - last > neuron.tau_ref) {
            let dv = -1.0 / neuron.tau_v * v[step - 1] + neuron.i;
            v[step] = v[step - 1] + dv * simulation.dt;
        }
        // Otherwise the neuron is refractory, and its potential stays at 0.
    }

    let n_spikes = spikes.len();
    // The duration is in milliseconds.
    let rate = n_spikes as f64 / simulation.duration * 1000.0;
    Firing { v, n_spikes: n_spikes as u64, rate }
}

/// Every refractory period with every current.
fn currents() -> Exploration<FiringRate> {
    let p = FiringRate::names();
    p.neuron.tau_ref.over([5.0, 7.5, 10.0]) * p.neuron.i.over(linspace(0.0, 1.0, 101))
}

/// Post-processing: draws the rate over the current, one line for each refractory period, beside the file.
fn draw_rates(traj: &mut Trajectory<firing_rate>) -> Result<(), Box<dyn Error + Send + Sync>> {
    // A trajectory in memory has no file and no place for a picture.
    let Some(picture) = traj.path().map(|file| file.with_extension("svg")) else { return Ok(()) };

    let rates = traj.all(Firing::names().rate)?;
    let mut points = Vec::new();
    for (run, rate) in traj.runs().zip(rates) {
        let neuron = &run.parameters()?.neuron;
        // Runs that failed have no rate; their column holds NaN.
        if rate.is_finite() {
            points.push(Point { tau_ref: neuron.tau_ref, i: neuron.i, rate });
        }
    }
    draw(&mut points, &picture)
}

/// One run in the picture.
struct Point {
    tau_ref: f64,
    i: f64,
    rate: f64,
}

const TEXT: (&str, i32) = ("sans-serif", 18);

fn draw(points: &mut [Point], picture: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
    // Whatever the order of the runs, each line goes from small currents to large ones.
    points.sort_by(|a, b| a.tau_ref.total_cmp(&b.tau_ref).then(a.i.total_cmp(&b.i)));
    // An axis needs some length, even if all its values are zero.
    let end = |of: fn(&Point) -> f64| points.iter().map(of).reduce(f64::max).filter(|&end| end > 0.0).unwrap_or(1.0);

    let area = SVGBackend::new(picture, (800, 500)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Firing rate of a leaky integrate-and-fire neuron", ("sans-serif", 24))
        .margin(15)
        .x_label_area_size(40)
        .y_label_area_size(55)
        .build_cartesian_2d(0.0..end(|point| point.i), 0.0..end(|point| point.rate) * 1.1)?;
    chart
        .configure_mesh()
        .x_desc("current i")
        .y_desc("rate [Hz]")
        .label_style(TEXT)
        .axis_desc_style(TEXT)
        .light_line_style(TRANSPARENT)
        .draw()?;

    let lines = points.chunk_by(|a, b| a.tau_ref.total_cmp(&b.tau_ref).is_eq());
    for (color, line) in [BLUE, RED, GREEN, MAGENTA, CYAN, BLACK].into_iter().cycle().zip(lines) {
        chart
            .draw_series(LineSeries::new(line.iter().map(|point| (point.i, point.rate)), &color))?
            .label(format!("tau_ref = {} ms", line[0].tau_ref))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color));
    }
    if !points.is_empty() {
        let mut legend = chart.configure_series_labels();
        legend.position(SeriesLabelPosition::UpperLeft).label_font(TEXT).border_style(BLACK).draw()?;
    }
    area.present().map_err(|error| format!("cannot write `{}`: {error}", picture.display()))?;
    Ok(())
}

pypet::main!();
