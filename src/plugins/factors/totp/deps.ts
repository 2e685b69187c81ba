/** What the steps of this factor are given. */
import type { Authenticators } from "../../../core/authenticators.ts";
import type { Binding } from "../../../core/binding.ts";
import type { FactorTries } from "../../../core/factor-tries.ts";
import type { Clock } from "../../../core/words.ts";

export interface TotpDeps {
  readonly authenticators: Authenticators;
  readonly tries: FactorTries;
  readonly binding: Binding;
  /** What the app shows beside the code. */
  readonly brand: () => string;
  readonly now: Clock;
}
