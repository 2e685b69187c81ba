/** Every page in every state, light and dark, on a small phone and a desktop: what axe finds, and what does not fit. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { AxeResults } from "axe-core";
import { previewStates } from "../../src/surfaces/dev/previews.ts";
import { launchBrowser } from "../kit/browser.ts";
import { startPageServer } from "../kit/page-server.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const states = previewStates();
const server = await startPageServer((name) => states.find((state) => state.name === name)?.page);
const browser = await launchBrowser();

// In the dark nothing changes but the colours.
for (const [colorScheme, width, height, only] of [
  ["light", 320, 640, RULES],
  ["dark", 1280, 800, ["color-contrast"]],
] as const)
  test(`every state of every page passes axe and fits ${width} pixels, ${colorScheme}`, async () => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height } });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (problem) => faults.push(`script: ${problem.message}`));
    for (const { name } of states.filter((state) => state.name !== "post-on")) {
      await page.goto(`${server.url}/${name}`);
      // By the debugger, which the CSP does not hold; the page itself may run nothing but our own script.
      await page.evaluate(axe);
      const found = await page.evaluate(async (tags: readonly string[]) => {
        const run = (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run;
        const { violations } = await run({ runOnly: tags });
        const root = (
          globalThis as unknown as {
            document: { documentElement: { scrollWidth: number; clientWidth: number } };
          }
        ).document.documentElement;
        return {
          violations: violations.map(
            ({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
          ),
          over: root.scrollWidth - root.clientWidth,
        };
      }, only);
      faults.push(...found.violations.map((violation) => `${name}: ${violation}`));
      if (found.over > 0) faults.push(`${name}: ${found.over} pixels too wide`);
    }
    await context.close();
    assert.deepEqual(faults, []);
  });

test("colours that are wrong would be found: grey on grey fails", async () => {
  const page = await browser.newPage();
  await page.goto(`${server.url}/password`);
  await page.addStyleTag({ url: `${server.url}/assets/sallyport.css` });
  await page.evaluate(axe);
  const ids = await page.evaluate(async (tags) => {
    const world = globalThis as unknown as {
      document: { querySelector(selector: string): { style: { color: string } } };
      axe: { run(options: object): Promise<AxeResults> };
    };
    world.document.querySelector(".lead").style.color = "#ccc";
    return (await world.axe.run({ runOnly: tags })).violations.map(({ id }) => id);
  }, RULES);
  await page.close();
  assert.deepEqual(ids, ["color-contrast"]);
});
