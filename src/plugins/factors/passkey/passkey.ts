/**
 * The factor `passkey`: a key of the person's own that answers for this origin alone (WebAuthn Level 3; NIST SP 800-63B-4
 * §3.1.7, multi-factor cryptographic). Opened by compose, its steps are called by the walk. It says itself who signs in,
 * and has always checked the person (user verification): one passkey is two factors.
 */
import type { Authenticators } from "../../../core/authenticators.ts";
import type { Binding } from "../../../core/binding.ts";
import type { Directory } from "../../../core/directory.ts";
import type { NamedKey } from "../../../core/keys.ts";
import type { Factor, Login } from "../../../core/mechanism.ts";
import type { Clock, Json } from "../../../core/words.ts";
import { createPasskeyChallenge } from "./challenge.ts";
import { createPasskeyEnrol } from "./enrol.ts";
import { challengeOf } from "./one-time.ts";

export const KIND = "passkey";

export interface PasskeyDeps {
  readonly authenticators: Authenticators;
  readonly directory: Pick<Directory, "get">;
  readonly binding: Binding;
  /** The issuer's: keys answer to it and to nothing else. */
  readonly origin: string;
  readonly rpId: string;
  /** Challenges are made of these, the current one first. */
  readonly keys: () => readonly NamedKey[];
  readonly now: Clock;
}

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
