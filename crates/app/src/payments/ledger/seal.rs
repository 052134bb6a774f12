//! The chain: a job takes up what has been written since and chains it, so
//! that nothing written can be changed, removed or slipped in between without
//! every later link breaking. Bookings never wait for it: they only queue.

use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use crate::App;
use crate::error::Result;

/// The link before the first.
pub(super) const GENESIS: [u8; 32] = [0; 32];

/// How many transactions one database transaction seals.
const BATCH: i64 = 5_000;

/// A point of the chain. Kept elsewhere, it proves that nothing before it was
/// rewritten.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Link {
    /// Its number, from 1.
    pub sequence: i64,
    /// Its hash, 32 bytes.
    pub hash: Vec<u8>,
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.sequence)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The link that follows `previous` for a transaction of this content hash.
pub(super) fn link(previous: &[u8], content_hash: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(previous).chain_update(content_hash).finalize().into()
}

/// Chains everything written and not yet sealed; the number of transactions.
/// Whoever comes while another seals waits for them.
///
/// # Errors
/// When the database is out of reach.
pub async fn seal(app: &App) -> Result<u64> {
    let mut sealed = 0;
    loop {
        let mut tx = app.db.begin().await?;
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('ledger_chain', 0))").execute(&mut *tx).await?;
        let last: Option<Link> =
            sqlx::query_as("select sequence, hash from ledger_chain order by sequence desc limit 1").fetch_optional(&mut *tx).await?;
        let (mut sequence, mut hash) = last.map_or((0, GENESIS.to_vec()), |link| (link.sequence, link.hash));
        let waiting: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
            "with taken as (
                 delete from ledger_unsealed where transaction_id in (select transaction_id from ledger_unsealed order by transaction_id limit $1)
                 returning transaction_id
             )
             select t.id, t.content_hash from taken join ledger_transactions t on t.id = taken.transaction_id order by t.id",
        )
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        let count = waiting.len();
        let (mut sequences, mut ids, mut hashes) = (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
        for (id, content_hash) in waiting {
            sequence += 1;
            hash = link(&hash, &content_hash).to_vec();
            sequences.push(sequence);
            ids.push(id);
            hashes.push(hash.clone());
        }
        sqlx::query(
            "insert into ledger_chain (sequence, transaction_id, hash, sealed_at)
             select *, $4 from unnest($1::bigint[], $2::uuid[], $3::bytea[])",
        )
        .bind(&sequences)
        .bind(&ids)
        .bind(&hashes)
        .bind(app.clock.now())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        sealed += count as u64;
        if (count as i64) < BATCH {
            return Ok(sealed);
        }
    }
}

/// Whether the chain passes through a point kept earlier (`number:hash`, as
/// [`Link`] is printed).
///
/// # Errors
/// When the database is out of reach.
pub async fn passes_through(app: &App, point: &str) -> Result<bool> {
    let Some((sequence, _)) = point.split_once(':').and_then(|(number, hash)| Some((number.parse::<i64>().ok()?, hash))) else {
        return Ok(false);
    };
    let link: Option<Link> =
        sqlx::query_as("select sequence, hash from ledger_chain where sequence = $1").bind(sequence).fetch_optional(&app.db).await?;
    Ok(link.is_some_and(|link| link.to_string() == point))
}
