-- Contracts for stays. What was agreed (quote, policy, fees, rules) is copied in
-- and never changes with the listing.

create table bookings (
    id                  uuid        primary key,
    code                text        not null unique,
    listing_id          uuid        not null references listings,
    guest_id            uuid        not null references users,
    host_id             uuid        not null references users,
    state               text        not null check (state in
                            ('pending_payment', 'requested', 'confirmed', 'completed', 'declined', 'expired', 'cancelled', 'no_show')),
    booking_mode        text        not null check (booking_mode in ('instant', 'request')),
    check_in            date        not null,
    check_out           date        not null,
    guests              jsonb       not null,
    currency            text        not null,
    total               bigint      not null check (total >= 0),
    host_payout         bigint      not null,
    terms               jsonb       not null,
    message             text        not null default '',
    hold_expires_at     timestamptz,
    respond_by          timestamptz,
    accepted_at         timestamptz,
    confirmed_at        timestamptz,
    cancelled_at        timestamptz,
    cancelled_by        text        check (cancelled_by in ('guest', 'host', 'staff')),
    check_in_at         timestamptz not null,
    check_out_at        timestamptz not null,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    check (check_out > check_in),
    check ((state = 'cancelled') = (cancelled_by is not null)),
    check (guest_id <> host_id)
);
create index bookings_by_guest on bookings (guest_id, id desc);
create index bookings_by_host on bookings (host_id, id desc);
create index bookings_by_listing on bookings (listing_id, check_in);
create index bookings_waiting on bookings (coalesce(respond_by, hold_expires_at)) where state in ('pending_payment', 'requested');
comment on table bookings is 'A guest''s contract for a stay. terms holds the snapshot of quote, cancellation policy and fees.';

create table booking_events (
    booking_id uuid        not null references bookings,
    sequence   integer     not null,
    from_state text,
    to_state   text        not null,
    actor_kind text        not null check (actor_kind in ('guest', 'host', 'staff', 'system')),
    actor_id   uuid,
    reason     text        not null default '',
    at         timestamptz not null,
    primary key (booking_id, sequence)
);
comment on table booking_events is 'Every transition of a booking: who, when, from, to, why.';

alter table occupancies add constraint occupancies_booking_fk foreign key (booking_id) references bookings deferrable initially deferred;
alter table payments add constraint payments_booking_fk foreign key (booking_id) references bookings deferrable initially deferred;
alter table payouts add constraint payouts_booking_fk foreign key (booking_id) references bookings deferrable initially deferred;
