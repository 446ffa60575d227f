//! Who has written which part of a shared array, so that the array does not depend on the order of the runs.

use std::collections::BTreeMap;
use std::ops::Range;

/// A rectangle: from where to where, for each dimension.
pub(crate) type Place = Vec<Range<usize>>;

/// The parts that runs have written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    /// Runs and what they have written, by where it begins along the first dimension.
    by_start: BTreeMap<usize, Vec<(usize, Place)>>,
    /// The longest of them along the first dimension.
    longest: usize,
}

impl Claims {
    /// Notes what a run has written.
    pub(crate) fn add(&mut self, run: usize, place: Place) {
        self.longest = self.longest.max(place[0].len());
        self.by_start.entry(place[0].start).or_default().push((run, place));
    }

    /// Whether any run has written a part of a place.
    pub(crate) fn meet(&self, place: &Place) -> bool {
        self.near(place).any(|(_, claimed)| meet(claimed, place))
    }

    /// What of a place no later run has written, as rectangles side by side.
    pub(crate) fn left_to(&self, run: usize, place: &Place) -> Vec<Place> {
        let later = self.near(place).filter(|(other, claimed)| *other > run && meet(claimed, place));
        later.fold(vec![place.clone()], |left, (_, claimed)| {
            left.into_iter().flat_map(|place| without(place, claimed)).collect()
        })
    }

    /// All that may meet a place.
    fn near(&self, place: &Place) -> impl Iterator<Item = &(usize, Place)> {
        let first = place[0].start.saturating_sub(self.longest);
        self.by_start.range(first..place[0].end.max(first)).flat_map(|(_, claims)| claims)
    }
}

fn meet(a: &Place, b: &Place) -> bool {
    a.iter().zip(b).all(|(a, b)| a.start < b.end && b.start < a.end)
}

/// What is left of a rectangle when another is taken away.
fn without(mut place: Place, taken: &Place) -> Vec<Place> {
    if !meet(&place, taken) {
        return vec![place];
    }
    let mut left = Vec::new();
    for axis in 0..place.len() {
        let Range { start, end } = taken[axis];
        for side in [place[axis].start..start, end..place[axis].end] {
            if !side.is_empty() {
                let mut beside = place.clone();
                beside[axis] = side;
                left.push(beside);
            }
        }
        place[axis] = place[axis].start.max(start)..place[axis].end.min(end);
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LENGTH: usize = 6;

    fn place() -> impl Strategy<Value = Place> {
        let range = (0..LENGTH, 1..=LENGTH).prop_map(|(start, length)| start..(start + length).min(LENGTH));
        prop::collection::vec(range, 2)
    }

    proptest! {
        #[test]
        fn the_last_run_counts_in_whatever_order_they_are_stored(
            writes in prop::collection::vec(place(), 1..8).prop_map(|places| places.into_iter().enumerate().collect::<Vec<_>>()),
            order in any::<prop::sample::Index>(),
        ) {
            let fill = |array: &mut [[usize; LENGTH]; LENGTH], run: usize, place: &Place| {
                for row in place[0].clone() {
                    array[row][place[1].clone()].fill(run);
                }
            };
            let mut expected = [[usize::MAX; LENGTH]; LENGTH];
            for (run, place) in &writes {
                fill(&mut expected, *run, place);
            }

            let mut shuffled = writes.clone();
            shuffled.rotate_left(order.index(writes.len()));
            let middle = shuffled.len() / 2;
            shuffled[middle..].reverse();
            let mut claims = Claims::default();
            let mut found = [[usize::MAX; LENGTH]; LENGTH];
            for (run, place) in shuffled {
                claims.left_to(run, &place).iter().for_each(|left| fill(&mut found, run, left));
                claims.add(run, place);
            }
            prop_assert_eq!(found, expected);
        }
    }
}
