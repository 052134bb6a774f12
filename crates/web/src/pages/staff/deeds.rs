//! What staff do: each with a reason, each in the audit log.

use app::App;
use app::bookings::overrides::{self, Bearer, StaffCancellation};
use app::payments::{disputes, inbox, reconcile};
use app::staff::{self, Deed, audited};
use app::{listings, reviews};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::actor::Actor;
use domain::audit::AuditAction;
use domain::ids::{BookingId, CouponId, DisputeId, ListingId, ReconciliationCaseId, ReviewId, UserId};
use domain::money::Money;
use serde_json::json;
use uuid::Uuid;

use super::enter;
use crate::error::ApiResult;
use crate::extract::Path;
use crate::pages::visitor::own_path;
use crate::pages::{Fields, Sent, Visitor, go_with, go_with_warning};

pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/{action}", post(act))
}

/// Does what a form of staff's asks for, and goes back to where it stood.
async fn act(State(app): State<App>, visitor: Visitor, Path(action): Path<String>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let back = own_path(fields.get("next"), "/staff");
    let action: AuditAction = action.parse().map_err(|_| app::Error::NotFound("page"))?;
    match done(&app, &visitor.actor, action, &fields).await {
        Ok(()) => Ok(go_with(&app, back, "Done, and written down in the audit log.")),
        Err(error @ (app::Error::Invalid(_) | app::Error::Conflict { .. } | app::Error::Forbidden { .. } | app::Error::NotFound(_))) => {
            Ok(go_with_warning(&app, back, &format!("Not done: {error}")))
        }
        Err(error) => Err(error.into()),
    }
}

/// An amount as people write it, in a booking's currency.
fn amount(fields: &Fields, booking: &domain::bookings::Booking) -> app::Result<Option<Money>> {
    let Some(text) = fields.some("amount") else { return Ok(None) };
    let amount = crate::pages::host::amount(text, booking.currency, "/amount")?;
    Ok(Some(Money::new(amount, booking.currency)))
}

async fn done(app: &App, actor: &Actor, action: AuditAction, fields: &Fields) -> app::Result<()> {
    let reason = fields.get("reason");
    let subject = fields.get("id");
    let id = || subject.parse::<Uuid>().map_err(|_| app::Error::NotFound(action.subject()));
    let deed = Deed::new(action, subject, reason);
    match action {
        AuditAction::SuspendUser => staff::suspend(app, actor, UserId(id()?), reason).await,
        AuditAction::RestoreUser => staff::restore(app, actor, UserId(id()?), reason).await,
        AuditAction::PauseListing => audited(app, actor, deed, listings::pause(app, actor, ListingId(id()?))).await,
        AuditAction::ArchiveListing => audited(app, actor, deed, listings::archive(app, actor, ListingId(id()?), None)).await,
        AuditAction::HideReview => audited(app, actor, deed, reviews::hide(app, actor, ReviewId(id()?), reason)).await,
        AuditAction::CreateCoupon => {
            staff::create_coupon(app, actor, super::coupons::terms(fields, app.clock.now())?, reason).await.map(|_| ())
        }
        AuditAction::EndCoupon => staff::end_coupon(app, actor, CouponId(id()?), reason).await.map(|_| ()),
        AuditAction::GrantCredit => {
            let currency =
                super::coupons::currency(fields)?.ok_or_else(|| app::Error::invalid("/currency", "required", "say in which currency"))?;
            let amount = Money::new(crate::pages::host::amount(fields.get("amount"), currency, "/amount")?, currency);
            let until = super::coupons::until(fields)?;
            staff::grant_credit(app, actor, UserId(id()?), (amount, until), reason).await.map(|_| ())
        }
        AuditAction::CancelBooking => {
            let id = BookingId(id()?);
            let refund = amount(fields, &app::bookings::by_id(app, actor, id).await?.booking)?;
            let (host_at_fault, waive_host_fee) = (fields.has("host_at_fault", "yes"), fields.has("waive_host_fee", "yes"));
            let deed = deed.with(json!({"refund": refund, "host_at_fault": host_at_fault, "waive_host_fee": waive_host_fee}));
            let wish = StaffCancellation { reason: reason.to_owned(), refund, host_at_fault, waive_host_fee };
            audited(app, actor, deed, overrides::cancel_as_staff(app, actor, id, wish, None)).await.map(|_| ())
        }
        AuditAction::RefundBooking => {
            let id = BookingId(id()?);
            let missing = || app::Error::invalid("/amount", "required", "say how much");
            let amount = amount(fields, &app::bookings::by_id(app, actor, id).await?.booking)?.ok_or_else(missing)?;
            let host = fields.has("host", "yes");
            let deed = deed.with(json!({"amount": amount, "bearer": if host { "host" } else { "marketplace" }}));
            let bearer = if host { Bearer::Host } else { Bearer::Marketplace };
            audited(app, actor, deed, overrides::refund_as_staff(app, actor, id, (amount, bearer, reason), None)).await.map(|_| ())
        }
        AuditAction::SendEvidence => {
            let act = disputes::submit_evidence(app, actor, DisputeId(id()?), fields.get("text"));
            audited(app, actor, deed, act).await.map(|_| ())
        }
        AuditAction::SettleCase => {
            audited(app, actor, deed, reconcile::settle(app, actor, ReconciliationCaseId(id()?), reason)).await.map(|_| ())
        }
        AuditAction::ReplayWebhook => {
            let (provider, event) = subject.split_once('/').ok_or(app::Error::NotFound("webhook"))?;
            audited(app, actor, deed, inbox::replay(app, actor, provider, event)).await.map(|_| ())
        }
        AuditAction::RetryJob => staff::retry_job(app, actor, id()?, reason).await,
        AuditAction::DiscardJob => staff::discard_job(app, actor, id()?, reason).await,
    }
}
