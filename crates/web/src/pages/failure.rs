//! What was refused, as a page: the one map from problems to something to read.

use app::App;
use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::shell::Shell;
use super::visitor::{self, Visitor};
use crate::error::{ApiError, Problem};

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    shell: Shell,
    problem: &'a Problem,
    heading: &'static str,
    advice: &'static str,
}

/// Nothing is known under this address.
pub(super) async fn not_found() -> ApiError {
    ApiError::http(StatusCode::NOT_FOUND, "not_found", "nothing is known under this address")
}

/// Programs get problem documents: under `/api`, and anywhere when they do not
/// ask for HTML and there is no page.
pub(super) fn wants_json(request: &Request) -> bool {
    let path = request.uri().path();
    let is_page = request.extensions().get::<axum::extract::MatchedPath>().is_some();
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    path.starts_with("/api/") || path.starts_with("/graphql") || (!is_page && !accepts.contains("text/html"))
}

/// Passes answers on; turns problems into pages, and 401 into the way to the
/// login page. The news of the page before has been shown now.
pub(super) fn page(app: &App, visitor: &Visitor, response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else {
        let shown = visitor.flash.is_some() && !response.status().is_redirection() && !visitor.wants_part;
        let mut response = response;
        if shown {
            visitor::forget_flash(app, &mut response);
        }
        return response;
    };
    if problem.status == 401 {
        return to_login(visitor);
    }
    let (heading, advice) = words(problem.status);
    let mut shell = Shell::new(app, visitor, heading);
    shell.description = shell.t(advice).to_owned();
    let status = response.status();
    match shell.clone().page_with(status, &FailurePage { shell, problem: &problem, heading, advice }) {
        Ok(mut page) => {
            if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
                page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
            }
            page
        }
        Err(_) => response,
    }
}

fn to_login(visitor: &Visitor) -> Response {
    let here = visitor.from_page.as_deref().and_then(|url| url.splitn(4, '/').nth(3)).map(|path| format!("/{path}"));
    let wanted = if visitor.wants_part { here.unwrap_or_else(|| "/".to_owned()) } else { visitor.address.clone() };
    let path = format!("/login{}", super::Fields::default().with("next", wanted).query());
    if !visitor.wants_part {
        return visitor::go(&path);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(value) = HeaderValue::from_str(&path) {
        response.headers_mut().insert("hx-redirect", value);
    }
    response
}

const fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        403 => ("This is not yours to do", "Perhaps with another account?"),
        404 => ("Nobody lives here", "The page has moved, or it never was. The homes are all still there."),
        409 => ("That does not fit any more", "Things have changed meanwhile. Go back and look again."),
        413 => ("That was too large", "Try again with something smaller."),
        422 => ("Something is not right with that", "Go back and correct it."),
        429 => ("That was a little fast", "Wait a moment, then try again."),
        503 => ("Just a moment", "The marketplace is busy. Try again in a few seconds."),
        400..=499 => ("That did not work", "Go back and try again."),
        _ => ("Something broke on our side", "It has been written down. Try again, or come back later."),
    }
}
