//! Where a booking's money stands, read from the book, and moving it on.

use domain::ids::BookingId;
use domain::ledger::{self, Account, Back, Parts, PostingEvent, Standing};
use domain::money::Currency;

use super::{fault, post_in};
use crate::error::Result;
use crate::tx::Tx;

/// Where the money of a booking stands. Fees for calling off and goodwill are
/// not the booking's money. The caller holds the booking's lock,
/// under which all of it moves.
pub(crate) async fn standing_in(tx: &mut Tx, booking: BookingId, currency: Currency) -> Result<Standing> {
    let mut standing = Standing { currency, funds: 0, promo: 0, credit: None, earned: Parts::new() };
    let balances: Vec<(String, i64)> = sqlx::query_as(
        "select a.key, sum(case e.side when 'credit' then e.amount else -e.amount end)::bigint
         from ledger_transactions t join ledger_entries e on e.transaction_id = t.id join ledger_accounts a on a.id = e.account_id
         where t.booking_id = $1 and a.currency = $2 and t.event not in ('host_cancellation_fee', 'goodwill_refund')
         group by a.key",
    )
    .bind(booking)
    .bind(currency)
    .fetch_all(&mut **tx)
    .await?;
    for (key, balance) in balances {
        let (kind, name) = key.split_once(':').unwrap_or((&key, ""));
        let account = match kind {
            "guest_funds" => {
                standing.funds = balance;
                continue;
            }
            "promo_expense" => {
                standing.promo = -balance;
                continue;
            }
            "guest_credit" => {
                standing.credit = Some((name.parse().map_err(fault)?, -balance));
                continue;
            }
            // What a host owes for this booking is what they no longer have of it.
            "host_payable" | "host_receivable" => Account::HostPayable(name.parse().map_err(fault)?),
            "fee_host" => Account::FeeHost,
            "fee_guest" => Account::FeeGuest,
            "tax_payable" => Account::TaxPayable(name.to_owned()),
            _ => continue,
        };
        *standing.earned.entry(account).or_insert(0) += balance;
    }
    Ok(standing)
}

/// What happened to a booking's money.
pub(crate) struct Happening {
    /// Names it, once ever.
    pub key: String,
    /// Of which kind it is.
    pub event: PostingEvent,
    /// To whom it belongs from now on.
    pub target: Parts,
    /// What the guest gets back of the rest; `None`: the rest stays theirs, to be
    /// earned.
    pub refund: Option<GoesBack>,
}

/// What a guest gets back.
#[derive(Clone, Copy)]
pub(crate) struct GoesBack {
    /// Minor units in all.
    pub wanted: i64,
    /// What can go back to cards.
    pub cash: i64,
}

impl GoesBack {
    /// How it goes back out of `left` minor units that are nobody's. What is
    /// neither the card's nor the credit's was the marketplace's own: coupons,
    /// goodwill.
    pub fn of(self, standing: &Standing, left: i64) -> Back {
        let back = standing.back(self.wanted.clamp(0, left.max(0)), self.cash);
        let refund = back.refund.min(self.cash.max(0));
        Back { refund, promo: left - refund - back.credit, ..back }
    }
}

/// How a booking's money has been divided.
pub(crate) struct Divided {
    /// To whom it belongs.
    pub target: Parts,
    /// What goes back, and to whom.
    pub back: Back,
}

/// Moves a booking's money. When less has come in than the target says,
/// everybody gets less in proportion.
pub(crate) async fn divide_in(tx: &mut Tx, booking: BookingId, standing: &Standing, happening: Happening) -> Result<Divided> {
    let Happening { key, event, mut target, refund } = happening;
    let there = standing.funds + standing.earned_in_all();
    if target.values().sum::<i64>() > there {
        target = ledger::scaled(&target, there).map_err(fault)?;
    }
    let left = there - target.values().sum::<i64>();
    let back = refund.map_or(Back::default(), |wish| wish.of(standing, left));
    if let Some(posting) = ledger::divide(key, event, booking, (standing, &target), back).map_err(fault)? {
        post_in(tx, &posting, Some(booking)).await?;
    }
    Ok(Divided { target, back })
}

/// Money that a lower price sets free.
pub(crate) struct Promise {
    /// Names it, once ever.
    pub key: String,
    /// Of which kind it is.
    pub event: PostingEvent,
    /// To whom the rest belongs from now on; `None`: to whom it does.
    pub target: Option<Parts>,
    /// What goes back, and to whom.
    pub back: Back,
}

/// Promises part of a booking's money back. The caller asks the provider for
/// what is the card's.
pub(crate) async fn promise_back_in(tx: &mut Tx, booking: BookingId, standing: &Standing, promise: Promise) -> Result<()> {
    let target = promise.target.as_ref().unwrap_or(&standing.earned);
    if let Some(posting) = ledger::divide(promise.key, promise.event, booking, (standing, target), promise.back).map_err(fault)? {
        post_in(tx, &posting, Some(booking)).await?;
    }
    Ok(())
}
