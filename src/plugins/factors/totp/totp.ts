/**
 * The factor `totp`: codes of an authenticator app (RFC 6238; NIST SP 800-63B-4 §3.1.4). Opened by compose, its steps
 * are called by the walk. The counter of tries is core's, the arithmetic `otpauth`'s; what stands here is that each time
 * step counts once, over all nodes.
 */
import type { TotpData } from "../../../core/authenticators.ts";
import { whereBound } from "../../../core/factor-tries.ts";
import type { Factor, Step } from "../../../core/mechanism.ts";
import type { Subject } from "../../../core/words.ts";
import type { TotpDeps } from "./deps.ts";
import { createTotpEnrol } from "./enrol.ts";
import { KIND, stepOf } from "./secret.ts";

/** Creates the factor of kind `totp`; its proof is `otp` (RFC 8176). */
export function createTotpFactor(deps: TotpDeps): Factor {
  return {
    kind: KIND,
    challenge: createChallenge(deps),
    enrol: createTotpEnrol(deps),
    held: async (subject, _attribute, bound) =>
      (bound ?? (await deps.authenticators.list(subject, KIND))).some(({ kind }) => kind === KIND),
  };
}

function createChallenge({ authenticators, tries, now }: TotpDeps): Step {
  /** Compared, and its step used up; of any number who bring the same code one is told true. */
  async function accept(subject: Subject, code: string): Promise<boolean> {
    for (const { id, version, data } of await authenticators.list(subject, KIND)) {
      const known = data as TotpData;
      const step = stepOf(known.secret, code, now());
      // Neither the last step again nor one before it: what somebody has looked at over a shoulder is over.
      if (step === undefined || step <= known.lastStep) continue;
      return authenticators.update(id, version, { ...known, lastStep: step, usedAt: now() });
    }
    return false;
  }

  return {
    prepare: whereBound(authenticators, KIND),
    async view({ username, canOtherMethod = false }) {
      return { page: { page: "totp", facts: { username, canOtherMethod } } };
    },
    async authenticate(login, form) {
      const code = (form.code ?? "").replace(/[\s-]/g, "");
      // Nothing that could be right: no try is used up.
      if (!/^[0-9]{6}$/.test(code)) return { kind: "retry", notice: { key: "totp.malformed" } };
      const tried = await tries.attempt(KIND, login, "totp.wrong", (subject) => accept(subject, code));
      return tried.kind === "right" ? { kind: "proved", method: "otp", events: tried.events } : tried;
    },
  };
}
