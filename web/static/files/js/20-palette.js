// The command palette: pages, records by id or words, and actions. A native
// dialog with a combobox; what it offers comes from the server, so that it
// holds nothing that the person may not see.
const palette = (() => {
  let dialog, input, list, none, items = [], at = 0, asked = 0, timer;
  function build() {
    dialog = document.createElement("dialog");
    dialog.className = "dlg cmdk";
    dialog.setAttribute("aria-label", "Search or jump to");
    input = Object.assign(document.createElement("input"), { type: "text", placeholder: "Search or jump to…", autocomplete: "off", spellcheck: false, maxLength: 200 });
    for (const [k, v] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": "Search or jump to", "aria-autocomplete": "list" })) input.setAttribute(k, v);
    list = Object.assign(document.createElement("ul"), { id: "palette-list" });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Found");
    none = Object.assign(document.createElement("p"), { className: "none", hidden: true });
    none.setAttribute("role", "status");
    dialog.append(input, list, none);
    document.body.append(dialog);
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 90); });
    input.addEventListener("keydown", keys);
    dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
  }
  function keys(e) {
    const n = items.length;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (n) { at = (at + (e.key === "ArrowDown" ? 1 : n - 1)) % n; paint(); }
    } else if (e.key === "Enter") {
      e.preventDefault();
      go(items[at]);
    }
  }
  function go(x) {
    if (!x) return;
    dialog.close();
    if (x.action === "help") return help();
    location.href = x.href;
  }
  async function ask() {
    const mine = ++asked;
    let found = [];
    try {
      const r = await fetch(`${base}/palette?q=${encodeURIComponent(input.value)}`, { headers: { Accept: "application/json" } });
      if (!r.ok) throw new Error(r.status);
      found = await r.json();
    } catch { none.textContent = "The server cannot be reached."; none.hidden = false; list.replaceChildren(); items = []; return; }
    if (mine !== asked) return;
    items = found; at = 0;
    none.hidden = items.length > 0;
    none.textContent = "Nothing found.";
    paint();
  }
  function paint() {
    list.replaceChildren(...items.map((x, i) => {
      const li = document.createElement("li");
      li.id = "palette-" + i;
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", String(i === at));
      const b = Object.assign(document.createElement("b"), { textContent: x.text });
      const s = Object.assign(document.createElement("span"), { textContent: x.what });
      li.append(b, s);
      li.addEventListener("mousemove", () => { if (at !== i) { at = i; for (const o of list.children) o.setAttribute("aria-selected", String(o === li)); input.setAttribute("aria-activedescendant", li.id); } });
      li.addEventListener("click", () => go(x));
      return li;
    }));
    input.setAttribute("aria-activedescendant", items.length ? "palette-" + at : "");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }
  function open() {
    if (!document.body.dataset.person) return;
    if (!dialog) build();
    input.value = "";
    ask();
    dialog.showModal();
  }
  return { open };
})();
document.addEventListener("click", (e) => { if (e.target.closest?.("[data-palette]")) palette.open(); });
