//! Rows of a calendar file, collapsed into runs of taken nights.

use chrono::{Days, NaiveDate};
use domain::calendar::DayRule;
use domain::dates::Stay;
use domain::money::Currency;

use super::fields::{flag, nights, price};
use super::rows::{Next, Rows};

/// What a calendar says of one listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListingDays {
    pub external_id: i64,
    /// The dates it speaks of.
    pub covered: Stay,
    /// Taken nights, in runs.
    pub taken: Vec<Stay>,
    /// Free dates with what the file says of them.
    pub free: Vec<DayRule>,
    pub rows: u64,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Day {
    date: NaiveDate,
    available: bool,
    price: Option<i64>,
    min_nights: Option<i32>,
}

/// Rows of one listing that stand together; a listing may come again later.
#[derive(Default)]
pub(super) struct Collector {
    current: Option<i64>,
    days: Vec<Day>,
}

impl Collector {
    /// Takes a row; gives back the listing before when this is another one.
    fn push(&mut self, id: i64, day: Day) -> Option<ListingDays> {
        let before = if self.current.is_some_and(|current| current != id) { self.finish() } else { None };
        self.current = Some(id);
        self.days.push(day);
        before
    }

    /// What has been gathered of the current listing.
    fn finish(&mut self) -> Option<ListingDays> {
        let external_id = self.current.take()?;
        let rows = self.days.len() as u64;
        self.days.sort_unstable();
        self.days.dedup_by_key(|day| day.date);
        let (first, last) = (self.days.first()?.date, self.days.last()?.date);
        let (mut taken, mut free): (Vec<Stay>, Vec<DayRule>) = (Vec::new(), Vec::new());
        for Day { date, available, price, min_nights } in self.days.drain(..) {
            let next = date + Days::new(1);
            match taken.last_mut() {
                _ if available => free.push(DayRule { date, price, min_nights }),
                Some(run) if run.check_out == date => run.check_out = next,
                _ => taken.push(Stay { check_in: date, check_out: next }),
            }
        }
        Some(ListingDays { external_id, covered: Stay { check_in: first, check_out: last + Days::new(1) }, taken, free, rows })
    }
}

/// What the next step of reading gave.
pub(super) enum Step {
    Listing(ListingDays),
    /// Line, id and reason.
    Bad(u64, String, String),
    End,
}

/// Reads on until a listing is whole.
pub(super) fn next(rows: &mut Rows, collector: &mut Collector, currency: Currency) -> Step {
    loop {
        match rows.next() {
            Next::End => return collector.finish().map_or(Step::End, Step::Listing),
            Next::Bad(line, why) => return Step::Bad(line, String::new(), why),
            Next::Row(row) => {
                let id = row.get("listing_id").unwrap_or_default();
                let parsed = (id.parse::<i64>(), row.get("date").unwrap_or_default().parse::<NaiveDate>(), flag(row.get("available")));
                match parsed {
                    (Ok(id), Ok(date), Some(available)) => {
                        let price = row.get("price").filter(|_| available).and_then(|text| price(text, currency));
                        let min_nights = nights(row.get("minimum_nights")).filter(|_| available);
                        if let Some(days) = collector.push(id, Day { date, available, price, min_nights }) {
                            return Step::Listing(days);
                        }
                    }
                    (Err(_), ..) => return Step::Bad(row.line, id.to_owned(), "listing_id is not a number".into()),
                    (_, Err(_), _) => return Step::Bad(row.line, id.to_owned(), "date is not a date".into()),
                    (.., None) => return Step::Bad(row.line, id.to_owned(), "available is neither t nor f".into()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_nights_become_runs_whatever_their_order() {
        let date = |n: u32| NaiveDate::from_ymd_opt(2030, 1, n).unwrap();
        let mut collector = Collector::default();
        let day = |n, available| Day { date: date(n), available, price: available.then_some(100), min_nights: None };
        for (n, available) in [(3, false), (1, true), (2, false), (4, true), (6, false), (6, false), (5, true)] {
            assert_eq!(collector.push(7, day(n, available)), None);
        }
        let days = collector.push(8, day(1, true)).unwrap();
        assert_eq!(days.free.iter().map(|day| (day.date, day.price)).collect::<Vec<_>>(), [1, 4, 5].map(|n| (date(n), Some(100))));
        let run = |a, b| Stay { check_in: date(a), check_out: date(b) };
        assert_eq!((days.external_id, days.covered, days.taken), (7, run(1, 7), vec![run(2, 4), run(6, 7)]));
    }
}
