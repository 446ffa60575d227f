//! # Lesson 7: ragged spikes
//!
//! A population of neurons that fire at random. It teaches results whose lengths differ from run to run: a list, a
//! list of points, and a table; a table of the whole trajectory; and how others read them.
//!
//! ```text
//! cargo run --example ragged_spikes                       # 5 runs into hdf5/ragged_spikes.h5
//! cargo run --example ragged_spikes -- run --explore 'rate=[1, 100]' --set n_neurons=1000
//! ```
//!
//! What to look at afterwards: the values of all runs lie one behind the other, with the place and the number of each
//! run's beside them, so a run's table is a slice of each column.
//!
//! ```text
//! python3 -c "
//! import h5py, pandas
//! spikes, run = h5py.File('hdf5/ragged_spikes.h5')['ragged_spikes/results/spikes'], 3
//! def of_run(column): return column['values'][column['row_start'][run]:][:column['row_size'][run]]
//! print(pandas.DataFrame({name: of_run(column) for name, column in spikes.items()}))"
//! ```

use pypet::prelude::*;

/// A population of independent neurons.
#[parameters]
pub struct Population {
    /// Spikes of one neuron in a second.
    #[param(default = 5.0, unit = "Hz", range = 0.0..)]
    pub rate: f64,
    /// How long it is watched.
    #[param(default = 1.0, unit = "s", range = 0.0..)]
    pub duration: f64,
    /// Number of neurons.
    #[param(default = 10)]
    pub n_neurons: u32,
    /// Seed of the spikes.
    #[param(default = 1)]
    pub seed: u64,
}

/// What was seen.
#[results]
pub struct Seen {
    /// Every spike: its time in seconds, and the neuron that fired.
    #[result(group)]
    pub spikes: Table,
    /// The spikes of the first neuron, of another number in each run.
    #[result(unit = "s")]
    pub first_train: Vec<f64>,
    /// Places in the raster plot: time and neuron.
    pub dots: Vec<[f64; 2]>,
    /// The first spike of all, if there was one.
    pub first_spike: Option<f64>,
}

/// Lets each neuron fire after exponentially distributed pauses.
#[experiment(explore = rates, finish = report)]
fn ragged_spikes(p: &Population) -> Seen {
    let mut spikes: Vec<(f64, u32)> = (0..p.n_neurons).flat_map(|neuron| train(p, neuron)).collect();
    spikes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (times, neurons): (Vec<f64>, Vec<u32>) = spikes.iter().copied().unzip();
    Seen {
        first_train: spikes.iter().filter(|(_, neuron)| *neuron == 0).map(|(time, _)| *time).collect(),
        dots: spikes.iter().map(|(time, neuron)| [*time, f64::from(*neuron)]).collect(),
        first_spike: times.first().copied(),
        spikes: Table::new().with("time", times).with_column_unit("time", "s").with("neuron", neurons),
    }
}

fn rates() -> Exploration<Population> {
    Population::names().rate.over([0.0, 1.0, 5.0, 10.0, 20.0])
}

/// Reads the tables back, as a program that analyses them would, and keeps what it found as one more.
fn report(traj: &mut Trajectory<ragged_spikes>) -> pypet::Result<()> {
    let r = Seen::names();
    let (mut rates, mut counts, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
    for run in traj.runs() {
        rates.push(run.parameters()?.rate);
        counts.push(run.get_group(r.spikes)?.n_rows());
        firsts.push(run.get(r.first_spike)?);
    }
    let found = Table::new()
        .with("rate", rates)
        .with_column_unit("rate", "Hz")
        .with("n_spikes", counts)
        .with("first", firsts)
        .with_column_unit("first", "s")
        .with_column_comment("first", "None where nothing fired");
    println!("{found}");
    traj.add_group("found", found)
}

/// The spikes of one neuron.
fn train(p: &Population, neuron: u32) -> Vec<(f64, u32)> {
    let (mut time, mut random) = (0.0, p.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(neuron)));
    let mut spikes = Vec::new();
    loop {
        time -= next(&mut random).ln() / p.rate;
        // Without a rate the first pause has no end.
        if time.is_nan() || time >= p.duration {
            return spikes;
        }
        spikes.push((time, neuron));
    }
}

/// The next number of a splitmix64 generator, above 0 and at most 1.
fn next(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) as f64 + 1.0) / (u64::MAX as f64 + 1.0)
}

pypet::main!();
