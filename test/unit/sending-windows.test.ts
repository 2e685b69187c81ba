/** The arithmetic of sending budgets against a plain list of moments. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { added, left, type Window } from "../../src/core/sending-windows.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const START = Date.UTC(2027, 0, 1, 12, 3);

/** Sends whatever is let through at these moments; answers when something went out. */
function run(moments: readonly number[], budget: { hour: number; day: number }): readonly number[] {
  let window: Window | undefined;
  return moments.filter((at) => {
    if (left(window, budget, at).left < 1) return false;
    window = added(window, 1, at, at);
    return true;
  });
}

describe("sending budgets", () => {
  it("O15: never more than the budget in any hour or day, whenever it begins", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 40 * MINUTE }), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 12 }),
        (steps, hour, day) => {
          let at = START;
          const moments = steps.map((step) => {
            at += step;
            return at;
          });
          const sent = run(moments, { hour, day });
          for (const first of sent) {
            const within = (span: number) => sent.filter((one) => one >= first && one < first + span).length;
            assert.ok(within(HOUR) <= hour, "an hour");
            assert.ok(within(24 * HOUR) <= day, "a day");
          }
          assert.ok(sent.length > 0);
        },
      ),
    );
  });

  it("what is used up opens again at the moment it names, at most one slot late", () => {
    let window: Window | undefined;
    for (let n = 0; n < 5; n += 1) window = added(window, 1, START + n * MINUTE, START + n * MINUTE);
    const budget = { hour: 5, day: 10 };
    const { left: none, until } = left(window, budget, START + 5 * MINUTE);
    assert.equal(none, 0);
    assert.ok(until > START + HOUR && until <= START + HOUR + 5 * MINUTE + 1, new Date(until).toISOString());
    assert.equal(left(window, budget, until - 1).left, 0);
    assert.ok(left(window, budget, until).left > 0);
  });

  it("M29: a clock that is put back by ten minutes opens nothing; one put forward opens what is due", () => {
    let window: Window | undefined;
    for (let n = 0; n < 5; n += 1) window = added(window, 1, START, START);
    const budget = { hour: 5, day: 10 };
    assert.equal(left(window, budget, START - 10 * MINUTE).left, 0);
    assert.equal(left(window, budget, START + 10 * MINUTE).left, 0);
    assert.equal(left(window, budget, START + 66 * MINUTE).left, 5);
  });

  it("a window does not grow", () => {
    let window: Window | undefined;
    for (let n = 0; n < 5000; n += 1) window = added(window, 1, START + n * MINUTE, START + n * MINUTE);
    assert.ok((window?.hour.length ?? 0) <= 13 && (window?.day.length ?? 0) <= 25);
  });
});
