// Keyboard shortcuts. They never fire while somebody types.
const places = { h: "/", i: "/inbox", m: "/matrix", c: "/r/control", o: "/r/control_objective", r: "/r/risk", e: "/r/evidence", a: "/activity" };
const placeNames = { h: "Home", i: "Inbox", m: "Risk-control matrix", c: "Controls", o: "Control objectives", r: "Risks", e: "Evidence", a: "Activity" };
let leading = 0;

function typing(t) {
  return t && (t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName) && !/^(checkbox|radio|button)$/.test(t.type));
}
document.addEventListener("keydown", (e) => {
  if ((e.metaKey || e.ctrlKey) && e.key.toLowerCase() === "k") { e.preventDefault(); palette.open(); return; }
  if (e.metaKey || e.ctrlKey || e.altKey || typing(e.target) || document.querySelector("dialog[open]") || e.defaultPrevented) return;
  if (Date.now() - leading < 1200 && places[e.key]) { e.preventDefault(); leading = 0; location.href = base + places[e.key]; return; }
  if (e.key === "g") { leading = Date.now(); return; }
  if (e.key === "?") { e.preventDefault(); help(); return; }
  const all = [...document.querySelectorAll(`[data-key="${CSS.escape(e.key)}"]`)].filter((x) => x.offsetParent !== null);
  // A key means what is nearest: beside the matrix, c comments on the open control.
  const t = all.find((x) => x.closest("#detail")?.contains(e.target)) ?? all[0];
  if (t) { e.preventDefault(); /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName) ? t.focus() : t.click(); return; }
  if (e.key === "j" || e.key === "k") rows(e.key === "j" ? 1 : -1, e);
});
// j and k go through the rows of a register.
function rows(step, e) {
  const links = [...document.querySelectorAll("tr.r a.t")];
  if (!links.length) return;
  e.preventDefault();
  const i = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, i < 0 ? 0 : i + step))].focus();
}
function help() {
  let d = document.getElementById("help");
  if (!d) {
    d = Object.assign(document.createElement("dialog"), { className: "dlg", id: "help" });
    d.setAttribute("aria-labelledby", "help-title");
    const head = document.createElement("header");
    head.append(Object.assign(document.createElement("h2"), { id: "help-title", textContent: "Keyboard shortcuts" }));
    const dl = Object.assign(document.createElement("dl"), { className: "b keys" });
    const all = [["Search or jump to", "⌘K or Ctrl K"], ["This list", "?"], ["Filter", "/"], ["New record", "c"], ["Comment on the record shown", "c"], ["Edit", "e"], ["Next and previous row", "j k"], ["Close", "Esc"]]
      .concat(Object.entries(placeNames).map(([k, v]) => [v, "g " + k]));
    for (const [what, keys] of all) {
      const dt = Object.assign(document.createElement("dt"), { textContent: what }), dd = document.createElement("dd");
      for (const k of keys.split(" ")) k === "or" ? dd.append(" or ") : dd.append(Object.assign(document.createElement("kbd"), { textContent: k }), " ");
      dl.append(dt, dd);
    }
    const close = Object.assign(document.createElement("button"), { className: "btn", textContent: "Close", type: "button" });
    close.onclick = () => d.close();
    const sp = Object.assign(document.createElement("span"), { className: "sp" });
    head.append(sp, close);
    d.append(head, dl);
    document.body.append(d);
  }
  d.showModal();
}
document.addEventListener("click", (e) => { if (e.target.closest?.("[data-help]")) help(); });
