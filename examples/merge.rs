//! # Lesson 6: merge
//!
//! Two computers, or two nights, each look at a part of a space; one file shall have it all. It teaches how
//! trajectories are joined, and that neither the order of the files matters nor that some runs are in both, and how
//! a stored trajectory is annotated, linked and compacted. From a terminal the same is `merge OUT IN…`, `compact FILE`.
//!
//! ```text
//! cargo run --example merge                       # two parts and the whole into the folder hdf5
//! cargo run --example merge -- hdf5 merge hdf5/again.h5 hdf5/night_2.h5 hdf5/night_1.h5 hdf5/night_1.h5
//! ```
//!
//! What to look at afterwards: the whole is a grid, as if it had been computed at once.
//!
//! ```text
//! python3 -c "import xarray; print(xarray.open_dataset('hdf5/whole.h5', group='distance/grid').reach)"
//! ```

use std::path::Path;
use std::process::ExitCode;

use pypet::prelude::*;
use pypet::trajectory::MergeOptions;

/// A ball that is thrown.
#[parameters]
pub struct Throw {
    /// Speed at the start.
    #[param(default = 20.0, unit = "m/s")]
    pub speed: f64,
    /// Angle above the ground.
    #[param(default = 45.0, unit = "degree")]
    pub angle: f64,
}

/// How far a ball flies without air.
#[experiment(result = "reach")]
fn distance(p: &Throw) -> f64 {
    p.speed.powi(2) * (2.0 * p.angle.to_radians()).sin() / 9.81
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = arguments.get(1).map_or("hdf5", String::as_str);
    if arguments.len() > 2 {
        // The name of the program, then the command.
        let command = std::iter::once(&arguments[0]).chain(&arguments[2..]);
        return pypet::cli::answer(command.map(Into::into));
    }
    match join(Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Carries out two parts that overlap, and joins them.
fn join(folder: &Path) -> pypet::Result<()> {
    let file = |name: &str| folder.join(name);
    let p = Throw::names();
    let night = |name: &str, speeds: [f64; 3]| {
        let points = p.speed.over(speeds) * p.angle.over([30.0, 45.0, 60.0]);
        Environment::new(file(name)).with_comment(format!("computed in {name}")).overwrite().run::<distance>(points)
    };
    drop(night("night_1.h5", [5.0, 10.0, 15.0])?);
    drop(night("night_2.h5", [15.0, 20.0, 25.0])?);

    // A whole that an earlier call left would get a second trajectory.
    let _ = std::fs::remove_file(file("whole.h5"));
    let merged = pypet::merge(file("whole.h5"), [file("night_2.h5"), file("night_1.h5")], &MergeOptions::default())?;
    println!("{} runs, {} were in both", merged.n_runs, merged.n_duplicates);

    // Notes of later: all of them, or none if one is not possible.
    let traj = Trajectory::<distance>::open(file("whole.h5"))?;
    let farthest = traj.all(distance::results())?.iter().copied().fold(0.0, f64::max);
    let mut edit = traj.any().edit()?;
    drop(traj);
    edit.annotate("results.reach", "neglects", "air".to_owned())?;
    edit.add_result_with("farthest", "m", "the longest throw of all", farthest)?;
    edit.link("best", "farthest")?;
    edit.commit()?;

    let compacted = pypet::compact(file("whole.h5"))?;
    println!("{} bytes, {} after compacting", compacted.before, compacted.after);
    println!("{}", AnyTrajectory::open(file("whole.h5"))?);
    Ok(())
}
