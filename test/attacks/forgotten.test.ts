/**
 * Forgotten passwords, by whoever should not get in: names that are asked for, links that are used again, stolen, raced
 * and guessed, the second factor left out. What must not work.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Secret } from "../../src/core/secret.ts";
import { forgets, linkOf, NEXT, startForgetful, toNewPassword } from "../kit/forgotten.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { GRACE, PASSWORD, startServer, type TestServer, typePassword } from "../kit/server.ts";
import { formOf, textOf } from "../kit/visitor.ts";

const still = async (server: TestServer, name = "grace") =>
  assert.equal((await server.parts.directory.checkPassword(name, new Secret(PASSWORD))).kind, "right");
const count = async (
  server: TestServer,
  kind: "password-opened" | "password-changed" | "password-forgotten",
) => (await server.parts.audit.query({ kind, limit: 100 })).length;
/** Past what an hour lets through. */
const HOUR = 3_600_001;

test("P11: the answer is the same for every name, and for every name too often", async () => {
  const { server, set } = await startForgetful();
  await set("ada", { email: "ada@example.org", email_verified: false });
  const shape = async (name: string) => {
    const visitor = server.visitor();
    const seen = await forgets(visitor, name);
    const { date: _date, ...headers } = seen.headers;
    return JSON.stringify([seen.status, seen.url.pathname, headers, seen.body, seen.trail.length]);
  };
  const known = await shape("grace");
  for (const name of ["ada", "root", "nobody", "", "x".repeat(5000), "no\0body", "grace' or 1=1 --"])
    assert.equal(await shape(name), known, name.slice(0, 20));
  for (let n = 0; n < 8; n += 1) assert.equal(await shape("grace"), known);
});

test("a flood of wishes is three mails an hour and six a day, whatever names of the person are typed", async () => {
  const { server, letters, results } = await startForgetful();
  for (let n = 0; n < 5; n += 1) await forgets(server.visitor(), n % 2 === 0 ? "grace" : "GRACE");
  await results(5);
  assert.equal(letters().length, 3);
  await forgets(server.visitor(), "grace");
  await pause(1500);
  assert.equal((await results(5)).length, 5, "the sixth of a name is not even taken down");
  for (let hour = 1; hour < 4; hour += 1) {
    server.advance(HOUR);
    const before = (await results(5)).length;
    for (let n = 0; n < 4; n += 1) await forgets(server.visitor(), "grace");
    await results(before + 4);
  }
  assert.equal(letters().length, 6);
});

test("T03: a link works once, also when it is raced; afterwards it is as good as none", async () => {
  const { server, letter } = await startForgetful();
  await forgets(server.visitor(), "grace");
  const link = linkOf(await letter(1));
  const racers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const visitor = server.visitor();
      return { visitor, page: await visitor.get(link) };
    }),
  );
  const seen = await Promise.all(racers.map(({ visitor, page }) => visitor.submit(page, {})));
  assert.equal(seen.filter(({ body }) => /name="code"/.test(body)).length, 1);
  assert.equal(await count(server, "password-opened"), 1);
  assert.equal((await server.visitor().get(link)).status, 404);
  await still(server);
});

test("S01: the second factor cannot be left out, nor the login be carried elsewhere", async () => {
  const { server, letter } = await startForgetful();
  await forgets(server.visitor(), "grace");
  const thief = server.visitor();
  const code = await thief.submit(await thief.get(linkOf(await letter(1))), {});
  const id = code.url.pathname.split("/").at(-1) ?? "";
  for (const form of [
    { password: NEXT },
    { password: NEXT, action: "skip" },
    { password: NEXT, action: "other-method", way: "new-password.opened" },
    { password: NEXT, action: "other-method", way: "factor:password" },
    { code: "", password: NEXT, present: PASSWORD },
  ]) {
    const seen = await thief.submit(await thief.get(code.url.pathname), form);
    assert.doesNotMatch(seen.body, /autocomplete="new-password"/, JSON.stringify(form));
  }
  const stranger = server.visitor();
  assert.equal((await stranger.get(code.url.pathname)).status, 404, "another browser");
  const asSignIn = await thief.get(`/login/${id}`);
  assert.doesNotMatch(asSignIn.body, /name="code"/, "it is no sign-in");
  // The other way about: a login that has shown a password and a code is no way to a new password.
  const rp = await createRelyingParty(server);
  const own = server.visitor();
  const login = await typePassword(own, await own.get((await rp.begin()).url.href), "grace");
  assert.equal((await own.get(`/forgotten/new/${login.url.pathname.split("/").at(-1)}`)).status, 404);
  assert.equal(await count(server, "password-changed"), 0);
  await still(server);
});

