//! Random streams that depend on seed, point, repetition and name alone.
//!
//! A key is hashed from these four, and the hash is the state of a generator. So streams are the same whatever
//! carries the run out, in whatever order, and nothing is computed for runs that ask for none.

use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use rand::{SeedableRng, TryRng};
use rand_pcg::Pcg64Dxsm;

use crate::explore::Points;
use crate::parameter::{Encoding, Identity, Leaves, ParameterSet};

/// What a hash of this kind begins with, so that it equals no hash of anything else.
const KIND: &str = "pypet stream 1";

/// A stream of random numbers of one run; take numbers with the methods of [`rand::RngExt`].
///
/// A clone goes on from the same place on its own, for streams that are needed side by side.
///
/// # Source
/// PCG64 DXSM, `numpy.random.PCG64DXSM` in NumPy; `docs/reproducibility.md` tells how to get at its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream(Pcg64Dxsm);

impl Stream {
    /// The stream of this name in a run at this point.
    ///
    /// `repetitions` are names and numbers in the order of the names; a number 0 is the same as no repetition.
    #[must_use]
    pub fn new(seed: u64, point: Identity, repetitions: &[(&str, u64)], name: &str) -> Self {
        let mut encoding = Encoding::new(KIND);
        encoding.number(seed);
        encoding.bytes(point.as_bytes());
        let counted = || repetitions.iter().filter(|(_, number)| *number > 0);
        encoding.number(counted().count() as u64);
        for (name, number) in counted() {
            encoding.text(name);
            encoding.number(*number);
        }
        encoding.text(name);
        Self(Pcg64Dxsm::from_seed(encoding.hash()))
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    #[inline]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

/// A seed from the system.
///
/// It has 53 bits, so that programs which read numbers as floats get it exactly.
pub(crate) fn drawn_seed() -> u64 {
    // The standard library's hashers begin with keys from the system.
    RandomState::new().hash_one(SystemTime::now()) >> 11
}

/// What is known of each run before it begins, whatever the type of its parameters.
trait AnyPoints: Send + Sync {
    fn identity(&self, run: usize) -> Identity;
    fn repetitions(&self, run: usize) -> Vec<(&str, u64)>;
}

struct Identified<P> {
    points: Points<P>,
    leaves: Leaves,
}

impl<P: ParameterSet> AnyPoints for Identified<P> {
    fn identity(&self, run: usize) -> Identity {
        self.leaves.identity(&self.points.point(run))
    }

    fn repetitions(&self, run: usize) -> Vec<(&str, u64)> {
        self.points.repetitions(run)
    }
}

/// The streams of a study; clones share what is known of the points.
#[derive(Clone)]
pub(crate) struct Streams {
    seed: u64,
    points: Arc<dyn AnyPoints>,
    run: usize,
    /// The identity of the run's point, once it was asked for.
    identity: Option<Identity>,
    /// The streams that the run has asked for.
    begun: Vec<(String, Stream)>,
}

impl Streams {
    pub(crate) fn new<P: ParameterSet>(seed: u64, points: &Points<P>) -> Self {
        let points = Arc::new(Identified { points: points.clone(), leaves: Leaves::of::<P>() });
        Self { seed, points, run: 0, identity: None, begun: Vec::new() }
    }

    /// For tests of runs that have no points.
    #[cfg(test)]
    pub(crate) fn of_nothing() -> Self {
        struct Nothing;
        impl AnyPoints for Nothing {
            fn identity(&self, _: usize) -> Identity {
                unreachable!("nobody asks")
            }
            fn repetitions(&self, _: usize) -> Vec<(&str, u64)> {
                Vec::new()
            }
        }
        Self { seed: 0, points: Arc::new(Nothing), run: 0, identity: None, begun: Vec::new() }
    }

    /// Forgets the run before.
    pub(crate) fn start(&mut self, run: usize) {
        self.run = run;
        self.identity = None;
        self.begun.clear();
    }

    pub(crate) fn identity(&mut self) -> Identity {
        *self.identity.get_or_insert_with(|| self.points.identity(self.run))
    }

    pub(crate) fn get(&mut self, name: &str) -> &mut Stream {
        let position = self.begun.iter().position(|(begun, _)| begun == name).unwrap_or_else(|| {
            let identity = self.identity();
            let stream = Stream::new(self.seed, identity, &self.points.repetitions(self.run), name);
            self.begun.push((name.into(), stream));
            self.begun.len() - 1
        });
        &mut self.begun[position].1
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Streams of run {} with seed {}", self.run, self.seed)
    }
}
