/**
 * Binding a phone under random hands: numbers typed and changed, resends, calls, codes right and wrong, clocks that jump. A
 * number is bound by its own code alone, one login sends five codes at most, and a code has five tries.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import type { PhoneData } from "../../src/core/authenticators.ts";
import { Secret } from "../../src/core/secret.ts";
import { challengesOf } from "../kit/callbacks.ts";
import { PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { startSimulator } from "../kit/simulator.ts";
import type { Seen } from "../kit/visitor.ts";
import { begin, grantOf } from "./attacker.ts";

const simulator = await startSimulator({ paceMs: 3_600_000, keep: 5_000 });
after(() => simulator.close());
const server = await startServer({ simulator, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const NUMBERS = ["+12025550171", "+12025550172", "+12025550173", "+12025550174"];
const reached = { bound: 0, full: 0 };
let people = 0;

/** Codes sent so far, by text or call, and to whom. */
async function sent(): Promise<readonly { to: string; code: string }[]> {
  const calls = (await (await fetch(`${simulator.url}/calls`)).json()) as { to: string; said: string }[];
  return [
    ...(await simulator.messages()).flatMap(({ to, body }) => {
      const code = /#(\d{6})$/.exec(body)?.[1];
      return code === undefined ? [] : [{ to, code }];
    }),
    ...calls.map(({ to, said }) => ({
      to,
      code: /(?:\b\d ){6}/.exec(`${said} `)?.[0].replaceAll(" ", "") ?? "",
    })),
  ];
}

const act = fc.tuple(
  fc.constantFrom(
    "number",
    "number",
    "number",
    "change-number",
    "change-number",
    "resend",
    "call",
    "wrong",
    "old",
    "right",
    "jump",
  ),
  fc.nat(3),
);

test("O04 O05 O15 M09 M18 however numbers and codes are typed, a number is bound by its own code alone, after five codes of one login at most", {
  timeout: 120_000,
}, async (t) => {
  async function walk(acts: readonly (readonly [string, number])[]): Promise<void> {
    people += 1;
    const username = `walker-${people}`;
    const added = await server.parts.directory.write?.add({ username, password: new Secret(PASSWORD) });
    assert.ok(added?.kind === "done");
    server.advance(25 * 3_600_000);
    const visitor = server.visitor();
    let page: Seen = await typePassword(visitor, await begin(server, visitor), username);
    const start = (await sent()).length;
    let current: { to: string; code: string } | undefined;
    let typed = "";
    const all: { to: string; code: string }[] = [];
    for (const [what, nth] of acts) {
      const before = await sent();
      if (what === "jump") server.advance(nth % 2 === 0 ? 120_000 : -120_000);
      else if (what === "number") page = await visitor.submit(page, { phone: NUMBERS[nth] ?? "" });
      else if (["change-number", "resend", "call"].includes(what)) {
        server.advance(what === "change-number" ? 1_000 : 31_000);
        page = await visitor.submit(page, { action: what });
      } else {
        const old = all[nth % Math.max(1, all.length)]?.code;
        typed = (what === "right" ? current?.code : what === "old" ? old : "000000") ?? "111111";
        page = await visitor.submit(page, { code: typed });
      }
      const now = await sent();
      assert.ok(now.length - before.length <= 1, "one code an act");
      assert.ok(now.length - start <= 5, `${now.length - start} codes of one login`);
      const isNew = (one: { to: string; code: string }) =>
        !before.some(({ to, code }) => to === one.to && code === one.code);
      const fresh = now.find(isNew);
      if (fresh !== undefined) {
        current = fresh;
        all.push(fresh);
      }
      for (const { tries } of await challengesOf(server)) assert.ok(tries <= 5);
      const [phone, ...more] = await server.parts.authenticators.list(added.user.id, "sms");
      assert.equal(more.length, 0);
      if (phone === undefined) assert.equal(grantOf(page), undefined, "signed in without a phone");
      else {
        const { number } = phone.data as PhoneData;
        assert.ok(["old", "right", "wrong"].includes(what), `bound by ${what}`);
        assert.ok(
          all.some(({ to, code }) => to === number && code === typed),
          "not by its own code",
        );
        assert.ok(grantOf(page) !== undefined);
        reached.bound += 1;
        return;
      }
      if (!/<form/.test(page.body)) return;
    }
    if ((await sent()).length - start === 5) reached.full += 1;
  }
  await walk([
    ["number", 0],
    ["right", 0],
  ]);
  await walk([
    ["number", 0],
    ["change-number", 0],
    ["number", 1],
    ["change-number", 0],
    ["number", 0],
    ["resend", 0],
    ["change-number", 0],
    ["number", 2],
    ["call", 0],
    ["change-number", 0],
    ["number", 3],
  ]);
  assert.ok(reached.bound >= 1 && reached.full >= 1, JSON.stringify(reached));
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 8, maxLength: 30 }), walk), {
    numRuns: 30,
    interruptAfterTimeLimit: 15_000,
    endOnFailure: false,
  });
  t.diagnostic(JSON.stringify(reached));
});
