-- What a home costs. Amounts are minor units of the listing's currency.

create table tariffs (
    listing_id               uuid    primary key references listings on delete cascade,
    nightly                  bigint  check (nightly > 0),
    weekend_nightly          bigint  check (weekend_nightly > 0),
    cleaning_fee             bigint  not null default 0 check (cleaning_fee >= 0),
    pet_fee                  bigint  not null default 0 check (pet_fee >= 0),
    extra_guest_after        integer check (extra_guest_after >= 1),
    extra_guest_amount       bigint  check (extra_guest_amount >= 0),
    weekly_discount_bps      integer not null default 0 check (weekly_discount_bps between 0 and 9000),
    monthly_discount_bps     integer not null default 0 check (monthly_discount_bps between 0 and 9000),
    new_listing_discount_bps integer not null default 0 check (new_listing_discount_bps between 0 and 9000),
    early_bird_days          integer,
    early_bird_bps           integer check (early_bird_bps between 0 and 9000),
    last_minute_days         integer,
    last_minute_bps          integer check (last_minute_bps between 0 and 9000),
    promotions               jsonb   not null default '[]',
    seasons                  jsonb   not null default '[]',
    check ((extra_guest_after is null) = (extra_guest_amount is null)),
    check ((early_bird_days is null) = (early_bird_bps is null)),
    check ((last_minute_days is null) = (last_minute_bps is null))
);
create index tariffs_by_nightly on tariffs (nightly, listing_id);
comment on table tariffs is 'Prices, discounts and fees of a listing; a night costs date rule > season > weekend > nightly.';

create table tax_rules (
    id                 text    primary key,
    jurisdiction       text    not null,
    label              text    not null,
    country            text    not null check (country ~ '^[A-Z]{2}$'),
    region             text,
    city               text,
    kind               text    not null check (kind in ('percent', 'per_stay', 'per_guest', 'per_night', 'per_guest_night')),
    rate_bps           integer not null default 0 check (rate_bps between 0 and 10000),
    amount             bigint  not null default 0 check (amount >= 0),
    currency           text    check (currency ~ '^[A-Z]{3}$'),
    base               text    not null default 'nights' check (base in ('nights', 'fees', 'all')),
    night_cap          integer check (night_cap > 0),
    age_floor          integer check (age_floor between 0 and 21),
    exempt_from_nights integer check (exempt_from_nights > 0),
    from_date          date    not null,
    to_date            date,
    check ((kind = 'percent') = (currency is null))
);
create index tax_rules_by_place on tax_rules (country, from_date);
comment on table tax_rules is
    'Taxes as data: applied to stays whose check-in lies in [from_date, to_date) and whose listing is in the place. Fixed amounts only where the listing uses the same currency.';
