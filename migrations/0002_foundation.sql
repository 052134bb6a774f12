-- What every slice leans on: extensions, the marketplace clock, idempotency
-- keys and the event log.

create extension if not exists btree_gist;
create extension if not exists pg_trgm;
create extension if not exists unaccent;

create table marketplace_clock (
    singleton        boolean primary key default true check (singleton),
    advanced_seconds bigint  not null default 0 check (advanced_seconds >= 0)
);
comment on table marketplace_clock is
    'How far a sandbox marketplace has moved its clock ahead of the machine; always 0 elsewhere.';
insert into marketplace_clock default values;

create table idempotency_keys (
    actor_id     uuid        not null,
    key          text        not null check (length(key) between 1 and 255),
    request_hash bytea       not null,
    answer       jsonb       not null,
    created_at   timestamptz not null,
    primary key (actor_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
comment on table idempotency_keys is
    'Answers of requests that must not happen twice, written in the transaction of their effect; kept 24 h.';

create table events (
    id          uuid        primary key,
    kind        text        not null,
    payload     jsonb       not null,
    occurred_at timestamptz not null,
    xid         xid8        not null default pg_current_xact_id()
);
create index events_by_xid on events (xid);
comment on table events is
    'Facts, written in the transaction that made them true. Readers follow xid with a watermark, never "id > last seen".';
