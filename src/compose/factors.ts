/** Puts together the factors beside password and text: authenticator app, passkey, recovery codes. */
import { createBinding } from "../core/binding.ts";
import { createFailures } from "../core/code-failures.ts";
import { createFactorTries } from "../core/factor-tries.ts";
import type { Factor } from "../core/mechanism.ts";
import type { Limits } from "../core/settings.ts";
import { createPasskeyFactor } from "../plugins/factors/passkey/passkey.ts";
import { createRecoveryCodeFactor } from "../plugins/factors/recovery-code/recovery-code.ts";
import { createTotpFactor } from "../plugins/factors/totp/totp.ts";
import type { Parts } from "./parts.ts";

export function composeFactors(options: {
  readonly parts: Parts;
  readonly limits: () => Limits;
  readonly brand: () => string;
}): readonly Factor[] {
  const { parts, limits, brand } = options;
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
