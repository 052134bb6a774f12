//! Reading and writing iCalendar (RFC 5545). Feeds are read as they come:
//! several calendars in one file, broken lines, odd time zones.

use std::fmt::Write;

use calcard::common::timezone::Tz as FeedZone;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarProperty, ICalendarStatus, ICalendarTransparency, ICalendarValue,
};
use calcard::{Entry, Parser};
use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::calendar_feeds::{FeedEvent, MOST_EVENTS};
use domain::dates::Stay;

/// The answer has no calendar in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no calendar (it should begin with BEGIN:VCALENDAR)")]
pub(super) struct NotACalendar;

/// The nights that a feed's events take, in the home's `zone`. Events of our
/// own calendar, which came back over another platform, are left out, and
/// those that take no time or were called off.
pub(super) fn read(body: &[u8], zone: Tz, own_host: &str) -> Result<Vec<FeedEvent>, NotACalendar> {
    let text = String::from_utf8_lossy(body);
    let mut parser = Parser::new(&text);
    let (mut events, mut calendars) = (Vec::new(), 0);
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => {
                calendars += 1;
                events.extend(events_of(&calendar, zone, own_host, MOST_EVENTS - events.len()));
            }
            Entry::Eof => break,
            _ => {}
        }
    }
    if calendars == 0 { Err(NotACalendar) } else { Ok(events) }
}

fn events_of(calendar: &ICalendar, zone: Tz, own_host: &str, most: usize) -> Vec<FeedEvent> {
    let expanded = calendar.expand_dates(FeedZone::Floating, most);
    let mut events = Vec::new();
    for occurrence in expanded.events {
        let Some(component) = calendar.components.get(occurrence.comp_id as usize) else { continue };
        if component.component_type != ICalendarComponentType::VEvent || !takes_time(component) {
            continue;
        }
        let uid = component.uid().unwrap_or_default().to_owned();
        if uid.ends_with(&format!("@{own_host}")) {
            continue;
        }
        let Some(occurrence) = occurrence.try_into_date_time() else { continue };
        let local = |at: &DateTime<FeedZone>| {
            // Dates and times without a zone are meant at the home.
            if at.timezone().is_floating() { at.naive_local() } else { at.with_timezone(&zone).naive_local() }
        };
        let (start, end) = (local(&occurrence.start), local(&occurrence.end));
        let all_day = component
            .property(&ICalendarProperty::Dtstart)
            .and_then(|entry| entry.values.first())
            .is_some_and(|value| matches!(value, ICalendarValue::PartialDateTime(at) if at.hour.is_none()));
        let Some(nights) = nights(start.date(), end.date(), all_day) else { continue };
        let summary =
            component.property(&ICalendarProperty::Summary).and_then(|entry| entry.values.first()).and_then(ICalendarValue::as_text);
        let summary: String = summary.unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
        events.push(FeedEvent { uid, summary, nights });
        if events.len() >= most {
            break;
        }
    }
    events
}

/// The nights from one date to another. An all-day event without an end takes
/// its day's night; one that is over the same day takes none.
fn nights(start: NaiveDate, end: NaiveDate, all_day: bool) -> Option<Stay> {
    let end = if all_day && end <= start { start.checked_add_days(Days::new(1))? } else { end };
    (start < end).then_some(Stay { check_in: start, check_out: end })
}

fn takes_time(component: &ICalendarComponent) -> bool {
    !component.entries.iter().flat_map(|entry| &entry.values).any(|value| {
        matches!(
            value,
            ICalendarValue::Transparency(ICalendarTransparency::Transparent) | ICalendarValue::Status(ICalendarStatus::Cancelled)
        )
    })
}

/// Nights as others may know them: no names, no prices.
pub(super) struct Taken {
    pub id: uuid::Uuid,
    pub nights: Stay,
    pub booked: bool,
}

/// An iCalendar file as it is written, line by line.
pub(crate) struct Lines(String);

