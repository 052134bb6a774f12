#![allow(clippy::unwrap_used, reason = "tests fail loudly")]

use std::sync::LazyLock;

use super::*;

static WORLD: LazyLock<Gazetteer> = LazyLock::new(|| built_in(Vec::new()).unwrap());

fn first(typed: &str) -> String {
    let found = WORLD.complete(typed, 5);
    found.first().map_or_else(|| "nothing".to_owned(), |hit| format!("{} {}", hit.place.name, hit.place.country))
}

#[test]
fn places_are_found_in_many_languages() {
    for (typed, expected) in [
        ("lis", "Lisbon PT"),
        ("Lisboa", "Lisbon PT"),
        ("lissabon", "Lisbon PT"),
        ("Лиссабон", "Lisbon PT"),
        ("リスボン", "Lisbon PT"),
        ("münch", "Munich DE"),
        ("munchen", "Munich DE"),
        ("new yor", "New York City US"),
        ("são pau", "São Paulo BR"),
        ("SAO PAULO", "São Paulo BR"),
        ("portug", "Portugal PT"),
        ("Deutschland", "Germany DE"),
        ("東京", "Tokyo JP"),
        ("paris, us", "Paris US"),
        ("paris tx", "Paris US"),
        ("springfield, or", "Springfield US"),
        ("porto, portugal", "Porto PT"),
    ] {
        assert_eq!(first(typed), expected, "{typed}");
    }
}

#[test]
fn slips_of_the_pen_are_forgiven() {
    for (typed, expected) in [
        ("lisbno", "Lisbon PT"),
        ("barcelnoa", "Barcelona ES"),
        ("amsterdm", "Amsterdam NL"),
        ("berlni", "Berlin DE"),
        ("vinena", "Vienna AT"),
    ] {
        assert_eq!(first(typed), expected, "{typed}");
    }
    for nonsense in ["xqzzkw", "", "  ", ",", "qq"] {
        assert!(WORLD.complete(nonsense, 5).len() < 5, "{nonsense}");
    }
    assert!(WORLD.complete("xqzzkwvvj", 5).is_empty());
}

#[test]
fn the_other_name_that_fits_is_told() {
    assert_eq!(WORLD.complete("lissab", 1)[0].matched, Some("Lissabon"));
    assert_eq!(WORLD.complete("lisbon", 1)[0].matched, None);
}

#[test]
fn a_name_means_the_most_populous_place_that_is_called_so() {
    assert_eq!(WORLD.named("porto").unwrap().country, "PT");
    assert_eq!(WORLD.named("Lissabon").unwrap().id, "geonames:2267057");
    assert_eq!(WORLD.named("paris, us").unwrap().country, "US");
    assert!(WORLD.named("lisbo").is_none(), "a beginning is no name");
    assert_eq!(WORLD.by_id("country:PT").unwrap().name, "Portugal");
    let Area::Box { west, east, .. } = WORLD.by_id("country:NZ").unwrap().area else { panic!("countries are boxes") };
    assert!(west > east, "across the date line");
}

/// Prints how long completing takes at most: over every beginning of names of
/// all sizes, right and with two letters swapped.
#[test]
fn completing_takes_little_time() {
    let mut slowest = (std::time::Duration::ZERO, String::new());
    for place in WORLD.places.iter().step_by(1500) {
        let letters: Vec<char> = fold(&place.name).chars().collect();
        for end in 1..=letters.len() {
            let mut typed = letters[..end].to_vec();
            for swapped in [false, true] {
                if swapped && end > 3 {
                    typed.swap(end - 2, end - 1);
                }
                let typed: String = typed.iter().collect();
                let started = std::time::Instant::now();
                let found = WORLD.complete(&typed, 8);
                slowest = slowest.max((started.elapsed(), typed));
                assert!(found.len() <= 8);
            }
        }
    }
    println!("slowest completion: {:?} for {:?}", slowest.0, slowest.1);
}

/// Slips found by the walk are those that comparing every name finds.
#[test]
fn the_walk_finds_what_comparing_every_name_finds() {
    let few = Gazetteer::new(WORLD.places.iter().step_by(97).cloned().collect());
    let distance = |typed: &str, name: &str| {
        let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), name.chars().collect());
        let mut rows = vec![(0..=a.len()).collect::<Vec<usize>>()];
        for j in 1..=b.len() {
            let mut row = vec![j];
            for i in 1..=a.len() {
                let mut cost = (rows[j - 1][i] + 1).min(row[i - 1] + 1).min(rows[j - 1][i - 1] + usize::from(a[i - 1] != b[j - 1]));
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    cost = cost.min(rows[j - 2][i - 2] + 1);
                }
                row.push(cost);
            }
            rows.push(row);
        }
        rows.iter().map(|row| row[a.len()]).min().unwrap()
    };
    for typed in ["berlni", "santa", "vlla", "rosraio", "san lorenzzo", "garcia"] {
        let most = if typed.chars().count() < 8 { 1 } else { 2 };
        let mut expected = std::collections::BTreeSet::new();
        for (number, place) in few.places.iter().enumerate() {
            if std::iter::once(&place.name).chain(&place.other_names).any(|name| {
                let name = fold(name);
                name.starts_with(&typed[..1]) && distance(typed, &name) <= most
            }) {
                expected.insert(number);
            }
        }
        let mut found = std::collections::BTreeSet::new();
        few.names.with_slips(typed, |place, _| {
            found.insert(place);
        });
        assert_eq!(found, expected, "{typed}");
    }
}
