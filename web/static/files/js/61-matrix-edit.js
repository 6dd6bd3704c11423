// Changing cells of the matrix. What a person chooses is shown at once and sent
// with the revision that the page showed and a reason; when the server refuses,
// the cell shows again what is recorded. Many controls are changed together only
// after a look at what will change.
const matrixEdit = (() => {
  let choices, box, reason = sessionStorage.getItem("matrix-reason") ?? "";
  const frame = () => matrix.frame();
  const may = (r) => frame()?.dataset.edit === "true" && !r.hasAttribute("data-ro");
  const el = (tag, props = {}, ...kids) => { const x = Object.assign(document.createElement(tag), props); x.append(...kids); return x; };
  const load = () => choices ??= fetch(`${base}/matrix/choices`).then((r) => { if (!r.ok) throw new Error(r.status); return r.json(); }).catch((e) => { choices = undefined; throw e; });

  // What each column of the grid offers: fields with their words.
  const offers = {
    owner: [["owner", "Owner"]],
    frequency: [["frequency", "Frequency"], ["nature", "Nature"], ["type", "Type"]],
    risks: [["risks", "Risks"]],
  };
  const fillable = { owner: ["owner"], frequency: ["frequency", "nature", "type"], risks: ["risks"] };

  function refuse(r) { toast(frame().dataset.why || "You may not change this control."); matrix.mark(matrix.at); return r; }

  // open edits a cell; typed is what the person began to type.
  async function open(cell, typed) {
    const r = matrix.rowOf(cell), field = cell.dataset.f;
    if (!r || !field) return;
    if (!may(r)) return refuse(r);
    if (field === "statement") return statement(r);
    const chosen = matrix.picked.has(r.dataset.id) && matrix.picked.size > 1 ? matrix.chosen() : [r];
    list(cell, chosen, offers[field], typed);
  }

  // list is a small field with what can be chosen under it. The field is there at
  // once and takes what is typed, while the choices may still be on their way.
  async function list(cell, targets, fields, typed, title, prepare) {
    close();
    let all, early = null;
    const many = fields[0][0] === "risks", now = new Set(), had = new Set();
    const find = el("input", { className: "in", type: "text", value: typed, autocomplete: "off", spellcheck: false });
    const ul = el("ul", { id: "celled-list" });
    box = el("div", { className: many ? "celled broad" : "celled" });
    box.setAttribute("role", "dialog");
    const label = title ?? fields.map((f) => f[1]).join(", ") + (targets.length > 1 ? ` of ${targets.length} controls` : ` of ${codeOf(targets[0])}`);
    box.setAttribute("aria-label", label);
    for (const [k, v] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": "celled-list", "aria-label": label, "aria-autocomplete": "list" })) find.setAttribute(k, v);
    find.placeholder = label;
    ul.setAttribute("role", "listbox");
    ul.setAttribute("aria-label", label);
    if (many) ul.setAttribute("aria-multiselectable", "true");
    box.append(find, ul);
    if (many) box.append(el("p", { className: "hint", textContent: "Space chooses, Enter records, Esc leaves." }));
    document.body.append(box);
    matrix.rowOf(cell)?.setAttribute("data-editing", "");
    const c = cell.getBoundingClientRect(), h = 340;
    box.style.setProperty("left", Math.max(8, Math.min(c.left - 4, innerWidth - box.offsetWidth - 8)) + "px");
    box.style.setProperty("top", Math.max(8, c.bottom + h > innerHeight ? c.top - Math.min(h, c.top - 8) : c.bottom + 2) + "px");
    // It begins at what is recorded: Enter and Tab without a choice change nothing.
    const held = Object.fromEntries(fields.map(([name]) => [name, many ? undefined : shared(targets, name)]));
    const same = (o) => held[o.name] === o.value;
    let at = 0, shown = [], begun = !typed;
    function paint() {
      if (!all) return;
      const q = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      shown = [];
      const kids = [];
      for (const [name] of fields) {
        const fits = (all[name] ?? []).filter((o) => q.every((w) => o.text.toLowerCase().includes(w)));
        if (many) fits.sort((a, b) => had.has(b.value) - had.has(a.value));
        if (!q.length && (name === "owner" || name === "frequency") ) fits.push({ value: "", text: "None" });
        for (const o of fits.slice(0, 200)) shown.push({ name, ...o });
      }
      if (begun && !many) at = shown.findIndex(same);
      begun = false;
      let group = "";
      for (const [i, o] of shown.entries()) {
        if (fields.length > 1 && o.name !== group) { const head = el("li", { textContent: fields.find((f) => f[0] === o.name)[1] }); head.setAttribute("role", "presentation"); kids.push(head); }
        group = o.name;
        const li = el("li", { id: "celled-" + i }, el("span", { className: "tick", textContent: (many ? now.has(o.value) : same(o)) ? "✓" : "" }), el("span", { className: "tr", textContent: o.text }));
        li.setAttribute("role", "option");
        li.setAttribute("aria-selected", String(many ? now.has(o.value) : i === at));
        if (i === at) li.classList.add("at");
        li.onmousedown = (e) => { e.preventDefault(); at = i; many ? turn() : take(); };
        kids.push(li);
      }
      ul.replaceChildren(...kids);
      find.setAttribute("aria-activedescendant", shown[at] ? "celled-" + at : "");
      document.getElementById("celled-" + at)?.scrollIntoView({ block: "nearest" });
    }
    function turn() { const o = shown[at]; if (!o) return; now.has(o.value) ? now.delete(o.value) : now.add(o.value); paint(); }
    // take records the choice and goes on by some cells; what is recorded already
    // is not recorded again.
    function take(by = 0) {
      if (!all) { early = { by }; return; }
      const o = shown[at], changes = many ? targets.length > 1 || now.size !== had.size || [...now].some((v) => !had.has(v)) : o && !same(o);
      if (changes) record(o); else if (o || !find.value.trim()) finish(); else return;
      if (by) step(by);
    }
    function record(o) {
      if (many) { const v = [...now], words = (all.risks ?? []).filter((x) => now.has(x.value)).map((x) => x.text.split(" ")[0]); finish(); return set(cell, targets, "risks", v, words.join(", ") || "None", "Risks"); }
      finish();
      if (o.run) return o.run();
      set(cell, targets, o.name, o.value === "" ? [] : [o.value], o.text, fields.find((f) => f[0] === o.name)[1]);
    }
    const finish = () => { close(); matrix.mark(cell.isConnected ? cell : matrix.at); };
    find.addEventListener("input", () => { at = 0; begun = !find.value.trim(); paint(); });
    find.addEventListener("blur", () => setTimeout(() => { if (box && !box.contains(document.activeElement)) close(); }, 0));
    find.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); at = at < 0 && e.key === "ArrowUp" ? shown.length - 1 : (at + (e.key === "ArrowDown" ? 1 : shown.length - 1)) % Math.max(1, shown.length); paint(); }
      else if (e.key === "Enter") { e.preventDefault(); take(); }
      else if (e.key === " " && many && (!find.value || shown.length)) { e.preventDefault(); turn(); }
      else if (e.key === "Escape") { e.preventDefault(); e.stopPropagation(); finish(); }
      else if (e.key === "Tab") { e.preventDefault(); take(e.shiftKey ? -1 : 1); }
    });
    find.focus();
    find.setSelectionRange(typed.length, typed.length);
    bar(true);
    const mine = box;
    try {
      const [choices, risks] = await Promise.all([load(), many && targets.length === 1 ? current(targets[0], "risks") : []]);
      prepare?.(choices);
      for (const v of risks) { now.add(v); had.add(v); }
      all = choices;
    } catch { if (box === mine) { toast("The choices cannot be loaded."); finish(); } return; }
    if (box !== mine) return;
    paint();
    if (early) take(early.by);
  }
  // shared is the value that controls hold, where all of them hold the same one.
  function shared(targets, name) {
    const places = { owner: ["owner"], frequency: ["frequency", "nature", "type"] };
    const [f, at] = Object.entries(places).map(([f, names]) => [f, names.indexOf(name)]).find(([, i]) => i >= 0) ?? [];
    if (!f) return undefined;
    const values = new Set(targets.map((r) => [...r.children].find((c) => c.dataset.f === f)?.dataset.v?.split(" ")[at]));
    return values.size === 1 ? [...values][0] : undefined;
  }
  function step(n) { const c = matrix.at, cells = [...matrix.rowOf(c).children].filter((x) => x.offsetWidth > 1); matrix.mark(cells[Math.max(0, Math.min(cells.length - 1, cells.indexOf(c) + n))]); }
  function close() { for (const x of document.querySelectorAll("#matrix [data-editing]")) x.removeAttribute("data-editing"); box?.remove(); box = null; bar(); }
  const controlsText = (n) => n === 1 ? "1 control" : `${n} controls`;
  const codeOf = (r) => r.querySelector("th a")?.textContent.trim() ?? r.dataset.id;

  // current reads what a control holds, from the record's own page.
  async function current(r, name) {
    const x = await fetch(`${base}/r/control/${encodeURIComponent(r.dataset.id)}/edit?field=${name}`).then((x) => { if (!x.ok) throw new Error(x.status); return x.text(); });
    return [...new DOMParser().parseFromString(x, "text/html").querySelectorAll(`select[name="${name}"] option[selected]`)].map((o) => o.value).filter(Boolean);
  }

  const words = (fallback) => reason.trim() || fallback;
  async function send(params) {
    const body = new URLSearchParams();
    for (const [k, v] of params) body.append(k, v);
    const r = await fetch(`${base}/matrix/change`, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => { throw new Error("The server does not answer. The page shows what is recorded as soon as it does: look before you repeat it."); });
    if (!r.headers.get("Content-Type")?.startsWith("application/json")) throw new Error(r.status === 401 || r.redirected ? "Sign in again; nothing was recorded." : "Nothing was recorded.");
    const a = await r.json();
    if (a.done) matrix.wrote();
    // One's own change is no reason to ask which version holds: whoever edits the
    // next cell of the row before it is redrawn knows of it.
    if (a.done && matrix.grid()) for (const i of a.items ?? []) if (i.revision) for (const row of matrix.byID(i.id)) row.dataset.rev = i.revision;
    return { status: r.status, ...a };
  }
  const rowsOf = (targets) => targets.map((r) => ["_row", r.dataset.id + ":" + r.dataset.rev]);

  function set(cell, targets, name, values, text, label) {
    const params = [["_op", "set"], ["_fields", name], ...values.map((v) => [name, v])];
    const why = words(`${label} changed to ${text.slice(0, 80)} in the matrix.`);
    if (targets.length > 1) return preview(targets, params, why, `${label}: ${text}`);
    return one(targets[0], params, why, `${label} of ${codeOf(targets[0])} is ${text} now.`, () => optimistic(cell, name, values[0] ?? "", text));
  }
  // optimistic shows a choice before the server has answered.
  function optimistic(cell, name, value, text) {
    const was = [];
    for (const r of matrix.byID(matrix.rowOf(cell).dataset.id)) {
      was.push([r, r.innerHTML]);
      r.classList.add("busy");
      const c = [...r.children].find((x) => x.dataset.f === cell.dataset.f);
      if (name === "owner") { c.dataset.v = value; const t = c.querySelector(".own .tr"); t ? t.textContent = text : c.textContent = text; c.querySelector(".av")?.replaceChildren(text.split(/\s+/).map((w) => w[0]).filter((_, i, a) => i === 0 || i === a.length - 1).join("").toUpperCase()); }
      else if (name === "frequency" || name === "nature") { const p = c.textContent.trim().split(" · "); p[name === "frequency" ? 0 : p.length - 1] = text; c.textContent = p.join(" · "); const v = c.dataset.v.split(" "); v[name === "frequency" ? 0 : 1] = value; c.dataset.v = v.join(" "); }
    }
    return () => { for (const [r, html] of was) if (r.isConnected) { const col = matrix.rowOf(matrix.at) === r ? [...r.children].indexOf(matrix.at) : -1; r.innerHTML = html; r.classList.remove("busy"); matrix.repaint(r, col); } };
  }
  async function one(r, params, why, done, show) {
    const back = show?.();
    let a;
    try { a = await send([...rowsOf([r]), ...params, ["_reason", why]]); } catch (e) { back?.(); toast(e.message); await matrix.reload(); return; }
    if (a.stale) { await conflict(a.stale, r, params, why, done); return; }
    if (!a.done) toast(a.problem);
    else undoable(done, a.items);
    await matrix.reload();
  }
  function undoable(text, items) {
    toast(text, { text: "Undo", run: async () => {
      let a;
      try { a = await send([...items.map((i) => ["_row", i.id + ":" + i.revision]), ["_op", "undo"], ["_reason", "Undone."]]); } catch { toast("The server cannot be reached; nothing was undone."); return; }
      toast(a.done ? "Undone, as a new revision." : a.stale ? `Not undone: ${a.problem}` : a.problem);
      await matrix.reload();
    } });
  }

  function dialog(title, wide) {
    const d = el("dialog", { className: "dlg" + (wide ? " wide" : "") });
    const h = el("h2", { id: "matrix-dialog", textContent: title });
    d.setAttribute("aria-labelledby", "matrix-dialog");
    d.append(el("header", {}, h));
    d.addEventListener("close", () => { d.remove(); matrix.mark(matrix.at); });
    document.body.append(d);
    return d;
  }
  const button = (text, kind, run) => { const b = el("button", { type: "button", className: "btn " + kind, textContent: text }); b.onclick = run; return b; };
  function tableOf(head, rows) {
    const t = el("table", { className: "prev" });
    const cells = (tag, xs) => el("tr", {}, ...xs.map((x) => { const c = el(tag, { textContent: x }); if (tag === "th") c.scope = "col"; return c; }));
    t.append(el("thead", {}, cells("th", head)), el("tbody", {}, ...rows.map((r) => cells("td", r))));
    const box = el("div", { className: "list-of" }, t);
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Changes");
    return box;
  }

  // preview says what a change of many controls will do; it is made only then,
  // for all of them or for none.
  async function preview(targets, params, why, title) {
    const locked = targets.filter((r) => !may(r));
    if (locked.length) { toast(`${locked.length} of ${targets.length} controls are not yours to change. ${frame().dataset.why}`); return; }
    let a;
    try { a = await send([...rowsOf(targets), ...params, ["_dry", "1"]]); } catch (e) { toast(e.message); return; }
    if (!a.items) { toast(a.problem); return; }
    const bad = a.items.filter((i) => i.problem), changed = a.items.filter((i) => i.changes?.length);
    const d = dialog(title, true), body = el("div", { className: "b" });
    if (bad.length) body.append(el("p", { className: "note bad", textContent: `${bad.length} of ${controlsText(a.items.length)} cannot be changed. Nothing is recorded unless all can.` }));
    else body.append(el("p", { className: "mut", textContent: `${changed.length} of ${controlsText(a.items.length)} ${changed.length === 1 ? "changes" : "change"}, as one command with one reason. ${a.items.length - changed.length ? "The others hold the value already." : ""}` }));
    body.append(tableOf(["Control", "Field", "Now", "Then"], a.items.flatMap((i) => i.problem ? [[i.code, "", "", i.problem]] : (i.changes ?? []).map((c) => [i.code, c.label, c.before || "None", c.after || "None"]))));
    const input = el("input", { className: "in", id: "matrix-why", value: why, autocomplete: "off" });
    body.append(el("div", {}, el("label", { className: "lab", htmlFor: "matrix-why", textContent: "Reason" }), input));
    const run = async () => {
      if (!input.value.trim()) { input.setAttribute("aria-invalid", "true"); input.focus(); return; }
      go.disabled = true;
      let b;
      try { b = await send([...rowsOf(targets), ...params, ["_reason", input.value.trim()]]); } catch (e) { toast(e.message); go.disabled = false; return; }
      d.close();
      if (!b.done) toast(b.problem); else { const done = b.items.filter((i) => i.changes?.length || b.items.length === 1); undoable(`${controlsText(done.length)} changed.`, done); }
      await matrix.reload();
    };
    const go = button(`Change ${controlsText(changed.length)}`, "pri", run);
    go.disabled = bad.length > 0 || !changed.length;
    input.addEventListener("keydown", (e) => { if (e.key === "Enter") { e.preventDefault(); if (!go.disabled) run(); } });
    d.append(body, el("footer", {}, button("Cancel", "", () => d.close()), go));
    d.showModal();
    (go.disabled ? d.querySelector("footer button") : go).focus();
  }

  // conflict shows both versions. Only a person decides which one holds.
  async function conflict(s, r, params, why, done) {
    await matrix.reload();
    const d = dialog(`${s.code} was changed meanwhile`, true), body = el("div", { className: "b" });
    body.append(el("p", { textContent: `${s.who} recorded revision ${s.revision} on ${s.when}: ${s.reason || "no reason shown"} Nothing was overwritten.` }),
      tableOf(["Field", "Recorded now", "Your version"], s.fields.map((f) => [f.label + (f.conflict ? " (both changed it)" : ""), f.theirs || "None", f.mine || "None"])));
    const again = () => { d.close(); const now = matrix.byID(s.id)[0]; if (now) { now.dataset.rev = s.revision; one(now, params, why, done); } };
    const full = el("a", { className: "btn gh", href: s.href, textContent: "Open the record" });
    d.append(body, el("footer", {}, full, button("Keep theirs", "pri", () => d.close()), button("Record my cell on top", "", again)));
    d.showModal();
    d.querySelector("footer .pri").focus();
  }

  // statement edits a control's words in a sheet.
  async function statement(r) {
    let html;
    try { const x = await fetch(`${base}/matrix/statement?id=${encodeURIComponent(r.dataset.id)}`); if (!x.ok) throw new Error(); html = await x.text(); } catch { toast("The control cannot be loaded."); return; }
    const d = dialog(`${codeOf(r)}: statement`, true), host = el("div");
    host.innerHTML = html;
    const form = host.querySelector("form");
    const why = el("input", { className: "in", id: "statement-why", value: words("Statement changed in the matrix."), autocomplete: "off" });
    form.append(el("div", {}, el("label", { className: "lab", htmlFor: "statement-why", textContent: "Reason" }), why));
    const problem = el("p", { className: "err", hidden: true });
    problem.setAttribute("role", "alert");
    form.append(problem);
    const save = async () => {
      const row = { dataset: { id: form.dataset.id, rev: form.dataset.rev }, querySelector: () => null };
      const params = [["_op", "set"], ["_fields", form.dataset.fields], ...[...new FormData(form)]];
      let a;
      try { a = await send([...rowsOf([row]), ...params, ["_reason", why.value.trim()]]); } catch (e) { problem.textContent = e.message; problem.hidden = false; return; }
      if (a.stale) { d.close(); return conflict(a.stale, r, params, why.value.trim(), `${form.dataset.code} is changed.`); }
      if (!a.done) { problem.textContent = a.problem; problem.hidden = false; return; }
      d.close();
      undoable(`${form.dataset.code} is changed.`, a.items);
      await matrix.reload();
    };
    form.addEventListener("submit", (e) => { e.preventDefault(); save(); });
    form.addEventListener("keydown", (e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); save(); } });
    d.append(form, el("footer", {}, el("span", { className: "mut", textContent: "Control Enter records" }), button("Cancel", "", () => d.close()), button("Record", "pri", save)));
    d.showModal();
  }

  // fill copies a cell of the topmost selected row, or of the row itself, down.
  function fill(r, field) {
    const all = matrix.chosen(), fields = fillable[field];
    if (!fields) { toast("Fill down works in the columns risk, frequency and owner."); return; }
    if (all.length < 2) { toast("Select the rows to fill first: Shift with the arrow keys, or x."); return; }
    const [source, ...rest] = all, head = document.querySelector(`#matrix thead tr:last-child th:nth-child(${[...r.children].findIndex((c) => c.dataset.f === field) + 1})`)?.textContent ?? field;
    preview(rest, [["_op", "fill"], ["_source", source.dataset.id], ["_fields", fields.join(",")]], words(`${head} taken from ${codeOf(source)} in the matrix.`), `Fill ${head.toLowerCase()} down from ${codeOf(source)}`);
  }
  function moveTo(targets, from, to, title) {
    // Rows that were drawn anew while the objective was chosen count as they are now.
    targets = targets.map((r) => matrix.byID(r.dataset.id)[0] ?? r);
    const params = [["_op", "move"], ["_from", from], ["_to", to]], why = words(`Moved to ${title} in the matrix.`);
    if (targets.length > 1) return preview(targets, params, why, `Move to ${title}`);
    if (!may(targets[0])) return refuse(targets[0]);
    one(targets[0], params, why, `${codeOf(targets[0])} moved to ${title}.`);
  }
  // relocate chooses the objective that a control, or all selected, move to.
  async function relocate(r) {
    const targets = matrix.picked.has(r.dataset.id) && matrix.picked.size > 1 ? matrix.chosen() : [r];
    if (targets.some((x) => !may(x))) return refuse(r);
    const from = r.closest("tbody").dataset.group, cell = matrix.at;
    await list(cell, targets, [["move", "Objective"]], "", targets.length > 1 ? `Move ${targets.length} controls to` : `Move ${codeOf(r)} to`,
      (c) => { c.move = [...c.objectives, { value: "none", text: "Entity-level controls" }].filter((o) => o.value !== from).map((o) => ({ ...o, run: () => moveTo(targets, from, o.value, o.text) })); });
  }

  // bar shows what is selected, and the reason that changes carry.
  function bar(editing) {
    const b = document.querySelector("x-matrix-bar");
    if (!b) return;
    const n = matrix.picked.size;
    b.hidden = !n && !editing && !box;
    if (b.hidden) return;
    if (!b.firstChild) {
      const input = el("input", { className: "in", value: reason, placeholder: "A sentence that says what changed, offered each time", autocomplete: "off" });
      input.addEventListener("input", () => { reason = input.value; sessionStorage.setItem("matrix-reason", reason); });
      b.append(el("span", { className: "acts" }), el("label", {}, "Reason for changes", input));
    }
    const acts = b.querySelector(".acts");
    acts.replaceChildren();
    if (!n) return;
    const first = () => matrix.chosen()[0], cell = (f) => [...first().children].find((c) => c.dataset.f === f);
    const act = (text, run) => acts.append(button(text, "gh", run));
    acts.append(el("b", { textContent: n === 1 ? "1 selected" : `${n} selected` }));
    act("Owner…", () => list(cell("owner"), matrix.chosen(), offers.owner, ""));
    act("Frequency or nature…", () => list(cell("frequency"), matrix.chosen(), offers.frequency, ""));
    act("Key", () => set(cell("statement"), matrix.chosen(), "key", ["true"], "yes", "Key control"));
    act("Not key", () => set(cell("statement"), matrix.chosen(), "key", [], "no", "Key control"));
    act("Move…", () => { matrix.mark(first().children[1]); relocate(first()); });
    act("Clear", () => matrix.pick([...matrix.picked], false));
  }
  customElements.define("x-matrix-bar", class extends HTMLElement {});
  return { open, fill, relocate, moveTo, bar };
})();
