//! More rows of the matrix: what people keep, whom hosts ask for help, changes
//! of bookings, and the money that only staff see.

/// There for staff alone.
const STAFF: [&str; 4] = ["unauthenticated", "not_found", "not_found", "not_found"];

/// As the rows of [`super::authorization`].
pub const ROWS: &[(&str, &str, [&str; 4])] = &[
    ("Query.places", "{ places(q: \"Lisb\") { id } }", ["ok", "ok", "ok", "ok"]),
    ("Query.wishlists", "{ wishlists { edges { node { id } } } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.wishlist", "{ wishlist(id: \"{X}\") { id } }", ["unauthenticated", "not_found", "not_found", "not_found"]),
    ("Query.sharedWishlist", "{ sharedWishlist(secret: \"x\") { name } }", ["not_found", "not_found", "not_found", "not_found"]),
    ("Query.savedSearches", "{ savedSearches { edges { node { id } } } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.webhooks", "{ webhooks { edges { node { eventId } } } }", ["unauthenticated", "not_found", "not_found", "not_found"]),
    (
        "Query.webhook",
        "{ webhook(provider: \"sandbox\", eventId: \"x\") { eventId } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    ("Query.disputes", "{ disputes { edges { node { id } } } }", ["unauthenticated", "not_found", "not_found", "not_found"]),
    (
        "Query.reconciliationCases",
        "{ reconciliationCases { edges { node { id } } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    ("Query.bookingLedger", "{ bookingLedger(bookingId: \"{B}\") { id } }", ["unauthenticated", "not_found", "not_found", "not_found"]),
    (
        "Mutation.createWishlist",
        "mutation { createWishlist(name: \"Summer\") { wishlist { id } errors { code } } }",
        ["unauthenticated", "ok", "ok", "ok"],
    ),
    (
        "Mutation.renameWishlist",
        "mutation { renameWishlist(id: \"{X}\", version: 1, name: \"Winter\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.deleteWishlist",
        "mutation { deleteWishlist(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.putWish",
        "mutation { putWish(wishlistId: \"{X}\", listingId: \"{L}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.removeWish",
        "mutation { removeWish(wishlistId: \"{X}\", listingId: \"{L}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.shareWishlist",
        "mutation { shareWishlist(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.unshareWishlist",
        "mutation { unshareWishlist(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.saveSearch",
        "mutation { saveSearch(name: \"Two\", query: \"adults=2\") { search { id } errors { code } } }",
        ["unauthenticated", "ok", "ok", "ok"],
    ),
    (
        "Mutation.deleteSavedSearch",
        "mutation { deleteSavedSearch(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
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
        ["unauthenticated", "ok", "ok", "ok"],
    ),
    (
        "Mutation.revokeToken",
        "mutation { revokeToken(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.followCalendar",
        "mutation { followCalendar(listingId: \"{L}\", name: \"Other\", url: \"no\") { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.unfollowCalendar",
        "mutation { unfollowCalendar(listingId: \"{L}\", feedId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.refreshCalendar",
        "mutation { refreshCalendar(listingId: \"{L}\", feedId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
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
    (
        "Mutation.acceptInvitation",
        "mutation { acceptInvitation(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.declineInvitation",
        "mutation { declineInvitation(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.setPayoutMethod",
        "mutation { setPayoutMethod(input: { country: \"Portugal\" }) { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.keepPaymentMethod",
        "mutation { keepPaymentMethod(paymentMethod: \"pm_card_visa\") { method { id } errors { code } } }",
        ["unauthenticated", "ok", "ok", "ok"],
    ),
    (
        "Mutation.forgetPaymentMethod",
        "mutation { forgetPaymentMethod(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.proposeAlteration",
        "mutation { proposeAlteration(bookingId: \"{B}\", input: { checkIn: \"2030-02-03\", checkOut: \"2030-02-01\" }) { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    (
        "Mutation.acceptAlteration",
        "mutation { acceptAlteration(bookingId: \"{B}\", alterationId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.declineAlteration",
        "mutation { declineAlteration(bookingId: \"{B}\", alterationId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.withdrawAlteration",
        "mutation { withdrawAlteration(bookingId: \"{B}\", alterationId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
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
    (
        "Mutation.cancelAsStaff",
        "mutation { cancelAsStaff(bookingId: \"{B}\", input: { reason: \"Flood\" }) { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.refundAsStaff",
        "mutation { refundAsStaff(bookingId: \"{B}\", amount: { amount: 100, currency: \"EUR\" }, bearer: MARKETPLACE, reason: \"Cold\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.replayWebhook",
        "mutation { replayWebhook(provider: \"sandbox\", eventId: \"x\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.submitEvidence",
        "mutation { submitEvidence(disputeId: \"{X}\", text: \"They stayed\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.settleCase",
        "mutation { settleCase(caseId: \"{X}\", note: \"Known\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.runReconciliation",
        "mutation { runReconciliation { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    ("Query.credit", "{ credit { available { amount } } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.creditGrants", "{ creditGrants { edges { node { id } } } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.coupons", "{ coupons { edges { node { id } } } }", STAFF),
    (
        "Mutation.createCoupon",
        "mutation { createCoupon(reason: \"x\", input: { code: \"MINE\", percentBps: 100 }) { errors { code } } }",
        STAFF,
    ),
    ("Mutation.endCoupon", "mutation { endCoupon(couponId: \"{X}\", reason: \"x\") { errors { code } } }", STAFF),
    (
        "Mutation.grantCredit",
        "mutation { grantCredit(userId: \"{U}\", amount: { amount: 100, currency: \"EUR\" }, reason: \"x\") { errors { code } } }",
        STAFF,
    ),
    ("Query.invoices", "{ invoices { edges { node { id } } } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.invoice", "{ invoice(id: \"{X}\") { id } }", STAFF),
    ("Query.exchangeRates", "{ exchangeRates { rate } }", ["ok", "ok", "ok", "ok"]),
    ("Query.taxReport", "{ taxReport(from: \"2030-01-01\", to: \"2030-02-01\") { jurisdiction } }", STAFF),
    ("Query.taxRules", "{ taxRules { edges { node { id } } } }", STAFF),
    ("Query.taxRule", "{ taxRule(id: \"x\") { id } }", STAFF),
    ("Query.taxRuleHistory", "{ taxRuleHistory(id: \"x\") { edges { node { id } } } }", STAFF),
    ("Query.feeRules", "{ feeRules { edges { node { id } } } }", STAFF),
    ("Query.feeRuleHistory", "{ feeRuleHistory(id: \"{X}\") { edges { node { id } } } }", STAFF),
    (
        "Mutation.createTaxRule",
        "mutation { createTaxRule(input: { id: \"x\", jurisdiction: \"X\", label: \"X\", country: \"PT\", kind: PERCENT, from: \"2030-01-01\" }) { errors { code } } }",
        STAFF,
    ),
    (
        "Mutation.putTaxRule",
        "mutation { putTaxRule(version: 1, input: { id: \"x\", jurisdiction: \"X\", label: \"X\", country: \"PT\", kind: PERCENT, from: \"2030-01-01\" }) { errors { code } } }",
        STAFF,
    ),
    ("Mutation.deleteTaxRule", "mutation { deleteTaxRule(id: \"x\", version: 1) { errors { code } } }", STAFF),
    (
        "Mutation.createFeeRule",
        "mutation { createFeeRule(input: { guestFeeBps: 1, hostFeeBps: 1, from: \"2030-01-01\" }) { errors { code } } }",
        STAFF,
    ),
    (
        "Mutation.putFeeRule",
        "mutation { putFeeRule(id: \"{X}\", version: 1, input: { guestFeeBps: 1, hostFeeBps: 1, from: \"2030-01-01\" }) { errors { code } } }",
        STAFF,
    ),
    ("Mutation.deleteFeeRule", "mutation { deleteFeeRule(id: \"{X}\", version: 1) { errors { code } } }", STAFF),
];
