//! Receipts, invoices, the tax report and calendar entries over REST.

use app::App;
use app::invoicing::{self, DocumentContent, IssuedDocument, Receipt, ReceiptPayment, TaxPeriod, TaxReportRow};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{BookingId, DocumentId};
use domain::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::money::MoneyView;
use crate::rest::page::{PageView, Paging, page_request};

/// One line of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentLineView {
    /// For people.
    pub label: String,
    /// Under it, small; may be empty.
    pub note: String,
    /// Each.
    pub unit: MoneyView,
    /// How often.
    pub quantity: i64,
    /// In all.
    pub amount: MoneyView,
}

/// A receipt, invoice or credit note.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentView {
    /// Which.
    pub id: Uuid,
    /// receipt, invoice or credit_note.
    pub kind: String,
    /// Without gaps within kind and year.
    #[schema(example = "R-2030-000001")]
    pub number: String,
    /// About which booking.
    pub booking_id: Uuid,
    /// Its code.
    pub booking_code: String,
    /// The home's title when it was booked.
    pub listing_title: String,
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// Who issued it.
    pub issuer: String,
    /// To whom.
    pub recipient: String,
    /// Whose home.
    pub host: String,
    /// Line by line.
    pub lines: Vec<DocumentLineView>,
    /// Their sum.
    pub total: MoneyView,
    /// The number of the document it takes the place of.
    pub replaces: Option<String>,
    /// When.
    pub issued_at: DateTime<Utc>,
}

fn lines(content: &DocumentContent, currency: Currency) -> Vec<DocumentLineView> {
    let money = |amount| Money::new(amount, currency).into();
    let view = |line: &invoicing::DocumentLine| DocumentLineView {
        label: line.label.clone(),
        note: line.note.clone(),
        unit: money(line.unit),
        quantity: line.quantity,
        amount: money(line.amount),
    };
    content.lines.iter().map(view).collect()
}

impl From<IssuedDocument> for DocumentView {
    fn from(document: IssuedDocument) -> Self {
        Self {
            id: document.id.0,
            kind: document.kind.as_str().to_owned(),
            number: document.number,
            booking_id: document.booking_id.0,
            lines: lines(&document.content, document.total.currency),
            booking_code: document.content.booking_code,
            listing_title: document.content.listing_title,
            check_in: document.content.check_in,
            check_out: document.content.check_out,
            issuer: document.content.issuer,
            recipient: document.content.recipient,
            host: document.content.host,
            total: document.total.into(),
            replaces: document.replaces,
            issued_at: document.issued_at,
        }
    }
}

/// Money that came in or went back.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptPaymentView {
    /// When.
    pub at: DateTime<Utc>,
    /// Negative for a refund.
    pub amount: MoneyView,
    /// card, coupon or credit.
    pub means: String,
}

impl From<ReceiptPayment> for ReceiptPaymentView {
    fn from(payment: ReceiptPayment) -> Self {
        Self { at: payment.at, amount: payment.amount.into(), means: payment.means.to_string() }
    }
}

/// A guest's receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptView {
    /// What was issued.
    #[serde(flatten)]
    pub document: DocumentView,
    /// Payments and refunds in order of time.
    pub payments: Vec<ReceiptPaymentView>,
    /// Payments less refunds.
    pub paid: MoneyView,
}

impl From<Receipt> for ReceiptView {
    fn from(receipt: Receipt) -> Self {
        let payments = receipt.payments.into_iter().map(ReceiptPaymentView::from).collect();
        Self { document: receipt.document.into(), payments, paid: receipt.paid.into() }
    }
}

