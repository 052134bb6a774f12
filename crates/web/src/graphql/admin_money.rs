//! Money as staff see it: the webhook inbox, disputes, what reconciliation has
//! found, and the book itself.

use app::payments::disputes::{self, Dispute as DisputeRow};
use app::payments::inbox::{self, Delivery};
use app::payments::ledger::{self, Transaction};
use app::payments::reconcile::{self, Case};
use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ledger::EntrySide;
use domain::payments::{CaseKind, DisputeState};

use super::connection::{connections, page, size};
use super::error::{Told, answer, payloads};
use super::money::Money;
use super::request::{Asks, id};
use super::scalars::{Cursor, Word};

/// A provider's event as it was received.
#[derive(SimpleObject)]
pub struct Webhook {
    /// From which provider.
    pub provider: String,
    /// The provider's id of it.
    pub event_id: String,
    /// The provider's word, e.g. `charge.captured`.
    pub kind: String,
    /// What it speaks of: charge, refund, dispute, transfer, account, other.
    pub object: String,
    /// The provider's name of what it speaks of.
    pub reference: Option<String>,
    /// When it came first.
    pub received_at: DateTime<Utc>,
    /// When it was handled last; null while it waits.
    pub processed_at: Option<DateTime<Utc>>,
    /// How often handling has failed.
    pub failed_attempts: i32,
    /// Why the last try failed.
    pub error: Option<String>,
    /// The body as it was received; only when one event is asked for.
    pub payload: Option<String>,
}

impl From<Delivery> for Webhook {
    fn from(delivery: Delivery) -> Self {
        Self {
            provider: delivery.provider,
            event_id: delivery.event_id,
            kind: delivery.kind,
            object: delivery.object,
            reference: delivery.reference,
            received_at: delivery.received_at,
            processed_at: delivery.processed_at,
            failed_attempts: delivery.attempts,
            error: delivery.error,
            payload: None,
        }
    }
}

/// Money that a guest's bank has taken back.
#[derive(SimpleObject)]
pub struct Dispute {
    /// Which.
    pub id: ID,
    /// For which booking.
    pub booking_id: ID,
    /// About which payment.
    pub payment_id: ID,
    /// The provider's name of it.
    pub reference: String,
    /// How much the bank has taken back.
    pub amount: Money,
    /// What the provider charges for it.
    pub fee: Money,
    /// Where it stands.
    pub state: Word<DisputeState>,
    /// The bank's word, e.g. `fraudulent`.
    pub reason: String,
    /// host or marketplace: who paid for a loss after the host had earned.
    pub borne_by: Option<String>,
    /// What the bank was told.
    pub evidence: String,
    /// Until when the bank reads evidence.
    pub evidence_due_at: Option<DateTime<Utc>>,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// When the bank decided.
    pub closed_at: Option<DateTime<Utc>>,
}

impl From<DisputeRow> for Dispute {
    fn from(dispute: DisputeRow) -> Self {
        Self {
            id: dispute.id.0.into(),
            booking_id: dispute.booking_id.0.into(),
            payment_id: dispute.payment_id.0.into(),
            reference: dispute.reference,
            fee: domain::money::Money::new(dispute.fee, dispute.amount.currency).into(),
            amount: dispute.amount.into(),
            state: Word(dispute.state),
            reason: dispute.reason,
            borne_by: dispute.bearer.map(|bearer| bearer.to_string()),
            evidence: dispute.evidence,
            evidence_due_at: dispute.evidence_due_at,
            opened_at: dispute.opened_at,
            closed_at: dispute.closed_at,
        }
    }
}

/// Something that provider and ledger do not agree on.
#[derive(SimpleObject)]
pub struct ReconciliationCase {
    /// Which.
    pub id: ID,
    /// What is wrong.
    pub kind: Word<CaseKind>,
    /// charge, refund, dispute, operation, balance.
    pub record: String,
    /// The provider's name of it, or ours.
    pub reference: String,
    /// For which booking, as far as it is known.
    pub booking_id: Option<ID>,
    /// In our books.
    pub expected: Option<Money>,
    /// At the provider.
    pub found: Option<Money>,
    /// For people.
    pub detail: String,
    /// Dealt with.
    pub settled: bool,
    /// How.
    pub note: String,
    /// By whom.
    pub settled_by: Option<ID>,
    /// Since when it is known.
    pub found_at: DateTime<Utc>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
}

