/** Many people at once, for imports and exports: what a directory offers that keeps them itself. */
import type { Claims, Directory, User } from "./directory.ts";
import type { ExternalId } from "./external-id.ts";
import type { EpochMs, Subject } from "./words.ts";

/** A person as another server has known them. */
export interface IncomingPerson {
  /** Stays what it was there, so that `sub` does. */
  readonly id: Subject;
  readonly username: string;
  /** A hash that `takeHash` has let through; undefined: no password until one is set. */
  readonly hash?: string | undefined;
  readonly status: User["status"];
  readonly claims: Claims;
  readonly createdAt?: EpochMs | undefined;
  readonly external?: ExternalId | undefined;
}

/** `there`: somebody has this id, and nothing was changed; the others: somebody else has the name, or the external id. */
export type TakenIn = "new" | "there" | "username-taken" | "external-id-taken";

/** A person on the way out. The hash is there for whoever moves people to another server, and for nobody else. */
export interface OutgoingPerson {
  readonly user: User;
  readonly hash?: string | undefined;
}

export interface BulkPeople {
  /** What `take` would answer for each, in this order. Of two in one list with one id or name the second is told of the first. */
  look(people: readonly IncomingPerson[]): Promise<readonly TakenIn[]>;
  /** Adds those who are new. A second time it adds nobody. */
  take(people: readonly IncomingPerson[]): Promise<readonly TakenIn[]>;
  /** In the order of ids, from behind `after`; at most `limit`. */
  read(after: Subject | undefined, limit: number): Promise<readonly OutgoingPerson[]>;
}

/** A directory that may be able to. */
export interface BulkDirectory extends Directory {
  readonly bulk?: BulkPeople | undefined;
}
