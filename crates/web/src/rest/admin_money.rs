//! Money as staff see it: the webhook inbox, disputes, what reconciliation has
//! found, and the book itself.

use app::App;
use app::payments::disputes::{self, Dispute};
use app::payments::inbox::{self, Delivery};
use app::payments::ledger::{self, Transaction};
use app::payments::reconcile::{self, Case};
use app::staff::{Deed, audited};
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::AuditAction;
use domain::ids::{BookingId, DisputeId, ReconciliationCaseId};
use domain::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::money::MoneyView;
use crate::rest::page::{PageView, page_request};

/// The reason in the audit log where the call asks for none.
const THROUGH_THE_API: &str = "Through the API.";

/// A provider's event as it was received.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookView {
    /// From which provider.
    pub provider: String,
    /// The provider's id of it.
    pub event_id: String,
    /// The provider's word.
    #[schema(example = "charge.captured")]
    pub kind: String,
    /// charge, refund, dispute, transfer, account, other.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

impl From<Delivery> for WebhookView {
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

/// Which webhooks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookFilter {
    /// Only those that have not been handled.
    #[serde(default)]
    pub waiting: bool,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// The webhook inbox, newest first.
#[utoipa::path(get, path = "/admin/webhooks", tag = "admin", security(("bearer" = [])), params(WebhookFilter),
    responses((status = 200, body = PageView<WebhookView>), (status = 404, body = Problem, description = "for anyone but staff")))]
pub async fn list_webhooks(
    State(app): State<App>,
    user: LoggedIn,
    Query(filter): Query<WebhookFilter>,
) -> ApiResult<Json<PageView<WebhookView>>> {
    let page = page_request(filter.limit, filter.cursor.as_deref())?;
    Ok(Json(inbox::list(&app, &user.actor, filter.waiting, page).await?.into()))
}

/// One webhook with its body.
#[utoipa::path(get, path = "/admin/webhooks/{provider}/{event_id}", tag = "admin", security(("bearer" = [])),
    params(("provider" = String, Path), ("event_id" = String, Path)),
    responses((status = 200, body = WebhookView), (status = 404, body = Problem)))]
pub async fn get_webhook(
    State(app): State<App>,
    user: LoggedIn,
    Path((provider, event)): Path<(String, String)>,
) -> ApiResult<Json<WebhookView>> {
    let (delivery, body) = inbox::read(&app, &user.actor, &provider, &event).await?;
    Ok(Json(WebhookView { payload: Some(String::from_utf8_lossy(&body).into_owned()), ..delivery.into() }))
}

/// Handle a webhook once more.
///
/// It asks the provider how things stand now; doing it needlessly does no harm.
#[utoipa::path(post, path = "/admin/webhooks/{provider}/{event_id}/replay", tag = "admin", security(("bearer" = [])),
    params(("provider" = String, Path), ("event_id" = String, Path)),
    responses((status = 202, body = WebhookView), (status = 404, body = Problem), (status = 409, body = Problem, description = "other_provider")))]
pub async fn replay_webhook(
    State(app): State<App>,
    user: LoggedIn,
    Path((provider, event)): Path<(String, String)>,
) -> ApiResult<(StatusCode, Json<WebhookView>)> {
    let deed = Deed::new(AuditAction::ReplayWebhook, format!("{provider}/{event}"), THROUGH_THE_API);
    let delivery = audited(&app, &user.actor, deed, inbox::replay(&app, &user.actor, &provider, &event)).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery.into())))
}

/// A dispute.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisputeView {
    /// Which.
    pub id: Uuid,
    /// For which booking.
    pub booking_id: Uuid,
    /// About which payment.
    pub payment_id: Uuid,
    /// The provider's name of it.
    pub reference: String,
    /// How much the bank has taken back.
    pub amount: MoneyView,
    /// What the provider charges for it.
    pub fee: MoneyView,
    /// open, evidence_sent, won, lost.
    pub state: String,
    /// The bank's word.
    #[schema(example = "fraudulent")]
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

