//! Money as staff see it: the webhook inbox, disputes, what reconciliation has
//! found, and the book itself.

use app::payments::disputes::{self, Dispute as DisputeRow};
use app::payments::inbox::{self, Delivery};
use app::payments::ledger::{self, Transaction};
use app::payments::reconcile::{self, Case as CaseRow};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::BookingId;
use domain::ledger::{EntrySide, LossBearer};
use domain::payments::{CaseKind, DisputeState};

use super::accounts::User;
use super::bookings::Booking;
use super::connection::{connections, page, size};
use super::error::{Told, answer, payloads};
use super::money::Money;
use super::request::{Asks, id};
use super::scalars::{Cursor, Word};

/// A provider's event as it was received.
#[derive(Description)]
pub struct Webhook {
    delivery: Delivery,
    body: Option<Vec<u8>>,
}

impl From<Delivery> for Webhook {
    fn from(delivery: Delivery) -> Self {
        Self { delivery, body: None }
    }
}

#[Object(use_type_description)]
impl Webhook {
    /// From which provider.
    async fn provider(&self) -> &str {
        &self.delivery.provider
    }
    /// The provider's id of it.
    async fn event_id(&self) -> &str {
        &self.delivery.event_id
    }
    /// The provider's word, e.g. charge.captured.
    async fn kind(&self) -> &str {
        &self.delivery.kind
    }
    /// charge, refund, dispute, transfer, account, other.
    async fn object(&self) -> &str {
        &self.delivery.object
    }
    /// The provider's name of what it speaks of.
    async fn reference(&self) -> Option<&str> {
        self.delivery.reference.as_deref()
    }
    /// When it came first.
    async fn received_at(&self) -> DateTime<Utc> {
        self.delivery.received_at
    }
    /// When it was handled last; null while it waits.
    async fn processed_at(&self) -> Option<DateTime<Utc>> {
        self.delivery.processed_at
    }
    /// How often handling has failed.
    async fn failed_attempts(&self) -> i32 {
        self.delivery.attempts
    }
    /// Why the last try failed.
    async fn error(&self) -> Option<&str> {
        self.delivery.error.as_deref()
    }
    /// The body as it was received; only when one event is asked for.
    async fn payload(&self) -> Option<String> {
        self.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned())
    }
}

/// A guest's bank takes a payment back.
#[derive(Description)]
pub struct Dispute(DisputeRow);

#[Object(use_type_description)]
impl Dispute {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// For which booking.
    async fn booking_id(&self) -> ID {
        self.0.booking_id.0.into()
    }
    /// For which booking; null when one is no party of it.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        Ok(ctx.loaders().booking(self.0.booking_id).await?.map(Booking))
    }
    /// About which payment.
    async fn payment_id(&self) -> ID {
        self.0.payment_id.0.into()
    }
    /// The provider's name of it.
    async fn reference(&self) -> &str {
        &self.0.reference
    }
    /// How much the bank has taken back.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }
    /// What the provider charges for it.
    async fn fee(&self) -> Money {
        domain::money::Money::new(self.0.fee, self.0.amount.currency).into()
    }
    /// Where it stands.
    async fn state(&self) -> Word<DisputeState> {
        Word(self.0.state)
    }
    /// The bank's word, e.g. fraudulent.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
    /// Who paid for a loss after the host had earned.
    async fn borne_by(&self) -> Option<Word<LossBearer>> {
        self.0.bearer.map(Word)
    }
    /// What the bank was told.
    async fn evidence(&self) -> &str {
        &self.0.evidence
    }
    /// Until when the bank reads evidence.
    async fn evidence_due_at(&self) -> Option<DateTime<Utc>> {
        self.0.evidence_due_at
    }
    /// Since when.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.opened_at
    }
    /// When the bank decided.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }
}

/// Something that provider and ledger do not agree on.
#[derive(Description)]
pub struct ReconciliationCase(CaseRow);

