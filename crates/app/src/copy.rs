//! Many rows at once: by COPY into a temporary table, then merged into the one
//! they are for. The road of every import.

use std::fmt::{Display, Write};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::error::Result;
use crate::tx::Tx;

/// Rows in COPY's CSV format. An absent cell is NULL, which leaves what is
/// known.
#[derive(Debug, Default)]
pub(crate) struct CopyRows {
    text: String,
    in_row: bool,
    /// How many rows there are.
    pub count: usize,
}

impl CopyRows {
    /// Adds a cell to the current row.
    pub fn cell(&mut self, value: impl Display) -> &mut Self {
        self.maybe(Some(value))
    }

    /// Adds a cell that may be absent.
    pub fn maybe(&mut self, value: Option<impl Display>) -> &mut Self {
        if std::mem::replace(&mut self.in_row, true) {
            self.text.push(',');
        }
        if let Some(value) = value {
            self.text.push('"');
            // Writing to a String cannot fail.
            let _ = write!(Quoted(&mut self.text), "{value}");
            self.text.push('"');
        }
        self
    }

    /// Adds a cell of several words.
    pub fn words(&mut self, words: &[String]) -> &mut Self {
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))).collect();
        self.cell(format!("{{{}}}", quoted.join(",")))
    }

    /// Adds a cell of JSON.
    pub fn json(&mut self, value: &impl serde::Serialize) -> Result<&mut Self> {
        let text = serde_json::to_string(value)?;
        Ok(self.cell(text))
    }

    /// Ends the current row.
    pub fn end(&mut self) {
        self.text.push('\n');
        self.in_row = false;
        self.count += 1;
    }

    pub async fn send(self, tx: &mut Tx, statement: &str) -> Result<()> {
        let mut copy = tx.copy_in_raw(statement).await?;
        copy.send(self.text.into_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }

    /// Sends the rows to `copied_<table>`, a temporary table with `columns` of
    /// `table`; whoever has taken them over drops it.
    ///
    /// # Errors
    /// When the database refuses a row.
    pub async fn send_to_twin(self, tx: &mut Tx, table: &str, columns: &str) -> Result<()> {
        let create = format!("create temporary table copied_{table} on commit drop as select {columns} from {table} with no data");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut **tx).await?;
        self.send(tx, &format!("copy copied_{table} ({columns}) from stdin (format csv)")).await
    }
}

/// Doubles the quotes of what passes.
struct Quoted<'a>(&'a mut String);

impl Write for Quoted<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            if c == '"' {
                self.0.push('"');
            }
            // PostgreSQL's text has no place for it.
            if c != '\0' {
                self.0.push(c);
            }
        }
        Ok(())
    }
}

/// Where rows go.
pub(crate) struct CopyTarget {
    /// The table.
    pub table: &'static str,
    /// Its key: the first of the columns.
    pub key: &'static str,
    /// What a row that is new must have, separated by commas.
    pub required: &'static str,
    /// Every cell of a row in order, separated by commas.
    pub columns: &'static str,
}

/// Merges rows: those whose key is new are inserted, known ones take over every
/// cell that is not NULL. Nothing is written where nothing differs; the keys of
/// what was written come back.
///
/// # Errors
/// When the database refuses a row.
pub(crate) async fn merge_in(tx: &mut Tx, target: &CopyTarget, rows: CopyRows) -> Result<Vec<Uuid>> {
    let CopyTarget { table, key, required, columns } = target;
    let names: Vec<&str> = columns.split(',').map(str::trim).collect();
    let list = |of: &dyn Fn(&str) -> String| names.iter().map(|name| of(name)).collect::<Vec<_>>().join(", ");
    let known = list(&|name| format!("t.{name}"));
    let merged = list(&|name| format!("coalesce(i.{name}, t.{name})"));
    let set = list(&|name| format!("{name} = coalesce(i.{name}, t.{name})"));
    rows.send_to_twin(tx, table, columns).await?;
    let insert =
        format!("insert into {table} ({required}) select {required} from copied_{table} on conflict ({key}) do nothing returning {key}");
    let update = format!(
        "update {table} t set {set} from copied_{table} i where i.{key} = t.{key} and ({known}) is distinct from ({merged}) returning t.{key}"
    );
    let mut written = Vec::new();
    for statement in [insert, update] {
        written.extend(sqlx::query_scalar::<_, Uuid>(AssertSqlSafe(statement)).persistent(false).fetch_all(&mut **tx).await?);
    }
    sqlx::raw_sql(AssertSqlSafe(format!("drop table copied_{table}"))).execute(&mut **tx).await?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_nothing_is_null() {
        let mut rows = CopyRows::default();
        rows.cell("say \"hi\",\nthen go").maybe(None::<i32>).words(&["a".into(), "b \"c\"\\".into()]).cell("");
        rows.end();
        rows.cell(7).end();
        assert_eq!(rows.text, "\"say \"\"hi\"\",\nthen go\",,\"{\"\"a\"\",\"\"b \\\"\"c\\\"\"\\\\\"\"}\",\"\"\n\"7\"\n");
        assert_eq!(rows.count, 2);
    }
}
