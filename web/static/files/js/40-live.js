// Live pages. One tab of a browser holds the event stream, whoever has the
// lock; it tells the others through a channel. Every tab remembers the last
// event that it heard, so that whoever takes over goes on from there and
// nothing is lost. A change only says which record changed: a page that shows
// it asks for itself again and takes over what differs, which leaves open
// editors, the focus and the scroll position alone.
const live = (() => {
  const who = document.body.dataset.person;
  if (!who || !("locks" in navigator) || !("BroadcastChannel" in window)) return {};
  const name = `reperform-live${base}-${who}`;
  const channel = new BroadcastChannel(name);
  const listeners = [];
  let last = document.body.dataset.last || "";
  let source, retry = 500, failures = 0, leads = false, now = "wait";

  // state shows whether others' changes arrive: on, wait while connecting, off
  // once that has failed again and again or the machine has no network. Only
  // being cut off, and being back, is told to who cannot see it.
  const words = { on: "Live", wait: "Connecting…", off: "Offline" };
  function state(s) {
    for (const el of document.querySelectorAll(".live")) {
      el.hidden = false;
      el.dataset.state = s;
      el.querySelector("span").textContent = words[s];
      el.title = s === "on" ? "Changes of others appear by themselves" : s === "off" ? "Not connected: changes of others do not appear. Trying again." : "Connecting";
      const say = el.querySelector("[role=status]");
      if (s === "off") say.textContent = "Not connected. Changes of others do not appear.";
      else if (s === "on" && say.textContent) say.textContent = "Connected again.";
    }
    now = s;
  }
  function hear(m) {
    if (m.state && m.state !== now) { state(m.state); for (const f of changes) f(m.state); }
    if (m.id) last = m.id;
    if (m.event) for (const f of listeners) f(m.event);
  }
  const changes = [];
  channel.onmessage = (e) => {
    if (e.data.ask) { if (leads) channel.postMessage({ state: now }); return; }
    hear(e.data);
  };
  function tell(m) { hear(m); channel.postMessage(m); }
  state("wait");
  channel.postMessage({ ask: true });

  function connect(done) {
    source = new EventSource(`${base}/live?after=${encodeURIComponent(last)}`);
    leads = true;
    source.onopen = () => { retry = 500; failures = 0; tell({ state: "on" }); };
    source.onmessage = (e) => { let event = null; try { event = JSON.parse(e.data); } catch { return; } tell({ id: e.lastEventId, event }); };
    source.onerror = () => {
      source.close();
      failures++;
      tell({ state: failures > 2 || navigator.onLine === false ? "off" : "wait" });
      setTimeout(() => connect(done), retry * (0.75 + Math.random() / 2));
      retry = Math.min(retry * 2, 15000);
    };
  }
  navigator.locks.request(name, () => new Promise((done) => { connect(done); addEventListener("pagehide", () => { source?.close(); done(); }); }));
  // A page taken from the browser's memory may have slept through changes.
  addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });

  let timer, wanted = new Set();
  function refresh() {
    timer = null;
    const ids = [...wanted];
    wanted.clear();
    fetch(location.href, { headers: { "X-Live": "1" } }).then((r) => r.ok ? r.text() : null).then((html) => {
      if (!html) return;
      const doc = new DOMParser().parseFromString(html, "text/html");
      for (const id of ids) {
        const old = document.getElementById(id), now = doc.getElementById(id);
        if (!old || !now) continue;
        const before = new Map([...old.querySelectorAll("[data-rev]")].map((x) => [x.id, x.dataset.rev]));
        htmx.swap({ target: old, text: now.outerHTML, swap: "outerMorph", sourceElement: old }).then(() => {
          for (const x of document.getElementById(id)?.querySelectorAll("[data-rev]") ?? [])
            if (before.has(x.id) && before.get(x.id) !== x.dataset.rev) { x.classList.add("upd"); setTimeout(() => x.classList.remove("upd"), 2600); }
        });
      }
    }).catch(() => {});
  }
  listeners.push((e) => {
    if (e.type !== "change") return;
    for (const el of document.querySelectorAll("[data-live],[data-live-kind]")) {
      const one = el.dataset.live === `${e.ledger}/${e.kind}/${e.id}`;
      const kind = el.dataset.liveKind?.split(" ").includes(e.kind) || el.dataset.liveKind === "*";
      if ((one || kind) && el.id) wanted.add(el.id);
    }
    if (wanted.size && !timer) timer = setTimeout(refresh, 60 + Math.random() * 120);
  });
  // want takes over what the server shows now of a part of the page.
  function want(id) {
    wanted.add(id);
    timer ??= setTimeout(refresh, 60 + Math.random() * 120);
  }
  return { want, on: (f) => listeners.push(f), state: (f) => changes.push(f), get now() { return now; } };
})();
