/** The newcomer's path: the demo as a process of its own, and a person at Chromium who finds things by their names. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { BrowserContext, BrowserContextOptions, Page as Tab } from "playwright-core";
import { launchBrowser } from "../kit/browser.ts";
import { freePort } from "../kit/free-port.ts";
import { type Program, startProgram, until } from "../kit/processes.ts";

const PASSWORD = "two doors, one open";
const GRACE = "+12025550143";
const data = mkdtempSync(path.join(tmpdir(), "sallyport-newcomer-"));
// Runs after the one of processes.ts, which ends the demo.
after(() => rmSync(data, { recursive: true, force: true }));
const port = await freePort();
const origin = `http://localhost:${port}`;

async function startDemo(): Promise<{ program: Program; firstAnswer: number }> {
  const began = performance.now();
  const program = startProgram(["demo"], { env: { PORT: String(port), SALLYPORT_DATA: data }, cwd: data });
  await until(program, async () => ((await fetch(`${origin}/demo`)).ok ? true : undefined));
  return { program, firstAnswer: performance.now() - began };
}
await (await startDemo()).program.end("SIGTERM");
const { program, firstAnswer } = await startDemo();
const browser = await launchBrowser();

interface Person {
  readonly context: BrowserContext;
  readonly tab: Tab;
  /** What the browser complained about, on any page of this person. */
  readonly faults: readonly string[];
}

async function arrive(options: BrowserContextOptions = {}): Promise<Person> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(5000);
  const faults: string[] = [];
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      faults.push(`${new URL(message.page()?.url() ?? origin).pathname}: ${message.text()}`);
  });
  context.on("weberror", (problem) => faults.push(`script: ${problem.error().message}`));
  await context.addInitScript(
    `addEventListener("securitypolicyviolation", (event) => console.error("CSP stopped " + event.violatedDirective))`,
  );
  const tab = await context.newPage();
  await tab.goto(`${origin}/demo`);
  return { context, tab, faults };
}

const choose = (tab: Tab, acr: string) => tab.getByRole("link", { name: acr }).click();
const heading = (tab: Tab, name: string) => tab.getByRole("heading", { name, exact: true }).waitFor();
const press = (tab: Tab, name: string) => tab.getByRole("button", { name, exact: true }).click();
const alert = (tab: Tab) => tab.getByRole("alert").textContent();
const codeField = (tab: Tab) => tab.getByLabel("6-digit code");
const claim = async (tab: Tab, name: string) =>
  (await tab
    .getByRole("row", { name: new RegExp(`^${name}\\b`) })
    .getByRole("cell")
    .textContent()) ?? "";

async function enterPassword(tab: Tab, username: string): Promise<void> {
  await heading(tab, "Sign in");
  await tab.getByLabel("Username").fill(username);
  await tab.getByLabel("Password").fill(PASSWORD);
  await press(tab, "Continue");
}

async function enterCode(tab: Tab, code: string): Promise<void> {
  await codeField(tab).fill(code);
  await press(tab, "Sign in");
}

async function textsTo(number: string): Promise<number> {
  const all = (await (await fetch(`${origin}/dev/phone/messages`)).json()) as readonly { to: string }[];
  return all.filter(({ to }) => to === number).length;
}

/** Reads the newest text on the demo phone, in a tab of its own. */
async function readPhone(phone: Tab, number: string): Promise<string> {
  const shown = new RegExp(`\\+${[...number.slice(1)].join("[ -]?")}`);
  const newest = phone.getByRole("log").getByRole("listitem").filter({ hasText: shown }).first();
  const text = (await newest.textContent()) ?? "";
  const code = /@localhost #(\d{6})/.exec(text)?.[1] ?? "";
  assert.match(text, new RegExp(`${code} is your code`));
  return code;
}

async function openPhone({ context, tab }: Person): Promise<Tab> {
  const opened = context.waitForEvent("page");
  await tab.getByRole("link", { name: "Open the demo phone" }).click();
  const phone = await opened;
  await heading(phone, "Demo phone");
  return phone;
}

const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");

async function assertTwoSteps(tab: Tab): Promise<void> {
  await heading(tab, "You are signed in");
  assert.equal(await claim(tab, "acr"), "twilio_sms");
  assert.deepEqual(JSON.parse(await claim(tab, "amr")).sort(), ["mfa", "pwd", "sms"]);
}

