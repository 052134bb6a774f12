-- People who help a host with a listing.

create table listing_co_hosts (
    id           uuid        primary key,
    listing_id   uuid        not null references listings,
    email        text        not null,
    user_id      uuid        references users,
    permission   text        not null check (permission in ('full', 'calendar_and_messages', 'calendar')),
    percent_bps  integer     not null default 0 check (percent_bps between 0 and 10000),
    fixed_amount bigint      not null default 0 check (fixed_amount >= 0),
    cleaning_fee boolean     not null default false,
    state        text        not null check (state in ('invited', 'active', 'declined', 'ended')),
    invited_by   uuid        not null references users,
    invited_at   timestamptz not null,
    answered_at  timestamptz,
    ended_at     timestamptz,
    check ((state = 'active') <= (user_id is not null))
);
create unique index listing_co_hosts_invited_key on listing_co_hosts (listing_id, email) where state in ('invited', 'active');
create unique index listing_co_hosts_active_key on listing_co_hosts (listing_id, user_id) where state = 'active';
create index listing_co_hosts_by_user on listing_co_hosts (user_id, listing_id) where state = 'active';
create index listing_co_hosts_by_email on listing_co_hosts (email) where state = 'invited';
comment on table listing_co_hosts is
    'Who helps with a listing, how much they may do, and what of each booking is theirs (fixed_amount in minor units of the listing''s currency). Asked on every request, never cached.';
