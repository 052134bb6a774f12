//! Homes, hosts and guests of a soak, written at once: there are thousands, and
//! what is tested is what happens to their bookings.

use std::collections::HashMap;

use app::App;
use app::payments::PayoutMethodChange;
use domain::actor::Actor;
use domain::bookings::{Booking, BookingState};
use domain::coupons::{CouponTerms, CouponValue};
use domain::ids::{BookingId, ListingId, UserId};
use domain::money::BasisPoints;
use domain::payouts::PayoutSchedule;

/// A bookable home.
#[derive(Debug, Clone, Copy)]
pub struct Home {
    /// Which.
    pub listing: ListingId,
    /// Whose.
    pub host: UserId,
}

/// Who and what a soak is about.
pub struct Cast {
    /// Homes in four currencies (exponents 0, 2 and 3), instant and on request.
    pub homes: Vec<Home>,
    /// Guests.
    pub guests: Vec<Actor>,
    people: HashMap<UserId, Actor>,
}

/// So many coupons there are.
pub const COUPONS: usize = 60;

/// The code of a coupon.
pub fn code(number: usize) -> String {
    format!("SOAK-{number}")
}

fn person(id: UserId) -> Actor {
    Actor::User { id, staff: false, verified: true }
}

impl Cast {
    /// Makes `homes` homes with a host for every ten and as many guests, or
    /// finds those of an earlier run.
    pub(super) async fn make_or_find(app: &App, homes: usize) -> anyhow::Result<Self> {
        let found: i64 = sqlx::query_scalar("select count(*) from listings").fetch_one(&app.db).await?;
        if found == 0 {
            Self::make(app, homes).await?;
        }
        let homes: Vec<(ListingId, UserId)> = sqlx::query_as("select id, host_id from listings order by id").fetch_all(&app.db).await?;
        let guests: Vec<UserId> =
            sqlx::query_scalar("select id from users where name like 'guest %' order by id").fetch_all(&app.db).await?;
        let people = homes.iter().map(|(_, host)| *host).chain(guests.iter().copied()).map(|id| (id, person(id))).collect();
        let cast = Self {
            homes: homes.into_iter().map(|(listing, host)| Home { listing, host }).collect(),
            guests: guests.into_iter().map(person).collect(),
            people,
        };
        if found == 0 {
            cast.write_coupons(app).await?;
        }
        Ok(cast)
    }

    /// Coupons of every kind: percentages with and without a limit, amounts, few
    /// uses.
    async fn write_coupons(&self, app: &App) -> anyhow::Result<()> {
        for number in 0..COUPONS {
            let currency = ["EUR", "USD", "JPY", "BHD"][number % 4].parse().map_err(anyhow::Error::msg)?;
            let value = match number % 3 {
                0 => CouponValue::Amount(2_500),
                1 => CouponValue::Percent(BasisPoints(1_500)),
                _ => CouponValue::Percent(BasisPoints(10_000)),
            };
            let terms = CouponTerms {
                code: code(number),
                value,
                currency: (number % 3 != 1).then_some(currency),
                max_amount: (number % 3 == 2).then_some(4_000),
                minimum_total: 0,
                starts_at: app.clock.now(),
                ends_at: None,
                max_uses: (number % 5 == 0).then_some(40),
                first_booking_only: number % 7 == 6,
                note: String::new(),
            };
            app::coupons::create(app, &self.staff(), terms).await?;
        }
        Ok(())
    }

    /// Somebody who keeps the marketplace.
    pub fn staff(&self) -> Actor {
        let id = self.guests.first().and_then(Actor::user_id).unwrap_or(UserId(uuid::Uuid::nil()));
        Actor::User { id, staff: true, verified: true }
    }

