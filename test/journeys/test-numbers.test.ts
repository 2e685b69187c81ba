/** Numbers with a fixed code: only with an owner, a reason and an end; told at every use; for nobody who administers. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testNumbersSchema } from "../../src/core/test-numbers.ts";
import { spendText, testNumberLines } from "../../src/surfaces/admin/host/sms-lines.ts";
import { GRACE, startServer, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const DAY = 86_400_000;
const server = await startServer({ hashCost: { memory: 256, passes: 1, lanes: 1 } });
const start = Date.now();
const iso = (days: number) => new Date(start + days * DAY).toISOString();
const entry = (number: string, over: Record<string, string> = {}) => ({
  number,
  code: "24680246",
  owner: "Ines of the app team",
  reason: "review of the app in the store",
  from: iso(-1),
  until: iso(7),
  ...over,
});
const setNumbers = async (...testNumbers: ReturnType<typeof entry>[]) =>
  server.parts.settings.change({
    change: (document) => ({ ...document, testNumbers }),
    by: "root",
    what: "test numbers",
  });
const codePageOf = async (username: string) => {
  const visitor = server.visitor();
  const page = await visitor.get(
    server.authorizeUrl({
      client_id: "spa",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    }),
  );
  return { visitor, page: await typePassword(visitor, page, username) };
};
const texts = async () => (await server.simulator.messages()).length;
const uses = () => server.parts.audit.query({ kind: "test-number-used", limit: 50 });

describe("test numbers", () => {
  it("nothing without owner, reason and an end within 30 days; no number twice, no code of five digits", () => {
    const fits = (...all: unknown[]) => testNumbersSchema.safeParse(all).success;
    assert.equal(fits(entry(GRACE)), true);
    assert.equal(fits(entry(GRACE, { from: iso(0), until: iso(30) })), true);
    assert.equal(fits(entry(GRACE, { from: iso(0), until: iso(30.01) })), false);
    assert.equal(fits(entry(GRACE, { from: iso(2), until: iso(1) })), false);
    assert.equal(fits(entry(GRACE), entry(GRACE, { from: iso(8), until: iso(9) })), false);
    assert.equal(fits(entry(GRACE, { code: "12345" })), false);
    for (const name of ["owner", "reason", "until"]) {
      const { [name as "owner"]: _left, ...rest } = entry(GRACE);
      assert.equal(fits(rest), false, name);
    }
  });

  it("the fixed code signs in, nothing is sent, and both uses stand in the audit", async () => {
    assert.equal((await setNumbers(entry(GRACE))).kind, "changed");
    for (let n = 0; n < 2; n += 1) {
      const { visitor, page } = await codePageOf("grace");
      assert.match(page.body, /8-digit code/);
      const seen = await visitor.submit(page, { code: "24680246" });
      assert.ok(seen.url.searchParams.has("code"), textOf(seen.body));
    }
    assert.equal(await texts(), 0);
    const [event, ...others] = await uses();
    assert.equal(others.length, 1);
    assert.deepEqual(
      [event?.facts?.owner, event?.facts?.phone, event?.facts?.refused],
      ["Ines of the app team", "•••• 43", false],
    );
  });

  it("guesses at it count like any others, and a resend sends nothing", async () => {
    const { visitor, page } = await codePageOf("grace");
    let seen = page;
    for (let n = 0; n < 5; n += 1) seen = await visitor.submit(seen, { code: "11111111" });
    seen = await visitor.submit(seen, { code: "24680246" });
    assert.ok(!seen.url.searchParams.has("code"));
    server.advance(31_000);
    const again = await visitor.submit(seen, { action: "resend" });
    assert.match(textOf(again.body), /new code/);
    assert.equal(await texts(), 0);
    assert.ok((await visitor.submit(again, { code: "24680246" })).url.searchParams.has("code"));
  });

  it("refused for an account with a role: no code, no text, and the audit tells", async () => {
    assert.equal((await setNumbers(entry("+12025550199"))).kind, "changed");
    const { visitor, page } = await codePageOf("root");
    assert.match(textOf(page.body), /cannot send texts/);
    const seen = await visitor.submit(page, { code: "24680246" });
    assert.ok(!seen.url.searchParams.has("code"));
    assert.equal(await texts(), 0);
    assert.equal((await uses())[0]?.facts?.refused, true);
  });

  it("its days are over: a number like any other, whose fixed code is wrong", async () => {
    await setNumbers(entry(GRACE, { until: iso(2) }));
    const before = await codePageOf("grace");
    server.advance(2 * DAY + 1);
    const late = await codePageOf("grace");
    assert.equal(await texts(), 1);
    const code = await server.simulator.codeAfter(0, GRACE);
    assert.ok(!(await late.visitor.submit(late.page, { code: "24680246" })).url.searchParams.has("code"));
    assert.ok(
      (await late.visitor.submit(await late.visitor.get(late.page.url.href), { code })).url.searchParams.has(
        "code",
      ),
    );
    assert.ok(!(await before.visitor.submit(before.page, { code: "24680246" })).url.searchParams.has("code"));
  });

  it("what the host says of them holds no number and no code", () => {
    const lines = testNumberLines([entry(GRACE), entry("+12025550199", { until: iso(-0.5) })], start);
    assert.deepEqual(lines, [
      `Test number •••• 43: its code is fixed until ${iso(7)} (Ines of the app team: review of the app in the store).`,
    ]);
    assert.equal(spendText([]), "Nothing was sent in these days.");
  });
});
