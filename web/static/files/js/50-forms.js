// Forms: what was typed is not lost by leaving, and every field says what is
// wrong with it as soon as one leaves it. Everything works without scripts as
// well.
document.addEventListener("input", (e) => { const f = e.target.closest?.("form[data-form]"); if (f) f.dataset.dirty = "1"; });
// A form is sent only when the server answers: a browser that sends one into a
// broken connection, or after the session ended, throws away what was typed.
document.addEventListener("submit", (e) => {
  const f = e.target;
  if (!f.matches?.("form[data-form]") || e.defaultPrevented) return;
  e.preventDefault();
  if (f.dataset.sending) return;
  f.dataset.sending = "1";
  sendForm(f, e.submitter).finally(() => delete f.dataset.sending);
});
async function sendForm(f, by) {
  try {
    const r = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (r.redirected && new URL(r.url).pathname === `${base}/sign-in`) { toast("You are signed out. Sign in in another tab and send this again; what you typed stays here."); return; }
    if (r.status >= 500) throw new Error(r.status);
  } catch { toast("The server cannot be reached. Nothing was recorded, and what you typed stays here: send it again in a moment."); return; }
  delete f.dataset.dirty;
  if (by?.name) { const h = document.createElement("input"); h.type = "hidden"; h.name = by.name; h.value = by.value; f.append(h); }
  HTMLFormElement.prototype.submit.call(f);
}
// A form that came back with something to correct or to choose is not recorded.
for (const f of document.querySelectorAll("form[data-form]")) if (f.querySelector(":scope > .note[role=alert]")) f.dataset.dirty = "1";
addEventListener("beforeunload", (e) => { if (document.querySelector("form[data-dirty]")) e.preventDefault(); });
// Whoever types in a region keeps it as it is while others change what it shows.
document.addEventListener("focusin", (e) => { if (typing(e.target)) e.target.closest("form, td")?.setAttribute("data-editing", ""); });
document.addEventListener("focusout", (e) => { e.target.closest?.("[data-editing]:not([data-keep])")?.removeAttribute("data-editing"); });

// A field that one leaves is checked by the server, which says what saving would
// say. What nobody has touched yet is not complained about.
const checks = (() => {
  const path = (name) => name.split(".").map((p, i) => /^\d+$/.test(p) && i ? `[${p}]` : (i ? "." : "") + p).join("");
  let asked = 0;
  function show(form, problems, touched) {
    for (const name of touched) {
      const field = form.querySelector(`[id="${CSS.escape(name)}"]`), hint = form.querySelector(`[id="${CSS.escape(name)}-hint"]`);
      if (!field || !hint) continue;
      const says = problems[path(name)] ?? "", shown = form.querySelector(`[id="${CSS.escape(name)}-find"]`) ?? field;
      let p = hint.querySelector(".err");
      if (!says) { p?.remove(); field.setAttribute("aria-invalid", "false"); shown.setAttribute("aria-invalid", "false"); continue; }
      if (!p) { p = Object.assign(document.createElement("p"), { className: "err" }); p.setAttribute("role", "alert"); hint.prepend(p); }
      if (p.textContent !== says) p.textContent = says;
      field.setAttribute("aria-invalid", "true");
      shown.setAttribute("aria-invalid", "true");
    }
  }
  async function check(form) {
    const mine = ++asked, body = new URLSearchParams();
    for (const [k, v] of new FormData(form)) if (typeof v === "string") body.append(k, v);
    let a;
    try { const r = await fetch(form.dataset.check, { method: "POST", body, headers: { Accept: "application/json" } }); if (!r.ok) return; a = await r.json(); } catch { return; }
    if (mine !== asked) return;
    show(form, a.problems ?? {}, form.touched ?? []);
    const help = form.querySelector("#statement-help");
    if (help && a.help && help.innerHTML !== a.help) help.innerHTML = a.help;
  }
  // What stands beside a statement follows while one writes.
  document.addEventListener("input", (e) => {
    const form = e.target.closest?.("form[data-check]");
    if (!form?.querySelector("#statement-help")) return;
    clearTimeout(form.soon);
    form.soon = setTimeout(() => check(form), 300);
  });
  document.addEventListener("focusout", (e) => {
    const form = e.target.closest?.("form[data-check]");
    if (!form || !e.target.closest("[data-named], [name]")) return;
    const name = e.target.closest("[data-named]")?.dataset.named ?? e.target.name;
    if (!name || name.startsWith("_")) return;
    form.touched ??= new Set();
    form.touched.add(name);
    // What moves on to the button that sends the form needs no other answer.
    setTimeout(() => { if (!document.activeElement?.matches?.("form[data-check] button:not([type=button])")) check(form); }, 0);
  });
})();
