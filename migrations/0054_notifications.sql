-- What people are told inside the marketplace, and what they want to be told.

create table notifications (
    id         uuid        primary key,
    user_id    uuid        not null references users on delete cascade,
    kind       text        not null,
    cause      text        not null,
    title      text        not null,
    body       text        not null,
    link       text        not null default '',
    read_at    timestamptz,
    created_at timestamptz not null,
    unique (user_id, cause)
);
create index notifications_by_user on notifications (user_id, id desc);
create index notifications_unread on notifications (user_id) where read_at is null;
comment on table notifications is
    'In-app notifications. cause names the fact or reminder, so that telling twice leaves one. link is a path of the site.';

create table notification_choices (
    user_id uuid    not null references users on delete cascade,
    kind    text    not null,
    email   boolean not null,
    in_app  boolean not null,
    primary key (user_id, kind)
);
comment on table notification_choices is 'What somebody wants to be told by which road; a kind without a row goes by both.';

create table notification_hours (
    user_id     uuid primary key references users on delete cascade,
    time_zone   text not null,
    quiet_from  time not null,
    quiet_until time not null,
    check (quiet_from <> quiet_until)
);
comment on table notification_hours is 'When somebody does not want mail, in their own zone; mail waits until quiet_until.';
