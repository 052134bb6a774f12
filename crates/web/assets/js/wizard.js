// What is written in a step is saved while it is written. Without this the button saves it.
for (const element of document.querySelectorAll("form[data-autosave]")) {
  const form = /** @type {HTMLFormElement} */ (element);
  const state = form.querySelector("[data-state]");
  let timer = 0;
  let busy = false;
  let again = false;
  const say = (/** @type {string | undefined} */ text) => state && (state.textContent = text ?? "");

  async function save() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    say(form.dataset.saving);
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    fields.set("autosave", "1");
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields });
      say(answer.ok ? `${form.dataset.saved} ${await answer.text()}` : form.dataset.unsaved);
    } catch {
      say(form.dataset.unsaved);
    }
    busy = false;
    if (again) {
      again = false;
      save();
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(save, 900);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
}
