// Days are chosen by dragging, by Shift and a click, or by Shift and the arrows; the form beside the
// calendar says which. Without this its two dates do the same.

const table = /** @type {HTMLElement | null} */ (document.querySelector("[data-calendar]"));
const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-range]"));
const cells = /** @type {HTMLElement[]} */ ([...(table?.querySelectorAll("td[data-date]") ?? [])]);
let anchor = -1;
let focus = -1;
let dragging = false;

function show() {
  const [from, to] = [Math.min(anchor, focus), Math.max(anchor, focus)];
  cells.forEach((cell, n) => {
    const chosen = anchor >= 0 && n >= from && n <= to;
    cell.classList.toggle("chosen", chosen);
    cell.setAttribute("aria-selected", String(chosen));
    cell.tabIndex = n === (focus >= 0 ? focus : 0) ? 0 : -1;
  });
  if (form && anchor >= 0) {
    /** @type {any} */ (form.elements).from.value = cells[from]?.dataset.date ?? "";
    /** @type {any} */ (form.elements).last.value = cells[to]?.dataset.date ?? "";
  }
}

function choose(/** @type {number} */ n, /** @type {boolean} */ extend) {
  if (n < 0 || n >= cells.length) return;
  focus = n;
  if (!extend || anchor < 0) anchor = n;
  show();
}

if (table && cells.length) {
  table.setAttribute("role", "grid");
  table.setAttribute("aria-multiselectable", "true");
  for (const cell of cells) cell.setAttribute("role", "gridcell");
  show();
  const at = (/** @type {Event} */ event) => cells.indexOf(/** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest("td[data-date]")));
  table.addEventListener("pointerdown", (event) => {
    if (/** @type {HTMLElement} */ (event.target).closest("a") || at(event) < 0) return;
    dragging = true;
    choose(at(event), event.shiftKey);
  });
  table.addEventListener("pointerover", (event) => dragging && choose(at(event), true));
  addEventListener("pointerup", () => (dragging = false));
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  table.addEventListener("keydown", (event) => {
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (!step) return;
    event.preventDefault();
    const turn = getComputedStyle(table).direction === "rtl" && Math.abs(step) === 1 ? -step : step;
    choose((focus < 0 ? at(event) : focus) + turn, event.shiftKey);
    cells[focus]?.focus();
  });
}
