// Measures pages of a running site with Lighthouse, signed in:
//
//   node measure.mjs ADDRESS EMAIL PASSWORD PATH...
//
// prints one line a page and form: the median of five measurements of
// performance, and accessibility and best practices. It ends with 1 when a figure
// is below 95. CHROME_PATH names the browser.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as launcher from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const [address, email, password, ...paths] = process.argv.slice(2);
const runs = Number(process.env.LIGHTHOUSE_RUNS ?? 5), needed = 95;

for (let i = 0; i < 100; i++) {
  if (await fetch(`${address}/readyz`).then((r) => r.ok, () => false)) break;
  await new Promise((r) => setTimeout(r, 100));
}
// The session's cookie, as signing in by the form gives it.
const signed = await fetch(`${address}/sign-in`, { method: "POST", redirect: "manual", body: new URLSearchParams({ email, password }), headers: { Origin: address } });
const cookie = signed.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");
if (signed.status !== 303 || !cookie) throw new Error(`signing in as ${email}: ${signed.status}`);

const profile = mkdtempSync(join(tmpdir(), "lighthouse-"));
const chrome = await launcher.launch({ userDataDir: profile, chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
let low = false;
try {
  for (const path of paths) for (const form of ["mobile", "desktop"]) {
    const categories = ["performance", "accessibility", "best-practices"], scores = [], failed = new Set();
    let last, again = 3;
    for (let i = 0; i < runs; i++) {
      const { lhr } = await lighthouse(address + path, { port: chrome.port, logLevel: "error", onlyCategories: i ? ["performance"] : categories, extraHeaders: { Cookie: cookie } }, form === "desktop" ? desktopConfig : undefined);
      // On a busy machine the browser's trace may begin too late.
      if (lhr.runtimeError?.code === "NO_NAVSTART" && again--) { i--; continue; }
      if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
      if (new URL(lhr.finalDisplayedUrl).pathname === "/sign-in") throw new Error("the session is not accepted");
      if (!i) for (const c of categories.slice(1)) for (const r of lhr.categories[c].auditRefs) { const a = lhr.audits[r.id]; if (r.weight > 0 && a.score !== null && a.score < 1) failed.add([a.title, ...(a.details?.items ?? []).slice(0, 3).map((x) => x.node?.selector ?? x.description ?? "")].join("\n    ")); }
      if (!i) last = lhr;
      scores.push({ score: Math.round(lhr.categories.performance.score * 100), fcp: lhr.audits["first-contentful-paint"].numericValue, lcp: lhr.audits["largest-contentful-paint"].numericValue, tbt: lhr.audits["total-blocking-time"].numericValue, cls: lhr.audits["cumulative-layout-shift"].numericValue });
    }
    scores.sort((a, b) => a.score - b.score);
    const m = scores[Math.floor(scores.length / 2)], a11y = Math.round(last.categories.accessibility.score * 100), best = Math.round(last.categories["best-practices"].score * 100);
    low ||= Math.min(m.score, a11y, best) < needed;
    console.log(`${path.padEnd(14)} ${form.padEnd(8)} performance ${m.score} (of ${scores.map((s) => s.score).join(" ")})  accessibility ${a11y}  best practices ${best}  first paint ${Math.round(m.fcp)} ms  largest ${Math.round(m.lcp)} ms  blocked ${Math.round(m.tbt)} ms  shift ${m.cls.toFixed(3)}`);
    for (const f of failed) console.log(`  ${f}`);
  }
} finally {
  await chrome.kill();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(low ? 1 : 0);