impl From<Dispute> for DisputeView {
    fn from(dispute: Dispute) -> Self {
        Self {
            id: dispute.id.0,
            booking_id: dispute.booking_id.0,
            payment_id: dispute.payment_id.0,
            reference: dispute.reference,
            fee: Money::new(dispute.fee, dispute.amount.currency).into(),
            amount: dispute.amount.into(),
            state: dispute.state.to_string(),
            reason: dispute.reason,
            borne_by: dispute.bearer.map(|bearer| bearer.to_string()),
            evidence: dispute.evidence,
            evidence_due_at: dispute.evidence_due_at,
            opened_at: dispute.opened_at,
            closed_at: dispute.closed_at,
        }
    }
}

/// Which disputes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DisputeFilter {
    /// Only those that the bank has not decided.
    #[serde(default)]
    pub open: bool,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// Disputes, newest first.
#[utoipa::path(get, path = "/admin/disputes", tag = "admin", security(("bearer" = [])), params(DisputeFilter),
    responses((status = 200, body = PageView<DisputeView>), (status = 404, body = Problem, description = "for anyone but staff")))]
pub async fn list_disputes(
    State(app): State<App>,
    user: LoggedIn,
    Query(filter): Query<DisputeFilter>,
) -> ApiResult<Json<PageView<DisputeView>>> {
    let page = page_request(filter.limit, filter.cursor.as_deref())?;
    Ok(Json(disputes::list(&app, &user.actor, filter.open, page).await?.into()))
}

/// What the bank is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceInput {
    /// Up to 20,000 characters.
    pub text: String,
}

/// Tell the bank the marketplace's side.
#[utoipa::path(post, path = "/admin/disputes/{id}/evidence", tag = "admin", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = EvidenceInput, responses((status = 200, body = DisputeView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "illegal_transition, evidence_refused"), (status = 422, body = Problem)))]
pub async fn submit_evidence(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<EvidenceInput>,
) -> ApiResult<Json<DisputeView>> {
    let deed = Deed::new(AuditAction::SendEvidence, id, THROUGH_THE_API);
    let act = disputes::submit_evidence(&app, &user.actor, DisputeId(id), &input.text);
    Ok(Json(audited(&app, &user.actor, deed, act).await?.into()))
}

/// Something that provider and ledger do not agree on.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// Which.
    pub id: Uuid,
    /// missing_here, missing_there, amount_differs, orphan_capture, balance_differs, refund_failed, stuck.
    pub kind: String,
    /// charge, refund, dispute, operation, balance.
    pub record: String,
    /// The provider's name of it, or ours.
    pub reference: String,
    /// For which booking, as far as it is known.
    pub booking_id: Option<Uuid>,
    /// In our books.
    pub expected: Option<MoneyView>,
    /// At the provider.
    pub found: Option<MoneyView>,
    /// For people.
    pub detail: String,
    /// Dealt with.
    pub settled: bool,
    /// How.
    pub note: String,
    /// By whom.
    pub settled_by: Option<Uuid>,
    /// Since when it is known.
    pub found_at: DateTime<Utc>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
}

impl From<Case> for CaseView {
    fn from(case: Case) -> Self {
        let money = |amount: Option<i64>| amount.map(|amount| Money::new(amount, case.currency).into());
        Self {
            id: case.id.0,
            kind: case.kind.to_string(),
            record: case.record.clone(),
            reference: case.reference.clone(),
            booking_id: case.booking_id.map(|id| id.0),
            expected: money(case.expected),
            found: money(case.found),
            detail: case.detail.clone(),
            settled: case.settled,
            note: case.note.clone(),
            settled_by: case.settled_by.map(|id| id.0),
            found_at: case.found_at,
            settled_at: case.settled_at,
        }
    }
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseFilter {
    /// Settled ones too.
    #[serde(default)]
    pub all: bool,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// What reconciliation has found, newest first.
#[utoipa::path(get, path = "/admin/reconciliation/cases", tag = "admin", security(("bearer" = [])), params(CaseFilter),
    responses((status = 200, body = PageView<CaseView>), (status = 404, body = Problem, description = "for anyone but staff")))]
