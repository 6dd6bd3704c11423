// Who else is here. A tab says where it is while it can be seen, and hears where
// others are over the event stream; nothing of it is recorded. What is drawn is
// quiet: initials in the top bar, and beside what somebody else has open.
(() => {
  if (!live.on || !document.body.dataset.person) return;
  const me = document.body.dataset.person;
  const tab = [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const people = new Map();
  // The grid of a working paper has a script of its own, which only its page loads.
  const sheet = () => typeof paper !== "undefined" && paper.frame() ? paper : null;
  const shown = () => document.querySelector("[data-presence]:not([data-presence=''])");
  const named = (s) => /^[a-z0-9_.]{0,80}$/.test(s ?? "") ? s : "";

  // here is where this tab is, and what is done there.
  function here() {
    const el = shown(), focus = document.activeElement;
    if (!el) return null;
    const at = el.dataset.presence;
    const says = document.querySelector("textarea[data-say]:focus"), writes = says?.value.trim() ? { field: "comment", edit: "1" } : null;
    if (el.matches("x-matrix")) {
      // While a cell is edited, the focus is in the list that lies over it.
      const edits = !!document.querySelector(".celled:not(.mention), dialog[open] form[data-statement]");
      const cell = matrix.at && (edits || el.contains(focus)) ? matrix.at : null, row = cell?.closest("tr.r");
      const open = document.getElementById("detail") ? new URL(location.href).searchParams.get("open") : "";
      return { at: at + (row?.dataset.id ?? open ?? ""), whole: "1", field: named(row ? cell.dataset.f : ""), edit: row && edits ? "1" : "", ...writes };
    }
    if (el.matches("x-paper")) return { at, field: el.contains(focus) && focus.matches("td.a") ? sheet()?.place() ?? "" : "", edit: el.dataset.edit === "true" && el.contains(focus) && focus.matches("td.a") ? "1" : "", ...writes };
    if (el.hasAttribute("data-edits")) return { at, field: named(el.contains(focus) ? focus.name : ""), edit: "1" };
    return { at, field: "", edit: "", ...writes };
  }

  let last = "", timer, sent = 0;
  async function beat(force) {
    timer = null;
    const now = here();
    if (!now || document.hidden) return;
    const key = JSON.stringify(now);
    if (!force && key === last) return;
    last = key;
    sent = Date.now();
    const r = await fetch(`${base}/presence`, { method: "POST", body: new URLSearchParams({ tab, ...now }) }).catch(() => null);
    if (!r?.ok || !r.headers.get("Content-Type")?.startsWith("application/json")) return;
    people.clear();
    for (const n of await r.json()) take(n);
    paint();
  }
  const soon = () => { timer ??= setTimeout(beat, Math.max(300, 900 - (Date.now() - sent))); };
  function leave() { if (last) { navigator.sendBeacon(`${base}/presence`, new URLSearchParams({ tab, leave: "1" })); last = ""; } }
  function take(n) { n.people.length ? people.set(n.at, n.people) : people.delete(n.at); }

  // others are the people elsewhere than in tabs of one's own, with where they are.
  function others() {
    const el = shown(), whole = el?.matches("x-matrix"), out = [];
    for (const [at, list] of people) {
      if (whole ? !at.startsWith(el.dataset.presence) : at !== el?.dataset.presence) continue;
      for (const p of list) if (p.id !== me) out.push({ ...p, record: whole ? at.slice(el.dataset.presence.length) : "" });
    }
    return out;
  }
  function fieldText(p) {
    if (p.field === "comment") return "writing a comment";
    const cell = sheet()?.cellAtPlace(p.field);
    if (cell) return `at item ${cell.closest("tr").dataset.item}, attribute ${cell.dataset.a}`;
    const row = p.record && matrix.grid() ? matrix.byID(p.record)[0] : null;
    let label = "";
    if (row) {
      const i = [...row.children].findIndex((c) => c.dataset.f === p.field);
      label = (row.querySelector("th a")?.textContent.trim() ?? "") + (p.field && i >= 0 ? ", " + (document.querySelector(`#matrix thead tr:last-child th:nth-child(${i + 1})`)?.textContent.trim() ?? "") : "");
    } else if (p.field && !p.field.startsWith("_")) label = document.querySelector(`#f-${CSS.escape(p.field)} dt`)?.textContent.trim() || document.querySelector(`label[for="${CSS.escape(p.field)}"]`)?.firstChild?.textContent.trim() || "";
    return (p.edits ? "editing" : "looking") + (label ? (p.edits ? " " : " at ") + label : p.edits ? " this record" : "");
  }
  const avatar = (p) => { const s = document.createElement("span"); s.className = `av ${p.hue}${p.edits ? " edits" : ""}`; s.textContent = p.initials; s.title = `${p.name}, ${fieldText(p)}`; s.setAttribute("aria-hidden", "true"); return s; };

  const most = 5;
  function paint() {
    const all = others(), bar = document.getElementById("presence");
    for (const x of document.querySelectorAll(".peer")) x.remove();
    for (const x of document.querySelectorAll("td.a .flag")) x.remove();
    for (const x of document.querySelectorAll("td.peer-at")) x.classList.remove("peer-at", ...[...x.classList].filter((c) => /^h\d+$/.test(c)));
    for (const x of document.querySelectorAll(".peered")) x.classList.remove("peered", ...[...x.classList].filter((c) => /^h\d+$/.test(c)));
    if (bar) {
      const byID = new Map();
      for (const p of all) if (!byID.has(p.id) || p.edits) byID.set(p.id, p);
      const list = [...byID.values()];
      bar.replaceChildren(...list.slice(0, most).map((p) => {
        const li = document.createElement("li");
        li.append(avatar(p), Object.assign(document.createElement("span"), { className: "vh", textContent: `${p.name}, ${fieldText(p)}` }));
        return li;
      }));
      if (list.length > most) {
        const li = document.createElement("li");
        li.append(Object.assign(document.createElement("span"), { className: "av", textContent: `+${list.length - most}`, title: list.slice(most).map((p) => p.name).join(", ") }));
        bar.append(li);
      }
      bar.hidden = !list.length;
    }
    for (const p of all) {
      let spots = [];
      const cell = sheet()?.cellAtPlace(p.field);
      if (cell) {
        // The name is for the eye; the list above says it to everybody else.
        const flag = Object.assign(document.createElement("span"), { className: "flag", textContent: p.name.split(" ")[0] });
        flag.setAttribute("aria-hidden", "true");
        cell.append(flag);
        cell.classList.add("peer-at", p.hue);
        continue;
      }
      if (p.record && matrix.grid()) spots = matrix.byID(p.record).map((r) => (p.field && [...r.children].find((c) => c.dataset.f === p.field)) || r.querySelector("th.idc")).filter(Boolean);
      else if (p.edits && p.field && document.getElementById(`f-${p.field}`)) spots = [document.getElementById(`f-${p.field}`).querySelector("dt")];
      for (const s of spots) { const a = avatar(p); a.classList.add("peer"); s.append(a); if (p.edits) s.classList.add("peered", p.hue); }
    }
  }

  live.on((e) => {
    const el = shown();
    if (e.type !== "presence" || !el) return;
    if (el.matches("x-matrix") ? !e.at.startsWith(el.dataset.presence) : e.at !== el.dataset.presence) return;
    take(e);
    paint();
  });
  live.state((s) => { if (s === "on") beat(true); });
  for (const name of ["focusin", "focusout", "input"]) document.addEventListener(name, soon);
  document.addEventListener("htmx:after:swap", () => { paint(); soon(); });
  document.addEventListener("visibilitychange", () => document.hidden ? leave() : beat(true));
  addEventListener("pagehide", leave);
  setInterval(() => beat(true), 20000);
  addEventListener("DOMContentLoaded", () => {
    beat(true);
    // The matrix replaces its table when it takes over what was recorded.
    const frame = document.querySelector("x-matrix");
    if (frame) new MutationObserver(paint).observe(frame, { childList: true });
  });
})();
