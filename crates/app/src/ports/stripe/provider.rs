//! The marketplace's wishes in Stripe's words, and Stripe's answers in ours.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::UserId;
use domain::money::{Currency, Money};
use domain::payments::{ChargeState, DisputeState, RecordKind, TransferState};

use super::amounts::{from_stripe, to_stripe};
use super::calls::KEY;
use super::client::Form;
use super::objects::{AccountObject, CardObject, DisputeObject, Expandable, Intent, List, RefundObject, ReversalObject, TransferObject};
use super::{Stripe, StripeError, webhooks};
use crate::ports::payments::{
    AccountRequest, Answer, AuthorizeRequest, Card, Charge, Dispute, HostAccount, PaymentProvider, PayoutRequest, ProviderError,
    ProviderEvent, ProviderRecord, RecordPage, Refund, RefundState, SavedMethod, Transfer,
};

/// A card is held for so long when Stripe does not say.
const HELD: TimeDelta = TimeDelta::days(7);
/// Reversals stand with their transfers, which may be this much older.
const REVERSED_WITHIN: TimeDelta = TimeDelta::days(180);

impl From<StripeError> for ProviderError {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Declined { .. } | StripeError::Refused { .. } => Self::Refused(error.to_string()),
            StripeError::NotNow(_) | StripeError::Unknown(_) | StripeError::Stuck(_) => Self::Unknown(error.to_string()),
        }
    }
}

/// Stripe says something that cannot be: nothing is concluded from it.
fn odd(why: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unknown(format!("Stripe's answer makes no sense: {why}"))
}

fn units(money: Money) -> Answer<i64> {
    to_stripe(money).map_err(ProviderError::Refused)
}

