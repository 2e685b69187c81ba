/** People who live in LDAP sign in, bind phones and lose them, against Debian's slapd; administrators stay in SQL. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Secret } from "../../src/core/secret.ts";
import { ldapEntry } from "../kit/ldap.ts";
import { type Begun, claimsOf, createRelyingParty, errorOf, type Tokens } from "../kit/relying-party.ts";
import { startServer, type TestServer, typePassword } from "../kit/server.ts";
import { noSlapd, PASSWORD, PEOPLE, person, type Slapd, startSlapd } from "../kit/slapd.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const skip = noSlapd;
const dnOf = (uid: string) => `uid=${uid},${PEOPLE}`;
const holder = (uid: string, phone?: string | string[], more: Record<string, string> = {}) =>
  person(uid, {
    objectClass: "sallyportPerson",
    ...(phone === undefined ? {} : { phoneNumberVerified: phone }),
    ...more,
  });
const crowd = Array.from({ length: 12 }, (_, n) => holder(`c${n}`, `+1202555${String(1000 + n)}`));
const many = Array.from({ length: 300 }, (_, n) => holder(`m${n}`, `+1202556${String(1000 + n)}`));

let slapd: Slapd;
let server: TestServer;
let rp: Awaited<ReturnType<typeof createRelyingParty>>;
const heard: string[] = [];
if (skip === false) {
  slapd = await startSlapd({
    ldif: [
      holder("lena", "+44 7911 123456", { givenName: "Lena", mail: "lena@example.org" }),
      holder("nat", "0151 23456789"),
      holder("odd", ["12", "+49 30 1234567"]),
      holder("newt"),
      holder("gone", "+447911123401"),
      holder("idle", "+447911123402"),
      holder("closed", "+447911123403"),
      holder("moved", "+447911123404"),
      holder("old", "+447911123405"),
      holder("must", "+447911123406"),
      holder("down", "+447911123407"),
      ...crowd,
      ...many,
    ].join(""),
  });
  after(() => slapd.close());
  server = await startServer({
    config: {
      directories: [
        { type: "sql" },
        ldapEntry(slapd, { phone: { write: true, country: "DE", object_class: "sallyportPerson" } }),
      ],
    },
    clients: [
      {
        client_id: "keeps",
        client_secret: "a-secret-of-the-web-client",
        trusted: true,
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: ["https://rp.example.test/callback"],
      },
    ],
    onProblem: (text) => heard.push(text),
  });
  rp = await createRelyingParty(server, {
    clientId: "keeps",
    auth: (await import("openid-client")).ClientSecretBasic("a-secret-of-the-web-client"),
  });
}

/** The person's yes, where they are asked what the application may have; then the tokens. */
async function redeem(begun: Begun, visitor: TestVisitor, seen: Seen): Promise<Tokens> {
  const asked = seen.url.pathname.startsWith("/login/") && /asks for your consent/.test(seen.body);
  return rp.redeem(begun, asked ? await visitor.submit(seen, { action: "allow" }) : seen);
}

const auditOf = async (subject: string): Promise<readonly Record<string, unknown>[]> =>
  (await server.parts.audit.query({ subject, limit: 50 })).map(({ kind, facts }) => ({ kind, ...facts }));
const idOf = async (uid: string) =>
  (await server.parts.directory.find(uid))?.id ?? assert.fail(`${uid} is not there`);
const later = () => server.advance(31_000);

/** Types the password; answers the page that follows. */
async function begin(visitor: TestVisitor, uid: string, scope = "openid phone profile offline_access") {
  const begun = await rp.begin({
    acr_values: "twilio_sms",
    scope,
    ...(scope.includes("offline") ? { prompt: "consent" } : {}),
  });
  const page = await typePassword(visitor, await visitor.get(begun.url.href), uid, PASSWORD);
  return { begun, page };
}

/** A whole sign-in of somebody who has a phone. */
async function signIn(uid: string, phone: string, visitor = server.visitor()): Promise<Tokens> {
  const before = (await server.simulator.messages()).length;
  const { begun, page } = await begin(visitor, uid);
  const code = await server.simulator.codeAfter(before, phone);
  return redeem(begun, visitor, await visitor.submit(page, { code }));
}

async function enrol(visitor: TestVisitor, page: Seen, phone: string): Promise<Seen> {
  assert.match(page.body, /name="phone"/, textOf(page.body).slice(0, 300));
  const before = (await server.simulator.messages()).length;
  const codePage = await visitor.submit(page, { phone });
  return visitor.submit(codePage, { code: await server.simulator.codeAfter(before, phone) });
}

