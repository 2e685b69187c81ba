/**
 * P11, M06 by the clock: cheap hashes, so that what is left to see is everything but the hash (which does the same work for
 * everybody, and is measured in its own tests), interleaved samples, and the chance of telling one kind of account from
 * all others, and any two from each other, by one answer's time (the area under the curve: 0.5 is a coin). A suspicion is
 * judged by twice as many fresh samples.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "../kit/server.ts";
import { formOf } from "../kit/visitor.ts";
import { addAccounts, KINDS, type Kind, nameOf } from "./accounts.ts";
import { begin, texts } from "./attacker.ts";

const SAMPLES = 300;
/** So many that no name is tried more than ten times: the password's own throttle lets ten strangers' tries through. */
const PEOPLE = 100;
/** 2.9 and 3.4 standard errors of 300 samples, 4 and 4.8 of 600; a tenth of a millisecond is seen. */
const BOUNDS = { rest: 0.05, pair: 0.08 };
const server = await startServer({
  hashCost: { memory: 64, passes: 1, lanes: 1 },
  config: { trustedProxies: ["127.0.0.1"] },
});
await addAccounts(server, PEOPLE);

/** Chance that a sample of `a` is longer than one of `b`. */
function areaUnderCurve(a: readonly number[], b: readonly number[]): number {
  const sorted = [...b].sort((one, other) => one - other);
  let above = 0;
  for (const one of a) {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? 0) < one) low = middle + 1;
      else high = middle;
    }
    above += low;
  }
  return above / (a.length * b.length);
}

type Times = ReadonlyMap<Kind, number[]>;
const of = (times: Times, kind: Kind): readonly number[] => times.get(kind) ?? [];
const others = (times: Times, kind: Kind): readonly number[] =>
  KINDS.filter((other) => other !== kind).flatMap((other) => of(times, other));

const questions: readonly { name: string; bound: number; ask: (times: Times) => number }[] = [
  ...KINDS.map((kind) => ({
    name: `${kind} against all others`,
    bound: BOUNDS.rest,
    ask: (times: Times) => areaUnderCurve(of(times, kind), others(times, kind)),
  })),
  ...KINDS.flatMap((a, index) =>
    KINDS.slice(index + 1).map((b) => ({
      name: `${a} against ${b}`,
      bound: BOUNDS.pair,
      ask: (times: Times) => areaUnderCurve(of(times, a), of(times, b)),
    })),
  ),
];
const suspicions = (times: Times, asked = questions) =>
  asked.filter(({ ask, bound }) => Math.abs(ask(times) - 0.5) > bound);

let rounds = 0;

/** Milliseconds of each answer to a wrong password, `samples` of every kind in turn. */
async function measure(samples: number): Promise<Times> {
  const times = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  let answered = 0;
  const visitor = server.visitor({
    onAnswer: ({ status }) => {
      // The answer to the form itself, which is where the work is.
      if (status === 303) answered = performance.now();
    },
  });
  let page = await begin(server, visitor);
  for (const last = rounds + samples; rounds < last; rounds += 1) {
    const round = rounds;
    const order = [...KINDS].sort(() => Math.random() - 0.5);
    for (const kind of order) {
      if (round % 10 === 0) page = await begin(server, visitor);
      const { action, fields } = formOf(page);
      const from = {
        "x-forwarded-for": `198.${18 + (round >> 7)}.${round & 127}.${1 + KINDS.indexOf(kind)}`,
      };
      const body = new URLSearchParams({
        ...fields,
        username: nameOf(kind, round % PEOPLE),
        password: "neither door is open",
      }).toString();
      const start = performance.now();
      const answer = await visitor.post(action, body, from);
      assert.deepEqual(
        answer.trail.map(({ status }) => status),
        [303, 200],
      );
      times.get(kind)?.push(answered - start);
      page = answer;
    }
  }
  return times;
}

test("P11 M06 M21 the time of the answer tells no kind of account from the others: unknown, ordinary, without a phone, disabled, blocked number, spent budget, factor off or paused, slow or failing provider", {
  timeout: 240_000,
}, async (t) => {
  await measure(30);
  const first = await measure(SAMPLES);
  t.diagnostic(
    questions
      .slice(0, KINDS.length)
      .map(({ name, ask }) => `${name.split(" ")[0]} ${ask(first).toFixed(3)}`)
      .join(", "),
  );
  const suspects = suspicions(first);
  // All kinds again: each has to have been tried as often as the others, or the throttle tells them apart.
  const second = suspects.length === 0 ? first : await measure(2 * SAMPLES);
  const sure = suspicions(second, suspects);
  const told = ({ name, ask }: (typeof questions)[number]) =>
    `${name}: ${ask(first).toFixed(3)}, then ${ask(second).toFixed(3)}`;
  t.diagnostic(`${suspects.length} suspicions ${suspects.map(told).join("; ")}`);
  assert.deepEqual(sure.map(told), []);
  assert.equal(
    (await server.parts.audit.query({ kind: "password-paused", limit: 1 })).length,
    0,
    "no sample was the throttle's",
  );
  assert.equal(await texts(server), 0, "and nothing was sent");
});
