//! # Lesson 5: custom types
//!
//! A walker on a line with sticky ends. It teaches how types of your own become parameters and results: a number with a
//! rule, an enum with fields, and anything else that serde knows.
//!
//! ```text
//! cargo run --example custom_type                         # 4 runs into hdf5/custom_type.h5
//! cargo run --example custom_type -- run --set left=0.9 --set 'start={"At": {"position": 3}}'
//! cargo run --example custom_type -- run --set left=1.5   # refused: no probability
//! ```
//!
//! What to look at afterwards: a probability is a plain number for everyone else, and what has no counterpart in
//! HDF5 is JSON, with the name of the Rust type beside it.
//!
//! ```text
//! python3 -c "
//! import h5py, json
//! results = h5py.File('hdf5/custom_type.h5')['custom_type/results']
//! print([json.loads(end) for end in results['end'].asstr()[:]], results['end'].attrs['type'])"
//! ```

use pypet::prelude::*;
use serde::{Deserialize, Serialize};

/// A number between 0 and 1; stored as a plain number, and no other number becomes one.
#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
#[param(as = f64)]
pub struct Probability(f64);

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

impl TryFrom<f64> for Probability {
    type Error = &'static str;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&number) { Ok(Self(number)) } else { Err("it must lie between 0 and 1") }
    }
}

/// Where the walker begins; stored as `"Middle"` or `{"At": {"position": 3}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ParamValue)]
#[param(serde)]
pub enum Start {
    /// Halfway.
    Middle,
    /// At a place.
    At {
        /// Counted from the left end.
        position: u32,
    },
}

/// How a walk ended. It is a result only, and its field says how it is stored, so it needs nothing but serde.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum End {
    /// The walker stuck to an end.
    Stuck {
        /// `left` or `right`.
        side: String,
        /// The step at which it did.
        step: u32,
    },
    /// The walker still walks.
    Walking(u32),
}

/// A line with a walker on it.
#[parameters]
pub struct Walk {
    /// How likely a step goes to the left.
    #[param(default = Probability(0.5))]
    pub left: Probability,
    /// Where the walker begins.
    #[param(default = Start::Middle)]
    pub start: Start,
    /// Number of places on the line.
    #[param(default = 11, range = 3..)]
    pub n_places: u32,
    /// The most steps.
    #[param(default = 100)]
    pub n_steps: u32,
    /// Seed of the steps: the same seed gives the same walk.
    #[param(default = 1)]
    pub seed: u64,
}

/// What a walk leaves.
#[results]
pub struct Walked {
    /// How it ended.
    #[result(serde)]
    pub end: End,
    /// When the walker first was where it had begun; nothing if it never was.
    pub first_return: Option<u32>,
}

/// Walks until the walker sticks or the steps are done.
#[experiment(explore = biases)]
fn custom_type(p: &Walk) -> Walked {
    let last = p.n_places - 1;
    let start = match p.start {
        Start::Middle => last / 2,
        Start::At { position } => position.min(last),
    };
    let (mut position, mut first_return, mut random) = (start, None, p.seed);
    for step in 1..=p.n_steps {
        let goes_left = next(&mut random) < p.left.0;
        position = if goes_left { position.saturating_sub(1) } else { (position + 1).min(last) };
        if position == start && first_return.is_none() {
            first_return = Some(step);
        }
        if position == 0 || position == last {
            let side = if position == 0 { "left" } else { "right" }.to_owned();
            return Walked { end: End::Stuck { side, step }, first_return };
        }
    }
    Walked { end: End::Walking(position), first_return }
}

fn biases() -> Exploration<Walk> {
    Walk::names().left.over([0.1, 0.4, 0.6, 0.9].map(Probability))
}

/// The next number of a splitmix64 generator, between 0 and 1.
fn next(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
}

pypet::main!();
