/** Authenticator app and recovery codes from the account pages to the sign-in and back, by a browser without JavaScript. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TOTP } from "otpauth";
import { atAccount, linkIn, SECOND, secondPhone, send, toldAfter } from "../kit/account.ts";
import { GRACE, startServer, type TestServer, twoSteps, typePassword } from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ALL = ["simple_password_auth", "twilio_sms", "otp", "fido2", "recovery_code"];

async function open() {
  const server = await startServer({
    pace: 0.1,
    settings: { acrs: { enabled: ALL, default: "twilio_sms" }, limits: { passkeyOfferDays: 0 } },
  });
  let skew = 0;
  const grace = (await server.parts.directory.find("grace"))?.id ?? assert.fail("no grace");
  return {
    server,
    grace,
    advance(ms: number) {
      skew += ms;
      server.advance(ms);
    },
    /** What an app shows now. */
    codeOf: (secret: string) => new TOTP({ secret }).generate({ timestamp: Date.now() + skew }),
    held: (kind: string) => server.parts.authenticators.list(grace, kind),
    claims: async (visitor: TestVisitor) =>
      JSON.parse((await visitor.get("/demo/claims")).body) as { acr: string; amr: string[] },
  };
}

const secretOn = ({ body }: Seen): string =>
  /class="user-code shown secret"[^>]*>([^<]+)</.exec(body)?.[1]?.replaceAll(" ", "") ??
  assert.fail(textOf(body).slice(0, 300));
const codesOn = ({ body }: Seen): readonly string[] =>
  [...body.matchAll(/<code>([^<]+)<\/code>/g)].map(([, code = ""]) => code);
const countOf = async (server: TestServer) => (await server.simulator.messages()).length;

test("P08: an app is added by its secret in text, signs in, is removed after it was shown, and comes back by the link", async () => {
  const { server, advance, codeOf, held, claims } = await open();
  const { visitor, page } = await atAccount(server);
  assert.match(textOf(page.body), /Add an authenticator app/);
  let before = await countOf(server);
  const ask = await visitor.get("/account/add/totp");
  assert.match(textOf(ask.body), /Add another way/);
  const enrol = await visitor.submit(ask, {});
  assert.match(enrol.url.pathname, /^\/login/, "by the server's own walk");
  const secret = secretOn(enrol);
  const wrong = await visitor.submit(enrol, { code: "000000", label: "Tablet" });
  assert.match(textOf(wrong.body), /not the one|not yet|not match|again/i);
  assert.equal((await held("totp")).length, 0);
  const added = await visitor.submit(wrong, { code: codeOf(secret), label: "Tablet" });
  assert.equal(added.url.pathname, "/account");
  assert.match(textOf(added.body), /It is added/);
  assert.match(textOf(added.body), /Tablet/);
  assert.match(textOf(added.body), /well protected/, "the account is strong now");
  const addedLink = linkIn(await toldAfter(server, before, GRACE, /Undo/));
  const [app] = await held("totp");

  const named = await send(visitor, added, `/account/factors/${app?.id}/name`, { nickname: "Kitchen" });
  assert.match(textOf(named.body), /Kitchen/);

  // Signing in by it.
  advance(MINUTE);
  const other = server.visitor();
  const asked = await typePassword(other, await other.get("/demo/login?acr_values=otp"), "grace");
  await other.submit(asked, { code: codeOf(secret) });
  assert.deepEqual((await claims(other)).acr, "otp");

  // The text that opened these pages is weaker than the app: it has to be shown before it goes.
  before = await countOf(server);
  const stepUp = await visitor.get(`/account/factors/${app?.id}/remove`);
  assert.match(stepUp.url.pathname, /^\/login/);
  assert.match(textOf(stepUp.body), /authenticator app/);
  advance(MINUTE);
  const sure = await visitor.submit(stepUp, { code: codeOf(secret) });
  assert.equal(sure.url.pathname, `/account/factors/${app?.id}/remove`);
  assert.match(textOf(sure.body), /Remove Kitchen\?/);
  const removed = await visitor.submit(sure, {});
  assert.match(textOf(removed.body), /It is removed/);
  assert.equal((await held("totp")).length, 0);

  const link = linkIn(await toldAfter(server, before, GRACE, /Undo/));
  assert.notEqual(link, addedLink);
  advance(71 * HOUR);
  const stranger = server.visitor();
  await stranger.submit(await stranger.get(link), {});
  const [back] = await held("totp");
  assert.equal((back?.data as { nickname?: string } | undefined)?.nickname, "Kitchen");
  assert.equal(back?.boundBy, "undo");
  assert.match((await visitor.get("/account")).url.pathname, /^\/login/, "every session has ended");
  const again = server.visitor();
  const code = await typePassword(again, await again.get("/demo/login?acr_values=otp"), "grace");
  await again.submit(code, { code: codeOf(secret) });
  assert.equal((await claims(again)).acr, "otp", "and the same app signs in as before");
});