test("ada clicks, adds her British phone, reads the text, mistypes once and sees the claims", async (t) => {
  t.diagnostic(`the demo's second start to its first answer: ${Math.round(firstAnswer)} ms`);
  const number = "+447911123456";
  const ada = await arrive();
  const { tab } = ada;
  const phone = await openPhone(ada);
  await phone.getByText("No texts yet.").waitFor();

  await tab.bringToFront();
  await choose(tab, "twilio_sms");
  await enterPassword(tab, "ada");
  await heading(tab, "Add your phone");
  await tab.getByLabel("Country").selectOption({ label: "United Kingdom (+44)" });
  await tab.getByLabel("Mobile number").focus();
  await tab.keyboard.insertText("07911 123 456");
  await press(tab, "Send me a code");
  await heading(tab, "Enter the code");
  // Whichever the page is in time for: that it was sent, or that it has arrived.
  await tab
    .getByText(/(We sent a text to|Our text reached) your phone ••••\s56/)
    .first()
    .waitFor();

  // The phone is not reloaded: it looks by itself.
  const code = await readPhone(phone, number);
  await tab.bringToFront();
  await enterCode(tab, wrong(code));
  assert.equal(await alert(tab), "This code is not right. You have 4 more tries.");
  await codeField(tab).and(tab.locator(":focus")).waitFor();
  assert.equal(await codeField(tab).inputValue(), "");
  await enterCode(tab, ` ${code.slice(0, 3)} ${code.slice(3)}`);
  await assertTwoSteps(tab);
  assert.equal(await textsTo(number), 1);
  assert.deepEqual(ada.faults, []);

  // What the collector is worth: a script that somebody slipped in does not run, and is seen.
  await tab.evaluate(
    `document.body.append(Object.assign(document.createElement("script"), { textContent: "1" }))`,
  );
  await assert.doesNotReject(
    until(program, async () => ada.faults.find((one) => /CSP stopped script/.test(one))),
  );
  await ada.context.close();
});

for (const javaScriptEnabled of [true, false])
  test(`grace steps up with the code alone, reloads, goes back and signs out, JavaScript ${javaScriptEnabled ? "on" : "off"}`, async () => {
    const grace = await arrive({ javaScriptEnabled });
    const { tab, context } = grace;
    await choose(tab, "simple_password_auth");
    await enterPassword(tab, "grace");
    await heading(tab, "You are signed in");
    assert.equal(await claim(tab, "acr"), "simple_password_auth");
    assert.deepEqual(JSON.parse(await claim(tab, "amr")), ["pwd"]);

    const before = await textsTo(GRACE);
    await choose(tab, "twilio_sms");
    await heading(tab, "Enter the code");
    assert.equal(await tab.getByLabel("Password").count(), 0);
    assert.equal(await textsTo(GRACE), before + 1);
    const { pathname } = new URL(tab.url());

    // Neither a reload nor the way back and forth sends, spends or skips anything.
    await tab.reload();
    await heading(tab, "Enter the code");
    await tab.goBack();
    await heading(tab, "You are signed in");
    await tab.goForward();
    await heading(tab, "Enter the code");
    assert.equal(new URL(tab.url()).pathname, pathname);
    assert.equal(await textsTo(GRACE), before + 1);

    const phone = await context.newPage();
    await phone.goto(`${origin}/dev/phone`);
    const code = await readPhone(phone, GRACE);
    await enterCode(tab, wrong(code));
    assert.equal(await alert(tab), "This code is not right. You have 4 more tries.");
    await tab.reload();
    assert.equal(
      await alert(tab),
      "This code is not right. You have 4 more tries.",
      "a reload spends no try",
    );
    await enterCode(tab, code);
    await assertTwoSteps(tab);

    // Back to the code page: it is over, says so, and leads on.
    await tab.goBack();
    await heading(tab, "You have signed in already");
    await tab.goForward();
    await assertTwoSteps(tab);
    assert.equal(await textsTo(GRACE), before + 1);

    await tab.getByRole("link", { name: "Sign out" }).click();
    await heading(tab, "Sign out?");
    await press(tab, "Sign out");
    await heading(tab, "A demo application");
    await choose(tab, "simple_password_auth");
    await heading(tab, "Sign in");
    await press(tab, "Cancel");
    assert.match((await tab.getByRole("status").textContent()) ?? "", /You cancelled/);
    assert.deepEqual(grace.faults, []);
    await context.close();
  });

test("two tabs of one browser: one is finished, and the other says so when it is reloaded", async () => {
  const grace = await arrive();
  const { tab, context } = grace;
  await choose(tab, "simple_password_auth");
  await heading(tab, "Sign in");
  const other = await context.newPage();
  await other.goto(`${origin}/demo`);
  await choose(other, "simple_password_auth");
  await heading(other, "Sign in");

  // The one that was begun first: the second has not taken its place.
  await tab.bringToFront();
  await enterPassword(tab, "grace");
  await heading(tab, "You are signed in");
  assert.equal(await claim(tab, "acr"), "simple_password_auth");

  await other.bringToFront();
  await other.reload();
  await heading(other, "You have signed in already");
  await other.getByText("grace").waitFor();
  await other.getByRole("link", { name: "Sign in again" }).click();
  await heading(other, "You are signed in");
  assert.deepEqual(grace.faults, []);
  await context.close();
});
