// Passkeys, the check of a new password while it is typed, and small helps
// around secrets that are shown once. What works without scripts does so
// without this file, too; what does not is hidden until it runs.
(() => {
  const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function decoded(o) {
    const p = { ...o.publicKey, challenge: bytes(o.publicKey.challenge) };
    if (p.user) p.user = { ...p.user, id: bytes(p.user.id) };
    for (const list of ["excludeCredentials", "allowCredentials"])
      if (p[list]) p[list] = p[list].map((c) => ({ ...c, id: bytes(c.id) }));
    return { publicKey: p };
  }
  function encoded(c) {
    const r = { clientDataJSON: text(c.response.clientDataJSON) };
    if (c.response.attestationObject) {
      r.attestationObject = text(c.response.attestationObject);
      r.transports = c.response.getTransports?.() ?? [];
    } else {
      r.authenticatorData = text(c.response.authenticatorData);
      r.signature = text(c.response.signature);
      if (c.response.userHandle) r.userHandle = text(c.response.userHandle);
    }
    return JSON.stringify({ id: c.id, rawId: text(c.rawId), type: c.type, response: r, authenticatorAttachment: c.authenticatorAttachment ?? undefined,
      clientExtensionResults: c.getClientExtensionResults() });
  }
  const other = (form) => document.getElementById(form.dataset.with ?? "");
  const complete = (form) => form.reportValidity() && [...other(form)?.elements ?? []].every((e) => e.type === "password" || e.reportValidity());
  async function post(url, form, more) {
    const body = new URLSearchParams(new FormData(form));
    // What another form holds goes along, but no password: the passkey is instead of it.
    for (const e of other(form)?.elements ?? []) if (e.name && e.type !== "password" && (e.type !== "checkbox" || e.checked)) body.append(e.name, e.value);
    for (const k in more) body.set(k, more[k]);
    const res = await fetch(url, { method: "POST", body });
    if (!res.headers.get("content-type")?.startsWith("application/json")) throw new Error("The server did not answer as expected. Load the page again.");
    const a = await res.json();
    if (a.problem) throw new Error(a.problem);
    return a;
  }
  // What browsers say when somebody cancels or has no passkey is for developers.
  const words = {
    NotAllowedError: "Nothing was done: the request was cancelled or took too long, or this device has no passkey for this site.",
    InvalidStateError: "This device has a passkey for your account already.",
    SecurityError: "Passkeys do not work under this address. Use the one that the program was started with.",
    NotSupportedError: "This device cannot make a passkey that unlocks by finger, face or PIN.",
    TypeError: "The server could not be reached. Try again.",
  };
  // Nothing that was typed is lost by going where the server says.
  function leave(form, to) { delete other(form)?.dataset.dirty; location.assign(to); }
  async function exchange(form) {
    const say = form.querySelector("[role=alert]"), button = form.querySelector("button");
    say.hidden = true;
    button.disabled = true;
    try {
      const a = await post(form.dataset.begin, form);
      if (!a.options) { leave(form, a.to); return; }
      const o = decoded(a.options);
      const c = o.publicKey.user ? await navigator.credentials.create(o) : await navigator.credentials.get(o);
      const done = await post(form.dataset.finish, form, { ceremony: a.ceremony, response: encoded(c) });
      leave(form, done.to);
    } catch (e) {
      say.textContent = words[e.name] ?? e.message;
      say.hidden = false;
      button.disabled = false;
      button.focus();
    }
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential || !navigator.credentials) continue;
    form.hidden = false;
    form.addEventListener("submit", (e) => { e.preventDefault(); if (complete(form)) exchange(form); });
  }

  // A new password is looked at half a second after the last key.
  for (const form of document.querySelectorAll("form[data-newpassword]")) {
    const field = form.querySelector("input[name=password]"), again = form.querySelector("input[name=again]");
    const hint = document.getElementById(field?.getAttribute("aria-describedby"));
    if (!field || !hint) continue;
    const first = hint.textContent;
    let timer, asked = 0;
    function show(state, words) {
      hint.textContent = words;
      hint.dataset.state = state;
      field.setAttribute("aria-invalid", String(state === "bad"));
    }
    field.addEventListener("input", () => {
      clearTimeout(timer);
      const mine = ++asked;
      if (!field.value) { show("", first); return; }
      timer = setTimeout(async () => {
        const body = new URLSearchParams({ password: field.value, email: form.elements.email?.value ?? "", name: form.elements.name?.value ?? "" });
        const a = await fetch(form.dataset.newpassword, { method: "POST", body }).then((r) => r.json()).catch(() => null);
        if (a && mine === asked) show(a.fine ? "ok" : "bad", a.fine ?? a.problem);
      }, 500);
    });
    again?.addEventListener("input", () => again.setCustomValidity(""));
    form.addEventListener("submit", (e) => {
      if (!again || again.value === field.value) return;
      again.setCustomValidity("The two passwords differ. Type the same one twice.");
      again.reportValidity();
      e.preventDefault();
    });
  }

  for (const b of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    b.hidden = false;
    b.addEventListener("click", () => navigator.clipboard.writeText(b.dataset.copy).then(() => {
      const label = b.lastChild, was = label.textContent;
      label.textContent = " Copied";
      setTimeout(() => { label.textContent = was; }, 2000);
    }));
  }
  for (const i of document.querySelectorAll("input[data-select]")) i.addEventListener("focus", () => i.select());
  for (const b of document.querySelectorAll("[data-printpage]")) { b.hidden = false; b.addEventListener("click", () => print()); }

  // The time zone of whoever makes a workspace is most likely the one wanted.
  const zone = document.querySelector("input[data-zone]");
  if (zone) {
    const list = document.getElementById(zone.getAttribute("list"));
    if (list && Intl.supportedValuesOf) list.replaceChildren(...Intl.supportedValuesOf("timeZone").map((z) => Object.assign(document.createElement("option"), { value: z })));
    if (!zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  }
})();
