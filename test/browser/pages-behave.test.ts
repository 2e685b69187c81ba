/** The pages in Chromium: with and without JavaScript, by keyboard alone, and standing still while they count down. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { BrowserContextOptions, Page as Tab } from "playwright-core";
import type { Page } from "../../src/core/pages.ts";
import { previewStates } from "../../src/surfaces/dev/previews.ts";
import { launchBrowser } from "../kit/browser.ts";
import { startPageServer } from "../kit/page-server.ts";

const states = previewStates();
const code = states.find(({ name }) => name === "code")?.page.facts as object;
const short = (facts: object): Page => ({ page: "code", facts: { ...code, ...facts } }) as Page;
/** 14:02 UTC. */
const ARRIVED = Date.UTC(2026, 10, 26, 14, 2) / 1000;
let asked = 0;
const server = await startPageServer((name) => {
  asked += 1;
  if (name === "countdown") return short({ resendIn: 1, endsIn: 2 });
  if (name === "sending") return short({ delivery: asked > 1 ? "sent" : "sending" });
  if (name === "arriving")
    return short({ delivery: asked > 4 ? "delivered" : asked > 2 ? "sent" : "sending", stateAt: ARRIVED });
  if (name === "sending-fails")
    return asked > 1
      ? short({ delivery: "failed", deliveryText: "send-failed-busy", best: "resend" })
      : short({ delivery: "sending" });
  return states.find((state) => state.name === name)?.page;
});
const browser = await launchBrowser();
beforeEach(() => {
  asked = 0;
  server.posted.length = 0;
});

async function open(name: string, options: BrowserContextOptions = {}, scriptDelay = 0): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 320, height: 640 }, ...options });
  const tab = await context.newPage();
  if (scriptDelay > 0)
    await tab.route("**/sallyport.js*", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, scriptDelay));
      await route.continue();
    });
  await tab.addInitScript(`
    globalThis.shifts = 0; globalThis.blocked = [];
    new PerformanceObserver((list) => { for (const one of list.getEntries()) shifts += one.value; })
      .observe({ type: "layout-shift", buffered: true });
    addEventListener("securitypolicyviolation", (event) => blocked.push(event.violatedDirective));`);
  await tab.goto(`${server.url}/${name}`);
  return tab;
}
const shifts = (tab: Tab) => tab.evaluate<number>("shifts");
const focused = (tab: Tab) =>
  tab.evaluate<string>(
    "document.activeElement.id || document.activeElement.value || document.activeElement.textContent",
  );
const close = (tab: Tab) => tab.context().close();

test("nothing moves from the first paint to the end of the countdown, on a phone and on a desktop", async () => {
  // The script comes late once: then people have seen the page without it.
  for (const [width, scriptDelay] of [
    [320, 0],
    [390, 700],
    [1280, 0],
  ] as const) {
    const tab = await open("countdown", { viewport: { width, height: 700 } }, scriptDelay);
    await tab.locator("#life .time", { hasText: /^Code no longer valid$/ }).waitFor({ timeout: 5000 });
    assert.equal(await tab.locator("#resend .time").textContent(), "Send again");
    await tab.getByRole("button", { name: "Send again", exact: true }).waitFor();
    assert.equal(await tab.locator("#resend").getAttribute("class"), "second");
    assert.equal(await tab.locator("#live").textContent(), "The code is no longer valid. Ask for a new one.");
    assert.equal(await shifts(tab), 0, `${width} pixels`);
    assert.deepEqual(await tab.evaluate("blocked"), []);
    await close(tab);
  }
});

test("a layout shift would be seen", async () => {
  const tab = await open("code");
  await tab.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<p>one</p><p>two</p>')");
  await tab.waitForTimeout(200);
  assert.ok((await shifts(tab)) > 0);
  await close(tab);
});

test("the code page follows a text that is being sent, without moving and without sending", async () => {
  const tab = await open("sending");
  await tab.locator("[data-delivery=sent]").waitFor({ timeout: 6000 });
  assert.equal(await tab.locator("#live").textContent(), "We sent a text to your phone ••••\u00a043.");
  assert.equal(await shifts(tab), 0);
  assert.deepEqual(server.posted, []);
  await close(tab);
  asked = 0;
  const failing = await open("sending-fails");
  await failing.locator("[data-delivery=failed]").waitFor({ timeout: 6000 });
  assert.match(
    (await failing.locator("[data-delivery]").textContent()) ?? "",
    /Too many texts are waiting just now. Wait a moment, then send it again/,
  );
  await close(failing);
});

