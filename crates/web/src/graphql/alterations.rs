//! Changes of bookings: proposing and answering them, leaving early.

use app::bookings::alterations::{self, AlterationDetail, AlterationPreview as PreviewRow, Wish};
use app::bookings::{self, ShorteningPreview};
use async_graphql::{Context, Description, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::alterations::{self as rules, AlterationState};
use domain::bookings::Side;
use domain::ids::{AlterationId, BookingId};

use super::bookings::{Booking, Cancelled};
use super::error::{answer, payloads};
use super::money::{Guests, Money, Quote};
use super::payments::Payment;
use super::request::{Asks, id};
use super::scalars::{Date, Word};

/// What a change does to the price.
#[derive(SimpleObject)]
pub struct PriceChange {
    /// What was agreed.
    pub before: Money,
    /// What is to be paid in all.
    pub after: Money,
    /// What the guest pays more.
    pub charge: Money,
    /// What the guest gets back.
    pub refund: Money,
}

impl From<rules::PriceChange> for PriceChange {
    fn from(price: rules::PriceChange) -> Self {
        Self { before: price.before.into(), after: price.after.into(), charge: price.charge().into(), refund: price.refund().into() }
    }
}

/// A proposed change of a booking.
#[derive(Description)]
pub struct Alteration(pub(super) AlterationDetail);

#[Object(use_type_description)]
impl Alteration {
    /// Which.
    async fn id(&self) -> ID {
        self.0.alteration.id.0.into()
    }
    /// Of which booking.
    async fn booking_id(&self) -> ID {
        self.0.alteration.booking_id.0.into()
    }
    /// Of which booking.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        Ok(ctx.loaders().booking(self.0.alteration.booking_id).await?.map(Booking))
    }
    /// Whose wish it is.
    async fn proposed_by(&self) -> Word<Side> {
        Word(self.0.alteration.proposed_by)
    }
    /// First night wished for.
    async fn check_in(&self) -> Date {
        Date(self.0.alteration.stay.check_in)
    }
    /// Day of departure wished for.
    async fn check_out(&self) -> Date {
        Date(self.0.alteration.stay.check_out)
    }
    /// Who will stay.
    async fn guests(&self) -> Guests {
        self.0.alteration.guests.into()
    }
    /// The price it leads to, line by line.
    async fn quote(&self) -> Quote {
        Quote(self.0.alteration.quote.clone())
    }
    /// What that changes.
    async fn price(&self) -> PriceChange {
        self.0.alteration.price.into()
    }
    /// A few words to the other side.
    async fn message(&self) -> &str {
        &self.0.alteration.message
    }
    /// Where it stands.
    async fn state(&self) -> Word<AlterationState> {
        Word(self.0.alteration.state)
    }
    /// What the guest pays more, once they have said how.
    async fn payment(&self) -> Option<Payment> {
        self.0.payment.clone().map(Payment)
    }
    /// Until when the other side can answer.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.alteration.expires_at
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.alteration.created_at
    }
    /// When it was answered.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.alteration.answered_at
    }
}

/// What is wished of a booking; what is left out stays as it is.
#[derive(Debug, Clone, InputObject)]
pub struct AlterationInput {
    /// First night.
    pub check_in: Option<Date>,
    /// Day of departure.
    pub check_out: Option<Date>,
    /// Who will stay.
    pub guests: Option<Guests>,
    /// A few words to the other side, up to 1,000 characters.
    #[graphql(default)]
    pub message: String,
    /// What the preview said; another total is refused as `price_changed`.
    pub expected_total: Option<Money>,
    /// The guest's card, when it costs more.
    #[graphql(secret)]
    pub payment_method: Option<String>,
}

impl AlterationInput {
    fn wish(self) -> app::Result<Wish> {
        Ok(Wish {
            check_in: self.check_in.map(|date| date.0),
            check_out: self.check_out.map(|date| date.0),
            guests: self.guests.map(Into::into),
            message: self.message,
            expected_total: self.expected_total.as_ref().map(|total| total.read("/expected_total")).transpose()?,
            payment_method: self.payment_method,
        })
    }
}

/// What a change would lead to.
#[derive(SimpleObject)]
pub struct AlterationPreview {
    /// First night.
    pub check_in: Date,
    /// Day of departure.
    pub check_out: Date,
    /// The price, line by line.
    pub quote: Quote,
    /// What that changes.
    pub price: PriceChange,
}

/// Computed as the change itself is.
///
/// # Errors
/// As proposing it.
pub(super) async fn preview(ctx: &Context<'_>, booking: BookingId, input: AlterationInput) -> app::Result<AlterationPreview> {
    let PreviewRow { stay, quote, price } = alterations::preview(ctx.app(), &ctx.actor(), booking, &input.wish()?).await?;
    Ok(AlterationPreview { check_in: Date(stay.check_in), check_out: Date(stay.check_out), quote: Quote(quote), price: price.into() })
}

