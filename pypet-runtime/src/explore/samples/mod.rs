//! Samples: points scattered over a box of the parameter space in place of a grid.
//!
//! A [`Dimension`] says between which values a parameter lies. A sample is one axis for each dimension, zipped, so it
//! composes as every exploration does. Point *i* is computed from *i* alone, at the cost of the number of dimensions,
//! so a sample of 10⁹ points takes no memory. `sequence` gives each point its place along each dimension as a fraction,
//! `dimension` makes a value of it.
//!
//! | | points |
//! | --- | --- |
//! | [`latin_hypercube`] | each dimension is cut into as many parts as there are points, and each part has one |
//! | [`sobol`], [`scrambled_sobol`] | even in all dimensions at once, best for powers of two; later points fill the gaps |
//! | [`random`] | independent and uniform |
//!
//! Equal arguments give equal points, on every machine and in every version; only on logarithmic scales of floats the last
//! bit may differ, as the logarithms of systems do. `docs/reproducibility.md` tells how to compute them elsewhere.

mod dimension;
mod method;
mod sequence;
mod sobol;

pub(crate) use dimension::domain_from_text;
pub use dimension::{Dimension, Domain, Number};
pub(crate) use method::Method;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{Exploration, ExploreError};
use crate::parameter::{AnyParameter, AxisValues, ParameterInfo, ParameterSet};
use sequence::Sequence;

/// `n` points of a Latin hypercube: each dimension is cut into `n` equal parts, and each part has exactly one point.
///
/// # Source
/// M. D. `McKay`, R. J. Beckman, W. J. Conover, *Technometrics* 21 (1979) 239–245. The order of the parts is a Feistel permutation of
/// keyed hashes, so nothing is shuffled in memory.
///
/// # Examples
/// ```
/// # use pypet_runtime::explore::{Dimension, Exploration, latin_hypercube};
/// # use pypet_runtime::parameter::{Name, ParameterSet};
/// # fn example<P: ParameterSet>(a: Name<P, f64>, b: Name<P, u32>) -> Exploration<P> {
/// latin_hypercube([a.between(0.0, 1.0), b.between(1, 9)], 100, 7)
/// # }
/// ```
pub fn latin_hypercube<P: ParameterSet>(
    dimensions: impl IntoIterator<Item = Dimension<P>>,
    n: usize,
    seed: u64,
) -> Exploration<P> {
    Method::LatinHypercube { seed }.sample(dimensions, n)
}

/// The first `n` points of a Sobol sequence of up to 64 dimensions, which begins with the lowest corner.
///
/// Powers of two are the best `n`; a sequence that is continued keeps its points.
///
/// # Source
/// Direction numbers of Joe and Kuo, *SIAM J. Sci. Comput.* 30 (2008) 2635–2654, `new-joe-kuo-6.21201`; the order is
/// that of Gray codes, so the points are those of `scipy.stats.qmc.Sobol(d, scramble=False)`.
pub fn sobol<P: ParameterSet>(dimensions: impl IntoIterator<Item = Dimension<P>>, n: usize) -> Exploration<P> {
    Method::Sobol { scrambling: None }.sample(dimensions, n)
}

/// The first `n` points of a Sobol sequence that is scrambled: as even as [`sobol`], with each point uniformly distributed
/// over all seeds, so that means over several seeds tell how large an error is.
///
/// # Source
/// A random linear scramble with a digital shift: Matoušek, *J. Complexity* 14 (1998) 527–556.
pub fn scrambled_sobol<P: ParameterSet>(
    dimensions: impl IntoIterator<Item = Dimension<P>>,
    n: usize,
    seed: u64,
) -> Exploration<P> {
    Method::Sobol { scrambling: Some(seed) }.sample(dimensions, n)
}

/// `n` independent points, uniform in every dimension; a sample that is continued keeps its points.
///
/// # Source
/// `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014) counted by the index, with a start of its own for each dimension.
pub fn random<P: ParameterSet>(
    dimensions: impl IntoIterator<Item = Dimension<P>>,
    n: usize,
    seed: u64,
) -> Exploration<P> {
    Method::Random { seed }.sample(dimensions, n)
}

/// The values that a sample gives to one parameter.
struct Sampled {
    domain: Arc<dyn Domain>,
    /// The places along the dimension, or why there are none.
    sequence: Result<Sequence, ExploreError>,
    method: Method,
    number: usize,
    n: usize,
}

impl AxisValues for Sampled {
    fn len(&self) -> usize {
        self.n
    }

    fn show(&self, index: usize, see: &mut dyn FnMut(&dyn AnyParameter)) {
        if let Ok(sequence) = &self.sequence {
            self.domain.show(sequence.fraction(index as u64), see);
        }
    }

    fn assign(&self, index: usize, parameter: &mut dyn AnyParameter) {
        if let Ok(sequence) = &self.sequence {
            self.domain.assign(sequence.fraction(index as u64), parameter);
        }
    }

    fn check(&self, info: &ParameterInfo) -> Result<(), ExploreError> {
        if self.n == 0 {
            return Err(ExploreError::NoValues { name: format!("`{}`", info.name) });
        }
        self.sequence.as_ref().map_err(Clone::clone)?;
        self.domain.check(info)
    }

    fn digest(&self, mut hasher: &mut dyn Hasher) {
        (self.method, self.number, self.n).hash(&mut hasher);
        self.domain.digest(hasher);
    }
}
