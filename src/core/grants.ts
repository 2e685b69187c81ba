/** What applications may do in a person's name. Implemented by surfaces/oidc, handed out by compose. */
import type { EpochMs, Subject } from "./words.ts";

/** All that one application was allowed. */
export interface GrantInfo {
  readonly client: string;
  readonly scopes: readonly string[];
  /** When the oldest of it was given. */
  readonly since: EpochMs;
}

export interface Grants {
  list(subject: Subject): Promise<readonly GrantInfo[]>;
  /** Takes everything back that the application was allowed, with its codes and tokens. False: there was nothing. */
  revoke(subject: Subject, client: string, address: string): Promise<boolean>;
}
