// A home page that came before its trend was worked out asks for itself again,
// a few times and no more.
{
  let left = 5;
  function again() {
    const old = document.querySelector("[data-again]");
    if (!old || left-- === 0) return;
    fetch(location.href, { headers: { "X-Live": "1" } }).then((r) => r.ok ? r.text() : null).then((html) => {
      const now = html && new DOMParser().parseFromString(html, "text/html").getElementById(old.id);
      if (now && !now.hasAttribute("data-again")) htmx.swap({ target: old, text: now.outerHTML, swap: "outerMorph", sourceElement: old });
      else setTimeout(again, 3000);
    }).catch(() => {});
  }
  setTimeout(again, 1500);
}