impl Lines {
    /// A calendar of this name, with what is written for everybody.
    pub(crate) fn begin(name: &str) -> Self {
        let mut lines = Self(String::new());
        for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Roost//Calendar//EN", "CALSCALE:GREGORIAN"] {
            lines.add(line);
        }
        lines.add(&format!("X-WR-CALNAME:{}", escaped(name)));
        lines
    }

    /// Lines have at most 75 octets; what is longer goes on after a space.
    pub(crate) fn add(&mut self, content: &str) {
        let mut length = 0;
        for c in content.chars() {
            if length + c.len_utf8() > 75 {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(c);
            length += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A property whose value is text.
    pub(crate) fn text(&mut self, property: &str, value: &str) {
        self.add(&format!("{property}:{}", escaped(value)));
    }

    pub(crate) fn end(mut self) -> String {
        self.add("END:VCALENDAR");
        self.0
    }
}

/// An instant as iCalendar writes it.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A calendar that other platforms can follow.
pub(super) fn write(taken: &[Taken], name: &str, host: &str, now: DateTime<Utc>) -> String {
    let mut lines = Lines::begin(name);
    let stamp = stamp(now);
    for taken in taken {
        lines.add("BEGIN:VEVENT");
        lines.add(&format!("UID:{}@{host}", taken.id));
        lines.add(&format!("DTSTAMP:{stamp}"));
        lines.add(&format!("DTSTART;VALUE=DATE:{}", taken.nights.check_in.format("%Y%m%d")));
        lines.add(&format!("DTEND;VALUE=DATE:{}", taken.nights.check_out.format("%Y%m%d")));
        lines.add(if taken.booked { "SUMMARY:Reserved" } else { "SUMMARY:Not available" });
        lines.add("END:VEVENT");
    }
    lines.end()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\{c}");
            }
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Vec<(String, String)> {
        let events = read(body.as_bytes(), chrono_tz::Europe::Lisbon, "stay.example.org").unwrap();
        events.iter().map(|event| (event.nights.check_in.to_string(), event.nights.check_out.to_string())).collect()
    }

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\\\\\\,y//EN\r\n{events}END:VCALENDAR\r\n")
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\nUID:a1\r\n{lines}\r\nSUMMARY:CLOSED - Not available\r\nEND:VEVENT\r\n")
    }

    fn nights(from: &str, to: &str) -> Vec<(String, String)> {
        vec![(from.to_owned(), to.to_owned())]
    }

    #[test]
    fn events_of_every_kind_become_nights() {
        for (lines, expected) in [
            ("DTSTART;VALUE=DATE:20300201\r\nDTEND;VALUE=DATE:20300204", nights("2030-02-01", "2030-02-04")),
            ("DTSTART;VALUE=DATE:20300201", nights("2030-02-01", "2030-02-02")),
            ("DTSTART;VALUE=DATE:20300201\r\nDTEND;VALUE=DATE:20300201", nights("2030-02-01", "2030-02-02")),
            ("DTSTART;VALUE=DATE:20300201\r\nDURATION:P3D", nights("2030-02-01", "2030-02-04")),
            ("DTSTART:20300201T150000Z\r\nDTEND:20300204T110000Z", nights("2030-02-01", "2030-02-04")),
            ("DTSTART:20300201T150000\r\nDTEND:20300204T110000", nights("2030-02-01", "2030-02-04")),
            // 23:00 in Lisbon is 08:00 of the next day in Tokyo.
            ("DTSTART;TZID=Asia/Tokyo:20300202T080000\r\nDTEND;TZID=Asia/Tokyo:20300204T200000", nights("2030-02-01", "2030-02-04")),
            ("DTSTART:20300201T100000Z\r\nDTEND:20300201T120000Z", Vec::new()),
            ("DTSTART;VALUE=DATE:20300201\r\nDTEND;VALUE=DATE:20300204\r\nSTATUS:CANCELLED", Vec::new()),
            ("DTSTART;VALUE=DATE:20300201\r\nDTEND;VALUE=DATE:20300204\r\nTRANSP:TRANSPARENT", Vec::new()),
            ("DTSTART;VALUE=DATE:20301301\r\nDTEND;VALUE=DATE:20300204", Vec::new()),
            ("DTEND;VALUE=DATE:20300204", Vec::new()),
        ] {
            assert_eq!(found(&calendar(&event(lines))), expected, "{lines}");
        }
    }

    #[test]
    fn odd_files_are_read() {
        let one = calendar(&event("DTSTART;VALUE=DATE:20300201\r\nDTEND;VALUE=DATE:20300204"));
        let expected = nights("2030-02-01", "2030-02-04");
        assert_eq!(found(&format!("\r\n\r\n{one}")), expected, "begins with empty lines");
        assert_eq!(found(&format!("\u{feff}{one}")), expected, "byte order mark");
        assert_eq!(found(&one.replace("\r\n", "\n")), expected, "line feeds alone");
        assert_eq!(found(&one.replace("SUMMARY:CLOSED", "SUMMARY;LANGUAGE=en-us: CLO\r\n SED")), expected, "folded, with parameters");
        assert_eq!(found(&format!("{one}{one}")).len(), 2, "two calendars in a file");
        assert_eq!(found(&format!("{one}garbage\r\nmore: of it\r\n")), expected);
        assert_eq!(found(&one.replace("END:VCALENDAR\r\n", "")), expected, "broken off at its end");
        assert_eq!(found(&calendar("")), Vec::new());
    }

    #[test]
    fn recurring_events_end_somewhere() {
        let weekly = "DTSTART;VALUE=DATE:20300201\r\nDTEND;VALUE=DATE:20300202\r\nRRULE:FREQ=WEEKLY;COUNT=3";
        assert_eq!(found(&calendar(&event(weekly))).len(), 3);
        let forever = "DTSTART:20300201T000000Z\r\nDTEND:20300203T000000Z\r\nRRULE:FREQ=SECONDLY";
        assert!(found(&calendar(&event(forever))).len() <= MOST_EVENTS);
    }

    #[test]
    fn what_is_no_calendar_is_told() {
        for body in ["", "   ", "placeholder", "<html><body>Log in</body></html>", "PK\u{3}\u{4}"] {
            assert_eq!(read(body.as_bytes(), chrono_tz::UTC, "x").unwrap_err(), NotACalendar, "{body}");
        }
        assert!(read(&[0xff, 0xfe, 0x00], chrono_tz::UTC, "x").is_err());
    }

    #[test]
    fn what_we_write_is_read_and_known_as_our_own() {
        let stay = Stay { check_in: "2030-02-01".parse().unwrap(), check_out: "2030-02-04".parse().unwrap() };
        let taken = [Taken { id: uuid::Uuid::from_u128(7), nights: stay, booked: true }];
        let text = write(
            &taken,
            "A home; with, commas \\ and a name that is far too long for one line of a calendar",
            "stay.example.org",
            DateTime::UNIX_EPOCH,
        );
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        assert_eq!(found(&text), Vec::new(), "our own echo");
        assert_eq!(found(&text.replace("@stay.example.org", "@elsewhere")), nights("2030-02-01", "2030-02-04"));
    }
}
