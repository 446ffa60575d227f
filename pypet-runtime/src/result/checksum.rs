//! The checksum of a run: a number that changes with any result, and with nothing else.
//!
//! Each value is hashed by itself, with the name and the element type of its result as the key, and what the values of
//! a run count is added up. So neither the order of the results nor their layout in a file matters, nor which run it
//! is. What stands in a column for a run without the result counts nothing, so that a run which never had a result
//! and one whose value nobody can tell from that have one checksum.
//!
//! A value can be hashed in parts; its shape comes last.
//!
//! # Source
//! `docs/file-format.md` has the definition byte by byte.

use std::fmt;
use std::hash::Hasher as _;

use twox_hash::XxHash3_64;

use crate::value::{Cell, Cells, ElementType};

/// Where the sum begins, so that a run without results has a checksum too: 0 stands for none.
pub(crate) const NOTHING: u64 = 1;

/// The longest value that is hashed at once, its shape included.
const SHORT: usize = 64;

/// Hashes the values of one result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueHash {
    key: u64,
    element: ElementType,
}

/// A value of which not all parts are known yet.
pub(crate) struct Parts {
    hasher: XxHash3_64,
    element: ElementType,
    is_fill: bool,
}

impl ValueHash {
    /// `name` is the full name below `results`, as `network.size`.
    pub(crate) fn new(name: &str, element: ElementType) -> Self {
        let key = XxHash3_64::oneshot([name.as_bytes(), b"\0", element.name().as_bytes()].concat().as_slice());
        Self { key, element }
    }

    /// What a value counts.
    pub(crate) fn of(&self, value: &Cell<'_>) -> u64 {
        let (bytes, shape) = (value.bytes(), value.shape());
        let size = bytes.len() + 8 * (shape.len() + 1);
        if self.element == ElementType::Text || size > SHORT {
            let mut parts = self.begin();
            parts.put(value);
            return parts.end(shape);
        }
        if is_fill(self.element, bytes) {
            return 0;
        }
        let mut short = [0; SHORT];
        let (elements, rest) = short.split_at_mut(bytes.len());
        elements.copy_from_slice(&value.little_endian());
        for (place, number) in rest.chunks_exact_mut(8).zip(trailer(shape)) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        XxHash3_64::oneshot_with_seed(self.key, &short[..size])
    }

    /// Adds to each sum what the value beside it in a column counts.
    pub(crate) fn count_each(&self, column: &Cells, sums: &mut [u64]) {
        use ElementType::{C32, C64, Text};
        match (column.rank(), self.element, self.element.size()) {
            (0, C32 | C64 | Text, _) => {}
            (0, _, Some(1)) => return self.count_each_number::<1>(column.bytes(), sums),
            (0, _, Some(2)) => return self.count_each_number::<2>(column.bytes(), sums),
            (0, _, Some(4)) => return self.count_each_number::<4>(column.bytes(), sums),
            (0, _, Some(8)) => return self.count_each_number::<8>(column.bytes(), sums),
            _ => {}
        }
        for (sum, value) in sums.iter_mut().zip(column.iter()) {
            *sum = sum.wrapping_add(self.of(&value));
        }
    }

    /// The same for single numbers of so many bytes.
    fn count_each_number<const SIZE: usize>(&self, column: &[u8], sums: &mut [u64]) {
        for (sum, &number) in sums.iter_mut().zip(column.as_chunks::<SIZE>().0) {
            if is_fill(self.element, &number) {
                continue;
            }
            // Behind the number stands that of its dimensions, which is zero.
            let mut short = [0; 16];
            short[..SIZE].copy_from_slice(&number);
            if cfg!(target_endian = "big") {
                short[..SIZE].reverse();
            }
            *sum = sum.wrapping_add(XxHash3_64::oneshot_with_seed(self.key, &short[..SIZE + 8]));
        }
    }

    /// For a value that comes in parts.
    pub(crate) fn begin(&self) -> Parts {
        Parts { hasher: XxHash3_64::with_seed(self.key), element: self.element, is_fill: true }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parts({})", self.element.name())
    }
}

impl Parts {
    /// The next elements, whatever the shape of this part.
    pub(crate) fn put(&mut self, part: &Cell<'_>) {
        if self.element != ElementType::Text {
            self.is_fill = self.is_fill && is_fill(self.element, part.bytes());
            self.hasher.write(&part.little_endian());
            return;
        }
        for text in part.strings() {
            self.is_fill = self.is_fill && text.is_empty();
            self.hasher.write(&(text.len() as u64).to_le_bytes());
            self.hasher.write(text.as_bytes());
        }
    }

