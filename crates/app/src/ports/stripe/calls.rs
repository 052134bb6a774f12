//! The requests: one function for each call of Stripe's that is used.

use super::client::{Form, Reply};
use super::objects::{
    AccountLink, AccountObject, BalanceObject, DisputeObject, Intent, List, MethodObject, Named, RefundObject, ReversalObject, SetupObject,
    TransferObject,
};
use super::{Stripe, StripeError};

type Result<T> = std::result::Result<T, StripeError>;

/// Under this name our key stands on what Stripe keeps.
pub(super) const KEY: &str = "roost_key";
/// The charge comes along with its intent: it tells until when money is held.
const EXPAND: (&str, &str) = ("expand[]", "latest_charge");

/// Ids stand in paths: nothing else may.
fn safe(id: &str) -> Result<&str> {
    let fine = !id.is_empty() && id.len() <= 255 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if fine {
        Ok(id)
    } else {
        Err(StripeError::Refused { status: 404, code: "resource_missing".into(), message: format!("{id:?} is no name of Stripe's") })
    }
}

impl Stripe {
    /// Makes and confirms an intent.
    pub(super) async fn create_intent(&self, key: &str, form: Form) -> Result<Reply<Intent>> {
        let form = form.with(EXPAND.0, EXPAND.1).with("confirm", true).with("payment_method_types[]", "card");
        self.client.post("/v1/payment_intents", &form.with(&format!("metadata[{KEY}]"), key), key).await
    }

    pub(super) async fn intent(&self, id: &str) -> Result<Intent> {
        self.client.get(&format!("/v1/payment_intents/{}", safe(id)?), &Form::new().with(EXPAND.0, EXPAND.1)).await
    }

    /// The intent that was made under a key, as Stripe's books have it.
    pub(super) async fn intent_by_key(&self, key: &str) -> Result<Option<Intent>> {
        let query = format!("metadata['{KEY}']:'{}'", key.replace(['\'', '\\'], ""));
        let found: List<Intent> = self.client.get("/v1/payment_intents/search", &Form::new().with("query", query)).await?;
        Ok(found.data.into_iter().next())
    }

    pub(super) async fn capture_intent(&self, key: &str, id: &str) -> Result<Intent> {
        let path = format!("/v1/payment_intents/{}/capture", safe(id)?);
        Ok(self.client.post(&path, &Form::new().with(EXPAND.0, EXPAND.1), key).await?.value)
    }

    pub(super) async fn cancel_intent(&self, key: &str, id: &str) -> Result<Intent> {
        let path = format!("/v1/payment_intents/{}/cancel", safe(id)?);
        Ok(self.client.post(&path, &Form::new().with(EXPAND.0, EXPAND.1), key).await?.value)
    }

    pub(super) async fn create_refund(&self, key: &str, intent: &str, amount: i64) -> Result<RefundObject> {
        let form = Form::new().with("payment_intent", safe(intent)?).with("amount", amount).with(&format!("metadata[{KEY}]"), key);
        Ok(self.client.post("/v1/refunds", &form, key).await?.value)
    }

    pub(super) async fn refund_object(&self, id: &str) -> Result<RefundObject> {
        self.client.get(&format!("/v1/refunds/{}", safe(id)?), &Form::new()).await
    }

    pub(super) async fn new_customer(&self, key: &str, email: &str, user: &str) -> Result<Named> {
        let form = Form::new().with("email", email).with("metadata[roost_user]", user);
        Ok(self.client.post("/v1/customers", &form, key).await?.value)
    }

    /// Checks a card with its bank for later use; two requests, each under a
    /// key of its own.
    pub(super) async fn set_up(&self, key: &str, customer: &str, token: &str) -> Result<SetupObject> {
        let form = Form::new().with("customer", safe(customer)?).with("usage", "off_session").with("payment_method_types[]", "card");
        let setup: SetupObject = self.client.post("/v1/setup_intents", &form, &format!("{key}:setup")).await?.value;
        let path = format!("/v1/setup_intents/{}/confirm", safe(&setup.id)?);
        Ok(self.client.post(&path, &Form::new().with("payment_method", token), &format!("{key}:confirm")).await?.value)
    }

