/**
 * Somebody has the password and guesses at the code, through the pages alone: from as many browsers and addresses as they
 * like, with as much time as they like. What is counted is what was compared, as the audit has it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GRACE, startServer, typePassword } from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";
import { begin, grantOf, ROOT } from "./attacker.ts";

const HOUR = 3_600_000;
const server = await startServer({ config: { trustedProxies: ["127.0.0.1"] } });
const grace = (await server.parts.directory.find("grace"))?.id ?? assert.fail("no grace");

let addresses = 0;
/** Another browser at another address. */
const stranger = (): TestVisitor => {
  addresses += 1;
  return server.visitor({ headers: { "x-forwarded-for": `198.51.100.${addresses}` } });
};
const wrongOf = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");

/** Wrong codes that were compared with the right one. */
async function compared(): Promise<number> {
  const wrong = await server.parts.audit.query({ kind: "code-wrong", subject: grace, limit: 500 });
  return wrong.filter(({ facts }) => facts?.result === "wrong").length;
}

/** The codes that were sent; a notice that somebody knows the password is a text as well. */
const codes = async (phone = GRACE): Promise<readonly string[]> =>
  (await server.simulator.messages()).flatMap(({ to, body }) =>
    to === phone ? (/#(\d{6})$/.exec(body)?.[1] ?? []) : [],
  );

/** Signs in with the password; answers the page that follows and the code that was sent, if one was. */
async function withPassword(visitor: TestVisitor): Promise<{ page: Seen; code: string | undefined }> {
  const before = await codes();
  const page = await typePassword(visitor, await begin(server, visitor), "grace");
  return { page, code: (await codes())[before.length] };
}

async function guess(visitor: TestVisitor, page: Seen, code: string, times: number): Promise<Seen> {
  let at = page;
  for (let n = 0; n < times && /name="code"/.test(at.body); n += 1)
    at = await visitor.submit(at, { code: wrongOf(code) });
  return at;
}

test("O07 CVE-2026-128332: a right password gives no try back, however often it is shown", async () => {
  const before = await compared();
  for (let login = 0; login < 12; login += 1) {
    const visitor = stranger();
    const { page, code } = await withPassword(visitor);
    if (code === undefined) assert.match(textOf(page.body), /Too many wrong codes/);
    else await guess(visitor, page, code, 1);
  }
  assert.equal((await compared()) - before, 10, "one a login, and a pause after the tenth");
});

test("O05 O07: a resend gives no try back, and keeps the code", async () => {
  server.advance(HOUR);
  const visitor = stranger();
  const { page, code = assert.fail("no code") } = await withPassword(visitor);
  const before = await compared();
  let at = await guess(visitor, page, code, 4);
  server.advance(31_000);
  const count = (await codes()).length;
  at = await visitor.submit(at, { action: "resend" });
  assert.deepEqual((await codes()).slice(count), [code]);
  at = await guess(visitor, at, code, 3);
  assert.equal((await compared()) - before, 5);
  assert.equal(grantOf(await visitor.submit(await visitor.get(page.url.href), { code })), undefined);
});

test("O06 M02: with all the time in the world fifty codes are compared; then the factor is off, and the right code comes too late", async () => {
  let last: { visitor: TestVisitor; page: Seen; code: string } | undefined;
  for (let login = 0; login < 30; login += 1) {
    server.advance(HOUR + 60_000);
    const visitor = stranger();
    const { page, code } = await withPassword(visitor);
    if (code === undefined) break;
    // The last of every pause keeps a second door open, to come back with the right code.
    const other = stranger();
    const second = await withPassword(other);
    if (second.code !== undefined) last = { visitor: other, page: second.page, code: second.code };
    await guess(visitor, page, code, 9);
    if ((await compared()) >= 50) break;
  }
  assert.equal(await compared(), 50);
  const { visitor, page, code } = last ?? assert.fail("no login");
  const seen = await visitor.submit(page, { code });
  assert.equal(grantOf(seen), undefined);
  assert.match(textOf(seen.body), /Codes by text are switched off/);
  const count = (await codes()).length;
  const { page: next } = await withPassword(stranger());
  assert.match(textOf(next.body), /Codes by text are switched off/);
  assert.equal((await codes()).length, count, "and nothing is sent any more");
});

test("O06: another person is not touched by any of it", async () => {
  const visitor = server.visitor();
  const page = await typePassword(visitor, await begin(server, visitor), "root");
  assert.ok(grantOf(await visitor.submit(page, { code: (await codes(ROOT)).at(-1) ?? "" })));
});
