-- Homes and searches that people keep.

create table wishlists (
    id           uuid        primary key,
    owner_id     uuid        not null references users on delete cascade,
    name         text        not null,
    share_secret text        unique,
    version      integer     not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null
);
create index wishlists_by_owner on wishlists (owner_id, id desc);
comment on table wishlists is 'A list of homes somebody keeps. Whoever knows share_secret may read it.';

create table wishlist_listings (
    wishlist_id uuid        not null references wishlists on delete cascade,
    listing_id  uuid        not null references listings on delete cascade,
    note        text        not null default '',
    added_at    timestamptz not null,
    primary key (wishlist_id, listing_id)
);
create index wishlist_listings_in_order on wishlist_listings (wishlist_id, added_at desc, listing_id desc);
create index wishlist_listings_by_listing on wishlist_listings (listing_id);

create table saved_searches (
    id         uuid        primary key,
    owner_id   uuid        not null references users on delete cascade,
    name       text        not null,
    query      text        not null,
    filters    jsonb       not null,
    notify     boolean     not null,
    seen_until timestamptz not null,
    created_at timestamptz not null
);
create index saved_searches_by_owner on saved_searches (owner_id, id desc);
create index saved_searches_to_notify on saved_searches (id) where notify;
comment on table saved_searches is
    'A search somebody keeps: the query string of GET /listings, and what it says. With notify they are told of homes published after seen_until.';
