//! What was used last, kept within a bound for whoever asks for it again.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// Values by keys, of which those that were used last are kept; threads that find theirs do not wait for each other.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    /// What all of them may weigh together.
    most: usize,
    kept: RwLock<Kept<K, V>>,
}

#[derive(Debug)]
struct Kept<K, V> {
    entries: HashMap<K, Entry<V>>,
    weight: usize,
    /// How many values were put here so far.
    n_put: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: usize,
    /// How many values had been put here when this one was used last.
    last_use: AtomicU64,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// For values that weigh at most so much together.
    pub(super) fn new(most: usize) -> Self {
        Self { most, kept: RwLock::new(Kept { entries: HashMap::new(), weight: 0, n_put: 0 }) }
    }

    /// Looks at a value, briefly, if it is kept.
    pub(super) fn with<Q: Eq + Hash + ?Sized, T>(&self, key: &Q, look: impl FnOnce(&V) -> T) -> Option<T>
    where
        K: Borrow<Q>,
    {
        // What a panic elsewhere leaves behind is whole.
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let entry = kept.entries.get(key)?;
        // Memory that is not written to is not handed from core to core.
        if entry.last_use.load(Ordering::Relaxed) != kept.n_put {
            entry.last_use.store(kept.n_put, Ordering::Relaxed);
        }
        Some(look(&entry.value))
    }

    /// Keeps a value in place of those that were not used for longest; one that is too heavy is not kept.
    pub(super) fn put(&self, key: K, value: V, weight: usize) {
        if weight > self.most {
            return;
        }
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.n_put += 1;
        let entry = Entry { value, weight, last_use: AtomicU64::new(kept.n_put) };
        let before = kept.entries.insert(key, entry);
        kept.weight += weight;
        kept.weight -= before.map_or(0, |before| before.weight);
        while kept.weight > self.most {
            kept.drop_oldest();
        }
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    /// Drops an eighth at once, since looking for the oldest looks at all.
    fn drop_oldest(&mut self) {
        let mut uses: Vec<u64> = self.entries.values_mut().map(|entry| *entry.last_use.get_mut()).collect();
        let mut n_to_drop = uses.len().div_ceil(8);
        let &mut oldest = uses.select_nth_unstable(n_to_drop - 1).1;
        self.entries.retain(|_, entry| {
            let is_dropped = *entry.last_use.get_mut() <= oldest && n_to_drop > 0;
            n_to_drop -= usize::from(is_dropped);
            self.weight -= if is_dropped { entry.weight } else { 0 };
            !is_dropped
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept() {
        let recent = Recent::new(4);
        (0..4).for_each(|key| recent.put(key, key * 10, 1));
        assert_eq!(recent.with(&0, |&value| value), Some(0));
        recent.put(4, 40, 1);
        let kept: Vec<i32> = (0..5).filter(|key| recent.with(key, |_| ()).is_some()).collect();
        assert_eq!(kept, [0, 2, 3, 4]);
    }

    #[test]
    fn all_together_never_weigh_more_than_they_may() {
        let recent = Recent::new(100);
        for key in 0..1000_usize {
            recent.put(key % 70, key, key % 110);
            let kept = recent.kept.read().unwrap();
            assert_eq!(kept.weight, kept.entries.values().map(|entry| entry.weight).sum::<usize>());
            assert!(kept.weight <= 100);
            assert!(key % 110 > 100 || kept.entries[&(key % 70)].value == key);
        }
    }

    #[test]
    fn what_is_too_heavy_is_not_kept_and_drops_nothing() {
        let recent = Recent::new(2);
        recent.put("light", 1, 2);
        recent.put("heavy", 2, 3);
        let kept = ["light", "heavy"].map(|key| recent.with(key, |&value| value));
        assert_eq!(kept, [Some(1), None]);
    }
}
