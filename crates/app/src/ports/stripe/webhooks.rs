//! What Stripe tells on its own, believed by its signature. Only the name of
//! the thing is taken from it: how it stands is asked for.

use super::StripeSettings;
use super::objects::EventObject as Wire;
use crate::ports::payments::{EventObject, ProviderEvent};
use crate::ports::signatures;

/// Checks and reads an event.
///
/// # Errors
/// The sentence why it is not believed or cannot be read.
pub(super) fn read(settings: &StripeSettings, signature: Option<&str>, body: &[u8], now: i64) -> Result<ProviderEvent, String> {
    let secrets: Vec<Vec<u8>> = settings.webhook_secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
    signatures::verify(&secrets, signature, body, now)?;
    let event: Wire = serde_json::from_slice(body).map_err(|error| format!("not an event: {error}"))?;
    if event.livemode != settings.is_live() {
        return Err(format!("an event of {} money at an endpoint for {}", mode(event.livemode), mode(settings.is_live())));
    }
    Ok(ProviderEvent { object: subject(&event), id: event.id, kind: event.kind })
}

const fn mode(live: bool) -> &'static str {
    if live { "real" } else { "test" }
}

fn subject(event: &Wire) -> EventObject {
    let thing = &event.data.object;
    let named = |make: fn(String) -> EventObject| thing.id.clone().map_or(EventObject::Other, make);
    let kind = event.kind.as_str();
    if kind.starts_with("charge.dispute.") {
        // A bank's mere question moves no money.
        let inquiry = thing.status.as_deref().is_some_and(|status| status.starts_with("warning_"));
        return if inquiry { EventObject::Other } else { named(EventObject::Dispute) };
    }
    if kind.starts_with("refund.") || kind == "charge.refund.updated" {
        return named(EventObject::Refund);
    }
    if kind.starts_with("payment_intent.") {
        return named(EventObject::Charge);
    }
    if kind.starts_with("charge.") {
        return thing.payment_intent.as_ref().map_or(EventObject::Other, |intent| EventObject::Charge(intent.id().to_owned()));
    }
    if kind.starts_with("transfer.") {
        return named(EventObject::Transfer);
    }
    if kind.starts_with("account.") && thing.id.as_deref().is_some_and(|id| id.starts_with("acct_")) {
        return named(EventObject::Account);
    }
    EventObject::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: &str) -> StripeSettings {
        StripeSettings {
            secret_key: key.into(),
            webhook_secrets: vec!["whsec_old".into(), "whsec_new".into()],
            api_base: String::new(),
            return_url: None,
            timeout: StripeSettings::TIMEOUT,
        }
    }

    fn read_signed(key: &str, body: &str) -> Result<ProviderEvent, String> {
        read(&settings(key), Some(&signatures::sign(b"whsec_new", 1_000, body.as_bytes())), body.as_bytes(), 1_000)
    }

    #[test]
    fn events_name_what_they_speak_of() {
        let event = |kind: &str, object: &str| {
            let body = format!(r#"{{"id":"evt_1","type":"{kind}","livemode":false,"data":{{"object":{object}}}}}"#);
            read_signed("sk_test_1", &body).unwrap().object
        };
        let charge = EventObject::Charge("pi_1".into());
        assert_eq!(event("payment_intent.succeeded", r#"{"id":"pi_1","status":"succeeded"}"#), charge);
        assert_eq!(event("charge.captured", r#"{"id":"ch_1","payment_intent":"pi_1"}"#), charge);
        assert_eq!(event("charge.captured", r#"{"id":"ch_1","payment_intent":{"id":"pi_1"}}"#), charge);
        assert_eq!(event("charge.captured", r#"{"id":"ch_1","payment_intent":null}"#), EventObject::Other);
        assert_eq!(event("refund.updated", r#"{"id":"re_1"}"#), EventObject::Refund("re_1".into()));
        let dispute = EventObject::Dispute("dp_1".into());
        assert_eq!(event("charge.dispute.created", r#"{"id":"dp_1","status":"needs_response"}"#), dispute);
        assert_eq!(event("charge.dispute.created", r#"{"id":"dp_1","status":"warning_needs_response"}"#), EventObject::Other);
        assert_eq!(event("transfer.reversed", r#"{"id":"tr_1"}"#), EventObject::Transfer("tr_1".into()));
        assert_eq!(event("account.updated", r#"{"id":"acct_1"}"#), EventObject::Account("acct_1".into()));
        assert_eq!(event("balance.available", r#"{"object":"balance"}"#), EventObject::Other);
        assert_eq!(event("customer.created", r#"{"id":"cus_1"}"#), EventObject::Other);
    }

    #[test]
    fn events_of_the_other_mode_are_not_believed() {
        let live = r#"{"id":"evt_1","type":"payment_intent.succeeded","livemode":true,"data":{"object":{"id":"pi_1"}}}"#;
        assert!(read_signed("sk_test_1", live).unwrap_err().contains("real money"));
        assert!(read_signed("rk_live_1", live).is_ok());
        assert!(read_signed("sk_live_1", &live.replace("true", "false")).is_err());
        assert!(read_signed("sk_test_1", "{}").is_err());
        assert!(read(&settings("sk_live_1"), None, live.as_bytes(), 1_000).is_err());
    }
}
