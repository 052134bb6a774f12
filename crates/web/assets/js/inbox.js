// An open conversation: what is written appears, drafts are kept, reading is told.
import { listen } from "asset:live.js";

const log = /** @type {HTMLElement | null} */ (document.querySelector("[data-thread]"));
const thread = log?.dataset.thread ?? "";

/** The number of the last entry that is shown. */
const last = () => Number(/** @type {HTMLElement | undefined} */ ([...(log?.querySelectorAll("[data-sequence]") ?? [])].at(-1))?.dataset.sequence ?? 0);

async function tellRead() {
  if (document.visibilityState === "visible") await fetch(`/inbox/${thread}/read`, { method: "POST", redirect: "manual" });
}

/** Adds what has been written since. */
async function append() {
  const answer = await fetch(`/inbox/${thread}/entries?after=${last()}`);
  if (!answer.ok || !log) return;
  const fresh = new DOMParser().parseFromString(`<ol>${await answer.text()}</ol>`, "text/html");
  const known = last();
  for (const entry of [...fresh.querySelectorAll("li")]) {
    const number = Number(/** @type {HTMLElement} */ (entry).dataset.sequence ?? 0);
    if (number > known) log.append(document.adoptNode(entry));
  }
  log.lastElementChild?.scrollIntoView({ block: "nearest" });
  await tellRead();
}

if (log) {
  log.lastElementChild?.scrollIntoView({ block: "nearest" });
  const unread = document.querySelector("[data-mark-read]");
  if (unread) {
    unread.setAttribute("hidden", "");
    tellRead();
  }
  listen({ message_added: (data) => data.message.conversation_id === thread && append() });
}

/** What is being written survives a reload. */
for (const form of document.querySelectorAll("[data-draft]")) {
  const field = /** @type {HTMLTextAreaElement | null} */ (form.querySelector("textarea"));
  const key = `roost.draft.${/** @type {HTMLElement} */ (form).dataset.draft}`;
  if (!field) continue;
  if (!field.value) field.value = sessionStorage.getItem(key) ?? "";
  field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
}