test("O06: wrong codes are those of the person, whatever they are typed for", async () => {
  const { server, letter } = await startForgetful();
  for (let round = 1; round <= 2; round += 1) {
    await forgets(server.visitor(), "grace");
    const thief = server.visitor();
    const before = (await server.simulator.messages()).length;
    let page = await thief.submit(await thief.get(linkOf(await letter(round))), {});
    const right = await server.simulator.codeAfter(before, GRACE);
    const wrong = right.startsWith("0") ? `1${right.slice(1)}` : `0${right.slice(1)}`;
    for (let n = 0; n < 5; n += 1) page = await thief.submit(page, { code: wrong });
  }
  const rp = await createRelyingParty(server);
  const own = server.visitor();
  const page = await typePassword(own, await own.get((await rp.begin()).url.href), "grace");
  assert.match(textOf(page.body), /Too many wrong codes/, "the pause holds at the sign-in as well");
});

test("what is changed at the account voids the links of before: password, address, status, a role", async () => {
  const { server, set, letter } = await startForgetful();
  const { directory } = server.parts;
  const id = (await directory.find("grace"))?.id ?? assert.fail();
  const acts: (() => Promise<unknown>)[] = [
    async () => directory.write?.setPassword(id, new Secret(NEXT)),
    () => set("grace", { email: "thief@example.org" }),
    async () => directory.write?.setStatus(id, "disabled"),
    async () => directory.write?.setRoles(id, ["helpdesk"]),
  ];
  for (const [index, act] of acts.entries()) {
    await forgets(server.visitor(), "grace");
    const link = linkOf(await letter(index + 1));
    const visitor = server.visitor();
    const page = await visitor.get(link);
    await act();
    const over = await visitor.submit(page, {});
    assert.equal(over.status, 404, `after act ${index}`);
    await directory.write?.setStatus(id, "active");
    await directory.write?.setPassword(id, new Secret(PASSWORD));
    await set("grace", { email: "grace@example.org", email_verified: true });
    server.advance(HOUR);
  }
  assert.equal(await count(server, "password-opened"), 0);
});

test("a change of the account while the login is under way ends it before a password is set", async () => {
  const { server, set, letter } = await startForgetful();
  await forgets(server.visitor(), "grace");
  const visitor = server.visitor();
  const page = await toNewPassword(server, visitor, linkOf(await letter(1)));
  await set("grace", { email: "another@example.org" });
  const over = await visitor.submit(page, { password: NEXT });
  assert.equal(over.status, 403);
  await still(server);
});

test("two links of one person: the first that comes to its end voids the other, also one that is under way", async () => {
  const { server, letter } = await startForgetful();
  await forgets(server.visitor(), "grace");
  await letter(1);
  await forgets(server.visitor(), "grace");
  const [one, other] = [server.visitor(), server.visitor()];
  const first = await toNewPassword(server, one, linkOf(await letter(1)));
  server.advance(31_000);
  const second = await toNewPassword(server, other, linkOf(await letter(2)));
  assert.match(textOf((await one.submit(first, { password: NEXT })).body), /is set/);
  assert.equal((await other.submit(second, { password: `${NEXT} again` })).status, 403);
  assert.equal((await server.parts.directory.checkPassword("grace", new Secret(NEXT))).kind, "right");
});

