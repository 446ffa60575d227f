//! # Lesson 8: what runs write together
//!
//! A picture of the Mandelbrot set, of which each run computes a few lines. It teaches an array that all runs write
//! together, rows that they append to a table as they find them, and heavy results that they hand over before their
//! end; and how a part of such an array is read.
//!
//! ```text
//! cargo run --example shared                              # 16 runs into hdf5/shared.h5
//! cargo run --example shared -- run --set size=960
//! ```
//!
//! What to look at afterwards: the array `image` is one, however many runs and threads have made it, and the points
//! of the boundary stand in the order of the runs.
//!
//! ```text
//! python3 -c "
//! import h5py
//! results = h5py.File('hdf5/shared.h5')['shared/results']
//! for line in results['image'][::8, ::3]: print(''.join(' .:-=+*%@#'[min(n // 3, 9)] for n in line))"
//! ```

use pypet::prelude::*;

/// A part of the picture.
#[parameters]
pub struct Picture {
    /// Lines and columns of the picture.
    #[param(default = 160, range = 1..=10_000)]
    pub size: usize,
    /// Steps after which a point counts as one of the set.
    #[param(default = 30)]
    pub most_steps: u16,
    /// Number of parts.
    #[param(default = 16, range = 1..)]
    pub n_bands: usize,
    /// Which part it is.
    #[param(default = 0)]
    pub band: usize,
}

/// Counts the steps until each point of the part leaves the circle of radius 2.
#[experiment(result = "n_inside", explore = bands, shared_arrays = image, finish = report)]
fn shared(p: &Picture, run: &mut Run) -> usize {
    let lines = p.band * p.size / p.n_bands..(p.band + 1) * p.size / p.n_bands;
    let mut n_inside = 0;
    for line in lines {
        let steps: Array1<u16> = (0..p.size).map(|column| steps_at(p, line, column)).collect();
        // The points where the set begins: a few rows at a time, in the order in which they are found.
        for (column, pair) in steps.windows(2).into_iter().enumerate() {
            if (pair[0] == p.most_steps) != (pair[1] == p.most_steps) {
                run.append("boundary", &Table::new().with("line", [line]).with("column", [column]));
            }
        }
        n_inside += steps.iter().filter(|&&steps| steps == p.most_steps).count();
        run.write_slice("image", s![line, ..], &steps);
    }
    let orbits = Array2::from_shape_fn((p.size, 8), |(column, step)| orbit_at(p, column, step));
    // As heavy as it may be, it is out of our hands at once.
    run.write("orbits", &orbits);
    n_inside
}

fn bands() -> Exploration<Picture> {
    Picture::names().band.over(0..16)
}

/// All runs write one picture, which is as large as the presets say.
fn image(presets: &Picture) -> [SharedArray; 1] {
    let image = SharedArray::new::<u16>("image", [presets.size, presets.size]);
    [image.with_comment("steps until a point leaves the circle")]
}

/// Reads parts of what was stored.
fn report(traj: &mut Trajectory<shared>) -> pypet::Result<()> {
    let middle = traj.presets().size / 2;
    let line: ArrayD<u16> = traj.any().get_slice("results.image", s![middle, ..])?;
    let n_inside = line.iter().filter(|&&steps| steps == traj.presets().most_steps).count();
    let boundary: Table = traj.any().rows_of_all("results.boundary")?;
    let orbits: ArrayD<f64> = traj.run(0)?.get_added_slice("orbits", s![middle, ..3])?;
    println!("{n_inside} points of line {middle} are inside; {} points are on the boundary", boundary.n_rows());
    println!("an orbit begins with {orbits}");
    Ok(())
}

/// The number of a point in the picture.
fn point_at(p: &Picture, line: usize, column: usize) -> (f64, f64) {
    let scale = |position: usize| 3.0 * position as f64 / p.size as f64;
    (scale(column) - 2.25, scale(line) - 1.5)
}

fn steps_at(p: &Picture, line: usize, column: usize) -> u16 {
    let (re, im) = point_at(p, line, column);
    let (mut x, mut y) = (0.0, 0.0);
    for steps in 0..p.most_steps {
        if x * x + y * y > 4.0 {
            return steps;
        }
        (x, y) = (x * x - y * y + re, 2.0 * x * y + im);
    }
    p.most_steps
}

/// The distance from 0 after some steps, at a point in the middle of the part.
fn orbit_at(p: &Picture, column: usize, n_steps: usize) -> f64 {
    let (re, im) = point_at(p, (2 * p.band + 1) * p.size / (2 * p.n_bands), column);
    let step = |(x, y): (f64, f64), _| (x * x - y * y + re, 2.0 * x * y + im);
    let (x, y) = (0..n_steps).fold((0.0, 0.0), step);
    x.hypot(y)
}

pypet::main!();
