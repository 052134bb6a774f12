//! Values that GraphQL itself does not know: dates, cursors, amounts, and the
//! closed words of the domain as enums.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{
    ContextSelectionSet, Description, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned, Scalar, ScalarType,
    ServerResult, Value,
};
use chrono::{NaiveDate, NaiveTime};

/// A local date of the listing it belongs to: `2030-05-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Description)]
pub struct Date(pub NaiveDate);

#[Scalar(use_type_description, specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) if text.len() == 10 => Ok(Self(text.parse()?)),
            _ => Err(InputValueError::custom("a date is written YYYY-MM-DD")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

/// A local time of day, to the minute: `15:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Description)]
pub struct ClockTime(pub NaiveTime);

#[Scalar(use_type_description)]
impl ScalarType for ClockTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(NaiveTime::parse_from_str(text, "%H:%M")?)),
            _ => Err(InputValueError::custom("a time of day is written HH:MM")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%H:%M").to_string())
    }
}

impl From<NaiveTime> for ClockTime {
    fn from(time: NaiveTime) -> Self {
        Self(time)
    }
}

/// A place in a list, from an earlier answer. Opaque; stable under inserts.
#[derive(Debug, Clone, PartialEq, Eq, Description)]
pub struct Cursor(pub String);

#[Scalar(use_type_description)]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A whole number of a currency's smallest units (cents of EUR, yen of JPY),
/// up to 53 bits: more than GraphQL's Int holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Description)]
pub struct MinorUnits(pub i64);

#[Scalar(use_type_description)]
impl ScalarType for MinorUnits {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number.as_i64().map(Self).ok_or_else(|| InputValueError::custom("an amount is a whole number")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

impl From<i64> for MinorUnits {
    fn from(amount: i64) -> Self {
        Self(amount)
    }
}

/// A closed set of words of the domain.
pub trait Words: Copy + Send + Sync + 'static {
    /// Its name in the schema.
    const NAME: &'static str;
    /// Every word with its meaning.
    fn all() -> impl Iterator<Item = (Self, &'static str, &'static str)>;
    /// What the set is about.
    fn about() -> &'static str;
    /// The one spelling in JSON and SQL; upper case in GraphQL.
    fn word(self) -> &'static str;
}

/// A word of the domain as a GraphQL enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<T>(pub T);

impl<T> From<T> for Word<T> {
    fn from(word: T) -> Self {
        Self(word)
    }
}

fn describe<T: Words>(registry: &mut Registry) -> String {
    registry.create_output_type::<Word<T>, _>(MetaTypeId::Enum, |_| MetaType::Enum {
        name: T::NAME.to_owned(),
        description: Some(T::about().to_owned()),
        enum_values: T::all()
            .map(|(_, word, meaning)| {
                let name = word.to_ascii_uppercase();
                let value = MetaEnumValue {
                    name: name.clone(),
                    description: Some(meaning.to_owned()),
                    deprecation: Deprecation::NoDeprecated,
                    visible: None,
                    inaccessible: false,
                    tags: Vec::new(),
                    directive_invocations: Vec::new(),
                };
                (name, value)
            })
            .collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some(std::any::type_name::<Word<T>>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    })
}

impl<T: Words> OutputType for Word<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        describe::<T>(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        Ok(self.to_value())
    }
}

impl<T: Words> InputType for Word<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        describe::<T>(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let name = match &value {
            Some(Value::Enum(name)) => name.as_str(),
            Some(Value::String(text)) => text.as_str(),
            _ => return Err(InputValueError::expected_type(value.unwrap_or_default())),
        };
        T::all()
            .find(|(_, word, _)| word.to_ascii_uppercase() == name)
            .map(|(word, _, _)| Self(word))
            .ok_or_else(|| InputValueError::custom(format!("there is no {name} in {}", T::NAME)))
    }

    fn to_value(&self) -> Value {
        Value::Enum(Name::new(self.0.word().to_ascii_uppercase()))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// Makes enums of the schema from words of the domain.
macro_rules! words {
    ($($type:ty),+ $(,)?) => {$(
        impl Words for $type {
            const NAME: &'static str = crate::graphql::scalars::last_part(stringify!($type));
            fn all() -> impl Iterator<Item = (Self, &'static str, &'static str)> {
                <$type>::ALL.iter().map(|word| (*word, word.as_str(), word.meaning()))
            }
            fn about() -> &'static str {
                <$type>::about()
            }
            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    )+};
}

/// `domain::bookings::Side` → `Side`.
#[must_use]
pub const fn last_part(path: &'static str) -> &'static str {
    let bytes = path.as_bytes();
    let mut at = bytes.len();
    while at > 0 && bytes[at - 1] != b':' && bytes[at - 1] != b' ' {
        at -= 1;
    }
    path.split_at(at).1
}

words! {
    domain::bookings::BookingState, domain::bookings::Side, domain::calendar::Weekday, domain::cancellation::PolicyName,
    domain::listings::BedKind, domain::listings::BookingMode, domain::listings::CheckInMethod, domain::listings::ListingStatus,
    domain::listings::PropertyType, domain::listings::RoomType, domain::messaging::MemberRole, domain::messaging::MessageKind,
    domain::notifications::NotificationKind, domain::payments::PaymentStatus, domain::payments::PayoutState,
    domain::alterations::AlterationState, domain::alterations::refund_requests::RefundRequestState, domain::calendar_feeds::FeedHealth,
    domain::coupons::PaymentMeans, domain::co_hosts::CoHostPermission, domain::co_hosts::CoHostState, domain::instalments::PaymentPlan, domain::ledger::EntrySide,
    domain::payments::CaseKind, domain::payments::DisputeState, domain::payouts::PayoutSchedule,
    domain::pricing::LineKind, domain::pricing::Party, domain::reviews::ReviewStatus, domain::reviews::Subject, domain::taxes::TaxBase,
    domain::taxes::TaxKind,
}
