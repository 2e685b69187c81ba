/** Who may bind a phone at sign-in, under each policy and after a phone is gone (issue 2 point 5, O21, M11). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AuditKind } from "../../src/core/audit.ts";
import { openEnrolment } from "../../src/surfaces/admin/host/people.ts";
import { startServer, type TestServer, typePassword } from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const HOUR = 3_600_000;
const GRACE_ALONE = "+12025550143";

// Opened outside the suites: what is opened in a `before` is closed again when the hook ends.
const servers = [
  await startServer(),
  await startServer({ settings: { enrolment: "ticket" } }),
  await startServer({ settings: { enrolment: "off" } }),
] as const;

/** A browser at the page after name and password. */
async function afterPassword(
  server: TestServer,
  username: string,
): Promise<{ visitor: TestVisitor; page: Seen }> {
  const visitor = server.visitor();
  const start = await visitor.get("/demo/login?acr_values=twilio_sms");
  return { visitor, page: await typePassword(visitor, start, username) };
}

/** Types number (and ticket) and the code that came; answers the page after. */
async function bind(
  server: TestServer,
  { visitor, page }: { visitor: TestVisitor; page: Seen },
  phone: string,
  ticket?: string,
): Promise<Seen> {
  const { codePage, code } = await toCode(server, { visitor, page }, phone, ticket);
  return visitor.submit(codePage, { code });
}

async function toCode(
  server: TestServer,
  { visitor, page }: { visitor: TestVisitor; page: Seen },
  phone: string,
  ticket?: string,
) {
  const sent = (await server.simulator.messages()).length;
  const codePage = await visitor.submit(page, { phone, ...(ticket === undefined ? {} : { ticket }) });
  assert.match(codePage.body, /name="code"/, textOf(codePage.body).slice(0, 300));
  return { codePage, code: await server.simulator.codeAfter(sent, phone) };
}

const idOf = async (server: TestServer, name: string): Promise<string> =>
  (await server.parts.directory.find(name))?.id ?? assert.fail(`no ${name}`);

const phonesOf = async (server: TestServer, name: string) =>
  server.parts.authenticators.list(await idOf(server, name), "sms");

const last = async (server: TestServer, name: string, kind: AuditKind) =>
  (await server.parts.audit.query({ kind, subject: await idOf(server, name), limit: 1 }))[0];

async function lose(server: TestServer, name: string): Promise<void> {
  for (const { id } of await phonesOf(server, name))
    await server.parts.authenticators.unbind(id, "test", "lost");
}

async function ticketFor(server: TestServer, name: string): Promise<string> {
  const { ok, text } = await openEnrolment(server.parts, name, "ticket", "seen in person");
  assert.equal(ok, true);
  return /: ([0-9A-Z-]{19})$/.exec(text)?.[1] ?? assert.fail(text);
}

const signedIn = (server: TestServer, page: Seen): boolean => page.url.href === `${server.issuer}/demo`;
const asksForTicket = (page: Seen): boolean => /name="ticket"/.test(page.body);

describe("policy password-once", () => {
  const server = servers[0];

  test("a person who never had a factor binds one with the password, and the audit says so", async () => {
    const first = await afterPassword(server, "ada");
    assert.match(first.page.body, /name="phone"/);
    assert.equal(asksForTicket(first.page), false);
    assert.equal(signedIn(server, await bind(server, first, "+12025550171")), true);
    const bound = await last(server, "ada", "authenticator-bound");
    assert.equal(bound?.facts?.authority, "password-once");
    assert.doesNotMatch(JSON.stringify(bound), /2025550171/, "the audit has no full number");
    const [phone] = await phonesOf(server, "ada");
    const data = (phone ?? assert.fail("no phone is bound")).data as { number?: string; verifiedAt?: number };
    assert.equal(data.number, "+12025550171");
    assert.ok(data.verifiedAt);
  });

  test("O21: when the phone is gone the password is no authority: no window, no ticket, no binding", async () => {
    await lose(server, "ada");
    const { visitor, page } = await afterPassword(server, "ada");
    assert.equal(asksForTicket(page), true);
    const sent = (await server.simulator.messages()).length;
    for (const ticket of ["", "AAAA-BBBB-CCCC-DDDD", "%", "__proto__"]) {
      const again = await visitor.submit(page, { phone: "+12025550172", ticket });
      assert.equal(asksForTicket(await visitor.get(again.url.href)), true, ticket);
    }
    assert.equal((await server.simulator.messages()).length, sent, "nothing was sent");
    assert.deepEqual(await phonesOf(server, "ada"), []);
  });

  test("O21: a window ends after 24 hours", async () => {
    await openEnrolment(server.parts, "ada", "window", "lost phone");
    server.advance(24 * HOUR - 60_000);
    assert.equal(asksForTicket((await afterPassword(server, "ada")).page), false, "still open");
    server.advance(61_000);
    assert.equal(asksForTicket((await afterPassword(server, "ada")).page), true, "closed");
  });

  test("O21: a window that ends between number and code binds nothing", async () => {
    await openEnrolment(server.parts, "ada", "window", "lost phone");
    server.advance(24 * HOUR - 30_000);
    const at = await afterPassword(server, "ada");
    const { codePage, code } = await toCode(server, at, "+12025550173");
    server.advance(31_000);
    const after = await at.visitor.submit(codePage, { code });
    assert.equal(signedIn(server, after), false);
    assert.deepEqual(await phonesOf(server, "ada"), []);
    assert.equal((await last(server, "ada", "enrolment-refused"))?.facts?.reason, "no authority");
  });

  test("O21: a ticket ends after 24 hours", async () => {
    const ticket = await ticketFor(server, "ada");
    server.advance(24 * HOUR + 1000);
    const { visitor, page } = await afterPassword(server, "ada");
    assert.equal(asksForTicket(await visitor.submit(page, { phone: "+12025550172", ticket })), true);
  });

  test("M11: two logins that race with one window bind one phone", async () => {
    await openEnrolment(server.parts, "ada", "window", "lost phone");
    await raceOf(server, "ada", ["+12025550174", "+12025550175"]);
    assert.equal((await last(server, "ada", "authenticator-bound"))?.facts?.authority, "window");
  });

  test("M11: two logins that race with one ticket bind one phone", async () => {
    await lose(server, "ada");
    await raceOf(server, "ada", ["+12025550176", "+12025550177"], await ticketFor(server, "ada"));
    assert.equal((await last(server, "ada", "authenticator-bound"))?.facts?.authority, "ticket");
  });

  test("M11: two logins that race for the first enrolment bind one phone", async () => {
    const fresh = await startServer();
    await raceOf(fresh, "ada", ["+12025550178", "+12025550179"]);
    assert.equal((await last(fresh, "ada", "authenticator-bound"))?.facts?.authority, "password-once");
  });
});

