// axe on the ten main pages in every look, what the browser complains about, and the budgets.
import { AxeBuilder } from "@axe-core/playwright";
import { base, complaints, launch, looks, mainPages } from "./site.mjs";

const HTML = 60 * 1024;
const JS = 90 * 1024;
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const browser = await launch();
const first = await browser.newContext(looks.light);
const pages = await mainPages(await first.newPage());
const cookies = await first.cookies();
let faults = 0;
const fault = (text) => { faults += 1; console.log(`  FAULT ${text}`); };
const table = [];
for (const [look, options] of Object.entries(looks)) {
  const context = await browser.newContext(options);
  await context.addCookies(cookies);
  for (const { name, path, public: open } of pages) {
    if (open) await context.clearCookies(); else await context.addCookies(cookies);
    const page = await context.newPage();
    const said = complaints(page, ["/tiles/"]);
    let script = 0;
    page.on("response", async (response) => {
      if (/\/a\/.*\.js$/.test(new URL(response.url()).pathname) && !response.url().includes("/leaflet.")) script += Number((await response.allHeaders())["content-length"] ?? 0);
    });
    const answer = await page.goto(base + path, { waitUntil: "load" });
    await page.waitForTimeout(900);
    const html = (await answer.body()).length;
    const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (!answer.ok()) fault(`${name} ${look}: status ${answer.status()}`);
    for (const violation of violations) fault(`${name} ${look}: ${violation.id} (${violation.impact}) ${violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ")}`);
    for (const text of said) fault(`${name} ${look}: ${text}`);
    if (sideways > 0) fault(`${name} ${look}: scrolls sideways by ${sideways} px`);
    if (html > HTML) fault(`${name} ${look}: ${html} bytes of HTML, ${HTML} are the most`);
    if (script > JS) fault(`${name} ${look}: ${script} bytes of scripts, ${JS} are the most`);
    table.push([name, look, violations.length, `${(html / 1024).toFixed(1)} KB`, `${(script / 1024).toFixed(1)} KB`]);
    await page.close();
  }
  await context.close();
}
await browser.close();
console.log("page       look     axe  html      scripts");
for (const [name, look, count, html, script] of table) console.log(name.padEnd(10), look.padEnd(8), String(count).padEnd(4), html.padEnd(9), script);
console.log(faults === 0 ? `no fault on ${table.length} views` : `${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
