//! # Lesson 6: units
//!
//! How far a thrown ball flies. It teaches quantities of the crate `uom` (feature `uom` of pypet): the compiler checks that
//! metres are not added to seconds, the file says units, and the command line takes them.
//!
//! ```text
//! cargo run --features uom --example units                # 10 runs into hdf5/units.h5
//! cargo run --features uom --example units -- run --set 'speed=36 km/h' --set 'gravity=1.62 m/s²'
//! cargo run --features uom --example units -- run --set 'speed=20 kg'      # refused: no speed
//! ```
//!
//! What to look at afterwards: every dataset with a quantity has the attribute `units`, in base units.
//!
//! ```text
//! python3 -c "import xarray; print(xarray.open_dataset('hdf5/units.h5', group='units/grid').distance)"
//! ```

use std::time::Duration;

use pypet::prelude::*;
use uom::si::acceleration::meter_per_second_squared;
use uom::si::angle::degree;
use uom::si::f64::{Acceleration, Angle, Length, Time, Velocity};
use uom::si::velocity::{kilometer_per_hour, meter_per_second};

/// A throw from the ground.
#[parameters]
pub struct Throw {
    /// How fast the ball leaves the hand.
    #[param(default = Velocity::new::<meter_per_second>(10.0))]
    pub speed: Velocity,
    /// How steeply.
    #[param(default = Angle::new::<degree>(45.0))]
    pub angle: Angle,
    /// What pulls it down.
    #[param(default = Acceleration::new::<meter_per_second_squared>(9.81))]
    pub gravity: Acceleration,
}

/// The flight of the ball.
#[results]
pub struct Flight {
    /// How far it flies.
    pub distance: Length,
    /// How long it flies.
    pub time: Time,
    /// The same time as the clock of a program knows it, in nanoseconds.
    pub clock: Duration,
}

/// Flies without air.
#[experiment(explore = throws)]
fn units(p: &Throw) -> Flight {
    let time: Time = 2.0 * p.speed * p.angle.sin() / p.gravity;
    // `p.speed + time` would not compile.
    let distance: Length = p.speed * p.angle.cos() * time;
    Flight { distance, time, clock: Duration::from_secs_f64(time.value) }
}

/// Two speeds at five angles each.
fn throws() -> Exploration<Throw> {
    let p = Throw::names();
    let speeds = [18.0, 36.0].map(Velocity::new::<kilometer_per_hour>);
    let angles = [15.0, 30.0, 45.0, 60.0, 75.0].map(Angle::new::<degree>);
    p.speed.over(speeds) * p.angle.over(angles)
}

pypet::main!();
