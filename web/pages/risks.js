// Scoring risks by the keyboard: a digit scores the scale that has the focus, or the
// first open one, and goes on; j and k go from risk to risk. Without this the scales
// are plain radio buttons.
{
  const scales = (card) => [...card.querySelectorAll("[data-scale]")];
  const first = (scale) => scale.querySelector("input:checked") ?? scale.querySelector("input");
  function go(scale) { if (scale) { const i = first(scale); i.focus({ preventScroll: true }); i.closest("[data-scale]").scrollIntoView({ block: "center" }); } }
  document.addEventListener("keydown", (e) => {
    const t = e.target;
    if (e.metaKey || e.ctrlKey || e.altKey || e.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (/^(TEXTAREA|SELECT)$/.test(t.tagName) || (t.tagName === "INPUT" && t.type !== "radio") || t.isContentEditable) return;
    const cards = [...document.querySelectorAll("[data-card]")].filter((c) => c.offsetParent !== null);
    if (!cards.length) return;
    const card = t.closest?.("[data-card]"), at = cards.indexOf(card);
    if (e.key === "j" || e.key === "k") {
      e.preventDefault();
      go(scales(cards[Math.max(0, Math.min(cards.length - 1, at < 0 ? 0 : at + (e.key === "j" ? 1 : -1)))])[0]);
      return;
    }
    if (!/^[1-5]$/.test(e.key)) return;
    const scale = t.closest?.("[data-scale]") ?? (card ?? cards[0]).querySelector("[data-scale]:not(:has(input:checked))");
    if (!scale) return;
    e.preventDefault();
    const radio = scale.querySelector(`input[value="${e.key}"]`);
    radio.checked = true;
    radio.dispatchEvent(new Event("input", { bubbles: true }));
    const all = cards.flatMap(scales);
    go(all[all.indexOf(scale) + 1] ?? scale);
  });
}
