// References are chosen by typing a part of their code or name: one in a field,
// several as tags before it. The choices stand in the page where they are few and
// come from the server where they are many. The field that is sent stays what it
// is without scripts.
const pickers = (() => {
  const el = (tag, props = {}) => Object.assign(document.createElement(tag), props);
  // local finds among the options of a select.
  const local = (select) => async (q) => {
    const words = fold(q).split(/\s+/).filter(Boolean);
    return [...select.options].filter((o) => o.value && words.every((w) => fold(o.textContent).includes(w))).slice(0, 60).map((o) => ({ value: o.value, text: o.textContent }));
  };
  const fold = (s) => s.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const remote = (from) => async (q) => {
    const u = new URL(from, location.href);
    u.searchParams.set("q", q);
    const r = await fetch(u, { headers: { Accept: "application/json" } });
    if (!r.ok) throw new Error(r.status);
    return r.json();
  };

  function picker(field) {
    const many = field.multiple, select = field.tagName === "SELECT", name = field.name, id = field.id + "-list";
    const find = select && !field.dataset.from ? local(field) : remote(field.dataset.from);
    const box = el("div", { className: "picker" }), tags = el("div", { className: "row" });
    const input = el("input", { className: "in", type: "text", autocomplete: "off", spellcheck: false, id: field.id + "-find", placeholder: many ? "Add…" : "None" });
    const list = el("ul", { id, hidden: true }), none = el("p", { className: "none", hidden: true });
    box.dataset.named = name;
    for (const [k, v] of Object.entries({ role: "combobox", "aria-controls": id, "aria-expanded": "false", "aria-autocomplete": "list", "aria-invalid": field.getAttribute("aria-invalid") ?? "false", "aria-describedby": field.getAttribute("aria-describedby") ?? "" })) input.setAttribute(k, v);
    const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    if (label) label.htmlFor = input.id;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", (label?.firstChild.textContent.trim() ?? "") + " choices");
    none.setAttribute("role", "status");
    let shown = [], at = 0, asked = 0, timer;

    const held = () => select ? [...field.selectedOptions].filter((o) => o.value).map((o) => ({ value: o.value, text: o.textContent })) : field.value ? [{ value: field.value, text: field.dataset.shown || field.value }] : [];
    function hold(x, on) {
      if (!select) { field.value = on ? x.value : ""; field.dataset.shown = on ? x.text : ""; }
      else {
        let o = [...field.options].find((o) => o.value === x.value);
        if (!o) field.append(o = el("option", { value: x.value, textContent: x.text }));
        if (!many) field.value = on ? x.value : "";
        else o.selected = on;
      }
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    function paint() {
      if (!many) { input.value = held()[0]?.text ?? ""; return; }
      tags.replaceChildren(...held().map((x) => {
        const b = el("button", { type: "button", className: "tag", textContent: x.text + " ✕" });
        b.setAttribute("aria-label", "Remove " + x.text);
        b.onclick = () => { hold(x, false); paint(); input.focus(); };
        return b;
      }));
      tags.hidden = !tags.childElementCount;
    }
    async function offer(q) {
      const mine = ++asked;
      let found = [], says = "Nothing found.";
      try { found = await find(q); } catch { says = "The choices cannot be loaded."; }
      if (mine !== asked || document.activeElement !== input) return;
      const now = new Set(held().map((x) => x.value));
      shown = many ? found.filter((x) => !now.has(x.value)) : found;
      at = Math.max(0, many ? 0 : shown.findIndex((x) => now.has(x.value)));
      list.replaceChildren(...shown.map((x, i) => {
        const li = el("li", { id: `${id}-${i}`, textContent: x.text });
        li.setAttribute("role", "option");
        li.onmousedown = (e) => { e.preventDefault(); take(x); };
        li.onmousemove = () => { if (at !== i) { at = i; mark(); } };
        return li;
      }));
      none.textContent = says;
      none.hidden = shown.length > 0;
      list.hidden = !shown.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      mark();
    }
    function mark() {
      [...list.children].forEach((li, i) => li.setAttribute("aria-selected", String(i === at)));
      input.setAttribute("aria-activedescendant", shown.length && !list.hidden ? `${id}-${at}` : "");
      list.children[at]?.scrollIntoView({ block: "nearest" });
    }
    function shut() { clearTimeout(timer); asked++; list.hidden = none.hidden = true; input.setAttribute("aria-expanded", "false"); input.setAttribute("aria-activedescendant", ""); }
    function take(x) { hold(x, true); input.value = ""; paint(); if (many) offer(""); else { shut(); input.select(); } }
    const open = () => !list.hidden || !none.hidden;

    input.addEventListener("focus", () => { if (!many) input.select(); });
    input.addEventListener("click", () => { if (!open()) offer(""); });
    input.addEventListener("input", () => { at = 0; clearTimeout(timer); timer = setTimeout(() => offer(input.value), field.dataset.from ? 120 : 0); });
    input.addEventListener("blur", () => {
      // One that was cleared holds nothing; anything half typed is what it was.
      if (!many && !input.value.trim() && held().length) hold(held()[0], false);
      shut();
      paint();
      if (many) input.value = "";
    });
    input.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") {
        e.preventDefault();
        if (!open()) offer("");
        else if (shown.length) { at = (at + (e.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length; mark(); }
      } else if (e.key === "Enter" && open()) { e.preventDefault(); if (shown[at]) take(shown[at]); }
      else if (e.key === "Escape" && open()) { e.preventDefault(); e.stopPropagation(); shut(); paint(); if (many) input.value = ""; }
      else if (e.key === "Backspace" && many && !input.value && held().length) { hold(held().at(-1), false); paint(); }
    });
    if (field.autofocus) input.autofocus = true;
    field.hidden = true;
    field.removeAttribute("aria-describedby");
    field.after(box);
    box.append(tags, input, list, none);
    paint();
    if (field === document.activeElement) input.focus();
  }
  for (const f of document.querySelectorAll("select[data-picker], input[data-picker]")) picker(f);
  return { picker };
})();
