import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { attain, satisfies, usableProofs } from "../../src/core/gate.ts";
import { composeMechanism } from "../../src/core/mechanism.ts";
import type { Proof } from "../../src/core/words.ts";

const password = composeMechanism({ acr: "simple_password_auth", level: 10, requires: ["password"] });
const twilio = composeMechanism({ acr: "twilio_sms", level: 40, requires: ["password", "sms"] });
const all = [password, twilio];
const pwd = (at: number): Proof => ({ factor: "password", method: "pwd", at });
const sms = (at: number): Proof => ({ factor: "sms", method: "sms", at });

describe("the gate", () => {
  it("T13: says what happened: a password alone is a password alone", () => {
    assert.deepEqual(attain([pwd(5)], all), {
      acr: "simple_password_auth",
      level: 10,
      factors: ["password"],
      amr: ["pwd"],
      authTime: 5,
    });
  });

  it("T13: two kinds of factor add mfa, and auth_time is the oldest proof that counts", () => {
    assert.deepEqual(attain([sms(9), pwd(5)], all), {
      acr: "twilio_sms",
      level: 40,
      factors: ["password", "sms"],
      amr: ["pwd", "sms", "mfa"],
      authTime: 5,
    });
  });

  it("M08: a second factor without the first amounts to nothing", () => {
    assert.equal(attain([sms(9)], all), undefined);
    assert.equal(satisfies(undefined, password), false);
  });

  it("a mechanism that requires nothing is never attained", () => {
    const empty = composeMechanism({ acr: "nothing", level: 99, requires: [] });
    assert.equal(attain([], [empty]), undefined);
    assert.equal(attain([pwd(1)], [empty, password])?.acr, "simple_password_auth");
  });

  it("M08: no level lets a password stand for a password and a code, nor hides that the code was shown", () => {
    for (const level of [40, 41, 1000]) {
      const loud = composeMechanism({ acr: "simple_password_auth", level, requires: ["password"] });
      for (const both of [
        [loud, twilio],
        [twilio, loud],
      ]) {
        assert.equal(satisfies(attain([pwd(5)], both), twilio), false, `level ${level}`);
        assert.equal(attain([pwd(5), sms(9)], both)?.acr, "twilio_sms", `level ${level}`);
      }
    }
  });

  it("a stronger mechanism of other factors is enough for a weaker one, and not the other way round", () => {
    const otp = composeMechanism({ acr: "otp", level: 50, requires: ["password", "otp"] });
    const attained = attain([pwd(5), { factor: "otp", method: "otp", at: 6 }], [...all, otp]);
    assert.equal(attained?.acr, "otp");
    assert.equal(satisfies(attained, twilio), true);
    assert.equal(satisfies(attain([pwd(5), sms(6)], [...all, otp]), otp), false);
  });

  it("M08: whatever proofs there are, no acr comes out of which a factor is missing", () => {
    const proof = fc.record({
      factor: fc.constantFrom<string>("password", "sms", "otp"),
      method: fc.constant("pwd" as const),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(proof), (proofs) => {
        const attained = attain(usableProofs(proofs, 0), all);
        const kinds = new Set(proofs.map(({ factor }) => factor));
        for (const mechanism of all) {
          if (attained?.acr === mechanism.acr) assert.ok(mechanism.requires.every((kind) => kinds.has(kind)));
        }
      }),
    );
  });

  it("max_age: a proof older than allowed does not count, the newest of a kind does", () => {
    assert.deepEqual(usableProofs([pwd(5), pwd(20), sms(10)], 15), [pwd(20)]);
  });
});

describe("a mechanism of two factors", () => {
  it("asks only for what is missing", () => {
    assert.deepEqual(twilio.next({ proved: [], fresh: [], held: [] }), {
      factor: "password",
      act: "challenge",
    });
    assert.deepEqual(twilio.next({ proved: ["password"], fresh: [], held: ["password", "sms"] }), {
      factor: "sms",
      act: "challenge",
    });
    assert.equal(twilio.next({ proved: ["password", "sms"], fresh: [], held: [] }), undefined);
  });

  it("O21: binds a missing factor only on a fresh first factor, never on a session alone (CVE-2023-3597)", () => {
    assert.deepEqual(twilio.next({ proved: ["password"], fresh: [], held: ["password"] }), {
      factor: "password",
      act: "challenge",
    });
    assert.deepEqual(twilio.next({ proved: ["password"], fresh: ["password"], held: ["password"] }), {
      factor: "sms",
      act: "enrol",
    });
  });
});
