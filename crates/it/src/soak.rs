//! Random lives of bookings, by the thousand: declines, banks that ask, hosts
//! who say no, cancellations at every moment, disputes, instalments, late and
//! doubled webhooks, several currencies. Everything goes through the
//! use-cases and the job worker, as in a marketplace at work.

mod cast;
mod proof;

pub use cast::Cast;
pub use proof::{Proof, prove, tampering_is_found};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use app::bookings::alterations::{self, Wish};
use app::bookings::refund_requests::{self, Verdict};
use app::bookings::{PayWish, Request};
use app::{App, Error};
use chrono::{Days, TimeDelta};
use domain::actor::Actor;
use domain::bookings::{Booking, BookingState};
use domain::dates::Stay;
use domain::guests::Guests;
use domain::ids::BookingId;
use domain::instalments::PaymentPlan;
use domain::listings::BookingMode;
use domain::money::Money;
use domain::payments::PaymentStatus;
use jobs::WorkerSettings;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Cards by how often they are used, in hundredths.
const CARDS: [(&str, u32); 8] = [
    ("pm_card_visa", 62),
    ("pm_card_mastercard", 8),
    ("pm_card_threeDSecure2Required", 10),
    ("pm_card_visa_chargeDeclined", 6),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", 3),
    ("pm_card_createDispute", 4),
    ("pm_card_pendingRefund", 4),
    ("pm_card_chargeCustomerFail", 3),
];

/// How many of what happened.
#[derive(Default)]
pub struct Tally(std::sync::Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    fn count(&self, what: &'static str) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).entry(what).or_default() += 1;
    }

    /// What was counted, by name.
    pub fn read(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// A run of random lives.
pub struct Soak {
    app: App,
    cast: Cast,
    /// What happened.
    pub tally: Tally,
    placed: AtomicU64,
    alive: Mutex<Vec<BookingId>>,
}

/// Errors that a random life meets and that are answers, not faults.
fn expected<T>(result: Result<T, Error>) -> anyhow::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Conflict { .. } | Error::Invalid(_) | Error::Forbidden { .. } | Error::Busy(_) | Error::NotFound(_)) => Ok(None),
        Err(other) => Err(anyhow::anyhow!("{other:#}")),
    }
}

