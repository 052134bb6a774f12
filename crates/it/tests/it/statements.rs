//! Every SQL statement in the sources is one that this schema understands, also
//! where no test happens to pass.

use std::path::Path;

use it::TestDb;
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

/// The first string literal after each `sqlx::query…(`.
fn statements(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("sqlx::query") {
        let Some(open) = text[at..].find('(').map(|n| at + n + 1) else { continue };
        let rest = text[open..].trim_start();
        let Some(literal) = rest.strip_prefix('"') else { continue };
        let mut sql = String::new();
        let mut chars = literal.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => sql.extend(chars.next()),
                other => sql.push(other),
            }
        }
        found.push(sql);
    }
    found
}

fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            found.extend(statements(&text).into_iter().map(|sql| (path.display().to_string(), sql)));
        }
    }
}

#[tokio::test]
async fn every_statement_can_be_prepared() {
    let db = TestDb::new().await;
    let mut found = Vec::new();
    for folder in ["app", "jobs"] {
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join("src"), &mut found);
    }
    assert!(found.len() > 120, "only {} statements found", found.len());
    let mut wrong = Vec::new();
    for (file, sql) in found {
        if let Err(error) = db.pool().prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await {
            wrong.push(format!("{file}: {error}\n{sql}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

/// Tables that name a person and are not in an export, with the reason.
const NOT_EXPORTED: [(&str, &str); 8] = [
    ("coupons", "names the staff who wrote them"),
    ("tax_rules", "names the staff who keep them"),
    ("rule_changes", "names the staff who keep rules"),
    ("reconciliation_cases", "names the staff who settled them"),
    ("audit_log", "names the staff who acted, on others' affairs"),
    ("user_sources", "of imported people, who have no login"),
    ("mail_tokens", "secrets that work once"),
    ("recovery_codes", "secrets that work once"),
];

#[tokio::test]
async fn every_table_that_names_a_person_is_exported_or_excused() {
    let db = TestDb::new().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select distinct conrelid::regclass::text from pg_constraint where contype = 'f' and confrelid = 'users'::regclass order by 1",
    )
    .fetch_all(db.pool())
    .await
    .unwrap();
    let accounts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src/accounts");
    let mut export = std::fs::read_to_string(accounts.join("sql.rs")).unwrap();
    export = export.split("pub(super) async fn export").nth(1).unwrap().to_owned();
    let missing: Vec<&String> = tables
        .iter()
        .filter(|table| ["from", "join"].iter().all(|word| !export.contains(&format!("{word} {table} "))))
        .filter(|table| !NOT_EXPORTED.iter().any(|(name, _)| name == table))
        .collect();
    assert!(missing.is_empty(), "name these in the export of accounts, or excuse them here: {missing:?}");
}
