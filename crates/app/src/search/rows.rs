//! A row of the projection as the index wants it. Rows come in PostgreSQL's
//! binary form, in bulk (`COPY … (format binary)`) or one by one; one reader
//! takes both.

use anyhow::{Context, anyhow, bail, ensure};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::calendar::{DayRule, Lane, RuleSeason, StayRules, Weekday};
use domain::dates::Stay;
use domain::ids::{ListingId, UserId};
use domain::listings::Point;
use domain::money::BasisPoints;
use domain::pricing::{ExtraGuest, LeadDiscount, Tariff};
use search_index::{Change, Occupancy, Row};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// One home of the projection.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Projected {
    /// Which.
    pub id: ListingId,
    /// The transaction that wrote it.
    pub xid: u64,
    /// From this day on its nights are known, 736 of them.
    pub first_day: NaiveDate,
    /// None when it is not published.
    pub row: Option<Row>,
}

impl Projected {
    /// As news for the index.
    pub fn change(self) -> Change {
        match self.row {
            Some(row) => Change::Upsert(Box::new(row)),
            None => Change::Remove(self.id),
        }
    }

    /// Reads the columns of `listing_search`, in the order of the table.
    pub fn read(fields: &[Option<&[u8]>]) -> anyhow::Result<Self> {
        Fields { fields, at: 0 }.projected()
    }
}

struct Fields<'a> {
    fields: &'a [Option<&'a [u8]>],
    at: usize,
}

/// Days and instants count from here.
fn epoch() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default()
}

fn date(days: i32) -> anyhow::Result<NaiveDate> {
    epoch().checked_add_signed(TimeDelta::days(days.into())).ok_or_else(|| anyhow!("day {days} is no date"))
}

