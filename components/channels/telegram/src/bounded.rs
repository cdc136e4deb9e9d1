//! A map that forgets its oldest entries: what strangers fill must not grow for ever.

use std::collections::{BTreeMap, VecDeque};

#[derive(Debug)]
pub(crate) struct Bounded<K, V> {
    entries: BTreeMap<K, (u64, V)>,
    /// By age. An entry whose number is not the map's was replaced or removed since.
    order: VecDeque<(u64, K)>,
    next: u64,
    most: usize,
}

impl<K: Clone + Ord, V> Bounded<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: BTreeMap::new(), order: VecDeque::new(), next: 0, most }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Makes it the youngest.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.next += 1;
        self.entries.insert(key.clone(), (self.next, value));
        self.order.push_back((self.next, key));
        while self.entries.len() > self.most {
            let Some((number, oldest)) = self.order.pop_front() else { break };
            if self.is_current(number, &oldest) {
                self.entries.remove(&oldest);
            }
        }
        if self.order.len() > self.most.saturating_mul(2) {
            let entries = &self.entries;
            self.order.retain(|(number, key)| entries.get(key).is_some_and(|(current, _)| current == number));
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, value)| value)
    }

    fn is_current(&self, number: u64, key: &K) -> bool {
        self.entries.get(key).is_some_and(|(current, _)| *current == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_past_its_bound() {
        let mut map = Bounded::new(3);
        for key in 0..3 {
            map.insert(key, key);
        }
        assert_eq!(map.get(&0), Some(&0), "the bound itself fits");
        map.insert(0, 10);
        map.insert(3, 3);
        assert_eq!([map.get(&0), map.get(&1), map.get(&2), map.get(&3)], [Some(&10), None, Some(&2), Some(&3)]);
        assert_eq!(map.remove(&2), Some(2));
        map.insert(4, 4);
        assert_eq!([map.get(&0), map.get(&3), map.get(&4)], [Some(&10), Some(&3), Some(&4)]);
    }

    #[test]
    fn does_not_grow_by_being_written_to() {
        let mut map = Bounded::new(4);
        for number in 0..10_000 {
            map.insert(number % 5, number);
            map.remove(&(number % 3));
            assert!(map.entries.len() <= 4 && map.order.len() <= 8);
        }
    }
}
