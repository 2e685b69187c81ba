/**
 * The factor `sms`: a one-time code to a phone (NIST SP 800-63B-4 §3.1.3.3, out-of-band by PSTN). Opened by compose,
 * its steps are called by the walk. It compares no code and sends nothing itself: core/codes does the one, core/delivery
 * the other. The number always comes from the person's authenticators, never from a form (O12), but while binding.
 */

import type { Audit } from "../../../core/audit.ts";
import type { Authenticators } from "../../../core/authenticators.ts";
import type { Codes } from "../../../core/codes.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import type { Factor } from "../../../core/mechanism.ts";
import type { Clock } from "../../../core/words.ts";
import type { Phones } from "../../../kits/phone/phones.ts";
import { createChallenge } from "./challenge.ts";
import { createEnrol } from "./enrol.ts";

export interface SmsFactorDeps {
  readonly codes: Codes;
  readonly authenticators: Authenticators;
  readonly enrolment: Enrolment;
  readonly phones: Phones;
  readonly countries: () => "all" | readonly string[];
  readonly audit: Audit;
  readonly now: Clock;
  /** Host of the issuer as the message's last line names it. */
  readonly host: string;
  /** Keyed hash of a number, the same for every holder. */
  readonly phoneKey: (e164: string) => string;
}

/** What is kept about a bound phone. */
export type PhoneData = { readonly number: string; readonly country: string; readonly verifiedAt: number };

export const KIND = "sms";

/** Creates the factor of kind `sms`; its proof is `sms` (RFC 8176). */
export function createSmsFactor(deps: SmsFactorDeps): Factor {
  return {
    kind: KIND,
    challenge: createChallenge(deps),
    enrol: createEnrol(deps),
    held: async (subject) => (await deps.authenticators.list(subject, KIND)).length > 0,
  };
}