impl<'a> Fields<'a> {
    fn bytes(&mut self) -> anyhow::Result<Option<&'a [u8]>> {
        let field = self.fields.get(self.at).copied().with_context(|| format!("the row has only {} columns", self.at))?;
        self.at += 1;
        Ok(field)
    }

    fn some<T>(&mut self, value: Option<T>) -> anyhow::Result<T> {
        value.with_context(|| format!("column {} is null", self.at))
    }

    fn fixed<const N: usize>(&mut self) -> anyhow::Result<Option<[u8; N]>> {
        let at = self.at;
        self.bytes()?
            .map(|bytes| bytes.try_into().with_context(|| format!("column {} has {} bytes, not {N}", at + 1, bytes.len())))
            .transpose()
    }

    fn opt_int(&mut self) -> anyhow::Result<Option<i32>> {
        Ok(self.fixed()?.map(i32::from_be_bytes))
    }

    fn int(&mut self) -> anyhow::Result<i32> {
        let value = self.opt_int()?;
        self.some(value)
    }

    fn opt_bigint(&mut self) -> anyhow::Result<Option<i64>> {
        Ok(self.fixed()?.map(i64::from_be_bytes))
    }

    fn bigint(&mut self) -> anyhow::Result<i64> {
        let value = self.opt_bigint()?;
        self.some(value)
    }

    fn flag(&mut self) -> anyhow::Result<bool> {
        let value = self.fixed::<1>()?;
        Ok(self.some(value)? != [0])
    }

    fn uuid(&mut self) -> anyhow::Result<Uuid> {
        let value = self.fixed()?;
        Ok(Uuid::from_bytes(self.some(value)?))
    }

    fn opt_text(&mut self) -> anyhow::Result<Option<&'a str>> {
        Ok(self.bytes()?.map(std::str::from_utf8).transpose()?)
    }

    fn text(&mut self) -> anyhow::Result<&'a str> {
        let value = self.opt_text()?;
        self.some(value)
    }

    fn word<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self) -> anyhow::Result<T> {
        let text = self.text()?;
        text.parse().map_err(|error| anyhow!("{text:?}: {error}"))
    }

    fn json<T: DeserializeOwned>(&mut self) -> anyhow::Result<Option<T>> {
        // The first byte is the version of the format, 1.
        Ok(self.bytes()?.map(|bytes| serde_json::from_slice(bytes.get(1..).unwrap_or_default())).transpose()?)
    }

    fn time(&mut self) -> anyhow::Result<NaiveTime> {
        let micros = self.bigint()?;
        // 24:00 is a time to PostgreSQL.
        Ok(NaiveTime::MIN.overflowing_add_signed(TimeDelta::microseconds(micros)).0)
    }

    fn opt_instant(&mut self) -> anyhow::Result<Option<DateTime<Utc>>> {
        let start = epoch().and_time(NaiveTime::MIN).and_utc();
        Ok(self.opt_bigint()?.and_then(|micros| start.checked_add_signed(TimeDelta::microseconds(micros))))
    }

    /// The elements of a one-dimensional array.
    fn array(&mut self) -> anyhow::Result<Vec<Option<&'a [u8]>>> {
        let Some(mut rest) = self.bytes()? else { return Ok(Vec::new()) };
        let mut int = || -> anyhow::Result<i32> {
            let (head, tail) = rest.split_first_chunk().context("an array is cut short")?;
            rest = tail;
            Ok(i32::from_be_bytes(*head))
        };
        let (dimensions, _, _) = (int()?, int()?, int()?);
        if dimensions == 0 {
            return Ok(Vec::new());
        }
        ensure!(dimensions == 1, "an array of {dimensions} dimensions");
        let (count, _) = (int()?, int()?);
        let mut elements = Vec::with_capacity(usize::try_from(count)?);
        for _ in 0..count {
            let (head, tail) = rest.split_first_chunk().context("an array is cut short")?;
            let length = i32::from_be_bytes(*head);
            if length < 0 {
                elements.push(None);
                rest = tail;
            } else {
                let (element, tail) = tail.split_at_checked(usize::try_from(length)?).context("an array is cut short")?;
                elements.push(Some(element));
                rest = tail;
            }
        }
        Ok(elements)
    }

    fn projected(mut self) -> anyhow::Result<Projected> {
        let id = ListingId(self.uuid()?);
        self.rest(id).with_context(|| format!("the projection of listing {id}"))
    }

    fn rest(&mut self, id: ListingId) -> anyhow::Result<Projected> {
        let published = self.flag()?;
        let mut row = self.home(id)?;
        row.rules = self.rules()?;
        row.tariff = self.tariff(row.tariff)?;
        row.earlier_bookings = self.int()?.into();
        let first_day = date(self.int()?)?;
        row.occupancies = busy(first_day, self.bytes()?.unwrap_or_default())?;
        for (from, past, until) in self.json::<Vec<(NaiveDate, NaiveDate, i64)>>()?.unwrap_or_default() {
            let nights = Stay { check_in: from, check_out: past };
            row.occupancies.push(Occupancy { nights, lane: Lane::Block, expires_at: DateTime::from_timestamp_micros(until) });
        }
        row.days = self.days()?;
        let xid = u64::from_be_bytes({
            let value = self.fixed()?;
            self.some(value)?
        });
        Ok(Projected { id, xid, first_day, row: published.then_some(row) })
    }

    /// Everything up to the stay rules; of the tariff the currency only.
    fn home(&mut self, id: ListingId) -> anyhow::Result<Row> {
        let host = UserId(self.uuid()?);
        let [title, city, region, neighbourhood] = [self.text()?, self.text()?, self.text()?, self.text()?].map(str::to_owned);
        let country = self.opt_text()?.map(str::to_owned);
        let (property_type, room_type) = (self.word()?, self.word()?);
        let (capacity, bedrooms, beds, bathrooms_halves) = (self.int()?, self.int()?, self.int()?, self.int()?);
        let codes = self.array()?.into_iter().flatten().map(std::str::from_utf8);
        let amenities = codes.map(|code| code.map(str::to_owned)).collect::<Result<_, _>>()?;
        let (instant_book, cancellation_policy) = (self.flag()?, self.word()?);
        let tariff = Some(Tariff::flat(self.word()?, 0));
        let time_zone = self.opt_text()?.and_then(|name| name.parse().ok()).unwrap_or(chrono_tz::UTC);
        let check_in_from = self.time()?;
        let point = Point { latitude_e7: self.opt_int()?.unwrap_or(0), longitude_e7: self.opt_int()?.unwrap_or(0) };
        Ok(Row {
            id,
            host,
            point,
            time_zone,
            check_in_from,
            capacity,
            bedrooms,
            beds,
            bathrooms_halves,
            room_type,
            property_type,
            amenities,
            instant_book,
            cancellation_policy,
            rating_count: self.int()?,
            rating_overall: self.opt_int()?,
            relevance: self.int()?,
            published_at: self.opt_instant()?.unwrap_or_default(),
            title,
            // Only titles, places and kinds are searched for words.
            description: String::new(),
            city,
            region,
            neighbourhood,
            country,
            rules: StayRules::default(),
            tariff,
            earlier_bookings: 0,
            days: Vec::new(),
            occupancies: Vec::new(),
        })
    }

    fn rules(&mut self) -> anyhow::Result<StayRules> {
        Ok(StayRules {
            min_nights: self.int()?,
            max_nights: self.opt_int()?,
            advance_notice_hours: self.int()?,
            notice_cutoff_hour: self.opt_int()?,
            preparation_nights: self.int()?,
            booking_window_days: self.opt_int()?,
            max_pets: self.int()?,
            infants_count: self.flag()?,
            seasons: self.json::<Vec<Season>>()?.unwrap_or_default().into_iter().map(season).collect(),
        })
    }

    fn tariff(&mut self, blank: Option<Tariff>) -> anyhow::Result<Option<Tariff>> {
        let lead = |days: Option<i32>, bps: Option<i32>| Some(LeadDiscount { days: days?, bps: BasisPoints(bps?) });
        let nightly = self.opt_bigint()?;
        let Some(mut tariff) = blank else { bail!("no currency") };
        tariff.nightly = nightly.unwrap_or(0);
        tariff.weekend_nightly = self.opt_bigint()?;
        tariff.cleaning_fee = self.bigint()?;
        tariff.pet_fee = self.bigint()?;
        tariff.extra_guest = self.opt_int()?.zip(self.opt_bigint()?).map(|(after, amount)| ExtraGuest { after, amount });
        tariff.weekly_discount_bps = BasisPoints(self.int()?);
        tariff.monthly_discount_bps = BasisPoints(self.int()?);
        tariff.new_listing_discount_bps = BasisPoints(self.int()?);
        tariff.early_bird = lead(self.opt_int()?, self.opt_int()?);
        tariff.last_minute = lead(self.opt_int()?, self.opt_int()?);
        tariff.promotions = self.json()?.unwrap_or_default();
        tariff.seasons = self.json()?.unwrap_or_default();
        Ok(nightly.map(|_| tariff))
    }

    fn days(&mut self) -> anyhow::Result<Vec<DayRule>> {
        let (dates, prices, nights) = (self.array()?, self.array()?, self.array()?);
        let number = |bytes: &[u8]| bytes.try_into().map(i32::from_be_bytes);
        let mut days = Vec::with_capacity(dates.len());
        for (n, day) in dates.into_iter().flatten().enumerate() {
            days.push(DayRule {
                date: date(number(day)?)?,
                price: prices.get(n).copied().flatten().map(|bytes| bytes.try_into().map(i64::from_be_bytes)).transpose()?,
                min_nights: nights.get(n).copied().flatten().map(number).transpose()?,
            });
        }
        Ok(days)
    }
}

