/** Passkeys from the account pages in a real browser with a virtual authenticator: added, named, signed in with, removed, undone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { linkIn, toldAfter } from "../kit/account.ts";
import { launchBrowser } from "../kit/browser.ts";
import { GRACE, PASSWORD, startServer } from "../kit/server.ts";

const server = await startServer({
  settings: {
    acrs: { enabled: ["simple_password_auth", "twilio_sms", "otp", "fido2"], default: "twilio_sms" },
    limits: { passkeyOfferDays: 0 },
  },
});
const browser = await launchBrowser();
const grace = (await server.parts.directory.find("grace"))?.id ?? assert.fail("no grace");
const keys = () => server.parts.authenticators.list(grace, "passkey");
const countOf = async () => (await server.simulator.messages()).length;

/** A browser of its own, whose authenticator answers at once. */
async function newBrowser() {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable", { enableUI: false });
  await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { context, page };
}

/** To the account pages with the password and a code by text. */
async function byText(page: Page): Promise<void> {
  const before = await countOf();
  await page.goto(`${server.issuer}/account`);
  if ((await page.locator("#password").count()) === 0) await page.getByText("Sign in another way").click();
  await page.locator("#username").fill("grace");
  await page.locator("#password").fill(PASSWORD);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#code").fill(await server.simulator.codeAfter(before, GRACE));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL("**/account");
}

test("P08: a passkey is added, renamed, signs in by itself, is removed once it was shown, and comes back by the link", async () => {
  const { context, page } = await newBrowser();
  await byText(page);
  let before = await countOf();
  await page.getByRole("link", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#label").fill("Laptop");
  await page.getByRole("button", { name: "Create a passkey" }).click();
  await page.waitForURL("**/account");
  await page.getByText("It is added").waitFor();
  const [key] = await keys();
  assert.equal(key?.boundBy, "two-factors");
  await toldAfter(server, before, GRACE, /Undo/);

  await page.getByRole("link", { name: /Laptop/ }).click();
  await page.locator("#nickname").fill("Ship’s laptop");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The name is saved").waitFor();
  await page.getByText("Ship’s laptop").waitFor();

  // Signed in by it alone, from the pages' own way in.
  await context.clearCookies();
  await page.goto(`${server.issuer}/account`);
  await page.waitForURL("**/account");
  await page.getByText("Ship’s laptop").waitFor();
  await page.getByText(/well protected/).waitFor();

  // With a session of a text alone the key has to be shown: the page asks for it, and it answers by itself.
  before = await countOf();
  await page.getByRole("link", { name: /Ship’s laptop/ }).click();
  await page
    .getByRole("link", { name: "Remove" })
    .or(page.getByRole("button", { name: "Remove" }))
    .first()
    .click();
  await page.getByRole("heading", { name: /Remove Ship’s laptop/ }).waitFor();
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByText("It is removed").waitFor();
  assert.equal((await keys()).length, 0);
  const link = linkIn(await toldAfter(server, before, GRACE, /removed[\s\S]*Undo/));

  const stranger = await browser.newContext();
  const undo = await stranger.newPage();
  await undo.goto(`${server.issuer}${link}`);
  await undo.getByRole("button", { name: "Put it back" }).click();
  await undo.getByText(/as it was before/).waitFor();
  await stranger.close();
  assert.equal((await keys()).length, 1);
  await page.goto(`${server.issuer}/account`);
  await page.waitForURL("**/account");
  await page.getByText("Ship’s laptop").waitFor();
  await context.close();
});

test("lowered: whoever came by a text is asked for the passkey before it goes, and without it nothing is removed", async () => {
  const [key] = await keys();
  assert.ok(key !== undefined);
  const { context, page } = await newBrowser();
  await byText(page);
  await page.goto(`${server.issuer}/account/factors/${key.id}/remove`);
  assert.match(page.url(), /\/login\//, "the text is weaker than what would go");
  await page.locator("[data-passkey]").first().waitFor({ state: "attached" });
  // This browser's authenticator does not have the key.
  await page.goto(`${server.issuer}/account/factors/${key.id}/remove`);
  assert.match(page.url(), /\/login\//);
  assert.equal((await keys()).length, 1);
  await context.close();
});
