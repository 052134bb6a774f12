//! 512 yes-or-no answers at a time: one bit for each home of a block.

/// Homes in a block.
pub(crate) const SLOTS: usize = 512;
const WORDS: usize = SLOTS / 64;

/// One bit for each home of a block: a cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mask([u64; WORDS]);

/// A number for each home of a block.
pub(crate) type Column<T> = [T; SLOTS];

impl Mask {
    pub const NONE: Self = Self([0; WORDS]);
    pub const ALL: Self = Self([u64::MAX; WORDS]);

    pub fn get(&self, slot: usize) -> bool {
        self.0[slot / 64] >> (slot % 64) & 1 == 1
    }

    pub fn set(&mut self, slot: usize, on: bool) {
        let bit = 1 << (slot % 64);
        if on {
            self.0[slot / 64] |= bit;
        } else {
            self.0[slot / 64] &= !bit;
        }
    }

    #[inline]
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a &= b;
        }
        self
    }

    #[inline]
    #[must_use]
    pub fn and_not(mut self, other: &Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a &= !b;
        }
        self
    }

    #[inline]
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a |= b;
        }
        self
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    #[inline]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The slots whose bit is set, in order.
    #[inline]
    pub fn slots(self) -> Slots {
        Slots { word: self.0[0], at: 0, mask: self.0 }
    }

    /// The first slot whose bit is not set.
    pub fn first_free(&self) -> Option<usize> {
        self.0.iter().enumerate().find(|(_, word)| **word != u64::MAX).map(|(n, word)| n * 64 + word.trailing_ones() as usize)
    }

    /// Where a column says yes. Written so that the compiler compares many
    /// homes with one instruction and gathers eight answers with one multiply.
    #[inline]
    pub fn of<T: Copy>(column: &Column<T>, holds: impl Fn(T) -> bool) -> Self {
        let mut mask = [0_u64; WORDS];
        for (word, values) in mask.iter_mut().zip(column.chunks_exact(64)) {
            let mut answers = [0_u8; 64];
            for (answer, value) in answers.iter_mut().zip(values) {
                *answer = u8::from(holds(*value));
            }
            for (n, eight) in answers.chunks_exact(8).enumerate() {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(eight);
                *word |= (u64::from_le_bytes(bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (n * 8);
            }
        }
        Self(mask)
    }
}

/// Walks the bits of a mask.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    word: u64,
    at: usize,
    mask: [u64; WORDS],
}

impl Iterator for Slots {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            self.at += 1;
            self.word = *self.mask.get(self.at)?;
        }
        let bit = self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(self.at * 64 + bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_of_a_column_has_a_bit_for_each_yes() {
        let mut column = [0_i32; SLOTS];
        for (n, value) in column.iter_mut().enumerate() {
            *value = i32::try_from(n * 7 % 512).unwrap() - 200;
        }
        let mask = Mask::of(&column, |value| value >= 17);
        assert_eq!(mask.slots().collect::<Vec<_>>(), (0..SLOTS).filter(|n| column[*n] >= 17).collect::<Vec<_>>());
        assert_eq!(mask.count(), mask.slots().count() as u64);
        assert_eq!((Mask::ALL.first_free(), Mask::NONE.first_free()), (None, Some(0)));
        let mut one = Mask::NONE;
        one.set(300, true);
        assert!(one.get(300) && !one.is_empty() && one.and_not(&one).is_empty());
        assert_eq!(Mask::ALL.and_not(&one).first_free(), Some(300));
    }
}
