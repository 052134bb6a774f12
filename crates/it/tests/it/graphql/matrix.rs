//! More rows of the matrix: what people keep, whom hosts ask for help, changes
//! of bookings, and the money that only staff see.

/// Nothing is there: it is staff's alone, or the id names nothing.
const NOTHING: [&str; 4] = ["unauthenticated", "not_found", "not_found", "not_found"];

/// Whoever is logged in sees and does their own.
const LOGGED_IN: [&str; 4] = ["unauthenticated", "ok", "ok", "ok"];

/// As the rows of [`super::authorization`].
pub const ROWS: &[(&str, &str, [&str; 4])] = &[
    ("Query.places", "{ places(q: \"Lisb\") { id } }", ["ok", "ok", "ok", "ok"]),
    ("Query.wishlists", "{ wishlists { edges { node { id } } } }", LOGGED_IN),
    ("Query.wishlist", "{ wishlist(id: \"{X}\") { id } }", NOTHING),
    ("Query.sharedWishlist", "{ sharedWishlist(secret: \"x\") { name } }", ["not_found", "not_found", "not_found", "not_found"]),
    ("Query.savedSearches", "{ savedSearches { edges { node { id } } } }", LOGGED_IN),
    ("Query.webhooks", "{ webhooks { edges { node { eventId } } } }", NOTHING),
    ("Query.webhook", "{ webhook(provider: \"sandbox\", eventId: \"x\") { eventId } }", NOTHING),
    ("Query.disputes", "{ disputes { edges { node { id } } } }", NOTHING),
    ("Query.reconciliationCases", "{ reconciliationCases { edges { node { id } } } }", NOTHING),
    ("Query.bookingLedger", "{ bookingLedger(bookingId: \"{B}\") { id } }", NOTHING),
    ("Mutation.createWishlist", "mutation { createWishlist(name: \"Summer\") { wishlist { id } errors { code } } }", LOGGED_IN),
    ("Mutation.renameWishlist", "mutation { renameWishlist(id: \"{X}\", version: 1, name: \"Winter\") { errors { code } } }", NOTHING),
    ("Mutation.deleteWishlist", "mutation { deleteWishlist(id: \"{X}\") { errors { code } } }", NOTHING),
    ("Mutation.putWish", "mutation { putWish(wishlistId: \"{X}\", listingId: \"{L}\") { errors { code } } }", NOTHING),
    ("Mutation.removeWish", "mutation { removeWish(wishlistId: \"{X}\", listingId: \"{L}\") { errors { code } } }", NOTHING),
    ("Mutation.shareWishlist", "mutation { shareWishlist(id: \"{X}\") { errors { code } } }", NOTHING),
    ("Mutation.unshareWishlist", "mutation { unshareWishlist(id: \"{X}\") { errors { code } } }", NOTHING),
    ("Mutation.saveSearch", "mutation { saveSearch(name: \"Two\", query: \"adults=2\") { search { id } errors { code } } }", LOGGED_IN),
    ("Mutation.deleteSavedSearch", "mutation { deleteSavedSearch(id: \"{X}\") { errors { code } } }", NOTHING),
    ("Mutation.enrolTotp", "mutation { enrolTotp(password: \"x\") { errors { code } } }", ["unauthenticated", "*", "*", "*"]),
    ("Mutation.confirmTotp", "mutation { confirmTotp(code: \"000000\") { errors { code } } }", ["unauthenticated", "*", "*", "*"]),
    ("Mutation.removeTotp", "mutation { removeTotp(password: \"x\") { errors { code } } }", ["unauthenticated", "*", "*", "*"]),
    (
        "Mutation.renewRecoveryCodes",
        "mutation { renewRecoveryCodes(password: \"x\") { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.createToken",
        "mutation { createToken(name: \"Calendar\", scopes: [\"bookings:read\"]) { token { view { id } } errors { code } } }",
        LOGGED_IN,
    ),
    ("Mutation.revokeToken", "mutation { revokeToken(id: \"{X}\") { errors { code } } }", NOTHING),
    (
        "Mutation.followCalendar",
        "mutation { followCalendar(listingId: \"{L}\", name: \"Other\", url: \"no\") { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    ("Mutation.unfollowCalendar", "mutation { unfollowCalendar(listingId: \"{L}\", feedId: \"{X}\") { errors { code } } }", NOTHING),
    ("Mutation.refreshCalendar", "mutation { refreshCalendar(listingId: \"{L}\", feedId: \"{X}\") { errors { code } } }", NOTHING),
    (
        "Mutation.renewCalendarExport",
        "mutation { renewCalendarExport(listingId: \"{L}\") { exportUrl errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "ok"],
    ),
    (
        "Mutation.inviteCoHost",
        "mutation { inviteCoHost(listingId: \"{L}\", email: \"no\", permission: CALENDAR) { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.changeCoHost",
        "mutation { changeCoHost(listingId: \"{L}\", coHostId: \"{X}\", permission: FULL) { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.endCoHost",
        "mutation { endCoHost(listingId: \"{L}\", coHostId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    ("Mutation.acceptInvitation", "mutation { acceptInvitation(id: \"{X}\") { errors { code } } }", NOTHING),
    ("Mutation.declineInvitation", "mutation { declineInvitation(id: \"{X}\") { errors { code } } }", NOTHING),
    (
        "Mutation.setPayoutMethod",
        "mutation { setPayoutMethod(input: { country: \"Portugal\" }) { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.keepPaymentMethod",
        "mutation { keepPaymentMethod(paymentMethod: \"pm_card_visa\") { method { id } errors { code } } }",
        LOGGED_IN,
    ),
    ("Mutation.forgetPaymentMethod", "mutation { forgetPaymentMethod(id: \"{X}\") { errors { code } } }", NOTHING),
    (
        "Mutation.proposeAlteration",
        "mutation { proposeAlteration(bookingId: \"{B}\", input: { checkIn: \"2030-02-03\", checkOut: \"2030-02-01\" }) { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    ("Mutation.acceptAlteration", "mutation { acceptAlteration(bookingId: \"{B}\", alterationId: \"{X}\") { errors { code } } }", NOTHING),
    (
        "Mutation.declineAlteration",
        "mutation { declineAlteration(bookingId: \"{B}\", alterationId: \"{X}\") { errors { code } } }",
        NOTHING,
    ),
    (
        "Mutation.withdrawAlteration",
        "mutation { withdrawAlteration(bookingId: \"{B}\", alterationId: \"{X}\") { errors { code } } }",
        NOTHING,
    ),
    (
        "Mutation.shortenBooking",
        "mutation { shortenBooking(bookingId: \"{B}\", checkOut: \"2030-03-02\") { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.askRefund",
        "mutation { askRefund(bookingId: \"{B}\", amount: { amount: 0, currency: \"EUR\" }, reason: \"Cold\") { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.grantRefund",
        "mutation { grantRefund(bookingId: \"{B}\", requestId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_the_host", "not_found"],
    ),
    (
        "Mutation.declineRefund",
        "mutation { declineRefund(bookingId: \"{B}\", requestId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_the_host", "not_found"],
    ),
    (
        "Mutation.withdrawRefundRequest",
        "mutation { withdrawRefundRequest(bookingId: \"{B}\", requestId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_the_guest"],
    ),
    ("Mutation.cancelAsStaff", "mutation { cancelAsStaff(bookingId: \"{B}\", input: { reason: \"Flood\" }) { errors { code } } }", NOTHING),
    (
        "Mutation.refundAsStaff",
        "mutation { refundAsStaff(bookingId: \"{B}\", amount: { amount: 100, currency: \"EUR\" }, bearer: MARKETPLACE, reason: \"Cold\") { errors { code } } }",
        NOTHING,
    ),
    ("Mutation.replayWebhook", "mutation { replayWebhook(provider: \"sandbox\", eventId: \"x\") { errors { code } } }", NOTHING),
    ("Mutation.submitEvidence", "mutation { submitEvidence(disputeId: \"{X}\", text: \"They stayed\") { errors { code } } }", NOTHING),
    ("Mutation.settleCase", "mutation { settleCase(caseId: \"{X}\", note: \"Known\") { errors { code } } }", NOTHING),
    ("Mutation.runReconciliation", "mutation { runReconciliation { errors { code } } }", NOTHING),
    ("Query.credit", "{ credit { available { amount } } }", LOGGED_IN),
    ("Query.creditGrants", "{ creditGrants { edges { node { id } } } }", LOGGED_IN),
    ("Query.coupons", "{ coupons { edges { node { id } } } }", NOTHING),
    (
        "Mutation.createCoupon",
        "mutation { createCoupon(reason: \"x\", input: { code: \"MINE\", percentBps: 100 }) { errors { code } } }",
        NOTHING,
    ),
    ("Mutation.endCoupon", "mutation { endCoupon(couponId: \"{X}\", reason: \"x\") { errors { code } } }", NOTHING),
    (
        "Mutation.grantCredit",
        "mutation { grantCredit(userId: \"{U}\", amount: { amount: 100, currency: \"EUR\" }, reason: \"x\") { errors { code } } }",
        NOTHING,
    ),
    ("Query.invoices", "{ invoices { edges { node { id } } } }", LOGGED_IN),
    ("Query.invoice", "{ invoice(id: \"{X}\") { id } }", NOTHING),
    ("Query.exchangeRates", "{ exchangeRates { rate } }", ["ok", "ok", "ok", "ok"]),
    ("Query.taxReport", "{ taxReport(from: \"2030-01-01\", to: \"2030-02-01\") { jurisdiction } }", NOTHING),
    ("Query.taxRules", "{ taxRules { edges { node { id } } } }", NOTHING),
    ("Query.taxRule", "{ taxRule(id: \"x\") { id } }", NOTHING),
    ("Query.taxRuleHistory", "{ taxRuleHistory(id: \"x\") { edges { node { id } } } }", NOTHING),
    ("Query.feeRules", "{ feeRules { edges { node { id } } } }", NOTHING),
    ("Query.feeRuleHistory", "{ feeRuleHistory(id: \"{X}\") { edges { node { id } } } }", NOTHING),
    (
        "Mutation.createTaxRule",
        "mutation { createTaxRule(input: { id: \"x\", jurisdiction: \"X\", label: \"X\", country: \"PT\", kind: PERCENT, from: \"2030-01-01\" }) { errors { code } } }",
        NOTHING,
    ),
    (
        "Mutation.putTaxRule",
        "mutation { putTaxRule(version: 1, input: { id: \"x\", jurisdiction: \"X\", label: \"X\", country: \"PT\", kind: PERCENT, from: \"2030-01-01\" }) { errors { code } } }",
        NOTHING,
    ),
    ("Mutation.deleteTaxRule", "mutation { deleteTaxRule(id: \"x\", version: 1) { errors { code } } }", NOTHING),
    (
        "Mutation.createFeeRule",
        "mutation { createFeeRule(input: { guestFeeBps: 1, hostFeeBps: 1, from: \"2030-01-01\" }) { errors { code } } }",
        NOTHING,
    ),
    (
        "Mutation.putFeeRule",
        "mutation { putFeeRule(id: \"{X}\", version: 1, input: { guestFeeBps: 1, hostFeeBps: 1, from: \"2030-01-01\" }) { errors { code } } }",
        NOTHING,
    ),
    ("Mutation.deleteFeeRule", "mutation { deleteFeeRule(id: \"{X}\", version: 1) { errors { code } } }", NOTHING),
];
