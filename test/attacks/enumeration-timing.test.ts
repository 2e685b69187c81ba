/**
 * P11 by the clock: cheap hashes, so that what is left to see is everything but the hash (which does the same work for
 * everybody, and is measured in its own tests), interleaved samples, and the chance of telling two classes apart by one
 * answer's time (the area under the curve: 0.5 is a coin). A suspicion is judged by three times as many fresh samples.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { PASSWORD, startServer } from "../kit/server.ts";
import { formOf } from "../kit/visitor.ts";
import { begin } from "./attacker.ts";

const SAMPLES = 300;
const PEOPLE = 160;
const BOUND = 0.05;
const CLASSES = ["unknown", "wrong", "disabled", "noPhone"] as const;
type Kind = (typeof CLASSES)[number];
const server = await startServer({
  hashCost: { memory: 256, passes: 1, lanes: 1 },
  config: { trustedProxies: ["127.0.0.1"] },
});

const nameOf = (kind: string, index: number) => `${kind.slice(0, 4)}-${String(index).padStart(3, "0")}`;
for (const kind of CLASSES.slice(1))
  for (let index = 0; index < PEOPLE; index += 1) {
    const added = await server.parts.directory.write?.add({
      username: nameOf(kind, index),
      password: new Secret(PASSWORD),
    });
    if (added?.kind !== "done") throw new Error("a person could not be added");
    const { id } = added.user;
    if (kind === "disabled") await server.parts.directory.write?.setStatus(id, "disabled");
    if (kind !== "wrong") continue;
    const number = `+1202555${1000 + index}`;
    await server.parts.authenticators.bind({
      subject: id,
      kind: "sms",
      key: server.parts.phoneKey(number),
      data: { number, country: "US", verifiedAt: 0 },
      boundBy: "test",
    });
  }

/** Chance that a sample of `a` is longer than one of `b`. */
function areaUnderCurve(a: readonly number[], b: readonly number[]): number {
  let above = 0;
  for (const one of a) for (const other of b) above += one > other ? 1 : one === other ? 0.5 : 0;
  return above / (a.length * b.length);
}

let rounds = 0;

type Times = ReadonlyMap<Kind, number[]>;
const pairs = CLASSES.flatMap((a, index) => CLASSES.slice(index + 1).map((b) => [a, b] as const));
const areaOf = (times: Times, [a, b]: readonly [Kind, Kind]): number =>
  areaUnderCurve(times.get(a) ?? [], times.get(b) ?? []);
const outside = (area: number): boolean => Math.abs(area - 0.5) > BOUND;

/** Milliseconds of each answer to a wrong password, `samples` of every class in turn. */
async function measure(samples: number): Promise<Times> {
  const times = new Map<Kind, number[]>(CLASSES.map((kind) => [kind, []]));
  const visitor = server.visitor();
  let page = await begin(server, visitor);
  for (const last = rounds + samples; rounds < last; rounds += 1) {
    const round = rounds;
    const order = [...CLASSES].sort(() => Math.random() - 0.5);
    for (const kind of order) {
      if (round % 25 === 0) page = await begin(server, visitor);
      const { action, fields } = formOf(page);
      // An address and, every few tries, a name of its own: no try meets the throttle.
      const from = {
        "x-forwarded-for": `198.${18 + (round >> 7)}.${round & 127}.${1 + CLASSES.indexOf(kind)}`,
      };
      const body = new URLSearchParams({
        ...fields,
        username: nameOf(kind, round % PEOPLE),
        password: "neither door is open",
      }).toString();
      const start = performance.now();
      const answer = await visitor.post(action, body, from);
      const first = answer.trail[0];
      times.get(kind)?.push(performance.now() - start);
      assert.equal(first?.status, 303);
      page = answer;
    }
  }
  return times;
}

test("P11 the time of the answer does not tell unknown, wrong, disabled and phoneless accounts apart", {
  timeout: 120_000,
}, async (t) => {
  await measure(50);
  const first = await measure(SAMPLES);
  const suspects = pairs.filter((pair) => outside(areaOf(first, pair)));
  t.diagnostic(pairs.map((pair) => areaOf(first, pair).toFixed(3)).join(", "));
  // All classes again: each has to have been tried as often as the others, or the throttle tells them apart.
  const second = suspects.length === 0 ? first : await measure(3 * SAMPLES);
  const worst = suspects
    .filter((pair) => outside(areaOf(second, pair)))
    .map(
      (pair) =>
        `${pair.join(" against ")}: ${areaOf(first, pair).toFixed(3)}, then ${areaOf(second, pair).toFixed(3)}`,
    );
  t.diagnostic(
    `${suspects.length} suspects: ${suspects.map((pair) => areaOf(second, pair).toFixed(3)).join(", ")}`,
  );
  assert.deepEqual(worst, []);
  assert.equal(
    (await server.parts.audit.query({ kind: "password-paused", limit: 1 })).length,
    0,
    "no sample was the throttle's",
  );
});