/** Both logins have proven their number; both codes go in at once. One signs in, one phone is bound. */
async function raceOf(
  server: TestServer,
  name: string,
  numbers: readonly string[],
  ticket?: string,
): Promise<void> {
  const ready: { visitor: TestVisitor; codePage: Seen; code: string }[] = [];
  for (const number of numbers) {
    const at = await afterPassword(server, name);
    ready.push({ visitor: at.visitor, ...(await toCode(server, at, number, ticket)) });
  }
  const ends = await Promise.all(
    ready.map(({ visitor, codePage, code }) => visitor.submit(codePage, { code })),
  );
  assert.equal(ends.filter((page) => signedIn(server, page)).length, 1, "one signs in");
  assert.equal((await phonesOf(server, name)).length, 1, "one phone is bound");
}

describe("policy ticket", () => {
  const server = servers[1];

  test("not even the first phone is bound by a password alone", async () => {
    const { page } = await afterPassword(server, "ada");
    assert.equal(asksForTicket(page), true);
  });

  test("a ticket binds once, for its person only, however it is typed; the audit names it", async () => {
    const ticket = await ticketFor(server, "ada");
    await lose(server, "grace");
    const other = await afterPassword(server, "grace");
    assert.equal(
      asksForTicket(await other.visitor.submit(other.page, { phone: GRACE_ALONE, ticket })),
      true,
      "grace cannot use ada's ticket",
    );
    const at = await afterPassword(server, "ada");
    const typed = ` ${ticket.toLowerCase().replaceAll("-", " ")} `;
    assert.equal(signedIn(server, await bind(server, at, "+12025550181", typed)), true);
    assert.equal((await last(server, "ada", "authenticator-bound"))?.facts?.authority, "ticket");
    const opened = await last(server, "ada", "enrolment-opened");
    assert.equal(opened?.facts?.openedBy, "host");
    assert.equal(opened?.facts?.reason, "seen in person");
    assert.doesNotMatch(JSON.stringify(opened), new RegExp(ticket), "the audit has no ticket");
    await lose(server, "ada");
    const again = await afterPassword(server, "ada");
    assert.equal(
      asksForTicket(await again.visitor.submit(again.page, { phone: "+12025550182", ticket })),
      true,
      "a second time it is worth nothing",
    );
  });
});

describe("policy off", () => {
  const server = servers[2];

  test("nobody binds a phone at sign-in, not even through a window or with a ticket; nothing is sent", async () => {
    await openEnrolment(server.parts, "ada", "window", "x");
    await ticketFor(server, "ada");
    const { page, visitor } = await afterPassword(server, "ada");
    assert.equal(page.status, 403);
    assert.doesNotMatch(page.body, /name="(phone|ticket|code)"/);
    assert.equal((await visitor.get(page.url.href)).status, 403);
    assert.deepEqual(await server.simulator.messages(), []);
  });

  test("who has a phone signs in as ever, and the password alone still opens what needs no more", async () => {
    const { visitor, page } = await afterPassword(server, "grace");
    assert.match(page.body, /name="code"/);
    const code = await server.simulator.codeAfter(0, GRACE_ALONE);
    assert.equal(signedIn(server, await visitor.submit(page, { code })), true);
    const other = server.visitor();
    const weak = await other.get("/demo/login?acr_values=simple_password_auth");
    assert.equal(signedIn(server, await typePassword(other, weak, "ada")), true);
  });
});
