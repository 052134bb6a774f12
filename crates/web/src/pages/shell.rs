//! What every page has around its content, and what templates ask for.

use std::fmt::Display;

use app::App;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::fields::FieldError;
use domain::money::Money;

use super::fields::{Fields, Mistakes};
use super::locale::{LOCALES, Locale};
use super::visitor::Visitor;
use crate::error::{ApiError, ApiResult};

/// Field, label, hint and least number of the kinds of guests.
pub const GUEST_KINDS: [(&str, &str, &str, i32); 4] = [
    ("adults", "Adults", "13 and older", 1),
    ("children", "Children", "2 to 12", 0),
    ("infants", "Infants", "under 2", 0),
    ("pets", "Pets", "no charge for assistance animals", 0),
];

/// Something that can be counted; templates have numbers and references to them.
pub trait Count {
    /// How many.
    fn count(&self) -> i64;
}

impl Count for i64 {
    fn count(&self) -> i64 {
        *self
    }
}

impl Count for i32 {
    fn count(&self) -> i64 {
        i64::from(*self)
    }
}

impl Count for usize {
    fn count(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl<T: Count> Count for &T {
    fn count(&self) -> i64 {
        (**self).count()
    }
}

/// What stands for somebody without a picture.
#[must_use]
pub fn initial(name: &str) -> String {
    name.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default()
}

/// The shell of one page. Templates get it as `shell`.
#[derive(Clone)]
pub struct Shell {
    /// The marketplace.
    pub app: App,
    /// Who looks.
    pub visitor: Visitor,
    /// Of the document, without the site's name.
    pub title: String,
    /// For search engines and shared links.
    pub description: String,
    /// Path of the page's one address; empty for pages that are not for search engines.
    pub canonical: String,
    /// Absolute address of a picture for shared links; empty when there is none.
    pub picture: String,
    /// A picture the page needs first, to be fetched before anything else.
    pub preload: String,
    /// schema.org data as JSON; empty when there is none.
    pub json_ld: String,
    /// Modules the page needs beside `app.js`.
    pub scripts: Vec<&'static str>,
    /// What the search bar shows.
    pub search: Fields,
    /// Origins the page talks to beside our own: for payment providers.
    pub partners: &'static [&'static str],
}

impl Shell {
    /// The shell of a page; `title` is an English text of the catalogues.
    #[must_use]
    pub fn new(app: &App, visitor: &Visitor, title: &str) -> Self {
        Self {
            app: app.clone(),
            title: visitor.locale.t(title).to_owned(),
            visitor: visitor.clone(),
            description: String::new(),
            canonical: String::new(),
            picture: String::new(),
            preload: String::new(),
            json_ld: String::new(),
            scripts: Vec::new(),
            search: Fields::default(),
            partners: &[],
        }
    }

    /// With a module of its own.
    #[must_use]
    pub fn script(mut self, path: &'static str) -> Self {
        self.scripts.push(path);
        self
    }

    /// The page under which search engines know this one, and what it is about.
    #[must_use]
    pub fn canonical(mut self, path: impl Into<String>, description: impl Into<String>) -> Self {
        self.canonical = path.into();
        self.description = description.into();
        self
    }

    /// A text in the visitor's language.
    #[must_use]
    pub fn t<'a>(&'a self, english: &'a str) -> &'a str {
        self.visitor.locale.t(english)
    }

    /// A text with one value in it.
    #[must_use]
    pub fn f1(&self, english: &str, value: impl Display) -> String {
        self.visitor.locale.f(english, &[&value])
    }

    /// A text with two values in it.
    #[must_use]
    pub fn f2(&self, english: &str, first: impl Display, second: impl Display) -> String {
        self.visitor.locale.f(english, &[&first, &second])
    }

    /// A text that depends on a count, with both English forms.
    #[must_use]
    pub fn n(&self, one: &str, other: &str, count: impl Count) -> String {
        self.visitor.locale.n((one, other), count.count(), &[])
    }

    /// A text that depends on a count, with one more value.
    #[must_use]
    pub fn n1(&self, one: &str, other: &str, count: impl Count, value: impl Display) -> String {
        self.visitor.locale.n((one, other), count.count(), &[&value])
    }

    /// The visitor's language.
    #[must_use]
    pub fn locale(&self) -> &'static Locale {
        self.visitor.locale
    }