#[Object(use_type_description)]
impl ReconciliationCase {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// What is wrong.
    async fn kind(&self) -> Word<CaseKind> {
        Word(self.0.kind)
    }
    /// charge, refund, dispute, operation, balance.
    async fn record(&self) -> &str {
        &self.0.record
    }
    /// The provider's name of it, or ours.
    async fn reference(&self) -> &str {
        &self.0.reference
    }
    /// For which booking, as far as it is known.
    async fn booking_id(&self) -> Option<ID> {
        self.0.booking_id.map(|booking| booking.0.into())
    }
    /// In our books.
    async fn expected(&self) -> Option<Money> {
        self.0.expected.map(|amount| domain::money::Money::new(amount, self.0.currency).into())
    }
    /// At the provider.
    async fn found(&self) -> Option<Money> {
        self.0.found.map(|amount| domain::money::Money::new(amount, self.0.currency).into())
    }
    /// For people.
    async fn detail(&self) -> &str {
        &self.0.detail
    }
    /// Dealt with.
    async fn settled(&self) -> bool {
        self.0.settled
    }
    /// How.
    async fn note(&self) -> &str {
        &self.0.note
    }
    /// By whom.
    async fn settled_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Some(staff) = self.0.settled_by else { return Ok(None) };
        Ok(ctx.loaders().user(staff).await?.map(User))
    }
    /// Since when it is known.
    async fn found_at(&self) -> DateTime<Utc> {
        self.0.found_at
    }
    /// When it was settled.
    async fn settled_at(&self) -> Option<DateTime<Utc>> {
        self.0.settled_at
    }
}

/// A comparison of the provider's books with the ledger.
#[derive(SimpleObject)]
pub struct ReconciliationRun {
    /// Which.
    pub id: ID,
    /// From when on the provider's books were read.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Records compared.
    pub records: u64,
    /// What does not agree.
    pub differences: Vec<ReconciliationCase>,
}

/// One entry of the book.
#[derive(SimpleObject)]
pub struct LedgerEntry {
    /// Where, e.g. `psp_clearing`.
    pub account: String,
    /// Debit or credit.
    pub side: Word<EntrySide>,
    /// How much.
    pub amount: Money,
}

/// One posting of the book.
#[derive(SimpleObject)]
pub struct LedgerTransaction {
    /// Which.
    pub id: ID,
    /// The business event's own name; it posts once.
    pub key: String,
    /// What happened, e.g. capture.
    pub event: String,
    /// The posting that this one undoes.
    pub reverses: Option<ID>,
    /// A word to auditors.
    pub note: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Its number in the chain; null until it is sealed.
    pub sequence: Option<i64>,
    /// Debits and credits.
    pub entries: Vec<LedgerEntry>,
}

impl From<Transaction> for LedgerTransaction {
    fn from(transaction: Transaction) -> Self {
        let entries = transaction.entries.into_iter();
        Self {
            id: transaction.id.0.into(),
            key: transaction.key,
            event: transaction.event,
            reverses: transaction.reverses.map(|reversed| reversed.0.into()),
            note: transaction.note,
            occurred_at: transaction.occurred_at,
            sequence: transaction.sequence,
            entries: entries
                .map(|entry| LedgerEntry { account: entry.account, side: Word(entry.side), amount: entry.amount.into() })
                .collect(),
        }
    }
}

connections! {
    WebhookConnection, WebhookEdge: Webhook;
    DisputeConnection, DisputeEdge: Dispute;
    ReconciliationCaseConnection, ReconciliationCaseEdge: ReconciliationCase;
}

payloads! {
    WebhookPayload {
        /// The event as it stands now.
        webhook: Webhook
    }
    DisputePayload {
        /// The dispute as it stands now.
        dispute: Dispute
    }
    ReconciliationCasePayload {
        /// The case as it stands now.
        case: ReconciliationCase
    }
    ReconciliationRunPayload {
        /// What the comparison has found.
        run: ReconciliationRun
    }
}

/// Reads money as staff see it.
#[derive(Default)]
pub struct AdminMoneyQuery;