    pub(super) async fn method(&self, id: &str) -> Result<MethodObject> {
        self.client.get(&format!("/v1/payment_methods/{}", safe(id)?), &Form::new()).await
    }

    pub(super) async fn detach(&self, id: &str) -> Result<MethodObject> {
        let path = format!("/v1/payment_methods/{}/detach", safe(id)?);
        Ok(self.client.post(&path, &Form::new(), &format!("detach:{id}")).await?.value)
    }

    /// An account whose questions Stripe's own pages ask.
    pub(super) async fn new_account(&self, key: &str, (email, country, host): (&str, &str, &str)) -> Result<AccountObject> {
        let form = Form::new()
            .with("type", "express")
            .with("email", email)
            .with("country", country)
            .with("capabilities[transfers][requested]", true)
            .with("metadata[roost_host]", host);
        Ok(self.client.post("/v1/accounts", &form, key).await?.value)
    }

    pub(super) async fn account(&self, id: &str) -> Result<AccountObject> {
        self.client.get(&format!("/v1/accounts/{}", safe(id)?), &Form::new()).await
    }

    /// A fresh page on which the host answers; each is for one visit, so it is
    /// asked for without a key.
    pub(super) async fn account_link(&self, id: &str, return_url: &str) -> Result<AccountLink> {
        let form = Form::new()
            .with("account", safe(id)?)
            .with("refresh_url", return_url)
            .with("return_url", return_url)
            .with("type", "account_onboarding");
        self.client.post_anew("/v1/account_links", &form).await
    }

    pub(super) async fn new_transfer(
        &self,
        key: &str,
        account: &str,
        (amount, currency): (i64, &str),
        payout: &str,
    ) -> Result<TransferObject> {
        let form = Form::new()
            .with("destination", safe(account)?)
            .with("amount", amount)
            .with("currency", currency)
            .with("metadata[roost_payout]", payout)
            .with(&format!("metadata[{KEY}]"), key);
        Ok(self.client.post("/v1/transfers", &form, key).await?.value)
    }

    pub(super) async fn transfer(&self, id: &str) -> Result<TransferObject> {
        self.client.get(&format!("/v1/transfers/{}", safe(id)?), &Form::new()).await
    }

    pub(super) async fn reverse(&self, key: &str, transfer: &str, amount: i64) -> Result<ReversalObject> {
        let path = format!("/v1/transfers/{}/reversals", safe(transfer)?);
        let form = Form::new().with("amount", amount).with(&format!("metadata[{KEY}]"), key);
        Ok(self.client.post(&path, &form, key).await?.value)
    }

    pub(super) async fn dispute(&self, id: &str) -> Result<DisputeObject> {
        self.client.get(&format!("/v1/disputes/{}", safe(id)?), &Form::new()).await
    }

    pub(super) async fn answer_dispute(&self, key: &str, id: &str, text: &str) -> Result<DisputeObject> {
        let form = Form::new().with("evidence[uncategorized_text]", text).with("submit", true);
        Ok(self.client.post(&format!("/v1/disputes/{}", safe(id)?), &form, key).await?.value)
    }

    pub(super) async fn held(&self) -> Result<BalanceObject> {
        self.client.get("/v1/balance", &Form::new()).await
    }

    /// A page of a list of things made in `[from, until)`, unix seconds.
    pub(super) async fn page<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        (from, until): (i64, i64),
        after: Option<&str>,
    ) -> Result<List<T>> {
        let query = Form::new().with("limit", 100).with("created[gte]", from).with("created[lt]", until).with_some("starting_after", after);
        self.client.get(path, &query).await
    }
}
