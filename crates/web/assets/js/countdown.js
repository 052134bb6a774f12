// How long the nights are still held. It speaks at five minutes, at one, and at the end.
for (const place of document.querySelectorAll("[data-countdown]")) {
  const words = /** @type {HTMLElement} */ (place);
  const end = Date.now() + Number(words.dataset.countdown) * 1000;
  const clock = document.createElement("b");
  clock.className = "num";
  clock.setAttribute("aria-hidden", "true");
  words.after(" ", clock);
  const tick = setInterval(() => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left === 300 || left === 60) words.setAttribute("role", "status");
    if (left > 0) return;
    clearInterval(tick);
    clock.remove();
    words.setAttribute("role", "alert");
    words.textContent = words.dataset.over ?? "";
  }, 1000);
}