    /// What the value counts; `shape` is that of all parts together.
    pub(crate) fn end(mut self, shape: &[usize]) -> u64 {
        if self.is_fill {
            return 0;
        }
        trailer(shape).for_each(|number| self.hasher.write(&number.to_le_bytes()));
        self.hasher.finish()
    }
}

/// The lengths of all dimensions and their number.
fn trailer(shape: &[usize]) -> impl Iterator<Item = u64> {
    shape.iter().copied().chain([shape.len()]).map(|number| number as u64)
}

/// Whether numbers are those that stand for a missing value: NaN for floats, zero for all else.
fn is_fill(element: ElementType, bytes: &[u8]) -> bool {
    match element {
        ElementType::F32 => bytes.chunks_exact(4).all(|float| float == f32::NAN.to_ne_bytes()),
        ElementType::F64 => bytes.chunks_exact(8).all(|float| float == f64::NAN.to_ne_bytes()),
        _ => bytes.iter().all(|&byte| byte == 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Cells, ResultValue};

    fn hash<V: ResultValue>(name: &str, value: &V) -> u64 {
        let mut cells = Cells::of(&V::value_type());
        value.write(&mut cells);
        ValueHash::new(name, cells.element()).of(&cells.last())
    }

    #[test]
    fn the_hash_of_a_value_never_changes() {
        assert_eq!(hash("z", &6.0_f64), GOLDEN[0]);
        assert_eq!(hash("network.size", &7_u64), GOLDEN[1]);
        assert_eq!(hash("word", &"τ".to_owned()), GOLDEN[2]);
        assert_eq!(hash("v", &(0..100).map(f64::from).collect::<Vec<_>>()), GOLDEN[3]);
    }

    /// As Python's `xxhash` has them.
    const GOLDEN: [u64; 4] =
        [0xf869_2150_f5d7_9168, 0xf53e_146c_6937_1025, 0x0a84_38a2_624c_3383, 0x9d87_b57b_42f6_ec88];

    #[test]
    fn name_type_shape_and_every_bit_count() {
        let values = [
            hash("a", &1.0_f64),
            hash("b", &1.0_f64),
            hash("a", &1.0_f64.next_up()),
            hash("a", &1.0_f64.to_bits()),
            hash("a", &vec![1.0_f64]),
            hash("a", &vec![vec![1.0_f64]]),
            hash("a", &-0.0_f64),
            hash("a", &0.0_f64),
            hash("a", &vec!["b".to_owned(), String::new()]),
            hash("a", &vec![String::new(), "b".to_owned()]),
        ];
        for (i, a) in values.iter().enumerate() {
            assert!(*a != 0 && values[..i].iter().all(|b| a != b), "value {i}");
        }
    }

    #[test]
    fn what_stands_for_a_missing_value_counts_nothing() {
        let nothing = [
            hash("a", &f64::NAN),
            hash("a", &f32::NAN),
            hash("a", &0_u8),
            hash("a", &false),
            hash("a", &String::new()),
            hash("a", &Vec::<f64>::new()),
            hash("a", &vec![f64::NAN; 100]),
        ];
        assert_eq!(nothing, [0; 7]);
    }

    #[test]
    fn values_count_the_same_alone_and_in_their_column() {
        fn check<V: ResultValue>(values: &[V]) {
            let mut column = Cells::of(&V::value_type());
            for value in values {
                value.write(&mut column);
            }
            let mut sums = vec![NOTHING; values.len()];
            ValueHash::new("a", column.element()).count_each(&column, &mut sums);
            let alone = values.iter().map(|value| NOTHING + hash("a", value));
            assert!(sums.into_iter().eq(alone), "{}", V::value_type());
        }
        check(&[false, true]);
        check(&[0_u8, 1, 255]);
        check(&[0_i16, -7]);
        check(&[f32::NAN, 0.0, -1.5]);
        check(&[f64::NAN, 0.0, -0.0, 6.0]);
        check(&[0_u64, u64::MAX]);
        check(&[num_complex::Complex::new(0.0_f32, 0.0), num_complex::Complex::new(0.0, 1.0)]);
        check(&["", "τ"].map(str::to_owned));
        check(&[vec![1.0, 2.0], vec![3.0]]);
    }

    #[test]
    fn a_value_may_come_in_parts() {
        let numbers: Vec<i32> = (0..1000).collect();
        let mut all = Cells::of(&Vec::<i32>::value_type());
        numbers.write(&mut all);
        let hash = ValueHash::new("a", ElementType::I32);
        let mut parts = hash.begin();
        for part in numbers.chunks(77) {
            let mut cells = Cells::of(&Vec::<i32>::value_type());
            part.to_vec().write(&mut cells);
            parts.put(&cells.last());
        }
        assert_eq!(parts.end(&[1000]), hash.of(&all.last()));
    }
}
