-- What the marketplace pays towards stays: coupons, and credit of guests.

create table coupons (
    id                 uuid        primary key,
    code               text        not null,
    percent_bps        integer     check (percent_bps between 1 and 10000),
    amount             bigint      check (amount > 0),
    currency           text,
    max_amount         bigint      check (max_amount > 0),
    minimum_total      bigint      not null check (minimum_total >= 0),
    starts_at          timestamptz not null,
    ends_at            timestamptz check (ends_at > starts_at),
    max_uses           integer     check (max_uses > 0),
    first_booking_only boolean     not null,
    note               text        not null,
    uses               integer     not null default 0 check (uses >= 0 and (max_uses is null or uses <= max_uses)),
    created_by         uuid        not null references users,
    created_at         timestamptz not null,
    ended_at           timestamptz,
    check ((percent_bps is null) <> (amount is null)),
    check (currency is not null or (amount is null and max_amount is null and minimum_total = 0))
);
create unique index coupons_code_key on coupons (code);
comment on table coupons is 'What staff let guests take off a price. Amounts are minor units of currency; uses counts bookings that hold or have used it.';

create table contributions (
    booking_id    uuid        primary key references bookings,
    guest_id      uuid        not null references users,
    currency      text        not null,
    coupon_id     uuid        references coupons,
    coupon_amount bigint      not null check (coupon_amount >= 0),
    credit_amount bigint      not null check (credit_amount >= 0),
    state         text        not null check (state in ('held', 'used', 'returned')),
    created_at    timestamptz not null,
    check (coupon_amount + credit_amount > 0 and (coupon_id is null) = (coupon_amount = 0))
);
create unique index one_use_of_a_coupon on contributions (coupon_id, guest_id) where state <> 'returned';
create index contributions_by_guest on contributions (guest_id, booking_id desc);
comment on table contributions is 'What coupon and credit pay of a booking: held while it waits for its payment, used once it stands, returned when it came to nothing.';

create table credit_grants (
    id         uuid        primary key,
    user_id    uuid        not null references users,
    currency   text        not null,
    amount     bigint      not null check (amount > 0),
    reason     text        not null,
    booking_id uuid        references bookings,
    granted_by uuid        references users,
    expires_at timestamptz,
    created_at timestamptz not null
);
create index credit_grants_by_user on credit_grants (user_id, id desc);
comment on table credit_grants is 'Credit that guests were given, by staff or back from a stay called off. How much is left is in the ledger, account guest_credit.';