pub async fn list_cases(State(app): State<App>, user: LoggedIn, Query(filter): Query<CaseFilter>) -> ApiResult<Json<PageView<CaseView>>> {
    let page = page_request(filter.limit, filter.cursor.as_deref())?;
    Ok(Json(reconcile::cases(&app, &user.actor, filter.all, page).await?.into()))
}

/// How a case was dealt with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseSettlement {
    /// Up to 2,000 characters.
    pub note: String,
}

/// Settle a case, and say how.
#[utoipa::path(post, path = "/admin/reconciliation/cases/{id}/settle", tag = "admin", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = CaseSettlement, responses((status = 200, body = CaseView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "already_settled"), (status = 422, body = Problem)))]
pub async fn settle_case(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<CaseSettlement>,
) -> ApiResult<Json<CaseView>> {
    let act = reconcile::settle(&app, &user.actor, ReconciliationCaseId(id), &input.note);
    Ok(Json(audited(&app, &user.actor, Deed::new(AuditAction::SettleCase, id, &input.note), act).await?.into()))
}

/// A comparison of the provider's books with the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunView {
    /// Which.
    pub id: Uuid,
    /// From when on the provider's books were read.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Records compared.
    pub records: u64,
    /// What does not agree.
    pub differences: Vec<CaseView>,
}

/// Compare the provider's books of the last three days with the ledger, now.
#[utoipa::path(post, path = "/admin/reconciliation/runs", tag = "admin", security(("bearer" = [])),
    responses((status = 201, body = RunView), (status = 404, body = Problem, description = "for anyone but staff")))]
pub async fn run_reconciliation(State(app): State<App>, user: LoggedIn) -> ApiResult<(StatusCode, Json<RunView>)> {
    app::accounts::require_staff(&user.actor)?;
    let run = reconcile::reconcile(&app, app.clock.now() - TimeDelta::days(3)).await?;
    let differences = run.differences.into_iter().map(CaseView::from).collect();
    Ok((StatusCode::CREATED, Json(RunView { id: run.id.0, from: run.from, until: run.until, records: run.records, differences })))
}

/// One entry of the book.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// Where.
    #[schema(example = "psp_clearing")]
    pub account: String,
    /// debit or credit.
    pub side: String,
    /// How much.
    pub amount: MoneyView,
}

/// One posting of the book.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransactionView {
    /// Which.
    pub id: Uuid,
    /// The business event's own name; it posts once.
    pub key: String,
    /// What happened.
    #[schema(example = "capture")]
    pub event: String,
    /// The posting that this one undoes.
    pub reverses: Option<Uuid>,
    /// A word to auditors.
    pub note: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Its number in the chain; null until it is sealed.
    pub sequence: Option<i64>,
    /// Debits and credits.
    pub entries: Vec<EntryView>,
}

impl From<Transaction> for TransactionView {
    fn from(transaction: Transaction) -> Self {
        let entries = transaction.entries.into_iter();
        Self {
            id: transaction.id.0,
            key: transaction.key,
            event: transaction.event,
            reverses: transaction.reverses.map(|id| id.0),
            note: transaction.note,
            occurred_at: transaction.occurred_at,
            sequence: transaction.sequence,
            entries: entries
                .map(|entry| EntryView { account: entry.account, side: entry.side.to_string(), amount: entry.amount.into() })
                .collect(),
        }
    }
}

/// Every posting about a booking, oldest first.
#[utoipa::path(get, path = "/admin/bookings/{id}/ledger", tag = "admin", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<TransactionView>), (status = 404, body = Problem, description = "for anyone but staff")))]
pub async fn booking_ledger(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<Vec<TransactionView>>> {
    let transactions = ledger::of_booking(&app, &user.actor, BookingId(id)).await?;
    Ok(Json(transactions.into_iter().map(TransactionView::from).collect()))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_webhooks))
        .routes(routes!(get_webhook))
        .routes(routes!(replay_webhook))
        .routes(routes!(list_disputes))
        .routes(routes!(submit_evidence))
        .routes(routes!(list_cases))
        .routes(routes!(settle_case))
        .routes(routes!(run_reconciliation))
        .routes(routes!(booking_ledger))
}
