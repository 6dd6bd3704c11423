// What people say to each other. Forms are sent without leaving the page; what
// is half written is guarded from others' changes, kept for this window until it
// is sent, and never lost to an error. Without this file all of it are forms.
const talk = (() => {
  document.documentElement.classList.add("js");
  const fields = "textarea[data-say]";
  const keyOf = (form) => form?.dataset.draft ? `draft ${base} ${document.body.dataset.person} ${form.dataset.draft}` : "";

  // guard keeps a form, or the fold it stands in, as it is while the page is
  // redrawn: as long as it is open, or holds something that was not sent.
  function guard(form) {
    const fold = form.closest("details");
    const box = fold ?? form, field = form.querySelector(fields);
    const on = fold ? fold.open : !!field && field.value.trim() !== field.defaultValue.trim();
    box.toggleAttribute("data-keep", on);
    if (on) box.setAttribute("data-editing", "");
    else if (!box.contains(document.activeElement)) box.removeAttribute("data-editing");
  }
  function remember(form) {
    const k = keyOf(form), field = form.querySelector(fields);
    if (!k || !field) return;
    try { field.value !== field.defaultValue && field.value.trim() ? sessionStorage.setItem(k, field.value) : sessionStorage.removeItem(k); } catch { /* a full store keeps nothing */ }
  }
  function recall(form) {
    const k = keyOf(form), field = form.querySelector(fields), text = k && sessionStorage.getItem(k);
    if (!text || !field || field.value !== field.defaultValue) return;
    field.value = text;
    guard(form);
  }
  function prepare() { for (const f of document.querySelectorAll("form[data-talk][data-draft]")) if (!f.closest("details:not([open])")) recall(f); }

  document.addEventListener("input", (e) => {
    if (!e.target.matches?.(fields)) return;
    remember(e.target.form);
    guard(e.target.form);
    if (e.inputType === "insertText" && e.data === "@") mention.at(e.target);
  });
  document.addEventListener("toggle", (e) => {
    const fold = e.target, form = fold.matches?.("details") && fold.querySelector(":scope > form[data-talk]");
    if (!form) return;
    guard(form);
    if (!fold.open) return;
    for (const s of form.querySelectorAll("select[data-picker]:not([hidden])")) picker(s);
    recall(form);
    const field = form.querySelector(fields);
    if (field && fold.contains(document.activeElement)) { field.focus(); field.setSelectionRange(field.value.length, field.value.length); }
  }, true);
  document.addEventListener("keydown", (e) => {
    if (!e.target.matches?.(fields)) return;
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); e.target.form.requestSubmit(e.target.form.querySelector("[data-send]")); }
    // Escape leaves the field and not what it stands in, which would lose it.
    if (e.key === "Escape") {
      e.preventDefault();
      e.stopPropagation();
      const fold = e.target.closest("details");
      if (fold && e.target.value.trim() === e.target.defaultValue.trim()) { fold.open = false; fold.querySelector("summary").focus(); return; }
      e.target.blur();
      e.target.closest("#detail")?.focus({ preventScroll: true });
    }
  }, true);

  function complain(form, text) {
    const p = form.querySelector("[data-problem]");
    if (!p) { toast(text); return; }
    p.textContent = text;
    p.hidden = false;
    form.querySelector(fields)?.setAttribute("aria-invalid", "true");
  }
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (!form.matches?.("form[data-talk]")) return;
    e.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    const body = new URLSearchParams(new FormData(form, e.submitter));
    let r;
    try { r = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { "X-Part": "talk" } }); }
    catch { complain(form, "The server cannot be reached. Nothing was recorded; what you wrote stays here."); return; }
    finally { delete form.dataset.busy; }
    if (r.status !== 204) {
      let text = r.redirected ? "You are signed out. Sign in in another window; what you wrote stays here." : "Nothing was recorded.";
      if (r.headers.get("Content-Type")?.startsWith("application/json")) text = (await r.json()).problem;
      complain(form, text);
      return;
    }
    const field = form.querySelector(fields), fold = form.closest("details.rewrite, details:has(> form[data-talk])");
    if (field) field.value = field.defaultValue;
    remember(form);
    field?.removeAttribute("aria-invalid");
    const p = form.querySelector("[data-problem]");
    if (p) { p.textContent = ""; p.hidden = true; }
    const region = form.closest("#talk, #inbox")?.id;
    if (fold) { fold.open = false; fold.removeAttribute("data-editing"); fold.removeAttribute("data-keep"); }
    form.removeAttribute("data-editing");
    form.removeAttribute("data-keep");
    toast(field || region === "inbox" ? "Recorded." : "Done.");
    if (!region || !live.want) { location.reload(); return; }
    live.want(region);
    if (document.getElementById("talk-count")) live.want("talk-count");
  });

  // A link to a comment opens the fold that it stands in.
  function unfold() {
    const x = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = x && x.closest("details:not([open])");
    if (!fold) return;
    fold.open = true;
    x.scrollIntoView({ block: "center" });
  }
  addEventListener("hashchange", unfold);
  addEventListener("DOMContentLoaded", () => {
    prepare();
    unfold();
    // Beside the matrix, one conversation takes the place of another.
    const split = document.getElementById("split");
    if (split) new MutationObserver(prepare).observe(split, { childList: true });
  });
  document.addEventListener("htmx:after:swap", prepare);

  // mention is the field that opens where somebody types "@": a combobox over
  // those who may read the record. What is typed there is never lost.
  const mention = (() => {
    const known = new Map();
    let box, find, list, area, start, all = [], shown = [], at = 0;
    function choices(form) {
      const src = form.closest("[data-mentions]")?.dataset.mentions;
      if (!src) return null;
      const to = `${src}?in=${encodeURIComponent(form.elements.in?.value ?? "")}`;
      if (!known.has(to)) known.set(to, fetch(to, { headers: { Accept: "application/json" } }).then((r) => r.ok && !r.redirected ? r.json() : Promise.reject(new Error())).catch(() => { known.delete(to); return null; }));
      return known.get(to);
    }
    const opens = (c) => !c || /[\s(["']/.test(c);
    async function openAt(textarea) {
      const pos = textarea.selectionStart;
      if (box || !opens(textarea.value[pos - 2])) return;
      const people = choices(textarea.form);
      if (!people) return;
      area = textarea;
      start = pos;
      build();
      all = (await people) ?? [];
      if (box && !all.length) { close(find.value); toast("There is nobody else who may read this record."); return; }
      paint();
    }
    function build() {
      box = Object.assign(document.createElement("div"), { className: "celled mention" });
      find = Object.assign(document.createElement("input"), { className: "in", type: "text", autocomplete: "off", spellcheck: false, maxLength: 80 });
      for (const [k, v] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": "mention-list", "aria-autocomplete": "list", "aria-label": "Mention somebody" })) find.setAttribute(k, v);
      find.placeholder = "Mention somebody";
      list = Object.assign(document.createElement("ul"), { id: "mention-list" });
      list.setAttribute("role", "listbox");
      list.setAttribute("aria-label", "People who may read this record");
      box.append(find, list);
      // Beside the field, so that it is part of what is guarded and of the dialog.
      area.form.append(box);
      const r = area.getBoundingClientRect();
      box.style.setProperty("left", Math.max(8, Math.min(r.left, innerWidth - box.offsetWidth - 8)) + "px");
      box.style.setProperty(r.bottom + 300 > innerHeight ? "bottom" : "top", (r.bottom + 300 > innerHeight ? Math.max(8, innerHeight - r.top + 4) : r.bottom + 4) + "px");
      find.addEventListener("input", (e) => { e.stopPropagation(); at = 0; if (/\s$/.test(find.value) && !matches().length) close(find.value); else paint(); });
      find.addEventListener("keydown", keys);
      find.addEventListener("blur", () => setTimeout(() => { if (box && !box.contains(document.activeElement)) close(find.value, false); }, 0));
      find.focus();
    }
    const matches = () => { const q = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean); return all.filter((p) => q.every((w) => `${p.name} ${p.id} ${p.title ?? ""}`.toLowerCase().includes(w))); };
    function paint() {
      shown = matches().slice(0, 40);
      at = Math.min(at, Math.max(0, shown.length - 1));
      list.replaceChildren(...shown.map((p, i) => {
        const li = document.createElement("li");
        li.id = "mention-" + i;
        li.setAttribute("role", "option");
        li.setAttribute("aria-selected", String(i === at));
        li.append(Object.assign(document.createElement("b"), { textContent: p.name }), Object.assign(document.createElement("span"), { className: "mut tr", textContent: p.title ?? "" }));
        li.onpointerdown = (e) => { e.preventDefault(); pick(p); };
        return li;
      }));
      list.hidden = !shown.length;
      find.setAttribute("aria-expanded", String(shown.length > 0));
      find.setAttribute("aria-activedescendant", shown.length ? "mention-" + at : "");
      list.children[at]?.scrollIntoView({ block: "nearest" });
    }
    function keys(e) {
      e.stopPropagation();
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); at = (at + (e.key === "ArrowDown" ? 1 : shown.length - 1)) % Math.max(1, shown.length); paint(); }
      else if ((e.key === "Enter" || e.key === "Tab" && find.value) && shown[at]) { e.preventDefault(); pick(shown[at]); }
      else if (e.key === "Enter" || e.key === "Escape" || e.key === "Tab") { e.preventDefault(); close(find.value); }
      else if (e.key === "Backspace" && !find.value) { e.preventDefault(); start--; close("", true, 1); }
    }
    function pick(p) { close(p.id + " "); }
    // close writes what was chosen or typed after the "@" and goes back there.
    function close(text, focus = true, drop = 0) {
      const a = area, s = start;
      box.remove();
      box = null;
      a.setRangeText(text, s, s + drop, "end");
      if (focus) a.focus();
      a.dispatchEvent(new Event("input", { bubbles: true }));
    }
    function button(textarea) {
      textarea.focus();
      const s = textarea.selectionStart, before = textarea.value.slice(0, s);
      textarea.setRangeText((opens(before.at(-1)) ? "" : " ") + "@", s, textarea.selectionEnd, "end");
      openAt(textarea);
    }
    return { at: openAt, button };
  })();
  document.addEventListener("click", (e) => {
    const b = e.target.closest?.("[data-mention]");
    if (b) mention.button(document.getElementById(b.dataset.mention));
  });
  return { prepare };
})();

// What waits is counted in the navigation, and again whenever a record changes
// from which it follows.
(() => {
  const badge = document.querySelector("[data-count][data-from]");
  if (!badge) return;
  const kinds = new Set(["comment", "request", "policy", "assertion", "representation_letter", "exception", "test_of_control", "evidence", "control", "engagement", "deputy", "person"]);
  let timer, late = false;
  async function ask() {
    timer = null;
    if (document.hidden) { late = true; return; }
    const r = await fetch(badge.dataset.from, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!r?.ok || r.redirected) return;
    const x = await r.json();
    badge.textContent = x.count || "";
    badge.hidden = !x.count;
    badge.classList.toggle("hot", x.late > 0);
    badge.title = x.text;
  }
  const soon = (ms) => { timer ??= setTimeout(ask, ms); };
  document.addEventListener("visibilitychange", () => { if (!document.hidden && late) { late = false; soon(50); } });
  document.addEventListener("htmx:after:swap", () => soon(400));
  live.on?.((e) => { if (e.type === "change" && kinds.has(e.kind)) soon(600 + Math.random() * 800); });
  soon(250);
})();
