-- Payouts leg by leg and person by person, where they go, and the transfers
-- that carry them.

alter table payouts
    add column leg         integer     not null default 0 check (leg >= 0),
    add column held_until  timestamptz,
    add column transfer_id uuid,
    add column paid_at     timestamptz;
drop index payouts_booking_key;
create unique index payouts_leg_key on payouts (booking_id, leg, host_id);
create index payouts_due on payouts (host_id, currency) where state = 'due';
create index payouts_by_transfer on payouts (transfer_id) where transfer_id is not null;
create index payouts_by_month on payouts (host_id, due_at);
comment on table payouts is
    'What a host or co-host is owed for a booking or a month of it: scheduled at confirmation, due when earned, sent with a transfer.';
comment on column payouts.held_until is 'First payouts of new hosts are held until then.';

create table payout_methods (
    host_id         uuid        primary key references users,
    provider        text        not null,
    account         text        not null,
    country         text        not null check (country ~ '^[A-Z]{2}$'),
    schedule        text        not null check (schedule in ('as_due', 'weekly', 'monthly')),
    minimum         bigint      not null check (minimum >= 0),
    payouts_enabled boolean     not null,
    failures        integer     not null default 0,
    retry_at        timestamptz,
    created_at      timestamptz not null,
    updated_at      timestamptz not null
);
create unique index payout_methods_account_key on payout_methods (provider, account);
comment on table payout_methods is
    'Where a host''s money goes: the provider''s name of their account, never bank data. Its row is the lock under which money leaves a host''s balance.';
comment on column payout_methods.minimum is 'Whole units of any currency; less waits for more.';

create table payout_transfers (
    id                 uuid        primary key,
    host_id            uuid        not null references users,
    currency           text        not null,
    amount             bigint      not null check (amount >= 0),
    recovered          bigint      not null default 0 check (recovered >= 0),
    state              text        not null check (state in ('created', 'sent', 'paid', 'failed')),
    account            text        not null,
    provider_key       text        not null unique,
    provider_reference text,
    failure_code       text,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    check (amount + recovered > 0)
);
create unique index one_open_transfer on payout_transfers (host_id, currency) where state in ('created', 'sent');
create unique index payout_transfers_reference_key on payout_transfers (provider_reference) where provider_reference is not null;
create index payout_transfers_by_host on payout_transfers (host_id, id desc);
comment on table payout_transfers is
    'Each movement of money to a host, recorded before it is sent. recovered is what was kept for the host''s debts; a transfer that failed is final, the next one carries its payouts.';
