//! Which scope of a personal token a request needs. What is not named here
//! takes no personal token at all.

use axum::http::Method;
use domain::accounts::TokenScope;

/// What a personal token needs for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// Nothing: everybody may.
    Nothing,
    /// This scope.
    Scope(TokenScope),
    /// Only people may, with a login.
    Login,
}

/// What a request needs; `route` is the template that matched it.
#[must_use]
pub fn needed(method: &Method, route: &str) -> Needed {
    use TokenScope as S;
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let either = |read, write| Needed::Scope(if reads { read } else { write });
    let Some(path) = route.strip_prefix("/api/v1/") else { return Needed::Login };
    let mut parts = path.split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("users", Some("me")) => match parts.next() {
            None if *method == Method::DELETE => Needed::Login,
            None | Some("avatar" | "notification-preferences" | "blocks") => either(S::ProfileRead, S::ProfileWrite),
            Some(_) => Needed::Login,
        },
        ("wishlists" | "saved-searches", _) => either(S::ProfileRead, S::ProfileWrite),
        ("listings", _) => either(S::ListingsRead, S::ListingsWrite),
        ("host", Some("listings")) => either(S::ListingsRead, S::ListingsWrite),
        ("host", Some("reservations" | "statistics")) if reads => Needed::Scope(S::BookingsRead),
        ("host", Some("payouts" | "earnings" | "statements")) if reads => Needed::Scope(S::PayoutsRead),
        ("bookings", _) => either(S::BookingsRead, S::BookingsWrite),
        ("reviews", _) if !reads => Needed::Scope(S::BookingsWrite),
        ("conversations" | "notifications", _) => either(S::MessagesRead, S::MessagesWrite),
        ("events", Some("stream")) => Needed::Scope(S::MessagesRead),
        ("users" | "reviews" | "amenities" | "places" | "shared-wishlists" | "ical", _) if reads => Needed::Nothing,
        _ => Needed::Login,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_login_or_money_to_elsewhere_takes_no_token() {
        for (method, route) in [
            (Method::DELETE, "/api/v1/users/me"),
            (Method::PUT, "/api/v1/users/me/password"),
            (Method::POST, "/api/v1/users/me/tokens"),
            (Method::GET, "/api/v1/users/me/export"),
            (Method::POST, "/api/v1/users/me/totp"),
            (Method::GET, "/api/v1/sessions"),
            (Method::PUT, "/api/v1/host/payout-method"),
            (Method::POST, "/api/v1/admin/reviews/{id}/hide"),
            (Method::GET, "/api/v1/admin/users"),
            (Method::POST, "/graphql"),
            (Method::GET, "/account"),
        ] {
            assert_eq!(needed(&method, route), Needed::Login, "{method} {route}");
        }
        assert_eq!(needed(&Method::GET, "/api/v1/users/{id}"), Needed::Nothing);
        assert_eq!(needed(&Method::PUT, "/api/v1/listings/{id}/calendar"), Needed::Scope(TokenScope::ListingsWrite));
        assert_eq!(needed(&Method::GET, "/api/v1/bookings/{id}"), Needed::Scope(TokenScope::BookingsRead));
    }
}
