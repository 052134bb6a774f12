// News as they happen: counts in the page follow, and lists say that they are no longer the latest.
// Without this the pages show the same when they are loaded again.

/** Where the line stood, so that another page goes on there. */
const PLACE = "roost.live";

/**
 * Listens to the stream of news.
 * @param {Record<string, (data: any) => void>} on by name of the event
 */
export function listen(on) {
  const last = sessionStorage.getItem(PLACE);
  const source = new EventSource(last ? `/events?last_event_id=${encodeURIComponent(last)}` : "/events");
  const keep = (/** @type {MessageEvent} */ event) => event.lastEventId && sessionStorage.setItem(PLACE, event.lastEventId);
  source.addEventListener("hello", keep);
  source.addEventListener("resync", () => {
    sessionStorage.removeItem(PLACE);
    location.reload();
  });
  for (const [name, act] of Object.entries(on)) {
    source.addEventListener(name, (event) => {
      keep(event);
      act(JSON.parse(event.data));
    });
  }
  addEventListener("pagehide", () => source.close());
  return source;
}

/** Shows counts wherever the page has a place for them. */
export function counts(/** @type {{messages: number, notifications: number}} */ data) {
  for (const [name, count] of Object.entries(data)) {
    for (const place of document.querySelectorAll(`[data-unread="${name}"]`)) place.textContent = String(count);
  }
}

/** A list that something was added to is fetched anew, unless somebody is at it. */
async function refresh(/** @type {string} */ name) {
  const list = document.querySelector(`[data-live="${name}"]`);
  if (!list || list.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(`[data-live="${name}"]`);
  if (fresh) list.replaceWith(document.adoptNode(fresh));
}

/** Deadlines count down. */
function tick() {
  for (const badge of document.querySelectorAll("[data-deadline]")) {
    const place = badge.querySelector("span");
    const minutes = Math.max(0, Math.round((Date.parse(/** @type {HTMLElement} */ (badge).dataset.deadline ?? "") - Date.now()) / 60000));
    // The words are the server's; only their figure moves, and only on the machine's own clock.
    if (place && minutes < 120 && /\d+/.test(place.textContent ?? "")) place.textContent = (place.textContent ?? "").replace(/\d+/, String(minutes));
  }
}

if (document.querySelector("[data-live], [data-unread]")) {
  listen({ unread: counts, message_added: () => refresh("inbox"), notification_added: () => refresh("notifications") });
}
if (document.querySelector("[data-deadline]")) setInterval(tick, 60000);