for (const width of [320, 390, 1280])
  test(`the code page says when the text has arrived, by the person's clock, and stands still (${width} pixels)`, async () => {
    const tab = await open("arriving", {
      viewport: { width, height: 700 },
      locale: "en-GB",
      timezoneId: "Europe/Sofia",
    });
    await tab.locator("[data-delivery=delivered]").waitFor({ timeout: 9000 });
    // The page's language is English as such, which has a twelve-hour clock.
    assert.match((await tab.locator("[data-delivery]").textContent())?.trim() ?? "", /at 0?4:02\sPM\.$/);
    assert.match(
      (await tab.locator("#live").textContent()) ?? "",
      /^Our text reached your phone ••••\s43 at/,
    );
    assert.equal(await shifts(tab), 0);
    const after = asked;
    await tab.waitForTimeout(2500);
    assert.equal(asked, after, "it goes on asking although nothing can come");
    await close(tab);
  });

test("without JavaScript the code page says how long ago the text arrived", async () => {
  const tab = await open("code-delivered-earlier", { javaScriptEnabled: false });
  assert.match((await tab.locator("[data-delivery]").textContent()) ?? "", /••••\s43 3 minutes ago\./);
  await close(tab);
});

test("P10 password managers, phones and the text's code find their fields", async () => {
  const password = await open("password");
  const attributes = (tab: Tab, id: string, names: readonly string[]) =>
    Promise.all(names.map((name) => tab.locator(`#${id}`).getAttribute(name)));
  assert.deepEqual(await attributes(password, "password", ["type", "autocomplete", "maxlength", "name"]), [
    "password",
    "current-password",
    null,
    "password",
  ]);
  assert.deepEqual(
    await attributes(password, "username", ["autocomplete", "autocapitalize", "spellcheck", "name"]),
    ["username", "none", "false", "username"],
  );
  await password.locator("#username").fill("ada");
  await password.locator("#password").focus();
  await password.evaluate("navigator.clipboard?.writeText").catch(() => {});
  await password.keyboard.insertText("a pasted pass phrase");
  assert.equal(await password.locator("#password").inputValue(), "a pasted pass phrase");
  await close(password);
  const tab = await open("code");
  assert.deepEqual(await attributes(tab, "code", ["type", "inputmode", "autocomplete", "name"]), [
    "text",
    "numeric",
    "one-time-code",
    "code",
  ]);
  assert.equal(await tab.locator("input:not([type=hidden])").count(), 1);
  await tab.locator("#code").fill("123 456");
  assert.equal(await tab.locator("#code").inputValue(), "123 456");
  assert.equal(
    await tab
      .locator("#code")
      .evaluate((field) => (field as unknown as { validity: { valid: boolean } }).validity.valid),
    true,
  );
  await close(tab);
  const phone = await open("phone");
  assert.deepEqual(await attributes(phone, "phone", ["type", "autocomplete", "name"]), [
    "tel",
    "tel",
    "phone",
  ]);
  await close(phone);
});

test("by keyboard alone: the first field has the focus, Enter sends the main action, every way out is reached", async () => {
  const tab = await open("password");
  assert.equal(await focused(tab), "username");
  await tab.keyboard.type("ada");
  await tab.keyboard.press("Tab");
  await tab.keyboard.type("two doors, one open");
  await tab.keyboard.press("Enter");
  await tab.waitForURL("**/posted");
  assert.deepEqual(server.posted[0]?.fields, {
    csrf: "0.preview",
    username: "ada",
    password: "two doors, one open",
  });
  await close(tab);

  const known = await open("password-known");
  assert.equal(await focused(known), "password");
  await close(known);

  const typed = await open("code-new-phone");
  assert.equal(await focused(typed), "code");
  await typed.keyboard.type("012345");
  await typed.keyboard.press("Enter");
  await typed.waitForURL("**/posted");
  assert.deepEqual(server.posted[1]?.fields, { csrf: "0.preview", code: "012345" });
  await close(typed);

  const seen: string[] = [];
  const walk = await open("code-new-phone");
  for (let step = 0; step < 4; step += 1) {
    await walk.keyboard.press("Tab");
    seen.push(await focused(walk));
  }
  assert.deepEqual(seen, ["Sign in", "resend", "change-number", "cancel"]);
  await walk.keyboard.press("Enter");
  await walk.waitForURL("**/posted");
  assert.deepEqual(server.posted[2]?.fields, { csrf: "0.preview", code: "", action: "cancel" });
  await close(walk);
});

