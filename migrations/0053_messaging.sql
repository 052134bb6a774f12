-- Conversations between guests and hosts: a thread for each inquiry or booking.

create table conversations (
    id            uuid        primary key,
    listing_id    uuid        not null references listings,
    booking_id    uuid        unique references bookings,
    guest_id      uuid        not null references users,
    message_count bigint      not null default 0,
    created_at    timestamptz not null
);
create unique index conversations_inquiry_key on conversations (guest_id, listing_id) where booking_id is null;
create index conversations_by_listing on conversations (listing_id);
comment on table conversations is
    'A thread about a home (an inquiry) or about a booking of it. An inquiry becomes the booking''s thread once its guest asks for the stay.';

create table conversation_members (
    conversation_id uuid        not null references conversations on delete cascade,
    user_id         uuid        not null references users,
    role            text        not null check (role in ('guest', 'host', 'co_host')),
    read_sequence   bigint      not null default 0,
    unread          integer     not null default 0 check (unread >= 0),
    last_at         timestamptz not null,
    primary key (conversation_id, user_id)
);
create index conversation_members_inbox on conversation_members (user_id, last_at desc, conversation_id desc);
create index conversation_members_unread on conversation_members (user_id) where unread > 0;
comment on table conversation_members is
    'Who takes part, how far they have read, and when the thread last moved (their inbox is read in that order). unread counts what other people wrote.';

create table messages (
    id              uuid        primary key,
    conversation_id uuid        not null references conversations on delete cascade,
    sequence        bigint      not null,
    kind            text        not null check (kind in ('text', 'system')),
    sender_id       uuid        references users,
    body            text        not null,
    event_id        uuid,
    event_kind      text,
    created_at      timestamptz not null,
    unique (conversation_id, sequence),
    check ((kind = 'text') = (sender_id is not null)),
    check ((kind = 'system') = (event_kind is not null))
);
create unique index messages_once_per_event on messages (conversation_id, event_id, kind) where event_id is not null;
create index messages_by_sender on messages (sender_id, created_at) where sender_id is not null;
comment on table messages is
    'Entries of a thread in the order of sequence. Bodies are kept as written; contact data is hidden when read, until the stay has been booked.';

create table user_blocks (
    user_id    uuid        not null references users,
    blocked_id uuid        not null references users,
    created_at timestamptz not null,
    primary key (user_id, blocked_id),
    check (user_id <> blocked_id)
);
create index user_blocks_by_blocked on user_blocks (blocked_id);
comment on table user_blocks is 'Who does not want to be written to by whom.';

create table conversation_reports (
    conversation_id uuid        not null references conversations on delete cascade,
    reporter_id     uuid        not null references users,
    reason          text        not null,
    created_at      timestamptz not null,
    primary key (conversation_id, reporter_id)
);
create index conversation_reports_by_reporter on conversation_reports (reporter_id);
comment on table conversation_reports is 'What people found wrong with a conversation, for staff.';
