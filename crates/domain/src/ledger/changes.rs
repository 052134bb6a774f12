//! Dividing a booking's money anew: whatever has happened before, the posting
//! moves it from where it stands to where it belongs.

use std::collections::BTreeMap;

use super::EntrySide::{Credit, Debit};
use super::{Account, LedgerError, Leg, Posting, PostingEvent};
use crate::cancellation::Settlement;
use crate::ids::{BookingId, UserId};
use crate::money::{Currency, MoneyError, multiply_divide};

/// Who has what of a booking's money, in minor units by account: hosts and
/// co-hosts (what they are owed less what they owe), fees, taxes.
pub type Parts = BTreeMap<Account, i64>;

/// Where a booking's money stands in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Of every amount.
    pub currency: Currency,
    /// The guest's, not earned by anybody.
    pub funds: i64,
    /// Of what came in: the marketplace's own (coupons).
    pub promo: i64,
    /// Of what came in: the guest's credit, and whose.
    pub credit: Option<(UserId, i64)>,
    /// What has been earned, by whom.
    pub earned: Parts,
}

impl Standing {
    /// What has been earned in all.
    #[must_use]
    pub fn earned_in_all(&self) -> i64 {
        self.earned.values().sum()
    }

    /// How `amount` minor units of the guest's money go back: to the card as far
    /// as `cash` of its money is there, then to the guest's credit, then to the
    /// coupon. What none of them explains stays the card's.
    #[must_use]
    pub fn back(&self, amount: i64, cash: i64) -> Back {
        let mut left = amount;
        let mut part = |most: i64| {
            let part = most.clamp(0, left);
            left -= part;
            part
        };
        let refund = part(cash);
        let credit = part(self.credit.map_or(0, |(_, amount)| amount));
        let promo = part(self.promo);
        Back { refund: refund + left, credit, promo }
    }
}

/// The accounts of a settlement whose host's part is divided between host and
/// co-hosts as `shares` says.
#[must_use]
pub fn parts_of(settled: &Settlement, shares: &[(UserId, i64)]) -> Parts {
    let mut parts = Parts::new();
    let mut add = |account, amount| *parts.entry(account).or_insert(0) += amount;
    for (user, amount) in shares {
        add(Account::HostPayable(*user), *amount);
    }
    add(Account::FeeHost, settled.host_fee);
    add(Account::FeeGuest, settled.guest_fee);
    for (jurisdiction, due) in &settled.taxes {
        add(Account::TaxPayable(jurisdiction.clone()), *due);
    }
    parts
}

/// As much of `parts` as makes `amount` minor units, each in proportion; the
/// largest takes the rounding.
///
/// # Errors
/// When an amount leaves `i64`.
pub fn scaled(parts: &Parts, amount: i64) -> Result<Parts, MoneyError> {
    let whole: i64 = parts.values().sum();
    if whole == 0 || amount == whole {
        return Ok(parts.clone());
    }
    let mut shares = Parts::new();
    for (account, part) in parts {
        shares.insert(account.clone(), multiply_divide(*part, amount, whole)?);
    }
    let rest = amount - shares.values().sum::<i64>();
    if let Some(largest) = shares.values_mut().max_by_key(|share| **share) {
        *largest += rest;
    }
    Ok(shares)
}

/// `earned`, and of what `target` adds to it so much as makes `amount` minor
/// units, each in proportion. Nobody has less than before.
///
/// # Errors
/// When an amount leaves `i64`.
pub fn raised(earned: &Parts, target: &Parts, amount: i64) -> Result<Parts, MoneyError> {
    let before = |account: &Account| earned.get(account).copied().unwrap_or(0);
    let more: Parts = target.iter().map(|(account, part)| (account.clone(), (part - before(account)).max(0))).collect();
    let mut parts = earned.clone();
    for (account, part) in scaled(&more, amount)? {
        *parts.entry(account).or_insert(0) += part;
    }
    Ok(parts)
}

/// What happens to the guest's money that stays with nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Back {
    /// To the guest's card.
    pub refund: i64,
    /// To the guest's credit.
    pub credit: i64,
    /// To the marketplace, whose coupon it was.
    pub promo: i64,
}

