// Lighthouse on the ten main pages, as a phone sees them. What only its owner sees must not be
// indexed, so there the question whether it can be is left out.
import { launch as chrome } from "chrome-launcher";
import lighthouse from "lighthouse";
import { base, executablePath, flags, launch, looks, mainPages } from "./site.mjs";

const LEAST = Number(process.env.LEAST ?? 98);
const only = process.argv.slice(2);
const browser = await launch();
const context = await browser.newContext(looks.light);
const pages = await mainPages(await context.newPage());
const session = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
await browser.close();
let faults = 0;
console.log("page       performance accessibility best-practices seo   LCP     TBT    CLS");
for (const { name, path, own } of pages) {
  if (only.length && !only.includes(name)) continue;
  const running = await chrome({ chromePath: executablePath, chromeFlags: flags });
  const result = await lighthouse(base + path, {
    port: running.port,
    onlyCategories: ["performance", "accessibility", "best-practices", "seo"],
    skipAudits: own ? ["is-crawlable"] : [],
    extraHeaders: own ? { cookie: session } : undefined,
    logLevel: "error",
  });
  await running.kill();
  const { categories, audits } = result.lhr;
  const scores = ["performance", "accessibility", "best-practices", "seo"].map((id) => Math.round((categories[id]?.score ?? 0) * 100));
  const shown = (id) => audits[id]?.displayValue ?? "";
  console.log(name.padEnd(10), ...scores.map((score) => String(score).padEnd(12)), shown("largest-contentful-paint"), shown("total-blocking-time"), shown("cumulative-layout-shift"));
  if (Math.min(...scores) >= LEAST) continue;
  faults += 1;
  for (const audit of Object.values(audits)) if (audit.score !== null && audit.score < 0.9 && audit.scoreDisplayMode !== "informative") console.log(`  ${audit.id}: ${audit.displayValue ?? audit.title}`);
}
process.exit(faults === 0 ? 0 : 1);
