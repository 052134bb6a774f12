//! The house rules that a compiler does not see: layers, slice order, who
//! writes which table, how large a file may be, whether docs tell the truth.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Every file under `folder` with one of the endings, with its text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.extension().is_some_and(|have| have == ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), ending, &mut found);
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// What each crate may depend on.
const LAYERS: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("jobs", &[]),
    ("platform", &[]),
    ("documents", &["domain"]),
    ("scenery", &[]),
    ("search_index", &["domain"]),
    ("gazetteer", &["domain", "search_index"]),
    ("app", &["domain", "jobs", "platform", "documents", "search_index", "gazetteer"]),
    ("web", &["domain", "app", "platform", "jobs", "scenery"]),
    ("importers", &["domain", "app"]),
    ("cli", &["domain", "app", "jobs", "platform", "web", "importers", "scenery", "search_index"]),
    ("it", &["domain", "app", "jobs", "platform", "web", "importers", "documents", "scenery", "search_index"]),
];

#[test]
fn crates_depend_downward_only() {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
            faults.push(format!("crates/{name} has no layer: give it one here"));
            continue;
        };
        let manifest = std::fs::read_to_string(root().join("crates").join(&name).join("Cargo.toml")).unwrap();
        for (other, _) in LAYERS {
            let used = manifest.lines().any(|line| line.starts_with(&format!("{other} =")) || line.starts_with(&format!("{other}.")));
            if used && !allowed.contains(&other) {
                faults.push(format!("crates/{name}/Cargo.toml: {name} must not depend on {other}"));
            }
        }
    }
    report(&faults);
}

/// Lowest first: a slice calls only those before it.
const SLICES: [&str; 16] = [
    "accounts",
    "places",
    "listings",
    "calendar",
    "pricing",
    "payments",
    "coupons",
    "bookings",
    "invoicing",
    "reviews",
    "messaging",
    "notifications",
    "search",
    "wishlists",
    "hosting",
    "staff",
];

#[test]
fn slices_call_only_lower_ones_and_keep_their_sql_private() {
    let mut faults = Vec::new();
    for (rank, slice) in SLICES.iter().enumerate() {
        for (file, text) in files(&format!("crates/app/src/{slice}"), "rs") {
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or("");
                for higher in &SLICES[rank + 1..] {
                    let path = code.contains(&format!("crate::{higher}::"));
                    let import = code.trim_start().starts_with("use crate::{")
                        && code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == *higher);
                    // Mails' words are shared by accounts: text, no rules.
                    if (path || import) && !code.contains("crate::notifications::mails::html") {
                        faults.push(format!("{file}:{}: {slice} must not call {higher}, which is higher", number + 1));
                    }
                }
                if code.contains("pub mod sql") || code.contains("pub(crate) mod sql") {
                    faults.push(format!("{file}:{}: `mod sql` is private to its slice", number + 1));
                }
            }
        }
    }
    report(&faults);
}

/// Who writes which table.
const OWNERS: [(&str, &[&str]); 15] = [
    ("crates/jobs/src/", &["jobs", "job_schedules"]),
    ("crates/app/src/clock.rs", &["marketplace_clock"]),
    ("crates/app/src/idempotency.rs", &["idempotency_keys"]),
    ("crates/app/src/events.rs", &["events"]),
    (
        "crates/app/src/ports/sandbox/",
        &[
            "sandbox_charges",
            "sandbox_requests",
            "sandbox_chaos",
            "sandbox_refunds",
            "sandbox_customers",
            "sandbox_methods",
            "sandbox_accounts",
            "sandbox_transfers",
            "sandbox_reversals",
            "sandbox_disputes",
            "sandbox_events",
        ],
    ),
    ("crates/app/src/accounts/", &["users", "user_sources", "sessions", "refresh_tokens", "mail_tokens", "login_failures"]),
    ("crates/app/src/listings/", &["amenities", "listings", "listing_sources", "listing_arrivals", "photos", "listing_co_hosts"]),
    ("crates/app/src/calendar/", &["stay_rules", "rule_seasons", "day_rules", "occupancies"]),
    ("crates/app/src/pricing/", &["tariffs", "tax_rules", "fee_rules", "rule_changes", "exchange_rates"]),
    ("crates/app/src/coupons/", &["coupons", "contributions", "credit_grants"]),
    (
        "crates/app/src/payments/",
        &[
            "payments",
            "payment_operations",
            "payment_customers",
            "payment_methods",
            "webhook_inbox",
            "payouts",
            "payout_methods",
            "payout_transfers",
            "disputes",
            "ledger_accounts",
            "ledger_transactions",
            "ledger_entries",
            "ledger_chain",
            "ledger_unsealed",
            "reconciliation_runs",
            "reconciliation_cases",
        ],
    ),
    ("crates/app/src/invoicing/", &["document_series", "issued_documents"]),
    ("crates/app/src/bookings/", &["bookings", "booking_events", "booking_alterations", "refund_requests"]),
    ("crates/app/src/search/", &["listing_search"]),
    ("crates/app/src/places/", &["places"]),
];
const MESSAGING_TABLES: [&str; 5] = ["conversations", "conversation_members", "messages", "user_blocks", "conversation_reports"];
const NOTIFICATION_TABLES: [&str; 3] = ["notifications", "notification_choices", "notification_hours"];
const WISHLIST_TABLES: [&str; 3] = ["wishlists", "wishlist_listings", "saved_searches"];
const SECURITY_TABLES: [&str; 3] = ["totp_factors", "recovery_codes", "personal_tokens"];
const FEED_TABLES: [&str; 3] = ["calendar_feeds", "calendar_collisions", "calendar_exports"];
const AUDIT_TABLES: [&str; 2] = ["audit_log", "audit_outcomes"];
const REVIEW_TABLES: [&str; 3] = ["reviews", "review_reports", "listing_ratings"];

