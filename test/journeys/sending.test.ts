/** What a person sees where no text may go out, and that the limits count what was sent, not who asked. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GRACE, startServer, twoSteps, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const server = await startServer({ settings: { sending: {} } });
const request = server.authorizeUrl({
  client_id: "spa",
  code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  code_challenge_method: "S256",
});
const textsTo = async (to: string) =>
  (await server.simulator.messages()).filter((message) => message.to === to).length;
const begin = async (visitor = server.visitor()) =>
  typePassword(visitor, await visitor.get(request), "grace");
const refusals = async () => server.parts.audit.query({ kind: "send-refused", limit: 50 });

describe("sending limits", () => {
  it("a person may sign in as often as they like: what they answer does not count", async () => {
    const visitor = server.visitor();
    for (let n = 0; n < 8; n += 1) {
      const seen = await twoSteps(server, visitor, await visitor.get(`${request}&prompt=login`));
      assert.ok(seen.url.searchParams.has("code"), textOf(seen.body));
    }
  });

  it("O15 M04: whoever has the password floods a phone with five texts an hour, and is told how long to wait", async () => {
    const before = await textsTo(GRACE);
    const pages = [];
    for (let n = 0; n < 9; n += 1) pages.push(await begin());
    assert.equal((await textsTo(GRACE)) - before, 5);
    const last = textOf(pages.at(-1)?.body ?? "");
    assert.match(last, /ask again in (\d+ minutes|\d+ hours)/);
    assert.match(last, /Enter the code/, "a page with a button, not an error");
    const [event] = await refusals();
    assert.deepEqual([event?.facts?.reason, event?.facts?.purpose], ["phone", "sign-in"]);
  });

  it("M34: the owner's own browser still gets its code meanwhile", async () => {
    const own = server.visitor();
    // Known from a sign-in an hour before.
    server.advance(66 * 60_000);
    await twoSteps(server, own, await own.get(request));
    for (let n = 0; n < 6; n += 1) await begin();
    const before = await textsTo(GRACE);
    const stranger = await begin();
    assert.equal(await textsTo(GRACE), before);
    assert.match(textOf(stranger.body), /ask again in/);
    const seen = await twoSteps(server, own, await own.get(`${request}&prompt=login`));
    assert.ok(seen.url.searchParams.has("code"), textOf(seen.body));
  });

  it("M34: a browser that has shown a password alone is nobody's own: whoever stole it uses up no budget of the owner's", async () => {
    server.advance(25 * 3_600_000);
    const [own, thief] = [server.visitor(), server.visitor()];
    await twoSteps(server, own, await own.get(request));
    server.advance(66 * 60_000);
    const weak = `${request}&acr_values=simple_password_auth&prompt=login`;
    const done = await typePassword(thief, await thief.get(weak), "grace");
    assert.ok(done.url.searchParams.has("code"), "a password is enough for that");
    const before = await textsTo(GRACE);
    for (let n = 0; n < 12; n += 1)
      await typePassword(thief, await thief.get(`${request}&prompt=login`), "grace");
    assert.equal((await textsTo(GRACE)) - before, 5, "strangers' texts, and no others");
    const seen = await twoSteps(server, own, await own.get(`${request}&prompt=login`));
    assert.ok(seen.url.searchParams.has("code"), textOf(seen.body));
  });

  it("no oracle: a wrong password at an exhausted account looks like any wrong password", async () => {
    const pageFor = async (name: string) => {
      const visitor = server.visitor();
      const seen = await typePassword(visitor, await visitor.get(request), name, "not the password");
      return textOf(seen.body).replaceAll(name, "NAME");
    };
    assert.equal(await pageFor("grace"), await pageFor("nobody"));
  });

  it("the emergency switch: a clear page, no text, and the sign-in goes on when it is over", async () => {
    server.advance(26 * 3_600_000);
    const switchTo = async (stopped: boolean) => {
      const { kind } = await server.parts.settings.change({
        change: (document) => ({ ...document, sending: { ...document.sending, stopped } }),
        by: "test",
        what: "emergency",
      });
      assert.equal(kind, "changed");
    };
    await switchTo(true);
    const before = await textsTo(GRACE);
    const visitor = server.visitor();
    const page = await begin(visitor);
    assert.match(textOf(page.body), /cannot send texts/);
    assert.equal(await textsTo(GRACE), before);
    await switchTo(false);
    const texts = (await server.simulator.messages()).length;
    const after = await visitor.submit(page, { action: "resend" });
    const seen = await visitor.submit(after, { code: await server.simulator.codeAfter(texts, GRACE) });
    assert.ok(seen.url.searchParams.has("code"), textOf(seen.body));
  });
});
