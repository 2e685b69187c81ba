/**
 * The factor `recovery-code`: ten codes on paper, each good once (look-up secrets, NIST SP 800-63B-4 §3.1.2). Opened by
 * compose, its steps are called by the walk. Codes are kept as keyed hashes alone; they are shown while they are
 * being made and never again.
 */
import type { RecoveryData } from "../../../core/authenticators.ts";
import { whereBound } from "../../../core/factor-tries.ts";
import type { Factor, Step } from "../../../core/mechanism.ts";
import type { Subject } from "../../../core/words.ts";
import { normal } from "./code.ts";
import { KIND, type RecoveryCodeDeps } from "./deps.ts";
import { createRecoveryEnrol } from "./enrol.ts";

const ROUNDS = 5;

/** Creates the factor of kind `recovery-code`; its proof is `otp` (decision 0024). */
export function createRecoveryCodeFactor(deps: RecoveryCodeDeps): Factor {
  return {
    kind: KIND,
    challenge: createChallenge(deps),
    enrol: createRecoveryEnrol(deps),
    held: async (subject, _attribute, bound) =>
      (bound ?? (await deps.authenticators.list(subject, KIND))).some(
        ({ kind, data }) => kind === KIND && (data as RecoveryData).hashes.length > 0,
      ),
  };
}

function createChallenge({ authenticators, tries, notices, hash, now }: RecoveryCodeDeps): Step {
  /** Takes the code off the list; of any number who bring the same one, one is told true. */
  async function use(subject: Subject, code: string): Promise<boolean> {
    const wanted = hash(subject, code);
    for (let round = 0; round < ROUNDS; round += 1) {
      // The newest list alone: those before it are void, also where taking them away has failed.
      const list = (await authenticators.list(subject, KIND)).at(-1);
      const { hashes } = (list?.data ?? { hashes: [] }) as RecoveryData;
      if (list === undefined || !hashes.includes(wanted)) return false;
      const left: RecoveryData = { hashes: hashes.filter((one) => one !== wanted), usedAt: now() };
      if (await authenticators.update(list.id, list.version, left)) return true;
    }
    return false;
  }

  return {
    prepare: whereBound(authenticators, KIND),
    async view({ username, canOtherMethod = false }) {
      return { page: { page: "recovery-code", facts: { username, canOtherMethod } } };
    },
    async authenticate(login, form) {
      const code = normal(form.code ?? "");
      if (code === undefined) return { kind: "retry", notice: { key: "recovery.malformed" } };
      const tried = await tries.attempt(KIND, login, "recovery.wrong", (subject) => use(subject, code));
      if (tried.kind !== "right") return tried;
      const { subject, locale, client, id } = login;
      if (subject !== undefined)
        await notices.send(subject, { kind: "recovery-code-used", locale, client: client.id, login: id });
      return { kind: "proved", method: "otp", events: tried.events };
    },
  };
}
