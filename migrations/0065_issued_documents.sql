-- Receipts, invoices and credit notes, numbered without gaps.

create table document_series (
    series      text   primary key,
    last_number bigint not null check (last_number >= 0)
);
comment on table document_series is
    'The last number given out in each series (kind and year). Taken in the transaction that issues the document, so none is ever missing.';

create table issued_documents (
    id         uuid        primary key,
    kind       text        not null check (kind in ('receipt', 'invoice', 'credit_note')),
    series     text        not null references document_series,
    number     bigint      not null check (number >= 1),
    booking_id uuid        not null references bookings,
    user_id    uuid        not null references users,
    currency   text        not null check (currency ~ '^[A-Z]{3}$'),
    total      bigint      not null,
    content    jsonb       not null,
    replaces   uuid        references issued_documents,
    issued_at  timestamptz not null,
    unique (series, number)
);
create index issued_documents_by_booking on issued_documents (booking_id, id);
create index issued_documents_by_user on issued_documents (user_id, id desc);
comment on table issued_documents is
    'What was issued to whom, with its content as it was: receipts to guests, invoices and credit notes on the marketplace''s fees to hosts. Rows are never changed.';
create trigger append_only before update or delete or truncate on issued_documents
    for each statement execute function refuse_change();
