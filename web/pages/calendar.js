// The evidence calendar by the keyboard: one cell takes the focus, arrows move it over
// what is a link. Without this file Tab goes through the cells.
{
  const grid = () => document.getElementById("calendar");
  const rows = () => [...grid().querySelectorAll("tbody tr.r")].filter((r) => r.getClientRects().length);
  const links = (r) => [...r.querySelectorAll("th a, .cal-c > a")];
  let at = null;
  function mark(a, focus) {
    if (!a) return;
    if (at && at !== a) at.tabIndex = -1;
    at = a;
    a.tabIndex = 0;
    if (focus) { a.focus({ preventScroll: true }); a.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  }
  function prepare() {
    if (!grid()) return;
    for (const a of grid().querySelectorAll("tbody tr.r a")) a.tabIndex = -1;
    const all = rows();
    mark(at && grid().contains(at) ? at : all.length ? links(all[0])[0] : null, false);
  }
  // near is the link of a row whose cell stands nearest to a place.
  const near = (r, x) => links(r).reduce((best, a) => { const d = (e) => Math.abs(e.getBoundingClientRect().left - x); return !best || d(a) < d(best) ? a : best; }, null);
  document.addEventListener("keydown", (e) => {
    const a = e.target.closest?.("#calendar tbody tr.r a");
    if (!a || e.ctrlKey || e.metaKey || e.altKey) return;
    const all = rows(), r = a.closest("tr"), i = all.indexOf(r), own = links(r), n = own.indexOf(a), x = a.getBoundingClientRect().left;
    const to = { ArrowRight: () => own[n + 1], ArrowLeft: () => own[n - 1], ArrowDown: () => all[i + 1] && near(all[i + 1], x), ArrowUp: () => all[i - 1] && near(all[i - 1], x),
      Home: () => own[0], End: () => own[own.length - 1], PageDown: () => near(all[Math.min(all.length - 1, i + 10)], x), PageUp: () => near(all[Math.max(0, i - 10)], x) }[e.key];
    if (!to) return;
    e.preventDefault();
    mark(to(), true);
  });
  document.addEventListener("focusin", (e) => { const a = e.target.closest?.("#calendar tbody tr.r a"); if (a) mark(a, false); });
  for (const type of ["DOMContentLoaded", "htmx:after:swap", "live:after"]) document.addEventListener(type, prepare);
  if (document.readyState !== "loading") prepare();
}