    async fn make(app: &App, homes: usize) -> anyhow::Result<()> {
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        let count = i64::try_from(homes)?;
        sqlx::query(
            "insert into users (id, email, email_verified_at, name, status, created_at, updated_at)
             select gen_random_uuid(), kind || n || '@example.org', $2, kind || ' ' || n, 'active', $2, $2
             from unnest(array['host', 'guest']) kind, generate_series(1, $1) n where kind = 'guest' or n <= greatest($1 / 10, 1)",
        )
        .bind(count)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "with hosts as (select id, row_number() over (order by email) - 1 as place, count(*) over () as many from users where name like 'host %')
             insert into listings (id, host_id, status, title, description, capacity, beds, currency, time_zone, booking_mode,
                                   cancellation_policy, city, country, latitude_e7, longitude_e7, public_latitude_e7, public_longitude_e7,
                                   created_at, updated_at, published_at)
             select gen_random_uuid(), h.id, 'published', 'Home ' || n, 'A home of the soak.', 4, 2,
                    (array['EUR', 'USD', 'JPY', 'BHD'])[1 + n % 4],
                    (array['Europe/Lisbon', 'America/New_York', 'Asia/Tokyo', 'Pacific/Kiritimati'])[1 + n % 4],
                    (array['instant', 'instant', 'request'])[1 + n % 3],
                    (array['flexible', 'moderate', 'limited', 'firm', 'strict', 'non_refundable'])[1 + n % 6],
                    'Soak', 'PT', 387139000, -91334000, 387139000, -91334000, $2, $2, $2
             from generate_series(0, $1 - 1) n join hosts h on h.place = n % h.many",
        )
        .bind(count)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "insert into tariffs (listing_id, nightly, cleaning_fee, weekly_discount_bps, extra_guest_after, extra_guest_amount)
             select id, 4000 + (hashtext(id::text) & 8191), hashtext(id::text) & 2047, 1000, 1, 777 from listings",
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query("insert into stay_rules (listing_id) select id from listings").execute(&mut *tx).await?;
        sqlx::query(
            "insert into tax_rules (id, jurisdiction, label, country, kind, rate_bps, base, from_date)
             values ('soak-vat', 'PT', 'VAT', 'PT', 'percent', 600, 'all', '2020-01-01') on conflict do nothing",
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Hosts say where their money goes: to accounts where it arrives, takes a
    /// day or comes back. One in ten never says so.
    pub(super) async fn open_accounts(&self, app: &App) -> anyhow::Result<()> {
        let mut hosts: Vec<UserId> = self.homes.iter().map(|home| home.host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        for (place, host) in hosts.into_iter().enumerate() {
            let behaviour = match place % 10 {
                0 => continue,
                1 => "fail",
                2..=5 => "slow",
                _ => "arrive",
            };
            let schedule = [PayoutSchedule::AsDue, PayoutSchedule::Weekly, PayoutSchedule::Monthly][place % 3];
            let wish = PayoutMethodChange { country: "PT".into(), schedule, minimum: None, new_account: false };
            let method = app::payments::put_payout_method(app, &person(host), wish).await?;
            if !method.payouts_enabled {
                app::ports::sandbox::onboard(app, &method.account, behaviour).await?;
            }
        }
        Ok(())
    }

    /// A guest or host as an actor.
    pub fn person(&self, id: UserId) -> Actor {
        self.people.get(&id).copied().unwrap_or_else(|| person(id))
    }
}

/// Bookings that something may still happen to.
pub(super) async fn unfinished(app: &App) -> anyhow::Result<Vec<BookingId>> {
    Ok(sqlx::query_scalar("select id from bookings where state in ('requested', 'confirmed') order by id").fetch_all(&app.db).await?)
}

/// A booking as it stands.
pub(super) async fn booking(app: &App, id: BookingId) -> anyhow::Result<Option<Booking>> {
    let staff = Actor::User { id: UserId(uuid::Uuid::nil()), staff: true, verified: true };
    match app::bookings::party(app, &staff, id).await {
        Ok((booking, _)) => Ok(Some(booking)),
        Err(app::Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Bookings by state.
pub(super) async fn states(app: &App) -> anyhow::Result<Vec<(BookingState, i64)>> {
    Ok(sqlx::query_as("select state, count(*) from bookings group by state order by state").fetch_all(&app.db).await?)
}
