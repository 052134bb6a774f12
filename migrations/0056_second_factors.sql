-- Second factors of logins, and tokens that programs carry for people.

create table totp_factors (
    user_id      uuid        primary key references users on delete cascade,
    sealed       bytea       not null,
    confirmed_at timestamptz,
    last_step    bigint      not null default 0,
    failures     integer     not null default 0,
    locked_until timestamptz,
    created_at   timestamptz not null
);
comment on table totp_factors is
    'Seeds of authenticator apps, encrypted. last_step: the newest code that was used; it and older ones are refused.';

create table recovery_codes (
    user_id uuid        not null references users on delete cascade,
    hash    bytea       not null,
    used_at timestamptz,
    primary key (user_id, hash)
);
comment on table recovery_codes is 'In place of an authenticator that is lost; each works once.';

create table personal_tokens (
    id           uuid        primary key,
    user_id      uuid        not null references users on delete cascade,
    name         text        not null,
    hash         bytea       not null unique,
    scopes       text[]      not null check (cardinality(scopes) > 0),
    created_at   timestamptz not null,
    last_used_at timestamptz,
    expires_at   timestamptz not null,
    revoked_at   timestamptz
);
create index personal_tokens_by_user on personal_tokens (user_id, id desc) where revoked_at is null;
comment on table personal_tokens is 'Tokens for programs, with scopes; never staff''s rights.';
