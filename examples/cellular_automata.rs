//! # Lesson 3: cellular automata
//!
//! Six of Wolfram's elementary cellular automata, each from a single living cell and from a random row. It
//! teaches parameters that are enums, results that are arrays with named dimensions, errors as results of a run,
//! randomness whose seed is a parameter, and a picture of all patterns at the end.
//!
//! ```text
//! cargo run --release --example cellular_automata         # 12 runs into hdf5/cellular_automata.h5
//! cargo run --release --example cellular_automata -- run --set generations=400 --explore 'rule=[22,105,150]'
//! ```
//!
//! What to look at afterwards: the picture `hdf5/cellular_automata.png`, one column for each rule and one row for
//! each start, and the patterns themselves.
//!
//! ```text
//! python3 -c "import xarray; print(xarray.open_dataset('hdf5/cellular_automata.h5', group='cellular_automata/grid').pattern)"
//! ```

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use pypet::prelude::*;
use pypet::run::RunStatus;

/// The rules of the picture: drift, chaos, fractals, the edge of chaos, traffic, stripes.
const RULES: [u8; 6] = [10, 30, 90, 110, 184, 190];

/// The largest pattern a run may grow.
const MOST_CELLS: usize = 100_000_000;

/// How the first generation looks.
#[derive(ParamValue, Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// One living cell in the middle.
    SingleCell,
    /// Each cell lives with the probability `density`.
    Random,
}

/// An elementary automaton on a ring of cells.
#[parameters]
pub struct Automaton {
    /// Wolfram's number: bit k is the next state of a cell whose neighbourhood, read as a binary number, is k.
    #[param(default = 30)]
    pub rule: u8,
    /// Number of cells in the ring.
    #[param(default = 201, range = 1..=100_000)]
    pub n_cells: usize,
    /// Number of generations, the first included.
    #[param(default = 150, range = 1..=100_000)]
    pub generations: usize,
    /// How the first generation looks.
    #[param(default = Start::SingleCell)]
    pub start: Start,
    /// Share of living cells in a random start.
    #[param(default = 0.5, range = 0.0..=1.0)]
    pub density: f64,
    /// Seed of the random start: the same seed gives the same cells.
    #[param(default = 100_042)]
    pub seed: u64,
}

/// What one automaton leaves behind.
#[results]
pub struct Pattern {
    /// Whether a cell lives, generation by generation.
    #[result(dims = ["generation", "cell"])]
    pub pattern: Array2<bool>,
    /// Number of living cells in the last generation.
    pub n_alive: u64,
}

/// Grows one automaton from its first generation.
#[experiment(explore = rules_and_starts, finish = draw_patterns)]
fn cellular_automata(p: &Automaton) -> Result<Pattern, String> {
    // A run that ends with an error is recorded as failed, with the message, and the other runs go on.
    if p.generations * p.n_cells > MOST_CELLS {
        return Err(format!("{} generations of {} cells are more than {MOST_CELLS} cells", p.generations, p.n_cells));
    }

    let mut pattern = Array2::from_elem((p.generations, p.n_cells), false);
    for (cell, alive) in first_generation(p).into_iter().enumerate() {
        pattern[[0, cell]] = alive;
    }
    for generation in 1..p.generations {
        for cell in 0..p.n_cells {
            let left = pattern[[generation - 1, (cell + p.n_cells - 1) % p.n_cells]];
            let center = pattern[[generation - 1, cell]];
            let right = pattern[[generation - 1, (cell + 1) % p.n_cells]];
            let neighbourhood = u8::from(left) << 2 | u8::from(center) << 1 | u8::from(right);
            pattern[[generation, cell]] = p.rule >> neighbourhood & 1 == 1;
        }
    }
    let n_alive = pattern.row(p.generations - 1).iter().filter(|&&alive| alive).count();
    Ok(Pattern { pattern, n_alive: n_alive as u64 })
}

/// Every rule from every start; the rule varies fastest.
fn rules_and_starts() -> Exploration<Automaton> {
    let p = Automaton::names();
    p.start.over([Start::SingleCell, Start::Random]) * p.rule.over(RULES)
}

fn first_generation(p: &Automaton) -> Vec<bool> {
    match p.start {
        Start::SingleCell => (0..p.n_cells).map(|cell| cell == p.n_cells / 2).collect(),
        Start::Random => {
            let mut random = SplitMix64(p.seed);
            (0..p.n_cells).map(|_| random.unit() < p.density).collect()
        }
    }
}

/// A tiny generator of random numbers whose every bit follows from its seed.
///
/// # Source
/// Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in [0, 1), of 53 random bits.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

const BLACK: u8 = 0;
const GREY: u8 = 160;
const WHITE: u8 = 255;
/// Pixels between two patterns.
const GAP: usize = 10;

/// Post-processing: draws the patterns side by side, as many in a row as there are rules, beside the file.
fn draw_patterns(traj: &mut Trajectory<cellular_automata>) -> Result<(), Box<dyn Error + Send + Sync>> {
    // A trajectory in memory has no file and no place for a picture.
    let Some(picture) = traj.path().map(|file| file.with_extension("png")) else { return Ok(()) };

    // A run that failed has no pattern, and its place in the picture stays empty.
    let mut patterns = Vec::new();
    for run in traj.runs().filter(|run| run.status() == RunStatus::Done) {
        patterns.push((run.index(), run.get(Pattern::names().pattern)?));
    }
    let Some((last, _)) = patterns.last() else { return Ok(()) };

    // All tiles are as large as the largest pattern, with a frame of GAP pixels between them.
    let height = GAP + patterns.iter().map(|(_, pattern)| pattern.nrows()).max().unwrap_or(0);
    let width = GAP + patterns.iter().map(|(_, pattern)| pattern.ncols()).max().unwrap_or(0);
    let (rows, columns) = (last / RULES.len() + 1, RULES.len().min(last + 1));
    let mut pixels = Array2::from_elem((rows * height + GAP, columns * width + GAP), GREY);
    for (tile, pattern) in &patterns {
        let (top, left) = (tile / RULES.len() * height + GAP, tile % RULES.len() * width + GAP);
        for ((y, x), &alive) in pattern.indexed_iter() {
            pixels[[top + y, left + x]] = if alive { BLACK } else { WHITE };
        }
    }

    let file = BufWriter::new(File::create(picture)?);
    let mut encoder = png::Encoder::new(file, pixels.ncols().try_into()?, pixels.nrows().try_into()?);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels.into_raw_vec_and_offset().0)?;
    writer.finish()?;
    Ok(())
}

pypet::main!();