/// As `listing_search.rule_seasons` has it.
type Season = (NaiveDate, NaiveDate, Option<i32>, Option<[Option<i32>; 7]>, Option<i32>, i32, i32);

fn season((from, to, min_nights, min_nights_by_weekday, max_nights, arrival, departure): Season) -> RuleSeason {
    let weekdays = |mask: i32| Weekday::ALL.iter().copied().filter(|day| mask & (1 << day.index()) != 0).collect();
    RuleSeason {
        from,
        to,
        min_nights,
        min_nights_by_weekday,
        max_nights,
        closed_to_arrival: weekdays(arrival),
        closed_to_departure: weekdays(departure),
    }
}

/// The runs of ones of a `bit(n)`: its length, then its bits, first night first.
fn busy(first: NaiveDate, field: &[u8]) -> anyhow::Result<Vec<Occupancy>> {
    let (_, bytes) = field.split_first_chunk::<4>().context("busy is cut short")?;
    let day = |n: usize| first + Days::new(n as u64);
    let mut runs = Vec::new();
    let mut start = None;
    for n in 0..=bytes.len() * 8 {
        let one = bytes.get(n / 8).is_some_and(|byte| byte & (0x80 >> (n % 8)) != 0);
        match (start, one) {
            (None, true) => start = Some(n),
            (Some(from), false) => {
                let nights = Stay { check_in: day(from), check_out: day(n) };
                runs.push(Occupancy { nights, lane: Lane::Block, expires_at: None });
                start = None;
            }
            _ => {}
        }
    }
    Ok(runs)
}

