// A code is copied by a click on it.
for (const code of document.querySelectorAll("[data-copy]")) {
  code.addEventListener("click", () => navigator.clipboard?.writeText(code.textContent ?? "").then(() => code.classList.add("copied")));
}
