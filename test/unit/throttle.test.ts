/** The password throttle over a real storage, with a clock that the test moves. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createThrottle, type Try } from "../../src/core/throttle.ts";
import { DEFAULT_THROTTLE_LIMITS, MEMORY, type ThrottleLimits } from "../../src/core/throttle-lanes.ts";
import { memoryStore } from "../../src/plugins/stores/memory/store.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ada: Try = { subject: "ada-1", username: "ada", address: "192.0.2.7", device: undefined };
const FREE_ZONES = [1e9, 1e9] as const;

async function createTrial(limits: ThrottleLimits = DEFAULT_THROTTLE_LIMITS) {
  let time = Date.UTC(2027, 0, 1);
  const now = () => time;
  const { records } = await memoryStore.open({ type: "memory" }, {});
  const storage = createStorage({ store: records, sealer: testSealer(), now });
  const throttle = createThrottle({ records: storage.records("password-throttle"), now, limits });
  /** Tries a password: `compared` is whether anybody looked at it. */
  async function attempt(who: Try, outcome: "right" | "wrong" | "not-compared" = "wrong") {
    const slot = await throttle.reserve(who);
    if (slot.kind === "go") await slot.settle(outcome);
    return slot.kind === "go" ? { compared: true, seconds: 0 } : { compared: false, seconds: slot.seconds };
  }
  return {
    throttle,
    attempt,
    now,
    advance: (ms: number) => {
      time += ms;
    },
    async wrong(times: number, who: Try) {
      let compared = 0;
      for (let n = 0; n < times; n += 1) if ((await attempt(who)).compared) compared += 1;
      return compared;
    },
    sweep: () => storage.sweep(1000),
  };
}

/** The n-th of many unrelated networks. */
const elsewhere = (n: number): string => `${11 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.9`;

