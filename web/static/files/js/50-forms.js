// Forms: what was typed is not lost by leaving, and long lists of references
// can be searched. Everything works without scripts as well.
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

// <select multiple data-picker> becomes a list of check boxes with a filter.
for (const s of document.querySelectorAll("select[multiple][data-picker]")) picker(s);
function picker(select) {
  const box = Object.assign(document.createElement("div"), { className: "picker" });
  const chosen = Object.assign(document.createElement("div"), { className: "row" });
  const find = Object.assign(document.createElement("input"), { className: "in", type: "text", placeholder: "Add…", autocomplete: "off" });
  const id = select.id + "-list";
  const list = Object.assign(document.createElement("ul"), { id, hidden: true });
  list.setAttribute("role", "listbox");
  find.setAttribute("role", "combobox");
  find.setAttribute("aria-controls", id);
  find.setAttribute("aria-expanded", "false");
  find.setAttribute("aria-autocomplete", "list");
  const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
  if (label) find.setAttribute("aria-label", "Add to " + label.firstChild.textContent.trim());
  list.setAttribute("aria-label", find.getAttribute("aria-label") ?? "Choices");
  let at = 0, shown = [];
  function paintChosen() {
    chosen.replaceChildren(...[...select.selectedOptions].map((o) => {
      const b = Object.assign(document.createElement("button"), { type: "button", className: "tag", textContent: o.textContent + " ✕" });
      b.setAttribute("aria-label", "Remove " + o.textContent);
      b.onclick = () => { o.selected = false; changed(); find.focus(); };
      return b;
    }));
  }
  function changed() { paintChosen(); select.dispatchEvent(new Event("input", { bubbles: true })); if (!list.hidden) paint(); }
  function paint() {
    const q = find.value.toLowerCase();
    shown = [...select.options].filter((o) => !o.selected && o.textContent.toLowerCase().includes(q)).slice(0, 60);
    at = Math.min(at, Math.max(0, shown.length - 1));
    list.replaceChildren(...shown.map((o, i) => {
      const li = Object.assign(document.createElement("li"), { id: `${id}-${i}`, textContent: o.textContent });
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", String(i === at));
      li.onmousedown = (e) => { e.preventDefault(); o.selected = true; find.value = ""; changed(); paint(); };
      return li;
    }));
    list.hidden = !shown.length;
    find.setAttribute("aria-expanded", String(!list.hidden));
    find.setAttribute("aria-activedescendant", shown.length ? `${id}-${at}` : "");
  }
  function hide() { list.hidden = true; find.setAttribute("aria-expanded", "false"); find.setAttribute("aria-activedescendant", ""); }
  find.addEventListener("focus", paint);
  find.addEventListener("input", () => { at = 0; paint(); });
  find.addEventListener("blur", hide);
  find.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); if (list.hidden) paint(); else { at = (at + (e.key === "ArrowDown" ? 1 : shown.length - 1)) % Math.max(1, shown.length); paint(); list.children[at]?.scrollIntoView({ block: "nearest" }); } }
    else if (e.key === "Enter" && !list.hidden && shown[at]) { e.preventDefault(); shown[at].selected = true; find.value = ""; changed(); paint(); }
    else if (e.key === "Escape" && !list.hidden) { e.preventDefault(); e.stopPropagation(); hide(); }
    else if (e.key === "Backspace" && !find.value && select.selectedOptions.length) { [...select.selectedOptions].at(-1).selected = false; changed(); }
  });
  select.hidden = true;
  select.after(box);
  box.append(chosen, find, list);
  paintChosen();
}
