-- Calendars of other platforms that homes follow, and ours for them to follow.

create table calendar_feeds (
    id              uuid        primary key,
    listing_id      uuid        not null references listings on delete cascade,
    name            text        not null,
    url             text        not null,
    created_at      timestamptz not null,
    next_at         timestamptz not null,
    last_attempt_at timestamptz,
    last_success_at timestamptz,
    last_error      text,
    failures        integer     not null default 0,
    empty_runs      integer     not null default 0,
    events          integer     not null default 0,
    etag            text,
    last_modified   text,
    unique (listing_id, url)
);
create index calendar_feeds_due on calendar_feeds (next_at);
comment on table calendar_feeds is 'An iCal feed that takes nights of a home. A feed not read for too long makes the home bookable on request only.';

create table calendar_collisions (
    feed_id       uuid        not null references calendar_feeds on delete cascade,
    booking_id    uuid        not null references bookings on delete cascade,
    nights        daterange   not null,
    summary       text        not null,
    first_seen_at timestamptz not null,
    primary key (feed_id, booking_id, nights)
);
create index calendar_collisions_by_booking on calendar_collisions (booking_id);
comment on table calendar_collisions is 'Nights sold on both platforms: our booking stands, the host must decide.';

create table calendar_exports (
    listing_id uuid primary key references listings on delete cascade,
    secret     text not null unique
);
comment on table calendar_exports is 'Whoever knows the secret may read when a home is taken, and nothing else.';

-- Blocks that come from a feed belong to it.
alter table occupancies add column feed_id uuid;
create index occupancies_by_feed on occupancies (feed_id) where feed_id is not null;
alter table occupancies drop constraint occupancies_reason_check;
alter table occupancies add constraint occupancies_reason_check
    check (reason in ('booking', 'host', 'preparation', 'import', 'cancelled_by_host', 'feed')) not valid;
alter table occupancies validate constraint occupancies_reason_check;
alter table occupancies add constraint a_feed_is_named check ((reason = 'feed') = (feed_id is not null)) not valid;
alter table occupancies validate constraint a_feed_is_named;