test("lena signs in by LDAP and the phone of her entry, in three operations at most; administrators still by SQL", {
  skip,
}, async () => {
  const before = (await slapd.operations()).length;
  const tokens = await signIn("lena", "+447911123456");
  const claims = claimsOf(tokens);
  assert.equal(claims.acr, "twilio_sms");
  const info = await rp.userinfo(tokens);
  assert.deepEqual(
    [info.phone_number, info.preferred_username, info.given_name],
    ["+447911123456", "lena", "Lena"],
  );
  assert.equal(info.phone_number_verified, true);
  assert.match(claims.sub, /^corp\.[0-9a-f-]{36}$/);
  const asked = (await slapd.operations()).slice(before);
  assert.ok(asked.length <= 3, asked.join("\n"));
  assert.ok(
    (await auditOf(claims.sub)).some(
      ({ kind, authority }) => kind === "authenticator-bound" && authority === "directory",
    ),
  );
  const spa = await createRelyingParty(server);
  assert.equal(claimsOf(await spa.byTwoSteps(server.visitor())).acr, "twilio_sms", "grace, from SQL");
});

test("a sign-in that takes minutes is three operations as well, and a wrong password two", {
  skip,
}, async () => {
  const visitor = server.visitor();
  let before = (await slapd.operations()).length;
  const sent = (await server.simulator.messages()).length;
  const { begun, page } = await begin(visitor, "lena");
  later();
  later();
  const code = await server.simulator.codeAfter(sent, "+447911123456");
  await rp.userinfo(await redeem(begun, visitor, await visitor.submit(page, { code })));
  assert.equal((await slapd.operations()).length - before, 3);
  before = (await slapd.operations()).length;
  const other = server.visitor();
  const first = await other.get((await rp.begin({ acr_values: "twilio_sms" })).url.href);
  assert.match(textOf((await typePassword(other, first, "lena", "wrong one")).body), /not right/);
  assert.equal((await slapd.operations()).length - before, 2);
});

test("a number in national writing is read; what cannot be used is said to the operator, without the number", {
  skip,
}, async () => {
  await signIn("nat", "+4915123456789");
  const { page } = await begin(server.visitor(), "odd");
  assert.match(page.body, /name="phone"/, "nothing usable: as if there were none");
  const said = heard.join("\n");
  assert.match(said, /a number of odd \(•••• 12\) cannot be used: it is no telephone number/);
  assert.match(said, /a number of odd \(•••• 67\) cannot be used: it cannot receive texts/);
  assert.ok(!said.includes("1234567"));
});

test("a phone that is bound here stands in the entry afterwards: one modify, three operations in all", {
  skip,
}, async () => {
  const before = (await slapd.operations()).length;
  const visitor = server.visitor();
  const { begun, page } = await begin(visitor, "newt");
  await rp.userinfo(await redeem(begun, visitor, await enrol(visitor, page, "+447911123477")));
  const asked = (await slapd.operations()).slice(before);
  assert.deepEqual(
    asked.map((line) => /op=\d+ (\w+)/.exec(line)?.[1]),
    ["SRCH", "BIND", "MOD"],
  );
  assert.deepEqual(await slapd.values(dnOf("newt"), "phoneNumberVerified"), ["+447911123477"]);
  later();
  await signIn("newt", "+447911123477");
});

test("a phone that an administrator takes away here is gone there; a new one names the old one in its modify", {
  skip,
}, async () => {
  const subject = await idOf("old");
  const { authenticators, phoneKey } = server.parts;
  const [phone] = await authenticators.list(subject, "sms");
  const number = "+447911123478";
  const data = { number, country: "GB", verifiedAt: Date.now() };
  await slapd.change(dnOf("old"), { phoneNumberVerified: "+447911123499" });
  await assert.rejects(
    authenticators.bind({ subject, kind: "sms", key: phoneKey(number), data, boundBy: "administrator" }),
    { code: "store-conflict" },
    "the old value is asserted",
  );
  assert.deepEqual(await slapd.values(dnOf("old"), "phoneNumberVerified"), ["+447911123499"]);
  later();
  await authenticators.bind({ subject, kind: "sms", key: phoneKey(number), data, boundBy: "administrator" });
  assert.deepEqual(await slapd.values(dnOf("old"), "phoneNumberVerified"), [number]);
  const rows = await authenticators.list(subject, "sms");
  assert.equal(rows.length, 1);
  assert.notEqual(rows[0]?.id, phone?.id);
  await authenticators.unbind(rows[0]?.id ?? "", "root", "lost");
  assert.deepEqual(await slapd.values(dnOf("old"), "phoneNumberVerified"), []);
  later();
  assert.deepEqual(await authenticators.list(subject, "sms"), []);
});

