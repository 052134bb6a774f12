//! Which nights of a block's homes are taken: a bit a night in a ring of days,
//! beside it what ends by itself and what lies beyond the ring.

use crate::planes::Mask;
use crate::record::Taken;
use crate::stays::{Day, Wish};

/// The nights of a block.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// One plane a night; night `d` stands at `d mod len`.
    ring: Vec<Mask>,
    /// The first night the ring keeps.
    first: Day,
    /// Nights held for a while: slot, nights, until when.
    holds: Vec<(u16, Taken)>,
    /// Nights for good that reach beyond the ring.
    later: Vec<(u16, Day, Day)>,
}

impl Calendar {
    pub fn new(first: Day, days: usize) -> Self {
        Self { ring: vec![Mask::NONE; days], first, holds: Vec::new(), later: Vec::new() }
    }

    /// The first night after the ring.
    fn end(&self) -> Day {
        self.first + i32::try_from(self.ring.len()).unwrap_or(Day::MAX - self.first)
    }

    fn place(&self, night: Day) -> usize {
        usize::try_from(night).unwrap_or(0) % self.ring.len()
    }

    /// Homes that some night of a stay inside the ring is taken of. `at` is the
    /// instant in microseconds.
    #[inline]
    pub fn taken(&self, wish: &Wish, at: i64) -> Mask {
        let mut taken = Mask::NONE;
        let (from, to) = (wish.check_in.max(self.first), wish.check_out.min(self.end()));
        if from < to {
            let (start, nights) = (self.place(from), usize::try_from(to - from).unwrap_or(0));
            let head = nights.min(self.ring.len() - start);
            for plane in self.ring[start..start + head].iter().chain(&self.ring[..nights - head]) {
                taken = taken.or(plane);
            }
        }
        for (slot, hold) in &self.holds {
            if hold.from < wish.check_out && wish.check_in < hold.to && hold.expires_at.is_none_or(|end| end > at) {
                taken.set(usize::from(*slot), true);
            }
        }
        taken
    }

    /// What is taken of a home, sorted, neighbouring nights as one.
    pub fn get(&self, slot: usize) -> Vec<Taken> {
        let mut all = Vec::new();
        let mut run: Option<Taken> = None;
        for night in self.first..self.end() {
            match (&mut run, self.ring[self.place(night)].get(slot)) {
                (Some(taken), true) => taken.to = night + 1,
                (None, true) => run = Some(Taken { from: night, to: night + 1, expires_at: None }),
                (taken, false) => all.extend(taken.take()),
            }
        }
        all.extend(run);
        for (_, from, to) in self.later.iter().filter(|(at, ..)| usize::from(*at) == slot) {
            match all.last_mut().filter(|last| last.to >= *from) {
                Some(last) => last.to = last.to.max(*to),
                None => all.push(Taken { from: *from, to: *to, expires_at: None }),
            }
        }
        all.extend(self.holds.iter().filter(|(at, _)| usize::from(*at) == slot).map(|(_, hold)| *hold));
        all.sort_unstable();
        all
    }

    /// Replaces what is taken of a home.
    pub fn set(&mut self, slot: usize, taken: &[Taken]) {
        for plane in &mut self.ring {
            plane.set(slot, false);
        }
        self.fill(slot, taken);
    }

    /// Writes what is taken of a home into an empty slot.
    pub fn fill(&mut self, slot: usize, taken: &[Taken]) {
        let here = u16::try_from(slot).unwrap_or(u16::MAX);
        self.holds.retain(|(at, _)| *at != here);
        self.later.retain(|(at, ..)| *at != here);
        for nights in taken {
            if nights.expires_at.is_some() {
                self.holds.push((here, *nights));
                continue;
            }
            for night in nights.from.max(self.first)..nights.to.min(self.end()) {
                let place = self.place(night);
                self.ring[place].set(slot, true);
            }
            if nights.to > self.end() {
                self.later.push((here, nights.from, nights.to));
            }
        }
    }

    /// Lets nights before `first` go and takes in as many at the other end.
    pub fn advance(&mut self, first: Day) {
        for night in self.first..first.min(self.end()) {
            let place = self.place(night);
            self.ring[place] = Mask::NONE;
        }
        let known = self.end();
        self.first = first;
        let end = self.end();
        let later = std::mem::take(&mut self.later);
        for (slot, from, to) in &later {
            for night in (*from).max(known).max(first)..(*to).min(end) {
                let place = self.place(night);
                self.ring[place].set(usize::from(*slot), true);
            }
        }
        self.later = later.into_iter().filter(|(_, _, to)| *to > end).collect();
        self.holds.retain(|(_, hold)| hold.to > first);
    }

    pub fn memory(&self) -> usize {
        size_of_val(&*self.ring) + self.holds.capacity() * size_of::<(u16, Taken)>() + self.later.capacity() * 12
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(from: Day, to: Day, expires_at: Option<i64>) -> Taken {
        Taken { from, to, expires_at }
    }

    #[test]
    fn the_ring_turns_and_forgets_nothing_ahead() {
        let mut calendar = Calendar::new(1000, 64);
        let all = [taken(1003, 1005, None), taken(1060, 1070, None), taken(1062, 1063, Some(5)), taken(1200, 1300, None)];
        calendar.set(7, &all);
        calendar.set(9, &[taken(1000, 1064, None)]);
        assert_eq!(calendar.get(7), all);
        assert_eq!(calendar.get(9), [taken(1000, 1064, None)]);
        for first in [1001, 1010, 1066, 1190, 1500] {
            calendar.advance(first);
            let left: Vec<Taken> = all
                .iter()
                .filter(|t| t.to > first)
                .map(|t| Taken { from: if t.expires_at.is_some() { t.from } else { t.from.max(first) }, ..*t })
                .collect();
            let have = calendar.get(7);
            let have: Vec<Taken> =
                have.iter().map(|t| Taken { from: if t.expires_at.is_some() { t.from } else { t.from.max(first) }, ..*t }).collect();
            assert_eq!(have, left, "from {first}");
        }
        assert!(calendar.get(9).is_empty());
    }
}
