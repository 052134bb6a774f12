//! Coming in: sign-up, login, proving an address, a new password.

use app::App;
use app::accounts::{self, Device as From, NewUser};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};

use super::visitor::{keep_login, own_path};
use super::{Asked, Fields, Mistakes, Sent, Shell, Visitor, go, go_with};
use crate::auth::Device;
use crate::error::{ApiError, ApiResult};

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/login", get(login_form).post(log_in))
        .route("/logout", post(log_out))
        .route("/signup", get(signup_form).post(sign_up))
        .route("/verify", get(verify_form).post(verify))
        .route("/verify/again", post(verify_again))
        .route("/forgot-password", get(forgot_form).post(forgot))
        .route("/reset-password", get(reset_form).post(reset))
}

macro_rules! form_page {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            shell: Shell,
            fields: &'a Fields,
            mistakes: &'a Mistakes,
        }
    };
}

form_page!(VerifyPage, "login/verify.html");
form_page!(ForgotPage, "login/forgot.html");
form_page!(ResetPage, "login/reset.html");

#[derive(Template)]
#[template(path = "login/login.html")]
struct LoginPage<'a> {
    shell: Shell,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
    next_query: String,
}

#[derive(Template)]
#[template(path = "login/signup.html")]
struct SignupPage<'a> {
    shell: Shell,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
    next_query: String,
}

/// Something has been done; what now?
#[derive(Template)]
#[template(path = "login/note.html")]
struct NotePage {
    shell: Shell,
    icon: &'static str,
    heading: String,
    words: String,
    outbox: bool,
    href: &'static str,
    action: String,
}

/// Carries the wish where to go afterwards to another page.
fn next_query(fields: &Fields) -> String {
    fields.some("next").map(|next| Fields::default().with("next", next).query()).unwrap_or_default()
}