fn owner(table: &str) -> Option<&'static str> {
    if REVIEW_TABLES.contains(&table) {
        return Some("crates/app/src/reviews/");
    }
    if AUDIT_TABLES.contains(&table) {
        return Some("crates/app/src/staff/");
    }
    if WISHLIST_TABLES.contains(&table) {
        return Some("crates/app/src/wishlists/");
    }
    if SECURITY_TABLES.contains(&table) {
        return Some("crates/app/src/accounts/");
    }
    if FEED_TABLES.contains(&table) {
        return Some("crates/app/src/calendar/");
    }
    if MESSAGING_TABLES.contains(&table) {
        return Some("crates/app/src/messaging/");
    }
    if NOTIFICATION_TABLES.contains(&table) {
        return Some("crates/app/src/notifications/");
    }
    OWNERS.iter().find(|(_, tables)| tables.contains(&table)).map(|(place, _)| *place)
}

#[test]
fn each_table_is_written_in_one_place() {
    let mut faults = Vec::new();
    for (file, text) in files("migrations", "sql") {
        for line in text.lines().filter_map(|line| line.strip_prefix("create table ")) {
            let table = line.split([' ', '(']).next().unwrap();
            if owner(table).is_none() {
                faults.push(format!("{file}: table {table} has no owner: name one here"));
            }
        }
    }
    for (file, text) in files("crates", "rs").into_iter().filter(|(file, _)| !file.starts_with("crates/it/")) {
        for (number, line) in text.lines().enumerate() {
            for verb in ["insert into ", "update ", "delete from ", "table: \""] {
                for (at, _) in line.match_indices(verb) {
                    let table: String = line[at + verb.len()..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                    let quoted = verb.ends_with('"') || line[..at].matches('"').count() % 2 == 1 || line[..at].trim().is_empty();
                    if let Some(place) = owner(&table).filter(|place| quoted && !file.starts_with(place)) {
                        faults.push(format!("{file}:{}: {table} is written only in {place}", number + 1));
                    }
                }
            }
        }
    }
    report(&faults);
}

/// What the projection for search is computed from, beside bookings, whose
/// events name their listing.
const PROJECTED: [&str; 6] = ["listings", "stay_rules", "rule_seasons", "day_rules", "occupancies", "tariffs"];

#[test]
fn whoever_writes_what_search_shows_touches_the_listing() {
    let mut faults = Vec::new();
    for (file, text) in files("crates/app/src", "rs") {
        for function in text.split("\npub").skip(1) {
            let writes = PROJECTED.iter().any(|table| {
                ["insert into", "update", "delete from"].iter().any(|verb| {
                    function
                        .match_indices(&format!("{verb} {table}"))
                        .any(|(at, found)| !function[at + found.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
                })
            });
            if writes && !function.contains("tx.touch(") && !function.contains("tx.touch_nights(") {
                let name = function.lines().next().unwrap_or_default();
                faults.push(format!("{file}: {name}… must call tx.touch(listing): its projection for search would go stale"));
            }
        }
    }
    report(&faults);
}

#[test]
fn faces_hold_no_sql() {
    let named = |(file, text): &(String, String)| text.contains("sqlx").then(|| format!("{file} names sqlx"));
    report(&files("crates/web/src", "rs").iter().filter_map(named).collect::<Vec<_>>());
}

#[test]
fn files_stay_rooms_not_halls() {
    let long = |(file, text): &(String, String)| {
        (text.lines().count() > 600).then(|| format!("{file} has {} lines, 600 are the most", text.lines().count()))
    };
    report(&files("crates", "rs").iter().filter_map(long).collect::<Vec<_>>());
}

#[test]
fn migrations_have_numbers_of_their_own() {
    let mut by_number = BTreeMap::new();
    for (file, _) in files("migrations", "sql") {
        let name = file.rsplit('/').next().unwrap();
        let number: usize = name.split('_').next().unwrap().parse().unwrap();
        assert!(by_number.insert(number, name.to_owned()).is_none(), "two migrations are number {number}");
    }
    assert!(by_number.len() > 5);
}

#[test]
fn documents_name_only_what_exists() {
    let mut faults = Vec::new();
    let mut documents = files("docs", "md");
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        documents.push((name.to_owned(), std::fs::read_to_string(root().join(name)).unwrap()));
    }
    let folders = ["crates/", "migrations/", "docs/", "bin/", "deploy/", "benches/"];
    for (document, text) in documents {
        for quoted in text.split('`').skip(1).step_by(2) {
            let path = quoted.split([' ', ':', '*', '<', '{']).next().unwrap_or("");
            if folders.iter().any(|folder| path.starts_with(folder)) && path == quoted && !root().join(path).exists() {
                faults.push(format!("{document} names {path}, which does not exist"));
            }
        }
    }
    report(&faults);
}