test("P08: the link of an app that was added works for 72 hours and takes it away", async () => {
  const { server, advance, codeOf, held } = await open();
  const { visitor } = await atAccount(server);
  const before = await countOf(server);
  const enrol = await visitor.submit(await visitor.get("/account/add/totp"), {});
  await visitor.submit(enrol, { code: codeOf(secretOn(enrol)), label: "" });
  const link = linkIn(await toldAfter(server, before, GRACE, /Undo/));
  const stranger = server.visitor();
  advance(71 * HOUR);
  const ask = await stranger.get(link);
  assert.match(textOf(ask.body), /Take it back\?/);
  advance(2 * HOUR);
  assert.match(textOf((await stranger.submit(ask, {})).body), /no longer good/);
  assert.equal((await held("totp")).length, 1, "after three days it stays");
});

test("last used is each one's own: of two phones and two apps those that were not used say when they came", async () => {
  const { server, grace, advance, codeOf } = await open();
  const second = await secondPhone(server);
  const secrets = ["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"];
  for (const [index, secret] of secrets.entries())
    await server.parts.authenticators.bind({
      subject: grace,
      kind: "totp",
      key: `app ${index}`,
      data: { secret, label: `App ${index}`, lastStep: 0 },
      boundBy: "demo",
    });
  // The code goes to the second phone, at the person's word.
  const visitor = server.visitor();
  const page = await typePassword(visitor, await visitor.get("/demo/login?acr_values=twilio_sms"), "grace");
  const before = await countOf(server);
  const other = await visitor.submit(page, { phone: second.id, code: "" });
  await visitor.submit(other, { code: await server.simulator.codeAfter(before, SECOND) });
  advance(MINUTE);
  const byApp = server.visitor();
  const asked = await typePassword(byApp, await byApp.get("/account"), "grace");
  const app = await byApp.submit(asked, { action: "other-method" });
  const way = /name="way" value="([^"]+)"[^>]*>[^<]*app/i.exec(app.body)?.[1];
  const totp = way === undefined ? app : await byApp.submit(app, { action: "other-method", way });
  const overview = await byApp.submit(totp, { code: codeOf(secrets[1] ?? "") });
  assert.equal(overview.url.pathname, "/account", textOf(overview.body).slice(0, 400));
  const rows = [...overview.body.matchAll(/<li>[\s\S]*?<\/li>/g)].map(([row]) => textOf(row));
  const usedOf = (name: string) =>
    /Last used/.test(rows.find((row) => row.includes(name)) ?? assert.fail(name));
  assert.deepEqual(["•••• 43", "•••• 56", "App 0", "App 1"].map(usedOf), [false, true, false, true]);
});

