// A guest's whole way with scripts, on a desk and on a phone: search, map, home, dates, price, photographs,
// checkout with a bank that asks, trip, review.
import assert from "node:assert/strict";
import { base, bookable, complaints, launch, logIn, looks } from "./site.mjs";

const browser = await launch();
let skip = 28;
for (const look of ["light", "phone"]) {
  const context = await browser.newContext(looks[look]);
  const page = await context.newPage();
  const said = complaints(page, ["/tiles/", "422"]);
  await logIn(page);
  const home = await bookable(skip);
  skip += 14;

  // Search by place, dates from the calendar or the fields behind it.
  await page.goto(`${base}/`);
  await page.fill("[data-search-bar] [name=place]", home.place);
  await page.click("[data-search-bar] .dates summary");
  await page.waitForSelector("[data-search-bar] calendar-range");
  await page.fill("[data-search-bar] [name=check_in]", home.in);
  await page.fill("[data-search-bar] [name=check_out]", home.out);
  await page.click("[data-search-bar] .go");
  await page.waitForURL(/\/search\?/);
  assert.match(await page.textContent("h1"), /home/);
  const price = await page.textContent(`.card[data-id="${home.id}"] .card-price b`);
  await page.click(`.card[data-id="${home.id}"] h3 a`);
  await page.waitForURL(/\/homes\//);

  // The price here is the price there; photographs open and close by keyboard.
  assert.ok((await page.textContent("#quote .quote-total b")).startsWith(price.trim().split(".")[0]), "one price");
  if (await page.$("#all-photos:not([hidden])")) {
    await page.click("#all-photos");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Escape");
    assert.equal(await page.$("dialog[open]"), null);
  }
  // One guest more asks for the price again without leaving the page.
  const before = page.url();
  await page.click(".guests-choice summary");
  const asked = page.waitForResponse((response) => response.url().includes("/quote?"));
  await page.click(".guests-choice .stepper button:last-child");
  assert.equal((await asked).status(), 200);
  await page.waitForFunction((old) => location.href !== old, before);
  // The calendar strikes out what cannot be chosen.
  await page.waitForSelector("#booking-form calendar-range");

  await page.goto(`${base}/homes/${home.id}?${home.query}`);
  await page.click("#quote button[type=submit]");
  await page.fill("[name=message]", "We are quiet.");
  await page.click("form[action='/book'] button[type=submit]");
  await page.waitForSelector("[data-countdown]");
  await page.fill("[name=number]", "4000 0000 0000 0002");
  await page.click("#card-form button[type=submit]");
  await page.waitForSelector(".notice.bad");
  await page.fill("[name=number]", "4000 0027 6000 3184");
  await page.click("#card-form button[type=submit]");
  await page.waitForURL(/\/sandbox\/3ds\//);
  await page.click("button[value=approve]");
  await page.waitForURL(/\/trips\//);
  await page.waitForSelector(".notice.good");
  const trip = page.url().split("?")[0];

  // Time passes; how was it?
  const days = Math.ceil((Date.parse(home.out) - Date.parse((await (await fetch(`${base}/api/v1/sandbox/clock`)).json()).now)) / 86_400_000) + 2;
  await fetch(`${base}/api/v1/sandbox/clock`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ advance: `P${days}D` }) });
  await logIn(page);
  await page.goto(`${trip}/review`);
  await page.click("label[for=overall-5]");
  await page.click("label[for=cleanliness-4]");
  await page.fill("[name=public_comment]", "Lovely table.");
  await page.click("form[action$='/review'] button[type=submit]");
  await page.waitForSelector(".notice.good");
  assert.match(await page.textContent("main"), /Lovely table/);
  assert.deepEqual(said, [], "the browser has nothing to complain about");
  console.log(`${look}: from search to review`);
  await context.close();
}
await browser.close();
