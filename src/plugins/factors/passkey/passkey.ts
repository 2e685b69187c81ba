/**
 * The factor `passkey`: a key of the person's own that answers for this origin alone (WebAuthn Level 3; NIST SP 800-63B-4
 * §3.1.7, multi-factor cryptographic). Opened by compose, its steps are called by the walk. It says itself who signs in,
 * and has always checked the person (user verification): one passkey is two factors.
 */
import type { Factor, Login } from "../../../core/mechanism.ts";
import type { Json } from "../../../core/words.ts";
import { createPasskeyChallenge } from "./challenge.ts";
import { KIND, type PasskeyDeps } from "./deps.ts";
import { createPasskeyEnrol } from "./enrol.ts";
import { challengeOf } from "./one-time.ts";

/** Creates the factor of kind `passkey`; its proof is `swk` of a key that may be copied, else `hwk` (RFC 8176). */
export function createPasskeyFactor(deps: PasskeyDeps): Factor {
  return {
    kind: KIND,
    challenge: createPasskeyChallenge(deps),
    enrol: createPasskeyEnrol(deps),
    held: async (subject, _attribute, bound) =>
      (bound ?? (await deps.authenticators.list(subject, KIND))).some(({ kind }) => kind === KIND),
    invite: (login: Login<Json>) => ({
      rpId: deps.rpId,
      challenge: challengeOf(deps.keys, "sign-in", login),
    }),
  };
}