#[Object]
impl AdminMoneyQuery {
    /// The webhook inbox, newest first. For staff.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn webhooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that have not been handled.", default)] waiting: bool,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<WebhookConnection>> {
        ctx.signed_in()?;
        let found = inbox::list(ctx.app(), &ctx.actor(), waiting, page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(WebhookConnection::new(found, Delivery::key, Webhook::from)))
    }

    /// One webhook with its body. For staff.
    async fn webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From which provider.")] provider: String,
        #[graphql(desc = "The provider's id of it.")] event_id: String,
    ) -> async_graphql::Result<Option<Webhook>> {
        ctx.signed_in()?;
        let (delivery, body) = inbox::read(ctx.app(), &ctx.actor(), &provider, &event_id).await.told()?;
        Ok(Some(Webhook { delivery, body: Some(body) }))
    }

    /// Disputes, newest first. For staff.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn disputes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that the bank has not decided.", default)] open: bool,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<DisputeConnection>> {
        ctx.signed_in()?;
        let found = disputes::list(ctx.app(), &ctx.actor(), open, page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(DisputeConnection::new(found, |dispute| dispute.id, Dispute)))
    }

    /// What reconciliation has found, newest first. For staff.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn reconciliation_cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Settled ones too.", default)] all: bool,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<ReconciliationCaseConnection>> {
        ctx.signed_in()?;
        let found = reconcile::cases(ctx.app(), &ctx.actor(), all, page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(ReconciliationCaseConnection::new(found, |case| case.id, ReconciliationCase)))
    }

    /// Every posting about a booking, oldest first. For staff.
    #[graphql(complexity = "10 + 20 * child_complexity")]
    async fn booking_ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
    ) -> async_graphql::Result<Option<Vec<LedgerTransaction>>> {
        ctx.signed_in()?;
        let wanted: BookingId = id(&booking_id, "booking").told()?;
        let found = ledger::of_booking(ctx.app(), &ctx.actor(), wanted).await.told()?;
        Ok(Some(found.into_iter().map(LedgerTransaction::from).collect()))
    }
}

/// Changes money as staff do.
#[derive(Default)]
pub struct AdminMoneyMutation;

#[Object]
impl AdminMoneyMutation {
    /// Handle a webhook once more. It asks the provider how things stand now;
    /// doing it needlessly does no harm. For staff.
    async fn replay_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From which provider.")] provider: String,
        #[graphql(desc = "The provider's id of it.")] event_id: String,
    ) -> async_graphql::Result<WebhookPayload> {
        ctx.signed_in()?;
        answer(inbox::replay(ctx.app(), &ctx.actor(), &provider, &event_id).await.map(Webhook::from))
    }

    /// Tell the bank the marketplace's side. For staff.
    #[graphql(complexity = "20 + child_complexity")]
    async fn submit_evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which dispute.")] dispute_id: ID,
        #[graphql(desc = "Up to 20,000 characters.")] text: String,
    ) -> async_graphql::Result<DisputePayload> {
        ctx.signed_in()?;
        let done = async { disputes::submit_evidence(ctx.app(), &ctx.actor(), id(&dispute_id, "dispute")?, &text).await.map(Dispute) };
        answer(done.await)
    }

    /// Settle a case, and say how. For staff.
    async fn settle_reconciliation_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case.")] case_id: ID,
        #[graphql(desc = "Up to 2,000 characters.")] note: String,
    ) -> async_graphql::Result<ReconciliationCasePayload> {
        ctx.signed_in()?;
        let done = async { reconcile::settle(ctx.app(), &ctx.actor(), id(&case_id, "case")?, &note).await.map(ReconciliationCase) };
        answer(done.await)
    }

    /// Compare the provider's books of the last three days with the ledger,
    /// now. For staff.
    #[graphql(complexity = "50 + child_complexity")]
    async fn run_reconciliation(&self, ctx: &Context<'_>) -> async_graphql::Result<ReconciliationRunPayload> {
        ctx.signed_in()?;
        let done = async {
            app::accounts::require_staff(&ctx.actor())?;
            let run = reconcile::reconcile(ctx.app(), ctx.app().clock.now() - TimeDelta::days(3)).await?;
            Ok(ReconciliationRun {
                id: run.id.0.into(),
                from: run.from,
                until: run.until,
                records: run.records,
                differences: run.differences.into_iter().map(ReconciliationCase).collect(),
            })
        };
        answer(done.await)
    }
}
