-- Money in, back and out, and the book that proves it.

create table payments (
    id                 uuid        primary key,
    booking_id         uuid        not null,
    payer_id           uuid        not null references users,
    amount             bigint      not null check (amount >= 0),
    currency           text        not null,
    status             text        not null check (status in
                           ('pending', 'requires_action', 'authorized', 'succeeded', 'failed', 'released', 'partially_refunded', 'refunded')),
    captured           bigint      not null default 0 check (captured between 0 and amount),
    refunded           bigint      not null default 0 check (refunded between 0 and captured),
    provider           text        not null,
    provider_reference text,
    decline_code       text,
    action_url         text,
    created_at         timestamptz not null,
    updated_at         timestamptz not null
);
create unique index payments_booking_key on payments (booking_id);
create unique index payments_provider_reference_key on payments (provider, provider_reference) where provider_reference is not null;
comment on table payments is 'What a guest owes for one booking, and how far it has come.';

create table payment_operations (
    id                 uuid        primary key,
    payment_id         uuid        not null references payments,
    kind               text        not null check (kind in ('authorize', 'capture', 'release', 'refund')),
    amount             bigint      not null check (amount >= 0),
    currency           text        not null,
    state              text        not null check (state in ('created', 'sent', 'requires_action', 'succeeded', 'failed')),
    provider_key       text        not null unique,
    provider_reference text,
    payment_method     text,
    capture_now        boolean     not null default false,
    decline_code       text,
    reason             text        not null default '',
    created_at         timestamptz not null,
    updated_at         timestamptz not null
);
create index payment_operations_by_payment on payment_operations (payment_id, id);
create unique index one_open_operation on payment_operations (payment_id, kind)
    where kind <> 'refund' and state <> 'failed';
create index payment_operations_unfinished on payment_operations (created_at) where state in ('created', 'sent');
comment on table payment_operations is
    'Each request to the provider, recorded before it is sent, so that a crash resumes it under the same provider_key.';

create table webhook_inbox (
    provider     text        not null,
    event_id     text        not null,
    kind         text        not null,
    payload      bytea       not null,
    received_at  timestamptz not null,
    processed_at timestamptz,
    error        text,
    primary key (provider, event_id)
);
create index webhook_inbox_waiting on webhook_inbox (received_at) where processed_at is null;
comment on table webhook_inbox is 'Provider events as received: stored first, handled once by a job.';

create table payouts (
    id         uuid        primary key,
    booking_id uuid        not null,
    host_id    uuid        not null references users,
    amount     bigint      not null check (amount >= 0),
    currency   text        not null,
    state      text        not null check (state in ('scheduled', 'due', 'sent', 'paid', 'failed', 'cancelled')),
    due_at     timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index payouts_booking_key on payouts (booking_id);
create index payouts_by_host on payouts (host_id, id desc);
comment on table payouts is 'What a host is owed for a booking: scheduled at confirmation, due 24 h after check-in.';

create table ledger_accounts (
    id       bigint  generated always as identity primary key,
    key      text    not null,
    currency text    not null,
    unique (key, currency)
);
comment on table ledger_accounts is 'Accounts of the book. Balances are sums of entries and stand nowhere.';

create table ledger_transactions (
    id           uuid        primary key,
    key          text        not null unique,
    event        text        not null,
    booking_id   uuid,
    content_hash bytea       not null,
    occurred_at  timestamptz not null
);
create index ledger_transactions_by_booking on ledger_transactions (booking_id, id);
comment on table ledger_transactions is 'One balanced posting; key makes each business event post once.';

create table ledger_entries (
    transaction_id uuid    not null references ledger_transactions,
    line           integer not null,
    account_id     bigint  not null references ledger_accounts,
    side           text    not null check (side in ('debit', 'credit')),
    amount         bigint  not null check (amount > 0),
    currency       text    not null,
    primary key (transaction_id, line)
);
create index ledger_entries_by_account on ledger_entries (account_id, transaction_id);
comment on table ledger_entries is 'Append-only. Debits equal credits in every transaction and currency (checked at commit).';

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed: post a correction instead', tg_table_name
        using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on ledger_entries
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_transactions
    for each statement execute function refuse_change();

create function check_balanced() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from ledger_entries where transaction_id = new.transaction_id
        group by currency
        having sum(case side when 'debit' then amount else -amount end) <> 0
    ) then
        raise exception 'ledger transaction % does not balance', new.transaction_id
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger balanced after insert on ledger_entries
    deferrable initially deferred for each row execute function check_balanced();

create function check_has_entries() returns trigger language plpgsql as $$
begin
    if not exists (select 1 from ledger_entries where transaction_id = new.id) then
        raise exception 'ledger transaction % has no entries', new.id using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger has_entries after insert on ledger_transactions
    deferrable initially deferred for each row execute function check_has_entries();

-- The sandbox provider's own books: outside the marketplace's, as a real
-- provider's would be. Only app/src/ports/sandbox.rs reads or writes them.
create table sandbox_charges (
    reference   text        primary key,
    request_key text        not null unique,
    method      text        not null,
    amount      bigint      not null,
    currency    text        not null,
    state       text        not null check (state in ('requires_action', 'authorized', 'captured', 'released', 'failed')),
    captured    bigint      not null default 0,
    refunded    bigint      not null default 0,
    capture_now boolean     not null,
    decline_code text,
    created_at  timestamptz not null
);
create table sandbox_requests (
    request_key text  primary key,
    answer      jsonb not null
);
comment on table sandbox_charges is 'Charges as the sandbox payment provider sees them.';
comment on table sandbox_requests is 'Idempotent answers of the sandbox payment provider.';
create table sandbox_chaos (
    singleton     boolean primary key default true check (singleton),
    delay_seconds integer not null default 0,
    copies        integer not null default 1,
    reorder       boolean not null default false
);
comment on table sandbox_chaos is 'How the sandbox payment provider has been told to treat its events.';
insert into sandbox_chaos default values;