fn login_page(app: &App, visitor: &Visitor, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    let words = visitor.locale.t("Log in to your trips, messages and homes.");
    let shell = Shell::new(app, visitor, "Log in").canonical("/login", words);
    let page = LoginPage { shell: shell.clone(), fields, mistakes, next_query: next_query(fields) };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn login_form(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    if visitor.login.is_some() {
        return Ok(go(own_path(fields.get("next"), "/")));
    }
    login_page(&app, &visitor, &fields, &Mistakes::default())
}

async fn log_in(State(app): State<App>, visitor: Visitor, device: Device, Sent(fields): Sent) -> ApiResult<Response> {
    let ip_address = device.ip_address.map(|ip| ip.to_string()).unwrap_or_default();
    let from = From { user_agent: device.user_agent, ip_address, browser: true };
    let mistakes = match accounts::log_in(&app, fields.get("email"), fields.raw("password"), fields.some("totp"), &from).await {
        Ok(issued) => {
            let mut response = go(own_path(fields.get("next"), "/"));
            keep_login(&app, &mut response, Some(&issued.access_token));
            return Ok(response);
        }
        Err(app::Error::Unauthenticated) => Mistakes::one("", "wrong", "Address and password do not fit together."),
        Err(app::Error::Challenge { code: "totp_required", .. }) => {
            Mistakes::one("totp", "totp_required", "Type the code of your authenticator app, or a recovery code.")
        }
        Err(app::Error::Challenge { .. }) => {
            Mistakes::one("totp", "wrong_code", "This code is wrong or was used before: wait for the next one.")
        }
        Err(app::Error::TooMany { retry_after_seconds }) => {
            let wait = visitor.locale.n(
                ("Too many tries. Wait {0} second.", "Too many tries. Wait {0} seconds."),
                i64::try_from(retry_after_seconds).unwrap_or(i64::MAX),
                &[],
            );
            Mistakes::one("", "too_many_requests", wait)
        }
        Err(error) => Mistakes::of(error)?,
    };
    login_page(&app, &visitor, &fields, &mistakes)
}

async fn log_out(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    if let Some(login) = &visitor.login {
        accounts::log_out(&app, login).await?;
    }
    let mut response = go_with(&app, "/", visitor.locale.t("You are logged out."));
    keep_login(&app, &mut response, None);
    Ok(response)
}

fn signup_page(app: &App, visitor: &Visitor, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    let words = visitor.locale.t("An account to book homes and to offer yours.");
    let shell = Shell::new(app, visitor, "Sign up").canonical("/signup", words);
    let page = SignupPage { shell: shell.clone(), fields, mistakes, next_query: next_query(fields) };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn signup_form(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    signup_page(&app, &visitor, &fields, &Mistakes::default())
}

/// The answer is the same whether or not the address is known.
async fn sign_up(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    let new = NewUser { email: fields.get("email").into(), password: fields.raw("password").into(), name: fields.get("name").into() };
    if let Err(error) = accounts::register(&app, new).await {
        return signup_page(&app, &visitor, &fields, &Mistakes::of(error)?);
    }
    let words = visitor.locale.f("We have sent a link to {0}. Open it to confirm your address, then log in.", &[&fields.get("email")]);
    note(&app, &visitor, ("mail", "Look into your mail", words), ("/login", "Log in"))
}

fn note(
    app: &App,
    visitor: &Visitor,
    (icon, heading, words): (&'static str, &'static str, String),
    (href, action): (&'static str, &'static str),
) -> ApiResult<Response> {
    let shell = Shell::new(app, visitor, heading);
    let outbox = app.config.mail.smtp_url.is_empty() && icon == "mail";
    let (heading, action) = (shell.t(heading).to_owned(), shell.t(action).to_owned());
    shell.clone().page(&NotePage { shell, icon, heading, words, outbox, href, action })
}

async fn verify_form(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    // A GET does not confirm: mail scanners follow links.
    let shell = Shell::new(&app, &visitor, "Confirm your address");
    shell.clone().page(&VerifyPage { shell, fields: &fields, mistakes: &Mistakes::default() })
}

async fn verify(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    if let Err(error) = accounts::verify_email(&app, fields.get("token")).await {
        let shell = Shell::new(&app, &visitor, "Confirm your address");
        return shell.clone().corrected(&VerifyPage { shell, fields: &fields, mistakes: &Mistakes::of(error)? });
    }
    let path = if visitor.login.is_some() { "/" } else { "/login" };
    Ok(go_with(&app, path, visitor.locale.t("Your address is confirmed.")))
}

async fn verify_again(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    visitor.logged_in()?;
    match accounts::send_verification(&app, &visitor.actor).await {
        Ok(()) | Err(app::Error::Conflict { .. }) => Ok(go_with(&app, "/account", visitor.locale.t("A new link is on its way to you."))),
        Err(error) => Err(ApiError::App(error)),
    }
}

async fn forgot_form(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    let shell = Shell::new(&app, &visitor, "Forgot your password?");
    shell.clone().page(&ForgotPage { shell, fields: &fields, mistakes: &Mistakes::default() })
}

async fn forgot(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    if let Err(error) = accounts::request_password_reset(&app, fields.get("email")).await {
        let shell = Shell::new(&app, &visitor, "Forgot your password?");
        return shell.clone().corrected(&ForgotPage { shell, fields: &fields, mistakes: &Mistakes::of(error)? });
    }
    let words = visitor.locale.f("If {0} has an account here, a link is on its way.", &[&fields.get("email")]);
    note(&app, &visitor, ("mail", "Look into your mail", words), ("/login", "Back to the login"))
}

async fn reset_form(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    let shell = Shell::new(&app, &visitor, "Choose a new password");
    shell.clone().page(&ResetPage { shell, fields: &fields, mistakes: &Mistakes::default() })
}

async fn reset(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    if let Err(error) = accounts::reset_password(&app, fields.get("token"), fields.raw("password")).await {
        let shell = Shell::new(&app, &visitor, "Choose a new password");
        return shell.clone().corrected(&ResetPage { shell, fields: &fields, mistakes: &Mistakes::of(error)? });
    }
    Ok(go_with(&app, "/login", visitor.locale.t("Your password is changed. Log in with it.")))
}
