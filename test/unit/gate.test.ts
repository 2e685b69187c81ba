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
      amr: ["pwd"],
      authTime: 5,
    });
  });

  it("T13: two kinds of factor add mfa, and auth_time is the oldest proof that counts", () => {
    assert.deepEqual(attain([sms(9), pwd(5)], all), {
      acr: "twilio_sms",
      level: 40,
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
