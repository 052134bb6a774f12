//! Bookings: asking, paying, answering, calling off, reading one's own.

use app::bookings::{self, ArrivalInfo, BookingFilter, CancellationPreview, HistoryEntry, PayWish};
use async_graphql::{Context, Description, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::bookings::{self as rules, BookingState, Side};
use domain::cancellation::PolicyName;
use domain::ids::BookingId;
use domain::instalments::PaymentPlan;
use domain::listings::BookingMode;

use super::accounts::User;
use super::calendar::stay;
use super::connection::{connections, page, size};
use super::coupons::Contribution;
use super::error::{Told, answer, payloads};
use super::listings::Listing;
use super::money::{Guests, Money, Quote, RefundStep, timeline};
use super::payments::{Payment, PaymentPayload};
use super::request::{Asks, id};
use super::reviews::Review;
use super::scalars::{Cursor, Date, Word};

/// A guest's contract for a stay, as its parties see it.
#[derive(Description)]
pub struct Booking(pub rules::Booking);

#[Object(use_type_description)]
impl Booking {
    /// Which.
    pub(super) async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// For people, e.g. R7K2-9QXM.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Where it stands.
    async fn state(&self) -> Word<BookingState> {
        Word(self.0.state)
    }
    /// Instant or on request, when it was made.
    async fn booking_mode(&self) -> Word<BookingMode> {
        Word(self.0.booking_mode)
    }
    /// Which home; null when it is no longer public and not one's own.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Listing>> {
        Ok(ctx.loaders().listing(self.0.listing_id).await?.map(Listing))
    }
    /// Which home, also when it is no longer public.
    async fn listing_id(&self) -> ID {
        self.0.listing_id.0.into()
    }
    /// The home's title when it was booked.
    async fn listing_title(&self) -> &str {
        &self.0.terms.listing_title
    }
    /// Who booked.
    async fn guest(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.0.guest_id).await?.map(User))
    }
    /// Whose home.
    async fn host(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.0.host_id).await?.map(User))
    }
    /// First night.
    async fn check_in(&self) -> Date {
        self.0.stay.check_in.into()
    }
    /// Day of departure.
    async fn check_out(&self) -> Date {
        self.0.stay.check_out.into()
    }
    /// The instant from which guests may arrive.
    async fn check_in_at(&self) -> DateTime<Utc> {
        self.0.check_in_at
    }
    /// The instant until which guests leave.
    async fn check_out_at(&self) -> DateTime<Utc> {
        self.0.check_out_at
    }
    /// How many nights.
    async fn nights(&self) -> i32 {
        self.0.stay.nights()
    }
    /// Who stays.
    async fn guests(&self) -> Guests {
        self.0.guests.into()
    }
    /// What the stay costs the guest in all.
    async fn total(&self) -> Money {
        self.0.total().into()
    }
    /// What of it coupon and credit pay.
    async fn contribution(&self) -> Contribution {
        Contribution::new(&self.0.terms.contribution, self.0.currency)
    }
    /// What of it the guest's card pays.
    async fn amount_due(&self) -> Money {
        self.0.due().into()
    }
    /// The price as agreed, line by line.
    async fn quote(&self) -> Quote {
        Quote(self.0.terms.quote.clone())
    }
    /// The policy agreed on.
    async fn cancellation_policy(&self) -> Word<PolicyName> {
        Word(self.0.terms.policy.name)
    }
    /// What a guest who calls off gets back, by when.
    async fn refund_timeline(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<RefundStep>>> {
        let steps = bookings::refund_timeline(&self.0, ctx.app().clock.now()).told()?;
        Ok(Some(timeline(&steps, self.0.currency)))
    }
    /// The guest's words to the host.
    async fn message(&self) -> &str {
        &self.0.message
    }
    /// Until when unpaid nights are held.
    async fn hold_expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.hold_expires_at
    }
    /// Until when the host can answer.
    async fn respond_by(&self) -> Option<DateTime<Utc>> {
        self.0.respond_by
    }
    /// When it was agreed.
    async fn confirmed_at(&self) -> Option<DateTime<Utc>> {
        self.0.confirmed_at
    }
    /// When it was called off.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancelled_at
    }
    /// Who called it off.
    async fn cancelled_by(&self) -> Option<Word<Side>> {
        self.0.cancelled_by.map(Word)
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
    /// The guest's payment.
    async fn payment(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Payment>> {
        Ok(ctx.loaders().payment(self.0.id).await?.map(Payment))
    }
    /// Every payment: the first, and what falls due later.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn instalments(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<Payment>>> {
        let payments = bookings::all_payments(ctx.app(), &ctx.actor(), self.0.id).await.told()?;
        Ok(Some(payments.into_iter().map(Payment).collect()))
    }
    /// The ways in which it can be paid; empty once it is.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn payment_plans(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<super::payments::PlanOffer>>> {
        let plans = bookings::payment_plans(ctx.app(), &ctx.actor(), self.0.id).await.told()?;
        Ok(Some(plans.into_iter().map(Into::into).collect()))
    }
    /// Every change proposed for it, newest first.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn alterations(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<super::alterations::Alteration>>> {
        let all = bookings::alterations::list_of(ctx.app(), &ctx.actor(), self.0.id).await.told()?;
        Ok(Some(all.into_iter().map(super::alterations::Alteration).collect()))
    }
    /// What a change would lead to, computed as the change itself is.
    #[graphql(complexity = "30 + child_complexity")]
    async fn alteration_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is wished.")] input: super::alterations::AlterationInput,
    ) -> async_graphql::Result<Option<super::alterations::AlterationPreview>> {
        Ok(Some(super::alterations::preview(ctx, self.0.id, input).await.told()?))
    }
    /// What leaving early would bring back, computed as leaving itself is.
    #[graphql(complexity = "30 + child_complexity")]
    async fn shortening(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Day of departure.")] check_out: Date,
    ) -> async_graphql::Result<Option<super::alterations::Shortening>> {
        Ok(Some(bookings::preview_shortening(ctx.app(), &ctx.actor(), self.0.id, check_out.0).await.told()?.into()))
    }
    /// What its guest has asked back beside the policy, newest first.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn refund_requests(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<super::refunds::RefundRequest>>> {
        let all = bookings::refund_requests::list_of(ctx.app(), &ctx.actor(), self.0.id).await.told()?;
        Ok(Some(all.into_iter().map(Into::into).collect()))
    }
    /// The guest's receipt, with what has been paid and given back so far.
    #[graphql(complexity = "20 + child_complexity")]
    async fn receipt(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<super::documents::Receipt>> {
        Ok(Some(super::documents::receipt(ctx, self.0.id).await.told()?))
    }
    /// The stay for one's own calendar, as iCalendar text; once it is confirmed.
    #[graphql(complexity = 20)]
    async fn calendar_entry(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        Ok(Some(app::invoicing::calendar_entry(ctx.app(), &ctx.actor(), self.0.id).await.told()?))
    }
    /// Who moved it when, and why, from the beginning.
    #[graphql(complexity = "2 + 5 * child_complexity")]
    async fn history(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<History>>> {
        Ok(Some(ctx.loaders().history(self.0.id).await?.into_iter().map(History).collect()))
    }
    /// Its reviews that one may read: one's own, and the other side's once open.
    #[graphql(complexity = "2 + 2 * child_complexity")]
    async fn reviews(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<Review>>> {
        Ok(Some(ctx.loaders().booking_reviews(self.0.id).await?.into_iter().map(Review).collect()))
    }
    /// What calling off now would do, computed as the cancellation itself is.
    #[graphql(complexity = "10 + child_complexity")]
    async fn cancellation(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Cancellation>> {
        Ok(Some(bookings::preview_cancellation(ctx.app(), &ctx.actor(), self.0.id).await.told()?.into()))
    }
    /// Address, codes and instructions, once it is confirmed.
    #[graphql(complexity = "10 + child_complexity")]
    async fn check_in_info(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<CheckInInfo>> {
        Ok(Some(CheckInInfo(bookings::arrival(ctx.app(), &ctx.actor(), self.0.id).await.told()?)))
    }
}

/// One row of a booking's state log.
#[derive(Description)]
pub struct History(HistoryEntry);

#[Object(name = "BookingHistoryEntry", use_type_description)]
impl History {
    /// Where it stood; null at the beginning.
    async fn from(&self) -> Option<Word<BookingState>> {
        self.0.from_state.map(Word)
    }
    /// Where it went.
    async fn to(&self) -> Word<BookingState> {
        Word(self.0.to_state)
    }
    /// Who moved it.
    async fn by(&self) -> Word<Side> {
        Word(self.0.side)
    }
    /// Why, if they said so.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }
}

/// What calling off now would do.
#[derive(SimpleObject)]
pub struct Cancellation {
    /// What goes back to the guest's card.
    pub refund: Money,
    /// What goes back to the guest's credit.
    pub credit: Money,
    /// What the guest has paid.
    pub paid: Money,
    /// What the host keeps, after fees.
    pub host_receives: Money,
    /// What a host who calls off pays.
    pub host_fee: Money,
    /// The instant this was computed for.
    pub at: DateTime<Utc>,
}

impl From<CancellationPreview> for Cancellation {
    fn from(preview: CancellationPreview) -> Self {
        Self {
            refund: preview.refund.into(),
            credit: preview.credit.into(),
            paid: preview.paid.into(),
            host_receives: preview.host_receives.into(),
            host_fee: preview.host_fee.into(),
            at: preview.at,
        }
    }
}

/// How to reach the home of a confirmed booking.
#[derive(Description)]
pub struct CheckInInfo(ArrivalInfo);

#[Object(use_type_description)]
impl CheckInInfo {
    /// Street and number.
    async fn line1(&self) -> &str {
        &self.0.address.line1
    }
    /// Floor, door.
    async fn line2(&self) -> &str {
        &self.0.address.line2
    }
    /// City.
    async fn city(&self) -> &str {
        &self.0.address.city
    }
    /// Region.
    async fn region(&self) -> &str {
        &self.0.address.region
    }
    /// Postal code.
    async fn postal_code(&self) -> &str {
        &self.0.address.postal_code
    }
    /// ISO 3166.
    async fn country(&self) -> Option<&str> {
        self.0.address.country.as_deref()
    }
    /// Degrees north, exact.
    async fn latitude(&self) -> Option<f64> {
        self.0.point.map(domain::listings::Point::latitude)
    }
    /// Degrees east, exact.
    async fn longitude(&self) -> Option<f64> {
        self.0.point.map(domain::listings::Point::longitude)
    }
    /// How to find and enter the home.
    async fn instructions(&self) -> &str {
        &self.0.arrival.instructions
    }
    /// Code of the door or key safe.
    async fn door_code(&self) -> &str {
        &self.0.arrival.door_code
    }
    /// Name of the Wi-Fi.
    async fn wifi_name(&self) -> &str {
        &self.0.arrival.wifi_name
    }
    /// Its password.
    async fn wifi_password(&self) -> &str {
        &self.0.arrival.wifi_password
    }
}

connections! {
    BookingConnection, BookingEdge: Booking;
}

/// A booking that was called off, and what comes back.
#[derive(SimpleObject)]
pub struct Cancelled {
    /// The booking as it is now.
    pub booking: Booking,
    /// What the guest gets back.
    pub refund: Money,
}

payloads! {
    BookingPayload {
        /// The booking as it is now.
        booking: Booking
    }
    CancelledPayload {
        /// The booking, and what comes back.
        cancelled: Cancelled
    }
}

/// In which role one reads bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum BookingRole {
    /// What one has booked.
    Guest,
    /// What others have booked of one's homes.
    Host,
}

/// A page of the actor's bookings.
pub(super) async fn own(
    ctx: &Context<'_>,
    (role, state): (BookingRole, Option<Word<BookingState>>),
    first: Option<i32>,
    after: Option<Cursor>,
) -> async_graphql::Result<Option<BookingConnection>> {
    ctx.signed_in()?;
    let side = if role == BookingRole::Host { Side::Host } else { Side::Guest };
    let wanted = page::<BookingId>(first, after.as_ref()).told()?;
    let filter = BookingFilter { side, state: state.map(|state| state.0) };
    let found = bookings::list(ctx.app(), &ctx.actor(), filter, wanted).await.told()?;
    Ok(Some(BookingConnection::new(found, |detail| detail.booking.id, |detail| Booking(detail.booking))))
}

/// Reads bookings.
#[derive(Default)]
pub struct BookingsQuery;

#[Object]
impl BookingsQuery {
    /// One of one's own bookings.
    async fn booking(&self, ctx: &Context<'_>, #[graphql(desc = "Which booking.")] id: ID) -> async_graphql::Result<Option<Booking>> {
        ctx.signed_in()?;
        let wanted: BookingId = super::request::id(&id, "booking").told()?;
        let found = ctx.loaders().booking(wanted).await?;
        Ok(Some(found.map(Booking).ok_or(app::Error::NotFound("booking")).told()?))
    }

    /// One's own bookings, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As guest or as host.", default_with = "BookingRole::Guest")] role: BookingRole,
        #[graphql(desc = "Only those in this state.")] state: Option<Word<BookingState>>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<BookingConnection>> {
        own(ctx, (role, state), first, after).await
    }
}

/// A guest asks for a stay.
#[derive(Debug, Clone, InputObject)]
pub struct BookingInput {
    /// Which home.
    pub listing_id: ID,
    /// First night.
    pub check_in: Date,
    /// Day of departure.
    pub check_out: Date,
    /// Who stays.
    pub guests: Guests,
    /// A few words to the host, up to 2,000 characters.
    #[graphql(default)]
    pub message: String,
    /// What the guest was shown; another price is refused as `price_changed`.
    pub expected_total: Option<Money>,
    /// A coupon's code.
    pub coupon: Option<String>,
    /// Spend one's own credit.
    #[graphql(default)]
    pub use_credit: bool,
    /// What the guest was shown that their card pays; another amount is refused
    /// as `price_changed`.
    pub expected_due: Option<Money>,
}

impl BookingInput {
    fn wish(self) -> app::Result<bookings::Request> {
        Ok(bookings::Request {
            listing_id: id(&self.listing_id, "listing")?,
            stay: stay(self.check_in, self.check_out)?,
            guests: self.guests.into(),
            message: self.message,
            expected_total: self.expected_total.as_ref().map(|expected| expected.read("/expected_total")).transpose()?,
            coupon: self.coupon,
            use_credit: self.use_credit,
            expected_due: self.expected_due.as_ref().map(|expected| expected.read("/expected_due")).transpose()?,
        })
    }
}

/// Changes bookings.
#[derive(Default)]
pub struct BookingsMutation;

#[Object]
impl BookingsMutation {
    /// Book a stay. The nights are held for 15 minutes; pay within them.
    #[graphql(complexity = "20 + child_complexity")]
    async fn request_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stay.")] input: BookingInput,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<BookingPayload> {
        ctx.signed_in()?;
        let key = ctx.once("requestBooking", idempotency_key, &input)?;
        let done = async { bookings::request(ctx.app(), &ctx.actor(), input.wish()?, key.as_ref()).await };
        answer(done.await.map(|once| Booking(ctx.unwrap(once))))
    }

    /// Pay for a booking. An instant booking is charged and confirmed; a
    /// request has the card held until the host answers. A declined card is a
    /// payment that has failed, not an error.
    #[graphql(complexity = "20 + child_complexity")]
    async fn pay_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
        #[graphql(desc = "The provider's token of the guest's card, or the id of a kept card.", secret)] payment_method: String,
        #[graphql(desc = "All at once when absent; see the booking's payment plans.")] plan: Option<Word<PaymentPlan>>,
        #[graphql(desc = "Keep the card for other bookings.", default)] keep_card: bool,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<PaymentPayload> {
        ctx.signed_in()?;
        let plan = plan.map_or(PaymentPlan::Full, |plan| plan.0);
        let input = vec![booking_id.to_string(), payment_method.clone(), plan.to_string(), keep_card.to_string()];
        let key = ctx.once("payBooking", idempotency_key, &input)?;
        let done = async {
            let wish = PayWish { method: &payment_method, plan, keep_card };
            bookings::pay_with(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, wish, key.as_ref()).await
        };
        answer(done.await.map(|once| Payment(ctx.unwrap(once))))
    }

    /// The host says yes.
    #[graphql(complexity = "20 + child_complexity")]
    async fn accept_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<BookingPayload> {
        ctx.signed_in()?;
        let key = ctx.once("acceptBooking", idempotency_key, &booking_id)?;
        let done = async { bookings::accept(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, key.as_ref()).await };
        answer(done.await.map(|once| Booking(ctx.unwrap(once))))
    }

    /// The host says no.
    #[graphql(complexity = "20 + child_complexity")]
    async fn decline_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
        #[graphql(desc = "Up to 1,000 characters.", default)] reason: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<BookingPayload> {
        ctx.signed_in()?;
        let key = ctx.once("declineBooking", idempotency_key, &vec![booking_id.to_string(), reason.clone()])?;
        let done = async { bookings::decline(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, &reason, key.as_ref()).await };
        answer(done.await.map(|once| Booking(ctx.unwrap(once))))
    }

    /// The guest never came.
    async fn mark_no_show(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
    ) -> async_graphql::Result<BookingPayload> {
        ctx.signed_in()?;
        let done = async { bookings::mark_no_show(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?).await };
        answer(done.await.map(Booking))
    }

    /// Guest or host call a booking off.
    #[graphql(complexity = "20 + child_complexity")]
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
        #[graphql(desc = "What the preview said; another refund is refused as `refund_changed`.")] expected_refund: Option<Money>,
        #[graphql(desc = "Up to 1,000 characters.", default)] reason: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<CancelledPayload> {
        ctx.signed_in()?;
        let input = vec![booking_id.to_string(), Money::spelled(expected_refund.as_ref()), reason.clone()];
        let key = ctx.once("cancelBooking", idempotency_key, &input)?;
        let done = async {
            let expected = expected_refund.as_ref().map(|refund| refund.read("/expected_refund")).transpose()?;
            bookings::cancel(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, (expected, &reason), key.as_ref()).await
        };
        answer(done.await.map(|once| {
            let (booking, refund) = ctx.unwrap(once);
            Cancelled { booking: Booking(booking), refund: refund.into() }
        }))
    }
}
