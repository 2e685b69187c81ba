/**
 * The factor `sms`: a one-time code to a phone (NIST SP 800-63B-4 §3.1.3.3, out-of-band by PSTN). Opened by compose,
 * its steps are called by the walk. It compares no code and sends nothing itself: core/codes does the one, core/delivery
 * the other. The number always comes from the person's authenticators or directory, never from a form (O12), but while binding.
 */

import type { Factor } from "../../../core/mechanism.ts";
import { createChallenge } from "./challenge.ts";
import { KIND, type SmsFactorDeps } from "./deps.ts";
import { createEnrol } from "./enrol.ts";
import { phonesOf } from "./phone-of.ts";

/** Creates the factor of kind `sms`; its proof is `sms` (RFC 8176). */
export function createSmsFactor(deps: SmsFactorDeps): Factor {
  return {
    kind: KIND,
    challenge: createChallenge(deps),
    enrol: createEnrol(deps),
    held: async (subject, attribute, bound) =>
      attribute === undefined && bound !== undefined
        ? bound.some(({ kind }) => kind === KIND)
        : (await phonesOf(deps, subject, attribute)).length > 0,
  };
}
