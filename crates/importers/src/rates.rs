//! Exchange rates from a CSV file with the columns `date`, `from`, `to` and
//! `rate`: one unit of `from` is worth `rate` units of `to` on that date.

use std::io::Read;

use domain::money::Currency;
use domain::rates::Rate;
use rust_decimal::Decimal;

/// What a file says, and what of it cannot be used.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RatesFile {
    /// In the file's order.
    pub rates: Vec<Rate>,
    /// `line 7: …`, for people.
    pub rejected: Vec<String>,
}

/// Rates stay within what the table takes: twelve digits before and after the
/// point.
const MOST: Decimal = Decimal::from_parts(0xd4a5_0fff, 0xe8, 0, false, 0);

fn rate(row: &csv::StringRecord, columns: [usize; 4]) -> Result<Rate, String> {
    let [date, from, to, rate] = columns.map(|column| row.get(column).unwrap_or_default().trim());
    let currency = |text: &str| text.parse::<Currency>();
    let (from, to) = (currency(from)?, currency(to)?);
    if from == to {
        return Err(format!("{from} to itself needs no rate"));
    }
    let on = date.parse().map_err(|_| format!("{date:?} is not a date, e.g. 2030-01-31"))?;
    let value: Decimal = rate.parse().map_err(|_| format!("{rate:?} is not a number, e.g. 1.0842"))?;
    let value = value.round_dp(12);
    if value <= Decimal::ZERO || value > MOST {
        return Err(format!("a rate is more than 0 and at most {MOST}, not {rate}"));
    }
    Ok(Rate { from, to, rate: value, on })
}

/// Reads rates. A row that cannot be used is told and left out.
///
/// # Errors
/// When the file cannot be read or a column is missing.
pub fn read(file: impl Read) -> anyhow::Result<RatesFile> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
    let header = reader.headers()?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|title| title.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
        found.ok_or_else(|| anyhow::anyhow!("the file has no column {name:?}: it needs date, from, to and rate"))
    };
    let columns = [column("date")?, column("from")?, column("to")?, column("rate")?];
    let mut found = RatesFile::default();
    for row in reader.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        match rate(&row, columns) {
            Ok(rate) => found.rates.push(rate),
            Err(why) => found.rejected.push(format!("line {line}: {why}")),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_bad_ones_told() {
        let text = "rate,date,from,to,note\n1.0842,2030-01-02,EUR,USD,x\n0,2030-01-02,EUR,USD\n1,2030-13-02,EUR,USD\n1,2030-01-02,EUR,EURO\n\
                    1,2030-01-02,EUR,EUR\nabc,2030-01-02,EUR,JPY\n1e30,2030-01-02,EUR,JPY\n162.123456789012345,2030-01-02,EUR,JPY\n";
        let found = read(text.as_bytes()).unwrap();
        assert_eq!(found.rates.len(), 2);
        assert_eq!(found.rates[1].rate.to_string(), "162.123456789012");
        assert_eq!(found.rejected.len(), 6, "{:?}", found.rejected);
        assert!(found.rejected[0].starts_with("line 3: "));
        assert!(read("date,from,rate\n".as_bytes()).is_err());
        assert_eq!(MOST.to_string(), "999999999999");
    }
}
