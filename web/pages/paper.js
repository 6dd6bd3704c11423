// The grid of a working paper: one cell takes the focus, one key records what was found.
// It is shown at once and sent a moment later, so that a slip is put right before it is on
// record. What was not sent yet stays in this browser until the server has it.
const paper = (() => {
  const frame = () => document.querySelector("x-paper");
  const grid = () => document.getElementById("paper");
  const words = { "": "Open", pass: "Pass", fail: "Fail", not_applicable: "Not applicable", cannot_tell: "Cannot tell" };
  const outcomes = { p: "pass", f: "fail", n: "not_applicable", t: "cannot_tell" };
  const key = (i, a) => `${i}\u0000${a}`;
  let data = { attributes: [], cells: {}, evidence: [] }, items = { columns: [], rows: {} };
  let at = null, anchor = null, timer = null, busy = false, refused = 0;
  // queue holds what is not recorded yet, by cell, in the order in which it was typed.
  const queue = new Map();

  const edits = () => frame().dataset.edit === "true";
  const rowOf = (c) => c.closest("tr");
  const rows = () => [...grid().tBodies[0].rows];
  const cells = (r) => [...r.querySelectorAll("td.a")];
  const cellAt = (i, a) => { const r = rows().find((x) => x.dataset.item === i); return r && cells(r).find((c) => c.dataset.a === a); };
  const known = (i, a) => data.cells[i]?.[a];
  const attribute = (a) => data.attributes.find((x) => x.code === a) ?? { code: a, text: "" };
  const store = () => `paper${base}-${document.body.dataset.person}-${frame().dataset.post}`;
  const own = (name, value) => Object.assign(document.createElement(name), value);

  // paint shows a cell as it is typed, or as it is recorded.
  function paint(c) {
    const i = rowOf(c).dataset.item, a = c.dataset.a, now = known(i, a), typed = queue.get(key(i, a));
    const o = typed ? typed.outcome : now?.o ?? "";
    c.dataset.o = o;
    c.toggleAttribute("data-auto", !typed && !!now?.auto);
    c.toggleAttribute("data-more", !now?.auto && !!(now?.note || now?.ev?.length));
    c.classList.toggle("wait", !!typed && !typed.problem);
    c.classList.toggle("no", !!typed?.problem);
    c.querySelector(".vh").textContent = words[o] + (typed?.problem ? ", not recorded: " + typed.problem : "");
    whole(rowOf(c));
  }
  function whole(r) {
    const all = cells(r).map((c) => c.dataset.o), box = r.querySelector(".whole .pill");
    if (!box || ["Deviation", "Dismissed"].includes(box.textContent.trim())) return;
    const [text, cls, icon] = all.some((o) => o === "fail" || o === "cannot_tell") ? ["Exception", "bad", "circle-alert"] : all.some((o) => !o) ? ["Not tested", "", "circle-dashed"]
      : all.length && all.every((o) => o === "not_applicable") ? ["Does not count", "", "circle-dashed"] : ["No exception", "ok", "circle-check"];
    if (box.textContent.trim() === text) return;
    box.className = `pill ${cls}`.trim();
    box.lastChild.nodeType === 3 ? box.lastChild.textContent = text : box.replaceChildren(box.querySelector("svg") ?? "", text);
    const use = box.querySelector("use");
    if (use) use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#" + icon));
  }

  // say tells how much is on record.
  function say() {
    const s = document.getElementById("paper-saved");
    if (!s) return;
    const bad = [...queue.values()].filter((e) => e.problem).length, waits = queue.size - bad;
    s.textContent = bad ? `${bad} not recorded` : waits ? "Recording…" : s.textContent ? "All recorded" : "";
    s.classList.toggle("warn", bad > 0);
    refused = bad;
  }
  function keep() {
    try { queue.size ? localStorage.setItem(store(), JSON.stringify([...queue])) : localStorage.removeItem(store()); } catch { /* A full or closed store keeps nothing; the page still does. */ }
  }

  // enter notes what was found; nothing is sent for what stands there already.
  function enter(c, outcome, more = {}) {
    const i = rowOf(c).dataset.item, a = c.dataset.a, now = known(i, a), k = key(i, a), was = queue.get(k);
    if (attribute(a).computed && !now?.alt && more.alternative === undefined) { toast(`Attribute ${a} is computed by its expression. Where the data cannot tell, describe the other procedure beside.`); return; }
    const e = { ...(was ?? {}), item: i, attribute: a, seen: was?.seen ?? now?.rev ?? 0, outcome, ...more };
    delete e.problem; delete e.needs;
    queue.delete(k);
    const same = outcome === (now?.o ?? "") && (e.note === undefined || e.note === (now?.note ?? "")) && e.evidence === undefined && e.alternative === undefined;
    if (!same) queue.set(k, e);
    paint(c); keep(); say();
    clearTimeout(timer);
    timer = setTimeout(send, 1200);
    if (c === at) panel();
  }

  async function send() {
    clearTimeout(timer);
    if (busy) { timer = setTimeout(send, 300); return; }
    const batch = [...queue].filter(([, e]) => !e.problem).slice(0, 400);
    if (!batch.length) { say(); return; }
    busy = true;
    say();
    const sent = new Map(batch.map(([k, e]) => [k, e]));
    let answer = null, lost = false;
    try {
      const r = await fetch(frame().dataset.post, { method: "POST", body: new URLSearchParams({ cells: JSON.stringify(batch.map(([, e]) => e)) }), headers: { Accept: "application/json" } });
      if (r.redirected || !r.headers.get("Content-Type")?.startsWith("application/json")) lost = true;
      else { const b = await r.json(); if (r.ok) answer = b; else for (const e of sent.values()) e.problem = b.problem ?? "It was refused."; }
    } catch { lost = true; }
    busy = false;
    if (answer) for (const x of answer) take(x, sent);
    else if (!lost) for (const [k] of sent) { const e = queue.get(k); const c = e && cellAt(e.item, e.attribute); if (c) paint(c); }
    keep(); say();
    if (lost) { document.getElementById("paper-saved").textContent = "Not recorded yet: no connection. It stays in this browser."; timer = setTimeout(send, 4000); }
    else if ([...queue.values()].some((e) => !e.problem)) timer = setTimeout(send, 100);
    const asks = [...queue.values()].filter((e) => e.needs === "reason");
    if (asks.length) reason(asks);
    if (at) panel();
  }
  // take is what became of one entry. What was typed meanwhile is sent next.
  function take(x, sent) {
    const k = key(x.item, x.attribute), e = queue.get(k), c = cellAt(x.item, x.attribute);
    (data.cells[x.item] ??= {});
    const href = data.cells[x.item][x.attribute]?.href;
    if (x.cell) data.cells[x.item][x.attribute] = { ...x.cell, href }; else delete data.cells[x.item][x.attribute];
    if (e && e === sent.get(k)) { if (x.problem) { e.problem = x.problem; e.needs = x.needs; e.seen = x.rev; } else queue.delete(k); }
    else if (e) e.seen = x.rev;
    if (x.problem && x.needs !== "reason") toast(`${x.item}, ${x.attribute}: ${x.problem}`);
    if (c) { c.dataset.rev = x.rev; paint(c); }
  }

  // reason asks why what is on record is changed, once for all that ask.
  function reason(entries) {
    if (document.querySelector("dialog.pp-why")) return;
    const d = own("dialog", { className: "dlg pp-why" }), h = own("h2", { id: "pp-why-h", textContent: entries.length === 1 ? `Why ${entries[0].item}, ${entries[0].attribute}, is changed` : `Why ${entries.length} cells are changed` });
    d.setAttribute("aria-labelledby", h.id);
    const form = own("form", { className: "stack" }), box = own("textarea", { className: "in", id: "pp-why", minLength: 20, maxLength: 2000, required: true });
    const hint = own("p", { className: "hint", textContent: "What is recorded stays on record, with your reason beside it. Twenty characters or more." });
    const row = own("div", { className: "row" }), ok = own("button", { className: "btn pri", textContent: "Change" }), no = own("button", { className: "btn", type: "button", textContent: "Leave as recorded" });
    form.append(own("label", { className: "lab", htmlFor: "pp-why", textContent: "Reason" }), box, hint, row);
    row.append(ok, no);
    d.append(h, form);
    const each = (f) => { for (const e of entries) { f(e); const c = cellAt(e.item, e.attribute); if (c) paint(c); } keep(); say(); if (at) panel(); };
    form.onsubmit = (ev) => { ev.preventDefault(); each((e) => { e.reason = box.value.trim(); delete e.problem; delete e.needs; }); d.close(); send(); };
    no.onclick = () => { each((e) => queue.delete(key(e.item, e.attribute))); d.close(); };
    d.addEventListener("cancel", () => each((e) => queue.delete(key(e.item, e.attribute))));
    d.addEventListener("close", () => { d.remove(); at?.focus(); });
    document.body.append(d);
    d.showModal();
    box.focus();
  }

  // mark makes a cell the one that Tab reaches, and shows what it rests on.
  function mark(c, focus = true) {
    if (!c) return;
    if (at && at !== c) { at.removeAttribute("tabindex"); at.removeAttribute("aria-selected"); }
    const moved = at !== c;
    at = c;
    c.tabIndex = 0;
    for (const r of grid().querySelectorAll("tr.on")) r.classList.remove("on");
    rowOf(c).classList.add("on");
    if (focus) { c.focus({ preventScroll: true }); c.scrollIntoView({ block: "nearest", inline: "nearest" }); }
    if (moved) panel();
  }
  // picked are the cells between where a selection began and where it is.
  function picked() {
    if (!anchor || anchor === at) return [at];
    const all = rows(), a = all.indexOf(rowOf(anchor)), b = all.indexOf(rowOf(at)), ca = cells(rowOf(anchor)).indexOf(anchor), cb = cells(rowOf(at)).indexOf(at), out = [];
    for (let i = Math.min(a, b); i <= Math.max(a, b); i++) out.push(...cells(all[i]).slice(Math.min(ca, cb), Math.max(ca, cb) + 1));
    return out;
  }
  function select() { const on = new Set(anchor && anchor !== at ? picked() : []); for (const c of grid().querySelectorAll("td.a")) on.has(c) ? c.setAttribute("aria-selected", "true") : c.removeAttribute("aria-selected"); }
  function move(dr, dc, extend) {
    const all = rows(), r = rowOf(at), line = cells(r), col = line.indexOf(at);
    const to = all[Math.max(0, Math.min(all.length - 1, all.indexOf(r) + dr))], next = cells(to);
    anchor = extend ? anchor ?? at : null;
    mark(next[Math.max(0, Math.min(next.length - 1, col + dc))]);
    select();
  }
  function nextOpen(back) {
    const all = rows().flatMap(cells), i = all.indexOf(at), n = all.length;
    for (let s = 1; s <= n; s++) { const c = all[(i + (back ? -s : s) + n * 2) % n]; if (!c.dataset.o && !attribute(c.dataset.a).computed) { anchor = null; select(); return mark(c); } }
    toast("No cell is open.");
  }
  // fill takes the outcome of a cell down to the open ones below, or over a selection.
  function fill() {
    const o = (anchor && anchor !== at ? picked()[0] : at).dataset.o;
    if (!o) { toast("The cell is open: there is nothing to fill down."); return; }
    const all = rows(), from = all.indexOf(rowOf(at)), col = cells(rowOf(at)).indexOf(at);
    const targets = anchor && anchor !== at ? picked() : all.slice(from + 1).map((r) => cells(r)[col]);
    let n = 0;
    for (const c of targets) if (!c.dataset.o && !attribute(c.dataset.a).computed) { enter(c, o); n++; }
    toast(n === 1 ? "1 cell filled." : `${n} cells filled.`);
  }

  function keys(e) {
    const c = e.target.closest?.("td.a");
    if (!c || c !== at || e.altKey) return;
    const done = () => { e.preventDefault(); e.stopPropagation(); };
    const page = Math.max(1, Math.floor(document.querySelector(".pp-main").clientHeight / rowOf(c).offsetHeight) - 2);
    const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0] };
    if (steps[e.key]) { done(); return move(...steps[e.key], e.shiftKey); }
    const ctrl = e.ctrlKey || e.metaKey;
    if (e.key === "Home" || e.key === "End") { done(); const end = e.key === "End", r = ctrl ? rows().at(end ? -1 : 0) : rowOf(c); anchor = null; mark(cells(r).at(end ? -1 : 0)); return select(); }
    if (e.key === "Escape" && anchor) { done(); anchor = null; return select(); }
    if (e.key === "Enter" || e.key.toLowerCase() === "j" && !ctrl) { done(); return nextOpen(e.shiftKey); }
    if (!edits()) return;
    if (ctrl && e.key.toLowerCase() === "d" || !ctrl && e.key.toLowerCase() === "d") { done(); return fill(); }
    if (ctrl && e.key.toLowerCase() === "z") { done(); return undo(); }
    if (ctrl) return;
    const o = outcomes[e.key.toLowerCase()];
    if (o) { done(); for (const x of picked()) enter(x, o); return; }
    if (e.key === "Backspace" || e.key === "Delete") { done(); for (const x of picked()) if (x.dataset.o) enter(x, ""); return; }
    if (e.key.toLowerCase() === "m") { done(); document.getElementById("cell-note")?.focus(); return; }
    if (e.key.toLowerCase() === "a") { done(); document.getElementById("cell-evidence")?.focus(); }
  }
  // undo takes back what was typed last and is not on record yet.
  function undo() {
    const last = [...queue].at(-1);
    if (!last) { toast("What is recorded is changed by a new outcome, with a reason."); return; }
    queue.delete(last[0]);
    const c = cellAt(last[1].item, last[1].attribute);
    keep(); say();
    if (c) { paint(c); mark(c); panel(); }
  }

  // panel shows beside the grid what the cell rests on.
  function panel() {
    const box = document.getElementById("paper-cell");
    if (!box || !at) return;
    // Who writes beside is not interrupted.
    if (box.contains(document.activeElement) && box.dataset.of === key(rowOf(at).dataset.item, at.dataset.a)) return;
    const r = rowOf(at), i = r.dataset.item, a = attribute(at.dataset.a), now = known(i, a.code), typed = queue.get(key(i, a.code));
    box.dataset.of = key(i, a.code);
    const head = own("div", { className: "pp-head" });
    head.append(own("h2", { id: "cell-h", className: "mono", textContent: i }), own("span", { className: "mut num", textContent: `Item ${rows().indexOf(r) + 1}` + (r.dataset.stratum ? `, ${r.dataset.stratum}` : "") }));
    const dl = own("dl", { className: "fields narrow" });
    const add = (t, ...v) => { const d = own("div", {}), dd = own("dd", {}); dd.append(...v); d.append(own("dt", { textContent: t }), dd); dl.append(d); };
    const values = items.rows[i] ?? [];
    items.columns.forEach((name, n) => { if (values[n] !== null && values[n] !== undefined && values[n] !== i) add(name, values[n]); });
    add("Attribute", own("b", { textContent: a.code + " " }), a.text);
    const o = typed ? typed.outcome : now?.o ?? "";
    const mk = own("span", { className: "mk", ariaHidden: "true" }), cell = own("span", { className: "pp-o" });
    cell.dataset.o = o;
    cell.append(mk, words[o]);
    add("Result", cell);
    if (typed?.problem) add("Not recorded", own("span", { className: "bad", textContent: typed.problem }));
    if (now?.by && !now.auto) add("By", `${now.by}, ${now.on}`);
    if (now?.auto) add("By", "Its expression");
    if (now?.alt) add("Other procedure", now.alt);
    if (now?.why) add("Why it was changed", now.why);
    const out = [head, dl];
    if (now?.ev?.length) {
      const ul = own("ul", { className: "pp-ev" });
      for (const [id, title, href] of now.ev) { const li = own("li", {}); li.append(own("a", { className: "link", href, textContent: title || id })); ul.append(li); }
      out.push(own("h3", { textContent: "Evidence" }), ul);
    }
    if (now && !now.auto && !edits() && now.note) out.push(own("h3", { textContent: "Note" }), own("p", { textContent: now.note }));
    if (edits() && (!a.computed || o === "cannot_tell" || now?.alt)) out.push(form(i, a, now, o));
    box.replaceChildren(...out);
  }
  function form(i, a, now, o) {
    const f = own("form", { className: "stack pp-form" }), note = own("textarea", { className: "in", id: "cell-note", value: now?.auto ? "" : now?.note ?? "", maxLength: 5000 });
    const ev = own("select", { className: "in", id: "cell-evidence", multiple: true, size: Math.min(5, Math.max(2, data.evidence.length)) });
    for (const [id, title] of data.evidence) ev.append(own("option", { value: id, textContent: title, selected: !!now?.ev?.some((x) => x[0] === id) }));
    const alt = own("textarea", { className: "in", id: "cell-alt", value: now?.alt ?? "", maxLength: 5000 });
    const part = (id, label, ...x) => { const d = own("div", {}); d.append(own("label", { className: "lab", htmlFor: id, textContent: label }), ...x); return d; };
    if (a.computed || o === "cannot_tell" || now?.alt) {
      const to = own("select", { className: "in", id: "cell-to" });
      for (const [v, t] of Object.entries(words)) if (v) to.append(own("option", { value: v, textContent: t, selected: v === o }));
      f.append(part("cell-alt", "Other procedure", alt, own("p", { className: "hint", textContent: "How it was tested where the data cannot tell: what was inspected instead, and what it shows." })), part("cell-to", "It shows", to));
      f.dataset.alt = "1";
    }
    f.append(part("cell-note", "Note", note), part("cell-evidence", "Evidence looked at", ev, own("p", { className: "hint", textContent: data.evidence.length ? "Ctrl chooses more than one." : "No evidence is recorded in this file yet." })));
    const file = own("input", { className: "in", id: "cell-file", type: "file", multiple: true });
    file.onchange = () => attach(i, a, ev, file);
    f.append(part("cell-file", "Attach a file", file));
    const row = own("div", { className: "row" });
    row.append(own("button", { className: "btn", textContent: "Record" }));
    if (now?.href) row.append(own("a", { className: "link", href: now.href, textContent: "History" }));
    f.append(row);
    f.onsubmit = (e) => {
      e.preventDefault();
      const c = cellAt(i, a.code), to = f.querySelector("#cell-to")?.value ?? c.dataset.o, chosen = [...ev.selectedOptions].map((x) => x.value);
      if (!to) { toast("Say first what was found: press P, F, N or T in the cell."); return; }
      const more = { note: note.value.trim(), evidence: chosen };
      if (f.dataset.alt && alt.value.trim()) more.alternative = alt.value.trim();
      c.focus();
      enter(c, to, more);
      send();
    };
    f.addEventListener("keydown", (e) => { if (e.key === "Escape") { e.preventDefault(); e.stopPropagation(); cellAt(i, a.code)?.focus(); } if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); f.requestSubmit(); } });
    return f;
  }

  // attach records files as evidence and names it in the form; the cell names it once it
  // is recorded.
  async function attach(i, a, ev, file) {
    const body = new FormData();
    body.append("item", i);
    for (const f of file.files) body.append("_file", f);
    file.disabled = true;
    let answer = null;
    try { answer = await (await fetch(frame().dataset.attach, { method: "POST", body, headers: { Accept: "application/json" } })).json(); } catch { answer = { problem: "The file did not arrive. Try again." }; }
    file.disabled = false;
    file.value = "";
    if (answer.problem) { toast(answer.problem); return; }
    data.evidence.unshift([answer.id, answer.title]);
    ev.prepend(own("option", { value: answer.id, textContent: answer.title, selected: true }));
    const c = cellAt(i, a.code);
    if (c?.dataset.o) { enter(c, c.dataset.o, { evidence: [...ev.selectedOptions].map((x) => x.value) }); send(); }
    toast("Attached.");
  }

  // columns shows what the population says of the items, as soon as it was read.
  const shownColumns = 3;
  async function rowsOf() {
    if (frame().dataset.has !== "true" || !frame().dataset.presence) return;
    try { const r = await fetch(frame().dataset.items); if (!r.ok) return; items = await r.json(); } catch { return; }
    columns();
    if (at) panel();
  }
  function columns() {
    const g = grid();
    if (!g || !items.columns.length || g.querySelector("th.ctx")) return;
    // Of many columns those that tell the items apart and are short are shown; the rest is beside.
    const ids = rows().map((r) => r.dataset.item), of = (n) => ids.map((i) => items.rows[i]?.[n] ?? "");
    const worth = items.columns.map((name, n) => { const v = of(n), long = Math.max(0, ...v.map((x) => x.length)); return { name, n, ok: long > 0 && long <= 28 && !v.every((x, i) => x === ids[i]) && new Set(v).size > 1 }; }).filter((x) => x.ok).slice(0, shownColumns);
    const after = g.tHead.rows[0].cells[1];
    let th = after;
    for (const w of worth) { const x = own("th", { scope: "col", className: "ctx", textContent: w.name }); th.after(x); th = x; }
    for (const r of rows()) { let td = r.cells[1]; for (const w of worth) { const x = own("td", { className: "ctx", textContent: items.rows[r.dataset.item]?.[w.n] ?? "" }); td.after(x); td = x; } }
  }

  // decideRows has the rows of undecided exceptions read, and then shown.
  async function decideRows() {
    if (document.getElementById("paper-decide")?.dataset.waits !== "true") return;
    try { if ((await fetch(frame().dataset.items)).ok) live.want("paper-decide"); } catch { /* The exceptions are there without their rows. */ }
  }

  // refresh takes over what others recorded; what is typed here and not sent stays.
  let asking = false, again = false;
  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const r = await fetch(frame().dataset.post, { headers: { Accept: "application/json" } });
      if (r.ok && !r.redirected) {
        const now = await r.json();
        if (!busy) for (const row of rows()) for (const c of cells(row)) {
          const i = row.dataset.item, a = c.dataset.a, x = now[i]?.[a], was = known(i, a);
          if ((x?.rev ?? 0) < (was?.rev ?? 0)) continue;
          const same = JSON.stringify(x) === JSON.stringify(was);
          (data.cells[i] ??= {});
          if (x) data.cells[i][a] = x; else delete data.cells[i][a];
          if (!same) { paint(c); if (x?.rev !== was?.rev && !queue.has(key(i, a))) { c.classList.add("upd"); setTimeout(() => c.classList.remove("upd"), 2600); } if (c === at) panel(); }
        }
      }
    } catch { /* The stream says when the server is back. */ }
    asking = false;
    if (again) { again = false; refresh(); }
  }
  let soon;
  live.on((e) => {
    if (!frame() || e.type !== "missed" && (e.type !== "change" || e.kind !== "result" || !frame().dataset.presence.startsWith(e.ledger + "/"))) return;
    clearTimeout(soon);
    soon = setTimeout(refresh, 120);
  });

  function addItem(name) {
    const t = grid().tBodies[0], n = t.rows.length + 1, r = own("tr", { className: "r", id: `item-${n}` });
    if (rows().some((x) => x.dataset.item === name)) { mark(cells(rows().find((x) => x.dataset.item === name))[0]); return; }
    r.dataset.item = name; r.dataset.stratum = "";
    r.append(own("td", { className: "n", textContent: n }), own("th", { scope: "row", className: "it mono", textContent: name }));
    for (const a of data.attributes) {
      const c = own("td", { className: "a" });
      Object.assign(c.dataset, { a: a.code, o: "", rev: 0 });
      c.append(own("span", { className: "mk", ariaHidden: "true" }), own("span", { className: "vh", textContent: "Open" }));
      r.append(c);
    }
    const last = own("td", { className: "whole" });
    last.append(own("span", { className: "pill", textContent: "Not tested" }));
    r.append(last);
    t.append(r);
    mark(cells(r)[0]);
  }

  customElements.define("x-paper", class extends HTMLElement {
    connectedCallback() {
      queueMicrotask(() => {
        decideRows();
        const text = document.getElementById("paper-data")?.textContent;
        if (!text || !grid()) return;
        data = JSON.parse(text);
        try { for (const [k, e] of JSON.parse(localStorage.getItem(store()) ?? "[]")) queue.set(k, e); } catch { /* What cannot be read was not kept. */ }
        if (!edits()) queue.clear();
        for (const e of queue.values()) { delete e.problem; delete e.needs; const c = cellAt(e.item, e.attribute); if (c) paint(c); else queue.delete(key(e.item, e.attribute)); }
        if (queue.size) { say(); send(); }
        const first = rows().flatMap(cells)[0];
        if (first) mark(first, false);
        rowsOf();
      });
      this.addEventListener("keydown", keys);
      this.addEventListener("click", (e) => { const c = e.target.closest("td.a"); if (!c) return; if (e.shiftKey) { anchor ??= at; mark(c); select(); } else { anchor = null; mark(c); select(); } });
      this.addEventListener("focusin", (e) => { if (e.target.matches?.("td.a") && e.target !== at) mark(e.target, false); });
      this.addEventListener("submit", (e) => { if (!e.target.matches("[data-add]")) return; e.preventDefault(); const x = e.target.querySelector("input"), name = x.value.trim(); if (name) { x.value = ""; addItem(name); } });
    }
  });
  addEventListener("pagehide", () => { const batch = [...queue.values()].filter((e) => !e.problem); if (frame() && batch.length && !busy) navigator.sendBeacon(frame().dataset.post, new URLSearchParams({ cells: JSON.stringify(batch.slice(0, 400)) })); });
  document.addEventListener("htmx:after:swap", () => { if (!grid()) return; for (const r of rows()) for (const c of cells(r)) paint(c); columns(); });

  return { frame, get at() { return at; }, cellOf: (row, a) => { const r = rows()[row]; return r && cells(r).find((c) => c.dataset.a === a); }, place: () => at && grid() ? `cell.${rows().indexOf(rowOf(at))}.${cells(rowOf(at)).indexOf(at)}` : "", cellAtPlace: (s) => { const m = /^cell\.(\d+)\.(\d+)$/.exec(s ?? ""); return m && grid() ? cells(rows()[m[1]] ?? document.createElement("tr"))[m[2]] : null; }, get unsent() { return queue.size; } };
})();
