-- What staff do in the marketplace's name, and why. Written before the act, so
-- that nothing happens that is not written down; how it ended is a row of its own.

create table audit_log (
    id         uuid        primary key,
    staff_id   uuid        not null references users,
    action     text        not null,
    subject    text        not null,
    subject_id text        not null,
    reason     text        not null,
    details    jsonb       not null default '{}',
    at         timestamptz not null
);
create index audit_log_by_subject on audit_log (subject_id, id desc);
create index audit_log_by_staff on audit_log (staff_id, id desc);
comment on table audit_log is 'What a member of staff set out to do, to what, and why. Only grows.';
comment on column audit_log.subject is 'Of which kind it is: user, listing, booking, review, dispute, case, webhook, job.';
comment on column audit_log.details is 'What was chosen beside the reason, e.g. the amount of a refund.';

create table audit_outcomes (
    entry_id uuid        primary key references audit_log,
    done     boolean     not null,
    answer   text        not null,
    at       timestamptz not null
);
comment on table audit_outcomes is 'How it ended: done, or refused with these words. Missing: the program died in between, or is still at it.';

create trigger append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on audit_outcomes
    for each statement execute function refuse_change();

create index users_by_name on users (lower(name) text_pattern_ops, id);
create index review_reports_by_time on review_reports (reported_at desc);
create index conversation_reports_by_time on conversation_reports (created_at desc);