    /// Every language there is.
    #[must_use]
    pub fn locales(&self) -> &'static [Locale] {
        &LOCALES
    }

    /// How many guests of a kind are looked for.
    #[must_use]
    pub fn guests_of(&self, kind: &str) -> i32 {
        self.search.read(kind).unwrap_or(i32::from(kind == "adults"))
    }

    /// The guests looked for, in words.
    #[must_use]
    pub fn guests_shown(&self) -> String {
        self.n("1 guest", "{0} guests", self.guests_of("adults") + self.guests_of("children"))
    }

    /// The attribute that lets a password be looked at.
    #[must_use]
    pub fn revealing(&self) -> String {
        format!("data-reveal=\"{}\"", self.t("Show the password"))
    }

    /// The dates looked for, in words.
    #[must_use]
    pub fn dates_shown(&self) -> String {
        let dates = self.search.read("check_in").zip(self.search.read("check_out"));
        let stay = dates.map(|(check_in, check_out)| domain::dates::Stay { check_in, check_out });
        stay.map_or_else(|| self.t("Any dates").to_owned(), |stay| self.locale().stay(stay))
    }

    /// An amount to the last minor unit.
    #[must_use]
    pub fn money(&self, amount: &i64, currency: &domain::money::Currency) -> String {
        self.locale().money(Money::new(*amount, *currency))
    }

    /// What a night costs at least.
    #[must_use]
    pub fn nightly(&self, tariff: &domain::pricing::Tariff) -> String {
        self.locale().price(Money::new(tariff.nightly, tariff.currency))
    }

    /// The dates of a stay.
    #[must_use]
    pub fn stay(&self, stay: &domain::dates::Stay) -> String {
        self.locale().stay(*stay)
    }

    /// A date with its weekday.
    #[must_use]
    pub fn weekday_date(&self, date: &chrono::NaiveDate) -> String {
        self.locale().weekday_date(*date)
    }

    /// A time of day.
    #[must_use]
    pub fn time(&self, time: &chrono::NaiveTime) -> String {
        self.locale().time(*time)
    }

    /// A moment at a place.
    #[must_use]
    pub fn moment(&self, at: &chrono::DateTime<chrono::Utc>, zone: impl std::borrow::Borrow<chrono_tz::Tz>) -> String {
        self.locale().moment(*at, *zone.borrow())
    }

    /// Hundredths of stars with one decimal.
    #[must_use]
    pub fn tenths(&self, hundredths: &i32) -> String {
        self.locale().tenths(*hundredths)
    }

    /// Halves as a number.
    #[must_use]
    pub fn halves(&self, halves: &i32) -> String {
        self.locale().halves(*halves)
    }

    /// Mean stars, with two decimals.
    #[must_use]
    pub fn stars(&self, hundredths: &i32) -> String {
        self.locale().hundredths(*hundredths)
    }

    /// A price, short when it is whole.
    #[must_use]
    pub fn price(&self, money: &Money) -> String {
        self.locale().price(*money)
    }

    /// Where a file of the photo store is fetched.
    #[must_use]
    pub fn photo(&self, name: &str) -> String {
        self.app.blobs.url(name)
    }

    /// An address of this site with its origin.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.app.config.public_url) } else { path.to_owned() }
    }

    /// The mistake of a field in the visitor's language, as far as the catalogue
    /// knows its kind.
    #[must_use]
    pub fn mistake(&self, error: &FieldError) -> String {
        let general = match error.code {
            "required" => "This is needed.",
            "too_short" if error.pointer == "/password" => "At least 8 characters, please.",
            "too_common" => "This password is among the first that are guessed: choose another.",
            "too_personal" => "A password must not be your name or address.",
            "wrong_password" => "This is not your password.",
            "bad_token" => "This link does not work (any more): ask for a new one.",
            "dates_unavailable" => "These dates were just taken. Choose others.",
            "price_changed" => "The price has changed. Look at it again before you book.",
            "email_unverified" => "Confirm your e-mail address first: we have sent you a link.",
            "hold_expired" => "The 15 minutes to pay are over: book again.",
            "too_short" => "This is too short.",
            "too_long" => "This is too long.",
            "format" if error.pointer == "/email" => "This is not an e-mail address, e.g. mia@example.org.",
            _ => return self.t(&error.message).to_owned(),
        };
        self.t(general).to_owned()
    }

    /// The mistake of one field of a form, if it has one.
    #[must_use]
    pub fn wrong(&self, mistakes: &Mistakes, field: &str) -> Option<String> {
        mistakes.at(field).map(|error| self.mistake(error))
    }

    /// The word of an enum as people read it.
    #[must_use]
    pub fn word<'a>(&'a self, word: &'a str) -> &'a str {
        self.t(super::words::english(word))
    }

    /// Sends the page.
    ///
    /// # Errors
    /// When the template cannot be filled: a fault of ours.
    pub fn page(&self, template: &impl Template) -> ApiResult<Response> {
        self.page_with(StatusCode::OK, template)
    }

    /// Sends the form again with its mistakes.
    ///
    /// # Errors
    /// As [`Shell::page`].
    pub fn corrected(&self, template: &impl Template) -> ApiResult<Response> {
        self.page_with(StatusCode::UNPROCESSABLE_ENTITY, template)
    }

    /// Sends the page under another status.
    ///
    /// # Errors
    /// As [`Shell::page`].
    pub fn page_with(&self, status: StatusCode, template: &impl Template) -> ApiResult<Response> {
        let html = template.render().map_err(|error| ApiError::App(app::Error::Internal(error.into())))?;
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("cookie, accept-language, hx-request"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.locale().tag));
        if let Ok(policy) = HeaderValue::from_str(&self.content_policy()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }

    /// What the page may load and talk to: ourselves, the photo store, and on
    /// the payment page the payment provider.
    fn content_policy(&self) -> String {
        let store = self.app.blobs.url("");
        let photos = store.split('/').take(3).collect::<Vec<_>>().join("/");
        let photos = if photos.starts_with("http") { format!(" {photos}") } else { String::new() };
        let partners: String = self.partners.iter().map(|origin| format!(" {origin}")).collect();
        format!(
            "default-src 'none'; script-src 'self'{partners}; style-src 'self'; img-src 'self' data:{photos}{partners}; font-src 'self'; \
             connect-src 'self'{partners}; frame-src{}; manifest-src 'self'; form-action 'self'{partners}; base-uri 'none'; \
             frame-ancestors 'none'",
            if partners.is_empty() { " 'none'" } else { partners.as_str() }
        )
    }
}
