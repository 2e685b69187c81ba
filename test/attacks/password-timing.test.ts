/**
 * P11: how long the answer takes tells nothing about the name. A statistical test: samples of all kinds of names are
 * interleaved, and the area under the ROC curve of each kind against unknown names (0.5: no telling apart) stays between
 * 0.45 and 0.55; a suspicion is judged by twice as many fresh samples. The cost is reduced to some milliseconds, so that
 * a difference outside the hash weighs ten times what it does in use.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { PasswordCheck } from "../../src/core/directory.ts";
import { Secret } from "../../src/core/secret.ts";
import { type SqlDirectory, sqlDirectory } from "../../src/plugins/directories/sql/directory.ts";
import { type SqlStore, sqlStore } from "../../src/plugins/stores/sql/store.ts";

const COST = { memory: 4096, passes: 2, lanes: 1 };
const OLDER = { memory: 1024, passes: 2, lanes: 1 };
const SAMPLES = 300;
const BOUND = 0.05;
const WRONG = "not the password of anybody";
const TOO_LONG = "x".repeat(300);

/** The probability that a sample of `a` is above one of `b`. */
function areaUnderCurve(a: readonly number[], b: readonly number[]): number {
  let above = 0;
  for (const one of a) for (const other of b) above += one > other ? 1 : one === other ? 0.5 : 0;
  return above / (a.length * b.length);
}

interface Kind {
  readonly name: string;
  readonly expected: PasswordCheck["kind"];
  readonly ask: (n: number) => readonly [username: string, password: string];
}

/** Asks for all kinds in turn, so many times, and answers the milliseconds each took. */
async function sample(directory: SqlDirectory, kinds: readonly Kind[], times: number, warmUp = 20) {
  const took = kinds.map(() => [] as number[]);
  for (let n = -warmUp; n < times; n += 1)
    for (let at = 0; at < kinds.length; at += 1) {
      // Another order in each round: no kind is always the one after a pause of the garbage collector.
      const index = (at + n + warmUp) % kinds.length;
      const { expected, ask } = kinds[index] as Kind;
      const [username, password] = ask(Math.abs(n));
      const secret = new Secret(password);
      const begin = performance.now();
      // As the sign-in asks; `checkPassword` is the same act.
      const { check } = (await directory.lookUp?.(username)) ?? assert.fail();
      const { kind } = await check(secret);
      const milliseconds = performance.now() - begin;
      assert.equal(kind, expected);
      if (n >= 0) took[index]?.push(milliseconds);
    }
  return took;
}

describe("the time of checkPassword", () => {
  let store: SqlStore;
  const open = (cost: typeof COST) =>
    sqlDirectory.open({ cost }, { database: store.database, now: Date.now });
  before(async () => {
    const { migrations } = sqlDirectory;
    store = await sqlStore.open({ type: "sqlite", file: ":memory:" }, { now: Date.now, migrations });
    const password = new Secret("two doors, one open");
    const { write } = await open(COST);
    for (let n = 0; n < 50; n += 1) await write.add({ username: `person-${n}`, password });
    const added = await write.add({ username: "disabled", password });
    if (added.kind === "done") await write.setStatus(added.user.id, "disabled");
    await (await open(OLDER)).write.add({ username: "dormant", password });
  });
  after(() => store.close());

  const kind = (name: string, expected: Kind["expected"], ask: Kind["ask"]): Kind => ({
    name,
    expected,
    ask,
  });
  const unknown = kind("unknown", "unknown", (n) => [`nobody-${n % 50}`, WRONG]);

  it("P11: wrong, disabled, too long, or hashed at an older cost: nothing tells a name from one that nobody has", async (t) => {
    const directory = await open(COST);
    const unknownLong = kind("unknown, too long", "unknown", (n) => [`nobody-${n % 50}`, TOO_LONG]);
    /** Each beside the answer for a name nobody has, at the same password. */
    const pairs: readonly (readonly [nobody: Kind, somebody: Kind])[] = [
      [unknown, kind("wrong", "wrong", (n) => [`person-${n % 50}`, WRONG])],
      [unknown, kind("disabled", "disabled", () => ["disabled", WRONG])],
      [unknown, kind("older cost", "wrong", () => ["dormant", WRONG])],
      [unknownLong, kind("too long", "wrong", (n) => [`person-${n % 50}`, TOO_LONG])],
    ];
    const kinds = [...new Set(pairs.flat())];
    const took = await sample(directory, kinds, SAMPLES);
    const timesOf = (one: Kind) => took[kinds.indexOf(one)] ?? [];
    const areas = pairs.map((pair) => ({ pair, area: areaUnderCurve(timesOf(pair[1]), timesOf(pair[0])) }));
    t.diagnostic(areas.map(({ pair, area }) => `${pair[1].name} ${area.toFixed(3)}`).join(", "));
    for (const { pair, area } of areas) {
      if (Math.abs(area - 0.5) <= BOUND) continue;
      const [nobody = [], somebody = []] = await sample(directory, pair, 2 * SAMPLES);
      const again = areaUnderCurve(somebody, nobody);
      assert.ok(
        Math.abs(again - 0.5) <= BOUND,
        `${pair[1].name}: ${area.toFixed(3)}, then ${again.toFixed(3)}`,
      );
    }
  });

  it("P11: people with hashes of other servers, quicker and slower than ours: nothing tells them from nobody", async (t) => {
    const { migrations } = sqlDirectory;
    const other = await sqlStore.open({ type: "sqlite", file: ":memory:" }, { now: Date.now, migrations });
    try {
      const directory = await sqlDirectory.open({ cost: COST }, { database: other.database, now: Date.now });
      await directory.write.add({ username: "own", password: new Secret("two doors, one open") });
      const hashes = ["{SSHA}+RFhsaRQ4yPX7tPTpvq3Ezw6B71hYmNk", `$2b$06$${".".repeat(53)}`];
      await directory.bulk.take(
        hashes.map((hash, index) => ({
          id: `foreign-${index}`,
          username: `foreign-${index}`,
          hash,
          status: "active" as const,
          claims: {},
        })),
      );
      const all = ["own", "foreign-0", "foreign-1"].map((name) => kind(name, "wrong", () => [name, WRONG]));
      const took = await sample(directory, [unknown, ...all], SAMPLES / 2);
      for (const [index, one] of all.entries()) {
        const area = areaUnderCurve(took[index + 1] ?? [], took[0] ?? []);
        t.diagnostic(`${one.name} ${area.toFixed(3)}`);
        if (Math.abs(area - 0.5) <= BOUND) continue;
        const [nobody = [], somebody = []] = await sample(directory, [unknown, one], 2 * SAMPLES);
        const again = areaUnderCurve(somebody, nobody);
        assert.ok(
          Math.abs(again - 0.5) <= BOUND,
          `${one.name}: ${area.toFixed(3)}, then ${again.toFixed(3)}`,
        );
      }
    } finally {
      await other.close();
    }
  });

  it("the statistic is not blind: it sees the difference between the two costs", async () => {
    const [older, today] = [await open(OLDER), await open(COST)];
    const [low, full]: [number[], number[]] = [[], []];
    // In turns, because other programs on this machine come and go.
    for (let round = 0; round < 30; round += 1)
      for (const [directory, into] of [
        [older, low],
        [today, full],
      ] as const)
        into.push(...((await sample(directory, [unknown], 2, 0))[0] ?? []));
    const area = areaUnderCurve(full, low);
    assert.ok(area > 0.5 + 4 * BOUND, `${area}`);
  });
});
