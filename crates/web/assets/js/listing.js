// The page of a home: photographs large, guests counted, the price asked again when something changes.

const viewer = /** @type {HTMLDialogElement | null} */ (document.getElementById("viewer"));
const strip = /** @type {HTMLElement | null} */ (viewer?.querySelector(".strip") ?? null);
const count = document.getElementById("viewer-count");

/** Photographs of the viewer are fetched when it opens. */
function show(at) {
  if (!viewer || !strip) return;
  for (const image of strip.querySelectorAll("img[data-src]")) {
    const { src, srcset } = /** @type {HTMLElement} */ (image).dataset;
    image.setAttribute("loading", "lazy");
    if (srcset) image.setAttribute("srcset", srcset);
    image.setAttribute("src", src ?? "");
    image.removeAttribute("data-src");
  }
  viewer.showModal();
  strip.children[at]?.scrollIntoView({ behavior: "instant", inline: "start", block: "nearest" });
  counted();
}

function counted() {
  if (!strip || !count) return;
  const at = Math.round(Math.abs(strip.scrollLeft) / strip.clientWidth) + 1;
  count.textContent = `${at} / ${strip.children.length}`;
}

if (viewer && strip) {
  for (const link of document.querySelectorAll("[data-shot]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); show(Number(/** @type {HTMLElement} */ (link).dataset.shot)); });
  }
  const all = document.getElementById("all-photos");
  if (all) { all.hidden = false; all.addEventListener("click", () => show(0)); }
  viewer.querySelector("[data-close]")?.addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  strip.addEventListener("scroll", counted, { passive: true });
  viewer.addEventListener("keydown", (event) => {
    const turn = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!turn) return;
    event.preventDefault();
    strip.scrollBy({ left: turn * strip.clientWidth, behavior: "smooth" });
  });
}

/** How many guests come, in words. */
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("booking-form"));
const sum = /** @type {HTMLElement | null} */ (form?.querySelector("[data-guests-sum]") ?? null);
form?.addEventListener("input", () => {
  const guests = ["adults", "children"].reduce((all, name) => all + Number(/** @type {any} */ (form.elements.namedItem(name))?.value || 0), 0);
  if (sum) sum.textContent = guests === 1 ? sum.dataset.one ?? "" : (sum.dataset.other ?? "").replace("{0}", String(guests));
});
/** The address follows the form, so that it can be shared and reloaded. */
form?.addEventListener("change", () => {
  const address = new URL(location.href);
  for (const [name, value] of new FormData(form)) {
    if (name === "home") continue;
    if (value) address.searchParams.set(name, String(value)); else address.searchParams.delete(name);
  }
  history.replaceState(null, "", address);
});