impl Soak {
    /// A run with a cast of so many homes, made or found.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn new(app: App, homes: usize) -> anyhow::Result<Self> {
        let cast = Cast::make_or_find(&app, homes).await?;
        cast.open_accounts(&app).await?;
        let alive = cast::unfinished(&app).await?;
        Ok(Self { app, cast, tally: Tally::default(), placed: AtomicU64::new(0), alive: Mutex::new(alive) })
    }

    /// Lets `count` more bookings live, eight at a time, the clock moving on by
    /// `step` after every `batch`.
    ///
    /// # Errors
    /// When a use-case fails in a way that is a fault of ours.
    pub async fn live(self: &Arc<Self>, seed: u64, count: u64, batch: u64, step: TimeDelta) -> anyhow::Result<()> {
        let mut left = count;
        let mut round = 0_u64;
        while left > 0 {
            let now = left.min(batch);
            let mut tasks = JoinSet::new();
            for lane in 0..8 {
                let (soak, share) = (self.clone(), now / 8 + u64::from(lane < now % 8));
                let random = StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9).wrapping_add(round * 8 + lane));
                tasks.spawn(async move { soak.lane(random, share).await });
            }
            while let Some(done) = tasks.join_next().await {
                done??;
            }
            left -= now;
            round += 1;
            self.time_passes(step).await?;
        }
        Ok(())
    }

    /// Lets everything come to its end: two years pass, a day or more at a time.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn finish(&self) -> anyhow::Result<()> {
        for _ in 0..120 {
            if jobs::next_run_at(&self.app.db).await?.is_none() {
                break;
            }
            self.time_passes(TimeDelta::days(6)).await?;
        }
        Ok(())
    }

    /// Moves the clock and does everything that has come due, several jobs at a
    /// time, as a worker would.
    async fn time_passes(&self, step: TimeDelta) -> anyhow::Result<()> {
        self.app.clock.follow(&self.app.db).await?;
        self.app.clock.move_to(&self.app.db, self.app.clock.now() + step).await?;
        let worker = app::worker::worker(
            &self.app,
            WorkerSettings { concurrency: 8, lease: std::time::Duration::from_secs(5), ..WorkerSettings::default() },
        )?;
        let stop = CancellationToken::new();
        let (app, stopper) = (self.app.clone(), stop.clone());
        let watch = tokio::spawn(async move {
            loop {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                let due: Result<bool, sqlx::Error> = sqlx::query_scalar(
                    "select exists (select 1 from jobs where (status = 'ready' and run_at <= $1) or status = 'running')",
                )
                .bind(app.clock.now())
                .fetch_one(&app.db)
                .await;
                if !matches!(due, Ok(true)) {
                    stopper.cancel();
                    return;
                }
            }
        });
        worker.run(stop).await;
        watch.await?;
        app::payments::ledger::seal::seal(&self.app).await?;
        Ok(())
    }

    async fn lane(&self, mut random: StdRng, share: u64) -> anyhow::Result<()> {
        for _ in 0..share {
            // A booking of before meets its fate.
            for _ in 0..2 {
                let fated = {
                    let mut alive = self.alive.lock().await;
                    if alive.is_empty() {
                        None
                    } else {
                        let at = random.random_range(0..alive.len());
                        Some(alive.swap_remove(at))
                    }
                };
                if let Some(id) = fated {
                    self.fate(&mut random, id).await?;
                }
            }
            if let Some(booking) = self.place(&mut random).await? {
                self.pay(&mut random, &booking).await?;
                self.alive.lock().await.push(booking.id);
            }
        }
        Ok(())
    }

    /// A guest finds a home that is free; ten tries, then they give up.
    async fn place(&self, random: &mut StdRng) -> anyhow::Result<Option<Booking>> {
        let today = self.app.clock.now().date_naive();
        for _ in 0..10 {
            let home = &self.cast.homes[random.random_range(0..self.cast.homes.len())];
            let guest = self.cast.guests[random.random_range(0..self.cast.guests.len())];
            let check_in = today + Days::new(random.random_range(1..180));
            let nights = if random.random_range(0..30) == 0 { random.random_range(28..65) } else { random.random_range(1..8) };
            let Ok(stay) = Stay::new(check_in, check_in + Days::new(nights)) else { continue };
            if random.random_range(0..15) == 0 {
                self.goodwill(random, &guest).await?;
            }
            let guests = Guests { adults: random.random_range(1..3), ..Guests::default() };
            let coupon = (random.random_range(0..5) == 0).then(|| cast::code(random.random_range(0..cast::COUPONS)));
            let use_credit = random.random_range(0..2) == 0;
            let wish = Request { coupon, use_credit, ..Request::of(home.listing, stay, guests) };
            match expected(app::bookings::request(&self.app, &guest, wish, None).await)? {
                Some(once) => {
                    self.placed.fetch_add(1, Ordering::Relaxed);
                    self.tally.count("placed");
                    let contribution = &once.value.terms.contribution;
                    if contribution.coupon.is_some() {
                        self.tally.count("with a coupon");
                    }
                    if contribution.credit > 0 {
                        self.tally.count("with credit");
                    }
                    return Ok(Some(once.value));
                }
                None => self.tally.count("nights taken or refused"),
            }
        }
        Ok(None)
    }

    /// Staff give a guest credit in some currency, for a while or for good.
    async fn goodwill(&self, random: &mut StdRng, guest: &Actor) -> anyhow::Result<()> {
        let Some(user) = guest.user_id() else { return Ok(()) };
        let currency = ["EUR", "USD", "JPY", "BHD"][random.random_range(0..4)].parse().map_err(anyhow::Error::msg)?;
        let amount = Money::new(random.random_range(1..20_000), currency);
        let until = (random.random_range(0..3) > 0).then(|| self.app.clock.now() + TimeDelta::days(random.random_range(5..200)));
        app::coupons::credit::grant(&self.app, &self.cast.staff(), user, (amount, until), "for the soak").await?;
        self.tally.count("credit given");
        Ok(())
    }

    async fn pay(&self, random: &mut StdRng, booking: &Booking) -> anyhow::Result<()> {
        let guest = self.cast.person(booking.guest_id);
        if random.random_range(0..25) == 0 {
            self.tally.count("never paid");
            return Ok(());
        }
        for _ in 0..3 {
            let mut draw = random.random_range(0..100);
            let (method, _) = CARDS
                .iter()
                .find(|(_, weight)| {
                    let hit = draw < *weight;
                    draw = draw.saturating_sub(*weight);
                    hit
                })
                .unwrap_or(&CARDS[0]);
            let plan = [PaymentPlan::Full, PaymentPlan::Full, PaymentPlan::Deposit, PaymentPlan::Monthly][random.random_range(0..4)];
            let wish = PayWish { method, plan, keep_card: false };
            let mut paid = expected(app::bookings::pay_with(&self.app, &guest, booking.id, wish, None).await)?;
            if paid.is_none() {
                paid = expected(app::bookings::pay(&self.app, &guest, booking.id, method, None).await)?;
            }
            let Some(payment) = paid.map(|once| once.value) else { return Ok(()) };
            match payment.status {
                PaymentStatus::Failed => self.tally.count("declined"),
                PaymentStatus::RequiresAction => {
                    self.tally.count("bank asks");
                    let reference = payment.action_url.as_deref().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned();
                    match random.random_range(0..10) {
                        0 => return Ok(()),
                        1 | 2 => {
                            expected(app::ports::sandbox::answer_bank(&self.app, &reference, false).await)?;
                        }
                        _ => {
                            expected(app::ports::sandbox::answer_bank(&self.app, &reference, true).await)?;
                            return Ok(());
                        }
                    }
                }
                _ => {
                    self.tally.count("paid or held");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Something happens to a booking, or nothing does.
    async fn fate(&self, random: &mut StdRng, id: BookingId) -> anyhow::Result<()> {
        let Some(booking) = cast::booking(&self.app, id).await? else { return Ok(()) };
        let (guest, host) = (self.cast.person(booking.guest_id), self.cast.person(booking.host_id));
        let draw = random.random_range(0..100);
        match booking.state {
            BookingState::Requested => match draw {
                0..=69 => self.did("accepted", app::bookings::accept(&self.app, &host, id, None).await).await?,
                70..=84 => self.did("host declined", app::bookings::decline(&self.app, &host, id, "no", None).await).await?,
                85..=92 => self.did("guest withdrew", app::bookings::cancel(&self.app, &guest, id, (None, ""), None).await).await?,
                _ => {}
            },
            BookingState::Confirmed => match draw {
                0..=19 => self.did("guest cancelled", app::bookings::cancel(&self.app, &guest, id, (None, ""), None).await).await?,
                20..=24 => self.did("host cancelled", app::bookings::cancel(&self.app, &host, id, (None, ""), None).await).await?,
                25..=26 => self.did("no-show", app::bookings::mark_no_show(&self.app, &host, id).await).await?,
                27..=32 => {
                    let earlier = booking.stay.check_out - Days::new(random.random_range(1..3));
                    self.did("left early", app::bookings::shorten(&self.app, &guest, id, (earlier, None), None).await).await?;
                    self.alive.lock().await.push(id);
                }
                33..=42 => {
                    self.change(random, &booking, (&guest, &host)).await?;
                    self.alive.lock().await.push(id);
                }
                43..=46 => {
                    self.extra_refund(random, &booking, (&guest, &host)).await?;
                    self.alive.lock().await.push(id);
                }
                47..=75 => self.alive.lock().await.push(id),
                _ => {}
            },
            BookingState::PendingPayment if booking.booking_mode == BookingMode::Request && draw < 50 => self.pay(random, &booking).await?,
            _ => {}
        }
        Ok(())
    }

    /// A change is proposed, and answered, taken back or forgotten.
    async fn change(&self, random: &mut StdRng, booking: &Booking, (guest, host): (&Actor, &Actor)) -> anyhow::Result<()> {
        let by_guest = random.random_range(0..3) > 0;
        let (one, other) = if by_guest { (guest, host) } else { (host, guest) };
        let longer = random.random_range(0..2) == 0;
        let nights = Days::new(random.random_range(1..4));
        let check_out = if longer { booking.stay.check_out + nights } else { booking.stay.check_out - nights };
        let card = ["pm_card_visa", "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_pendingRefund"][random.random_range(0..4)];
        let wish = Wish { check_out: Some(check_out), payment_method: by_guest.then(|| card.to_owned()), ..Wish::default() };
        let Some(proposed) = expected(alterations::propose(&self.app, one, booking.id, wish, None).await)? else { return Ok(()) };
        self.tally.count("change proposed");
        let which = (booking.id, proposed.value.alteration.id);
        match random.random_range(0..8) {
            0..=4 => {
                let card = (!by_guest).then_some(card);
                self.did("change accepted", alterations::accept(&self.app, other, which, card, None).await).await
            }
            5 => self.did("change declined", alterations::decline(&self.app, other, which).await).await,
            6 => self.did("change withdrawn", alterations::withdraw(&self.app, one, which).await).await,
            _ => Ok(()),
        }
    }

    /// A guest asks for money back, and the host gives some of it.
    async fn extra_refund(&self, random: &mut StdRng, booking: &Booking, (guest, host): (&Actor, &Actor)) -> anyhow::Result<()> {
        let amount = Money::new(random.random_range(1..2_000), booking.currency);
        let Some(asked) = expected(refund_requests::ask(&self.app, guest, booking.id, (amount, "No hot water"), None).await)? else {
            return Ok(());
        };
        let granted = random.random_range(0..3) > 0;
        let verdict = Verdict { grant: granted, amount: None, answer: String::new() };
        let which = (booking.id, asked.value.id);
        self.did("extra refund answered", refund_requests::answer(&self.app, host, which, verdict, None).await).await
    }

    async fn did<T>(&self, what: &'static str, result: Result<T, Error>) -> anyhow::Result<()> {
        if expected(result)?.is_some() {
            self.tally.count(what);
        }
        Ok(())
    }
}