/// What leaving early would bring back.
#[derive(SimpleObject)]
pub struct Shortening {
    /// Day of departure.
    pub check_out: Date,
    /// The price of the stay then, line by line.
    pub quote: Quote,
    /// What goes back to the guest's card.
    pub refund: Money,
    /// What goes back to the guest's credit.
    pub credit: Money,
    /// The instant this was computed for.
    pub at: DateTime<Utc>,
}

impl From<ShorteningPreview> for Shortening {
    fn from(preview: ShorteningPreview) -> Self {
        Self {
            check_out: Date(preview.stay.check_out),
            refund: preview.refund.into(),
            credit: preview.credit.into(),
            quote: Quote(preview.quote),
            at: preview.at,
        }
    }
}

payloads! {
    AlterationPayload {
        /// The change as it is now.
        alteration: Alteration
    }
    ShortenedPayload {
        /// The shorter stay, and what comes back.
        shortened: Cancelled
    }
}

fn which(booking: &ID, alteration: &ID) -> app::Result<(BookingId, AlterationId)> {
    Ok((id(booking, "booking")?, id(alteration, "alteration")?))
}

/// Changes what was booked.
#[derive(Default)]
pub struct AlterationsMutation;

#[Object]
impl AlterationsMutation {
    /// Propose a change of dates or guests. Nights that stay keep their price.
    /// The other side has 24 hours to answer; nights that are added are held
    /// meanwhile, and so is what it costs more on the guest's card.
    #[graphql(complexity = "20 + child_complexity")]
    async fn propose_alteration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "What is wished.")] input: AlterationInput,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<AlterationPayload> {
        ctx.signed_in()?;
        let key = ctx.once(&format!("proposeAlteration {}", booking_id.as_str()), idempotency_key, &input)?;
        let done = async { alterations::propose(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, input.wish()?, key.as_ref()).await };
        answer(done.await.map(|once| Alteration(ctx.unwrap(once))))
    }

    /// The other side says yes.
    #[graphql(complexity = "20 + child_complexity")]
    async fn accept_alteration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which change.")] alteration_id: ID,
        #[graphql(desc = "The guest's card, when a change that the host proposed costs more.", secret)] payment_method: Option<String>,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<AlterationPayload> {
        ctx.signed_in()?;
        let input = vec![booking_id.to_string(), alteration_id.to_string(), payment_method.clone().unwrap_or_default()];
        let key = ctx.once("acceptAlteration", idempotency_key, &input)?;
        let done = async {
            let which = which(&booking_id, &alteration_id)?;
            alterations::accept(ctx.app(), &ctx.actor(), which, payment_method.as_deref(), key.as_ref()).await
        };
        answer(done.await.map(|once| Alteration(ctx.unwrap(once))))
    }

    /// The other side says no.
    async fn decline_alteration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which change.")] alteration_id: ID,
    ) -> async_graphql::Result<AlterationPayload> {
        ctx.signed_in()?;
        let done = async { alterations::decline(ctx.app(), &ctx.actor(), which(&booking_id, &alteration_id)?).await };
        answer(done.await.map(Alteration))
    }

    /// Whoever proposed a change takes it back.
    async fn withdraw_alteration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which change.")] alteration_id: ID,
    ) -> async_graphql::Result<AlterationPayload> {
        ctx.signed_in()?;
        let done = async { alterations::withdraw(ctx.app(), &ctx.actor(), which(&booking_id, &alteration_id)?).await };
        answer(done.await.map(Alteration))
    }

    /// The guest gives up the last nights of a stay. No consent is needed: the
    /// policy says what comes back.
    #[graphql(complexity = "20 + child_complexity")]
    async fn shorten_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
        #[graphql(desc = "Day of departure.")] check_out: Date,
        #[graphql(desc = "What the preview said; another refund is refused as `refund_changed`.")] expected_refund: Option<Money>,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<ShortenedPayload> {
        ctx.signed_in()?;
        let input = vec![booking_id.to_string(), check_out.0.to_string(), Money::spelled(expected_refund.as_ref())];
        let key = ctx.once("shortenBooking", idempotency_key, &input)?;
        let done = async {
            let expected = expected_refund.as_ref().map(|refund| refund.read("/expected_refund")).transpose()?;
            bookings::shorten(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, (check_out.0, expected), key.as_ref()).await
        };
        answer(done.await.map(|once| {
            let (booking, refund) = ctx.unwrap(once);
            Cancelled { booking: Booking(booking), refund: refund.into() }
        }))
    }
}
