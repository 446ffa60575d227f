//! Sobol sequences: every point by its index, from direction numbers.

use super::sequence::Bits;

/// The most dimensions of a sequence.
pub(super) const MOST_DIMENSIONS: usize = 64;

/// One dimension of a sequence: what each bit of an index's Gray code does to the fraction.
#[derive(Debug)]
pub(super) struct Directions {
    numbers: [u64; 64],
    /// Added without carry to every fraction.
    shift: u64,
}

impl Directions {
    /// The direction numbers of a dimension below [`MOST_DIMENSIONS`].
    pub(super) fn of(dimension: usize) -> Self {
        let mut numbers = [0; 64];
        let Some((polynomial, initial)) = dimension.checked_sub(1).map(|row| JOE_KUO[row]) else {
            // The first dimension counts in binary, backwards.
            return Self { numbers: std::array::from_fn(|bit| 1 << (63 - bit)), shift: 0 };
        };
        let degree = initial.len();
        for bit in 0..64 {
            numbers[bit] = match bit.checked_sub(degree) {
                None => u64::from(initial[bit]) << (63 - bit),
                Some(before) => {
                    let coefficients = (1..degree).filter(|j| polynomial >> (degree - j) & 1 == 1);
                    coefficients.fold(numbers[before] ^ numbers[before] >> degree, |sum, j| sum ^ numbers[bit - j])
                }
            };
        }
        Self { numbers, shift: 0 }
    }

    /// The same, each digit added to by random others before it, and all shifted.
    pub(super) fn scrambled(self, seed: u64, dimension: usize) -> Self {
        let bits = Bits::new("sobol", seed, dimension);
        let below = |digit: u32| bits.at(u64::from(digit)) & ((1 << digit) - 1);
        let scramble = |number: u64| {
            let digits = (0..64).filter(|digit| number >> digit & 1 == 1);
            digits.fold(0, |sum, digit| sum ^ (1 << digit) ^ below(digit))
        };
        Self { numbers: self.numbers.map(scramble), shift: bits.at(64) }
    }

    /// Where along the dimension a point lies, in units of 2⁻⁶⁴.
    pub(super) fn fraction(&self, index: u64) -> u64 {
        let (mut gray, mut fraction) = (index ^ index >> 1, self.shift);
        while gray != 0 {
            fraction ^= self.numbers[gray.trailing_zeros() as usize];
            gray &= gray - 1;
        }
        fraction
    }
}

