/**
 * M05: somebody earns money by texts. They hold a hundred passwords and as many addresses as they like, and have a thousand
 * numbers typed in that nobody answers for. How many texts go out is bounded before they begin.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { createPhones } from "../../src/kits/phone/phones.ts";
import { PASSWORD, startServer } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const ACCOUNTS = 100;
const NUMBERS = 1_000;
const AT_ONCE = 8;
const hashCost = { memory: 64, passes: 1, lanes: 1 };

/** The attack on a server: answers how many texts went out. */
async function attack(settings: Record<string, unknown>, numberOf: (n: number) => string) {
  const server = await startServer({ hashCost, settings, httpsIssuer: "https://login.example.test" });
  for (let n = 0; n < ACCOUNTS; n += 1)
    await server.parts.directory.write?.add({
      username: `mallory${n}`,
      password: new Secret(PASSWORD),
      claims: {},
    });
  const request = server.authorizeUrl({
    client_id: "spa",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  let typed = 0;
  let words = "";
  async function asAccount(n: number, from: number, count: number) {
    const headers = { "x-forwarded-for": `198.51.${Math.floor(from / 250)}.${(from % 250) + 1}` };
    const visitor = server.visitor({ headers });
    let page = await visitor.submit(await visitor.get(request), {
      username: `mallory${n}`,
      password: PASSWORD,
    });
    for (let one = from; one < from + count; one += 1) {
      page = await visitor.submit(page, { phone: numberOf(one) });
      typed += 1;
      if (/name="code"/.test(page.body)) page = await visitor.submit(page, { action: "change-number" });
      else words = textOf(page.body);
    }
  }
  // Two logins of five numbers for each account, from an address of its own each.
  const jobs = Array.from({ length: NUMBERS / 5 }, (_, job) => () => asAccount(job % ACCOUNTS, job * 5, 5));
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
    }),
  );
  assert.equal(typed, NUMBERS);
  return { server, words, sent: (await server.simulator.messages()).length };
}

/** Valid mobile numbers of Great Britain: 1000 of one block of 10 000, or of a thousand blocks. */
const phones = createPhones();
const valid = (of: (n: number) => string): ((n: number) => string) => {
  const found: string[] = [];
  for (let n = 0; found.length < NUMBERS; n += 1) {
    const parsed = phones.parse(of(n), { allowedCountries: ["GB"] });
    if (parsed.kind === "number") found.push(of(n));
  }
  return (n) => found[n] ?? "";
};
const oneBlock = valid((n) => `+447400${120_000 + n * 9}`);
const everywhere = valid((n) => `+4474${String(n * 10_007).padStart(8, "0")}`);

describe("a pumping run of 1000 numbers", () => {
  it("O15: in one block of 10 000 numbers, at most 50 texts an hour go out, whatever the guard is set to", async () => {
    const { sent, words, server } = await attack({ sending: {}, pumping: { mode: "off" } }, oneBlock);
    assert.ok(sent > 0 && sent <= 50, `${sent} texts`);
    assert.match(words, /cannot send texts/);
    const refusals = await server.parts.audit.query({ kind: "send-refused", limit: 5 });
    assert.match(String(refusals[0]?.facts?.reason), /^block100(00)?$/);
  });

  it("M05: all over a country, the guard stops it after three without an answer, and as many as were on their way", async () => {
    const { sent, server } = await attack({ sending: {}, pumping: { mode: "protect" } }, everywhere);
    assert.ok(sent >= 3 && sent <= 3 + AT_ONCE, `${sent} texts`);
    await server.close();
  });

  it("as shipped, the guard only watches: the country's budget bounds the run, and the log says what it would have stopped", async () => {
    const { sent, server } = await attack({ sending: {} }, everywhere);
    assert.ok(sent > 3 + AT_ONCE && sent <= 500, `${sent} texts`);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const all = await server.parts.store.decisions.list({ since: 0, limit: 2_000 });
    const would = all.filter(({ verdict }) => verdict !== undefined);
    assert.equal(all.filter(({ blocked }) => blocked).length, 0);
    assert.ok(would.length > NUMBERS / 2, `${would.length} of ${all.length}`);
    assert.deepEqual(
      all.filter(({ phone }) => /\d{3}/.test(phone)),
      [],
      "no number but its last two digits",
    );
  });
});
