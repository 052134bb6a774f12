// Pictures are dropped in, uploaded one by one with their progress, and put in order by dragging.
// Without this the form and the buttons do the same.

const drop = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-uploads]"));

/** Sends one picture and shows how far it is. */
function upload(/** @type {File} */ file, /** @type {Element} */ list) {
  const row = document.createElement("li");
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  row.append(file.name, bar);
  list.append(row);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", drop?.action ?? "");
    request.setRequestHeader("x-script", "1");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("loadend", () => {
      const good = request.status === 201;
      bar.value = good ? 100 : 0;
      if (!good) row.append(` ${drop?.dataset.failed ?? ""} ${request.status === 422 ? request.responseText : ""}`);
      done(good);
    });
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  });
}

async function uploadAll(/** @type {FileList | null | undefined} */ files) {
  const list = drop?.querySelector("[data-list]");
  if (!files?.length || !list) return;
  let failed = 0;
  for (const file of files) if (!(await upload(file, list))) failed += 1;
  if (failed < files.length) location.reload();
}

if (drop) {
  const input = /** @type {HTMLInputElement | null} */ (drop.querySelector("input[type=file]"));
  drop.querySelector("button[type=submit]")?.setAttribute("hidden", "");
  input?.addEventListener("change", () => uploadAll(input.files));
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
    });
  }
  drop.addEventListener("drop", (event) => uploadAll(/** @type {DragEvent} */ (event).dataTransfer?.files));
}

const grid = /** @type {HTMLElement | null} */ (document.querySelector("[data-order]"));
/** @type {HTMLElement | null} */
let held = null;

async function keepOrder() {
  const ids = [...(grid?.querySelectorAll("[data-id]") ?? [])].map((item) => /** @type {HTMLElement} */ (item).dataset.id ?? "");
  await fetch(grid?.dataset.order ?? "", { method: "POST", body: new URLSearchParams({ ids: ids.join(",") }) });
  location.reload();
}

grid?.addEventListener("dragstart", (event) => {
  held = /** @type {HTMLElement} */ (event.target).closest("[data-id]");
  held?.classList.add("held");
});
grid?.addEventListener("dragover", (event) => {
  const over = /** @type {HTMLElement} */ (event.target).closest("[data-id]");
  if (!held || !over || over === held) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  over[event.clientX < box.left + box.width / 2 ? "before" : "after"](held);
});
grid?.addEventListener("drop", (event) => event.preventDefault());
grid?.addEventListener("dragend", () => {
  held?.classList.remove("held");
  if (held) keepOrder();
  held = null;
});
