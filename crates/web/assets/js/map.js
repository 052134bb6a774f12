// The map beside the list: prices where they fit, dots where they do not. The list holds the same
// homes, so the map is never needed; without tiles it steps aside.

const place = document.getElementById("map");

/** Leaflet is fetched only when a map comes into view. */
async function leaflet(element) {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = element.dataset.leafletCss;
  await Promise.all([
    import("asset:leaflet.js"),
    new Promise((done) => { style.onload = style.onerror = done; document.head.append(style); }),
  ]);
  return /** @type {any} */ (globalThis).L;
}

const dark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

async function open(element) {
  const L = await leaflet(element);
  const map = L.map(element, { zoomControl: true, scrollWheelZoom: element.dataset.at === undefined, minZoom: 3, maxZoom: 14, worldCopyJump: true });
  map.attributionControl.setPrefix(false).addAttribution(element.dataset.credit ?? "");
  const tiles = L.tileLayer(`/tiles/${dark() ? "dark" : "light"}/{z}/{x}/{y}.png`, { maxZoom: 14, minZoom: 3 });
  let drawn = false;
  tiles.on("tileload", () => { drawn = true; });
  tiles.on("tileerror", () => { if (!drawn) element.classList.add("bare"); });
  tiles.addTo(map);
  if (element.dataset.at) {
    const at = element.dataset.at.split(",").map(Number);
    map.setView(at, 12);
    L.circle(at, { radius: 600, className: "around", interactive: false }).addTo(map);
    return;
  }
  await results(L, map, element);
}

/** Every home in rank order: a price if there is room, else a dot. */
async function results(L, map, element) {
  const answer = await fetch(element.dataset.pins);
  const pins = answer.ok ? await answer.json() : [];
  if (element.dataset.bbox) {
    const [west, south, east, north] = element.dataset.bbox.split(",").map(Number);
    map.fitBounds([[south, west], [north, east]]);
  } else if (pins.length) {
    map.fitBounds(L.latLngBounds(pins.map((pin) => pin.at)).pad(0.08), { maxZoom: 13 });
  } else {
    map.setView([30, 0], 3);
  }
  const layer = L.layerGroup().addTo(map);
  const draw = () => {
    layer.clearLayers();
    const taken = [];
    for (const pin of pins) {
      const at = map.latLngToContainerPoint(pin.at);
      const size = map.getSize();
      if (at.x < 0 || at.y < 0 || at.x > size.x || at.y > size.y) continue;
      const half = 14 + pin.price.length * 4;
      const fits = taken.every((other) => Math.abs(other.x - at.x) > half + other.half || Math.abs(other.y - at.y) > 30);
      if (!fits) {
        L.marker(pin.at, { icon: L.divIcon({ className: "dot", iconSize: [9, 9] }), interactive: false, keyboard: false }).addTo(layer);
        continue;
      }
      taken.push({ x: at.x, y: at.y, half });
      const label = document.createElement("a");
      label.className = "pin num";
      label.href = pin.href;
      label.dataset.id = pin.id;
      label.textContent = pin.price;
      label.setAttribute("aria-label", `${pin.title}, ${pin.price}`);
      L.marker(pin.at, { icon: L.divIcon({ className: "pin-place", html: label, iconSize: [0, 0] }), keyboard: false, riseOnHover: true }).addTo(layer);
    }
  };
  draw();
  map.on("moveend", draw);
  again(map, element);
  pair(element);
}

/** After the map was moved by hand: look there. */
function again(map, element) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn search-here";
  button.textContent = element.dataset.here ?? "";
  button.hidden = true;
  element.append(button);
  map.on("dragend zoomend", (event) => { if (event.type === "dragend" || element.dataset.touched) button.hidden = false; });
  element.addEventListener("pointerdown", () => { element.dataset.touched = "1"; });
  button.addEventListener("click", () => {
    const address = new URL(location.href);
    const area = map.getBounds();
    const edges = [area.getWest(), area.getSouth(), area.getEast(), area.getNorth()].map((edge, n) => Math.max(n % 2 ? -90 : -180, Math.min(n % 2 ? 90 : 180, edge)).toFixed(4));
    address.searchParams.set("bbox", edges.join(","));
    for (const name of ["cursor", "place"]) address.searchParams.delete(name);
    location.assign(address);
  });
}

/** A card under the pointer marks its pin. */
function pair(element) {
  for (const card of document.querySelectorAll(".card[data-id]")) {
    const mark = (on) => element.querySelector(`.pin[data-id="${/** @type {HTMLElement} */ (card).dataset.id}"]`)?.classList.toggle("on", on);
    for (const [name, on] of [["pointerenter", true], ["pointerleave", false], ["focusin", true], ["focusout", false]]) card.addEventListener(String(name), () => mark(on));
  }
}

if (place) {
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    watch.disconnect();
    // The page comes first.
    if (document.readyState === "complete") open(place); else addEventListener("load", () => open(place));
  }, { rootMargin: "100px" });
  watch.observe(place);
}

/** On a phone the map lies over the list. */
const flip = document.getElementById("fab");
const split = document.getElementById("split");
if (flip && split && place) {
  flip.hidden = false;
  flip.addEventListener("click", () => {
    const shown = split.classList.toggle("show-map");
    flip.setAttribute("aria-pressed", String(shown));
    const words = flip.querySelector("span");
    if (words) words.textContent = (shown ? flip.dataset.list : flip.dataset.map) ?? "";
  });
}