describe("the password throttle", () => {
  it("P13: of 100 parallel tries on one account from one address five are compared", async () => {
    const trial = await createTrial();
    const slots = await Promise.all(Array.from({ length: 100 }, () => trial.throttle.reserve(ada)));
    assert.equal(slots.filter(({ kind }) => kind === "go").length, 5);
  });

  it("P13: of 100 parallel tries on one account from 100 networks ten are compared", async () => {
    const trial = await createTrial();
    const tries = Array.from({ length: 100 }, (_, n) => ({ ...ada, address: elsewhere(n) }));
    const slots = await Promise.all(tries.map((who) => trial.throttle.reserve(who)));
    assert.equal(slots.filter(({ kind }) => kind === "go").length, 10);
  });

  it("waits 5, 10, 20 … seconds from the fifth failure of a place on, at most 15 minutes", async () => {
    const trial = await createTrial();
    assert.equal(await trial.wrong(5, ada), 5);
    const waits: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      const { compared, seconds } = await trial.attempt(ada);
      assert.equal(compared, false);
      waits.push(seconds);
      trial.advance(seconds * SECOND);
      assert.equal((await trial.attempt(ada)).compared, true, "exactly when it said");
    }
    assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
  });

  it("a try during a wait is neither compared nor counted", async () => {
    const trial = await createTrial();
    await trial.wrong(5, ada);
    assert.equal(await trial.wrong(50, ada), 0);
    assert.equal((await trial.attempt(ada)).seconds, 5);
  });

  it("a right password clears the place: the next five mistakes are free again", async () => {
    const trial = await createTrial();
    assert.equal(await trial.wrong(4, ada), 4);
    assert.equal((await trial.attempt(ada, "right")).compared, true);
    assert.equal(await trial.wrong(100, ada), 5);
  });

  it("P12: the counter is the account's, whatever name was typed", async () => {
    const trial = await createTrial();
    const names = ["ada", "ADA", "ada@example.org", "+12025550143", "Ａｄａ", "ada"];
    const compared = [];
    for (const username of names) compared.push((await trial.attempt({ ...ada, username })).compared);
    assert.deepEqual(compared, [true, true, true, true, true, false]);
  });

  it("P11, P12: names nobody has wait just the same, spellings of one name together", async () => {
    const known = await createTrial();
    const unknown = await createTrial();
    const nobody = { ...ada, subject: undefined };
    const spellings = ["nobody", "NOBODY", "Ｎobody", " nobody", "Nobody", "noBody", "nobody"];
    for (const username of spellings) {
      const one = await known.attempt({ ...ada, username });
      assert.deepEqual(await unknown.attempt({ ...nobody, username }), one);
    }
    assert.equal((await unknown.attempt({ ...nobody, username: "somebody" })).compared, true);
  });

  it("P14: whoever attacks from wherever, a known device signs in at once", async () => {
    const trial = await createTrial({ ...DEFAULT_THROTTLE_LIMITS, zone: FREE_ZONES });
    for (let n = 0; n < 2000; n += 1) {
      await trial.attempt({ ...ada, address: elsewhere(n) });
      await trial.attempt(ada);
      if (n % 100 === 0)
        assert.equal((await trial.attempt({ ...ada, device: "laptop" }, "right")).compared, true);
      trial.advance(10 * SECOND);
    }
  });

  it("P14: the owner on a new device is in after the wait that is shown, and never waits beyond an hour", async () => {
    const trial = await createTrial();
    let n = 0;
    const longest: number[] = [];
    for (const hours of [1, 2, 100]) {
      for (const end = trial.now() + hours * HOUR; trial.now() < end; n += 1) {
        const { seconds } = await trial.attempt({ ...ada, address: elsewhere(n) });
        trial.advance(Math.max(1, seconds) * SECOND);
      }
      await trial.attempt({ ...ada, address: elsewhere(n + 1) });
      longest.push((await trial.attempt({ ...ada, address: "198.51.100.1" })).seconds);
    }
    assert.deepEqual(longest, [60, 900, 3600]);
    trial.advance(3600 * SECOND);
    assert.equal((await trial.attempt({ ...ada, address: "198.51.100.1" }, "right")).compared, true);
  });

  it("signing in as a stranger forgives the own place's mistakes, not the guessers'", async () => {
    const trial = await createTrial();
    for (let n = 0; n < 8; n += 1) await trial.attempt({ ...ada, address: elsewhere(n) });
    await trial.attempt(ada);
    assert.equal((await trial.attempt(ada, "right")).compared, true);
    assert.equal((await trial.attempt({ ...ada, address: elsewhere(90) })).compared, true);
    assert.equal((await trial.attempt({ ...ada, address: elsewhere(91) })).compared, true);
    assert.equal((await trial.attempt({ ...ada, address: elsewhere(92) })).compared, false);
  });

  it("a known device has its own counter: 50 mistakes, then it is a stranger until it is right", async () => {
    const trial = await createTrial();
    const laptop = { ...ada, device: "laptop" };
    assert.equal(await trial.wrong(100, laptop), 5);
    assert.equal((await trial.attempt(ada)).compared, true, "strangers are not slowed by it");
    for (let n = 5; n < 50; n += 1) {
      trial.advance(900 * SECOND);
      assert.equal((await trial.attempt(laptop)).compared, true);
    }
    for (let n = 0; n < 8; n += 1) await trial.attempt({ ...ada, address: elsewhere(n) });
    assert.equal((await trial.attempt(laptop)).compared, true, "the tenth stranger");
    assert.equal((await trial.attempt(laptop)).compared, false);
    trial.advance(60 * SECOND);
    assert.equal((await trial.attempt(laptop, "right")).compared, true);
    for (let n = 10; n < 30; n += 1) await trial.attempt({ ...ada, address: elsewhere(n) });
    assert.equal((await trial.attempt(laptop)).compared, true, "known again");
  });

  it("a try that was not compared is given back, and one that was never settled is not", async () => {
    const trial = await createTrial();
    for (let n = 0; n < 20; n += 1)
      assert.equal((await trial.attempt(ada, "not-compared")).compared, true, `try ${n}`);
    for (let n = 0; n < 5; n += 1) await trial.throttle.reserve(ada);
    assert.equal((await trial.attempt(ada, "right")).compared, false);
  });

  it("settling twice counts once", async () => {
    const trial = await createTrial();
    const slot = await trial.throttle.reserve(ada);
    assert.equal(slot.kind, "go");
    if (slot.kind !== "go") return;
    await slot.settle("wrong");
    await slot.settle("right");
    assert.equal(await trial.wrong(100, ada), 4);
  });

  it("an administrator's act forgets an account's failures", async () => {
    const trial = await createTrial();
    await trial.wrong(5, ada);
    assert.equal((await trial.attempt(ada)).compared, false);
    await trial.throttle.forget("ada-1");
    assert.equal((await trial.attempt(ada)).compared, true);
  });

  it("spraying: an address fails 100 times over all accounts, then once in 36 s; right ones cost nothing", async () => {
    const trial = await createTrial();
    const person = (n: number): Try => ({ ...ada, subject: `person-${n}`, username: `person-${n}` });
    for (let n = 0; n < 500; n += 1) assert.equal((await trial.attempt(person(n), "right")).compared, true);
    let compared = 0;
    for (let n = 0; n < 300; n += 1) if ((await trial.attempt(person(n))).compared) compared += 1;
    assert.equal(compared, 100);
    assert.equal((await trial.attempt(person(600))).seconds, 36);
    assert.equal(
      (await trial.attempt({ ...person(600), device: "own" })).compared,
      true,
      "known devices pass",
    );
    trial.advance(36 * SECOND);
    assert.equal((await trial.attempt(person(601), "right")).compared, true);
    assert.equal((await trial.attempt(person(601))).compared, true);
    assert.equal((await trial.attempt(person(601))).compared, false);
    // What the zone refused was given back to the account.
    trial.advance(DAY);
    assert.equal(await trial.wrong(100, person(600)), 5);
  });

  it("spraying, P13: of 1000 parallel tries over 1000 accounts an address gets 100 once half of them have failed", async () => {
    const trial = await createTrial();
    const person = (n: number): Try => ({ ...ada, subject: `p${n}`, username: `p${n}` });
    for (let n = 0; n < 50; n += 1) await trial.attempt(person(n));
    const slots = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => trial.throttle.reserve(person(n + 50))),
    );
    assert.equal(slots.filter(({ kind }) => kind === "go").length, 50);
  });

  it("IPv6: a /64 is one place and one zone, a /48 gets 1000 failures an hour", async () => {
    const trial = await createTrial();
    const from = (net: number, host: number): Try => ({
      ...ada,
      address: `2001:db8:7:${net.toString(16)}::${host.toString(16)}`,
    });
    let compared = 0;
    for (let n = 0; n < 20; n += 1) if ((await trial.attempt(from(1, n + 1))).compared) compared += 1;
    assert.equal(compared, 5);
    let spread = 0;
    for (let n = 0; n < 2000; n += 1) {
      const who = { ...from(n + 2, 1), subject: `s${n}`, username: `s${n}` };
      if ((await trial.attempt(who)).compared) spread += 1;
    }
    assert.equal(spread, 995);
  });

  it("O08: unanswered slots and failures of one node count on the other", async () => {
    const time = Date.UTC(2027, 0, 1);
    const { records } = await memoryStore.open({ type: "memory" }, {});
    const node = () => {
      const storage = createStorage({ store: records, sealer: testSealer(), now: () => time });
      return createThrottle({ records: storage.records("password-throttle"), now: () => time });
    };
    const [one, two] = [node(), node()];
    const slots = await Promise.all(
      Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? one : two).reserve(ada)),
    );
    assert.equal(slots.filter(({ kind }) => kind === "go").length, 5);
  });

  it("M29: a clock that was put back by hours makes nobody wait longer than the wait itself", async () => {
    const trial = await createTrial();
    await trial.wrong(5, ada);
    trial.advance(-5 * HOUR);
    const { seconds } = await trial.attempt(ada);
    assert.ok(seconds > 0 && seconds <= 5, `${seconds} s`);
  });

  it("NIST 63B-4 §3.2.2: 200 guesses and 25 a day at one account from unlimited networks, at any pace", async () => {
    const free = { ...DEFAULT_THROTTLE_LIMITS, zone: FREE_ZONES };
    const paces: Record<string, (count: number, seconds: number) => number> = {
      greedy: (_, seconds) => seconds * SECOND,
      "four, then six hours": (count, seconds) => (count % 4 === 0 ? 6 * HOUR + 1 : seconds * SECOND),
      "nine, then a week": (count, seconds) => (count % 9 === 0 ? MEMORY * SECOND + 1 : seconds * SECOND),
      "100, then a week": (count, seconds) => (count % 100 === 0 ? MEMORY * SECOND + 1 : seconds * SECOND),
      "200, then a week": (count, seconds) => (count % 200 === 0 ? MEMORY * SECOND + 1 : seconds * SECOND),
    };
    for (const [name, pause] of Object.entries(paces)) {
      const trial = await createTrial(free);
      const end = trial.now() + 60 * DAY;
      let guesses = 0;
      for (let n = 0; trial.now() < end; n += 1) {
        const { compared, seconds } = await trial.attempt({ ...ada, address: elsewhere(n) });
        if (compared) guesses += 1;
        trial.advance(compared ? Math.max(1, pause(guesses, 0)) : seconds * SECOND);
      }
      assert.ok(guesses <= 200 + 25 * 60, `${name}: ${guesses}`);
      assert.ok(guesses > 60, `${name}: ${guesses}: the simulation guessed at all`);
    }
  });

  it("NIST 63B-4 §3.2.2 to the letter, as a stage: strangers end at 100, known devices go on", async () => {
    const strangers = [
      ...DEFAULT_THROTTLE_LIMITS.strangers.slice(0, 1),
      { after: 100, first: MEMORY, cap: MEMORY },
    ];
    const trial = await createTrial({ ...DEFAULT_THROTTLE_LIMITS, strangers, zone: FREE_ZONES });
    const end = trial.now() + 6 * DAY;
    let guesses = 0;
    for (let n = 0; trial.now() < end; n += 1) {
      if ((await trial.attempt({ ...ada, address: elsewhere(n) })).compared) guesses += 1;
      trial.advance(61 * SECOND);
    }
    assert.equal(guesses, 100);
    assert.equal((await trial.attempt({ ...ada, device: "laptop" }, "right")).compared, true);
    assert.equal((await trial.attempt({ ...ada, address: "198.51.100.1" })).compared, false);
    await trial.throttle.forget("ada-1");
    assert.equal((await trial.attempt({ ...ada, address: "198.51.100.1" })).compared, true);
  });

  it("whatever is tried from wherever, right passwords leave no more behind than there were failures", async () => {
    const step = fc.record({
      address: fc.integer({ min: 0, max: 3 }),
      device: fc.option(fc.constantFrom("laptop", "phone"), { nil: undefined }),
      outcome: fc.constantFrom("right", "wrong", "not-compared"),
      pause: fc.constantFrom(0, 1, 5, 60, 900),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const trial = await createTrial();
        let failures = 0;
        for (const { address, device, outcome, pause } of steps) {
          const { compared, seconds } = await trial.attempt(
            { ...ada, address: elsewhere(address * 256), device },
            outcome,
          );
          assert.ok(compared ? seconds === 0 : seconds >= 1 && seconds <= 3600);
          if (compared && outcome === "wrong") failures += 1;
          trial.advance(pause * SECOND);
        }
        // After the longest wait everybody is let in again; with fewer than five failures in all nobody ever waits.
        if (failures < 5) assert.equal((await trial.attempt(ada)).compared, true);
        trial.advance(HOUR);
        assert.equal((await trial.attempt(ada, "right")).compared, true);
        assert.equal((await trial.attempt({ ...ada, device: "laptop" }, "right")).compared, true);
      }),
      { numRuns: 60 },
    );
  });
});
