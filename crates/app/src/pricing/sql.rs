//! SQL of tariffs and tax rules.

pub(super) mod rates;
pub(super) mod rules;

use chrono::NaiveDate;
use domain::fees::DatedFees;
use domain::ids::ListingId;
use domain::listings::Listing;
use domain::money::{BasisPoints, Currency};
use domain::pricing::{ExtraGuest, LeadDiscount, PriceSeason, Promotion, Tariff};
use domain::taxes::{PlacedTax, TaxRule};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

pub(super) mod batch;

use super::ImportedPrices;
use crate::copy::{CopyRows, CopyTarget, merge_in};
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct TariffRow {
    currency: Currency,
    nightly: Option<i64>,
    weekend_nightly: Option<i64>,
    cleaning_fee: i64,
    pet_fee: i64,
    extra_guest_after: Option<i32>,
    extra_guest_amount: Option<i64>,
    weekly_discount_bps: i32,
    monthly_discount_bps: i32,
    new_listing_discount_bps: i32,
    early_bird_days: Option<i32>,
    early_bird_bps: Option<i32>,
    last_minute_days: Option<i32>,
    last_minute_bps: Option<i32>,
    promotions: Json<Vec<Promotion>>,
    seasons: Json<Vec<PriceSeason>>,
}

fn lead(days: Option<i32>, bps: Option<i32>) -> Option<LeadDiscount> {
    Some(LeadDiscount { days: days?, bps: BasisPoints(bps?) })
}

pub(super) async fn tariff(db: &mut PgConnection, listing: ListingId) -> Result<Option<Tariff>> {
    let row: Option<TariffRow> =
        sqlx::query_as("select t.*, l.currency from tariffs t join listings l on l.id = t.listing_id where t.listing_id = $1")
            .bind(listing)
            .fetch_optional(db)
            .await?;
    Ok(row.and_then(TariffRow::tariff))
}

impl TariffRow {
    /// None while the draft has no price.
    fn tariff(self) -> Option<Tariff> {
        let row = self;
        Some(Tariff {
            currency: row.currency,
            nightly: row.nightly?,
            weekend_nightly: row.weekend_nightly,
            cleaning_fee: row.cleaning_fee,
            pet_fee: row.pet_fee,
            extra_guest: row.extra_guest_after.zip(row.extra_guest_amount).map(|(after, amount)| ExtraGuest { after, amount }),
            weekly_discount_bps: BasisPoints(row.weekly_discount_bps),
            monthly_discount_bps: BasisPoints(row.monthly_discount_bps),
            new_listing_discount_bps: BasisPoints(row.new_listing_discount_bps),
            early_bird: lead(row.early_bird_days, row.early_bird_bps),
            last_minute: lead(row.last_minute_days, row.last_minute_bps),
            promotions: row.promotions.0,
            seasons: row.seasons.0,
        })
    }
}

pub(super) async fn put_tariff(tx: &mut Tx, listing: ListingId, tariff: &Tariff) -> Result<()> {
    tx.touch(listing);
    sqlx::query(
        "insert into tariffs (listing_id, nightly, weekend_nightly, cleaning_fee, pet_fee, extra_guest_after, extra_guest_amount, weekly_discount_bps,
             monthly_discount_bps, new_listing_discount_bps, early_bird_days, early_bird_bps, last_minute_days, last_minute_bps, promotions, seasons)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict (listing_id) do update set nightly = $2, weekend_nightly = $3, cleaning_fee = $4, pet_fee = $5, extra_guest_after = $6,
             extra_guest_amount = $7, weekly_discount_bps = $8, monthly_discount_bps = $9, new_listing_discount_bps = $10, early_bird_days = $11,
             early_bird_bps = $12, last_minute_days = $13, last_minute_bps = $14, promotions = $15, seasons = $16",
    )
    .bind(listing)
    .bind(tariff.nightly)
    .bind(tariff.weekend_nightly)
    .bind(tariff.cleaning_fee)
    .bind(tariff.pet_fee)
    .bind(tariff.extra_guest.map(|extra| extra.after))
    .bind(tariff.extra_guest.map(|extra| extra.amount))
    .bind(tariff.weekly_discount_bps.0)
    .bind(tariff.monthly_discount_bps.0)
    .bind(tariff.new_listing_discount_bps.0)
    .bind(tariff.early_bird.map(|lead| lead.days))
    .bind(tariff.early_bird.map(|lead| lead.bps.0))
    .bind(tariff.last_minute.map(|lead| lead.days))
    .bind(tariff.last_minute.map(|lead| lead.bps.0))
    .bind(Json(&tariff.promotions))
    .bind(Json(&tariff.seasons))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Taxes in force for an arrival at a listing (fixed amounts only in its own
/// currency), and the fee rules that may concern a booking of it made now: one
/// round trip.
pub(super) async fn taxes_and_fees(tx: &mut Tx, listing: &Listing, check_in: NaiveDate) -> Result<(Vec<TaxRule>, Vec<DatedFees>)> {
    let today = tx.now().date_naive();
    let (taxes, fees): (Json<Vec<rules::TaxTerms>>, Json<Vec<rules::FeeTerms>>) = sqlx::query_as(
        "select
            (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]') from tax_rules t
             where country = $1 and (region is null or lower(region) = lower($2)) and (city is null or lower(city) = lower($3))
               and (currency is null or currency = $4) and from_date <= $5 and (to_date is null or to_date > $5)),
            (select coalesce(jsonb_agg(to_jsonb(f)), '[]') from fee_rules f
             where (host_id is null or host_id = $6) and from_date <= $7::date + 1 and (to_date is null or to_date > $7::date - 1))",
    )
    .bind(&listing.address.country)
    .bind(&listing.address.region)
    .bind(&listing.address.city)
    .bind(listing.currency)
    .bind(check_in)
    .bind(listing.host_id)
    .bind(today)
    .fetch_one(&mut **tx)
    .await?;
    Ok((taxes.0.into_iter().map(|terms| PlacedTax::from(terms).rule).collect(), fees.0.into_iter().map(DatedFees::from).collect()))
}

/// Bookings of a listing that came to something.
pub(super) async fn earlier_bookings(tx: &mut Tx, listing: ListingId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from bookings where listing_id = $1 and state in ('confirmed', 'completed', 'no_show')")
        .bind(listing)
        .fetch_one(&mut **tx)
        .await?)
}

/// Takes over what files say of prices; what they leave out stays.
pub(super) async fn put_prices(tx: &mut Tx, prices: &[(ListingId, ImportedPrices)]) -> Result<Vec<Uuid>> {
    let mut rows = CopyRows::default();
    for (id, price) in prices {
        tx.touch(*id);
        let row = rows.cell(id).maybe(price.nightly).maybe(price.cleaning_fee);
        row.maybe(price.extra_guest.map(|extra| extra.after)).maybe(price.extra_guest.map(|extra| extra.amount));
        row.maybe(price.weekly_discount.map(|bps| bps.0)).maybe(price.monthly_discount.map(|bps| bps.0)).end();
    }
    let columns = "listing_id, nightly, cleaning_fee, extra_guest_after, extra_guest_amount, weekly_discount_bps, monthly_discount_bps";
    merge_in(tx, &CopyTarget { table: "tariffs", key: "listing_id", required: "listing_id", columns }, rows).await
}
