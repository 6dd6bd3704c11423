// Live pages. One tab of a browser holds the event stream, whoever has the
// lock; it tells the others through a channel. Every page says up to which
// entry it was made, and every tab remembers the last that it heard, so that
// whoever takes over goes on from there: nothing is lost between, and what a
// broken connection brings twice is heard once. A change only says which record
// changed: a page that shows it asks for itself again and takes over what
// differs, which leaves open editors, the focus and the scroll position alone.
const live = (() => {
  const who = document.body.dataset.person;
  if (!who || !("locks" in navigator) || !("BroadcastChannel" in window)) return { wrote: () => {}, on: () => {}, state: () => {} };
  const name = `reperform-live${base}-${who}`;
  const channel = new BroadcastChannel(name);
  const listeners = [];
  // Positions are written as the server does: ledger:position,ledger:position.
  const parse = (s) => new Map((s ?? "").split(",").filter(Boolean).map((p) => { const i = p.lastIndexOf(":"); return [p.slice(0, i), Number(p.slice(i + 1))]; }));
  const write = (m) => [...m].map(([l, n]) => `${l}:${n}`).join(",");
  const ahead = (a, b) => [...a].some(([l, n]) => n > (b.get(l) ?? 0));
  const page = parse(document.body.dataset.last);
  const last = new Map(page), parts = new Map();
  const changes = [];
  let source, retry = 500, failures = 0, waiting = true, away, now;

  // state shows whether others' changes arrive: on, wait while connecting, off
  // once that failed again and again or the machine has no network. A connection
  // that is gone for longer than a blink is said.
  const words = { on: "Live", wait: "Connecting…", off: "Offline" };
  const meant = { on: "Changes of others appear by themselves", wait: "Connecting", off: "Not connected: changes of others do not appear. Trying again." };
  function state(s, begins) {
    for (const el of document.querySelectorAll(".live")) {
      el.hidden = false;
      el.dataset.state = s;
      el.title = meant[s];
      el.querySelector("span").textContent = words[s];
    }
    if (s === now) return;
    now = s;
    for (const f of changes) f(s);
    if (begins) return;
    if (s === "on") { clearTimeout(away); away = null; document.getElementById("away")?.remove(); if (wanted.size) soon(); return; }
    away ??= setTimeout(() => {
      if (document.getElementById("away")) return;
      const t = Object.assign(document.createElement("div"), { className: "toast", id: "away" });
      t.append(Object.assign(document.createElement("span"), { textContent: "The connection is lost. What you type stays here; what others change comes when it is back." }));
      document.getElementById("toasts")?.append(t);
    }, 3000);
  }
  // fresh tells whether a change was not heard yet. Until the last change of a
  // command its position is not passed, so those before are remembered.
  function fresh(e) {
    if (e.pos === undefined) return true;
    if (e.pos <= (last.get(e.ledger) ?? 0)) return false;
    let p = parts.get(e.ledger);
    if (p?.pos !== e.pos) parts.set(e.ledger, p = { pos: e.pos, seen: new Set() });
    const key = `${e.kind}/${e.id}/${e.rev}`;
    return !p.seen.has(key) && !!p.seen.add(key);
  }
  function hear(m) {
    if (m.state) state(m.state);
    if (m.ask && source) channel.postMessage({ sync: write(last), state: now });
    if (m.sync !== undefined && waiting) { waiting = false; if (ahead(parse(m.sync), page)) missed(m.sync); }
    const pass = m.event && fresh(m.event);
    if (m.id) for (const [l, n] of parse(m.id)) last.set(l, Math.max(n, last.get(l) ?? 0));
    if (pass) for (const f of listeners) f(m.event);
  }
  channel.onmessage = (e) => hear(e.data);
  function tell(m) { hear(m); channel.postMessage(m); }
  // missed takes over what happened before this tab began to listen.
  function missed(at) {
    for (const [l, n] of parse(at)) last.set(l, Math.max(n, last.get(l) ?? 0));
    for (const el of document.querySelectorAll("[data-live],[data-live-kind]")) if (el.id) wanted.add(el.id);
    if (wanted.size) soon();
    for (const f of listeners) f({ type: "missed" });
  }

  function connect() {
    source = new EventSource(`${base}/live?after=${encodeURIComponent(write(last))}`);
    source.onopen = () => { retry = 500; failures = 0; tell({ state: "on" }); };
    source.onmessage = (e) => { let event = null; try { event = JSON.parse(e.data); } catch { return; } tell({ id: e.lastEventId, event }); };
    source.onerror = () => {
      source.close();
      failures++;
      tell({ state: failures > 2 || navigator.onLine === false ? "off" : "wait" });
      setTimeout(connect, retry * (0.75 + Math.random() / 2));
      retry = Math.min(retry * 2, 15000);
    };
  }
  navigator.locks.request(name, () => new Promise((done) => {
    waiting = false;
    connect();
    channel.postMessage({ sync: write(last) });
    addEventListener("pagehide", () => { source?.close(); done(); });
  }));
  state("wait", true);
  channel.postMessage({ ask: true });
  // A page taken from the browser's memory may have slept through changes.
  addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });

  // One request at a time, so that an older answer never replaces a newer one;
  // what could not be asked for is asked for again.
  const wanted = new Set();
  // writes counts what this tab recorded: an answer asked for before that shows
  // what is no longer so.
  let writes = 0;
  let timer, busy = false;
  const soon = () => { if (!busy) timer ??= setTimeout(refresh, 60 + Math.random() * 120); };
  // What a part of the page adds to what is asked for again.
  const more = [];
  const asking = () => Object.assign({ "X-Live": "1" }, ...more.map((f) => f()));
  async function refresh() {
    timer = null;
    busy = true;
    const ids = [...wanted], before = writes;
    wanted.clear();
    let ok = false;
    try {
      const r = await fetch(location.href, { headers: asking() });
      if (r.ok && !r.redirected) {
        const html = await r.text();
        if (before === writes) await take(ids, html); else for (const id of ids) wanted.add(id);
        ok = true;
      }
      else ok = r.status < 500;
    } catch { /* The stream says when the server is back. */ }
    busy = false;
    if (!ok) { for (const id of ids) wanted.add(id); setTimeout(soon, 2000); }
    else if (wanted.size) soon();
  }
  async function take(ids, html) {
    const doc = new DOMParser().parseFromString(html, "text/html");
    for (const id of ids) {
      const old = document.getElementById(id), now = doc.getElementById(id);
      if (!old || !now) continue;
      const before = new Map([...old.querySelectorAll("[data-rev]")].map((x) => [x.id, x.dataset.rev]));
      await htmx.swap({ target: old, text: now.outerHTML, swap: "outerMorph", sourceElement: old });
      for (const x of document.getElementById(id)?.querySelectorAll("[data-rev]") ?? [])
        if (before.has(x.id) && before.get(x.id) !== x.dataset.rev) { x.classList.add("upd"); setTimeout(() => x.classList.remove("upd"), 2600); }
    }
  }
  listeners.push((e) => {
    if (e.type !== "change") return;
    for (const el of document.querySelectorAll("[data-live],[data-live-kind]")) {
      // A large command names kinds alone.
      const one = el.dataset.live && (e.id ? el.dataset.live === `${e.ledger}/${e.kind}/${e.id}` : el.dataset.live.startsWith(`${e.ledger}/${e.kind}/`));
      const kind = el.dataset.liveKind?.split(" ").includes(e.kind) || el.dataset.liveKind === "*";
      // What is said of another record does not concern what shows this one.
      const elsewhere = e.about && el.dataset.liveAbout && e.about !== el.dataset.liveAbout;
      if ((one || kind && !elsewhere) && el.id) wanted.add(el.id);
    }
    if (wanted.size) soon();
  });
  // want takes over what the server shows now of a part of the page.
  const want = (id) => { wanted.add(id); soon(); };
  // show takes over parts of the page as they are at another address, which is then
  // that of the page: what it shows in another way.
  async function show(href, ids) {
    writes++; // An answer on its way shows the page as it was.
    try {
      const r = await fetch(href, { headers: asking() });
      if (!r.ok || r.redirected) throw new Error(r.status);
      const html = await r.text();
      history.replaceState(history.state, "", href);
      writes++;
      await take(ids, html);
    } catch { location.href = href; }
  }
  return { want, show, also: (f) => more.push(f), wrote: () => { writes++; }, on: (f) => listeners.push(f), state: (f) => changes.push(f) };
})();
