//! Seasons, own prices, promotions and rules of dates of a block's homes, side
//! by side: a search over a country asks thousands of homes, and following a
//! pointer for each would take most of its time.

use crate::planes::{Mask, SLOTS};
use crate::prices::{Dates, Own, Reduction, Season, reduction};
use crate::record::Dated;
use crate::stays::{Day, Wish};

/// Everything of a block that hangs on dates, but the calendar.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    seasons: Vec<Season>,
    /// Where each home's seasons begin, and where the last one's end. Empty when
    /// nobody has any.
    starts: Vec<u16>,
    own: Vec<(u16, Own)>,
    reductions: Vec<(u16, Reduction)>,
    /// Slot, first day and first day after all of its rules of dates.
    ruled: Vec<(u16, Day, Day)>,
}

impl Agenda {
    /// Of the homes of a block, in the order of their slots.
    pub fn of<'a>(homes: impl Iterator<Item = (usize, &'a Dated)>) -> Self {
        let mut agenda = Self::default();
        for (slot, dated) in homes {
            let here = u16::try_from(slot).unwrap_or(u16::MAX);
            if let Some(prices) = &dated.prices {
                if !prices.seasons.is_empty() {
                    agenda.starts.resize(slot + 1, u16::try_from(agenda.seasons.len()).unwrap_or(u16::MAX));
                    agenda.seasons.extend(&prices.seasons);
                }
                agenda.own.extend(prices.own.clone().map(|own| (here, own)));
                agenda.reductions.extend(prices.reductions.iter().map(|reduction| (here, *reduction)));
            }
            agenda.ruled.extend(dated.rules.as_ref().map(|rules| (here, rules.span.0, rules.span.1)));
        }
        if !agenda.seasons.is_empty() {
            agenda.starts.resize(SLOTS + 1, u16::try_from(agenda.seasons.len()).unwrap_or(u16::MAX));
        }
        agenda.seasons.shrink_to_fit();
        agenda.own.shrink_to_fit();
        agenda.reductions.shrink_to_fit();
        agenda.ruled.shrink_to_fit();
        agenda
    }

    /// What dates of a home cost.
    #[inline]
    pub fn dates(&self, slot: usize) -> Dates<'_> {
        let seasons = match self.starts.get(slot..slot + 2) {
            Some([from, to]) => &self.seasons[usize::from(*from)..usize::from(*to)],
            _ => &[],
        };
        let own = if self.own.is_empty() {
            None
        } else {
            self.own.binary_search_by_key(&slot, |(at, _)| usize::from(*at)).ok().map(|at| &self.own[at].1)
        };
        Dates { seasons, own }
    }

    /// The best promotion of a home that covers a stay, in basis points.
    #[inline]
    pub fn reduction(&self, slot: usize, wish: &Wish) -> i32 {
        if self.reductions.is_empty() {
            return 0;
        }
        let from = self.reductions.partition_point(|(at, _)| usize::from(*at) < slot);
        let own = self.reductions[from..].iter().take_while(|(at, _)| usize::from(*at) == slot);
        reduction(own.map(|(_, reduction)| reduction), wish)
    }

    /// Homes whose rules of dates may touch a stay.
    #[inline]
    pub fn ruled(&self, wish: &Wish) -> Mask {
        let mut ruled = Mask::NONE;
        for (slot, from, to) in &self.ruled {
            if *from <= wish.check_out && wish.check_in < *to {
                ruled.set(usize::from(*slot), true);
            }
        }
        ruled
    }

    pub fn memory(&self) -> usize {
        self.seasons.capacity() * size_of::<Season>()
            + self.starts.capacity() * 2
            + self.own.capacity() * size_of::<(u16, Own)>()
            + self.reductions.capacity() * size_of::<(u16, Reduction)>()
            + self.ruled.capacity() * 12
    }
}
