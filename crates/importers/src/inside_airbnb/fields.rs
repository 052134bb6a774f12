//! Cells: prices with signs that mean nothing, words full of HTML, lists in
//! three spellings.

use domain::money::Currency;

/// `$1,234.50` in minor units of `currency`. The sign is an artifact of the
/// export; what stands there is the local currency.
pub(super) fn price(text: &str, currency: Currency) -> Option<i64> {
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let (whole, cents) = digits.split_once('.').unwrap_or((&digits, ""));
    let exponent = currency.exponent() as usize;
    let cents: String = cents.chars().chain("000".chars()).take(exponent).collect();
    let whole: i64 = whole.parse().ok()?;
    let minor = whole.checked_mul(currency.minor_per_major())?.checked_add(if exponent == 0 { 0 } else { cents.parse().ok()? })?;
    (minor > 0 && minor <= domain::money::Money::MAX_AMOUNT).then_some(minor)
}

/// `t`, `f`, or nothing.
pub(super) fn flag(text: Option<&str>) -> Option<bool> {
    match text? {
        "t" | "true" | "TRUE" => Some(true),
        "f" | "false" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A number of nights, 1–365; more means "no limit" and is none.
pub(super) fn nights(text: Option<&str>) -> Option<i32> {
    text?.parse::<f64>().ok().filter(|n| (1.0..=365.0).contains(n)).map(|n| {
        #[expect(clippy::cast_possible_truncation, reason = "1 to 365")]
        let whole = n as i32;
        whole
    })
}

/// `1.5`, `1.5 shared baths`, `Half-bath` in half bathrooms.
pub(super) fn bathrooms_halves(number: Option<&str>, words: Option<&str>) -> Option<i32> {
    let halves = |text: &str| {
        let number: f64 = text.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
        (0.0..=50.0).contains(&number).then(|| (number * 2.0).round() as i32)
    };
    if let Some(found) = number.and_then(halves) {
        return Some(found);
    }
    let words = words?;
    words.split_whitespace().find_map(halves).or_else(|| words.to_lowercase().contains("half").then_some(1))
}

/// Text for people: tags become what they meant, entities are decoded, line
/// ends are one kind, what cannot be seen is dropped.
pub(super) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let tag = &rest[open..];
        let name: String = tag[1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect::<String>().to_lowercase();
        let known =
            matches!(name.trim_matches('/'), "br" | "b" | "i" | "u" | "p" | "a" | "strong" | "em" | "span" | "div" | "ul" | "li" | "ol");
        match tag.find('>').filter(|_| known) {
            Some(close) => {
                if matches!(name.trim_matches('/'), "br" | "p" | "div" | "li") {
                    out.push('\n');
                }
                rest = &tag[close + 1..];
            }
            // Not a tag: somebody wrote a "<".
            None => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    for (entity, text) in [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " ")] {
        out = out.replace(entity, text);
    }
    let seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}') && (!c.is_control() || *c == '\n' || *c == '\t');
    let text: String = out.chars().filter(seen).collect();
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    lines.join("\n").trim().to_owned()
}

/// At most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// `["Wifi", "43\" TV"]` or `{TV,"Cable TV"}`.
pub(super) fn list(text: &str) -> Vec<String> {
    if let Ok(found) = serde_json::from_str::<Vec<String>>(text) {
        return found;
    }
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    let (mut found, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in inner.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => found.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    found.push(word);
    found.into_iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_follow_the_operators_currency() {
        let currency = |code: &str| code.parse().unwrap();
        assert_eq!(price("$1,234.50", currency("SGD")), Some(123_450));
        assert_eq!(price("$109,999.00", currency("JPY")), Some(109_999));
        assert_eq!(price("80", currency("USD")), Some(8_000));
        assert_eq!(price("$0.00", currency("USD")), None);
        assert_eq!(price("ask", currency("USD")), None);
    }

    #[test]
    fn bathrooms_are_found_in_words() {
        for (number, words, halves) in [
            (Some("1.5"), None, Some(3)),
            (None, Some("2.5 shared baths"), Some(5)),
            (None, Some("Half-bath"), Some(1)),
            (None, Some("Shared half-bath"), Some(1)),
            (None, Some("0 baths"), Some(0)),
            (None, None, None),
        ] {
            assert_eq!(bathrooms_halves(number, words), halves, "{words:?}");
        }
    }

    #[test]
    fn words_lose_their_html_and_what_cannot_be_seen() {
        assert_eq!(clean("<b>The space</b><br />Light &amp; quiet\r\nCosy\u{200b}\rNice"), "The space\nLight & quiet\nCosy\nNice");
        assert_eq!(clean("5 < 6 and <Please take off shoes"), "5 < 6 and <Please take off shoes");
        assert_eq!(clean("\u{7} \n\n\n a\n\n\n\nb "), "a\n\nb");
        assert_eq!(clean("<br/>"), "");
    }

    #[test]
    fn lists_come_in_two_spellings() {
        assert_eq!(list(r#"["Wifi", "43\" HDTV", "Host\u2019s books"]"#), ["Wifi", "43\" HDTV", "Host’s books"]);
        assert_eq!(list(r#"{TV,"Cable TV",Internet}"#), ["TV", "Cable TV", "Internet"]);
        assert!(list("{}").is_empty() && list("[]").is_empty());
    }

    #[test]
    fn stay_limits_beyond_a_year_are_none() {
        assert_eq!(nights(Some("30")), Some(30));
        assert_eq!(nights(Some("2147483647")), None);
        assert_eq!(nights(Some("0")), None);
    }
}
