//! Bins of prices: twenty to a power of ten, their bounds the same for every
//! search, so that bars do not jump while somebody pans a map.

use domain::money::Currency;

use crate::answer::{Bin, Histogram};

const STEPS: [i64; 20] = [100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900];
/// Bins up to 1e16 minor units, more than any stay can cost.
const BINS: usize = 20 * 15;

const BOUNDS: [i64; BINS + 1] = {
    let mut bounds = [0; BINS + 1];
    let (mut n, mut scale) = (1, 1);
    while n <= BINS {
        bounds[n] = STEPS[(n - 1) % 20] * scale;
        if n.is_multiple_of(20) {
            scale *= 10;
        }
        n += 1;
    }
    bounds
};

/// Counts amounts of one currency.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    pub currency: Currency,
    bins: [u32; BINS],
    pub homes: u64,
    least: i64,
    most: i64,
}

impl Counts {
    pub fn new(currency: Currency) -> Self {
        Self { currency, bins: [0; BINS], homes: 0, least: i64::MAX, most: i64::MIN }
    }

    pub fn add(&mut self, amount: i64) {
        let bin = BOUNDS.partition_point(|bound| *bound <= amount).saturating_sub(1).min(BINS - 1);
        self.bins[bin] += 1;
        self.homes += 1;
        self.least = self.least.min(amount);
        self.most = self.most.max(amount);
    }

    fn finish(&self) -> Option<Histogram> {
        let first = self.bins.iter().position(|count| *count > 0)?;
        let last = self.bins.iter().rposition(|count| *count > 0)?;
        let bin = |n: usize| Bin { from: BOUNDS[n], to: BOUNDS[n + 1], count: u64::from(self.bins[n]) };
        Some(Histogram { currency: self.currency, bins: (first..=last).map(bin).collect(), least: self.least, most: self.most })
    }
}

/// Amounts by currency.
#[derive(Debug, Clone, Default)]
pub(crate) struct ByCurrency(Vec<Counts>);

impl ByCurrency {
    pub fn add(&mut self, currency: Currency, amount: i64) {
        if let Some(counts) = self.0.iter_mut().find(|counts| counts.currency == currency) {
            return counts.add(amount);
        }
        let mut counts = Counts::new(currency);
        counts.add(amount);
        self.0.push(counts);
    }

    /// The histogram of the currency that most homes have; among several such
    /// the first by code.
    pub fn finish(&self) -> Option<Histogram> {
        let best = self.0.iter().max_by_key(|counts| (counts.homes, std::cmp::Reverse(counts.currency.code())))?;
        best.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_what_they_say() {
        let mut all = ByCurrency::default();
        let eur: Currency = "EUR".parse().unwrap();
        for amount in [0, 99, 100, 12_345, 12_500, 9_000_000_000_000_000] {
            all.add(eur, amount);
        }
        all.add("USD".parse().unwrap(), 5);
        let histogram = all.finish().unwrap();
        assert_eq!((histogram.currency, histogram.least, histogram.most), (eur, 0, 9_000_000_000_000_000));
        let count = |amount: i64| histogram.bins.iter().find(|bin| bin.from <= amount && amount < bin.to).unwrap().count;
        assert_eq!([count(0), count(100), count(12_345), count(12_500)], [2, 1, 1, 1]);
        assert_eq!(histogram.bins.iter().map(|bin| bin.count).sum::<u64>(), 6);
        assert!(histogram.bins.windows(2).all(|pair| pair[0].to == pair[1].from));
    }
}
