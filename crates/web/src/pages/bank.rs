//! The sandbox's stand-in for the page of a guest's bank.

use app::App;
use app::ports::sandbox::{self, BankQuestion};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::visitor::own_path;
use super::{Asked, Sent, Shell, Visitor, go};
use crate::error::ApiResult;
use crate::extract::Path;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new().route("/sandbox/3ds/{reference}", get(ask).post(answer))
}

#[derive(Template)]
#[template(path = "checkout/bank.html")]
struct BankPage<'a> {
    shell: Shell,
    reference: &'a str,
    back: &'a str,
    question: Option<BankQuestion>,
    /// None while it is asked.
    approved: Option<bool>,
}

async fn ask(State(app): State<App>, visitor: Visitor, Path(reference): Path<String>, Asked(fields): Asked) -> ApiResult<Response> {
    let question = Some(sandbox::bank_question(&app, &reference).await?);
    let shell = Shell::new(&app, &visitor, "Sandbox bank");
    shell.clone().page(&BankPage { shell, reference: &reference, back: own_path(fields.get("return"), ""), question, approved: None })
}

async fn answer(State(app): State<App>, visitor: Visitor, Path(reference): Path<String>, Sent(fields): Sent) -> ApiResult<Response> {
    let approved = match fields.get("outcome") {
        "approve" => true,
        "fail" => false,
        other => return Err(app::Error::invalid("/outcome", "outcome", format!("outcome is approve or fail, not {other:?}")).into()),
    };
    sandbox::answer_bank(&app, &reference, approved).await?;
    let back = own_path(fields.get("return"), "");
    if !back.is_empty() {
        return Ok(go(back));
    }
    let shell = Shell::new(&app, &visitor, "Sandbox bank");
    shell.clone().page(&BankPage { shell, reference: &reference, back, question: None, approved: Some(approved) })
}
