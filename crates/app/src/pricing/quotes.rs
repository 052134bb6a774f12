//! Offers: what a stay costs and what comes back when it is called off.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::actor::Actor;
use domain::alterations::altered_quote;
use domain::calendar::{StayError, StayFacts, StayRules, explain};
use domain::cancellation::{Moment, PolicyTerms, TimelineStep, refund_timeline, terms_for};
use domain::co_hosts::Access;
use domain::dates::{Stay, local_date};
use domain::fields::FieldError;
use domain::guests::Guests;
use domain::ids::ListingId;
use domain::listings::{Listing, ListingStatus};
use domain::pricing::{Fees, Occasion, Prices, Quote, Tariff};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{default_fees, sql};
use crate::App;
use crate::error::{self, Error, Result};
use crate::tx::Tx;
use crate::{cached, calendar, listings};

/// A stay that can be booked, with its price.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Price, line by line.
    pub quote: Quote,
    /// What a cancellation gives back.
    pub policy: PolicyTerms,
    /// Fees in force.
    pub fees: Fees,
    /// The policy, tabulated from now on.
    pub timeline: Vec<TimelineStep>,
    /// Names this price of this stay.
    pub price_token: String,
}

/// What a quote needs of a listing that changes rarely.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PriceSheet {
    /// Itself.
    pub listing: Listing,
    /// When it can be had.
    pub rules: StayRules,
    /// What it costs; none while it is a draft without.
    pub tariff: Option<Tariff>,
}

/// Prices a stay that breaks no rule.
///
/// # Errors
/// `409 dates_unavailable` when only the nights are taken, else 422 with every
/// rule the stay breaks; 404 for a listing without a price.
pub(crate) async fn offer_in(tx: &mut Tx, sheet: &PriceSheet, facts: &StayFacts, stay: Stay, guests: &Guests) -> Result<Offer> {
    let PriceSheet { listing, rules, tariff } = sheet;
    let now = tx.now();
    let broken = explain(&calendar::terms(listing, rules), facts, stay, guests, now);
    refuse(&broken)?;
    let app = tx.app();
    let tariff = tariff.as_ref().ok_or(Error::NotFound("price"))?;
    let (taxes, dated) = sql::taxes_and_fees(tx, listing, stay.check_in).await?;
    let zone = listing.time_zone.unwrap_or(chrono_tz::UTC);
    // Only the discount for new listings asks how many there were.
    let counted = tariff.new_listing_discount_bps.0 > 0;
    let earlier_bookings = if counted { sql::earlier_bookings(tx, listing.id).await? } else { 0 };
    let occasion = Occasion { booked_on: local_date(zone, now), earlier_bookings };
    let fees = domain::fees::in_force(&dated, default_fees(&app), listing.host_id, stay.nights(), occasion.booked_on);
    let prices = Prices { tariff, days: &facts.days, fees: &fees, taxes: &taxes };
    let quote = domain::pricing::quote(&prices, stay, guests, &occasion)?;
    let policy = terms_for(listing.cancellation_policy, stay.nights());
    let moment = Moment {
        quote: &quote,
        fees: &fees,
        terms: &policy,
        time_zone: zone,
        check_in_time: listing.check_in_from,
        confirmed_at: None,
        granted: 0,
    };
    let timeline = refund_timeline(&moment, now)?;
    let price_token = price_token(listing.id, &quote)?;
    Ok(Offer { policy, fees, timeline, price_token, quote })
}

/// The price of a booking after a change of its nights or guests: nights that
/// stay keep theirs (`agreed`, with its fees), new ones cost what they cost now.
///
/// # Errors
/// `409 currency_changed` when the listing has another currency now, 404 when it
/// has no price any more.
pub(crate) async fn altered_in(tx: &mut Tx, listing: &Listing, agreed: (&Quote, &Fees), stay: Stay, guests: &Guests) -> Result<Quote> {
    let tariff = sql::tariff(tx, listing.id).await?.ok_or(Error::NotFound("price"))?;
    if tariff.currency != agreed.0.currency {
        return Err(Error::conflict("currency_changed", "the home is let in another currency now: call off and book anew"));
    }
    let facts = calendar::facts_in(tx, listing.id, stay, 0).await?;
    let (taxes, _) = sql::taxes_and_fees(tx, listing, stay.check_in).await?;
    let zone = listing.time_zone.unwrap_or(chrono_tz::UTC);
    let occasion = Occasion { booked_on: local_date(zone, tx.now()), earlier_bookings: sql::earlier_bookings(tx, listing.id).await? };
    let prices = Prices { tariff: &tariff, days: &facts.days, fees: agreed.1, taxes: &taxes };
    Ok(altered_quote(agreed.0, &prices, stay, guests, &occasion)?)
}

fn refuse(broken: &[StayError]) -> Result<()> {
    if broken.is_empty() {
        return Ok(());
    }
    if broken.iter().all(StayError::is_taken) {
        let why: Vec<String> = broken.iter().map(ToString::to_string).collect();
        return Err(Error::conflict("dates_unavailable", why.join("; ")));
    }
    let mistake = |error: &StayError| {
        let pointer = match error {
            StayError::TooManyGuests { .. } => "/guests",
            StayError::TooManyPets { .. } => "/guests/pets",
            StayError::ClosedToDeparture { .. } | StayError::TooShort { .. } | StayError::TooLong { .. } => "/check_out",
            StayError::NotPublished => "/listing_id",
            _ => "/check_in",
        };
        FieldError { pointer: pointer.to_owned(), code: error.code(), message: error.to_string() }
    };
    Err(Error::Invalid(broken.iter().map(mistake).collect()))
}

fn price_token(listing: ListingId, quote: &Quote) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(listing.0.as_bytes());
    hash.update(serde_json::to_vec(quote)?);
    Ok(URL_SAFE_NO_PAD.encode(&hash.finalize()[..18]))
}

/// What a stay costs now.
///
/// # Errors
/// As a booking would be refused: `409 dates_unavailable`, 422 with every rule
/// the stay breaks, 404.
pub async fn quote(app: &App, actor: &Actor, id: ListingId, stay: Stay, guests: &Guests) -> Result<Offer> {
    error::check(|check| guests.check(check, "/guests"))?;
    let sheet = cached::price_sheet(app, id, async {
        let listing = listings::by_id(app, id).await?;
        let sheet = PriceSheet { rules: calendar::rules_of(app, id).await?, tariff: super::of(app, id).await?, listing };
        Ok(serde_json::to_vec(&sheet)?)
    })
    .await?;
    let sheet: PriceSheet = serde_json::from_slice(&sheet)?;
    let hidden = sheet.listing.status != ListingStatus::Published;
    if hidden && listings::co_hosts::access_of(app, actor, &sheet.listing).await? == Access::Public {
        return Err(Error::NotFound("listing"));
    }
    // A transaction for one view of the data; nothing is written. What is taken
    // never comes from a cache.
    let mut tx = app.begin().await?;
    let facts = calendar::facts_in(&mut tx, id, stay, sheet.rules.preparation_nights).await?;
    offer_in(&mut tx, &sheet, &facts, stay, guests).await
}
