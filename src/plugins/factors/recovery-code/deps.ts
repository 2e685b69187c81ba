/** What the steps of this factor are given. */
import type { Authenticators } from "../../../core/authenticators.ts";
import type { Binding } from "../../../core/binding.ts";
import type { FactorTries } from "../../../core/factor-tries.ts";
import type { Notices } from "../../../core/notices.ts";
import type { Clock, Subject } from "../../../core/words.ts";

export const KIND = "recovery-code";

export interface RecoveryCodeDeps {
  readonly authenticators: Authenticators;
  readonly tries: FactorTries;
  readonly binding: Binding;
  readonly notices: Pick<Notices, "send">;
  /** Keyed hash of a person's code, in its normal form. */
  readonly hash: (subject: Subject, code: string) => string;
  readonly now: Clock;
}
