//! The methods of sampling, by name and with their seeds.

use std::sync::Arc;

use super::sequence::Sequence;
use super::sobol::{Directions, MOST_DIMENSIONS};
use super::{Dimension, Sampled};
use crate::explore::{Exploration, ExploreError};
use crate::parameter::ParameterSet;

/// How points are scattered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Method {
    LatinHypercube { seed: u64 },
    Sobol { scrambling: Option<u64> },
    Random { seed: u64 },
}

impl Method {
    /// Method and number of points from `latin_hypercube:100`, `sobol:128` or `random:1000`, with `:SEED` if wanted.
    pub(crate) fn from_text(text: &str) -> Result<(Self, usize), ExploreError> {
        let malformed = || ExploreError::Sample { text: text.into() };
        let (name, numbers) = text.split_once(':').ok_or_else(malformed)?;
        let (n, seed) = numbers.split_once(':').map_or((numbers, None), |(n, seed)| (n, Some(seed)));
        let n = n.replace('_', "").parse().map_err(|_| malformed())?;
        let seed: Option<u64> = seed.map(str::parse).transpose().map_err(|_| malformed())?;
        let method = match name {
            "latin_hypercube" => Self::LatinHypercube { seed: seed.unwrap_or_default() },
            "sobol" => Self::Sobol { scrambling: seed },
            "random" => Self::Random { seed: seed.unwrap_or_default() },
            _ => return Err(malformed()),
        };
        Ok((method, n))
    }

    /// One axis for each dimension, in lock step.
    pub(crate) fn sample<P: ParameterSet>(
        self,
        dimensions: impl IntoIterator<Item = Dimension<P>>,
        n: usize,
    ) -> Exploration<P> {
        let dimensions: Vec<Dimension<P>> = dimensions.into_iter().collect();
        let n_dimensions = dimensions.len();
        let axes = dimensions.into_iter().enumerate().map(|(number, dimension)| {
            let sequence = self.sequence(number, n_dimensions, n);
            let values = Sampled { domain: dimension.domain, sequence, method: self, number, n };
            Exploration::axis(dimension.leaf, Arc::new(values))
        });
        // No dimensions are no points, which binding refuses.
        axes.reduce(Exploration::zip_unchecked).unwrap_or_else(|| Exploration::repetitions("sample", Arc::new([])))
    }

    fn sequence(self, number: usize, n_dimensions: usize, n: usize) -> Result<Sequence, ExploreError> {
        match self {
            Self::LatinHypercube { seed } => Ok(Sequence::latin_hypercube(seed, number, n as u64)),
            Self::Random { seed } => Ok(Sequence::random(seed, number)),
            Self::Sobol { .. } if n_dimensions > MOST_DIMENSIONS => {
                Err(ExploreError::Dimensions { n_dimensions, most: MOST_DIMENSIONS })
            }
            Self::Sobol { scrambling } => {
                let directions = Directions::of(number);
                Ok(Sequence::Sobol(Box::new(match scrambling {
                    None => directions,
                    Some(seed) => directions.scrambled(seed, number),
                })))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_method_number_and_seed() {
        let seed = 7;
        assert_eq!(Method::from_text("latin_hypercube:100:7").unwrap(), (Method::LatinHypercube { seed }, 100));
        assert_eq!(Method::from_text("random:1_000").unwrap(), (Method::Random { seed: 0 }, 1000));
        assert_eq!(Method::from_text("sobol:8").unwrap(), (Method::Sobol { scrambling: None }, 8));
        assert_eq!(Method::from_text("sobol:8:7").unwrap(), (Method::Sobol { scrambling: Some(seed) }, 8));
        for text in ["", "sobol", "sobol:", "sobol:-1", "sobol:8:x", "grid:8", "sobol:8:7:6", "a=0:1"] {
            assert!(Method::from_text(text).unwrap_err().to_string().starts_with(&format!("`{text}` is no sample")));
        }
    }

    #[test]
    fn a_sobol_sequence_has_so_many_dimensions_and_no_more() {
        let sobol = Method::Sobol { scrambling: None };
        assert!(sobol.sequence(63, 64, 1).is_ok());
        let refused = sobol.sequence(0, 65, 1).unwrap_err().to_string();
        assert!(refused.starts_with("a Sobol sequence has at most 64 dimensions, not 65"), "{refused}");
        assert!(Method::Random { seed: 0 }.sequence(64, 65, 1).is_ok());
    }
}
