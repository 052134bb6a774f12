-- The book anew: accounts named by the hash of their key, transactions with a
-- content hash that anyone can recompute in SQL, and a chain over them.
-- What stood in the old book is carried over.

alter table ledger_entries rename to old_ledger_entries;
alter table ledger_transactions rename to old_ledger_transactions;
alter table ledger_accounts rename to old_ledger_accounts;
alter index ledger_transactions_by_booking rename to old_ledger_transactions_by_booking;
alter index ledger_entries_by_account rename to old_ledger_entries_by_account;

create function ledger_account_id(key text, currency text) returns uuid language sql immutable strict parallel safe as
$$ select encode(substring(sha256(convert_to(key || ' ' || currency, 'UTF8')) from 1 for 16), 'hex')::uuid $$;

create table ledger_accounts (
    id       uuid    primary key,
    key      text    not null,
    currency text    not null check (currency ~ '^[A-Z]{3}$'),
    side     text    not null check (side in ('debit', 'credit')),
    floored  boolean not null,
    constraint the_id_is_the_hash_of_the_key check (id = ledger_account_id(key, currency))
);
comment on table ledger_accounts is
    'Accounts of the book. The id is the hash of key and currency, so that a posting need not look it up and a renamed account shows. Balances are sums of entries and stand nowhere.';
comment on column ledger_accounts.side is 'The side on which it grows.';
comment on column ledger_accounts.floored is 'Each posting checks that it does not stand below nothing.';

create table ledger_transactions (
    id           uuid        primary key,
    key          text        not null unique check (key !~ '[\n\r]' and length(key) between 1 and 200),
    event        text        not null,
    booking_id   uuid,
    reverses     uuid        unique references ledger_transactions,
    note         text        not null default '' check (note !~ '[\n\r]'),
    occurred_at  timestamptz not null,
    content_hash bytea       not null check (length(content_hash) = 32)
);
create index ledger_transactions_by_booking on ledger_transactions (booking_id, id) where booking_id is not null;
create index ledger_transactions_by_time on ledger_transactions (occurred_at);
comment on table ledger_transactions is 'One balanced posting; key makes each business event post once.';
comment on column ledger_transactions.content_hash is 'SHA-256 of ledger_content(id): everything the posting says.';

create table ledger_entries (
    transaction_id uuid     not null references ledger_transactions,
    line           smallint not null check (line >= 1),
    account_id     uuid     not null,
    side           text     not null check (side in ('debit', 'credit')),
    amount         bigint   not null check (amount > 0),
    currency       text     not null,
    primary key (transaction_id, line)
);
create index ledger_entries_by_account on ledger_entries (account_id, transaction_id) include (side, amount);
comment on table ledger_entries is
    'Append-only; debits equal credits in every transaction and currency (checked at commit). No foreign key to the account: it would lock the platform''s own accounts on every posting, and check_transaction proves the same.';

create table ledger_chain (
    sequence       bigint      primary key check (sequence >= 1),
    transaction_id uuid        not null unique references ledger_transactions,
    hash           bytea       not null check (length(hash) = 32),
    sealed_at      timestamptz not null
);
comment on table ledger_chain is
    'Seals transactions in the order a job found them: hash = SHA-256(previous hash, content hash); the first follows 32 zero bytes. Commits never wait for it.';

create table ledger_unsealed (
    transaction_id uuid primary key references ledger_transactions
);
comment on table ledger_unsealed is 'Transactions that the next seal takes up; written with them.';

create function ledger_content(id uuid) returns text language sql stable parallel safe as $$
    select concat_ws(E'\n', t.id::text, t.key, t.event, coalesce(t.booking_id::text, '-'), coalesce(t.reverses::text, '-'), t.note,
                     (extract(epoch from t.occurred_at) * 1000000)::bigint::text, e.lines)
    from ledger_transactions t,
         lateral (select string_agg(concat_ws(' ', line::text, account_id::text, side, amount::text, currency), E'\n' order by line) as lines
                  from ledger_entries where transaction_id = t.id) e
    where t.id = $1
$$;
comment on function ledger_content is 'What content_hash is the hash of; the program computes the same on its own.';

create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed: post a correction instead', tg_table_name
        using errcode = 'restrict_violation';
end $$;

-- The last line of a transaction checks all of it; lines stand without gaps, so
-- whatever is added later is a last line too.
create function check_transaction() returns trigger language plpgsql as $$
declare
    last_line smallint;
    lines bigint;
    fault text;
begin
    select max(line), count(*) into last_line, lines from ledger_entries where transaction_id = new.transaction_id;
    if new.line <> last_line then
        return null;
    end if;
    if lines <> last_line or lines < 2 then
        raise exception 'ledger transaction % has gaps between its lines or less than two', new.transaction_id
            using errcode = 'check_violation';
    end if;
    select currency into fault from ledger_entries where transaction_id = new.transaction_id
    group by currency having sum(case side when 'debit' then amount else -amount end) <> 0 limit 1;
    if found then
        raise exception 'ledger transaction % does not balance in %', new.transaction_id, fault using errcode = 'check_violation';
    end if;
    select e.account_id::text into fault from ledger_entries e
    where e.transaction_id = new.transaction_id
      and not exists (select 1 from ledger_accounts a where a.id = e.account_id and a.currency = e.currency) limit 1;
    if found then
        raise exception 'ledger transaction %: account % is unknown or of another currency', new.transaction_id, fault
            using errcode = 'check_violation';
    end if;
    select a.key || ' ' || a.currency into fault
    from ledger_entries e join ledger_accounts a on a.id = e.account_id and a.floored and a.side <> e.side
    where e.transaction_id = new.transaction_id
      and (select sum(case x.side when a.side then x.amount else -x.amount end) from ledger_entries x where x.account_id = a.id) < 0
    limit 1;
    if found then
        raise exception 'ledger transaction % would take account % below nothing', new.transaction_id, fault
            using errcode = 'check_violation';
    end if;
    return null;
end $$;

insert into ledger_accounts (id, key, currency, side, floored)
select ledger_account_id(key, currency), key, currency,
       case when split_part(key, ':', 1) in ('psp_clearing', 'host_receivable') then 'debit' else 'credit' end,
       split_part(key, ':', 1) in ('host_receivable', 'guest_funds', 'refund_payable', 'host_payable')
from old_ledger_accounts;
insert into ledger_transactions (id, key, event, booking_id, occurred_at, content_hash)
select id, key, event, booking_id, occurred_at, decode(repeat('00', 32), 'hex') from old_ledger_transactions;
insert into ledger_entries (transaction_id, line, account_id, side, amount, currency)
select e.transaction_id, e.line, ledger_account_id(a.key, a.currency), e.side, e.amount, e.currency
from old_ledger_entries e join old_ledger_accounts a on a.id = e.account_id;
update ledger_transactions set content_hash = sha256(convert_to(ledger_content(id), 'UTF8'));
insert into ledger_unsealed select id from ledger_transactions;

drop table old_ledger_entries, old_ledger_transactions, old_ledger_accounts;
drop function check_balanced();

create trigger append_only before update or delete or truncate on ledger_entries
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_transactions
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_accounts
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_chain
    for each statement execute function refuse_change();
create constraint trigger balanced after insert on ledger_entries
    deferrable initially deferred for each row execute function check_transaction();
create constraint trigger has_entries after insert on ledger_transactions
    deferrable initially deferred for each row execute function check_has_entries();