test("M13: a phone that was deleted by hand ends what rests on it, and opens the way to a new one once", {
  skip,
}, async () => {
  const visitor = server.visitor();
  const tokens = await signIn("gone", "+447911123401", visitor);
  const subject = claimsOf(tokens).sub;
  await slapd.change(dnOf("gone"), { phoneNumberVerified: [] });
  later();
  assert.equal(await errorOf(rp.refresh(tokens.refresh_token ?? "")), "invalid_grant");
  await assert.rejects(rp.userinfo(tokens));
  const told = await auditOf(subject);
  assert.ok(
    told.some(
      ({ kind, by, reason }) =>
        kind === "authenticator-unbound" && by === "directory corp" && reason === "deleted in the directory",
    ),
  );
  assert.ok(told.some(({ kind }) => kind === "session-ended"));
  assert.ok(told.some(({ kind, by }) => kind === "enrolment-opened" && by === "directory corp"));
  const hears = async () =>
    (await server.simulator.messages()).some(
      ({ to, body }) => to === "+447911123401" && /removed/.test(body),
    );
  // The outbox is looked into every few seconds.
  for (let round = 0; round < 300 && !(await hears()); round += 1) await pause(100);
  assert.ok(await hears(), "the number that was taken away is told");
  const [open] = await server.parts.enrolment.openings(subject, "sms");
  const modified = (await server.parts.directory.get(subject))?.updatedAt ?? 0;
  assert.equal(open?.until, modified + 24 * 3_600_000, "counted from the entry's modification");
  const { begun, page } = await begin(visitor, "gone");
  await redeem(begun, visitor, await enrol(visitor, page, "+447911123481"));
  assert.deepEqual(await slapd.values(dnOf("gone"), "phoneNumberVerified"), ["+447911123481"]);
  assert.deepEqual(await server.parts.enrolment.openings(subject, "sms"), []);
});

test("O21: a window whose day is over before it is noticed is none", { skip }, async () => {
  await signIn("moved", "+447911123404");
  await slapd.change(dnOf("moved"), { phoneNumberVerified: [] });
  server.advance(25 * 3_600_000);
  const { page } = await begin(server.visitor(), "moved");
  assert.match(page.body, /name="ticket"/);
});

test("P17: whoever does nothing is looked at as well: closed, gone, or without the phone", {
  skip,
}, async () => {
  const look = async () => {
    const acts: (() => Promise<unknown>)[] = [];
    server.parts.followDirectories({ every: (_ms, act) => acts.push(act) }, (text) => heard.push(text));
    await acts[0]?.();
  };
  await signIn("idle", "+447911123402");
  await signIn("closed", "+447911123403");
  const [idle, closed] = [await idOf("idle"), await idOf("closed")];
  const sessions = async (subject: string) =>
    (await server.parts.sessions.list({ subject, limit: 10 })).sessions.length;
  await look();
  assert.deepEqual([await sessions(idle), await sessions(closed)], [1, 1]);
  await slapd.change(dnOf("idle"), { phoneNumberVerified: [] });
  await slapd.change(dnOf("closed"), { pwdAccountLockedTime: "000001010000Z" });
  server.advance(61_000);
  await look();
  assert.deepEqual([await sessions(idle), await sessions(closed)], [0, 0]);
});

test("P17: who is closed in the directory gets no more tokens, and learns no more than a wrong password does", {
  skip,
}, async () => {
  const visitor = server.visitor();
  await slapd.change(dnOf("closed"), { pwdAccountLockedTime: [] });
  later();
  const tokens = await signIn("closed", "+447911123403", visitor);
  await slapd.change(dnOf("closed"), { pwdAccountLockedTime: "000001010000Z" });
  later();
  assert.equal(await errorOf(rp.refresh(tokens.refresh_token ?? "")), "invalid_grant");
  const { page } = await begin(server.visitor(), "closed");
  assert.match(textOf(page.body), /The username or the password is not right/);
});

