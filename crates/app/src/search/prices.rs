//! Prices of many homes at once: their facts in four statements, then the one
//! pricing function for each.

use std::collections::HashMap;

use domain::calendar::DayRule;
use domain::dates::{Stay, local_date};
use domain::guests::Guests;
use domain::ids::ListingId;
use domain::money::Money;
use domain::pricing::{Occasion, Prices, Tariff, night_price, quote};
use domain::taxes::TaxRule;

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
    pub tariff: Tariff,
    pub time_zone: chrono_tz::Tz,
    pub country: Option<String>,
    pub region: String,
    pub city: String,
    pub earlier_bookings: i64,
}

/// A tax rule with the place it is for.
pub(super) struct PlacedTax {
    pub rule: TaxRule,
    pub country: String,
    pub region: Option<String>,
    pub city: Option<String>,
    pub currency: Option<domain::money::Currency>,
}

impl PlacedTax {
    fn concerns(&self, home: &Priced) -> bool {
        let same = |wanted: &Option<String>, have: &str| wanted.as_ref().is_none_or(|name| name.to_lowercase() == have.to_lowercase());
        home.country.as_deref() == Some(self.country.as_str())
            && same(&self.region, &home.region)
            && same(&self.city, &home.city)
            && self.currency.is_none_or(|currency| currency == home.tariff.currency)
    }
}

/// The prices of homes; those without a tariff are left out.
pub(super) async fn of(app: &App, ids: &[ListingId], stay: Option<Stay>, guests: &Guests) -> Result<HashMap<ListingId, Price>> {
    let homes = sql::tariffs(&app.db, ids).await?;
    let (mut days, taxes) = match stay {
        Some(stay) => (sql::day_prices(&app.db, ids, stay).await?, sql::taxes(&app.db, stay.check_in).await?),
        None => (HashMap::new(), Vec::new()),
    };
    let fees = pricing::fees(app);
    let now = app.clock.now();
    let mut prices = HashMap::with_capacity(homes.len());
    for home in homes {
        let money = |amount| Money::new(amount, home.tariff.currency);
        let own: Vec<DayRule> = days.remove(&home.id).unwrap_or_default();
        let price = match stay {
            None => Price { nightly: money(home.tariff.nightly), total: None },
            Some(stay) => {
                let taxed: Vec<TaxRule> = taxes.iter().filter(|tax| tax.concerns(&home)).map(|tax| tax.rule.clone()).collect();
                let occasion = Occasion { booked_on: local_date(home.time_zone, now), earlier_bookings: home.earlier_bookings };
                let sum = quote(&Prices { tariff: &home.tariff, days: &own, fees: &fees, taxes: &taxed }, stay, guests, &occasion)?;
                let cheapest = stay.dates().map(|date| night_price(&home.tariff, &own, date)).min().unwrap_or(home.tariff.nightly);
                Price { nightly: money(cheapest), total: Some(money(sum.total)) }
            }
        };
        prices.insert(home.id, price);
    }
    Ok(prices)
}
