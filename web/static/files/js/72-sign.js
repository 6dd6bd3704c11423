// Whoever reads a text to sign it is told that it was changed meanwhile. The text
// itself stays as it was opened: nobody signs words that moved under the eyes.
document.addEventListener("htmx:after:swap", () => {
  const now = document.getElementById("text-now"), form = document.getElementById("sign-form");
  if (!now || !form) return;
  now.hidden = now.dataset.sha256 === form.elements.sha256.value;
  now.querySelector("a").search = `?since=${form.elements.known.value}`;
});
