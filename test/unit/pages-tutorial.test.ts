/** The tutorial's own example, as it is printed there: it is sound, and it does what the tutorial says. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { previewStates } from "../../src/surfaces/dev/previews.ts";
import { createTestPages, DEFAULT_PAGES } from "../kit/page-server.ts";

const root = mkdtempSync(join(tmpdir(), "sallyport-tutorial-"));
after(() => rmSync(root, { recursive: true, force: true }));
const tutorial = readFileSync(new URL("../../docs/tutorials/pages.md", import.meta.url), "utf8");
const style = readFileSync(join(DEFAULT_PAGES, "assets/sallyport.css"), "utf8");

const files = [...tutorial.matchAll(/^```\w+ (my-pages\/\S+)\n([\s\S]*?)^```$/gm)];
for (const [, path = "", text = ""] of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const pages = createTestPages(join(root, "my-pages"), assert.fail);
const show = async (name: string): Promise<string> => {
  const state = previewStates().find((one) => one.name === name);
  assert.ok(state);
  return (await pages.render(state.page, {})).html;
};

test("the folder that the tutorial builds is sound and is shown", async () => {
  assert.equal(files.length, 3);
  assert.deepEqual(await pages.check(), [{ level: "ok", message: `${join(root, "my-pages")} is sound.` }]);
  assert.match(await show("password"), /<h1>Welcome to the harbour<\/h1>/);
  assert.match(await show("password"), /href="\/assets\/custom\.css\?v=/);
  assert.match(await show("notice-code-wrong"), /Not that one\. 3 more tries\./);
  assert.match(await show("consent"), /<li>see the tide tables<\/li>/);
  assert.match(await show("logged-out"), /help desk/);
});

test("the tutorial names every template and only variables that the style has", () => {
  for (const name of ["layout", ...new Set(previewStates().map(({ page }) => page.page))])
    assert.ok(tutorial.includes(`\`${name}\``), `${name} is not named`);
  for (const [variable] of tutorial.matchAll(/--[a-z-]+(?=[`:])/g))
    assert.ok(style.includes(`${variable}:`), `${variable} is not in the style`);
});
