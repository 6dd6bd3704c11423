// What every page shares: where the site lies, short messages, and small sheets
// that close by themselves. Pages work without any of this.
const base = document.body.dataset.base || "";

function toast(text, action) {
  const box = document.getElementById("toasts");
  if (!box) return;
  const t = document.createElement("div");
  t.className = "toast";
  t.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (action) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = action.text;
    b.onclick = () => { t.remove(); action.run(); };
    t.append(b);
  }
  box.append(t);
  setTimeout(() => t.remove(), action ? 10000 : 5000);
}

// What the server says was done stays as long, and loading the page again does
// not say it again.
for (const t of document.querySelectorAll("#toasts > .toast")) {
  setTimeout(() => t.remove(), 5000);
  const u = new URL(location.href);
  u.searchParams.delete("done");
  history.replaceState(history.state, "", u);
}

// Sheets close when one clicks elsewhere, opens another, or presses Escape.
document.addEventListener("click", (e) => {
  for (const d of document.querySelectorAll("details.pop[open]")) if (!d.contains(e.target)) d.open = false;
});
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  const d = document.activeElement?.closest("details.pop[open]") ?? document.querySelector("details.pop[open]");
  if (d) { d.open = false; d.querySelector("summary")?.focus(); e.preventDefault(); }
  if (location.hash === "#side") location.hash = "";
});
// A choice that is a whole answer is sent at once.
document.addEventListener("change", (e) => { if (e.target.matches?.("[data-submits]")) e.target.form?.requestSubmit(); });
