//! Prices of many homes at once: their facts in four statements, then the one
//! pricing function for each.

use std::collections::HashMap;

use domain::calendar::DayRule;
use domain::dates::{Stay, local_date};
use domain::guests::Guests;
use domain::ids::{ListingId, UserId};
use domain::money::Money;
use domain::pricing::{Occasion, Prices, Tariff, night_price, quote};
use domain::taxes::{PlacedTax, TaxRule};

use super::sql;
use crate::error::Result;
use crate::{App, pricing};

/// What a home costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Price {
    /// A night: the cheapest of the stay, or the base price.
    pub nightly: Money,
    /// The whole stay, if one was asked for.
    pub total: Option<Money>,
}

impl Price {
    /// What bounds and orders look at.
    pub fn compared(&self) -> Money {
        self.total.unwrap_or(self.nightly)
    }
}

/// What the price of one home is made of.
pub(super) struct Priced {
    pub id: ListingId,
    pub host_id: UserId,
    pub tariff: Tariff,
    pub time_zone: chrono_tz::Tz,
    pub country: Option<String>,
    pub region: String,
    pub city: String,
    pub earlier_bookings: i64,
}

/// The prices of homes; those without a tariff are left out.
pub(super) async fn of(app: &App, ids: &[ListingId], stay: Option<Stay>, guests: &Guests) -> Result<HashMap<ListingId, Price>> {
    let homes = sql::tariffs(&app.db, ids).await?;
    let (mut days, taxes) = match stay {
        Some(stay) => (sql::day_prices(&app.db, ids, stay).await?, sql::taxes(&app.db, stay.check_in).await?),
        None => (HashMap::new(), Vec::new()),
    };
    let dated = if stay.is_some() { pricing::rules::dated_fees(app).await? } else { Vec::new() };
    let now = app.clock.now();
    let mut prices = HashMap::with_capacity(homes.len());
    for home in homes {
        let money = |amount| Money::new(amount, home.tariff.currency);
        let own: Vec<DayRule> = days.remove(&home.id).unwrap_or_default();
        let price = match stay {
            None => Price { nightly: money(home.tariff.nightly), total: None },
            Some(stay) => {
                let place = (home.country.as_deref(), home.region.as_str(), home.city.as_str());
                let concern = |tax: &&PlacedTax| tax.concerns(place, home.tariff.currency);
                let taxed: Vec<TaxRule> = taxes.iter().filter(concern).map(|tax| tax.rule.clone()).collect();
                let occasion = Occasion { booked_on: local_date(home.time_zone, now), earlier_bookings: home.earlier_bookings };
                let otherwise = pricing::default_fees(app);
                let fees = domain::fees::in_force(&dated, otherwise, home.host_id, stay.nights(), occasion.booked_on);
                let sum = quote(&Prices { tariff: &home.tariff, days: &own, fees: &fees, taxes: &taxed }, stay, guests, &occasion)?;
                let cheapest = stay.dates().map(|date| night_price(&home.tariff, &own, date)).min().unwrap_or(home.tariff.nightly);
                Price { nightly: money(cheapest), total: Some(money(sum.total)) }
            }
        };
        prices.insert(home.id, price);
    }
    Ok(prices)
}