impl From<Case> for ReconciliationCase {
    fn from(case: Case) -> Self {
        let money = |amount: Option<i64>| amount.map(|amount| domain::money::Money::new(amount, case.currency).into());
        Self {
            id: case.id.0.into(),
            kind: Word(case.kind),
            expected: money(case.expected),
            found: money(case.found),
            record: case.record,
            reference: case.reference,
            booking_id: case.booking_id.map(|booking| booking.0.into()),
            detail: case.detail,
            settled: case.settled,
            note: case.note,
            settled_by: case.settled_by.map(|user| user.0.into()),
            found_at: case.found_at,
            settled_at: case.settled_at,
        }
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
    /// What does not agree, known before or not.
    pub differences: Vec<ReconciliationCase>,
}

/// One entry of the book.
#[derive(SimpleObject)]
pub struct LedgerEntry {
    /// Where, e.g. `psp_clearing`.
    pub account: String,
    /// On which side.
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
        let entry =
            |entry: ledger::BookedEntry| LedgerEntry { account: entry.account, side: Word(entry.side), amount: entry.amount.into() };
        Self {
            id: transaction.id.0.into(),
            key: transaction.key,
            event: transaction.event,
            reverses: transaction.reverses.map(|reversed| reversed.0.into()),
            note: transaction.note,
            occurred_at: transaction.occurred_at,
            sequence: transaction.sequence,
            entries: transaction.entries.into_iter().map(entry).collect(),
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
        /// The dispute as it is now.
        dispute: Dispute
    }
    ReconciliationCasePayload {
        /// The case as it is now.
        case: ReconciliationCase
    }
    ReconciliationRunPayload {
        /// What the comparison has found.
        run: ReconciliationRun
    }
}

/// Reads money as staff see it; nothing of it is there for anyone else.
#[derive(Default)]
pub struct AdminMoneyQuery;

#[Object]
impl AdminMoneyQuery {
    /// For staff: the webhook inbox, newest first.
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

    /// For staff: one webhook with its body.
    async fn webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From which provider.")] provider: String,
        #[graphql(desc = "The provider's id of it.")] event_id: String,
    ) -> async_graphql::Result<Option<Webhook>> {
        ctx.signed_in()?;
        let (delivery, body) = inbox::read(ctx.app(), &ctx.actor(), &provider, &event_id).await.told()?;
        Ok(Some(Webhook { payload: Some(String::from_utf8_lossy(&body).into_owned()), ..delivery.into() }))
    }

    /// For staff: disputes, newest first.
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
        Ok(Some(DisputeConnection::new(found, |dispute| dispute.id, Dispute::from)))
    }

    /// For staff: what reconciliation has found, newest first.
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
        Ok(Some(ReconciliationCaseConnection::new(found, |case| case.id, ReconciliationCase::from)))
    }

    /// For staff: every posting about a booking, oldest first.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn booking_ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
    ) -> async_graphql::Result<Option<Vec<LedgerTransaction>>> {
        ctx.signed_in()?;
        let booking = id(&booking_id, "booking").told()?;
        let all = ledger::of_booking(ctx.app(), &ctx.actor(), booking).await.told()?;
        Ok(Some(all.into_iter().map(LedgerTransaction::from).collect()))
    }
}

/// Changes what staff see to.
#[derive(Default)]
pub struct AdminMoneyMutation;

#[Object]
impl AdminMoneyMutation {
    /// For staff: handle a webhook once more. It asks the provider how things
    /// stand now; doing it needlessly does no harm.
    #[graphql(complexity = "20 + child_complexity")]
    async fn replay_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From which provider.")] provider: String,
        #[graphql(desc = "The provider's id of it.")] event_id: String,
    ) -> async_graphql::Result<WebhookPayload> {
        ctx.signed_in()?;
        answer(inbox::replay(ctx.app(), &ctx.actor(), &provider, &event_id).await.map(Webhook::from))
    }

    /// For staff: tell the bank the marketplace's side.
    #[graphql(complexity = "20 + child_complexity")]
    async fn submit_evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which dispute.")] dispute_id: ID,
        #[graphql(desc = "Up to 20,000 characters.")] text: String,
    ) -> async_graphql::Result<DisputePayload> {
        ctx.signed_in()?;
        let done = async { disputes::submit_evidence(ctx.app(), &ctx.actor(), id(&dispute_id, "dispute")?, &text).await };
        answer(done.await.map(Dispute::from))
    }

    /// For staff: settle a case, and say how.
    async fn settle_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case.")] case_id: ID,
        #[graphql(desc = "Up to 2,000 characters.")] note: String,
    ) -> async_graphql::Result<ReconciliationCasePayload> {
        ctx.signed_in()?;
        let done = async { reconcile::settle(ctx.app(), &ctx.actor(), id(&case_id, "case")?, &note).await };
        answer(done.await.map(ReconciliationCase::from))
    }

    /// For staff: compare the provider's books of the last three days with the
    /// ledger, now.
    #[graphql(complexity = "50 + child_complexity")]
    async fn run_reconciliation(&self, ctx: &Context<'_>) -> async_graphql::Result<ReconciliationRunPayload> {
        ctx.signed_in()?;
        let done = async {
            app::accounts::require_staff(&ctx.actor())?;
            reconcile::reconcile(ctx.app(), ctx.app().clock.now() - TimeDelta::days(3)).await
        };
        answer(done.await.map(|run| ReconciliationRun {
            id: run.id.0.into(),
            from: run.from,
            until: run.until,
            records: run.records,
            differences: run.differences.into_iter().map(ReconciliationCase::from).collect(),
        }))
    }
}
