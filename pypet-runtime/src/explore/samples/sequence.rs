//! The places of points along one dimension, as fractions in units of 2⁻⁶⁴.

use super::sobol::Directions;
use crate::parameter::Encoding;

/// What a hash of this kind begins with, so that it equals no hash of anything else.
const KIND: &str = "pypet sample 1";

/// Bits by which the first step of [`mix`] shifts.
const FOLD: u32 = 30;

/// One dimension of all points of a sample.
#[derive(Debug)]
pub(super) enum Sequence {
    Random(Bits),
    /// One point in each of equal parts.
    Stratified {
        order: Permutation,
        parts: Parts,
        within: Bits,
    },
    Sobol(Box<Directions>),
}

impl Sequence {
    pub(super) fn random(seed: u64, dimension: usize) -> Self {
        Self::Random(Bits::new("random", seed, dimension))
    }

    pub(super) fn latin_hypercube(seed: u64, dimension: usize, n: u64) -> Self {
        Self::Stratified {
            order: Permutation::new(n, Bits::new("latin hypercube, order", seed, dimension)),
            parts: Parts::new(n),
            within: Bits::new("latin hypercube, within", seed, dimension),
        }
    }

    /// Where along the dimension a point lies.
    pub(super) fn fraction(&self, index: u64) -> u64 {
        match self {
            Self::Random(bits) => bits.at(index),
            Self::Stratified { order, parts, within } => {
                let (first, width) = parts.of(order.at(index));
                low_64(first + ((width * u128::from(within.at(index))) >> 64))
            }
            Self::Sobol(directions) => directions.fraction(index),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what is above is cut off")]
fn low_64(number: u128) -> u64 {
    number as u64
}

/// Random bits for each index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits {
    start: u64,
}

impl Bits {
    pub(super) fn new(purpose: &str, seed: u64, dimension: usize) -> Self {
        let mut encoding = Encoding::new(KIND);
        encoding.text(purpose);
        encoding.number(seed);
        encoding.number(dimension as u64);
        let hash = encoding.hash();
        Self { start: u64::from_le_bytes(std::array::from_fn(|i| hash[i])) }
    }

    /// What `SplitMix64` gives after so many numbers.
    pub(super) fn at(self, index: u64) -> u64 {
        mix(self.start.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

/// The output function of `SplitMix64`.
fn mix(bits: u64) -> u64 {
    mix_folded(folded(bits))
}

/// The first step of [`mix`], which may be taken of two numbers apart before they are added without carry.
fn folded(bits: u64) -> u64 {
    bits ^ (bits >> FOLD)
}

/// The other steps.
fn mix_folded(mut bits: u64) -> u64 {
    bits = bits.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// A pseudo-random order of the numbers below `n`, none of which is held.
///
/// # Source
/// A Feistel network over the next power of four; numbers that it leads beyond `n` go through it again (cycle walking;
/// Black and Rogaway, CT-RSA 2002), at most four times in the mean.
#[derive(Debug)]
pub(super) struct Permutation {
    n: u64,
    half: u32,
    /// Folded, since a round folds what it hashes.
    keys: [u64; 6],
}

impl Permutation {
    fn new(n: u64, bits: Bits) -> Self {
        let needed = 64 - n.saturating_sub(1).leading_zeros();
        Self { n, half: needed.div_ceil(2).max(1), keys: std::array::from_fn(|round| folded(bits.at(round as u64))) }
    }

    fn at(&self, index: u64) -> u64 {
        let mut place = self.network(index);
        while place >= self.n {
            place = self.network(place);
        }
        place
    }

    fn network(&self, number: u64) -> u64 {
        // Each step of a round waits for the one before; numbers that are short enough fold to themselves.
        if self.half <= FOLD { self.rounds(number, |right| right) } else { self.rounds(number, folded) }
    }

    #[inline]
    fn rounds(&self, number: u64, folded: impl Fn(u64) -> u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let (mut left, mut right) = (number >> self.half, number & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mix_folded(folded(right) ^ key) & mask));
        }
        left << self.half | right
    }
}

/// All fractions in equal parts: each has the fractions from `part · 2⁶⁴ / n` to where the next one begins.
///
/// It divides by `n` once, since divisions would take longer than all else.
#[derive(Debug)]
pub(super) struct Parts {
    n: u64,
    /// What 2⁶⁴ divided by `n` is, and what remains.
    quotient: u128,
    rest: u64,
    /// The rest divided by `n`, in units of 2⁻⁶⁴, rounded down.
    share: u64,
}

impl Parts {
    fn new(n: u64) -> Self {
        // Without parts nobody asks for one.
        let n = n.max(1);
        let wide = u128::from(n);
        let rest = low_64((1 << 64) % wide);
        Self { n, quotient: (1 << 64) / wide, rest, share: low_64((u128::from(rest) << 64) / wide) }
    }

    /// The first fraction of a part, and how many it has.
    fn of(&self, part: u64) -> (u128, u128) {
        let (part, n, rest) = (u128::from(part), u128::from(self.n), u128::from(self.rest));
        // The share was rounded, so it gives the quotient or one less.
        let mut whole = (part * u128::from(self.share)) >> 64;
        let mut remainder = part * rest - whole * n;
        if remainder >= n {
            whole += 1;
            remainder -= n;
        }
        let begins_late = u128::from(remainder > 0);
        let ends_late = u128::from(remainder + rest > 0) + u128::from(remainder + rest > n);
        (part * self.quotient + whole + begins_late, self.quotient + ends_late - begins_late)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_permutation_has_every_number_once(n in 1..2000_u64, seed: u64) {
            let order = Permutation::new(n, Bits::new("test", seed, 0));
            let mut numbers: Vec<u64> = (0..n).map(|index| order.at(index)).collect();
            numbers.sort_unstable();
            prop_assert!(numbers.into_iter().eq(0..n));
        }

        #[test]
        fn each_part_of_a_latin_hypercube_has_one_point(n in 1..500_u64, seed: u64, dimension in 0..5_usize) {
            let sequence = Sequence::latin_hypercube(seed, dimension, n);
            let part = |index| low_64((u128::from(sequence.fraction(index)) * u128::from(n)) >> 64);
            let mut parts: Vec<u64> = (0..n).map(part).collect();
            parts.sort_unstable();
            prop_assert!(parts.into_iter().eq(0..n));
        }

        #[test]
        fn huge_samples_stay_in_bounds(n in prop::sample::select(vec![1 << 32, u64::MAX, 10_u64.pow(9)]), index: u64) {
            let order = Permutation::new(n, Bits::new("test", 1, 0));
            prop_assert!(order.at(index % n) < n);
        }

        #[test]
        fn numbers_of_every_length_go_through_the_rounds_as_defined(n_bits in 1..=64_u32, number: u64, seed: u64) {
            let (bits, n) = (Bits::new("test", seed, 0), u64::MAX >> (64 - n_bits));
            let (number, order) = (number & n, Permutation::new(n, bits));
            let (mask, mut halves) = ((1 << order.half) - 1, (number >> order.half, 0));
            halves.1 = number & mask;
            for round in 0..6 {
                halves = (halves.1, halves.0 ^ (mix(halves.1 ^ bits.at(round)) & mask));
            }
            prop_assert_eq!(order.network(number), halves.0 << order.half | halves.1);
        }

        #[test]
        fn parts_begin_where_the_division_says(n in prop_oneof![1..100_u64, any::<u64>()], part: u64) {
            let (n, part) = (n.max(1), part % n.max(1));
            let start = |part: u128| (part << 64).div_ceil(u128::from(n));
            let first = start(part.into());
            prop_assert_eq!(Parts::new(n).of(part), (first, start(u128::from(part) + 1) - first));
            prop_assert_eq!(Parts::new(n).of(0).0, 0);
            let (first, width) = Parts::new(n).of(n - 1);
            prop_assert_eq!(first + width, 1 << 64);
        }
    }

    #[test]
    fn every_order_of_a_few_numbers_is_as_likely() {
        let mut counts = [0; 24];
        for seed in 0..24_000 {
            let order = Permutation::new(4, Bits::new("test", seed, 0));
            let numbers: Vec<u64> = (0..4).map(|index| order.at(index)).collect();
            let rank = (0..3).fold(0, |rank, i| {
                let smaller = numbers[i + 1..].iter().filter(|&&other| other < numbers[i]).count();
                rank * (4 - i) + smaller
            });
            counts[rank] += 1;
        }
        // Four standard deviations of a count of 1000 are 126; the orders of four numbers are the hardest case.
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn random_fractions_fill_all_parts_alike_and_dimensions_are_independent() {
        const PARTS: usize = 16;
        let (a, b) = (Sequence::random(3, 0), Sequence::random(3, 1));
        let part = |fraction: u64| usize::try_from(fraction >> 60).expect("four bits");
        let mut counts = vec![0_f64; PARTS * PARTS];
        let n = 256_000;
        (0..n).for_each(|index| counts[part(a.fraction(index)) * PARTS + part(b.fraction(index))] += 1.0);
        let expected = n as f64 / counts.len() as f64;
        let chi_squared: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
        // 255 degrees of freedom: mean 255, standard deviation 22.6.
        assert!((170.0..350.0).contains(&chi_squared), "{chi_squared}");
    }

    #[test]
    fn samples_are_those_of_all_versions() {
        // As a Python program computes them from docs/reproducibility.md.
        let random = Sequence::random(7, 0);
        assert_eq!([0, 1].map(|index| random.fraction(index)), [16_831_117_951_792_891_586, 9_621_034_275_699_847_437]);
        let hypercube = Sequence::latin_hypercube(7, 1, 10);
        let Sequence::Stratified { order, .. } = &hypercube else { unreachable!("it was just made") };
        let parts: Vec<u64> = (0..10).map(|index| order.at(index)).collect();
        assert_eq!(parts, [2, 4, 0, 8, 9, 3, 1, 6, 5, 7]);
        assert_eq!(
            [0, 1].map(|index| hypercube.fraction(index)),
            [3_884_337_423_518_133_336, 7_509_886_419_594_249_340]
        );
        let sobol = Directions::of(1).scrambled(7, 1);
        let scrambled = [18_303_212_965_978_172_748, 2_145_509_835_258_769_051, 13_367_567_215_422_542_650];
        assert_eq!([0, 1, 2].map(|index| sobol.fraction(index)), scrambled);
    }

    #[test]
    fn the_generator_is_the_published_one() {
        let seed = Bits { start: 1_234_567 };
        let published = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([0, 1, 2].map(|index| seed.at(index)), published);
    }
}
