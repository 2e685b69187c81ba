/** Puts the factors together: password, text, authenticator app, passkey, recovery codes; and those of a forgotten password. */
import { createBinding } from "../core/binding.ts";
import { createFailures } from "../core/code-failures.ts";
import type { Devices } from "../core/device.ts";
import type { Directory } from "../core/directory.ts";
import { createFactorTries } from "../core/factor-tries.ts";
import type { Factor, Login } from "../core/mechanism.ts";
import type { CodePurpose } from "../core/message-texts.ts";
import type { WhyNew } from "../core/new-password.ts";
import type { Throttle } from "../core/throttle.ts";
import { createPasskeyFactor } from "../plugins/factors/passkey/passkey.ts";
import { createNewPasswordStep } from "../plugins/factors/password/new-password.ts";
import { createPasswordFactor } from "../plugins/factors/password/password.ts";
import { createRecoveryCodeFactor } from "../plugins/factors/recovery-code/recovery-code.ts";
import { createTotpFactor } from "../plugins/factors/totp/totp.ts";
import type { composeLimits } from "./limits.ts";
import type { Parts } from "./parts.ts";
import type { smsFactors } from "./sms-factor.ts";

export interface FactorParts {
  readonly parts: Parts;
  readonly bounds: ReturnType<typeof composeLimits>;
  readonly devices: Devices;
  readonly throttle: Throttle;
  /** The directory as the password step asks it. */
  readonly asked: Directory;
  readonly brand: () => string;
  readonly smsFactor: ReturnType<typeof smsFactors>;
  /** Whether whoever has forgotten the password may say so. */
  readonly forgotten: () => boolean;
}

type Factors = ReadonlyMap<string, Factor>;

/** `sign-in`: those of every login. `reset`: the same for a forgotten password, where a code says what it is for. */
export function composeFactors(given: FactorParts): { readonly signIn: Factors; readonly reset: Factors } {
  const { parts, throttle, devices } = given;
  const { directory, passwordOpenings, leastLength, now } = parts;
  const others = besidePasswordAndText(given);
  const newPassword = (why: WhyNew) =>
    createNewPasswordStep({
      directory,
      passwords: parts.newPasswords,
      throttle,
      leastLength,
      why,
      ...(why === "forgotten" ? { allowed: isBegun } : {}),
    });
  /**
   * Of whoever had nothing to show there must still be nothing: somebody may have bound it meanwhile. And what was there is
   * still: a phone that is reported as stolen may be the one that was shown.
   */
  async function isBegun({ id, subject = "" }: Login, user: Parameters<typeof passwordOpenings.begunBy>[1]) {
    const begun = await passwordOpenings.begunBy(id, user);
    if (begun === undefined) return false;
    const held = await parts.authenticators.list(subject);
    return begun.kinds.length === 0
      ? held.length === 0
      : begun.held.every((one) => held.some(({ id: other }) => other === one));
  }
  const password = (why: WhyNew): Factor =>
    createPasswordFactor(
      { directory: given.asked, throttle, devices, forgotten: given.forgotten, now },
      newPassword(why),
    );
  const all = (purpose: CodePurpose, why: WhyNew): Factors =>
    new Map(
      [...others, password(why), given.smsFactor(parts.enrolment, purpose)].map((factor) => [
        factor.kind,
        factor,
      ]),
    );
  return { signIn: all("sign-in", "must-change"), reset: all("new-password", "forgotten") };
}

function besidePasswordAndText({
  parts,
  bounds: { limits },
  brand,
}: Pick<FactorParts, "parts" | "bounds" | "brand">): readonly Factor[] {
  const { storage, authenticators, directory, notices, keyring, sealer, config, now } = parts;
  const failures = createFailures(storage, limits, now);
  const tries = createFactorTries({ failures, notices, noticeAfter: () => limits().noticeAfter, now });
  const binding = createBinding(parts);
  return [
    createTotpFactor({ authenticators, tries, binding, brand, now }),
    createPasskeyFactor({
      authenticators,
      directory,
      binding,
      origin: config.issuer.origin,
      rpId: config.issuer.hostname,
      keys: () => keyring.secrets("csrf"),
      now,
    }),
    createRecoveryCodeFactor({
      authenticators,
      tries,
      binding,
      notices,
      hash: (subject, code) => sealer.lookup("recovery-code", `${subject}\0${code}`),
      now,
    }),
  ];
}
