-- When a home can be had: stay rules, the host's per-date rules, and every
-- night that is taken.

create table stay_rules (
    listing_id           uuid    primary key references listings on delete cascade,
    min_nights           integer not null default 1 check (min_nights between 1 and 365),
    max_nights           integer check (max_nights between 1 and 365),
    advance_notice_hours integer not null default 0 check (advance_notice_hours between 0 and 168),
    notice_cutoff_hour   integer check (notice_cutoff_hour between 0 and 23),
    preparation_nights   integer not null default 0 check (preparation_nights between 0 and 7),
    booking_window_days  integer check (booking_window_days between 1 and 1125),
    max_pets             integer not null default 0 check (max_pets between 0 and 5),
    infants_count        boolean not null default false
);
comment on table stay_rules is 'Which stays a host accepts; one row a listing.';

create table rule_seasons (
    listing_id          uuid      not null references listings on delete cascade,
    season              daterange not null check (not isempty(season) and not lower_inf(season) and not upper_inf(season)),
    min_nights          integer   check (min_nights between 1 and 365),
    min_nights_weekday  integer[] check (array_length(min_nights_weekday, 1) = 7),
    max_nights          integer   check (max_nights between 1 and 365),
    closed_to_arrival   integer   not null default 0 check (closed_to_arrival between 0 and 127),
    closed_to_departure integer   not null default 0 check (closed_to_departure between 0 and 127),
    primary key (listing_id, season)
);
comment on table rule_seasons is
    'Stay rules of a date range. Weekday arrays start on Monday; closed_ masks have bit 0 for Monday. Where seasons overlap the shortest wins, then the later start.';

create table day_rules (
    listing_id uuid    not null references listings on delete cascade,
    date       date    not null,
    price      bigint  check (price > 0),
    min_nights integer check (min_nights between 1 and 365),
    primary key (listing_id, date),
    check (price is not null or min_nights is not null)
);
comment on table day_rules is 'A host''s price (minor units of the listing''s currency) or minimum stay for one date.';

create type occupancy_lane as enum ('booking', 'block');

create table occupancies (
    listing_id uuid           not null references listings,
    id         uuid           not null,
    lane       occupancy_lane not null,
    reason     text           not null check (reason in ('booking', 'host', 'preparation', 'import', 'cancelled_by_host')),
    nights     daterange      not null,
    booking_id uuid,
    expires_at timestamptz,
    note       text           not null default '',
    primary key (listing_id, id),
    constraint nights_are_a_range check (
        not isempty(nights) and not lower_inf(nights) and not upper_inf(nights)
        and isfinite(lower(nights)) and isfinite(upper(nights))
    ),
    constraint booking_lane_names_its_booking check ((lane <> 'booking') or booking_id is not null),
    constraint no_double_booking exclude using gist (listing_id with =, nights with &&) where (lane = 'booking'),
    constraint no_booking_on_a_block exclude using gist (listing_id with =, nights with &&, lane with <>)
);
create index occupancies_by_booking on occupancies (booking_id) where booking_id is not null;
comment on table occupancies is
    'Every taken night, the one place that decides availability: bookings never overlap bookings nor blocks; blocks may overlap blocks. Always insert with ON CONFLICT DO NOTHING.';
comment on column occupancies.expires_at is
    'When an unpaid hold or unanswered request stops holding; released by whoever next wants the nights, worker or not.';