fn file(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // Names are made of letters, digits and dashes here.
    if let Ok(disposition) = HeaderValue::from_str(&format!("inline; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    (headers, bytes).into_response()
}

/// The guest's receipt, with what has been paid and given back so far.
#[utoipa::path(get, path = "/bookings/{id}/receipt", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = ReceiptView), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "not_paid")))]
pub async fn get_receipt(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<ReceiptView>> {
    Ok(Json(invoicing::receipt(&app, &user.actor, BookingId(id)).await?.into()))
}

/// The guest's receipt as PDF.
#[utoipa::path(get, path = "/bookings/{id}/receipt.pdf", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "not_paid")))]
pub async fn get_receipt_pdf(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let (number, bytes) = invoicing::receipt_pdf(&app, &user.actor, BookingId(id)).await?;
    Ok(file("application/pdf", &format!("{number}.pdf"), bytes))
}

/// The stay for one's own calendar, as iCalendar.
#[utoipa::path(get, path = "/bookings/{id}/calendar.ics", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = String, content_type = "text/calendar"), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "not_confirmed")))]
pub async fn get_calendar_entry(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let text = invoicing::calendar_entry(&app, &user.actor, BookingId(id)).await?;
    Ok(file("text/calendar; charset=utf-8", "stay.ics", text.into_bytes()))
}

/// A host's invoices and credit notes for the marketplace's fees, newest first.
#[utoipa::path(get, path = "/host/invoices", tag = "payments", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<DocumentView>)))]
pub async fn list_invoices(
    State(app): State<App>,
    user: LoggedIn,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<DocumentView>>> {
    let page = page_request(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(invoicing::invoices_of(&app, &user.actor, page).await?.into()))
}

/// One invoice or credit note.
#[utoipa::path(get, path = "/host/invoices/{id}", tag = "payments", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = DocumentView), (status = 404, body = Problem)))]
pub async fn get_invoice(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<DocumentView>> {
    Ok(Json(invoicing::invoice(&app, &user.actor, DocumentId(id)).await?.into()))
}

/// One invoice or credit note as PDF.
#[utoipa::path(get, path = "/host/invoices/{id}/pdf", tag = "payments", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404, body = Problem)))]
pub async fn get_invoice_pdf(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let (number, bytes) = invoicing::invoice_pdf(&app, &user.actor, DocumentId(id)).await?;
    Ok(file("application/pdf", &format!("{number}.pdf"), bytes))
}

/// Of which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaxReportQuery {
    /// First day, UTC.
    pub from: NaiveDate,
    /// First day after it.
    pub to: NaiveDate,
    /// json (default) or csv.
    pub format: Option<String>,
}

/// What one jurisdiction is owed, in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxReportView {
    /// To whom.
    pub jurisdiction: String,
    /// Stays whose tax has moved in the period.
    pub bookings: i64,
    /// Nights of these stays.
    pub nights: i64,
    /// What fell due in the period.
    pub due: MoneyView,
    /// What was given back in the period.
    pub returned: MoneyView,
    /// What was passed on in the period.
    pub remitted: MoneyView,
    /// What is owed at the period's end.
    pub owed: MoneyView,
}

impl From<TaxReportRow> for TaxReportView {
    fn from(row: TaxReportRow) -> Self {
        Self {
            jurisdiction: row.jurisdiction,
            bookings: row.bookings,
            nights: row.nights,
            due: row.due.into(),
            returned: row.returned.into(),
            remitted: row.remitted.into(),
            owed: row.owed.into(),
        }
    }
}

/// A field of a CSV file; what a spreadsheet would take for a formula is kept
/// from being one.
fn csv_field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn csv(rows: &[TaxReportRow]) -> String {
    let mut text = String::from("jurisdiction,currency,bookings,nights,due,returned,remitted,owed\r\n");
    for row in rows {
        let decimal = |money: Money| money.to_string().split_once(' ').map(|(_, figures)| figures.to_owned()).unwrap_or_default();
        let amounts = [row.due, row.returned, row.remitted, row.owed].map(decimal).join(",");
        text.push_str(&format!("{},{},{},{},{amounts}\r\n", csv_field(&row.jurisdiction), row.due.currency, row.bookings, row.nights));
    }
    text
}

/// What was collected for each tax authority in a period, from the ledger.
#[utoipa::path(get, path = "/admin/tax-report", tag = "admin", security(("bearer" = [])), params(TaxReportQuery),
    responses((status = 200, body = Vec<TaxReportView>, description = "Or text/csv."), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn tax_report(State(app): State<App>, user: LoggedIn, Query(query): Query<TaxReportQuery>) -> ApiResult<Response> {
    let as_csv = match query.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(other) => return Err(app::Error::invalid("/format", "word", format!("{other:?} is neither json nor csv")).into()),
    };
    let rows = invoicing::tax_report(&app, &user.actor, TaxPeriod { from: query.from, to: query.to }).await?;
    if as_csv {
        return Ok(file("text/csv; charset=utf-8", &format!("taxes-{}-{}.csv", query.from, query.to), csv(&rows).into_bytes()));
    }
    Ok(Json(rows.into_iter().map(TaxReportView::from).collect::<Vec<_>>()).into_response())
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_receipt))
        .routes(routes!(get_receipt_pdf))
        .routes(routes!(get_calendar_entry))
        .routes(routes!(list_invoices))
        .routes(routes!(get_invoice))
        .routes(routes!(get_invoice_pdf))
        .routes(routes!(tax_report))
}
