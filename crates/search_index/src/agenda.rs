//! Seasons, own prices, promotions and rules of dates of a block's homes, side
//! by side: a search over a country asks thousands of homes, and following a
//! pointer for each would take most of its time.

use std::sync::Arc;

use crate::planes::{Mask, SLOTS};
use crate::prices::{DatedPrices, Dates, Own, Reduction, Season, reduction};
use crate::record::Dated;
use crate::stays::{DatedRules, Day, Wish};

/// Everything of a block that hangs on dates, but the calendar.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    seasons: Vec<Season>,
    /// Where each home's seasons begin, and where the last one's end. Empty when
    /// nobody has any.
    starts: Vec<u16>,
    own: Vec<(u16, Own)>,
    reductions: Vec<(u16, Reduction)>,
    ruled: Vec<Ruled>,
}

/// Rules of dates of a home.
#[derive(Debug, Clone)]
struct Ruled {
    slot: u16,
    /// A copy of the rules' own, so that most need not be looked at.
    span: (Day, Day),
    rules: Arc<DatedRules>,
}

impl Agenda {
    /// Of the homes of a block, in the order of their slots.
    pub fn of<'a>(homes: impl Iterator<Item = (usize, std::borrow::Cow<'a, Dated>)>) -> Self {
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
            agenda.ruled.extend(dated.rules.iter().map(|rules| Ruled { slot: here, span: rules.span, rules: Arc::clone(rules) }));
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

    /// Everything of a home that hangs on dates.
    pub fn get(&self, slot: usize) -> Option<Dated> {
        let dates = self.dates(slot);
        let reductions: Box<[Reduction]> = self.reductions(slot).copied().collect();
        let prices = (!dates.seasons.is_empty() || !reductions.is_empty() || dates.own.is_some()).then(|| DatedPrices {
            seasons: dates.seasons.into(),
            reductions,
            own: dates.own.cloned(),
        });
        let dated = Dated { rules: self.rules(slot).cloned(), prices };
        (dated.rules.is_some() || dated.prices.is_some()).then_some(dated)
    }

    /// With something else for one home.
    pub fn with(&self, slot: usize, dated: Option<&Dated>) -> Self {
        let kept = |at: usize| if at == slot { dated.cloned() } else { self.get(at) };
        Self::of((0..SLOTS).filter_map(|at| Some((at, std::borrow::Cow::Owned(kept(at)?)))))
    }

    /// Rules of dates of a home.
    pub fn rules(&self, slot: usize) -> Option<&Arc<DatedRules>> {
        self.ruled.binary_search_by_key(&slot, |ruled| usize::from(ruled.slot)).ok().map(|at| &self.ruled[at].rules)
    }

    fn reductions(&self, slot: usize) -> impl Iterator<Item = &Reduction> {
        let from = self.reductions.partition_point(|(at, _)| usize::from(*at) < slot);
        self.reductions[from..].iter().take_while(move |(at, _)| usize::from(*at) == slot).map(|(_, reduction)| reduction)
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
        reduction(self.reductions(slot), wish)
    }

    /// Homes whose rules of dates touch a stay, and which of these allow it.
    #[inline]
    pub fn ruled(&self, wish: &Wish, of: &Mask) -> (Mask, Mask) {
        let (mut ruled, mut allowed) = (Mask::NONE, Mask::NONE);
        for Ruled { slot, span, rules } in &self.ruled {
            let slot = usize::from(*slot);
            if span.0 <= wish.check_out && wish.check_in < span.1 && of.get(slot) {
                ruled.set(slot, true);
                allowed.set(slot, rules.allow(wish));
            }
        }
        (ruled, allowed)
    }

    pub fn memory(&self) -> usize {
        self.seasons.capacity() * size_of::<Season>()
            + self.starts.capacity() * 2
            + self.own.capacity() * size_of::<(u16, Own)>()
            + self.reductions.capacity() * size_of::<(u16, Reduction)>()
            + self.ruled.capacity() * size_of::<Ruled>()
            + self.ruled.iter().map(|ruled| 16 + ruled.rules.memory()).sum::<usize>()
            + self.own_memory()
    }

    /// Bytes of prices and minimum stays of single dates.
    pub fn own_memory(&self) -> usize {
        let prices: usize = self.own.iter().map(|(_, own)| 16 + own.memory()).sum();
        prices + self.ruled.iter().map(|ruled| ruled.rules.minimums.len() * 8).sum::<usize>()
    }
}
