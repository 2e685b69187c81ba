/** The help desk in Chromium, by keyboard alone and without JavaScript: from the sign-in to a ticket that is read out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page as Tab } from "playwright-core";
import { launchBrowser } from "../kit/browser.ts";
import { addAgent, DESK, idOf } from "../kit/help-desk.ts";
import { startServer } from "../kit/server.ts";

const server = await startServer();
const browser = await launchBrowser();

/** Goes on by Tab until this has the focus; what has it is seen to have it. */
async function tabTo(tab: Tab, name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await tab.keyboard.press("Tab");
    const { text, outline } = await tab.evaluate<{ text: string; outline: string }>(`(() => {
      const one = document.activeElement;
      const label = one.labels?.[0]?.textContent ?? one.getAttribute("aria-label") ?? one.textContent ?? "";
      const style = getComputedStyle(one);
      return { text: label.trim(), outline: style.outlineStyle + " " + style.boxShadow };
    })()`);
    seen.push(text);
    if (!name.test(text)) continue;
    assert.notEqual(outline, "none none", `${text} shows that it has the focus`);
    return;
  }
  assert.fail(`${name} is not reached: ${seen.join(" | ")}`);
}

const there = async (tab: Tab, path: string): Promise<void> => {
  await tab.waitForURL((url) => url.pathname === path);
};

for (const javaScriptEnabled of [false, true])
  test(`S18: a lost phone is helped by keyboard alone, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const name = javaScriptEnabled ? "hannah" : "henry";
    const person = javaScriptEnabled ? "root" : "grace";
    const { phone } = await addAgent(server, name, javaScriptEnabled ? ["admin"] : ["helpdesk"]);
    const context = await browser.newContext({
      javaScriptEnabled,
      viewport: { width: 320, height: 700 },
    });
    const tab = await context.newPage();
    await tab.goto(`${server.issuer}${DESK}`);
    await tab.keyboard.type(name);
    await tabTo(tab, /^Password$/);
    await tab.keyboard.type("two doors, one open");
    const before = (await server.simulator.messages()).length;
    await tab.keyboard.press("Enter");
    await tab.getByLabel("6-digit code").waitFor();
    const code = await server.simulator.codeAfter(before, phone);
    await tab.keyboard.type(code);
    await tab.keyboard.press("Enter");
    await there(tab, DESK);
    await tabTo(tab, /^Username, email address or full name$/);
    await tab.keyboard.type(person);
    await tab.keyboard.press("Enter");
    await there(tab, `${DESK}/people/${await idOf(server, person)}`);
    await tabTo(tab, /^The phone is lost$/);
    await tab.keyboard.press("Enter");
    await tab.getByLabel("Reason").waitFor();
    await tabTo(tab, /^How$/);
    await tabTo(tab, /^Reason$/);
    await tab.keyboard.type("stolen; seen in person");
    await tab.keyboard.press("Enter");
    await there(tab, `${DESK}/ticket`);
    const ticket = (await tab.locator("code").textContent()) ?? "";
    const { enrolment } = server.parts;
    assert.equal(await enrolment.knowsTicket(await idOf(server, person), "sms", ticket), true);
    await context.close();
  });