for (const javaScriptEnabled of [true, false])
  test(`resend and change of number work with an empty code, JavaScript ${javaScriptEnabled ? "on" : "off"}`, async () => {
    for (const value of ["resend", "change-number", "cancel"]) {
      const tab = await open("code-new-phone", { javaScriptEnabled });
      await tab.locator(`button[value=${value}]`).click();
      await tab.waitForURL("**/posted");
      await close(tab);
    }
    assert.deepEqual(
      server.posted.map(({ fields }) => fields.action),
      ["resend", "change-number", "cancel"],
    );
  });

test("without JavaScript the pages say in words what they would count, and go on by a button", async () => {
  const tab = await open("code", { javaScriptEnabled: false });
  assert.equal(await tab.locator("#life .time").textContent(), "Code valid for about 5 minutes");
  assert.equal(await tab.locator("#resend").textContent(), "Send again in 28 seconds");
  assert.match((await tab.locator("noscript").textContent()) ?? "", /reload this page/);
  await close(tab);
  const post = await open("post-on", { javaScriptEnabled: false });
  await post.getByRole("button", { name: "Go on" }).click();
  await post.waitForURL("**/posted");
  await close(post);
  const phone = await open("simulator-empty", { javaScriptEnabled: false });
  assert.equal(await phone.locator("meta[http-equiv=refresh]").getAttribute("content"), "3");
  await close(phone);
});

test("an HTML form that leads back to the application goes on by itself", async () => {
  const tab = await open("post-on");
  await tab.waitForURL("**/posted");
  assert.deepEqual(server.posted[0]?.fields, { code: "preview" });
  await close(tab);
});

test("a double click sends once, and after coming back the page can be sent again", async () => {
  const tab = await open("password-known");
  await tab.locator("#password").fill("x");
  await tab.evaluate("const b = document.querySelector('button'); b.click(); b.click(); b.click()");
  await tab.waitForURL("**/posted");
  assert.equal(server.posted.length, 1);
  await tab.goBack();
  await tab.locator("#password").fill("y");
  await tab.keyboard.press("Enter");
  await tab.waitForURL("**/posted");
  assert.equal(server.posted.length, 2);
  await close(tab);
});

test("a code that the browser read from the text is filled in and sent", async () => {
  const context = await browser.newContext();
  const tab = await context.newPage();
  await tab.addInitScript(`
    globalThis.OTPCredential = class {};
    navigator.credentials.get = async (wanted) => { globalThis.wanted = wanted; return { code: "048213" }; };`);
  await tab.goto(`${server.url}/code`);
  await tab.waitForURL("**/posted");
  assert.deepEqual(server.posted[0]?.fields, { csrf: "0.preview", code: "048213" });
  await context.close();
});

test("the CSP lets nothing run that a page did not bring from its own assets", async () => {
  const tab = await open("password");
  await tab.evaluate(
    "const s = document.createElement('script'); s.textContent = 'globalThis.ran = 1'; document.body.append(s)",
  );
  await tab.evaluate(
    "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"globalThis.ran = 1\"><p style=\"color:red\">')",
  );
  await tab.waitForTimeout(200);
  assert.equal(await tab.evaluate("globalThis.ran"), undefined);
  const blocked = await tab.evaluate<string[]>("blocked");
  assert.ok(
    blocked.includes("script-src-elem") &&
      blocked.includes("script-src-attr") &&
      blocked.includes("style-src-attr"),
    blocked.join(),
  );
  await close(tab);
});
