// A population goes up as it is chosen or dropped, with how far it is, and the page of what
// was seen in it follows. Long work says how far it is. Without this script the form sends
// the file, and a link asks how far the work is.
(() => {
  const attach = (form) => {
    const input = form.querySelector("input[type=file]"), said = form.querySelector("[data-attach-said]"), button = form.querySelector("button");
    let running = null;
    const fail = (text) => {
      running = null; button.disabled = false;
      const p = Object.assign(document.createElement("span"), { className: "err", textContent: text });
      p.setAttribute("role", "alert");
      said.replaceChildren(p);
    };
    const send = (file) => {
      if (running) return;
      const q = running = new XMLHttpRequest(), bar = document.createElement("progress"), text = document.createElement("span");
      button.disabled = true;
      bar.max = file.size || 1; bar.value = 0; bar.setAttribute("aria-label", `Sending ${file.name}`);
      text.textContent = `Sending ${file.name}…`;
      said.replaceChildren(text, bar);
      q.open("POST", form.dataset.attach);
      q.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
      q.setRequestHeader("Content-Type", "application/octet-stream");
      q.upload.addEventListener("progress", (e) => { bar.value = e.loaded; });
      q.upload.addEventListener("load", () => { text.textContent = `${file.name} is there; it is being looked at…`; });
      q.addEventListener("loadend", () => {
        let a = null;
        try { a = JSON.parse(q.responseText); } catch { /* said below */ }
        if (q.status === 200 && a?.to) { location.assign(a.to); return; }
        fail(a?.problem ?? (q.status === 0 ? "The connection broke. Nothing was recorded; choose the file again." : "The server did not take the file. Nothing was recorded."));
      });
      q.send(file);
    };
    form.addEventListener("submit", (e) => { if (!input.files[0]) return; e.preventDefault(); send(input.files[0]); });
    for (const e of ["dragenter", "dragover"]) form.addEventListener(e, (x) => { if (![...x.dataTransfer.types].includes("Files")) return; x.preventDefault(); form.classList.add("over"); });
    for (const e of ["dragleave", "drop"]) form.addEventListener(e, () => form.classList.remove("over"));
    form.addEventListener("drop", (e) => { if (!e.dataTransfer.files.length) return; e.preventDefault(); send(e.dataTransfer.files[0]); });
  };
  for (const f of document.querySelectorAll("form[data-attach]")) attach(f);

  const follow = async (el) => {
    const bar = el.querySelector("progress"), stage = el.querySelector("[data-work-stage]");
    for (let wait = 300; ; wait = Math.min(wait * 1.2, 2000)) {
      await new Promise((done) => setTimeout(done, wait));
      let a;
      try {
        const r = await fetch(el.dataset.work, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (!r.ok) { location.reload(); return; }
        a = await r.json();
      } catch { continue; }
      if (a.over) { location.assign(new URL(a.to, location.href).pathname === location.pathname ? location.pathname + location.search : a.to); return; }
      if (stage && stage.textContent !== a.stage) stage.textContent = a.stage;
      if (a.percent >= 0) bar.value = a.percent; else bar.removeAttribute("value");
    }
  };
  for (const el of document.querySelectorAll("[data-work]")) follow(el);
})();
