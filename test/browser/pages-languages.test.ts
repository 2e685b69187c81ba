/** Every page in every state and language on a small phone: nothing is wider than it, and no word is torn apart. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { previewStates } from "../../src/surfaces/dev/previews.ts";
import { launchBrowser } from "../kit/browser.ts";
import { DEFAULT_PAGES, startPageServer } from "../kit/page-server.ts";

/** Shows each page in the place of the last and looks at it; as source, because a browser's types are not ours. */
const LOOK = `async (names) => {
  const torn = () => {
    const words = [];
    for (const part of document.querySelectorAll("h1, h2, label, button, a.main, .lead, .hint, .notice, .delivery")) {
      const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode())
        for (const { 0: word, index } of node.data.matchAll(/[\\p{L}\\p{M}]+/gu)) {
          const range = document.createRange();
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) words.push(word);
        }
    }
    return words;
  };
  const found = [];
  for (const name of names) {
    const html = await (await fetch("/" + name + location.search)).text();
    document.body.replaceWith(new DOMParser().parseFromString(html, "text/html").body);
    const root = document.documentElement;
    found.push({ name, heading: document.querySelector("h1").textContent, over: root.scrollWidth - root.clientWidth, torn: torn() });
  }
  return found;
}`;

interface Found {
  readonly name: string;
  readonly heading: string;
  readonly over: number;
  readonly torn: readonly string[];
}

const states = previewStates().filter(({ name }) => name !== "post-on");
const server = await startPageServer((name) => states.find((state) => state.name === name)?.page);
const browser = await launchBrowser();
const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
const locales = readdirSync(join(DEFAULT_PAGES, "texts")).map((name) => name.replace(".json", ""));

for (const locale of locales.filter((one) => one !== "en"))
  test(`every state of every page fits 320 pixels in ${locale}`, async () => {
    const page = await context.newPage();
    await page.goto(`${server.url}/password?locale=${locale}`);
    const names = states.map(({ name }) => name);
    const found = await page.evaluate<readonly Found[]>(`(${LOOK})(${JSON.stringify(names)})`);
    await page.close();
    assert.equal(found.length, states.length);
    assert.ok(found.every(({ heading }) => heading !== ""));
    const faults = found.flatMap(({ name, over, torn }) => [
      ...(over > 0 ? [`${name}: ${over} pixels too wide`] : []),
      // Names of people and applications may be of any length.
      ...(torn.length > 0 && !name.endsWith("-names") ? [`${name}: torn apart: ${torn.join(", ")}`] : []),
    ]);
    assert.deepEqual(faults, []);
  });

test("a word that is torn apart would be found", async () => {
  const page = await context.newPage();
  await page.goto(`${server.url}/password`);
  await page.route("**/logged-out*", async (route) => {
    const html = await (await route.fetch()).text();
    await route.fulfill({
      body: html.replace("<h1>", "<h1>Donaudampfschifffahrtsgesellschaft "),
      contentType: "text/html",
    });
  });
  const [found] = await page.evaluate<readonly Found[]>(`(${LOOK})(["logged-out"])`);
  await page.close();
  assert.deepEqual(found?.torn, ["Donaudampfschifffahrtsgesellschaft"]);
});
