-- Taxes and fees are rules with dates; who changed which of them is kept. Rules
-- that nobody signed came with the installation and carry its date.

alter table tax_rules
    add column version    integer     not null default 1,
    add column created_at timestamptz not null default '2000-01-01T00:00:00Z',
    add column created_by uuid        references users,
    add column updated_at timestamptz not null default '2000-01-01T00:00:00Z',
    add column updated_by uuid        references users,
    add constraint tax_rules_dates check (to_date is null or to_date > from_date);
create index tax_rules_by_jurisdiction on tax_rules (jurisdiction, id);

create table fee_rules (
    id            uuid        primary key,
    host_id       uuid        references users,
    from_nights   integer     not null default 1 check (from_nights between 1 and 365),
    guest_fee_bps integer     not null check (guest_fee_bps between 0 and 5000),
    host_fee_bps  integer     not null check (host_fee_bps between 0 and 5000),
    from_date     date        not null,
    to_date       date        check (to_date > from_date),
    version       integer     not null default 1,
    created_at    timestamptz not null,
    created_by    uuid        references users,
    updated_at    timestamptz not null,
    updated_by    uuid        references users
);
create index fee_rules_in_force on fee_rules (from_date, to_date);
comment on table fee_rules is
    'The marketplace''s fees by date of booking; a host''s own rule before everybody''s, more nights before fewer, the later start before the earlier. Where none applies the settings do.';

create table rule_changes (
    id         uuid        primary key,
    rule_kind  text        not null check (rule_kind in ('tax', 'fee')),
    rule_id    text        not null,
    action     text        not null check (action in ('created', 'changed', 'deleted')),
    changed_by uuid        references users,
    changed_at timestamptz not null,
    before     jsonb,
    after      jsonb
);
create index rule_changes_by_rule on rule_changes (rule_kind, rule_id, id desc);
comment on table rule_changes is 'Every change of a tax or fee rule: who, when, from what, to what. Rows are never changed.';
