-- People, their logins and the tokens mailed to them. Tokens are stored as
-- SHA-256 hashes only.

create table users (
    id                uuid        primary key,
    email             text        check (email = lower(email)),
    email_verified_at timestamptz,
    password_hash     text,
    name              text        not null,
    about             text        not null default '',
    languages         text[]      not null default '{}',
    avatar            text,
    staff             boolean     not null default false,
    status            text        not null check (status in ('active', 'suspended', 'unclaimed', 'erased')),
    version           integer     not null default 1,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    check (status <> 'active' or email is not null)
);
create unique index users_email_key on users (email) where email is not null;
comment on table users is
    'A person. Unclaimed: imported, no login yet. Erased: personal data gone, kept because bookings and ledger refer to it.';

create table user_sources (
    source      text   not null,
    external_id bigint not null,
    user_id     uuid   not null references users,
    primary key (source, external_id)
);
create index user_sources_by_user on user_sources (user_id);
comment on table user_sources is 'Which imported person is which user.';

create table sessions (
    id                uuid        primary key,
    user_id           uuid        not null references users on delete cascade,
    access_hash       bytea       not null,
    access_expires_at timestamptz not null,
    expires_at        timestamptz not null,
    user_agent        text        not null default '',
    ip_address        text        not null default '',
    created_at        timestamptz not null,
    last_used_at      timestamptz not null,
    revoked_at        timestamptz
);
create unique index sessions_access_hash_key on sessions (access_hash);
create index sessions_by_user on sessions (user_id, id desc) where revoked_at is null;
comment on table sessions is 'One login on one device: the family of its tokens.';

create table refresh_tokens (
    hash       bytea       primary key,
    session_id uuid        not null references sessions on delete cascade,
    expires_at timestamptz not null,
    spent_at   timestamptz
);
create index refresh_tokens_by_session on refresh_tokens (session_id);
comment on table refresh_tokens is 'Each works once; a spent one that comes back revokes its session.';

create table mail_tokens (
    hash       bytea       primary key,
    user_id    uuid        not null references users on delete cascade,
    purpose    text        not null check (purpose in ('verify_email', 'reset_password')),
    email      text        not null,
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index mail_tokens_by_user on mail_tokens (user_id, purpose);
comment on table mail_tokens is 'One-time links in mails: e-mail verification and password reset.';

create table login_failures (
    subject text        not null,
    at      timestamptz not null
);
create index login_failures_by_subject on login_failures (subject, at);
comment on table login_failures is 'Wrong passwords by account and by address, so that guessing is slowed down in every process alike.';