/// Moves a booking's money from where it stands to `target`, and `back` out of
/// it. Earnings that shrink become debts of those who had them. `None` when all
/// is where it belongs. `key` names the event, once ever.
///
/// # Errors
/// When more would be taken from the guest's money than a posting can say.
pub fn divide(
    key: String,
    event: PostingEvent,
    booking: BookingId,
    (standing, target): (&Standing, &Parts),
    back: Back,
) -> Result<Option<Posting>, LedgerError> {
    let mut legs: Vec<Leg> = vec![(Account::RefundPayable(booking), Credit, back.refund), (Account::PromoExpense, Credit, back.promo)];
    legs.extend(standing.credit.map(|(guest, _)| (Account::GuestCredit(guest), Credit, back.credit)));
    let mut from_guest = back.refund + back.credit + back.promo;
    let accounts: std::collections::BTreeSet<&Account> = standing.earned.keys().chain(target.keys()).collect();
    for account in accounts {
        let before = standing.earned.get(account).copied().unwrap_or(0);
        let change = target.get(account).copied().unwrap_or(0) - before;
        from_guest += change;
        match (account, change) {
            (_, 0) => {}
            (Account::HostPayable(user), ..0) => legs.push((Account::HostReceivable(*user), Debit, -change)),
            (account, ..0) => legs.push((account.clone(), Debit, -change)),
            (account, _) => legs.push((account.clone(), Credit, change)),
        }
    }
    let side = if from_guest >= 0 { Debit } else { Credit };
    legs.push((Account::GuestFunds(booking), side, from_guest.abs()));
    if legs.iter().all(|(_, _, amount)| *amount == 0) {
        return Ok(None);
    }
    Posting::new(key, event, standing.currency, legs).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn parts() -> impl Strategy<Value = Parts> {
        let account = prop::sample::select(vec![
            Account::HostPayable(UserId(Uuid::from_u128(1))),
            Account::HostPayable(UserId(Uuid::from_u128(2))),
            Account::FeeHost,
            Account::FeeGuest,
            Account::TaxPayable("X".into()),
        ]);
        proptest::collection::btree_map(account, 0_i64..100_000, 0..5)
    }

    proptest! {
        #[test]
        fn whatever_stood_before_the_posting_balances(earned in parts(), target in parts(), funds in 0_i64..100_000, refund in 0_i64..10_000) {
            let standing = Standing { currency: "EUR".parse().unwrap(), funds, promo: 0, credit: None, earned };
            let booking = BookingId(Uuid::nil());
            let posting = divide("k".into(), PostingEvent::Earn, booking, (&standing, &target), Back { refund, credit: 0, promo: 0 }).unwrap();
            let signed = |entry: &super::super::Entry| if entry.side == Credit { entry.amount.amount } else { -entry.amount.amount };
            let entries = posting.map(|posting| posting.entries).unwrap_or_default();
            prop_assert_eq!(entries.iter().map(signed).sum::<i64>(), 0);
            // Afterwards everybody has what the target says.
            for account in standing.earned.keys().chain(target.keys()) {
                let debt = match account { Account::HostPayable(user) => Account::HostReceivable(*user), other => other.clone() };
                let moved: i64 = entries.iter().filter(|entry| entry.account == *account || entry.account == debt).map(signed).sum();
                let before = standing.earned.get(account).copied().unwrap_or(0);
                prop_assert_eq!(before + moved, target.get(account).copied().unwrap_or(0));
            }
        }

        #[test]
        fn what_goes_back_goes_to_card_credit_and_coupon_in_turn(amount in 0_i64..1_000, cash in 0_i64..500, credit in 0_i64..500, promo in 0_i64..500) {
            let guest = UserId(Uuid::from_u128(3));
            let standing = Standing { currency: "EUR".parse().unwrap(), funds: 0, promo, credit: Some((guest, credit)), earned: Parts::new() };
            let back = standing.back(amount, cash);
            prop_assert_eq!(back.refund + back.credit + back.promo, amount);
            prop_assert!(back.credit <= credit && back.promo <= promo);
            prop_assert!(back.credit == 0 || back.refund >= cash, "the card comes first");
            prop_assert!(back.promo == 0 || back.credit == credit, "then the credit");
        }

        #[test]
        fn what_is_short_raises_everybody_and_nobody_falls(earned in parts(), target in parts(), share in 0_i64..=100) {
            let more: i64 = target.iter().map(|(account, part)| (part - earned.get(account).copied().unwrap_or(0)).max(0)).sum();
            let amount = more * share / 100;
            let raised = raised(&earned, &target, amount).unwrap();
            prop_assert_eq!(raised.values().sum::<i64>(), earned.values().sum::<i64>() + amount);
            prop_assert!(earned.iter().all(|(account, part)| raised[account] >= *part));
        }

        #[test]
        fn a_part_of_the_parts_sums(parts in parts(), share in 0_i64..=100) {
            let whole: i64 = parts.values().sum();
            let amount = whole * share / 100;
            prop_assert_eq!(scaled(&parts, amount).unwrap().values().sum::<i64>(), amount);
        }
    }
}
