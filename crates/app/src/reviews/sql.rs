//! SQL of reviews, reports and ratings.

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, ListingId, ReviewId, UserId};
use domain::page::PageRequest;
use domain::reviews::{ReviewStatus, Stars, Subject};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

pub(super) mod batch;

use super::{Order, Rating, Review, ReviewKey};
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct Row {
    id: ReviewId,
    booking_id: Option<BookingId>,
    listing_id: ListingId,
    subject: Subject,
    subject_user_id: UserId,
    author_id: Option<UserId>,
    author_name: String,
    #[sqlx(flatten)]
    stars: Stars,
    public_comment: String,
    private_feedback: String,
    status: ReviewStatus,
    reply: Option<String>,
    submitted_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    source: Option<String>,
}

impl From<Row> for Review {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            booking_id: row.booking_id,
            listing_id: row.listing_id,
            subject: row.subject,
            subject_user_id: row.subject_user_id,
            author_id: row.author_id,
            author_name: row.author_name,
            stars: row.stars,
            public_comment: row.public_comment,
            private_feedback: row.private_feedback,
            status: row.status,
            reply: row.reply,
            submitted_at: row.submitted_at,
            published_at: row.published_at,
            imported: row.source.is_some(),
        }
    }
}

/// Writes a review; false when this side has written one.
pub(super) async fn insert(tx: &mut Tx, review: &Review) -> Result<bool> {
    let stars = &review.stars;
    let done = sqlx::query(
        "insert into reviews (id, booking_id, listing_id, subject, subject_user_id, author_id, author_name, overall, cleanliness, accuracy, check_in,
             communication, location, value, house_rules, public_comment, private_feedback, status, submitted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         on conflict (booking_id, subject) where booking_id is not null do nothing",
    )
    .bind(review.id)
    .bind(review.booking_id)
    .bind(review.listing_id)
    .bind(review.subject)
    .bind(review.subject_user_id)
    .bind(review.author_id)
    .bind(&review.author_name)
    .bind(stars.overall)
    .bind(stars.cleanliness)
    .bind(stars.accuracy)
    .bind(stars.check_in)
    .bind(stars.communication)
    .bind(stars.location)
    .bind(stars.value)
    .bind(stars.house_rules)
    .bind(&review.public_comment)
    .bind(&review.private_feedback)
    .bind(review.status)
    .bind(review.submitted_at)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn save_words(tx: &mut Tx, review: &Review) -> Result<()> {
    let stars = &review.stars;
    sqlx::query(
        "update reviews set overall = $2, cleanliness = $3, accuracy = $4, check_in = $5, communication = $6, location = $7, value = $8,
             house_rules = $9, public_comment = $10, private_feedback = $11 where id = $1",
    )
    .bind(review.id)
    .bind(stars.overall)
    .bind(stars.cleanliness)
    .bind(stars.accuracy)
    .bind(stars.check_in)
    .bind(stars.communication)
    .bind(stars.location)
    .bind(stars.value)
    .bind(stars.house_rules)
    .bind(&review.public_comment)
    .bind(&review.private_feedback)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn by_id(db: &PgPool, id: ReviewId) -> Result<Option<Review>> {
    let row: Option<Row> = sqlx::query_as("select * from reviews where id = $1").bind(id).fetch_optional(db).await?;
    Ok(row.map(Review::from))
}

pub(super) async fn locked(tx: &mut Tx, id: ReviewId) -> Result<Option<Review>> {
    let row: Option<Row> = sqlx::query_as("select * from reviews where id = $1 for update").bind(id).fetch_optional(&mut **tx).await?;
    Ok(row.map(Review::from))
}

pub(super) async fn of_booking(db: &PgPool, booking: BookingId) -> Result<Vec<Review>> {
    let rows: Vec<Row> =
        sqlx::query_as("select * from reviews where booking_id = $1 order by submitted_at").bind(booking).fetch_all(db).await?;
    Ok(rows.into_iter().map(Review::from).collect())
}

/// A listing's open reviews after a key; `reviews_of_listing` serves the newest.
pub(super) async fn of_listing(db: &PgPool, listing: ListingId, order: Order, page: &PageRequest<ReviewKey>) -> Result<Vec<Review>> {
    let statement = match order {
        Order::Newest => {
            "select * from reviews where listing_id = $1 and subject = 'listing' and status = 'published'
               and ($2::integer is null or (published_at, id) < ($3, $4)) order by published_at desc, id desc limit $5"
        }
        Order::Highest => {
            "select * from reviews where listing_id = $1 and subject = 'listing' and status = 'published'
               and ($2::integer is null or (coalesce(overall, 0), published_at, id) < ($2, $3, $4))
             order by coalesce(overall, 0) desc, published_at desc, id desc limit $5"
        }
        Order::Lowest => {
            "select * from reviews where listing_id = $1 and subject = 'listing' and status = 'published'
               and ($2::integer is null or (coalesce(overall, 0), published_at, id) > ($2, $3, $4))
             order by coalesce(overall, 0), published_at, id limit $5"
        }
    };
    let rows: Vec<Row> = sqlx::query_as(statement)
        .bind(listing)
        .bind(page.after.map(|key| key.0))
        .bind(page.after.map(|key| key.1))
        .bind(page.after.map(|key| key.2))
        .bind(page.limit.with_next())
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(Review::from).collect())
}

pub(super) async fn of_guest(db: &PgPool, guest: UserId, page: &PageRequest<ReviewKey>) -> Result<Vec<Review>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select * from reviews where subject_user_id = $1 and subject = 'guest' and status = 'published'
           and ($2::timestamptz is null or (published_at, id) < ($2, $3)) order by published_at desc, id desc limit $4",
    )
    .bind(guest)
    .bind(page.after.map(|key| key.1))
    .bind(page.after.map(|key| key.2))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Review::from).collect())
}

