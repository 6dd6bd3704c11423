// Files go up one by one as they are chosen, dropped or pasted, and the form then
// names them. Without this script they go with the form.
(() => {
  const many = 2;
  const el = (tag, cls, text) => { const x = document.createElement(tag); if (cls) x.className = cls; if (text) x.textContent = text; return x; };

  function start(zone) {
    if (zone.started) return;
    zone.started = true;
    const input = zone.querySelector("input[type=file]"), list = zone.querySelector("[data-files-list]"), said = zone.querySelector("[data-files-said]");
    const form = zone.closest("form"), name = input.name;
    const queue = [];
    let running = 0, done = 0, failed = 0, all = 0;
    // The script sends the files; the form must not send them again.
    input.removeAttribute("name");

    const say = () => {
      const left = all - done - failed;
      said.textContent = all === 0 ? "" : left > 0 ? `${done} of ${all} sent…` : failed > 0 ? `${done} of ${all} are there; ${failed} did not arrive.` : all === 1 ? "The file is there." : `All ${all} files are there.`;
      form?.toggleAttribute("data-sending", left > 0);
    };
    const put = file => {
      const li = el("li"), m = el("div", "m"), bar = el("progress");
      bar.max = file.size || 1; bar.value = 0; bar.setAttribute("aria-label", `Sending ${file.name}`);
      m.append(el("b", "t", file.name), bar);
      li.append(m);
      list.append(li);
      all++;
      queue.push({ file, li, m, bar });
      say(); next();
    };
    const next = () => {
      while (running < many && queue.length) send(queue.shift());
    };
    const remove = x => {
      const b = el("button", "btn icn", "×");
      b.type = "button"; b.setAttribute("aria-label", `Take ${x.file.name} out`);
      b.addEventListener("click", () => { if (x.token) done--; else failed--; all--; x.li.remove(); say(); input.focus(); });
      x.li.append(b);
    };
    const fail = (x, why, again) => {
      failed++;
      const p = el("p", "err", why); p.setAttribute("role", "alert");
      x.m.append(p);
      if (again) {
        const b = el("button", "btn", "Try again"); b.type = "button"; b.setAttribute("aria-label", `Send ${x.file.name} again`);
        b.addEventListener("click", () => { failed--; all--; x.li.remove(); put(x.file); });
        x.m.append(b);
      }
      remove(x);
    };
    const send = x => {
      running++;
      const q = new XMLHttpRequest();
      q.open("POST", zone.dataset.files);
      q.setRequestHeader("X-File-Name", encodeURIComponent(x.file.name));
      q.setRequestHeader("Content-Type", "application/octet-stream");
      q.upload.addEventListener("progress", e => { x.bar.value = e.loaded; });
      q.addEventListener("loadend", () => {
        running--;
        x.bar.remove();
        let a = null;
        try { a = JSON.parse(q.responseText); } catch { /* said below */ }
        if (q.status === 200 && a?.token) {
          done++;
          x.token = el("input"); x.token.type = "hidden"; x.token.name = "_upload"; x.token.value = a.token;
          x.li.append(x.token);
          x.m.firstChild.textContent = a.name;
          x.m.append(el("span", "mut num", a.size));
          for (const f of a.flags ?? []) x.m.append(el("span", "tag warn", f));
          if (a.same?.length) {
            const p = el("span", "mut", "The same content is in ");
            a.same.slice(0, 3).forEach((s, i) => { const l = el("a", "link", s.title); l.href = s.href; l.target = "_blank"; p.append(i ? ", " : "", l); });
            p.append(". One record can serve several controls.");
            x.m.append(p);
          }
          remove(x);
        } else if (q.status === 401 || q.status === 303) fail(x, "You are signed out. Sign in in another window, then try again.", true);
        else fail(x, a?.problem ?? (q.status === 0 ? "The connection broke." : "The server did not take it."), true);
        say(); next();
      });
      q.send(x.file);
    };
    const take = files => { for (const f of files) put(f); };

    input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
    for (const e of ["dragenter", "dragover"]) zone.addEventListener(e, x => { if (![...x.dataTransfer.types].includes("Files")) return; x.preventDefault(); zone.classList.add("over"); });
    for (const e of ["dragleave", "drop"]) zone.addEventListener(e, () => zone.classList.remove("over"));
    zone.addEventListener("drop", e => { if (!e.dataTransfer.files.length) return; e.preventDefault(); take([...e.dataTransfer.files]); });
    (form ?? zone).addEventListener("paste", e => {
      const files = [...(e.clipboardData?.files ?? [])];
      if (!files.length) return;
      e.preventDefault();
      const day = new Date().toISOString().slice(0, 10);
      take(files.map((f, i) => f.name && f.name !== "image.png" ? f : new File([f], `pasted ${day}${i ? " " + (i + 1) : ""}.png`, { type: f.type })));
    });
    form?.addEventListener("submit", e => {
      if (!form.hasAttribute("data-sending")) return;
      e.preventDefault(); e.stopImmediatePropagation();
      said.textContent = `${done} of ${all} sent. Wait until all are there, then send the form.`;
    }, true);
  }

  const find = root => root.querySelectorAll?.("[data-files]").forEach(start);
  find(document);
  new MutationObserver(list => { for (const m of list) for (const n of m.addedNodes) if (n.nodeType === 1) { if (n.matches("[data-files]")) start(n); find(n); } }).observe(document.body, { childList: true, subtree: true });
})();
