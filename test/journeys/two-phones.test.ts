/** Who has several phones: the code goes to the one they chose, and to another one of their own when they ask. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { begin, claims, grantOf } from "../attacks/attacker.ts";
import { GRACE, startServer, typePassword } from "../kit/server.ts";
import { formOf, type Seen, textOf } from "../kit/visitor.ts";

const SECOND = "+12025550188";
const server = await startServer({ settings: { limits: { sendsPerLogin: 3 } } });
const { directory, authenticators, phoneKey, now } = server.parts;
const idOf = async (name: string) => (await directory.find(name))?.id ?? assert.fail(name);
const bind = async (name: string, number: string) =>
  authenticators.bind({
    subject: await idOf(name),
    kind: "sms",
    key: phoneKey(number),
    data: { number, country: "US", verifiedAt: now() },
    // As if long ago: no number that has just come.
    boundBy: "demo",
  });
const second = await bind("grace", SECOND);
const stranger = await bind("ada", "+12025550190");
const count = async () => (await server.simulator.messages()).length;
const idIn = ({ body }: Seen): string =>
  /name="phone" value="([^"]+)"/.exec(body)?.[1] ?? assert.fail(textOf(body));

test("a code goes to another of the person's phones; the one that was sent before is worth nothing any more", async () => {
  const visitor = server.visitor();
  const before = await count();
  const page = await typePassword(visitor, await begin(server, visitor), "grace");
  const old = await server.simulator.codeAfter(before, GRACE);
  assert.match(textOf(page.body), /Send a code to •••• 88 instead/);
  assert.ok(!page.body.includes(SECOND.slice(0, -2)), "no more of it than two digits");
  assert.equal(idIn(page), second.id);
  const sent = await count();
  const other = await visitor.submit(page, { phone: second.id });
  const code = await server.simulator.codeAfter(sent, SECOND);
  assert.match(textOf(other.body), /•••• 88/);
  assert.match(textOf(other.body), /Send a code to •••• 43 instead/);
  if (old !== code) {
    const wrong = await visitor.submit(other, { code: old });
    assert.equal(grantOf(wrong), undefined);
  }
  const done = await visitor.submit(await visitor.get(page.url.href), { code });
  assert.ok(grantOf(done), textOf(done.body));
  const told = await claims(server, done);
  assert.deepEqual(told.amr, ["pwd", "sms", "mfa"]);
});

test("O15 M09: nobody else's phone can be named, and the texts of a login stay bounded", async () => {
  const visitor = server.visitor();
  let at = await typePassword(visitor, await begin(server, visitor), "grace");
  let sent = await count();
  for (const phone of [stranger.id, "+12025550190", "", "0"]) {
    at = await visitor.submit(at, { phone });
    assert.equal(await count(), sent, phone);
    assert.ok(formOf(at).fields.csrf !== undefined, "they are still at the code page");
  }
  for (let n = 0; n < 4; n += 1) {
    at = await visitor.submit(at, { phone: idIn(at) });
    sent = Math.max(sent, await count());
  }
  const first = (await server.simulator.messages()).filter(({ to }) => to === GRACE || to === SECOND);
  // Two of the story before, three of this login.
  assert.equal(first.length, 5);
  assert.match(textOf(at.body), /asked for enough codes|no more codes|again/i);
});

test("who has one phone is offered none", async () => {
  const visitor = server.visitor();
  const page = await typePassword(visitor, await begin(server, visitor), "ada");
  assert.doesNotMatch(page.body, /name="phone"/);
});
