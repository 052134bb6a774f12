//! SQL of people, sessions and their tokens.

pub(super) mod factors;

use chrono::{DateTime, Utc};
use domain::accounts::{User, UserStatus};
use domain::ids::{SessionId, UserId};
use sqlx::{PgConnection, PgPool};

pub(super) mod batch;

use super::{Login, Person, Session};
use crate::copy::CopyRows;
use crate::error::Result;
use crate::tx::Tx;

pub(super) async fn insert_user(tx: &mut Tx, id: UserId, email: &str, name: &str, password_hash: Option<&str>) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query(
        "insert into users (id, email, password_hash, name, status, created_at, updated_at) values ($1, $2, $3, $4, 'active', $5, $5)
         on conflict (email) where email is not null do nothing",
    )
    .bind(id)
    .bind(email)
    .bind(password_hash)
    .bind(name)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn user(db: &PgPool, id: UserId) -> Result<Option<User>> {
    Ok(sqlx::query_as(
        "select id, email, email_verified_at, name, about, languages, avatar, staff, status, version, created_at from users where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn user_locked(tx: &mut Tx, id: UserId) -> Result<Option<User>> {
    Ok(sqlx::query_as(
        "select id, email, email_verified_at, name, about, languages, avatar, staff, status, version, created_at from users where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?)
}

pub(super) async fn user_by_email(db: &PgPool, email: &str) -> Result<Option<User>> {
    Ok(sqlx::query_as(
        "select id, email, email_verified_at, name, about, languages, avatar, staff, status, version, created_at from users where email = $1",
    )
    .bind(email)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn password_hash(db: &PgPool, id: UserId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select password_hash from users where id = $1").bind(id).fetch_one(db).await?)
}

pub(super) async fn set_password(tx: &mut Tx, id: UserId, hash: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query("update users set password_hash = $2, updated_at = $3 where id = $1")
        .bind(id)
        .bind(hash)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn set_staff(tx: &mut Tx, id: UserId) -> Result<()> {
    let now = tx.now();
    sqlx::query("update users set staff = true, email_verified_at = coalesce(email_verified_at, $2), updated_at = $2 where id = $1")
        .bind(id)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Shuts somebody out, or lets them in again.
pub(super) async fn set_status(tx: &mut Tx, id: UserId, status: UserStatus) -> Result<()> {
    let now = tx.now();
    sqlx::query("update users set status = $2, version = version + 1, updated_at = $3 where id = $1")
        .bind(id)
        .bind(status)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn verify_email(tx: &mut Tx, id: UserId, email: &str) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query(
        "update users set email_verified_at = coalesce(email_verified_at, $3), version = version + 1, updated_at = $3
         where id = $1 and email = $2 and status = 'active'",
    )
    .bind(id)
    .bind(email)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn update_profile(tx: &mut Tx, user: &User) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update users set name = $2, about = $3, languages = $4, avatar = $5, version = version + 1, updated_at = $6 where id = $1",
    )
    .bind(user.id)
    .bind(&user.name)
    .bind(&user.about)
    .bind(&user.languages)
    .bind(&user.avatar)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn people(db: &PgPool, ids: &[UserId]) -> Result<Vec<Person>> {
    Ok(sqlx::query_as("select id, name, avatar from users where id = any($1)").bind(ids).fetch_all(db).await?)
}

/// Writes a mail's token; earlier ones of the same purpose stop working.
pub(super) async fn insert_mail_token(
    tx: &mut Tx,
    user: UserId,
    purpose: &str,
    email: &str,
    (hash, expires_at): (&[u8], DateTime<Utc>),
) -> Result<()> {
    sqlx::query("delete from mail_tokens where user_id = $1 and purpose = $2").bind(user).bind(purpose).execute(&mut **tx).await?;
    sqlx::query("insert into mail_tokens (hash, user_id, purpose, email, expires_at) values ($1, $2, $3, $4, $5)")
        .bind(hash)
        .bind(user)
        .bind(purpose)
        .bind(email)
        .bind(expires_at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Uses a mail's token up; `None` when it is unknown, used or too old.
pub(super) async fn spend_mail_token(tx: &mut Tx, hash: &[u8], purpose: &str) -> Result<Option<(UserId, String)>> {
    let now = tx.now();
    Ok(sqlx::query_as(
        "update mail_tokens set used_at = $3 where hash = $1 and purpose = $2 and used_at is null and expires_at > $3 returning user_id, email",
    )
    .bind(hash)
    .bind(purpose)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?)
}

pub(super) struct NewSession<'a> {
    pub id: SessionId,
    pub user: UserId,
    pub access_hash: &'a [u8],
    pub access_expires_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub user_agent: &'a str,
    pub ip_address: &'a str,
}

pub(super) async fn insert_session(tx: &mut Tx, session: &NewSession<'_>) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into sessions (id, user_id, access_hash, access_expires_at, expires_at, user_agent, ip_address, created_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
    )
    .bind(session.id)
    .bind(session.user)
    .bind(session.access_hash)
    .bind(session.access_expires_at)
    .bind(session.expires_at)
    .bind(session.user_agent)
    .bind(session.ip_address)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn rotate_session(
    tx: &mut Tx,
    id: SessionId,
    access_hash: &[u8],
    access_expires_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query("update sessions set access_hash = $2, access_expires_at = $3, expires_at = $4, last_used_at = $5 where id = $1")
        .bind(id)
        .bind(access_hash)
        .bind(access_expires_at)
        .bind(expires_at)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn insert_refresh_token(tx: &mut Tx, session: SessionId, hash: &[u8], expires_at: DateTime<Utc>) -> Result<()> {
    sqlx::query("insert into refresh_tokens (hash, session_id, expires_at) values ($1, $2, $3)")
        .bind(hash)
        .bind(session)
        .bind(expires_at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
pub(super) struct RefreshRow {
    pub session_id: SessionId,
    pub user_id: UserId,
    pub expires_at: DateTime<Utc>,
    pub spent_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

pub(super) async fn refresh_token_locked(tx: &mut Tx, hash: &[u8]) -> Result<Option<RefreshRow>> {
    Ok(sqlx::query_as(
        "select t.session_id, s.user_id, t.expires_at, t.spent_at, s.revoked_at
         from refresh_tokens t join sessions s on s.id = t.session_id where t.hash = $1 for update of t, s",
    )
    .bind(hash)
    .fetch_optional(&mut **tx)
    .await?)
}

pub(super) async fn spend_refresh_token(tx: &mut Tx, hash: &[u8]) -> Result<()> {
    let now = tx.now();
    sqlx::query("update refresh_tokens set spent_at = $2 where hash = $1").bind(hash).bind(now).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn login(db: &PgPool, access_hash: &[u8], now: DateTime<Utc>) -> Result<Option<Login>> {
    Ok(sqlx::query_as(
        "select s.user_id as \"user\", s.id as session, u.staff, u.email_verified_at is not null as verified
         from sessions s join users u on u.id = s.user_id
         where s.access_hash = $1 and s.access_expires_at > $2 and s.revoked_at is null and u.status = 'active'",
    )
    .bind(access_hash)
    .bind(now)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn is_live(db: &PgPool, user: UserId, session: SessionId, now: DateTime<Utc>) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select from users where id = $2 and status = 'active')
            and (exists (select from sessions where id = $1 and user_id = $2 and revoked_at is null and expires_at > $3)
                or exists (select from personal_tokens where id = $1 and user_id = $2 and revoked_at is null and expires_at > $3))",
    )
    .bind(session)
    .bind(user)
    .bind(now)
    .fetch_one(db)
    .await?)
}

pub(super) async fn sessions(db: &PgPool, user: UserId, now: DateTime<Utc>) -> Result<Vec<Session>> {
    Ok(sqlx::query_as(
        "select id, user_agent, ip_address, created_at, last_used_at, expires_at from sessions
         where user_id = $1 and revoked_at is null and expires_at > $2 order by id desc limit 100",
    )
    .bind(user)
    .bind(now)
    .fetch_all(db)
    .await?)
}

pub(super) async fn revoke_session(db: &mut PgConnection, user: UserId, session: SessionId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query("update sessions set revoked_at = $3 where id = $2 and user_id = $1 and revoked_at is null")
        .bind(user)
        .bind(session)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all of a person's logins but `keep`.
pub(super) async fn revoke_sessions(tx: &mut Tx, user: UserId, keep: Option<SessionId>) -> Result<()> {
    let now = tx.now();
    sqlx::query("update sessions set revoked_at = $3 where user_id = $1 and id is distinct from $2 and revoked_at is null")
        .bind(user)
        .bind(keep)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn forget_sessions(db: &PgPool, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("delete from sessions where expires_at < $1 or revoked_at < $1").bind(before).execute(db).await?;
    sqlx::query("delete from login_failures where at < $1").bind(before).execute(db).await?;
    Ok(done.rows_affected())
}

/// Failed logins on an account or from an address since `since`, and the latest.
pub(super) async fn failures(db: &PgPool, subject: &str, since: DateTime<Utc>) -> Result<(i64, Option<DateTime<Utc>>)> {
    Ok(sqlx::query_as("select count(*), max(at) from login_failures where subject = $1 and at > $2")
        .bind(subject)
        .bind(since)
        .fetch_one(db)
        .await?)
}

pub(super) async fn record_failure(db: &PgPool, subject: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("insert into login_failures (subject, at) values ($1, $2)").bind(subject).bind(now).execute(db).await?;
    Ok(())
}

pub(super) async fn clear_failures(db: &PgPool, subject: &str) -> Result<()> {
    sqlx::query("delete from login_failures where subject = $1").bind(subject).execute(db).await?;
    Ok(())
}

/// Payouts that are earned and have not reached somebody.
pub(super) async fn payouts_to_come(tx: &mut Tx, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from payouts where host_id = $1 and state in ('due', 'sent')")
        .bind(user)
        .fetch_one(&mut **tx)
        .await?)
}

/// Stays that are not over, as guest or host.
pub(super) async fn open_stays(tx: &mut Tx, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from bookings where (guest_id = $1 or host_id = $1) and state in ('pending_payment', 'requested', 'confirmed')",
    )
    .bind(user)
    .fetch_one(&mut **tx)
    .await?)
}

/// Removes all that says who somebody was.
pub(super) async fn erase(tx: &mut Tx, user: UserId) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update users set email = null, email_verified_at = null, password_hash = null, name = 'Former member', about = '', languages = '{}',
                avatar = null, staff = false, status = 'erased', version = version + 1, updated_at = $2
         where id = $1",
    )
    .bind(user)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query("delete from sessions where user_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from mail_tokens where user_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from totp_factors where user_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from recovery_codes where user_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from personal_tokens where user_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from user_sources where user_id = $1").bind(user).execute(&mut **tx).await?;
    Ok(())
}

/// All that is stored of somebody, as one JSON document.
pub(super) async fn export(db: &PgPool, user: UserId) -> Result<serde_json::Value> {
    Ok(sqlx::query_scalar(
        "select jsonb_build_object(
            'profile', (select to_jsonb(u) - 'password_hash' from users u where u.id = $1),
            'sessions', coalesce((select jsonb_agg(to_jsonb(s) - 'access_hash') from sessions s where s.user_id = $1), '[]'),
            'personal_tokens', coalesce((select jsonb_agg(to_jsonb(t) - 'hash') from personal_tokens t where t.user_id = $1), '[]'),
            'second_factor', (select jsonb_build_object('confirmed_at', f.confirmed_at) from totp_factors f where f.user_id = $1),
            'conversations', coalesce((select jsonb_agg(to_jsonb(c) || to_jsonb(m)) from conversation_members m
                join conversations c on c.id = m.conversation_id where m.user_id = $1), '[]'),
            'messages', coalesce((select jsonb_agg(to_jsonb(m)) from messages m where m.sender_id = $1), '[]'),
            'blocked', coalesce((select jsonb_agg(b.blocked_id) from user_blocks b where b.user_id = $1), '[]'),
            'conversation_reports', coalesce((select jsonb_agg(to_jsonb(r)) from conversation_reports r where r.reporter_id = $1), '[]'),
            'review_reports', coalesce((select jsonb_agg(to_jsonb(r)) from review_reports r where r.reporter_id = $1), '[]'),
            'notifications', coalesce((select jsonb_agg(to_jsonb(n)) from notifications n where n.user_id = $1), '[]'),
            'notification_choices', coalesce((select jsonb_agg(to_jsonb(n)) from notification_choices n where n.user_id = $1), '[]'),
            'quiet_hours', (select to_jsonb(h) from notification_hours h where h.user_id = $1),
            'wishlists', coalesce((select jsonb_agg(to_jsonb(w) || jsonb_build_object('listings',
                (select jsonb_agg(to_jsonb(l)) from wishlist_listings l where l.wishlist_id = w.id))) from wishlists w where w.owner_id = $1), '[]'),
            'saved_searches', coalesce((select jsonb_agg(to_jsonb(s)) from saved_searches s where s.owner_id = $1), '[]'),
            'listings', coalesce((select jsonb_agg(to_jsonb(l) - 'search_text') from listings l where l.host_id = $1), '[]'),
            'bookings', coalesce((select jsonb_agg(to_jsonb(b)) from bookings b where b.guest_id = $1 or b.host_id = $1), '[]'),
            'payments', coalesce((select jsonb_agg(to_jsonb(p)) from payments p where p.payer_id = $1), '[]'),
            'payment_methods', coalesce((select jsonb_agg(to_jsonb(m) - 'reference') from payment_methods m where m.user_id = $1), '[]'),
            'payment_customers', coalesce((select jsonb_agg(to_jsonb(c)) from payment_customers c where c.user_id = $1), '[]'),
            'payouts', coalesce((select jsonb_agg(to_jsonb(p)) from payouts p where p.host_id = $1), '[]'),
            'payout_method', (select to_jsonb(m) from payout_methods m where m.host_id = $1),
            'payout_transfers', coalesce((select jsonb_agg(to_jsonb(t)) from payout_transfers t where t.host_id = $1), '[]'),
            'proposed_changes', coalesce((select jsonb_agg(to_jsonb(a)) from booking_alterations a where a.proposer_id = $1), '[]'),
            'refund_requests', coalesce((select jsonb_agg(to_jsonb(r)) from refund_requests r where r.guest_id = $1), '[]'),
            'documents', coalesce((select jsonb_agg(to_jsonb(d)) from issued_documents d where d.user_id = $1), '[]'),
            'credit', coalesce((select jsonb_agg(to_jsonb(g) - 'granted_by') from credit_grants g where g.user_id = $1), '[]'),
            'coupons_and_credit_used', coalesce((select jsonb_agg(to_jsonb(c)) from contributions c where c.guest_id = $1), '[]'),
            'own_fees', coalesce((select jsonb_agg(to_jsonb(f)) from fee_rules f where f.host_id = $1), '[]'),
            'helps_with', coalesce((select jsonb_agg(to_jsonb(h)) from listing_co_hosts h where h.user_id = $1 or h.invited_by = $1), '[]'),
            'reviews_written', coalesce((select jsonb_agg(to_jsonb(r)) from reviews r where r.author_id = $1), '[]'),
            'reviews_received', coalesce((select jsonb_agg(to_jsonb(r)) from reviews r where r.subject_user_id = $1 and r.status = 'published'), '[]')
         )",
    )
    .bind(user)
    .fetch_one(db)
    .await?)
}

/// Writes imported people and who is who. Known ones change where the file says
/// something else, unless they have claimed their account.
pub(super) async fn put_imported(tx: &mut Tx, people: CopyRows, newcomers: CopyRows) -> Result<()> {
    people.send_to_twin(tx, "users", "id, name, about, created_at, updated_at").await?;
    newcomers.send_to_twin(tx, "user_sources", "source, external_id, user_id").await?;
    sqlx::raw_sql(
        "update users u set name = coalesce(i.name, u.name), about = coalesce(i.about, u.about), updated_at = i.updated_at
         from copied_users i
         where i.id = u.id and u.status = 'unclaimed' and (u.name, u.about) is distinct from (coalesce(i.name, u.name), coalesce(i.about, u.about));

         insert into users (id, name, about, status, created_at, updated_at)
         select i.id, coalesce(i.name, 'Host'), coalesce(i.about, ''), 'unclaimed', i.created_at, i.updated_at
         from copied_users i join copied_user_sources s on s.user_id = i.id;

         insert into user_sources (source, external_id, user_id) select source, external_id, user_id from copied_user_sources;

         drop table copied_users, copied_user_sources",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
