/** What a person learns of somebody who has their password and guesses at the codes. Letters go over real SMTP. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createMailbox } from "../../src/surfaces/dev/mailbox.ts";
import { startMailbox } from "../kit/mailbox.ts";
import { GRACE, startServer, typePassword } from "../kit/server.ts";

const { mailbox, smtp } = await startMailbox();
const hashCost = { memory: 256, passes: 1, lanes: 1 };
const server = await startServer({ config: { smtp }, hashCost, pace: 0.1 });

type Server = typeof server;
const codePage = async (at: Server) => {
  const visitor = at.visitor();
  const page = await visitor.get(
    at.authorizeUrl({
      client_id: "spa",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    }),
  );
  const before = (await at.simulator.messages()).length;
  const code = await typePassword(visitor, page, "grace");
  const right = await at.simulator.codeAfter(before, GRACE);
  return { visitor, page: code, wrong: right.startsWith("0") ? `1${right.slice(1)}` : `0${right.slice(1)}` };
};
const guess = async (at: Server, times: number) => {
  const { visitor, wrong, ...first } = await codePage(at);
  let { page } = first;
  for (let n = 0; n < times; n += 1) page = await visitor.submit(page, { code: wrong });
  return wrong;
};
const noticesTo = async (at: Server) => {
  const user = await at.parts.directory.find("grace");
  return at.parts.audit.query({ kind: "notice-sent", ...(user && { subject: user.id }), limit: 50 });
};
async function noticesReach(at: Server, count: number) {
  for (let tries = 0; tries < 150; tries += 1) {
    const found = await noticesTo(at);
    if (found.length >= count) return found;
    await pause(100);
  }
  throw new Error(`no notice number ${count}`);
}

describe("notices", () => {
  it("O23: two wrong codes in one login and one in another: a letter, and no text to the phone that is guessed at", async () => {
    await guess(server, 2);
    await pause(50);
    assert.equal(mailbox.letters().length, 0);
    await guess(server, 1);
    const [event] = await noticesReach(server, 1);
    assert.deepEqual(event?.facts, {
      notice: "password-known",
      mail: "sent",
      phones: 0,
      messageIds: [],
      refused: [],
    });
    const [letter] = mailbox.letters();
    assert.equal(letter?.to, "grace@example.org");
    assert.equal(letter?.subject, "Somebody knows your password (Sallyport)");
    assert.match(letter?.text ?? "", /^Sallyport: your password was used.* change your password/s);
    assert.match(letter?.text ?? "", /\r?\n\r?\nlocalhost\s*$/, "and which site it was");
    const texts = (await server.simulator.messages()).filter(({ body }) => /password/.test(body));
    assert.deepEqual(texts, [], "not by the number under attack");
    const all = JSON.stringify(mailbox.letters());
    for (const { body } of await server.simulator.messages()) {
      const code = /#(\d+)$/.exec(body)?.[1] ?? assert.fail();
      assert.ok(!all.includes(code), "no code in a letter");
    }
    assert.ok(!all.includes(GRACE.slice(1)), "no number in a letter");
  });

  it("at most one a day, however long it goes on; the next day another", async () => {
    await guess(server, 3);
    server.advance(23 * 3_600_000);
    await guess(server, 1);
    await pause(6_000);
    assert.equal((await noticesTo(server)).length, 1);
    server.advance(2 * 3_600_000);
    await guess(server, 1);
    await noticesReach(server, 2);
    assert.equal(mailbox.letters().length, 2);
  });

  it("without a mail server and another phone: by the phone itself, rather than not at all", async () => {
    const bare = await startServer({ hashCost, pace: 0.1 });
    await guess(bare, 3);
    const [event] = await noticesReach(bare, 1);
    assert.deepEqual([event?.facts?.mail, event?.facts?.phones], ["none", 1]);
    const texts = (await bare.simulator.messages()).filter(({ body }) => /change your password/.test(body));
    assert.equal(texts.length, 1);
  });

  it("a mail server that stays away is tried again, and in the end the phone itself is told", async () => {
    const gone = createMailbox({ now: Date.now });
    const place = await gone.listen();
    await gone.close();
    const late = await startServer({ config: { smtp: { ...smtp, ...place } }, hashCost, pace: 0.1 });
    await guess(late, 3);
    await pause(6_000);
    assert.equal((await noticesTo(late)).length, 0, "it waits");
    let found: Awaited<ReturnType<typeof noticesTo>> = [];
    for (let tries = 0; tries < 30 && found.length === 0; tries += 1) {
      late.advance(10 * 60_000);
      await pause(1_000);
      found = await noticesTo(late);
    }
    assert.deepEqual([found[0]?.facts?.mail, found[0]?.facts?.phones], ["later", 1]);
  });
});
