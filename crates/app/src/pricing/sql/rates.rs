//! SQL of exchange rates. Rates travel as text: the driver's own decimals are
//! not compiled in.

use chrono::{DateTime, NaiveDate, Utc};
use domain::money::Currency;
use domain::rates::Rate;
use sqlx::PgPool;

use crate::error::{Error, Result};
use crate::pricing::rates::StoredRate;
use crate::tx::Tx;

pub(in crate::pricing) async fn upsert(tx: &mut Tx, rates: &[Rate], source: &str) -> Result<u64> {
    let now = tx.now();
    let mut changed = 0;
    for chunk in rates.chunks(1_000) {
        let from: Vec<&str> = chunk.iter().map(|rate| rate.from.code()).collect();
        let to: Vec<&str> = chunk.iter().map(|rate| rate.to.code()).collect();
        let on: Vec<NaiveDate> = chunk.iter().map(|rate| rate.on).collect();
        let value: Vec<String> = chunk.iter().map(|rate| rate.rate.to_string()).collect();
        let done = sqlx::query(
            "insert into exchange_rates (from_currency, to_currency, on_date, rate, source, imported_at)
             select distinct on (f, t, d) f, t, d, r::numeric, $5, $6
             from unnest($1::text[], $2::text[], $3::date[], $4::text[]) with ordinality as given (f, t, d, r, n) order by f, t, d, n desc
             on conflict (from_currency, to_currency, on_date) do update
             set rate = excluded.rate, source = excluded.source, imported_at = excluded.imported_at
             where exchange_rates.rate <> excluded.rate",
        )
        .bind(from)
        .bind(to)
        .bind(on)
        .bind(value)
        .bind(source)
        .bind(now)
        .execute(&mut **tx)
        .await?;
        changed += done.rows_affected();
    }
    Ok(changed)
}

#[derive(sqlx::FromRow)]
struct RateRow {
    from_currency: Currency,
    to_currency: Currency,
    on_date: NaiveDate,
    rate: String,
    source: String,
    imported_at: DateTime<Utc>,
}

pub(in crate::pricing) async fn stored(db: &PgPool, on: NaiveDate) -> Result<Vec<StoredRate>> {
    let rows: Vec<RateRow> = sqlx::query_as(
        "select distinct on (from_currency, to_currency) from_currency, to_currency, on_date, trim_scale(rate)::text as rate, source, imported_at
         from exchange_rates where on_date <= $1 order by from_currency, to_currency, on_date desc",
    )
    .bind(on)
    .fetch_all(db)
    .await?;
    let read = |row: RateRow| {
        let value = row.rate.parse().map_err(|error| Error::Internal(anyhow::anyhow!("stored rate {:?}: {error}", row.rate)))?;
        let rate = Rate { from: row.from_currency, to: row.to_currency, rate: value, on: row.on_date };
        Ok(StoredRate { rate, source: row.source, imported_at: row.imported_at })
    };
    rows.into_iter().map(read).collect()
}

pub(in crate::pricing) async fn newest(db: &PgPool, today: NaiveDate) -> Result<Vec<Rate>> {
    Ok(stored(db, today).await?.into_iter().map(|stored| stored.rate).collect())
}