/// Takes the rows out of a binary COPY, however its bytes are cut.
#[derive(Debug, Default)]
pub(super) struct CopyReader {
    buffer: Vec<u8>,
    started: bool,
}

impl CopyReader {
    /// Takes bytes in and gives the rows that are whole now.
    pub fn push(&mut self, bytes: &[u8]) -> anyhow::Result<Vec<Projected>> {
        self.buffer.extend_from_slice(bytes);
        let mut rest: &[u8] = &self.buffer;
        if !self.started {
            // Signature, flags, and the length of an extension we skip.
            let Some((head, tail)) = rest.split_at_checked(19) else { return Ok(Vec::new()) };
            ensure!(head.starts_with(b"PGCOPY\n\xff\r\n\0"), "this is no binary COPY");
            let more = i32::from_be_bytes(head[15..19].try_into()?);
            let Some((_, tail)) = tail.split_at_checked(usize::try_from(more)?) else { return Ok(Vec::new()) };
            (rest, self.started) = (tail, true);
        }
        let mut rows = Vec::new();
        while let Some((fields, tail)) = tuple(rest)? {
            if fields.is_empty() {
                rest = tail;
                break;
            }
            rows.push(Projected::read(&fields)?);
            rest = tail;
        }
        let done = self.buffer.len() - rest.len();
        self.buffer.drain(..done);
        Ok(rows)
    }
}

/// The fields of the next tuple and what follows it; no fields at the end, None
/// while bytes are missing.
#[expect(clippy::type_complexity, reason = "fields, and the rest")]
fn tuple(bytes: &[u8]) -> anyhow::Result<Option<(Vec<Option<&[u8]>>, &[u8])>> {
    let Some((head, mut rest)) = bytes.split_first_chunk() else { return Ok(None) };
    let count = i16::from_be_bytes(*head);
    let mut fields = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    for _ in 0..count {
        let Some((head, tail)) = rest.split_first_chunk() else { return Ok(None) };
        let length = i32::from_be_bytes(*head);
        if length < 0 {
            (rest, _) = (tail, fields.push(None));
            continue;
        }
        let Some((field, tail)) = tail.split_at_checked(usize::try_from(length)?) else { return Ok(None) };
        fields.push(Some(field));
        rest = tail;
    }
    Ok(Some((fields, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_busy_nights_are_found() {
        let first = epoch();
        let mut field = 16_i32.to_be_bytes().to_vec();
        field.extend([0b0011_0001, 0b1000_0001]);
        let runs: Vec<(i64, i64)> = busy(first, &field)
            .unwrap()
            .into_iter()
            .map(|o| ((o.nights.check_in - first).num_days(), (o.nights.check_out - first).num_days()))
            .collect();
        assert_eq!(runs, [(2, 4), (7, 9), (15, 16)]);
        assert!(busy(first, &[1]).is_err());
    }

    #[test]
    fn a_copy_may_be_cut_anywhere() {
        let mut bytes = b"PGCOPY\n\xff\r\n\0".to_vec();
        bytes.extend([0; 8]);
        bytes.extend(i16::to_be_bytes(-1));
        for cut in 0..bytes.len() {
            let mut reader = CopyReader::default();
            assert!(reader.push(&bytes[..cut]).unwrap().is_empty());
            assert!(reader.push(&bytes[cut..]).unwrap().is_empty());
        }
        assert!(CopyReader::default().push(&[0; 30]).is_err());
        let short = [0, 1, 0, 0, 0, 4, 1, 2];
        assert!(tuple(&short).unwrap().is_none());
        assert!(Projected::read(&[None]).is_err());
    }
}
