// Choosing dates: a calendar in place of two date fields. With a listing it knows which days can be
// arrivals, which can only be departures, and how long a stay has to be. The fields stay: they are
// what is sent, and they are there without this script.

const DAY = 86_400_000;
const iso = (/** @type {Date} */ date) => date.toISOString().slice(0, 10);
const day = (/** @type {string} */ text) => new Date(`${text}T00:00:00Z`);
const plus = (/** @type {string} */ text, /** @type {number} */ days) => iso(new Date(day(text).getTime() + days * DAY));

/** The days of a listing by date, from the public API. */
async function daysOf(listing, today) {
  const answer = await fetch(`/api/v1/listings/${listing}/calendar?from=${today}&to=${plus(today, 540)}`);
  if (!answer.ok) return null;
  const known = new Map();
  for (const one of (await answer.json()).days) known.set(one.date, one);
  return known;
}

/** What may be chosen next: an arrival, or with one chosen the departures that go with it. */
function rules(days, today) {
  const arrival = (date) => date >= today && (!days || (days.get(date)?.available && days.get(date)?.check_in_allowed));
  const departure = (start, date) => {
    if (date <= start) return false;
    if (!days) return true;
    const nights = (day(date).getTime() - day(start).getTime()) / DAY;
    if (nights < (days.get(start)?.min_nights ?? 1) || days.get(date)?.check_out_allowed === false) return false;
    for (let night = start; night < date; night = plus(night, 1)) if (!days.get(night)?.available) return false;
    return true;
  };
  return { arrival, departure };
}

async function enhance(box) {
  const [from, to] = ["check_in", "check_out"].map((name) => box.querySelector(`input[name=${name}]`));
  if (!from || !to || box.dataset.ready) return;
  box.dataset.ready = "1";
  const today = box.dataset.today ?? iso(new Date());
  const [days] = await Promise.all([box.dataset.listing ? daysOf(box.dataset.listing, today) : null, import("asset:cally.js")]);
  const { arrival, departure } = rules(days, today);
  const range = document.createElement("calendar-range");
  const wide = matchMedia("(min-width: 62em)").matches && !box.dataset.listing;
  range.setAttribute("months", wide ? "2" : "1");
  range.setAttribute("locale", box.dataset.locale ?? document.documentElement.lang);
  range.setAttribute("first-day-of-week", "1");
  range.setAttribute("min", today);
  range.setAttribute("max", plus(today, 540));
  if (from.value && to.value) range.setAttribute("value", `${from.value}/${to.value}`);
  range.innerHTML = `<span slot="previous" class="turn">‹</span><span slot="next" class="turn">›</span><div class="cal"><calendar-month></calendar-month>${wide ? '<calendar-month offset="1"></calendar-month>' : ""}</div>`;
  const note = document.createElement("p");
  note.className = "hint";
  note.setAttribute("role", "status");
  note.textContent = box.dataset.wordsArrive ?? "";
  let start = "";
  range.isDateDisallowed = (date) => {
    const text = iso(date);
    return start ? text !== start && !departure(start, text) : !arrival(text);
  };
  const again = () => { const same = range.isDateDisallowed; range.isDateDisallowed = (date) => same(date); };
  range.addEventListener("rangestart", (event) => {
    start = iso(/** @type {CustomEvent} */ (event).detail);
    const least = days?.get(start)?.min_nights ?? 1;
    note.textContent = [least > 1 ? box.dataset.wordsMin?.replace("{0}", String(least)) : "", box.dataset.wordsLeave].filter(Boolean).join(". ");
    again();
  });
  range.addEventListener("change", (event) => {
    event.stopPropagation();
    const [first, last] = range.value.split("/");
    start = "";
    again();
    if (!first || !last || first === last) return;
    [from.value, to.value] = [first, last];
    note.textContent = "";
    for (const field of [from, to]) field.dispatchEvent(new Event("input", { bubbles: true }));
    to.dispatchEvent(new Event("change", { bubbles: true }));
  });
  box.append(note, range);
}

for (const box of document.querySelectorAll("[data-range]")) {
  const menu = box.closest("details");
  if (menu) {
    menu.addEventListener("toggle", () => menu.open && enhance(box));
    if (menu.open) enhance(box);
  } else {
    // A listing's own calendar is wanted soon, but not before the page is there.
    for (const field of box.querySelectorAll("input")) field.addEventListener("focus", () => enhance(box), { once: true });
    addEventListener("load", () => setTimeout(() => enhance(box), 600));
  }
}

/** The search bar says which dates are chosen. */
for (const bar of document.querySelectorAll("[data-search-bar]")) {
  const form = /** @type {HTMLFormElement} */ (bar);
  const shown = form.querySelector("[data-dates]");
  form.addEventListener("input", () => {
    const [a, b] = ["check_in", "check_out"].map((name) => /** @type {any} */ (form.elements.namedItem(name))?.value);
    if (!a || !b || !shown) return;
    const format = new Intl.DateTimeFormat(form.dataset.locale, { day: "numeric", month: "short", timeZone: "UTC" });
    shown.textContent = b > a ? format.formatRange(day(a), day(b)) : format.format(day(a));
  });
}
