/** What the steps of this factor are given. */
import type { Authenticators } from "../../../core/authenticators.ts";
import type { Binding } from "../../../core/binding.ts";
import type { Directory } from "../../../core/directory.ts";
import type { NamedKey } from "../../../core/keys.ts";
import type { Clock } from "../../../core/words.ts";

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
