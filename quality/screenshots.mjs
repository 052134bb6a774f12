// Every main page in every look, as pictures: node screenshots.mjs FOLDER
import { mkdirSync } from "node:fs";
import { base, launch, looks, mainPages } from "./site.mjs";

const folder = process.argv[2] ?? "screenshots";
mkdirSync(folder, { recursive: true });
const browser = await launch();
const first = await browser.newContext(looks.light);
const pages = await mainPages(await first.newPage());
const cookies = await first.cookies();
for (const [look, options] of Object.entries(looks)) {
  const context = await browser.newContext(options);
  for (const { name, path, public: open } of pages) {
    if (open) await context.clearCookies(); else await context.addCookies(cookies);
    const page = await context.newPage();
    await page.goto(base + path, { waitUntil: "load" });
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${folder}/${name}-${look}.png` });
    await page.close();
  }
  await context.close();
}
await browser.close();
