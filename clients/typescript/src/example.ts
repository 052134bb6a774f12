// A guest finds a home over GraphQL, books and pays over REST, and hears of it
// over GraphQL. Runs against a sandbox with demo data:
//   ROOST_URL=http://127.0.0.1:8080 npm run example
import assert from "node:assert/strict";

import { GraphqlError, Roost, graphql } from "./index.js";

const base = process.env["ROOST_URL"] ?? "http://127.0.0.1:8080";

const Search = graphql(`
  query Search($search: SearchInput!, $first: Int!) {
    listings(search: $search, first: $first, sort: PRICE_ASC) {
      totalCount
      edges {
        hit { id title price { total { amount currency } } }
        node { host { name } photos(first: 1) { url } reviews(first: 1) { edges { node { publicComment } } } }
      }
    }
  }
`);

const BookingOf = graphql(`
  query BookingOf($id: ID!) {
    booking(id: $id) { code state total { amount currency } guests { adults } payment { status } history { to by } }
  }
`);

const Cancel = graphql(`
  mutation Cancel($id: ID!, $expected: MoneyInput) {
    cancelBooking(bookingId: $id, expectedRefund: $expected) {
      cancelled { booking { state } refund { amount currency } }
      errors { field code message }
    }
  }
`);

const Changes = graphql(`
  subscription Changes {
    bookingChanged { kind booking { id state } }
  }
`);

/** The date so many days from the marketplace's today. */
async function day(roost: Roost, ahead: number): Promise<string> {
  const { data } = await roost.rest.GET("/api/v1/sandbox/clock");
  assert.ok(data);
  return new Date(Date.parse(data.now) + ahead * 86_400_000).toISOString().slice(0, 10);
}

const nobody = new Roost(base);
const login = await nobody.rest.POST("/api/v1/sessions", { body: { email: "guest@demo.invalid", password: "open the garden gate" } });
assert.ok(login.data, JSON.stringify(login.error));
const guest = new Roost(base, login.data.access_token);

const stay = { checkIn: await day(guest, 40), checkOut: await day(guest, 43), guests: { adults: 2, children: 0, infants: 0, pets: 0 } };
const found = await guest.query(Search, { search: { stay, instantBook: true }, first: 5 });
const home = found.listings?.edges[0];
assert.ok(home, "the demo has homes to book");
console.log(`${found.listings?.totalCount} homes; the cheapest is "${home.hit.title}" of ${home.node?.host?.name}`);

// Watch in the background; the first news of the booking ends it.
let booked = "";
const heard = (async () => {
  for await (const { bookingChanged } of guest.watch(Changes, {})) {
    console.log(`news: ${bookingChanged.kind} → ${bookingChanged.booking.state}`);
    if (bookingChanged.booking.id === booked && bookingChanged.booking.state === "CANCELLED") return;
  }
})();

const total = home.hit.price.total;
assert.ok(total);
const booking = await guest.rest.POST("/api/v1/bookings", {
  body: {
    listing_id: home.hit.id,
    check_in: stay.checkIn,
    check_out: stay.checkOut,
    guests: { adults: 2, children: 0, infants: 0, pets: 0 },
    message: "",
    expected_total: { amount: total.amount, currency: total.currency },
  },
});
assert.ok(booking.data, JSON.stringify(booking.error));
booked = booking.data.id;
const payment = await guest.rest.POST("/api/v1/bookings/{id}/payments", {
  params: { path: { id: booked } },
  body: { payment_method: "pm_card_visa" },
});
assert.equal(payment.data?.status, "succeeded");

const seen = await guest.query(BookingOf, { id: booked });
assert.equal(seen.booking?.state, "CONFIRMED");
assert.equal(seen.booking.total.amount, total.amount, "the price that was found is the price that was paid");
console.log(`booked ${seen.booking.code} for ${seen.booking.total.amount} ${seen.booking.total.currency} (minor units)`);

const refused = await guest.query(Cancel, { id: booked, expected: { amount: 1, currency: total.currency } });
assert.equal(refused.cancelBooking.errors[0]?.code, "refund_changed");
const cancelled = await guest.query(Cancel, { id: booked, expected: null });
assert.equal(cancelled.cancelBooking.cancelled?.booking.state, "CANCELLED");
const late = new Promise((_, reject) => setTimeout(() => reject(new Error("the news did not come")), 20_000).unref());
await Promise.race([heard, late]);

await assert.rejects(nobody.query(BookingOf, { id: booked }), (error: GraphqlError) => error.code === "unauthenticated");
console.log("cancelled again; strangers see nothing");
