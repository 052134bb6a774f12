//! SQL of many reviews at once.

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, ListingId, ReviewId, UserId};
use domain::page::Limit;
use sqlx::PgPool;

use super::{RatingRow, Row};
use crate::error::Result;
use crate::reviews::{Order, Rating, Review, ReviewKey};

pub(in crate::reviews) async fn by_ids(db: &PgPool, ids: &[ReviewId]) -> Result<Vec<Review>> {
    let rows: Vec<Row> = sqlx::query_as("select * from reviews where id = any($1)").bind(ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(Review::from).collect())
}

pub(in crate::reviews) async fn of_bookings(db: &PgPool, ids: &[BookingId]) -> Result<Vec<Review>> {
    let rows: Vec<Row> = sqlx::query_as("select * from reviews where booking_id = any($1) order by booking_id, submitted_at")
        .bind(ids)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(Review::from).collect())
}

pub(in crate::reviews) async fn ratings(db: &PgPool, ids: &[ListingId]) -> Result<Vec<(ListingId, Rating)>> {
    let rows: Vec<RatingRow> = sqlx::query_as("select * from listing_ratings where listing_id = any($1)").bind(ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.listing_id, row.into())).collect())
}

#[derive(sqlx::FromRow)]
struct Placed {
    place: i64,
    #[sqlx(flatten)]
    row: Row,
}

fn placed(rows: Vec<Placed>) -> Vec<(usize, Review)> {
    rows.into_iter().map(|placed| (usize::try_from(placed.place - 1).unwrap_or(usize::MAX), placed.row.into())).collect()
}

/// Keys column by column, for `unnest`.
type Columns<Id> = (Vec<Id>, Vec<Option<i32>>, Vec<Option<DateTime<Utc>>>, Vec<Option<ReviewId>>);

fn columns<Id: Copy>(wanted: &[(Id, Option<ReviewKey>)]) -> Columns<Id> {
    let (mut ids, mut stars, mut times, mut reviews) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (id, after) in wanted {
        ids.push(*id);
        stars.push(after.map(|key| key.0));
        times.push(after.map(|key| key.1));
        reviews.push(after.map(|key| key.2));
    }
    (ids, stars, times, reviews)
}

/// Each home's open reviews after its place; `reviews_of_listing` serves the newest.
pub(in crate::reviews) async fn of_listings(
    db: &PgPool,
    wanted: &[(ListingId, Option<ReviewKey>)],
    order: Order,
    limit: Limit,
) -> Result<Vec<(usize, Review)>> {
    let statement = match order {
        Order::Newest => {
            "select wanted.place, r.*
             from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::uuid[]) with ordinality as wanted (id, stars, at, review, place)
             cross join lateral (
                 select * from reviews where listing_id = wanted.id and subject = 'listing' and status = 'published'
                   and (wanted.review is null or (published_at, id) < (wanted.at, wanted.review))
                 order by published_at desc, id desc limit $5
             ) r order by wanted.place, r.published_at desc, r.id desc"
        }
        Order::Highest => {
            "select wanted.place, r.*
             from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::uuid[]) with ordinality as wanted (id, stars, at, review, place)
             cross join lateral (
                 select * from reviews where listing_id = wanted.id and subject = 'listing' and status = 'published'
                   and (wanted.review is null or (coalesce(overall, 0), published_at, id) < (wanted.stars, wanted.at, wanted.review))
                 order by coalesce(overall, 0) desc, published_at desc, id desc limit $5
             ) r order by wanted.place, coalesce(r.overall, 0) desc, r.published_at desc, r.id desc"
        }
        Order::Lowest => {
            "select wanted.place, r.*
             from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::uuid[]) with ordinality as wanted (id, stars, at, review, place)
             cross join lateral (
                 select * from reviews where listing_id = wanted.id and subject = 'listing' and status = 'published'
                   and (wanted.review is null or (coalesce(overall, 0), published_at, id) > (wanted.stars, wanted.at, wanted.review))
                 order by coalesce(overall, 0), published_at, id limit $5
             ) r order by wanted.place, coalesce(r.overall, 0), r.published_at, r.id"
        }
    };
    let (ids, stars, times, reviews) = columns(wanted);
    let rows = sqlx::query_as(statement).bind(ids).bind(stars).bind(times).bind(reviews).bind(limit.with_next()).fetch_all(db).await?;
    Ok(placed(rows))
}

pub(in crate::reviews) async fn of_guests(
    db: &PgPool,
    wanted: &[(UserId, Option<ReviewKey>)],
    limit: Limit,
) -> Result<Vec<(usize, Review)>> {
    let (ids, _, times, reviews) = columns(wanted);
    let rows = sqlx::query_as(
        "select wanted.place, r.*
         from unnest($1::uuid[], $2::timestamptz[], $3::uuid[]) with ordinality as wanted (id, at, review, place)
         cross join lateral (
             select * from reviews where subject_user_id = wanted.id and subject = 'guest' and status = 'published'
               and (wanted.review is null or (published_at, id) < (wanted.at, wanted.review))
             order by published_at desc, id desc limit $4
         ) r order by wanted.place, r.published_at desc, r.id desc",
    )
    .bind(ids)
    .bind(times)
    .bind(reviews)
    .bind(limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(placed(rows))
}
