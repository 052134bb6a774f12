// What every page gets: menus that close, selects that send, buttons that wait. Nothing here is
// needed: each page works without it.

/** Menus close when one clicks elsewhere or presses Escape. */
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.pop[open]")) {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute("open");
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.pop[open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
  }
});

/** A choice that is sent at once needs no button. */
for (const choice of document.querySelectorAll("select[data-submit]")) {
  const form = /** @type {HTMLSelectElement} */ (choice).form;
  form?.querySelector("button[type=submit]")?.setAttribute("hidden", "");
  choice.addEventListener("change", () => form?.requestSubmit());
}

/** A form is sent once: its button waits for the answer. */
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method !== "post" || event.defaultPrevented) return;
  const button = /** @type {SubmitEvent} */ (event).submitter;
  setTimeout(() => button?.setAttribute("aria-busy", "true"));
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
});

/** Numbers get a button for less and one for more. */
export function steppers(root = document) {
  for (const input of root.querySelectorAll("input[data-stepper]")) {
    const field = /** @type {HTMLInputElement} */ (input);
    if (field.parentElement?.classList.contains("stepper")) continue;
    // The label means the number, not the buttons that come before it.
    const label = field.closest("label");
    field.id ||= `number-${field.name}-${document.querySelectorAll(".stepper").length}`;
    label?.setAttribute("for", field.id);
    const box = document.createElement("span");
    box.className = "stepper";
    field.replaceWith(box);
    const button = (sign, step) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = sign;
      made.setAttribute("aria-label", `${sign} ${label?.querySelector("span")?.firstChild?.textContent ?? ""}`);
      made.addEventListener("click", (event) => {
        event.preventDefault();
        const next = Math.min(Number(field.max || 99), Math.max(Number(field.min || 0), Number(field.value || 0) + step));
        field.value = String(next);
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      });
      return made;
    };
    box.append(button("−", -1), field, button("+", 1));
  }
}
steppers();

/** A menu of dates shows a calendar, fetched when it is first opened. */
for (const box of document.querySelectorAll("details [data-range]")) {
  box.closest("details")?.addEventListener("toggle", () => import("asset:dates.js"), { once: true });
}

/** The search bar says what is chosen. */
for (const bar of document.querySelectorAll("[data-search-bar]")) {
  const words = /** @type {HTMLElement | null} */ (bar.querySelector("[data-guests]"));
  bar.addEventListener("input", () => {
    const count = ["adults", "children"].reduce((sum, name) => sum + Number(/** @type {any} */ (bar).elements[name]?.value || 0), 0);
    if (words) words.textContent = count === 1 ? words.dataset.one ?? "" : (words.dataset.other ?? "").replace("{0}", String(count));
  });
}

/** A password can be looked at. */
for (const input of document.querySelectorAll("input[data-reveal]")) {
  const field = /** @type {HTMLInputElement} */ (input);
  const box = document.createElement("div");
  box.className = "reveal";
  field.replaceWith(box);
  const button = document.createElement("button");
  button.type = "button";
  button.innerHTML = '<svg class="icon" aria-hidden="true"><use href="asset:icons.svg#eye"/></svg>';
  button.setAttribute("aria-label", field.dataset.reveal ?? "");
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
  box.append(field, button);
}
