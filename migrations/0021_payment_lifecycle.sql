-- Several payments a booking, authorisations that lapse, cards that are kept,
-- disputes, an inbox that staff can read, and what reconciliation finds.

alter table payments
    add column sequence                 integer     not null default 1 check (sequence >= 1),
    add column purpose                  text        not null default 'stay' check (purpose in ('stay', 'instalment', 'alteration')),
    add column due_at                   timestamptz,
    add column authorization_expires_at timestamptz,
    add column method                   text;
drop index payments_booking_key;
create unique index payments_booking_key on payments (booking_id, sequence);
create index payments_to_come on payments (due_at) where due_at is not null and status in ('pending', 'failed');
comment on table payments is 'What a guest owes for a booking or a part of it, and how far it has come.';
comment on column payments.due_at is 'When it is to be paid; null: at once.';
comment on column payments.method is 'The provider''s name of the card, when it can be used again.';

alter table payment_operations
    add column charge      text,
    add column customer    text,
    add column keep_method boolean not null default false,
    add column off_session boolean not null default false;
drop index one_open_operation;
create unique index one_open_operation on payment_operations (payment_id, kind)
    where kind in ('authorize', 'capture') and state in ('created', 'sent', 'requires_action');
create unique index payment_operations_by_reference on payment_operations (provider_reference) where kind = 'refund' and provider_reference is not null;
comment on column payment_operations.charge is 'The charge it is about, when that is not the payment''s present one.';

create table payment_customers (
    user_id    uuid        not null references users,
    provider   text        not null,
    reference  text        not null,
    created_at timestamptz not null,
    primary key (user_id, provider)
);
comment on table payment_customers is 'The provider''s names of guests who keep cards.';

create table payment_methods (
    id         uuid        primary key,
    user_id    uuid        not null references users,
    provider   text        not null,
    reference  text        not null,
    brand      text        not null,
    last4      text        not null check (last4 ~ '^[0-9]{4}$'),
    exp_month  integer     not null check (exp_month between 1 and 12),
    exp_year   integer     not null check (exp_year between 2000 and 2100),
    created_at timestamptz not null,
    removed_at timestamptz
);
create unique index payment_methods_reference_key on payment_methods (provider, reference);
create index payment_methods_by_user on payment_methods (user_id, id desc) where removed_at is null;
comment on table payment_methods is 'Cards that guests keep: the provider''s token and what can be shown, never a number.';

alter table webhook_inbox
    add column object    text    not null default 'charge',
    add column reference text,
    add column attempts  integer not null default 0;
create index webhook_inbox_by_time on webhook_inbox (received_at desc, provider, event_id);

create table disputes (
    id              uuid        primary key,
    payment_id      uuid        not null references payments,
    booking_id      uuid        not null,
    provider        text        not null,
    reference       text        not null,
    amount          bigint      not null check (amount > 0),
    currency        text        not null,
    fee             bigint      not null default 0 check (fee >= 0),
    state           text        not null check (state in ('open', 'evidence_sent', 'won', 'lost')),
    reason          text        not null default '',
    bearer          text        check (bearer in ('host', 'marketplace')),
    evidence        text        not null default '',
    evidence_due_at timestamptz,
    opened_at       timestamptz not null,
    closed_at       timestamptz
);
create unique index disputes_reference_key on disputes (provider, reference);
create index disputes_by_booking on disputes (booking_id);
create index disputes_open on disputes (evidence_due_at) where state in ('open', 'evidence_sent');
comment on table disputes is 'A guest''s bank has taken money back and looks into it. While one is open, the booking''s payout waits.';
comment on column disputes.bearer is 'Who paid for one lost after the host had earned.';

create table reconciliation_runs (
    id         uuid        primary key,
    provider   text        not null,
    from_at    timestamptz not null,
    until_at   timestamptz not null,
    records    bigint      not null default 0,
    differences bigint     not null default 0,
    started_at timestamptz not null,
    ended_at   timestamptz
);
create index reconciliation_runs_by_time on reconciliation_runs (started_at desc);
comment on table reconciliation_runs is 'Each comparison of the provider''s books with the ledger.';

create table reconciliation_cases (
    id         uuid        primary key,
    provider   text        not null,
    kind       text        not null check (kind in
                   ('missing_here', 'missing_there', 'amount_differs', 'orphan_capture', 'balance_differs', 'refund_failed', 'stuck')),
    record     text        not null,
    reference  text        not null,
    booking_id uuid,
    currency   text        not null,
    expected   bigint,
    found      bigint,
    detail     text        not null default '',
    state      text        not null check (state in ('open', 'settled')),
    note       text        not null default '',
    settled_by uuid        references users,
    found_at   timestamptz not null,
    settled_at timestamptz
);
create unique index reconciliation_cases_open_key on reconciliation_cases (provider, kind, record, reference) where state = 'open';
create index reconciliation_cases_by_id on reconciliation_cases (id desc) where state = 'open';
comment on table reconciliation_cases is
    'What provider and ledger do not agree on (minor units: expected by the ledger, found at the provider), until staff settle it.';
