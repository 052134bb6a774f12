-- What guests and hosts say of each other.

create table reviews (
    id               uuid        primary key,
    booking_id       uuid        references bookings,
    listing_id       uuid        not null references listings,
    subject          text        not null check (subject in ('listing', 'guest')),
    subject_user_id  uuid        not null references users,
    author_id        uuid        references users,
    author_name      text        not null,
    overall          integer     check (overall between 1 and 5),
    cleanliness      integer     check (cleanliness between 1 and 5),
    accuracy         integer     check (accuracy between 1 and 5),
    check_in         integer     check (check_in between 1 and 5),
    communication    integer     check (communication between 1 and 5),
    location         integer     check (location between 1 and 5),
    value            integer     check (value between 1 and 5),
    house_rules      integer     check (house_rules between 1 and 5),
    public_comment   text        not null default '',
    private_feedback text        not null default '',
    status           text        not null check (status in ('sealed', 'published', 'hidden')),
    hidden_reason    text,
    reply            text,
    replied_at       timestamptz,
    submitted_at     timestamptz not null,
    published_at     timestamptz,
    source           text,
    external_id      bigint,
    check ((source is null) = (external_id is null)),
    check (source is not null or (booking_id is not null and author_id is not null and overall is not null)),
    check ((status = 'published') <= (published_at is not null))
);
create unique index reviews_booking_key on reviews (booking_id, subject) where booking_id is not null;
create unique index reviews_source_key on reviews (source, external_id) where source is not null;
create index reviews_of_listing on reviews (listing_id, published_at desc, id desc) where status = 'published' and subject = 'listing';
create index reviews_of_guest on reviews (subject_user_id, published_at desc, id desc) where status = 'published' and subject = 'guest';
comment on table reviews is
    'Sealed until both sides have spoken or the window has closed. Imported ones (source) come from another platform and are marked as such.';

create table review_reports (
    review_id   uuid        not null references reviews,
    reporter_id uuid        not null references users,
    reason      text        not null,
    reported_at timestamptz not null,
    primary key (review_id, reporter_id)
);
comment on table review_reports is 'Readers'' complaints about a review, for staff.';

create table listing_ratings (
    listing_id    uuid    primary key references listings on delete cascade,
    count         integer not null default 0,
    overall       integer not null default 0,
    cleanliness   integer not null default 0,
    accuracy      integer not null default 0,
    check_in      integer not null default 0,
    communication integer not null default 0,
    location      integer not null default 0,
    value         integer not null default 0,
    imported      jsonb
);
comment on table listing_ratings is
    'Sums of published stars of stays here, with their count; imported holds another platform''s count and means (hundredths of stars).';
