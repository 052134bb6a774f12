// Main pages as pictures: node screenshots.mjs FOLDER [PAGE-LOOK ...], e.g. search-light; all of them in every
// look when none is named. Named ones are JPEG, for the README.
import { mkdirSync } from "node:fs";
import { base, launch, looks, mainPages } from "./site.mjs";

const [folder = "screenshots", ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await launch();
const first = await browser.newContext(looks.light);
const pages = await mainPages(await first.newPage());
const cookies = await first.cookies();
for (const [look, options] of Object.entries(looks)) {
  const context = await browser.newContext(options);
  for (const { name, path, public: open } of pages) {
    if (wanted.length && !wanted.includes(`${name}-${look}`)) continue;
    if (open) await context.clearCookies(); else await context.addCookies(cookies);
    const page = await context.newPage();
    await page.goto(base + path, { waitUntil: "load" });
    await page.waitForTimeout(1500);
    const kind = wanted.length ? { path: `${folder}/${name}-${look}.jpg`, quality: 80 } : { path: `${folder}/${name}-${look}.png` };
    await page.screenshot(kind);
    await page.close();
  }
  await context.close();
}
await browser.close();
