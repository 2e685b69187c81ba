/** The odds of a guess, against the hand arithmetic of the field's own numbers and against what the documentation says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { chance, guessOdds } from "../../src/core/odds.ts";
import { limitsSchema } from "../../src/core/settings.ts";

const percent = (share: number, digits = 2) => Number((share * 100).toPrecision(digits));

describe("the odds of guessing a code", () => {
  it("are those that can be worked out by hand", () => {
    // Five codes an hour with five tries each and no counter at all.
    assert.equal(percent(chance(25 * 24, 6), 1), 0.06);
    assert.equal(percent(chance(25 * 24 * 30, 6)), 1.8);
    assert.equal(percent(chance(25 * 24 * 365, 6), 3), 19.7);
    // 15 guesses a login and a login a second.
    assert.equal(percent(chance(15 * 86_400, 6), 3), 72.6);
    // Caps of 100 and 50; 10^6 stolen passwords at 100, 10, and 10 with eight digits.
    assert.equal(percent(chance(100, 6)), 0.01);
    assert.equal(percent(chance(50, 6)), 0.005);
    assert.equal(Math.round(1e6 * chance(100, 6)), 100);
    assert.equal(Math.round(1e6 * chance(10, 6)), 10);
    assert.equal(Number((1e6 * chance(10, 8)).toPrecision(2)), 0.1);
    assert.equal(chance(1, 1), 0.1);
  });

  it("follow the limits", () => {
    const limits = limitsSchema.parse({});
    const odds = guessOdds(limits);
    assert.equal(percent(odds.perCode), 0.0005);
    assert.equal(percent(odds.betweenSuccesses), 0.005);
    assert.equal(odds.guessesPerYear, 365 * 49 + 50);
    const loose = guessOdds({ ...limits, disableAfter: 100 });
    assert.ok(loose.perYear > odds.perYear && loose.ofAMillion > odds.ofAMillion);
    assert.ok(guessOdds({ ...limits, codeDigits: 8 }).ofAMillion < 1);
  });

  it("are what docs/security.md says", () => {
    const text = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
    const odds = guessOdds(limitsSchema.parse({}));
    const said = (what: RegExp) => Number((what.exec(text)?.[1] ?? "").replace(",", ""));
    assert.equal(said(/one code, five tries +\| ([\d.]+) %/), percent(odds.perCode));
    assert.equal(said(/between two right codes of the owner +\| ([\d.]+) %/), percent(odds.betweenSuccesses));
    assert.equal(said(/signs in every day +\| ([\d.]+) %/), percent(odds.perYear));
    assert.equal(said(/accounts that fall +\| ([\d.]+) +\|/), Math.round(odds.ofAMillion));
    assert.equal(
      said(/with the brake on from the beginning +\| ([\d.]+) +\|/),
      Number(odds.ofAMillionBraked.toPrecision(1)),
    );
  });
});
