/**
 * M06, P11: what stands behind a name (no phone, a blocked number, a spent budget, a factor that is off or paused, a provider
 * that fails) is told to whoever has the password, in clear words, and to nobody else.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../src/core/words.ts";
import { startServer, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";
import { addAccounts, KINDS, type Kind, nameOf } from "./accounts.ts";
import { begin, shapeOf, texts } from "./attacker.ts";

const server = await startServer({ hashCost: { memory: 64, passes: 1, lanes: 1 } });
await addAccounts(server, 1);
const WRONG = "neither door is open";

/** Everything that bounds guessing and sending, as it stands in the store. */
async function counts(): Promise<string> {
  const rows: (readonly [string, readonly Json[]])[] = [];
  for (const kind of ["sends", "code-failures", "challenge", "outbox"]) {
    const { entries } = await server.parts.storage.records<Json>(kind).page({ limit: 200 });
    rows.push([kind, entries.map(({ value }) => value)]);
  }
  return JSON.stringify(rows);
}

test("M06 P11 with a wrong password ten kinds of accounts give one answer, byte for byte; nothing is sent and no budget drawn", async () => {
  const before = await counts();
  const shapes = new Map<Kind, string>();
  for (const kind of KINDS) {
    const visitor = server.visitor();
    const seen = await typePassword(visitor, await begin(server, visitor), nameOf(kind, 0), WRONG);
    // Only a length: the name is blanked, and the page is as long for everybody.
    shapes.set(kind, `${seen.body.length} ${shapeOf(seen, nameOf(kind, 0))}`);
  }
  const first = shapes.get("unknown");
  for (const [kind, shape] of shapes) assert.equal(shape, first, kind);
  assert.equal(await texts(server), 0);
  assert.equal(await counts(), before, "no row that counts has changed");
});

/** What the person reads, once they have shown the password. */
const told: Readonly<Record<Exclude<Kind, "unknown" | "disabled">, RegExp>> = {
  ordinary: /We sent a text to your phone •••• 00|is on its way/,
  noPhone: /Add your phone/,
  blocked: /This phone has opted out of our texts/,
  exhausted: /We have sent as many texts as we may for now.*ask again in \d+ (minute|hour)/,
  factorOff: /Codes by text are switched off/,
  paused: /Too many wrong codes\. Try again in \d+ minutes/,
  slow: /We sent a text to your phone •••• 00|is on its way|We are sending/,
  failing: /We cannot send to it at this moment/,
};

for (const [kind, words] of Object.entries(told) as [Kind, RegExp][])
  test(`O16 after the password, clear words: ${kind}`, async () => {
    const visitor = server.visitor();
    const seen = await typePassword(visitor, await begin(server, visitor), nameOf(kind, 0));
    const text = textOf(seen.body);
    assert.match(text, words);
    // O13: never more than the last two digits of a number.
    assert.doesNotMatch(seen.body.replaceAll(/<option[^>]*>/g, ""), /\+?1? ?202[ -]?2\d\d|\d{3}[ -]?0000\b/);
  });

test("P11 the right password of a disabled account is one more wrong password", async () => {
  const shapes = [];
  for (const kind of ["unknown", "disabled"] as const) {
    const visitor = server.visitor();
    const seen = await typePassword(visitor, await begin(server, visitor), nameOf(kind, 0));
    shapes.push(shapeOf(seen, nameOf(kind, 0)));
  }
  assert.equal(shapes[1], shapes[0]);
});
