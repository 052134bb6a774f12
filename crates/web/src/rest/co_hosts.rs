//! Co-hosts over REST: inviting, answering, changing, ending.

use app::App;
use app::listings::co_hosts::{self, CoHost, CoHostTerms};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::co_hosts::CoHostPermission;
use domain::ids::{CoHostId, ListingId};
use domain::money::BasisPoints;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path};
use crate::idempotency::Idempotent;
use crate::rest::bookings::Nothing;

/// What of each booking is a co-host's; the parts add up as far as the host's
/// part reaches.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CoHostPayoutView {
    /// Hundredths of a percent of what the host gets beside the cleaning fee.
    #[schema(example = 2000)]
    pub percent_bps: i32,
    /// Minor units of the listing's currency.
    pub fixed_amount: i64,
    /// The cleaning fee.
    pub cleaning_fee: bool,
}

/// Somebody who helps with a listing.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoHostView {
    /// Which.
    pub id: Uuid,
    /// With which listing.
    pub listing_id: Uuid,
    /// Where the invitation went.
    pub email: String,
    /// Who, once they have accepted.
    pub user_id: Option<Uuid>,
    /// full, `calendar_and_messages`, calendar.
    pub permission: String,
    /// What of each booking is theirs.
    pub payout: CoHostPayoutView,
    /// invited, active, declined, ended.
    pub state: String,
    /// Since when.
    pub invited_at: DateTime<Utc>,
}

impl From<CoHost> for CoHostView {
    fn from(co_host: CoHost) -> Self {
        let CoHostTerms { permission, percent, fixed, cleaning_fee } = co_host.terms;
        Self {
            id: co_host.id.0,
            listing_id: co_host.listing_id.0,
            email: co_host.email,
            user_id: co_host.user_id.map(|user| user.0),
            permission: permission.to_string(),
            payout: CoHostPayoutView { percent_bps: percent.0, fixed_amount: fixed, cleaning_fee },
            state: co_host.state.to_string(),
            invited_at: co_host.invited_at,
        }
    }
}

/// Whom to ask, and for what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCoHost {
    /// Their address.
    pub email: String,
    /// full, `calendar_and_messages`, calendar.
    #[schema(value_type = String)]
    pub permission: CoHostPermission,
    /// What of each booking is theirs; nothing when absent.
    #[serde(default)]
    pub payout: CoHostPayoutView,
}

/// What a co-host may do and what is theirs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoHostChange {
    /// full, `calendar_and_messages`, calendar.
    #[schema(value_type = String)]
    pub permission: CoHostPermission,
    /// What of each later booking is theirs.
    #[serde(default)]
    pub payout: CoHostPayoutView,
}

const fn terms(permission: CoHostPermission, payout: CoHostPayoutView) -> CoHostTerms {
    let CoHostPayoutView { percent_bps, fixed_amount, cleaning_fee } = payout;
    CoHostTerms { permission, percent: BasisPoints(percent_bps), fixed: fixed_amount, cleaning_fee }
}

/// Who helps with a listing.
#[utoipa::path(get, path = "/listings/{id}/co-hosts", tag = "co-hosts", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<CoHostView>), (status = 404, body = Problem)))]
pub async fn list_co_hosts(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<Vec<CoHostView>>> {
    let all = co_hosts::list_of(&app, &user.actor, ListingId(id)).await?;
    Ok(Json(all.into_iter().map(CoHostView::from).collect()))
}

/// Ask somebody to help with a listing.
///
/// The answer does not depend on whether the address has an account; the
/// invitation waits for whoever proves it.
#[utoipa::path(post, path = "/listings/{id}/co-hosts", tag = "co-hosts", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = NewCoHost, responses((status = 201, body = CoHostView), (status = 403, body = Problem, description = "co_host_permission"),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "already_invited, too_many_co_hosts")))]
pub async fn invite_co_host(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<NewCoHost>,
) -> ApiResult<Response> {
    let terms = terms(body.permission, body.payout);
    let co_host = co_hosts::invite(&app, &user.actor, ListingId(id), &body.email, terms).await?;
    Ok((StatusCode::CREATED, Json(CoHostView::from(co_host))).into_response())
}

/// Change what a co-host may do and what of later bookings is theirs.
#[utoipa::path(put, path = "/listings/{id}/co-hosts/{co_host_id}", tag = "co-hosts", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("co_host_id" = Uuid, Path)), request_body = CoHostChange,
    responses((status = 200, body = CoHostView), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn change_co_host(
    State(app): State<App>,
    user: LoggedIn,
    Path((listing, id)): Path<(Uuid, Uuid)>,
    Json(body): Json<CoHostChange>,
) -> ApiResult<Json<CoHostView>> {
    let terms = terms(body.permission, body.payout);
    Ok(Json(co_hosts::change(&app, &user.actor, ListingId(listing), CoHostId(id), terms).await?.into()))
}

/// End somebody's help, or one's own.
#[utoipa::path(delete, path = "/listings/{id}/co-hosts/{co_host_id}", tag = "co-hosts", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("co_host_id" = Uuid, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn end_co_host(State(app): State<App>, user: LoggedIn, Path((listing, id)): Path<(Uuid, Uuid)>) -> ApiResult<StatusCode> {
    co_hosts::end(&app, &user.actor, ListingId(listing), CoHostId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Invitations to co-host that wait for one's answer.
#[utoipa::path(get, path = "/host/invitations", tag = "co-hosts", security(("bearer" = [])),
    responses((status = 200, body = Vec<CoHostView>), (status = 403, body = Problem, description = "email_unverified")))]
pub async fn list_invitations(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<Vec<CoHostView>>> {
    let all = co_hosts::invitations(&app, &user.actor).await?;
    Ok(Json(all.into_iter().map(CoHostView::from).collect()))
}

/// Say yes to an invitation.
#[utoipa::path(post, path = "/host/invitations/{id}/accept", tag = "co-hosts", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = CoHostView), (status = 404, body = Problem)))]
pub async fn accept_invitation(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    _input: Idempotent<Nothing>,
) -> ApiResult<Json<CoHostView>> {
    Ok(Json(co_hosts::answer(&app, &user.actor, CoHostId(id), true).await?.into()))
}

/// Say no to an invitation.
#[utoipa::path(post, path = "/host/invitations/{id}/decline", tag = "co-hosts", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = CoHostView), (status = 404, body = Problem)))]
pub async fn decline_invitation(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    _input: Idempotent<Nothing>,
) -> ApiResult<Json<CoHostView>> {
    Ok(Json(co_hosts::answer(&app, &user.actor, CoHostId(id), false).await?.into()))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_co_hosts, invite_co_host))
        .routes(routes!(change_co_host, end_co_host))
        .routes(routes!(list_invitations))
        .routes(routes!(accept_invitation))
        .routes(routes!(decline_invitation))
}
