/** A forgotten password: a link by mail or a ticket, then the second factor, then a new one. */
import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { forgets, linkOf, NEXT, startForgetful, toNewPassword } from "../kit/forgotten.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { GRACE, PASSWORD, startServer } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const checks = async (server: Awaited<ReturnType<typeof startForgetful>>["server"], password: string) =>
  (await server.parts.directory.checkPassword("grace", new Secret(password))).kind;

describe("forgotten passwords", async () => {
  const { server, set, letter, letters, results } = await startForgetful();
  const rp = await createRelyingParty(server);

  it("name, mail, phone, new password; then everything has ended and the person signs in anew", async () => {
    const there = server.visitor();
    const tokens = await rp.byTwoSteps(there);
    const start = await there.get((await rp.begin({ prompt: "login" })).url.href);
    assert.match(start.body, /href="\/forgotten"/);

    const visitor = server.visitor();
    const sent = await forgets(visitor, " GRACE ");
    assert.match(textOf(sent.body), /Look into your mailbox/);
    const mail = await letter(1);
    assert.equal(mail.to, "grace@example.org");
    assert.match(mail.subject, /A new password for your account \(Sallyport\)/);
    const link = linkOf(mail);
    assert.ok(link.startsWith(`${server.issuer}/forgotten/link?t=`));

    // In another browser: mail is read where it is read.
    const reader = server.visitor();
    const look = await reader.get(link);
    assert.match(textOf(look.body), /Your second step is asked for first/);
    assert.equal(look.headers["referrer-policy"], "no-referrer");
    assert.equal((await reader.get(link)).status, 200, "looking spends nothing");
    const page = await toNewPassword(server, reader, link);
    assert.match(textOf(page.body), /Choose a new password/);
    assert.ok(!page.body.includes(link.split("t=")[1] ?? "?"), "the token stays behind");
    const text = (await server.simulator.messages()).at(-1)?.body ?? "";
    assert.match(text, /is your code for a new password/);

    const bad = await reader.submit(page, { password: "password" });
    assert.match(textOf(bad.body), /cannot be taken/);
    const done = await reader.submit(bad, { password: NEXT });
    assert.match(textOf(done.body), /Your new password is set/);
    assert.deepEqual([await checks(server, NEXT), await checks(server, PASSWORD)], ["right", "wrong"]);

    await assert.rejects(rp.userinfo(tokens), "every token has ended");
    const silent = await there.get((await rp.begin({ prompt: "none" })).url.href);
    assert.equal(silent.url.searchParams.get("error"), "login_required", "every session has ended");
    const own = await reader.get((await rp.begin({ prompt: "none" })).url.href);
    assert.equal(own.url.searchParams.get("error"), "login_required", "it signs nobody in");

    const user = await server.parts.directory.find("grace");
    const events = await server.parts.audit.query({ subject: user?.id ?? "", limit: 50 });
    const kinds = events.map(({ kind }) => kind);
    for (const kind of [
      "password-forgotten",
      "password-opened",
      "password-changed",
      "session-ended",
    ] as const)
      assert.ok(kinds.includes(kind), kind);
    assert.ok(!JSON.stringify(events).includes(link.split("t=")[1] ?? "?"));
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await server.simulator.messages()).some(({ body }) => /your password was changed/.test(body)))
        return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail("the phone is told as well");
  });

  it("whoever has no second factor, a role or no verified address gets no link; an unknown name gets nothing", async () => {
    const before = letters().length;
    const events = (await results(1)).length;
    await set("ada", { email: "ada@example.org", email_verified: true });
    await set("root", { email: "root@example.org", email_verified: true });
    const visitor = server.visitor();
    for (const name of ["ada", "root", "nobody at all"]) await forgets(visitor, name);
    await set("grace", { email_verified: false });
    await forgets(visitor, "grace");
    const all = await results(events + 4);
    assert.deepEqual(all.slice(0, 4).sort(), ["desk", "desk", "no-address", "nobody"]);
    const told = letters().slice(before);
    assert.deepEqual(told.map(({ to }) => to).sort(), ["ada@example.org", "root@example.org"]);
    for (const { text } of told) {
      assert.match(text.replace(/=\r?\n/g, ""), /Ask your help desk/);
      assert.doesNotMatch(text, /forgotten/);
    }
  });
});

test("a ticket of the help desk works once, asks for the second factor, and needs no mail server", async () => {
  const server = await startServer({ hashCost: { memory: 256, passes: 1, lanes: 1 } });
  const user = (await server.parts.directory.find("grace")) ?? assert.fail();
  const { ticket } = await server.parts.passwordOpenings.ticket(user, "help desk");
  assert.equal((await server.visitor().get("/forgotten")).status, 404, "names are taken only where it is on");
  const visitor = server.visitor();
  const page = await visitor.get("/forgotten/ticket");
  const wrong = await visitor.submit(page, { username: "grace", ticket: "2222-3333-4444-5555" });
  assert.match(textOf(wrong.body), /do not belong together/);
  const before = (await server.simulator.messages()).length;
  const code = await visitor.submit(wrong, { username: "grace", ticket: ticket.reveal().toLowerCase() });
  assert.match(code.body, /name="code"/);
  const next = await visitor.submit(code, { code: await server.simulator.codeAfter(before, GRACE) });
  const done = await visitor.submit(next, { password: NEXT });
  assert.match(textOf(done.body), /Your new password is set/);
  const again = await visitor.submit(await visitor.get("/forgotten/ticket"), {
    username: "grace",
    ticket: ticket.reveal(),
  });
  assert.match(textOf(again.body), /do not belong together/);
});

test("a ticket of somebody who has nothing to show sets the password, and the enrolment rules say the rest", async () => {
  const server = await startServer({ hashCost: { memory: 256, passes: 1, lanes: 1 } });
  const user = (await server.parts.directory.find("ada")) ?? assert.fail();
  const { ticket } = await server.parts.passwordOpenings.ticket(user, "help desk");
  const visitor = server.visitor();
  const page = await visitor.submit(await visitor.get("/forgotten/ticket"), {
    username: "ada",
    ticket: ticket.reveal(),
  });
  assert.match(textOf(page.body), /Choose a new password/);
  assert.match(textOf((await visitor.submit(page, { password: NEXT })).body), /is set/);
});