test("O22: ten codes are made, kept, used once each; at three the next sign-in says so, and the list is renewed", async () => {
  const { server, advance, held, claims } = await open();
  const { visitor } = await atAccount(server);
  let before = await countOf(server);
  const made = await visitor.submit(await visitor.get("/account/add/recovery-code"), {});
  const codes = codesOn(made);
  assert.equal(new Set(codes).size, 10);
  const file = /href="data:text\/plain;charset=utf-8,([^"]+)" download="recovery-codes.txt"/.exec(
    made.body,
  )?.[1];
  assert.deepEqual(
    decodeURIComponent(file ?? "")
      .trim()
      .split("\r\n"),
    codes,
    "the download has what is shown",
  );
  assert.match(made.body, /data-print/, "and there is a button to print them");
  const kept = await visitor.submit(made, { kept: "yes" });
  assert.equal(kept.url.pathname, "/account");
  assert.match(textOf(kept.body), /It is added/);
  assert.match(textOf(kept.body), /10 codes left/);
  assert.doesNotMatch(kept.body, new RegExp(codes[0] ?? "none"), "they are never shown again");
  await toldAfter(server, before, GRACE, /Undo/);

  /** Signs in with a code in place of the phone; the page after it. */
  async function recover(code: string) {
    const one = server.visitor();
    const page = await typePassword(one, await one.get("/demo/login?acr_values=twilio_sms"), "grace");
    const asked = await one.submit(page, { action: "other-method" });
    assert.match(asked.body, /code-recovery/, textOf(asked.body));
    return { visitor: one, page: await one.submit(asked, { code }) };
  }
  before = await countOf(server);
  const first = await recover(codes[0] ?? "");
  assert.equal((await claims(first.visitor)).acr, "recovery_code");
  await toldAfter(server, before, GRACE, /recovery code/i);
  for (const code of codes.slice(1, 6)) {
    advance(HOUR);
    assert.equal((await recover(code)).page.url.pathname, "/demo");
  }
  advance(HOUR);
  const few = await recover(codes[6] ?? "");
  assert.match(textOf(few.page.body), /Few of your recovery codes are left/);
  const skipped = await few.visitor.submit(few.page, { action: "skip" });
  assert.equal(skipped.url.pathname, "/demo");

  // The pages say it as well, and make new ones; the old ones are over.
  const later = server.visitor();
  const overview = await twoSteps(server, later, await later.get("/account"));
  assert.match(textOf(overview.body), /Few left 3 codes left/);
  const anew = await later.submit(await later.get("/account/add/recovery-code"), {});
  const fresh = codesOn(anew);
  assert.equal(new Set([...fresh, ...codes]).size, 20);
  const renewed = await later.submit(anew, { kept: "yes" });
  assert.match(textOf(renewed.body), /10 codes left/);
  assert.equal((await held("recovery-code")).length, 1);
  advance(HOUR);
  assert.match(textOf((await recover(codes[7] ?? "")).page.body), /not right, or has been used/);
  advance(HOUR);
  assert.equal((await recover(fresh[0] ?? "")).page.url.pathname, "/demo");
});

test("P18: recovery codes are removed after a factor was shown, and come back by the link", async () => {
  const { server, held } = await open();
  const { visitor } = await atAccount(server);
  await visitor.submit(await visitor.submit(await visitor.get("/account/add/recovery-code"), {}), {
    kept: "yes",
  });
  const [list] = await held("recovery-code");
  await toldAfter(server, 0, GRACE, /Undo/);
  const before = await countOf(server);
  const ask = await visitor.get(`/account/factors/${list?.id}/remove`);
  assert.match(textOf(ask.body), /Remove .*\?/);
  assert.match(textOf((await visitor.submit(ask, {})).body), /It is removed/);
  assert.equal((await held("recovery-code")).length, 0);
  const stranger = server.visitor();
  await stranger.submit(await stranger.get(linkIn(await toldAfter(server, before, GRACE, /Undo/))), {});
  assert.equal((await held("recovery-code")).length, 1);
});
