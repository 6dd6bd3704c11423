// Registers: rows are chosen with the mouse and the keyboard, and a long
// register keeps only the rows around what one looks at in the page; the others
// are fetched as one scrolls or walks to them. Rows in groups come as one scrolls,
// and groups fold in place. Without scripts the rows come page by page, and check
// boxes choose them.
const register = (() => {
  const table = document.getElementById("register");
  if (!table) return {};
  const grouped = "grouped" in table.dataset;
  const body = document.getElementById("rows") ?? table, box = table.closest(".scroll"), bar = document.getElementById("bulk");
  const total = () => Number(table.dataset.total), page = Number(table.dataset.page) || 100;
  const virtual = total() > page && !grouped && table.dataset.start === "0";
  const rows = () => [...body.querySelectorAll("tr.r")];
  const indexOf = (r) => Number(r.getAttribute("aria-rowindex")) - 2;
  const rowAt = (i) => body.querySelector(`tr.r[aria-rowindex="${i + 2}"]`);
  const linkOf = (r) => r?.querySelector("a.t");

  // Chosen rows stay chosen when they leave the page, at the revision that was
  // shown when they were chosen.
  const chosen = new Map();
  let anchor = null;
  function paint() {
    if (!bar) return;
    for (const r of rows()) {
      const cb = r.querySelector(".sel .cb");
      if (cb) { cb.checked = chosen.has(r.dataset.id); cb.removeAttribute("name"); }
    }
    const all = table.querySelector("[data-all-rows]"), shown = rows();
    const n = shown.filter((r) => chosen.has(r.dataset.id)).length;
    all.checked = n > 0 && n === shown.length;
    all.indeterminate = n > 0 && n < shown.length;
    bar.classList.toggle("on", chosen.size > 0);
    const every = bar.elements._all?.checked;
    bar.querySelector("[data-chosen]").textContent = every ? `All ${total().toLocaleString("en-US")} chosen` : chosen.size === 1 ? "1 row chosen" : `${chosen.size.toLocaleString("en-US")} rows chosen`;
    for (const x of bar.querySelectorAll("input[name=_row]")) x.remove();
    if (!every) bar.append(...[...chosen].map(([id, rev]) => Object.assign(document.createElement("input"), { type: "hidden", name: "_row", value: `${id}:${rev}` })));
  }
  function choose(list, on) {
    for (const r of list) on ? chosen.has(r.dataset.id) || chosen.set(r.dataset.id, r.dataset.rev) : chosen.delete(r.dataset.id);
    if (!on && bar?.elements._all) bar.elements._all.checked = false;
    paint();
  }
  const toggle = (r) => { anchor = indexOf(r); choose([r], !chosen.has(r.dataset.id)); };
  function range(to) {
    const a = Math.min(anchor ?? to, to), b = Math.max(anchor ?? to, to);
    choose(rows().filter((r) => { const i = indexOf(r); return i >= a && i <= b; }), true);
  }
  if (bar) {
    table.addEventListener("click", (e) => {
      if (e.target.closest("[data-all-rows]")) { choose(rows(), e.target.checked); return; }
      const cb = e.target.closest(".sel .cb"), r = e.target.closest("tr.r");
      if (cb && r) { if (e.shiftKey && anchor !== null) { e.preventDefault(); range(indexOf(r)); setTimeout(paint); } else toggle(r); return; }
      if (r && (e.shiftKey || e.ctrlKey || e.metaKey) && !e.target.closest("a")) { e.preventDefault(); getSelection()?.removeAllRanges(); e.shiftKey ? range(indexOf(r)) : toggle(r); }
    });
    table.addEventListener("mousedown", (e) => { if (e.shiftKey && e.target.closest("tr.r")) e.preventDefault(); });
    bar.addEventListener("change", paint);
    bar.addEventListener("reset", () => { chosen.clear(); anchor = null; setTimeout(paint); });
    // What a browser brings back after going back is taken over.
    addEventListener("pageshow", () => { for (const r of rows()) if (r.querySelector(".sel .cb")?.checked) chosen.set(r.dataset.id, r.dataset.rev); paint(); });
  }

  // A long register.
  let from = 0, to = rows().length, height = 0, last = -1, asked = 0;
  const pad = () => { const tr = document.createElement("tr"), td = document.createElement("td"); tr.className = "pad"; tr.setAttribute("aria-hidden", "true"); td.colSpan = 99; tr.append(td); return tr; };
  const above = pad(), below = pad();
  const head = () => table.tHead.offsetHeight;
  const address = (i) => { const u = new URL(location.href); u.searchParams.delete("after"); u.searchParams.set("from", i); return u; };
  function measure() { const r = rows()[0]; if (r) height = r.getBoundingClientRect().height || height; }
  function lay() {
    above.firstChild.style.height = `${from * height}px`;
    below.firstChild.style.height = `${Math.max(0, total() - to) * height}px`;
    if (body.firstChild !== above) body.prepend(above);
    if (body.lastChild !== below) body.append(below);
  }
  async function fetchRows(i) {
    const r = await fetch(address(i), { headers: { "X-Part": "rows" } });
    if (!r.ok) throw new Error(r.status);
    const n = Number(r.headers.get("X-Total"));
    const doc = new DOMParser().parseFromString(`<table><tbody>${await r.text()}</tbody></table>`, "text/html");
    return { n, rows: [...doc.querySelectorAll("tr.r")] };
  }
  // load shows the rows from a to b, in whole pages; what is there stays.
  async function load(a, b, anew) {
    const mine = ++asked;
    a = Math.max(0, Math.floor(a / page) * page);
    b = Math.min(total(), Math.ceil(b / page) * page);
    const want = [];
    for (let i = a; i < b; i += page) want.push(i);
    let parts;
    try { parts = await Promise.all(want.map((i) => !anew && i >= from && i + page <= to ? null : fetchRows(i))); } catch { toast("The rows cannot be loaded."); return false; }
    if (mine !== asked) return false;
    const old = new Map(rows().map((r) => [indexOf(r), r]));
    const focused = document.activeElement?.closest?.("#register tr.r")?.dataset.id;
    const next = parts.flatMap((p, k) => p ? p.rows : Array.from({ length: page }, (_, j) => old.get(want[k] + j)).filter(Boolean));
    const n = parts.find((p) => p)?.n;
    if (n !== undefined && n !== total()) { table.dataset.total = n; table.setAttribute("aria-rowcount", n + 1); }
    if (anew) { const was = new Map([...old.values()].map((r) => [r.dataset.id, r.dataset.rev])); for (const r of next) if (was.has(r.dataset.id) && was.get(r.dataset.id) !== r.dataset.rev) r.classList.add("upd"); }
    body.replaceChildren(above, ...next, below);
    from = a; to = a + next.length;
    lay();
    paint();
    if (focused && !body.contains(document.activeElement)) linkOf(rows().find((r) => r.dataset.id === focused))?.focus({ preventScroll: true });
    return true;
  }
  let waiting;
  function look() {
    waiting = 0;
    const top = Math.max(0, box.scrollTop - head()), first = Math.floor(top / height), shown = Math.ceil(box.clientHeight / height);
    if (first < from + 20 && from > 0 || first + shown + 20 > to && to < total()) load(first - page / 2, first + shown + page / 2);
  }
  // go walks to a row, wherever it is.
  async function go(i) {
    i = Math.max(0, Math.min((virtual ? total() : rows().length) - 1, i));
    if (virtual && (i < from || i >= to) && !await load(i - page / 2, i + page / 2)) return null;
    const r = virtual ? rowAt(i) : rows()[i];
    if (!r) return null;
    last = i;
    const a = r.getBoundingClientRect(), b = box.getBoundingClientRect(), top = b.top + head() + 4;
    if (a.top < top) box.scrollTop -= top - a.top;
    else if (a.bottom > b.bottom - 4) box.scrollTop += a.bottom - b.bottom + 4;
    linkOf(r)?.focus({ preventScroll: true });
    return r;
  }
  if (virtual) {
    document.getElementById("more")?.remove();
    measure();
    table.removeAttribute("data-live-kind");
    lay();
    box.addEventListener("scroll", () => { waiting ||= requestAnimationFrame(look); }, { passive: true });
    addEventListener("resize", () => { measure(); lay(); look(); });
    let again;
    live.on?.((e) => { if (e.type === "change" && location.pathname.endsWith("/r/" + e.kind)) { clearTimeout(again); again = setTimeout(() => load(from, to, true), 120); } });
  }

  // Groups of any height: the rows of one that is open come as one scrolls to them.
  if (grouped) {
    const coming = new Set();
    async function more(tr) {
      if (coming.has(tr)) return;
      coming.add(tr);
      try {
        const r = await fetch(tr.querySelector("a").href, { headers: { "X-Part": "rows" } });
        if (!r.ok) throw new Error(r.status);
        const doc = new DOMParser().parseFromString(`<table><tbody>${await r.text()}</tbody></table>`, "text/html");
        if (tr.isConnected) tr.replaceWith(...doc.querySelectorAll("tr"));
        watch();
      } catch { toast("The rows cannot be loaded."); }
      coming.delete(tr);
      paint();
    }
    const watcher = new IntersectionObserver((es) => { for (const e of es) if (e.isIntersecting) more(e.target); }, { root: box, rootMargin: "500px" });
    const watch = () => { watcher.disconnect(); for (const tr of table.querySelectorAll("tr.rest")) watcher.observe(tr); };
    // What is shown of a group is asked for again with the page.
    live.also?.(() => ({ "X-Loaded": [...table.tBodies].map((b) => [b.dataset.group, b.querySelectorAll("tr.r").length]).filter((x) => x[1]).map((x) => x.join(":")).join(",") }));
    watch();
    document.addEventListener("htmx:after:swap", () => { watch(); paint(); });
    document.addEventListener("click", (e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey) return;
      const rest = e.target.closest("#register tr.rest a"), fold = e.target.closest("#register a.fold, #fold-all");
      if (rest) { e.preventDefault(); more(rest.closest("tr")); }
      if (fold && live.show) { e.preventDefault(); live.show(fold.href, ["bar", "register"]); }
    });
  } else document.addEventListener("htmx:after:swap", paint);

  // Keys, before the general ones: rows that are not in the page count, too.
  document.addEventListener("keydown", async (e) => {
    if (e.metaKey || e.altKey || typing(e.target) || document.querySelector("dialog[open]") || e.target.closest?.(".pop")) return;
    const r = e.target.closest?.("#register tr.r"), inside = box.contains(e.target);
    // Rows in groups that are shut are not walked to.
    const list = virtual ? null : rows();
    const i = !r ? last : virtual ? indexOf(r) : list.indexOf(r), shown = Math.max(1, Math.floor((box.clientHeight - head()) / (height || 34)) - 1);
    const steps = { j: 1, k: -1, ...(inside ? { ArrowDown: 1, ArrowUp: -1 } : {}), ...(r ? { PageDown: shown, PageUp: -shown } : {}) };
    let next;
    // Who has no row in hand begins with the first that is to be seen.
    const seen = virtual ? Math.ceil(box.scrollTop / height) : Math.max(0, last);
    if (!e.ctrlKey && e.key in steps) next = r ? i + steps[e.key] : seen;
    else if (r && e.key === "Home") next = 0;
    else if (r && e.key === "End") next = total() - 1;
    else if (bar && r && e.key === "x" && !e.ctrlKey) { e.preventDefault(); e.stopPropagation(); toggle(r); return; }
    else if (bar && r && e.key === "a" && e.ctrlKey) { e.preventDefault(); choose(rows(), true); return; }
    else if (bar && e.key === "Escape" && chosen.size) { bar.reset(); return; }
    if (next === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    const extends_ = e.shiftKey && bar && r;
    if (extends_ && anchor === null) anchor = indexOf(r);
    const now = await go(next);
    if (now && extends_) range(indexOf(now));
    else if (!e.shiftKey && bar && now && !chosen.size) anchor = null;
  }, true);
  return { go };
})();