/// Primitive polynomials with both ends, and the first direction numbers, from the second dimension on.
///
/// # Source
/// The first rows of `new-joe-kuo-6.21201` by S. Joe and F. Y. Kuo, <https://web.maths.unsw.edu.au/~fkuo/sobol/>,
/// which may be used with this notice: copyright (c) 2008, Frances Y. Kuo and Stephen Joe, all rights reserved.
#[rustfmt::skip]
const JOE_KUO: [(u32, &[u16]); MOST_DIMENSIONS - 1] = [
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
    (143, &[1, 1, 3, 13, 7, 35, 63]),
    (145, &[1, 3, 5, 9, 1, 25, 53]),
    (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]),
    (171, &[1, 1, 5, 11, 19, 41, 61]),
    (185, &[1, 3, 5, 3, 3, 13, 69]),
    (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]),
    (203, &[1, 1, 3, 9, 25, 29, 41]),
    (211, &[1, 3, 5, 13, 23, 1, 55]),
    (213, &[1, 3, 7, 3, 13, 59, 17]),
    (229, &[1, 3, 1, 3, 5, 53, 69]),
    (239, &[1, 1, 5, 5, 23, 33, 13]),
    (241, &[1, 1, 7, 7, 1, 61, 123]),
    (247, &[1, 1, 7, 9, 13, 61, 49]),
    (253, &[1, 3, 3, 5, 3, 55, 33]),
    (285, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (299, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (301, &[1, 3, 1, 11, 11, 11, 77, 249]),
    (333, &[1, 3, 1, 11, 27, 43, 71, 9]),
    (351, &[1, 1, 7, 15, 21, 11, 81, 45]),
    (355, &[1, 3, 7, 3, 25, 31, 65, 79]),
    (357, &[1, 3, 1, 1, 19, 11, 3, 205]),
    (361, &[1, 1, 5, 9, 19, 21, 29, 157]),
    (369, &[1, 3, 7, 11, 1, 33, 89, 185]),
    (391, &[1, 3, 3, 3, 15, 9, 79, 71]),
    (397, &[1, 3, 7, 11, 15, 39, 119, 27]),
    (425, &[1, 1, 3, 1, 11, 31, 97, 225]),
    (451, &[1, 1, 1, 3, 23, 43, 57, 177]),
    (463, &[1, 3, 7, 7, 17, 17, 37, 71]),
    (487, &[1, 3, 1, 5, 27, 63, 123, 213]),
    (501, &[1, 1, 3, 5, 11, 43, 53, 133]),
    (529, &[1, 3, 5, 5, 29, 17, 47, 173, 479]),
    (539, &[1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (545, &[1, 1, 1, 5, 17, 39, 23, 5, 343]),
    (557, &[1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (563, &[1, 1, 1, 11, 11, 17, 63, 105, 183]),
    (601, &[1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (607, &[1, 1, 5, 15, 19, 45, 41, 7, 383]),
    (617, &[1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (623, &[1, 1, 1, 3, 23, 15, 111, 223, 83]),
    (631, &[1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (637, &[1, 1, 3, 13, 25, 47, 39, 87, 257]),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The leading bits of a fraction.
    fn leading(dimension: usize, index: u64, n_bits: u32) -> u64 {
        Directions::of(dimension).fraction(index) >> (64 - n_bits)
    }

    #[test]
    fn points_are_those_of_scipy() {
        // qmc.Sobol(6, scramble=False).random(8) * 8
        let first = [
            [0, 0, 0, 0, 0, 0],
            [4, 4, 4, 4, 4, 4],
            [6, 2, 2, 2, 6, 6],
            [2, 6, 6, 6, 2, 2],
            [3, 3, 5, 7, 3, 1],
            [7, 7, 1, 3, 7, 5],
            [5, 1, 7, 5, 5, 7],
            [1, 5, 3, 1, 1, 3],
        ];
        for (index, point) in (0..).zip(first) {
            for (dimension, eighths) in point.into_iter().enumerate() {
                assert_eq!(leading(dimension, index, 3), eighths, "point {index}, dimension {dimension}");
            }
        }
        // qmc.Sobol(64, scramble=False).random(1001)[1000] * 1024
        let thousandth = [
            225, 99, 531, 693, 287, 929, 47, 921, 513, 71, 87, 261, 165, 393, 147, 379, 737, 353, 1015, 743, 535, 563,
            973, 553, 597, 929, 41, 1003, 61, 349, 151, 149, 303, 607, 821, 789, 869, 851, 315, 491, 935, 261, 983,
            719, 861, 95, 893, 941, 1023, 491, 361, 529, 771, 449, 129, 913, 465, 81, 905, 585, 457, 617, 265, 457,
        ];
        for (dimension, fraction) in thousandth.into_iter().enumerate() {
            assert_eq!(leading(dimension, 1000, 10), fraction, "dimension {dimension}");
        }
    }

    #[test]
    fn every_dimension_is_stratified_scrambled_or_not() {
        for dimension in 0..MOST_DIMENSIONS {
            for directions in [Directions::of(dimension), Directions::of(dimension).scrambled(7, dimension)] {
                let mut parts: Vec<u64> = (0..1024).map(|index| directions.fraction(index) >> 54).collect();
                parts.sort_unstable();
                assert!(parts.into_iter().eq(0..1024), "dimension {dimension}");
            }
        }
    }

    #[test]
    fn two_dimensions_fill_every_box_once_scrambled_or_not() {
        let [a, b] = [0, 1].map(|dimension| Directions::of(dimension).scrambled(3, dimension));
        for (a, b) in [(Directions::of(0), Directions::of(1)), (a, b)] {
            for n_bits in 0..=8 {
                let mut boxes = vec![0; 256];
                for index in 0..256 {
                    let (x, y) = (a.fraction(index) >> 32 >> (32 - n_bits), b.fraction(index) >> 32 >> (24 + n_bits));
                    boxes[usize::try_from(x << (8 - n_bits) | y).expect("eight bits")] += 1;
                }
                assert_eq!(boxes, [1; 256], "{n_bits} bits of the first dimension");
            }
        }
    }

    #[test]
    fn scrambled_points_are_uniform_over_seeds() {
        let mean = |index| {
            let fraction = |seed| Directions::of(3).scrambled(seed, 3).fraction(index) as f64 / 2_f64.powi(64);
            (0..2000).map(fraction).sum::<f64>() / 2000.0
        };
        // The standard deviation of a mean is 0.0065.
        assert!((0..4).all(|index| (mean(index) - 0.5).abs() < 0.03));
    }
}
