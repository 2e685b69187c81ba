/** The way back for an administrator: a link from the host, a new password, a new phone, and the others are told. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Secret } from "../../src/core/secret.ts";
import { recoverAdministrator } from "../../src/surfaces/admin/host/administrators.ts";
import { callApi } from "../kit/admin.ts";
import { deviceTokens, ROOT_PHONE } from "../kit/device.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { GRACE, PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { formOf, type TestVisitor, textOf } from "../kit/visitor.ts";

const server = await startServer({ pace: 0.1 });
const { parts } = server;
const NEW = "a new way in, well kept";
const NEW_PHONE = "+447911123456";
const idOf = async (name: string) => (await parts.directory.find(name))?.id ?? assert.fail(name);
const root = await idOf("root");
const grace = await idOf("grace");
await parts.directory.write?.setRoles(grace, ["admin"]);

async function linkFor(name: string): Promise<string> {
  const said = await recoverAdministrator(parts, name);
  assert.equal(said.ok, true, said.text);
  const link = /http\S+/.exec(said.text)?.[0] ?? assert.fail(said.text);
  assert.match(link, /\/admin\/recover\/[\w-]{43}$/);
  return link;
}
const fill = async (visitor: TestVisitor, link: string, password = NEW, repeat = password) =>
  visitor.submit(await visitor.get(link), { password, repeat });
const phonesOf = async (id: string) => (await parts.authenticators.list(id, "sms")).length;

async function texts(to: string, part: RegExp): Promise<readonly string[]> {
  const until = Date.now() + 12_000;
  for (;;) {
    const found = (await server.simulator.messages()).filter((one) => one.to === to && part.test(one.body));
    if (found.length > 0 || Date.now() > until) return found.map(({ body }) => body);
    await pause(100);
  }
}

test("only an active administrator can be named", async () => {
  for (const [name, said] of [
    ["nobody", /There is no user nobody/],
    ["ada", /ada is no active administrator/],
  ] as const) {
    const { ok, text } = await recoverAdministrator(parts, name);
    assert.deepEqual([ok, said.test(text)], [false, true], text);
  }
});

describe("the link", () => {
  test("L02: stands in no log, also where every answer is logged", async () => {
    await parts.settings.change({
      change: (document) => ({ ...document, logging: { ...document.logging, http: true, level: "trace" } }),
      by: "test",
      what: "logs",
    });
    const link = await linkFor("root");
    assert.equal((await server.visitor().get(link)).status, 200);
    const log = () => readFileSync(join(server.folder, "logs", "server.log"), "utf8");
    for (let tries = 0; tries < 200 && !log().includes("/admin/recover/"); tries += 1) await pause(10);
    assert.match(log(), /path=\/admin\/recover\/-\s/);
    assert.equal(log().includes(link.slice(-43)), false);
  });

  test("M24: looking at it does nothing; the wrong form, another browser's and another site's change nothing", async () => {
    const link = await linkFor("root");
    const before = await parts.directory.get(root);
    const visitor = server.visitor();
    const page = await visitor.get(link);
    assert.match(textOf(page.body), /A way back in .*Your phones are taken away/);
    assert.match(page.body, /value="root"[^>]*readonly/);
    await visitor.get(link);
    for (const [fields, headers] of [
      [{ csrf: "" }, {}],
      [{ csrf: formOf(await server.visitor().get(link)).fields.csrf ?? "" }, {}],
      [{}, { "sec-fetch-site": "cross-site" }],
      [{}, { origin: "https://evil.example.test" }],
    ] as const) {
      const answer = await visitor.submit(page, { password: NEW, repeat: NEW, ...fields }, headers);
      assert.equal(answer.status, 403);
    }
    const differ = await fill(visitor, link, NEW, "something else");
    assert.match(textOf(differ.body), /These two are not the same/);
    const weak = await fill(visitor, link, "password");
    assert.match(textOf(weak.body), /This password cannot be taken/);
    assert.deepEqual(await parts.directory.get(root), before);
    assert.equal(await phonesOf(root), 1);
    for (const method of ["PUT", "DELETE", "HEAD"])
      assert.equal((await fetch(link, { method })).status, 405, method);
    assert.match(String(page.headers["content-security-policy"]), /frame-ancestors 'none'/);
    assert.deepEqual(
      [page.headers["cache-control"], page.headers["referrer-policy"]],
      ["no-store", "no-referrer"],
    );
  });

  test("one that was never given, has run out or was replaced gets one page", async () => {
    const first = await linkFor("root");
    const second = await linkFor("root");
    const never = `${server.issuer}/admin/recover/${"x".repeat(43)}`;
    assert.equal((await server.visitor().get(first)).status, 404, "a newer one voids it");
    assert.equal((await server.visitor().get(second)).status, 200);
    server.advance(601_000);
    const [old, none] = await Promise.all([server.visitor().get(second), server.visitor().get(never)]);
    assert.deepEqual([old.status, old.body], [404, none.body]);
    assert.match(textOf(old.body), /This link is no longer good/);
  });

  test("is void once its person administers no more", async () => {
    const link = await linkFor("root");
    const visitor = server.visitor();
    const page = await visitor.get(link);
    await parts.directory.write?.setRoles(root, ["auditor"]);
    assert.equal((await visitor.submit(page, { password: NEW, repeat: NEW })).status, 404);
    await parts.directory.write?.setRoles(root, ["admin"]);
    assert.equal((await parts.directory.checkPassword("root", new Secret(PASSWORD))).kind, "right");
  });

  test("of parallel uses one counts", async () => {
    const link = await linkFor("root");
    const visitors = [server.visitor(), server.visitor(), server.visitor()];
    const pages = await Promise.all(visitors.map((visitor) => visitor.get(link)));
    const answers = await Promise.all(
      visitors.map((visitor, at) =>
        visitor.submit(pages[at] ?? assert.fail(), { password: `${NEW} ${at}`, repeat: `${NEW} ${at}` }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404, 404]);
    await parts.directory.write?.setPassword(root, new Secret(PASSWORD));
  });
});

test("L08 M24: the administrator sets a password, everything old ends, a new phone is bound, and the others are told", async () => {
  // The test before has taken root's phone; it is bound anew, as an attacker or root would have one.
  const data = { number: ROOT_PHONE, country: "US", verifiedAt: Date.now() };
  await parts.authenticators.bind({
    subject: root,
    kind: "sms",
    key: parts.phoneKey(ROOT_PHONE),
    data,
    boundBy: "demo",
  });
  const old = server.visitor();
  const tokens = await deviceTokens(server, "root", ROOT_PHONE, old);
  const spa = await createRelyingParty(server);
  const before = (await server.simulator.messages()).length;

  const visitor = server.visitor();
  const done = await fill(visitor, await linkFor("root"));
  assert.equal(done.url.pathname, "/admin/recover/done", "a post is answered by a redirect");
  assert.match(textOf(done.body), /Your password is set/);
  assert.equal(visitor.cookie("sallyport_session"), undefined, "it signs nobody in");

  assert.equal((await callApi(server, tokens.access_token, "GET", "/api/v1/acrs")).status, 401);
  assert.equal((await spa.refusal(old, { prompt: "none" })).get("error"), "login_required");
  assert.equal(await phonesOf(root), 0);
  assert.equal((await parts.directory.checkPassword("root", new Secret(PASSWORD))).kind, "wrong");

  const begun = await spa.begin({ acr_values: "twilio_sms" });
  const phonePage = await typePassword(visitor, await visitor.get(begun.url.href), "root", NEW);
  const sent = (await server.simulator.messages()).length;
  const codePage = await visitor.submit(phonePage, { phone: NEW_PHONE, country: "GB" });
  const code = await server.simulator.codeAfter(sent, NEW_PHONE);
  await spa.redeem(begun, await visitor.submit(codePage, { code }));
  assert.equal(await phonesOf(root), 1);

  const opened = await texts(GRACE, /a way back in was opened for the administrator root/);
  const used = await texts(GRACE, /root has a new password by recovery/);
  assert.ok(opened.length > 0 && used.length > 0);
  for (const body of [...opened, ...used]) {
    assert.match(body, /^Sallyport: /);
    assert.ok(body.length <= 160, `${body.length}`);
    assert.doesNotMatch(body, /recover\/|http/, "no link");
  }
  const toRoot = (await server.simulator.messages()).slice(before).filter(({ to }) => to === ROOT_PHONE);
  assert.deepEqual(toRoot, [], "not to whom it is about");
  const kinds = (await parts.audit.query({ subject: root, limit: 30 })).map(({ kind }) => kind);
  for (const kind of [
    "recovery-opened",
    "recovery-used",
    "authenticator-unbound",
    "enrolment-opened",
    "session-ended",
  ])
    assert.ok(kinds.includes(kind as (typeof kinds)[number]), kind);
  const told = await parts.audit.query({ kind: "notice-sent", limit: 20 });
  const ofRecovery = told.filter(({ facts }) => /^recovery-/.test(String(facts?.notice)));
  assert.ok(ofRecovery.length > 0 && ofRecovery.every(({ subject }) => subject === grace));
});

test("the others are told of a new administrator, whatever way they became one", async () => {
  const ada = await idOf("ada");
  await parts.directory.write?.setRoles(ada, ["helpdesk"]);
  await parts.directory.write?.setRoles(ada, ["admin"]);
  await parts.directory.write?.setRoles(ada, ["admin", "auditor"]);
  const told = await texts(GRACE, /ada is an administrator now/);
  assert.equal(told.length, 1);
  await parts.directory.write?.setRoles(ada, []);
});
