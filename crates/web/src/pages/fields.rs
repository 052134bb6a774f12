//! What a form or an address says, by field: read leniently, shown again as it
//! was written when it has to be corrected.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use domain::fields::FieldError;

use crate::error::ApiError;
use crate::extract::read_body;

/// Fields in order; a name may occur more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// From `a=1&b=2`.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).take(500).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first value of a field, trimmed; empty when it is absent.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(have, _)| have == name).map_or("", |(_, value)| value.trim())
    }

    /// As it was written: for passwords and codes.
    #[must_use]
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(have, _)| have == name).map_or("", |(_, value)| value)
    }

    /// The first value of a field, if it says anything.
    #[must_use]
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// A field read as something; none when it is absent or says nothing such.
    #[must_use]
    pub fn read<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.some(name)?.parse().ok()
    }

    /// Whether a field says this number.
    #[must_use]
    pub fn says(&self, name: &str, number: &i32) -> bool {
        self.read::<i32>(name) == Some(*number)
    }

    /// Every value of a field; values separated by commas count one by one.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(have, _)| have == name);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Whether a field has this value.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|have| have == value)
    }

    /// The same without some fields.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// The same with one field set to one value.
    #[must_use]
    pub fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut changed = self.without(&[name]);
        changed.0.push((name.to_owned(), value.into()));
        changed
    }

    /// As a query string, with its question mark; empty when nothing is said.
    #[must_use]
    pub fn query(&self) -> String {
        let mut writer = form_urlencoded::Serializer::new(String::new());
        writer.extend_pairs(self.0.iter().filter(|(_, value)| !value.is_empty()));
        let text = writer.finish();
        if text.is_empty() { text } else { format!("?{text}") }
    }

    /// Every field, for forms that carry them on.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The fields of the address.
#[derive(Debug, Clone)]
pub struct Asked(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, std::convert::Infallible> {
        Ok(Self(Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// The fields of a form that was sent.
#[derive(Debug, Clone)]
pub struct Sent(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Ok(Self(Fields::parse(&read_body(request, state).await?)))
    }
}

/// The mistakes of a form, by field.
#[derive(Debug, Clone, Default)]
pub struct Mistakes(Vec<FieldError>);

impl Mistakes {
    /// One mistake.
    #[must_use]
    pub fn one(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self(vec![FieldError { pointer: format!("/{field}"), code, message: message.into() }])
    }

    /// What a use-case refused, as long as it is the sender's to correct.
    ///
    /// # Errors
    /// Any other failure.
    pub fn of(error: app::Error) -> Result<Self, ApiError> {
        match error {
            app::Error::Invalid(errors) => Ok(Self(errors)),
            app::Error::Conflict { code, message, .. } | app::Error::Forbidden { code, message } => Ok(Self::one("", code, message)),
            other => Err(ApiError::App(other)),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mistake of a field, if it has one.
    #[must_use]
    pub fn at(&self, field: &str) -> Option<&FieldError> {
        self.0.iter().find(|error| error.pointer.trim_start_matches('/') == field)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_changed_and_written_again() {
        let fields = Fields::parse(b"place=S%C3%A3o+Paulo&amenities=wifi,pool&amenities=kitchen&adults=x&empty=");
        assert_eq!(fields.get("place"), "São Paulo");
        assert_eq!(fields.all("amenities").collect::<Vec<_>>(), ["wifi", "pool", "kitchen"]);
        assert!(fields.has("amenities", "pool") && !fields.has("amenities", "sauna"));
        assert_eq!(fields.read::<i32>("adults"), None);
        let changed = fields.without(&["amenities", "adults"]).with("sort", "price_asc");
        assert_eq!(changed.query(), "?place=S%C3%A3o+Paulo&sort=price_asc");
        assert_eq!(Fields::default().query(), "");
    }
}