test("guessed links cost nothing and say nothing; a link is over after its time", async () => {
  const { server, letter } = await startForgetful();
  const visitor = server.visitor();
  const odd = ["", "x", "..%2f..", "A".repeat(43), "A".repeat(9000), "%00"];
  const bodies = new Set<string>();
  for (const token of odd) {
    const seen = await visitor.get(`/forgotten/link?t=${token}`);
    if (seen.status === 404) bodies.add(seen.body);
    else assert.ok(seen.status >= 400 && seen.status < 500, `${token}: ${seen.status}`);
  }
  assert.equal(bodies.size, 1);
  assert.ok((await visitor.get("/forgotten/link?t=a&t=b")).status === 404);
  await forgets(server.visitor(), "grace");
  const link = linkOf(await letter(1));
  server.advance(21 * 60_000);
  assert.equal((await visitor.get(link)).status, 404);
});

test("P13: tickets are tried like passwords: one person's is good for nobody else, and many wrong ones have to wait", async () => {
  const server = await startServer({ hashCost: { memory: 256, passes: 1, lanes: 1 } });
  const user = (await server.parts.directory.find("grace")) ?? assert.fail();
  const { ticket } = await server.parts.passwordOpenings.ticket(user, "help desk");
  const visitor = server.visitor();
  let page = await visitor.get("/forgotten/ticket");
  page = await visitor.submit(page, { username: "ada", ticket: ticket.reveal() });
  assert.match(textOf(page.body), /do not belong together/);
  const said = textOf(page.body);
  page = await visitor.submit(page, { username: "nobody", ticket: ticket.reveal() });
  assert.equal(textOf(page.body), said, "a name that nobody has looks the same");
  for (let n = 0; n < 6; n += 1)
    page = await visitor.submit(page, { username: "grace", ticket: `WRONG${n}` });
  page = await visitor.submit(page, { username: "grace", ticket: ticket.reveal() });
  assert.match(textOf(page.body), /Too many wrong passwords/, "also the right one has to wait");
  assert.equal(await count(server, "password-opened"), 0);
  await still(server);

  const again = await server.parts.passwordOpenings.ticket(user, "help desk");
  assert.notEqual(again.ticket.reveal(), ticket.reveal());
  server.advance(HOUR);
  const late = server.visitor();
  const over = await late.submit(await late.get("/forgotten/ticket"), {
    username: "grace",
    ticket: again.ticket.reveal(),
  });
  assert.match(textOf(over.body), /do not belong together/, "over after an hour");
});

test("M16, S10: no other name in the mail, no form of another site, no link in the audit or in what an operator is told", async () => {
  const { server, letter } = await startForgetful();
  const visitor = server.visitor();
  const page = await visitor.get("/forgotten");
  const { action, fields } = formOf(page);
  const post = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${server.port}${action}`, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams({ ...fields, username: "grace" }),
    });
  const poisoned = await post({ host: "evil.example", "x-forwarded-host": "evil.example" });
  assert.notEqual(poisoned.status, 303);
  const foreign = await post({ "sec-fetch-site": "cross-site", "x-forwarded-host": "evil.example" });
  assert.notEqual(foreign.status, 303);
  await forgets(visitor, "grace");
  const link = linkOf(await letter(1));
  assert.equal(new URL(link).origin, server.issuer);
  assert.equal(await count(server, "password-forgotten"), 1);
  assert.ok(!JSON.stringify(server.problems).includes(link.split("t=")[1] ?? "?"));
  const rows = JSON.stringify(await server.parts.audit.page({ limit: 200 }));
  assert.ok(!rows.includes(link.split("t=")[1] ?? "?"));
});

test("a number that has just come opens no new password, and a factor bound meanwhile ends a ticket's login", async () => {
  const server = await startServer({ hashCost: { memory: 256, passes: 1, lanes: 1 } });
  const ada = (await server.parts.directory.find("ada")) ?? assert.fail();
  const { ticket } = await server.parts.passwordOpenings.ticket(ada, "help desk");
  const visitor = server.visitor();
  const page = await visitor.submit(await visitor.get("/forgotten/ticket"), {
    username: "ada",
    ticket: ticket.reveal(),
  });
  assert.match(textOf(page.body), /Choose a new password/);
  await server.parts.authenticators.bind({
    subject: ada.id,
    kind: "sms",
    key: server.parts.phoneKey("+447911123456"),
    data: { number: "+447911123456", country: "GB", verifiedAt: Date.now() },
    boundBy: "window",
  });
  assert.equal((await visitor.submit(page, { password: NEXT })).status, 403);
  await still(server, "ada");
});
