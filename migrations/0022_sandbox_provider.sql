-- The sandbox provider's own books, outside the marketplace's as a real
-- provider's would be. Only crates/app/src/ports/sandbox writes them.

alter table sandbox_charges
    add column booking     uuid,
    add column customer    text,
    add column saved       text,
    add column off_session boolean     not null default false,
    add column captured_at timestamptz,
    add column expires_at  timestamptz;
create index sandbox_charges_by_capture on sandbox_charges (captured_at, reference) where captured_at is not null;

create table sandbox_refunds (
    reference   text        primary key,
    request_key text        not null unique,
    charge      text        not null references sandbox_charges,
    amount      bigint      not null check (amount > 0),
    currency    text        not null,
    state       text        not null check (state in ('pending', 'succeeded', 'failed')),
    created_at  timestamptz not null
);
create index sandbox_refunds_by_time on sandbox_refunds (created_at, reference);
create index sandbox_refunds_by_charge on sandbox_refunds (charge);

create table sandbox_customers (
    reference   text primary key,
    request_key text not null unique,
    email       text not null
);

create table sandbox_methods (
    reference text    primary key,
    customer  text    not null,
    token     text    not null,
    forgotten boolean not null default false
);

create table sandbox_accounts (
    reference       text    primary key,
    request_key     text    not null unique,
    email           text    not null,
    country         text    not null,
    payouts_enabled boolean not null default false,
    behaviour       text    not null default 'arrive' check (behaviour in ('arrive', 'slow', 'fail'))
);

create table sandbox_transfers (
    reference    text        primary key,
    request_key  text        not null unique,
    account      text        not null references sandbox_accounts,
    amount       bigint      not null check (amount > 0),
    currency     text        not null,
    state        text        not null check (state in ('pending', 'paid', 'failed')),
    failure_code text,
    reversed     bigint      not null default 0,
    created_at   timestamptz not null
);
create index sandbox_transfers_by_time on sandbox_transfers (created_at, reference);

create table sandbox_reversals (
    reference   text        primary key,
    request_key text        not null unique,
    transfer    text        not null references sandbox_transfers,
    amount      bigint      not null check (amount > 0),
    currency    text        not null,
    created_at  timestamptz not null
);
create index sandbox_reversals_by_time on sandbox_reversals (created_at, reference);

create table sandbox_disputes (
    reference  text        primary key,
    charge     text        not null unique references sandbox_charges,
    amount     bigint      not null check (amount > 0),
    currency   text        not null,
    fee        bigint      not null,
    state      text        not null check (state in ('open', 'evidence_sent', 'won', 'lost')),
    reason     text        not null,
    evidence   text        not null default '',
    due_at     timestamptz not null,
    created_at timestamptz not null
);
create index sandbox_disputes_by_time on sandbox_disputes (created_at, reference);

create table sandbox_events (
    id     text   primary key,
    number bigint generated always as identity,
    body   text   not null
);
