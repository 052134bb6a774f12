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
