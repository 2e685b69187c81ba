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

/**
 * What of a page axe could judge: elements with all their attributes, but for values and addresses, and whether there is
 * text in them. Of two states that differ in words alone one is judged; how wide they are is looked at for each.
 */
const SHAPE = `(() => {
  const shape = (node) => {
    const attributes = [...node.attributes].map(({ name, value }) =>
      /^(value|href|action|src|content|data-.*|title|dir|aria-label)$/.test(name) ? name + (value === "") : name + "=" + value);
    const text = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim() !== "");
    return "<" + [node.tagName, ...attributes.sort(), text].join(" ") + ">" + [...node.children].map(shape).join("") + "</>";
  };
  const root = document.documentElement;
  return { over: root.scrollWidth - root.clientWidth, shape: shape(root) };
})()`;

// In the dark nothing changes but the colours.
for (const [colorScheme, width, height, only] of [
  ["light", 320, 640, RULES],
  ["dark", 1280, 800, ["color-contrast"]],
] as const)
  test(`every state of every page passes axe and fits ${width} pixels, ${colorScheme}`, async () => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height } });
    const page = await context.newPage();
    const faults: string[] = [];
    const judged = new Set<string>();
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (problem) => faults.push(`script: ${problem.message}`));
    for (const { name } of states.filter((state) => state.name !== "post-on")) {
      await page.goto(`${server.url}/${name}`);
      // As text, which the debugger evaluates and the CSP does not hold.
      const { over, shape } = (await page.evaluate(SHAPE)) as { over: number; shape: string };
      if (over > 0) faults.push(`${name}: ${over} pixels too wide`);
      if (judged.has(shape)) continue;
      judged.add(shape);
      // By the debugger, which the CSP does not hold; the page itself may run nothing but our own script.
      await page.evaluate(axe);
      const found = await page.evaluate(async (tags: readonly string[]) => {
        const run = (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run;
        const { violations } = await run({ runOnly: tags });
        return violations.map(
          ({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
        );
      }, only);
      faults.push(...found.map((violation) => `${name}: ${violation}`));
    }
    assert.ok(judged.size > 60, `${judged.size} of ${states.length} states are not alike`);
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
