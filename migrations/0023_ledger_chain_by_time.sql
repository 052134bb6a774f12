-- Verifying since a point in time begins at its first link.
create index ledger_chain_by_time on ledger_chain (sealed_at, sequence);
