// What all checks share: a browser, a guest who is logged in and has booked, the pages to look at.
import { execSync } from "node:child_process";
import { chromium } from "playwright-core";

export const base = process.env.BASE ?? "http://127.0.0.1:8080";
export const executablePath = process.env.CHROMIUM ?? execSync("command -v chromium || command -v chromium-browser || command -v google-chrome").toString().trim();
export const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
export const launch = () => chromium.launch({ executablePath, args: flags });

/** The looks in which every page is seen. */
export const looks = {
  light: { viewport: { width: 1280, height: 860 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 860 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true, isMobile: true },
  arabic: { viewport: { width: 1280, height: 860 }, colorScheme: "light", locale: "ar" },
};

const day = (ahead) => new Date(now + ahead * 86_400_000).toISOString().slice(0, 10);
let now = Date.now();

/** What the browser complains about while `page` is used. */
export function complaints(page, expected = []) {
  const found = [];
  page.on("pageerror", (error) => found.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    if (["error", "warning"].includes(message.type()) && !expected.some((part) => text.includes(part) || message.location().url.includes(part))) found.push(`${message.type()}: ${text} ${message.location().url}`);
  });
  return found;
}

export async function logIn(page) {
  await page.goto(`${base}/login`);
  await page.fill("[name=email]", process.env.GUEST ?? "guest@demo.invalid");
  await page.fill("[name=password]", process.env.PASSWORD ?? "open the garden gate");
  await Promise.all([page.waitForURL(`${base}/`), page.click("form[action='/login'] button[type=submit]")]);
}

/** A home that can be booked for three nights by one guest, from its own calendar. */
export async function bookable(skip = 0) {
  const clock = await fetch(`${base}/api/v1/sandbox/clock`);
  if (clock.ok) now = Date.parse((await clock.json()).now);
  for (let ahead = 30 + skip; ahead < 300; ahead += 7) {
    const query = `check_in=${day(ahead)}&check_out=${day(ahead + 3)}&adults=1`;
    const found = (await (await fetch(`${base}/api/v1/listings?${query}&instant_book=true&limit=1`)).json()).data?.[0];
    if (found) return { id: found.id, host: null, query, in: day(ahead), out: day(ahead + 3), place: found.location.city };
  }
  throw new Error("no home can be booked: is this the demo data?");
}

/** Books and pays a stay through the pages; the address of the trip. */
export async function book(page, home) {
  await page.goto(`${base}/homes/${home.id}?${home.query}`);
  await page.click("#quote button[type=submit]");
  await page.waitForURL(/\/book\?/);
  await page.click("form[action='/book'] button[type=submit]");
  await page.waitForURL(/\/book\/[0-9a-f-]{36}$/);
  const checkout = page.url();
  await page.fill("[name=number]", "4242 4242 4242 4242");
  await page.click("#card-form button[type=submit]");
  await page.waitForURL(/\/trips\//);
  return { trip: page.url().split("?")[0], checkout };
}

/** The ten main pages. Those only for their owner are not for search engines. */
export async function mainPages(page) {
  await logIn(page);
  const home = await bookable();
  const listing = await (await fetch(`${base}/api/v1/listings/${home.id}`)).json();
  const { trip } = await book(page, home);
  const next = await bookable(14);
  const path = (url) => url.replace(base, "");
  return [
    { name: "home", path: "/" },
    { name: "search", path: `/search?place=${encodeURIComponent(next.place)}` },
    { name: "listing", path: `/homes/${next.id}` },
    { name: "reviews", path: `/homes/${next.id}/reviews` },
    { name: "person", path: `/people/${listing.host.id}` },
    { name: "login", path: "/login", public: true },
    { name: "signup", path: "/signup", public: true },
    { name: "checkout", path: `/book?home=${next.id}&${next.query}`, own: true },
    { name: "trip", path: path(trip), own: true },
    { name: "account", path: "/account", own: true },
  ];
}