fn instant(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

fn card(object: CardObject) -> Card {
    Card {
        brand: object.brand.unwrap_or_default(),
        last4: object.last4.unwrap_or_default(),
        exp_month: object.exp_month,
        exp_year: object.exp_year,
    }
}

fn charge(intent: Intent) -> Answer<Charge> {
    let state = match intent.status.as_str() {
        "requires_action" | "requires_confirmation" => ChargeState::RequiresAction,
        "requires_capture" => ChargeState::Authorized,
        "succeeded" => ChargeState::Captured,
        "canceled" => ChargeState::Released,
        "requires_payment_method" => ChargeState::Failed,
        other => return Err(ProviderError::Unknown(format!("the payment is still {other}"))),
    };
    let failure = intent.last_payment_error.unwrap_or_default();
    let decline_code = (state == ChargeState::Failed).then(|| failure.decline_code.or(failure.code)).flatten();
    let details = match intent.latest_charge {
        Some(Expandable::Object(object)) => object.payment_method_details.and_then(|details| details.card),
        _ => None,
    };
    let until = details.as_ref().and_then(|card| card.capture_before).and_then(instant);
    let held = || instant(intent.created).map(|made| made + HELD);
    Ok(Charge {
        decline_code: decline_code.or_else(|| (state == ChargeState::Failed).then(|| "card_declined".to_owned())),
        action_url: intent.next_action.and_then(|next| next.redirect_to_url).and_then(|to| to.url),
        expires_at: if state == ChargeState::Authorized { until.or_else(held) } else { None },
        method: intent.payment_method.map(|method| method.id().to_owned()),
        card: details.map(card),
        reference: intent.id,
        state,
    })
}

/// A refused card is an answer about a charge.
fn declined(code: String, intent: Option<Box<Intent>>, key: &str) -> Charge {
    let method = intent.as_ref().and_then(|intent| intent.payment_method.as_ref()).map(|method| method.id().to_owned());
    Charge {
        reference: intent.map_or_else(|| format!("declined:{key}"), |intent| intent.id),
        state: ChargeState::Failed,
        decline_code: Some(code),
        action_url: None,
        expires_at: None,
        method,
        card: None,
    }
}

fn refund(object: RefundObject) -> Refund {
    let state = match object.status.as_deref() {
        None | Some("succeeded") => RefundState::Succeeded,
        Some("failed" | "canceled") => RefundState::Failed,
        Some(_) => RefundState::Pending,
    };
    Refund { reference: object.id, state }
}

/// Money is with the host's account at once; what Stripe does not take there it
/// refuses.
fn transfer(object: TransferObject) -> Transfer {
    let state = if object.reversed { TransferState::Failed } else { TransferState::Paid };
    Transfer { reference: object.id, state, failure_code: object.reversed.then(|| "reversed".to_owned()) }
}

fn dispute(object: DisputeObject) -> Answer<Dispute> {
    let state = match object.status.as_str() {
        "needs_response" | "warning_needs_response" => DisputeState::Open,
        "under_review" | "warning_under_review" => DisputeState::EvidenceSent,
        "won" | "warning_closed" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        other => return Err(odd(format!("a dispute that is {other}"))),
    };
    let amount = from_stripe(object.amount, &object.currency).map_err(odd)?;
    // The first movement is the bank's taking; a later one gives it back.
    let fee = object.balance_transactions.first().filter(|moved| moved.currency.eq_ignore_ascii_case(&object.currency));
    let fee = fee.map_or(Ok(0), |moved| from_stripe(moved.fee, &moved.currency).map(|fee| fee.amount)).map_err(odd)?;
    let charge = object.payment_intent.or(object.charge).ok_or_else(|| odd("a dispute about nothing"))?;
    Ok(Dispute {
        charge: charge.id().to_owned(),
        amount,
        fee,
        state,
        reason: object.reason,
        evidence_due_at: object.evidence_details.and_then(|details| details.due_by).and_then(instant),
        reference: object.id,
    })
}

fn record(
    kind: RecordKind,
    (reference, key): (String, Option<&String>),
    (amount, currency): (i64, &str),
    made: i64,
) -> Answer<ProviderRecord> {
    Ok(ProviderRecord {
        kind,
        reference,
        request_key: key.cloned(),
        amount: from_stripe(amount, currency).map_err(odd)?,
        at: instant(made).ok_or_else(|| odd("a time out of range"))?,
    })
}

impl Stripe {
    async fn host_account(&self, account: AccountObject, return_url: &str) -> Answer<HostAccount> {
        let requirements = account.requirements.unwrap_or_default();
        let transfers = account.capabilities.get("transfers").is_none_or(|state| state == "active");
        let asks = !requirements.currently_due.is_empty() || requirements.disabled_reason.is_some() || !account.payouts_enabled;
        let onboarding_url = if asks { Some(self.account_link(&account.id, return_url).await?.url) } else { None };
        Ok(HostAccount {
            reference: account.id,
            payouts_enabled: account.payouts_enabled && transfers,
            onboarding_url,
            requirements: requirements.currently_due,
        })
    }

    fn wish(&self, request: &AuthorizeRequest) -> Answer<Form> {
        let form = Form::new()
            .with("amount", units(request.amount)?)
            .with("currency", request.amount.currency.code().to_ascii_lowercase())
            .with("payment_method", &request.method)
            .with("capture_method", if request.capture { "automatic" } else { "manual" })
            .with("metadata[roost_booking]", request.booking)
            .with_some("customer", request.customer.as_ref())
            .with_some("setup_future_usage", (request.keep_method && !request.off_session).then_some("off_session"))
            .with_some("off_session", request.off_session.then_some(true));
        // Without the guest nobody can be sent anywhere.
        Ok(form.with_some("return_url", self.settings.return_url.as_ref().filter(|_| !request.off_session)))
    }

    /// What Stripe says of an intent that is not where a change wants it: done
    /// already is done.
    async fn settled(&self, error: StripeError, reference: &str, wanted: ChargeState) -> Answer<Charge> {
        if error.is_wrong_state() {
            let now = charge(self.intent(reference).await?)?;
            if now.state == wanted {
                return Ok(now);
            }
        }
        Err(error.into())
    }

    async fn movements(&self, kind: RecordKind, (from, until): (DateTime<Utc>, DateTime<Utc>), after: Option<&str>) -> Answer<RecordPage> {
        let span = (from.timestamp(), until.timestamp());
        let (records, next) = match kind {
            RecordKind::Charge => {
                let page: List<Intent> = self.page("/v1/payment_intents", span, after).await?;
                let next = page.data.last().filter(|_| page.has_more).map(|last| last.id.clone());
                let paid = page.data.iter().filter(|intent| intent.amount_received > 0);
                let read = |i: &Intent| record(kind, (i.id.clone(), i.metadata.get(KEY)), (i.amount_received, &i.currency), i.created);
                (paid.map(read).collect::<Answer<Vec<_>>>()?, next)
            }
            RecordKind::Refund => {
                let page: List<RefundObject> = self.page("/v1/refunds", span, after).await?;
                let next = page.data.last().filter(|_| page.has_more).map(|last| last.id.clone());
                let gone = page.data.iter().filter(|refund| !matches!(refund.status.as_deref(), Some("failed" | "canceled")));
                let key = |refund: &RefundObject| refund.metadata.as_ref().and_then(|all| all.get(KEY).cloned());
                let read = |r: &RefundObject| record(kind, (r.id.clone(), key(r).as_ref()), (r.amount, &r.currency), r.created);
                (gone.map(read).collect::<Answer<Vec<_>>>()?, next)
            }
            RecordKind::Transfer => {
                let page: List<TransferObject> = self.page("/v1/transfers", span, after).await?;
                let next = page.data.last().filter(|_| page.has_more).map(|last| last.id.clone());
                let read = |t: &TransferObject| record(kind, (t.id.clone(), t.metadata.get(KEY)), (t.amount, &t.currency), t.created);
                (page.data.iter().map(read).collect::<Answer<Vec<_>>>()?, next)
            }
            RecordKind::Reversal => {
                let older = ((from - REVERSED_WITHIN).timestamp(), span.1);
                let page: List<TransferObject> = self.page("/v1/transfers", older, after).await?;
                let next = page.data.last().filter(|_| page.has_more).map(|last| last.id.clone());
                let all = page.data.into_iter().filter_map(|transfer| transfer.reversals).flat_map(|list| list.data);
                let within = all.filter(|reversal| (span.0..span.1).contains(&reversal.created));
                let key = |reversal: &ReversalObject| reversal.metadata.as_ref().and_then(|all| all.get(KEY).cloned());
                let read = |r: ReversalObject| record(kind, (r.id.clone(), key(&r).as_ref()), (r.amount, &r.currency), r.created);
                (within.map(read).collect::<Answer<Vec<_>>>()?, next)
            }
            RecordKind::Dispute => {
                let page: List<DisputeObject> = self.page("/v1/disputes", span, after).await?;
                let next = page.data.last().filter(|_| page.has_more).map(|last| last.id.clone());
                let real = page.data.iter().filter(|dispute| !dispute.is_inquiry());
                let read = |d: &DisputeObject| record(kind, (d.id.clone(), None), (d.amount, &d.currency), d.created);
                (real.map(read).collect::<Answer<Vec<_>>>()?, next)
            }
        };
        let mut records = records;
        records.reverse();
        Ok(RecordPage { records, next })
    }
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    async fn authorize(&self, request: &AuthorizeRequest) -> Answer<Charge> {
        match self.create_intent(&request.key, self.wish(request)?).await {
            // A stored answer tells how things stood then.
            Ok(reply) if reply.replayed || reply.value.status == "processing" => charge(self.intent(&reply.value.id).await?),
            Ok(reply) => charge(reply.value),
            Err(StripeError::Declined { code, intent }) => Ok(declined(code, intent, &request.key)),
            Err(StripeError::Stuck(why)) => match self.intent_by_key(&request.key).await? {
                Some(intent) => charge(intent),
                None => Err(ProviderError::Refused(format!("Stripe failed to take this payment: {why}"))),
            },
            Err(error) => Err(error.into()),
        }
    }

    async fn capture(&self, key: &str, reference: &str) -> Answer<Charge> {
        match self.capture_intent(key, reference).await {
            Ok(intent) => charge(intent),
            Err(StripeError::Stuck(_)) => charge(self.intent(reference).await?),
            Err(error) => self.settled(error, reference, ChargeState::Captured).await,
        }
    }

    async fn release(&self, key: &str, reference: &str) -> Answer<Charge> {
        match self.cancel_intent(key, reference).await {
            Ok(intent) => charge(intent),
            Err(StripeError::Stuck(_)) => charge(self.intent(reference).await?),
            Err(error) => self.settled(error, reference, ChargeState::Released).await,
        }
    }

    async fn refund(&self, key: &str, reference: &str, amount: Money) -> Answer<Refund> {
        Ok(refund(self.create_refund(key, reference, units(amount)?).await?))
    }

    async fn fetch(&self, reference: &str) -> Answer<Charge> {
        charge(self.intent(reference).await?)
    }

    async fn fetch_refund(&self, reference: &str) -> Answer<Refund> {
        Ok(refund(self.refund_object(reference).await?))
    }

    async fn create_customer(&self, key: &str, user: UserId, email: &str) -> Answer<String> {
        Ok(self.new_customer(key, email, &user.to_string()).await?.id)
    }

    async fn save_method(&self, key: &str, customer: &str, token: &str) -> Answer<SavedMethod> {
        let setup = self.set_up(key, customer, token).await?;
        if setup.status != "succeeded" {
            return Err(ProviderError::Refused("the bank wants to ask the guest first: pay with this card once, then keep it".into()));
        }
        let method = setup.payment_method.ok_or_else(|| odd("a card without a name"))?;
        let method = self.method(method.id()).await?;
        let shown = method.card.ok_or_else(|| ProviderError::Refused("only cards can be kept".into()))?;
        Ok(SavedMethod { reference: method.id, card: card(shown) })
    }

    async fn forget_method(&self, reference: &str) -> Answer<()> {
        match self.detach(reference).await {
            Ok(_) => Ok(()),
            // Unknown, or no customer's any more.
            Err(error) if error.is_missing() || matches!(error, StripeError::Refused { status: 400, .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn create_account(&self, request: &AccountRequest) -> Answer<HostAccount> {
        let host = request.host.to_string();
        let account = self.new_account(&request.key, (&request.email, &request.country, &host)).await?;
        self.host_account(account, &request.return_url).await
    }

    async fn fetch_account(&self, reference: &str, return_url: &str) -> Answer<HostAccount> {
        self.host_account(self.account(reference).await?, return_url).await
    }

    async fn pay_out(&self, request: &PayoutRequest) -> Answer<Transfer> {
        let currency = request.amount.currency.code().to_ascii_lowercase();
        let payout = request.payout.to_string();
        Ok(transfer(self.new_transfer(&request.key, &request.account, (units(request.amount)?, &currency), &payout).await?))
    }

    async fn fetch_transfer(&self, reference: &str) -> Answer<Transfer> {
        Ok(transfer(self.transfer(reference).await?))
    }

    async fn reverse_transfer(&self, key: &str, reference: &str, amount: Money) -> Answer<String> {
        Ok(self.reverse(key, reference, units(amount)?).await?.id)
    }

    async fn fetch_dispute(&self, reference: &str) -> Answer<Dispute> {
        dispute(self.dispute(reference).await?)
    }

    async fn submit_evidence(&self, key: &str, reference: &str, text: &str) -> Answer<Dispute> {
        dispute(self.answer_dispute(key, reference, text).await?)
    }

    async fn list(&self, kind: RecordKind, span: (DateTime<Utc>, DateTime<Utc>), cursor: Option<&str>) -> Answer<RecordPage> {
        self.movements(kind, span, cursor).await
    }

    async fn balance(&self, currency: Currency) -> Answer<Option<Money>> {
        let held = self.held().await?;
        let mut sum = Money::zero(currency);
        for part in held.available.iter().chain(&held.pending).filter(|part| part.currency.eq_ignore_ascii_case(currency.code())) {
            sum = sum.plus(from_stripe(part.amount, &part.currency).map_err(odd)?).map_err(odd)?;
        }
        Ok(Some(sum))
    }

    fn read_webhook(&self, signature: Option<&str>, body: &[u8], now_unix: i64) -> Result<ProviderEvent, String> {
        webhooks::read(&self.settings, signature, body, now_unix)
    }
}
