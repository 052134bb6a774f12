-- Changes of bookings by agreement, and extra refunds that guests ask for.

create table booking_alterations (
    id           uuid        primary key,
    booking_id   uuid        not null references bookings,
    proposed_by  text        not null check (proposed_by in ('guest', 'host')),
    proposer_id  uuid        not null references users,
    check_in     date        not null,
    check_out    date        not null,
    guests       jsonb       not null,
    quote        jsonb       not null,
    currency     text        not null,
    total_before bigint      not null,
    total_after  bigint      not null,
    message      text        not null default '',
    state        text        not null check (state in ('proposed', 'accepted', 'applied', 'declined', 'withdrawn', 'expired', 'failed')),
    payment_id   uuid        references payments,
    expires_at   timestamptz not null,
    created_at   timestamptz not null,
    answered_at  timestamptz,
    check (check_out > check_in)
);
create index booking_alterations_by_booking on booking_alterations (booking_id, id desc);
create unique index one_open_alteration on booking_alterations (booking_id) where state in ('proposed', 'accepted');
create unique index booking_alterations_payment_key on booking_alterations (payment_id) where payment_id is not null;
comment on table booking_alterations is 'What one side of a booking has proposed to the other; quote is the price it leads to, kept as proposed.';

create table refund_requests (
    id          uuid        primary key,
    booking_id  uuid        not null references bookings,
    guest_id    uuid        not null references users,
    amount      bigint      not null check (amount > 0),
    currency    text        not null,
    reason      text        not null,
    state       text        not null check (state in ('open', 'granted', 'declined', 'withdrawn')),
    granted     bigint      check (granted > 0 and granted <= amount),
    answer      text        not null default '',
    created_at  timestamptz not null,
    answered_at timestamptz
);
create index refund_requests_by_booking on refund_requests (booking_id, id desc);
create unique index one_open_refund_request on refund_requests (booking_id) where state = 'open';
comment on table refund_requests is 'A guest''s wish for more back than the policy gives; granted by the host out of their own part.';

alter table occupancies add column alteration_id uuid;
create index occupancies_by_alteration on occupancies (alteration_id) where alteration_id is not null;
comment on column occupancies.alteration_id is 'The proposed change of the booking for which these nights are held, beside the booking''s own.';
