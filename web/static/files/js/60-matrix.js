// The risk-control matrix as a grid: one cell takes the focus, arrows move it,
// rows are selected, groups fold, more rows come as one scrolls, and a control
// opens beside. Without this file all of it is links.
const matrix = (() => {
  const grid = () => document.getElementById("matrix");
  const frame = () => document.querySelector("x-matrix");
  const picked = new Set();
  let at = null, anchor = null, inside = false;

  const rows = () => [...grid().querySelectorAll("tr.g, tr.r")].filter((r) => r.offsetParent !== null || r.getClientRects().length);
  const controls = () => rows().filter((r) => r.classList.contains("r"));
  const cellsOf = (r) => [...r.children].filter((c) => c.offsetWidth > 1);
  const rowOf = (c) => c?.closest("tr");
  const byID = (id) => [...grid().querySelectorAll(`tr.r[data-id="${CSS.escape(id)}"]`)];

  // mark makes a cell the one that Tab reaches.
  function mark(cell, focus = true) {
    if (!cell) return;
    if (at && at !== cell) at.removeAttribute("tabindex");
    at = cell;
    cell.tabIndex = 0;
    if (focus) { cell.focus({ preventScroll: true }); reveal(cell); }
  }
  // reveal scrolls a cell out from under the heads that stick above it.
  function reveal(cell) {
    const f = frame(), a = cell.getBoundingClientRect(), b = f.getBoundingClientRect();
    const top = b.top + (rowOf(cell).classList.contains("g") ? 34 : 68);
    if (a.top < top) f.scrollTop -= top - a.top;
    else if (a.bottom > b.bottom - 6) f.scrollTop += a.bottom - b.bottom + 6;
    if (a.right > b.right) f.scrollLeft += a.right - b.right + 8;
    else if (a.left < b.left) f.scrollLeft -= b.left - a.left + 8;
  }
  function prepare(root) {
    for (const x of root.querySelectorAll("tr.r a, tr.r input, tr.g a")) x.tabIndex = -1;
    for (const r of root.querySelectorAll("tr.r")) paint(r);
  }
  function paint(r) {
    const on = picked.has(r.dataset.id);
    r.setAttribute("aria-selected", String(on));
    const box = r.querySelector("input.cb");
    if (box) box.checked = on;
  }
  function pick(ids, on) {
    for (const id of ids) on ? picked.add(id) : picked.delete(id);
    if (!grid()) return;
    for (const r of grid().querySelectorAll("tr.r")) paint(r);
    const all = grid().querySelector("[data-all]"), n = new Set(controls().map((r) => r.dataset.id)).size;
    if (all) { all.checked = picked.size > 0 && picked.size >= n; all.indeterminate = picked.size > 0 && picked.size < n; }
    matrixEdit.bar();
  }
  const chosen = () => { const seen = new Set(); return controls().filter((r) => picked.has(r.dataset.id) && !seen.has(r.dataset.id) && seen.add(r.dataset.id)); };
  // range selects from where the selection began to a row.
  function range(to) {
    const all = controls(), a = all.indexOf(anchor ?? to), b = all.indexOf(to);
    if (a < 0 || b < 0) return;
    pick(all.slice(Math.min(a, b), Math.max(a, b) + 1).map((r) => r.dataset.id), true);
  }

  function move(rowStep, colStep, e) {
    const all = rows(), r = rowOf(at), i = all.indexOf(r), col = Math.max(0, cellsOf(r).indexOf(at));
    let to = all[Math.max(0, Math.min(all.length - 1, i + rowStep))];
    if (e?.shiftKey && rowStep) {
      anchor ??= r.classList.contains("r") ? r : null;
      while (to && !to.classList.contains("r") && all.indexOf(to) > 0 && all.indexOf(to) < all.length - 1) to = all[all.indexOf(to) + Math.sign(rowStep)];
    }
    const cells = cellsOf(to);
    mark(cells.length === 1 ? cells[0] : cells[Math.max(0, Math.min(cells.length - 1, (cells.length > 1 && cellsOf(r).length === 1 ? column : col) + colStep))]);
    if (cells.length > 1) column = cellsOf(to).indexOf(at);
    if (e?.shiftKey && rowStep && to.classList.contains("r")) { if (!anchor) anchor = to; range(to); }
    else if (rowStep) anchor = null;
  }
  let column = 1;

  function keys(e) {
    if (!at || e.target !== at || e.altKey) return;
    const r = rowOf(at), isRow = r.classList.contains("r"), ctrl = e.ctrlKey || e.metaKey;
    const page = Math.max(1, Math.floor((frame().clientHeight - 68) / r.offsetHeight) - 1);
    const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0] };
    const done = () => { e.preventDefault(); e.stopPropagation(); };
    if (steps[e.key]) { done(); if (!isRow && e.key === "ArrowLeft") return fold(r, true); if (!isRow && e.key === "ArrowRight") return fold(r, false); return move(...steps[e.key], e); }
    if (e.key === "Home" || e.key === "End") {
      done();
      const end = e.key === "End", all = ctrl ? rows() : [r], to = all[end ? all.length - 1 : 0], cells = cellsOf(to);
      return mark(cells[end ? cells.length - 1 : 0]);
    }
    if (!isRow) { if (e.key === "Enter" || e.key === " ") { done(); fold(r); } return; }
    const field = at.dataset.f;
    if (ctrl) {
      if (e.key.toLowerCase() === "d") { done(); matrixEdit.fill(r, field); }
      else if (e.key.toLowerCase() === "a") { done(); pick(controls().map((x) => x.dataset.id), true); }
      return;
    }
    if (e.key === "F2" || e.key === "Enter" && field) { done(); matrixEdit.open(at, ""); return; }
    if (e.key === "Enter" || e.key === " " && !e.shiftKey) { done(); show(r.dataset.id); return; }
    if (e.key === " ") { done(); toggle(r); return; }
    if (e.key === "Escape") { if (document.getElementById("detail")) { done(); hide(); } else if (picked.size) { done(); pick([...picked], false); } return; }
    if (e.key.length === 1) {
      const lists = field && field !== "statement";
      if (!lists && e.key === "x") { done(); toggle(r); }
      else if (!lists && e.key === "m") { done(); matrixEdit.relocate(r); }
      else if (lists) { done(); matrixEdit.open(at, e.key); }
    }
  }
  function toggle(r) { anchor = r; pick([r.dataset.id], !picked.has(r.dataset.id)); }

  // fold closes or opens a group; the address keeps which.
  function fold(row, shut) {
    const body = row.closest("tbody"), a = row.querySelector("a.fold");
    const open = a.getAttribute("aria-expanded") === "true";
    if (shut !== undefined && shut !== open) return;
    const parts = [...grid().querySelectorAll(`tbody[data-group="${CSS.escape(body.dataset.group)}"]`)];
    if (!open && !body.querySelector("tr.r")) { location.href = a.href; return; }
    for (const p of parts) p.classList.toggle("shut", open);
    a.setAttribute("aria-expanded", String(!open));
    const u = new URL(location.href), closed = new Set((u.searchParams.get("closed") ?? "").split(",").filter(Boolean));
    open ? closed.add(body.dataset.group) : closed.delete(body.dataset.group);
    closed.size ? u.searchParams.set("closed", [...closed].join(",")) : u.searchParams.delete("closed");
    history.replaceState(history.state, "", u);
  }

  // more adds the next rows; the address keeps how many there are.
  let loading = false;
  async function more() {
    const box = document.getElementById("more"), a = box?.querySelector("a");
    if (!a || loading) return;
    loading = true;
    try {
      const r = await fetch(a.dataset.next, { headers: { "X-Part": "rows" } });
      if (!r.ok) throw new Error(r.status);
      const doc = new DOMParser().parseFromString(`<table>${await r.text()}</table>`, "text/html"), table = grid();
      const rest = doc.querySelector("tfoot");
      for (const b of [...doc.querySelectorAll("tbody")]) {
        const same = table.querySelector(`tbody[data-group="${CSS.escape(b.dataset.group)}"]`);
        prepare(b);
        same ? same.append(...b.children) : table.append(b);
      }
      const u = new URL(a.href), here = new URL(location.href);
      u.searchParams.has("rows") ? here.searchParams.set("rows", u.searchParams.get("rows")) : here.searchParams.delete("rows");
      history.replaceState(history.state, "", here);
      if (rest) { a.href = rest.dataset.more; a.dataset.next = rest.dataset.next; a.textContent = `Show more (${rest.dataset.left} left)`; }
      else box.remove();
    } catch { toast("The next rows cannot be loaded."); }
    loading = false;
    if (box.isConnected) { watcher.unobserve(box); watcher.observe(box); }
  }
  const watcher = new IntersectionObserver((es) => { if (es.some((e) => e.isIntersecting)) more(); }, { rootMargin: "600px" });

  // show opens a control beside the rows.
  async function show(id) {
    const u = new URL(location.href);
    u.searchParams.set("open", id);
    const was = document.getElementById("detail");
    try {
      const r = await fetch(u, { headers: { "X-Part": "detail" } });
      if (!r.ok) throw new Error(r.status);
      const box = document.createElement("div");
      box.innerHTML = await r.text();
      const aside = box.querySelector("#detail");
      was ? was.replaceWith(aside) : document.getElementById("split").append(aside);
    } catch { location.href = u; return; }
    history[was ? "replaceState" : "pushState"]({ detail: id }, "", u);
    opened(id);
    document.getElementById("detail").focus({ preventScroll: true });
  }
  function opened(id) {
    document.getElementById("split").classList.toggle("two", !!id);
    for (const r of grid()?.querySelectorAll("tr.r") ?? []) r.classList.toggle("open", r.dataset.id === id);
  }
  function hide() {
    const u = new URL(location.href), id = u.searchParams.get("open");
    u.searchParams.delete("open");
    history.replaceState(null, "", u);
    document.getElementById("detail")?.remove();
    opened("");
    const back = at?.isConnected ? at : byID(id ?? "")[0]?.children[1];
    mark(back);
  }

  // After others changed what is shown, selection and focus stay.
  function restore() {
    if (!grid()) return;
    prepare(grid());
    const u = new URL(location.href);
    opened(document.getElementById("detail") ? u.searchParams.get("open") : "");
    if (!at?.isConnected) at = null;
    if (at) at.tabIndex = 0; else first();
    // A cell that others' changes redrew under the focus gets it back.
    if (inside && at && (!document.activeElement || document.activeElement === document.body)) at.focus({ preventScroll: true });
    const box = document.getElementById("more");
    if (box) watcher.observe(box);
    matrixEdit.bar();
  }
  // repaint puts right a row whose cells were written anew; col has the focus.
  function repaint(r, col) {
    for (const x of r.querySelectorAll("a, input")) x.tabIndex = -1;
    paint(r);
    if (col >= 0) mark(r.children[col]);
  }
  function first() { const c = grid().querySelector("tr.r th"); if (c) mark(c, false); }

  // reload takes over what the server shows now.
  let asked = 0;
  async function reload() {
    const mine = ++asked;
    let text = "";
    try { const r = await fetch(location.href, { headers: { "X-Live": "1" } }); if (r.ok) text = await r.text(); } catch { /* The event stream says when the server is back. */ }
    // An answer that was asked for before something newer is older than it.
    if (!text || mine !== asked) return;
    // Where the person is now: they may have moved on while the answer came.
    const key = at && { row: rowOf(at)?.id, id: rowOf(at)?.dataset.id, col: [...(rowOf(at)?.children ?? [])].indexOf(at), focused: document.activeElement === at };
    const doc = new DOMParser().parseFromString(text, "text/html"), now = doc.getElementById("matrix");
    if (!now || !grid()) { location.reload(); return; }
    grid().replaceWith(now);
    for (const id of ["more", "matrix-count"]) { const a = document.getElementById(id), b = doc.getElementById(id); if (a && b) a.replaceWith(b); else if (a && id === "more") a.remove(); }
    at = null;
    const row = key && (document.getElementById(key.row) ?? byID(key.id ?? "")[0]);
    if (row) mark(row.children[Math.max(0, key.col)], key.focused || document.activeElement === document.body);
    restore();
  }

  customElements.define("x-matrix", class extends HTMLElement {
    connectedCallback() {
      queueMicrotask(() => { if (grid()) restore(); });
      this.addEventListener("keydown", keys);
      this.addEventListener("click", (e) => {
        const f = e.target.closest("a.fold");
        if (f && !e.ctrlKey && !e.metaKey) { e.preventDefault(); mark(f.closest("th")); fold(f.closest("tr")); return; }
        if (e.target.closest("[data-all]")) { const on = e.target.checked; pick(on ? controls().map((r) => r.dataset.id) : [...picked], on); return; }
        const more1 = e.target.closest("#more a");
        if (more1) { e.preventDefault(); more(); return; }
        const cell = e.target.closest("tr.r > *"), r = rowOf(cell);
        if (!cell || e.target.closest(".celled")) return;
        if (e.target.matches("input.cb")) { e.shiftKey && anchor ? range(r) : toggle(r); mark(cell); return; }
        if (e.shiftKey) { e.preventDefault(); getSelection()?.removeAllRanges(); range(r); mark(cell); return; }
        if (e.ctrlKey || e.metaKey) { e.preventDefault(); toggle(r); mark(cell); return; }
        mark(cell);
        anchor = r;
        if (e.target.closest("a[data-open]")) { e.preventDefault(); show(r.dataset.id); }
      });
      this.addEventListener("dblclick", (e) => { const c = e.target.closest("td[data-f]"); if (c) matrixEdit.open(c, ""); });
      this.addEventListener("focusin", (e) => { const c = e.target.closest("tr.r > *, tr.g > th"); if (c && e.target === c && c !== at) mark(c, false); if (e.target === this && at && !this.contains(e.relatedTarget) && this.matches(":focus-visible")) mark(at); });
      // A control is dragged by its id; with it, all that are selected.
      this.addEventListener("dragstart", (e) => {
        const r = e.target.closest?.("tr.r");
        if (!r || this.dataset.edit !== "true") return;
        e.dataTransfer.setData("application/x-control", r.closest("tbody").dataset.group + " " + (picked.has(r.dataset.id) ? [...picked] : [r.dataset.id]).join(","));
        e.dataTransfer.effectAllowed = "move";
      });
      const over = (e) => { const b = e.target.closest?.("tbody"); return b && e.dataTransfer.types.includes("application/x-control") ? b : null; };
      const clear = () => { for (const b of this.querySelectorAll("tbody.drop")) b.classList.remove("drop"); };
      this.addEventListener("dragover", (e) => { const b = over(e); clear(); if (!b) return; e.preventDefault(); for (const x of grid().querySelectorAll(`tbody[data-group="${CSS.escape(b.dataset.group)}"]`)) x.classList.add("drop"); });
      this.addEventListener("dragend", clear);
      this.addEventListener("drop", (e) => {
        const b = over(e);
        clear();
        if (!b) return;
        e.preventDefault();
        const [from, ids] = e.dataTransfer.getData("application/x-control").split(" ");
        if (from !== b.dataset.group) matrixEdit.moveTo(ids.split(",").map((id) => byID(id)[0]).filter(Boolean), from, b.dataset.group, b.querySelector(".fold span")?.textContent.trim());
      });
    }
  });
  document.addEventListener("focusin", (e) => { inside = e.target === at; });
  document.addEventListener("pointerdown", (e) => { if (!e.target.closest?.("#matrix")) inside = false; });
  document.addEventListener("click", (e) => {
    if (e.target.closest?.("#detail [data-close]") && grid()) { e.preventDefault(); hide(); }
    const pr = e.target.closest?.("[data-print]");
    if (pr) { e.preventDefault(); const u = new URL(pr.href); u.hash = "print"; location.href = u; if (u.pathname + u.search === location.pathname + location.search) print(); }
  });
  document.addEventListener("keydown", (e) => { if (e.key === "Escape" && !e.defaultPrevented && grid() && e.target.closest?.("#detail") && !document.querySelector("dialog[open]")) { e.preventDefault(); hide(); } });
  addEventListener("popstate", () => { if (frame()) location.reload(); });
  addEventListener("load", () => { if (frame() && location.hash === "#print") { history.replaceState(null, "", location.pathname + location.search); print(); } });
  document.addEventListener("htmx:after:swap", () => { if (grid()) restore(); });

  return { mark, pick, chosen, controls, byID, rowOf, reload, restore, repaint, wrote: () => { asked++; live.wrote(); }, frame, grid, get at() { return at; }, get picked() { return picked; } };
})();
