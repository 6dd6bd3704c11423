// The map of the scope: whoever points at a name, or comes to it by the keyboard, sees
// what it leads to. Without this the map says the same by its rows.
{
  const lit = new Set();
  function clear() { for (const e of lit) e.classList.remove("lit"); lit.clear(); }
  function show(node) {
    clear();
    const n = node.dataset.n, heads = new Set([n]);
    for (const row of document.querySelectorAll("[data-map] tr[data-path]")) {
      const path = row.dataset.path.split(" ");
      const inside = [...row.querySelectorAll("[data-n]")];
      if (path.includes(n)) for (const h of path) heads.add(h);
      else if (!inside.some((e) => e.dataset.n === n)) continue;
      else for (const h of path) heads.add(h);
      for (const e of inside) if (path.includes(n) || e.dataset.n === n) lit.add(e);
    }
    // A name that spans rows stands in the first of them alone; one of a way that does
    // not lead here stays as it is.
    for (const e of document.querySelectorAll("[data-map] [data-n]")) if (heads.has(e.dataset.n) && !e.dataset.n.startsWith("objective-")) lit.add(e);
    lit.add(node);
    for (const e of lit) e.classList.add("lit");
  }
  for (const type of ["pointerover", "focusin"]) document.addEventListener(type, (e) => {
    const node = e.target.closest?.("[data-map] [data-n]");
    if (node) show(node);
    else if (lit.size && type === "pointerover" && !document.activeElement?.matches("[data-map] [data-n]")) clear();
  });
  document.addEventListener("focusout", (e) => { if (e.target.closest?.("[data-map]") && !e.relatedTarget?.closest?.("[data-map]")) clear(); });
}
