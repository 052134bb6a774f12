-- Background work. Rows are committed with the change that asked for them.

create table jobs (
    id            uuid        primary key default gen_random_uuid(),
    kind          text        not null,
    payload       jsonb       not null,
    queue         text        not null default 'default',
    priority      smallint    not null default 0,
    status        text        not null default 'ready' check (status in ('ready', 'running', 'dead')),
    run_at        timestamptz not null,
    attempts      integer     not null default 0,
    max_attempts  integer     not null check (max_attempts > 0),
    leased_by     uuid,
    lease_until   timestamptz,
    dedupe_key    text,
    last_error    text,
    created_at    timestamptz not null default clock_timestamp()
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
create index jobs_due on jobs (queue, priority, run_at) where status = 'ready';
create index jobs_leased on jobs (lease_until) where status = 'running';
create index jobs_dead on jobs (id) where status = 'dead';
create unique index jobs_dedupe_key on jobs (dedupe_key) where dedupe_key is not null and status <> 'dead';
comment on table jobs is 'Work to do; finished jobs are deleted, hopeless ones stay as dead letters.';
comment on column jobs.run_at is 'In marketplace time, which a sandbox may move ahead.';
comment on column jobs.lease_until is 'In the database''s own time: moving the marketplace''s clock must not expire the lease of running work.';

create table job_schedules (
    name    text        primary key,
    next_at timestamptz not null
);
comment on table job_schedules is 'When each recurring job comes next; its row lock lets one process fire it.';
