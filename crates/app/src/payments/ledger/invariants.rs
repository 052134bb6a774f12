//! What ties the book to the rest of the marketplace: accounts that exist,
//! nothing below its floor, escrow that is what future stays owe, bookings that
//! net to zero, and a provider who agrees.

use domain::money::Currency;
use sqlx::PgConnection;

use super::verify::{Fault, money};
use crate::App;
use crate::error::Result;
use crate::ports::payments::ProviderError;

/// The first fault that set-wise checks find. `read` is how many transactions
/// and entries were read, when all of them were.
pub(super) async fn check(tx: &mut PgConnection, read: Option<(u64, u64)>) -> Result<Option<Fault>> {
    if let Some(read) = read
        && let Some(fault) = everything_was_read(tx, read).await?
    {
        return Ok(Some(fault));
    }
    for fault in
        [accounts(tx).await?, floors(tx).await?, escrow(tx).await?, settled(tx).await?, payments(tx).await?, contributions(tx).await?]
    {
        if fault.is_some() {
            return Ok(fault);
        }
    }
    Ok(None)
}

/// Nothing stands beside chain and queue.
async fn everything_was_read(tx: &mut PgConnection, (transactions, entries): (u64, u64)) -> Result<Option<Fault>> {
    let (stored, lines): (i64, i64) =
        sqlx::query_as("select (select count(*) from ledger_transactions), (select count(*) from ledger_entries)")
            .fetch_one(&mut *tx)
            .await?;
    if u64::try_from(stored).ok() == Some(transactions) && u64::try_from(lines).ok() == Some(entries) {
        return Ok(None);
    }
    let outside: Option<String> = sqlx::query_scalar(
        "select t.id::text || ' (' || t.key || ')' from ledger_transactions t
         where not exists (select 1 from ledger_chain c where c.transaction_id = t.id)
           and not exists (select 1 from ledger_unsealed u where u.transaction_id = t.id)
         order by t.id limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(Some(match outside {
        Some(name) => Fault::new("chain", format!("transaction {name} is neither sealed nor waiting to be: it was slipped in")),
        None => Fault::new(
            "chain",
            format!("{stored} transactions with {lines} entries stand in the book, {transactions} with {entries} were found"),
        ),
    }))
}

/// Every entry is on an account that exists, whose name is what was posted to.
async fn accounts(tx: &mut PgConnection) -> Result<Option<Fault>> {
    let renamed: Option<(String, String)> =
        sqlx::query_as("select key, currency from ledger_accounts where id <> ledger_account_id(key, currency) limit 1")
            .fetch_optional(&mut *tx)
            .await?;
    if let Some((key, currency)) = renamed {
        return Ok(Some(Fault::new("accounts", format!("account {key} {currency} has been renamed"))));
    }
    let unknown: Option<String> = sqlx::query_scalar(
        "select e.account_id::text from (select distinct account_id, currency from ledger_entries) e
         where not exists (select 1 from ledger_accounts a where a.id = e.account_id and a.currency = e.currency) limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(unknown.map(|id| Fault::new("accounts", format!("entries stand on account {id}, which does not exist in their currency"))))
}

/// No account that has a floor stands below nothing.
async fn floors(tx: &mut PgConnection) -> Result<Option<Fault>> {
    let below: Option<(String, String, i64)> = sqlx::query_as(
        "select a.key, a.currency, b.balance from
             (select account_id, sum(case side when 'debit' then amount else -amount end)::bigint as balance from ledger_entries group by account_id) b
         join ledger_accounts a on a.id = b.account_id
         where (a.floored or a.key like 'tax_payable:%') and case a.side when 'debit' then b.balance else -b.balance end < 0
         order by a.key limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(below.map(|(key, currency, balance)| {
        Fault::new("floor", format!("account {key} stands {} below nothing", money(balance.abs(), &currency)))
    }))
}

/// What is held for each booking is what its stay still owes: while it is to
/// come, what its payments brought in (and the marketplace added) less what was
/// promised back; nothing while it is not agreed and once it has ended.
async fn escrow(tx: &mut PgConnection) -> Result<Option<Fault>> {
    let wrong: Option<(String, String, String, String, i64, i64)> = sqlx::query_as(
        "with held as (
             select t.booking_id, e.currency, sum(case e.side when 'credit' then e.amount else -e.amount end) as amount,
                    sum(case when t.event = 'refund_before_earn' then e.amount else 0 end) as promised,
                    bool_or(t.event in ('earn', 'cancel_before_earn', 'late_payment', 'dispute_lost')) as over
             from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
             join ledger_accounts a on a.id = e.account_id and a.key = 'guest_funds:' || t.booking_id::text
             where t.booking_id is not null group by t.booking_id, e.currency
         ), added as (
             select t.booking_id, sum(e.amount) as amount
             from ledger_transactions t join ledger_entries e on e.transaction_id = t.id and e.side = 'debit'
             where t.event = 'contribution' group by t.booking_id
         ), paid as (
             select booking_id, sum(captured) as amount from payments group by booking_id
         )
         select b.id::text, b.code, b.state, b.currency, coalesce(h.amount, 0)::bigint,
                (case when b.state in ('confirmed', 'completed', 'no_show')
                      then coalesce(p.amount, 0) + coalesce(d.amount, 0) - coalesce(h.promised, 0) else 0 end)::bigint
         from bookings b
         left join held h on h.booking_id = b.id left join added d on d.booking_id = b.id left join paid p on p.booking_id = b.id
         where case when b.state in ('confirmed', 'completed', 'no_show')
                    then not coalesce(h.over, false)
                         and coalesce(h.amount, 0) <> coalesce(p.amount, 0) + coalesce(d.amount, 0) - coalesce(h.promised, 0)
                    else coalesce(h.amount, 0) <> 0 end
         order by b.id limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(wrong.map(|(id, code, state, currency, held, owed)| {
        let (held, owed) = (money(held, &currency), money(owed, &currency));
        Fault::new("escrow", format!("booking {code} ({id}) is {state}: {held} are held for it, its stay owes {owed}"))
    }))
}

/// A booking that has ended and of which nothing is on its way nets to zero:
/// no guest's money, no refund and no dispute is left over.
async fn settled(tx: &mut PgConnection) -> Result<Option<Fault>> {
    let wrong: Option<(String, String, String, i64)> = sqlx::query_as(
        "select b.id::text, b.code, a.key, s.balance from
             (select e.account_id, t.booking_id, sum(case e.side when 'credit' then e.amount else -e.amount end)::bigint as balance
              from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
              where t.booking_id is not null group by e.account_id, t.booking_id) s
         join ledger_accounts a on a.id = s.account_id
              and split_part(a.key, ':', 1) in ('guest_funds', 'refund_payable', 'dispute_receivable')
         join bookings b on b.id = s.booking_id
         where s.balance <> 0
           and (b.state in ('cancelled', 'declined', 'expired')
                or (exists (select 1 from ledger_transactions x where x.booking_id = b.id and x.event = 'earn')
                    and not exists (select 1 from payouts w where w.booking_id = b.id and w.state = 'scheduled')))
           and not exists (select 1 from payments p join payment_operations o on o.payment_id = p.id
                           where p.booking_id = b.id and (o.state in ('created', 'sent', 'requires_action')
                                 or (o.kind = 'refund' and o.state = 'failed')))
           and not exists (select 1 from payments p where p.booking_id = b.id and p.due_at is not null and p.status in ('pending', 'failed'))
           and not exists (select 1 from disputes d where d.booking_id = b.id and d.state in ('open', 'evidence_sent'))
         order by b.id limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(wrong.map(|(id, code, account, balance)| {
        Fault::new("settled", format!("booking {code} ({id}) is settled, and {balance} minor units are left on {account}"))
    }))
}

/// The book says of each payment what the payment says of itself.
async fn payments(tx: &mut PgConnection) -> Result<Option<Fault>> {
    let wrong: Option<(String, String, i64, i64, i64, i64)> = sqlx::query_as(
        "with booked as (
             select t.booking_id, t.event, sum(e.amount)::bigint as amount
             from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
             join ledger_accounts a on a.id = e.account_id and a.key = 'psp_clearing'
             where t.event in ('capture', 'refund_paid') and t.booking_id is not null group by t.booking_id, t.event
         ), paid as (
             select booking_id, currency, sum(captured)::bigint as captured, sum(refunded)::bigint as refunded
             from payments group by booking_id, currency
         )
         select p.booking_id::text, p.currency, p.captured, coalesce(c.amount, 0), p.refunded, coalesce(r.amount, 0)
         from paid p
         left join booked c on c.booking_id = p.booking_id and c.event = 'capture'
         left join booked r on r.booking_id = p.booking_id and r.event = 'refund_paid'
         where p.captured <> coalesce(c.amount, 0) or p.refunded <> coalesce(r.amount, 0)
         order by p.booking_id limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(wrong.map(|(booking, currency, captured, booked, refunded, returned)| {
        let [captured, booked, refunded, returned] = [captured, booked, refunded, returned].map(|amount| money(amount, &currency));
        Fault::new(
            "payments",
            format!(
                "the payments of booking {booking} say {captured} taken and {refunded} returned, the book says {booked} and {returned}"
            ),
        )
    }))
}

/// Coupons and credit have paid what the bookings that have them say, and no
/// more than guests had.
async fn contributions(tx: &mut PgConnection) -> Result<Option<Fault>> {
    let wrong: Option<(String, String, i64, i64)> = sqlx::query_as(
        "with booked as (
             select t.booking_id, sum(e.amount) as amount
             from ledger_transactions t join ledger_entries e on e.transaction_id = t.id and e.side = 'debit'
             where t.event = 'contribution' group by t.booking_id
         )
         select coalesce(c.booking_id, b.booking_id)::text, coalesce(c.currency, ''), coalesce(c.coupon_amount + c.credit_amount, 0),
                coalesce(b.amount, 0)::bigint
         from (select c.* from contributions c join bookings b on b.id = c.booking_id and b.confirmed_at is not null) c
         full join booked b on b.booking_id = c.booking_id
         where coalesce(c.coupon_amount + c.credit_amount, 0) <> coalesce(b.amount, 0) limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some((booking, currency, said, booked)) = wrong {
        let (said, booked) = (money(said, &currency), money(booked, &currency));
        return Ok(Some(Fault::new("coupons", format!("coupon and credit of booking {booking} pay {said}, the book says {booked}"))));
    }
    let wrong: Option<(String, i32, i64)> = sqlx::query_as(
        "select k.code, k.uses, count(c.booking_id) from coupons k
         left join contributions c on c.coupon_id = k.id and c.state <> 'returned'
         group by k.id having k.uses <> count(c.booking_id) limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(wrong
        .map(|(code, uses, found)| Fault::new("coupons", format!("coupon {code} says it is used {uses} times, {found} bookings have it"))))
}

/// The provider holds what the book says it holds. Asked only when nothing is
/// on its way between us.
pub(super) async fn check_provider(app: &App, tx: &mut PgConnection, remarks: &mut Vec<String>) -> Result<Option<Fault>> {
    let on_its_way: i64 = sqlx::query_scalar(
        "select (select count(*) from payment_operations where state in ('created', 'sent'))
              + (select count(*) from payments where status = 'requires_action')
              + (select count(*) from webhook_inbox where processed_at is null)
              + (select count(*) from payout_transfers where state in ('created', 'sent'))
              + (select count(*) from jobs where kind in ('handle_webhook', 'sandbox_deliver_webhook'))",
    )
    .fetch_one(&mut *tx)
    .await?;
    if on_its_way > 0 {
        remarks.push(format!("the provider's balance was not compared: {on_its_way} requests or events are on their way"));
        return Ok(None);
    }
    let balances: Vec<(Currency, i64)> = sqlx::query_as(
        "select a.currency, coalesce(sum(case e.side when 'debit' then e.amount else -e.amount end), 0)::bigint
         from ledger_accounts a join ledger_entries e on e.account_id = a.id where a.key = 'psp_clearing' group by a.currency order by 1",
    )
    .fetch_all(&mut *tx)
    .await?;
    for (currency, booked) in balances {
        match app.provider.balance(currency).await {
            Ok(Some(held)) if held.amount != booked => {
                return Ok(Some(Fault::new(
                    "provider",
                    format!("the provider holds {held}, the book says {}: run `roost payments reconcile`", money(booked, currency.code())),
                )));
            }
            Ok(Some(_)) => {}
            Ok(None) => remarks.push(format!("the provider does not tell its balance in {currency}: run `roost payments reconcile`")),
            Err(ProviderError::Refused(why) | ProviderError::Unknown(why)) => {
                remarks.push(format!("the provider's balance in {currency} was not compared: {why}"));
            }
        }
    }
    Ok(None)
}