pub(super) async fn sealed(tx: &mut Tx, booking: BookingId) -> Result<Vec<(ReviewId, Subject)>> {
    Ok(sqlx::query_as("select id, subject from reviews where booking_id = $1 and status = 'sealed' order by subject for update")
        .bind(booking)
        .fetch_all(&mut **tx)
        .await?)
}

pub(super) async fn count(tx: &mut Tx, booking: BookingId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from reviews where booking_id = $1").bind(booking).fetch_one(&mut **tx).await?)
}

pub(super) async fn publish(tx: &mut Tx, id: ReviewId) -> Result<()> {
    let now = tx.now();
    sqlx::query("update reviews set status = 'published', published_at = $2 where id = $1 and status = 'sealed'")
        .bind(id)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn hide(tx: &mut Tx, id: ReviewId, reason: &str) -> Result<()> {
    sqlx::query("update reviews set status = 'hidden', hidden_reason = $2 where id = $1").bind(id).bind(reason).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn set_reply(tx: &mut Tx, id: ReviewId, words: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query("update reviews set reply = $2, replied_at = $3 where id = $1").bind(id).bind(words).bind(now).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn insert_report(tx: &mut Tx, id: ReviewId, reporter: UserId, reason: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query("insert into review_reports (review_id, reporter_id, reason, reported_at) values ($1, $2, $3, $4) on conflict do nothing")
        .bind(id)
        .bind(reporter)
        .bind(reason)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Sums the stars of what is open.
pub(super) async fn recompute(tx: &mut Tx, listing: ListingId) -> Result<()> {
    sqlx::query(
        "insert into listing_ratings (listing_id, count, overall, cleanliness, accuracy, check_in, communication, location, value)
         select $1, count(overall), coalesce(sum(overall), 0), coalesce(sum(coalesce(cleanliness, overall)), 0), coalesce(sum(coalesce(accuracy, overall)), 0),
                coalesce(sum(coalesce(check_in, overall)), 0), coalesce(sum(coalesce(communication, overall)), 0),
                coalesce(sum(coalesce(location, overall)), 0), coalesce(sum(coalesce(value, overall)), 0)
         from reviews where listing_id = $1 and subject = 'listing' and status = 'published'
         on conflict (listing_id) do update set count = excluded.count, overall = excluded.overall, cleanliness = excluded.cleanliness,
             accuracy = excluded.accuracy, check_in = excluded.check_in, communication = excluded.communication, location = excluded.location,
             value = excluded.value",
    )
    .bind(listing)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct RatingRow {
    listing_id: ListingId,
    count: i32,
    overall: i32,
    cleanliness: i32,
    accuracy: i32,
    check_in: i32,
    communication: i32,
    location: i32,
    value: i32,
    imported: Option<Json<Rating>>,
}

/// The means, another platform's counted in by how many gave them.
impl From<RatingRow> for Rating {
    fn from(row: RatingRow) -> Self {
        let imported = row.imported.map(|json| json.0).unwrap_or_default();
        let mean = |sum: i32, theirs: Option<i32>| {
            let their_count = i64::from(if theirs.is_some() { imported.count } else { 0 });
            let count = i64::from(row.count) + their_count;
            let total = i64::from(sum) * 100 + i64::from(theirs.unwrap_or(0)) * their_count;
            (count > 0).then(|| i32::try_from((total + count / 2) / count).unwrap_or(0))
        };
        Self {
            count: row.count + imported.count,
            overall: mean(row.overall, imported.overall),
            cleanliness: mean(row.cleanliness, imported.cleanliness),
            accuracy: mean(row.accuracy, imported.accuracy),
            check_in: mean(row.check_in, imported.check_in),
            communication: mean(row.communication, imported.communication),
            location: mean(row.location, imported.location),
            value: mean(row.value, imported.value),
        }
    }
}

pub(super) async fn rating(db: &mut PgConnection, listing: ListingId) -> Result<Rating> {
    let row: Option<RatingRow> =
        sqlx::query_as("select * from listing_ratings where listing_id = $1").bind(listing).fetch_optional(db).await?;
    Ok(row.map(Rating::from).unwrap_or_default())
}

/// Takes over ratings from another platform; gives back what each home has now.
pub(super) async fn set_imported_ratings(tx: &mut Tx, ratings: &[(ListingId, Rating)]) -> Result<Vec<(ListingId, Rating)>> {
    let ids: Vec<uuid::Uuid> = ratings.iter().map(|(id, _)| id.0).collect();
    let imported = ratings.iter().map(|(_, rating)| serde_json::to_value(rating)).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<RatingRow> = sqlx::query_as(
        "insert into listing_ratings (listing_id, imported)
         select listing_id, imported from unnest($1::uuid[], $2::jsonb[]) as rating (listing_id, imported)
         on conflict (listing_id) do update set imported = excluded.imported
         returning *",
    )
    .bind(ids)
    .bind(imported)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.listing_id, row.into())).collect())
}

/// Takes over what has been copied into `imported_reviews`.
pub(super) async fn merge_imported(tx: &mut Tx, source: &str) -> Result<()> {
    // The table is this transaction's own, so the statement is not prepared
    // ahead of it.
    let statement = "insert into reviews (id, listing_id, subject, subject_user_id, author_name, public_comment, status, submitted_at, published_at, source, external_id)
         select distinct on (i.external_id) i.id, i.listing_id, 'listing', l.host_id, i.author_name, i.words, 'published', i.at, i.at, $1, i.external_id
         from imported_reviews i join listings l on l.id = i.listing_id order by i.external_id
         on conflict (source, external_id) where source is not null do update set public_comment = excluded.public_comment, author_name = excluded.author_name
         where (reviews.public_comment, reviews.author_name) is distinct from (excluded.public_comment, excluded.author_name)";
    sqlx::query(statement).bind(source).execute(&mut **tx).await?;
    Ok(())
}
