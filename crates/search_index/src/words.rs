//! Which words the homes of a block use.

use std::sync::Arc;

use crate::planes::SLOTS;
use crate::vocabulary::{Spoken, Written};

/// Words of a block: for each, in which field of which homes it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    /// Sorted.
    numbers: Arc<[u32]>,
    /// Where the places of each word begin; one more than there are words.
    starts: Arc<[u32]>,
    /// Slot and field in one.
    places: Arc<[u16]>,
}

const SLOT_BITS: u32 = SLOTS.trailing_zeros();

fn pack(slot: usize, written: Written) -> u16 {
    u16::try_from(slot | (written as usize) << SLOT_BITS).unwrap_or(0)
}

fn unpack(place: u16) -> (usize, Written) {
    let place = usize::from(place);
    (place % SLOTS, Written::ALL[place >> SLOT_BITS])
}

impl Words {
    /// Of (word, slot and field), in any order.
    fn of(mut all: Vec<(u32, u16)>) -> Self {
        all.sort_unstable();
        let (mut numbers, mut starts) = (Vec::new(), Vec::new());
        for (at, (number, _)) in (0..).zip(&all) {
            if numbers.last() != Some(number) {
                numbers.push(*number);
                starts.push(at);
            }
        }
        starts.push(u32::try_from(all.len()).unwrap_or(u32::MAX));
        Self { numbers: numbers.into(), starts: starts.into(), places: all.into_iter().map(|(_, place)| place).collect() }
    }

    fn all(&self) -> impl Iterator<Item = (u32, u16)> {
        self.numbers.iter().enumerate().flat_map(|(n, number)| self.range(n).iter().map(move |place| (*number, *place)))
    }

    fn range(&self, n: usize) -> &[u16] {
        &self.places[self.starts[n] as usize..self.starts[n + 1] as usize]
    }

    /// Where a word stands.
    pub fn places(&self, number: u32) -> impl Iterator<Item = (usize, Written)> {
        let range = self.numbers.binary_search(&number).map_or(&[][..], |n| self.range(n));
        range.iter().map(|place| unpack(*place))
    }

    /// What a home says, sorted.
    pub fn get(&self, slot: usize) -> Vec<Spoken> {
        let here = self.all().filter(|(_, place)| usize::from(*place) % SLOTS == slot);
        let mut spoken: Vec<Spoken> = here.map(|(number, place)| (number, unpack(place).1)).collect();
        spoken.sort_unstable();
        spoken
    }

    /// With other words for some homes.
    pub fn with(&self, homes: &[(usize, &[Spoken])]) -> Self {
        let replaced = |place: u16| homes.iter().any(|(slot, _)| usize::from(place) % SLOTS == *slot);
        let mut all: Vec<(u32, u16)> = self.all().filter(|(_, place)| !replaced(*place)).collect();
        for (slot, spoken) in homes {
            all.extend(spoken.iter().map(|(number, written)| (*number, pack(*slot, *written))));
        }
        Self::of(all)
    }

    pub fn memory(&self) -> usize {
        size_of_val(&*self.numbers) + size_of_val(&*self.starts) + size_of_val(&*self.places) + 48
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_home_keeps_its_own_words() {
        let (one, two) = ([(3, Written::Title), (5, Written::Place)], [(3, Written::Description), (3, Written::Name)]);
        let words = Words::default().with(&[(0, &one), (511, &two)]);
        assert_eq!((words.get(0), words.get(511), words.get(1)), (one.to_vec(), two.to_vec(), vec![]));
        assert_eq!(words.places(3).collect::<Vec<_>>(), [(0, Written::Title), (511, Written::Description), (511, Written::Name)]);
        assert_eq!(words.places(4).count(), 0);
        let changed = words.with(&[(0, &[])]);
        assert_eq!((changed.get(0), changed.get(511)), (vec![], two.to_vec()));
    }
}
