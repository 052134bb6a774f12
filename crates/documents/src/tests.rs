use super::*;
use crate::layout::{FOOT, MARGIN, Mark, WIDTH};
use crate::type_setting::{Fonts, Weight};

fn sample(rows: usize) -> Document {
    let money = |amount| figures(Money::new(amount, "EUR".parse().unwrap()));
    Document {
        issuer: "Roost".into(),
        title: "Receipt".into(),
        subtitle: "Flat over the roofs, Lisbon · 1–4 February 2030".into(),
        facts: [("Number", "R-2030-000042"), ("Date", "1 January 2030"), ("Booking", "R7K2-9QXM")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        parties: vec![
            Party { role: "Issued by".into(), lines: vec!["Roost".into(), "1 Harbour Lane".into(), "1100 Lisbon, PT".into()] },
            Party { role: "Guest".into(), lines: vec!["Mia Ödegård-Κωνσταντίνου".into(), "mia@example.org".into()] },
        ],
        sections: vec![Section {
            heading: "Price".into(),
            columns: vec![Column::text("Item", 6), Column::figures("Unit", 2), Column::figures("Quantity", 1), Column::figures("EUR", 2)],
            rows: (0..rows)
                .map(|n| Row {
                    cells: vec![format!("Nights {n}"), money(12_000), "3".into(), money(36_000)],
                    note: if n % 3 == 0 { "From the host, who is a private person.".into() } else { String::new() },
                })
                .collect(),
            totals: vec![Total::plain("Sum", money(36_000)), Total::strong("Paid", format!("EUR {}", money(36_000)))],
        }],
        notes: vec!["Taxes are passed on to the authorities named.".into()],
        footer: "Roost · https://roost.example".into(),
        issued_on: NaiveDate::from_ymd_opt(2030, 1, 1).unwrap(),
        language: "en".into(),
    }
}

#[test]
fn amounts_are_grouped_with_their_currency_s_digits() {
    let money = |amount, code: &str| Money::new(amount, code.parse().unwrap());
    assert_eq!(figures(money(123_456_789, "EUR")), "1,234,567.89");
    assert_eq!(figures(money(-500, "EUR")), "\u{2212}5.00");
    assert_eq!(figures(money(1_234_500, "JPY")), "1,234,500");
    assert_eq!(figures(money(1_005, "BHD")), "1.005");
    assert_eq!(amount(money(999, "USD")), "USD 9.99");
    assert_eq!(figures(money(i64::MIN, "JPY")), "\u{2212}9,223,372,036,854,775,808");
}

#[test]
fn a_document_is_the_same_bytes_every_time() {
    let first = render(&sample(5)).unwrap();
    assert!(first.starts_with(b"%PDF-"));
    assert_eq!(first, render(&sample(5)).unwrap());
    assert_ne!(first, render(&sample(6)).unwrap());
}

/// Every text on every page stands within the margins, above the foot.
fn within(pages: &[layout::Page], fonts: &Fonts) {
    for mark in pages.iter().flatten() {
        if let Mark::Text { x, y, size, weight, text, .. } = mark {
            assert!(*x >= MARGIN - 0.1 && x + fonts.width(text, *weight, *size) <= WIDTH - MARGIN + 0.1, "{text} at {x}");
            assert!(*y <= FOOT || *size < 8.0, "{text} at {y}");
        }
    }
}

#[test]
fn long_tables_go_on_under_their_titles_and_keep_their_totals() {
    let fonts = Fonts::load().unwrap();
    for rows in [1, 18, 19, 20, 21, 22, 90] {
        let pages = layout::pages(&sample(rows), &fonts);
        within(&pages, &fonts);
        let texts = |page: &layout::Page| -> Vec<String> {
            page.iter().filter_map(|mark| if let Mark::Text { text, .. } = mark { Some(text.clone()) } else { None }).collect()
        };
        let all: Vec<Vec<String>> = pages.iter().map(texts).collect();
        let count = all.len();
        for (n, page) in all.iter().enumerate() {
            assert!(page.contains(&format!("Page {} of {count}", n + 1)));
            let has_rows = page.iter().any(|text| text.starts_with("Nights "));
            assert!(!has_rows || page.contains(&"Quantity".to_owned()), "titles on page {n}");
            assert!(!page.contains(&"Paid".to_owned()) || has_rows, "a total stands below a row");
        }
        let drawn = all.iter().flatten().filter(|text| text.starts_with("Nights ")).count();
        assert_eq!(drawn, rows);
    }
}

#[test]
fn words_wider_than_a_line_are_broken_and_nothing_is_lost() {
    let fonts = Fonts::load().unwrap();
    let text = format!("short {} end\twith\u{0}controls 漢字", "x".repeat(200));
    let lines = fonts.lines(&text, Weight::Regular, 9.5, 120.0);
    assert!(lines.iter().all(|line| fonts.width(line, Weight::Regular, 9.5) <= 120.0), "{lines:?}");
    let kept: String = lines.concat().split_whitespace().collect();
    let wanted: String = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    assert_eq!(kept, wanted);
    assert_eq!(fonts.lines("", Weight::Regular, 9.5, 120.0), [""]);
}

#[test]
fn figures_are_equally_wide() {
    let fonts = Fonts::load().unwrap();
    for weight in [Weight::Regular, Weight::SemiBold] {
        let widths: Vec<f32> = ('0'..='9').map(|digit| fonts.width(&digit.to_string(), weight, 10.0)).collect();
        assert!(widths.iter().all(|width| (width - widths[0]).abs() < 0.02), "{widths:?}");
    }
}

#[test]
fn odd_documents_are_drawn_too() {
    let mut odd = sample(1);
    odd.title = "A title that is far too long for one line and wraps itself over several of them".into();
    odd.facts = vec![("Reference".into(), "y".repeat(90))];
    odd.parties = vec![];
    odd.sections.push(Section::default());
    odd.sections[0].rows.push(Row { cells: vec!["too few".into()], note: String::new() });
    odd.sections[0].rows.push(Row { cells: vec!["z".repeat(400); 9], note: "n".repeat(300) });
    odd.notes = vec!["word ".repeat(2_000)];
    let fonts = Fonts::load().unwrap();
    within(&layout::pages(&odd, &fonts), &fonts);
    assert!(render(&odd).unwrap().len() > 1_000);
}
