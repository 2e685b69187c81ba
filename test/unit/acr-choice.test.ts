/** The choice of the acr where a future mechanism of other factors stands beside two steps. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { composeMechanism } from "../../src/core/mechanism.ts";
import { clientSchema, type Snapshot } from "../../src/core/settings.ts";
import type { Proof } from "../../src/core/words.ts";
import { acrRequest, answered, chooseAcr, proofsToBuildOn } from "../../src/surfaces/oidc/choice.ts";

const low = composeMechanism({ acr: "low", level: 10, requires: ["password"] });
const sms = composeMechanism({ acr: "sms", level: 40, requires: ["password", "sms"], aliases: ["urn:sms"] });
const otp = composeMechanism({ acr: "otp", level: 50, requires: ["password", "otp"] });
const all = [low, sms, otp];
const proof = (factor: string): Proof => ({ factor, method: factor === "password" ? "pwd" : "sms", at: 1 });
const byOtp = [proof("password"), proof("otp")];

/** Settings with these scripts; the ones named are switched off. */
const snapshot = (byDefault: string, off: readonly string[] = []): Snapshot =>
  ({
    acrs: { default: byDefault, enabled: [] },
    scripts: all.map(({ acr, level, aliases = [] }) => ({
      name: acr,
      level,
      aliases,
      enabled: !off.includes(acr),
    })),
  }) as unknown as Snapshot;
const on = (off: readonly string[]) => all.filter(({ acr }) => !off.includes(acr));
const client = (over: Record<string, unknown>) =>
  clientSchema.parse({ client_id: "c", redirect_uris: ["https://rp.example.test/cb"], ...over });
const essential = (...values: string[]) =>
  acrRequest({ claims: { id_token: { acr: { essential: true, values } } } });

function chosen(request: ReturnType<typeof acrRequest>, mechanisms = all) {
  const choice = chooseAcr(request, undefined, snapshot("sms"), mechanisms);
  return choice.kind === "acr" ? choice : assert.fail("unmet");
}

describe("a session of other, stronger factors", () => {
  it("answers a wish for a weaker acr, under its own name", () => {
    assert.equal(answered(chosen(acrRequest({ acr_values: "sms" })), byOtp, all)?.acr, "otp");
  });

  it("T13: does not answer a requirement, which is for the very factors", () => {
    const choice = chosen(essential("sms"));
    assert.equal(answered(choice, byOtp, all), undefined);
    assert.deepEqual(proofsToBuildOn(choice, byOtp), [proof("password")]);
    const shown = [...proofsToBuildOn(choice, byOtp), proof("sms")];
    assert.equal(answered(choice, shown, all)?.acr, "sms");
    assert.equal(answered(chosen(essential("urn:sms")), shown, all)?.acr, "urn:sms");
  });

  it("answers a requirement for less by that name, and the rest of what it tells is all of it", () => {
    const { acr, attained } = answered(chosen(essential("low")), byOtp, all) ?? assert.fail("asked");
    assert.equal(acr, "low");
    assert.equal(attained.acr, "otp");
  });
});

describe("what a client goes on with", () => {
  const choose = (over: Record<string, unknown>, byDefault: string, off: readonly string[] = []) => {
    const choice = chooseAcr(acrRequest({}), client(over), snapshot(byDefault, off), on(off));
    return choice.kind === "acr" ? choice.mechanism.acr : choice.kind;
  };

  it("its own first enabled default, by name or alias", () => {
    assert.equal(choose({ default_acr_values: ["gone", "urn:sms"] }, "low"), "sms");
    assert.equal(choose({ default_acr_values: ["otp"], allowed_acr_values: ["urn:sms"] }, "low"), "sms");
  });

  it("T15: else the server's, unless that is weaker than every acr it may still use", () => {
    const over = { default_acr_values: ["otp"], allowed_acr_values: ["otp", "low"] };
    assert.equal(
      choose(over, "sms", ["otp"]),
      "sms",
      "not down to the password because codes of the app are off",
    );
    assert.equal(choose({ allowed_acr_values: ["sms", "otp"] }, "low", ["otp"]), "sms");
    assert.equal(choose({ allowed_acr_values: ["otp"] }, "sms", ["otp"]), "unmet");
    assert.equal(choose({ allowed_acr_values: ["low"] }, "sms", ["low"]), "sms");
    assert.equal(
      choose({ allowed_acr_values: ["gone"] }, "otp"),
      "unmet",
      "nobody knows how strong that was",
    );
  });
});