test("P17: who has to change the password does, behind the code, by the directory's own rules and in its words", {
  skip,
}, async () => {
  await slapd.change(dnOf("must"), { pwdReset: "TRUE" });
  const visitor = server.visitor();
  const before = (await server.simulator.messages()).length;
  const { page: asked } = await begin(visitor, "must", "openid");
  const code = await server.simulator.codeAfter(before, "+447911123406");
  const page = await visitor.submit(asked, { code });
  assert.match(textOf(page.body), /has to be changed before you go on/);
  const wrong = await visitor.submit(page, { present: "not this one", password: "another pair of doors" });
  assert.match(textOf(wrong.body), /present password is not right/);
  const refused = await visitor.submit(wrong, { present: PASSWORD, password: "short" });
  assert.match(textOf(refused.body), /the directory says: .*(short|quality)/i);
  const changed = await visitor.submit(refused, { present: PASSWORD, password: "another pair of doors" });
  const done = /asks for your consent/.test(changed.body) ? await visitor.submit(changed, {}) : changed;
  assert.equal(done.url.origin, "https://rp.example.test", textOf(done.body));
  const check = (password: string) => server.parts.directory.checkPassword("must", new Secret(password));
  assert.equal((await check("another pair of doors")).kind, "right", "and not again");
  assert.equal((await check(PASSWORD)).kind, "wrong");
});

test("a job gone wrong: many lose their phone, an alarm rings and nobody may bind a new one by a password", {
  skip,
}, async () => {
  const ids = [];
  for (let n = 0; n < 5; n += 1) {
    const id = await idOf(`c${n}`);
    assert.equal((await server.parts.authenticators.list(id, "sms")).length, 1);
    ids.push(id);
  }
  for (let n = 0; n < 5; n += 1) await slapd.change(dnOf(`c${n}`), { phoneNumberVerified: [] });
  later();
  for (const id of ids) assert.deepEqual(await server.parts.authenticators.list(id, "sms"), []);
  for (const id of ids)
    assert.deepEqual(await server.parts.enrolment.openings(id, "sms"), [], "also for the first of them");
  assert.match(heard.join("\n"), /\d+ people have lost their phone there within an hour/);
  const alarms = await server.parts.audit.page({ kinds: ["directory-loss"], limit: 10 });
  assert.equal(alarms.entries.length, 1, "one alarm, not one for each");
  await slapd.change(dnOf("c0"), { phoneNumberVerified: "+12025551000" });
  later();
  await signIn("c0", "+12025551000");
});

test("S16: a directory that is down says try again, and keeps nobody else from their tokens", {
  skip,
}, async () => {
  const spa = await createRelyingParty(server);
  const theirs = await signIn("down", "+447911123407");
  await slapd.kill();
  later();
  const { page } = await begin(server.visitor(), "lena");
  assert.equal(page.status, 503);
  assert.match(textOf(page.body), /wait a moment, then reload/);
  await assert.rejects(rp.refresh(theirs.refresh_token ?? ""));
  assert.equal(claimsOf(await spa.byTwoSteps(server.visitor())).acr, "twilio_sms", "grace signs in");
  assert.deepEqual(server.parts.directories.states(), [{ name: "corp", up: false }]);
  await slapd.restart();
  later();
  await rp.refresh(theirs.refresh_token ?? "");
  assert.deepEqual(server.parts.directories.states(), [{ name: "corp", up: true }]);
});

test("a ticket for a forgotten password: the phone of the entry is the second factor, and the directory sets the new one", {
  skip,
}, async () => {
  const user = (await server.parts.directory.find("idle")) ?? assert.fail();
  await slapd.change(dnOf("idle"), { phoneNumberVerified: "+447911123402" });
  later();
  await server.parts.directory.find("idle");
  // A number that has just come opens nothing.
  server.advance(25 * 3_600_000);
  const { ticket } = await server.parts.passwordOpenings.ticket(
    (await server.parts.directory.get(user.id)) ?? assert.fail(),
    "help desk",
  );
  const visitor = server.visitor();
  const before = (await server.simulator.messages()).length;
  const form = await visitor.get("/forgotten/ticket");
  const asked = await visitor.submit(form, { username: "idle", ticket: ticket.reveal() });
  assert.match(asked.body, /name="code"/, textOf(asked.body));
  const code = await server.simulator.codeAfter(before, "+447911123402");
  const page = await visitor.submit(asked, { code });
  assert.doesNotMatch(page.body, /name="present"/, "it is forgotten");
  const refused = await visitor.submit(page, { password: "short" });
  assert.match(textOf(refused.body), /the directory says/);
  const done = await visitor.submit(refused, { password: "another pair of doors" });
  assert.match(textOf(done.body), /Your new password is set/);
  const check = await server.parts.directory.checkPassword("idle", new Secret("another pair of doors"));
  assert.equal(check.kind, "right");
});
