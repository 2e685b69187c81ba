import type { ExternalId } from "./external-id.ts";
import type { Finding } from "./finding.ts";
import type { PhoneNumber, Secret } from "./secret.ts";
import type { EpochMs, Subject } from "./words.ts";

/** Standard claims (OIDC Core §5.1) and what a site adds to them, by name. */
export type Claims = Readonly<Record<string, string | boolean | undefined>>;

/** A person as a directory knows them. Phones are authenticators, not part of it (see authenticators.ts). */
export interface User {
  readonly id: Subject;
  readonly username: string;
  readonly status: "active" | "disabled";
  /** What the person may administer (roles.ts); nearly everybody has none. */
  readonly roles: readonly string[];
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** Rises with every change of the person, so that two who change one person at once never overwrite each other. */
  readonly version: number;
  readonly claims: Claims;
  /** The password opens nothing but the page on which it is changed. Of people kept elsewhere only the check of a password tells. */
  readonly mustChange?: true | undefined;
  /** What a provisioning client calls them; of people kept elsewhere there is none. */
  readonly external?: ExternalId | undefined;
}

/**
 * What came of a password. Only `right` lets anyone go on; the others must look the same from outside (P11), the
 * difference is for the audit alone.
 */
export type PasswordCheck =
  | { readonly kind: "right"; readonly user: User }
  | { readonly kind: "wrong" }
  | { readonly kind: "unknown" }
  | { readonly kind: "disabled"; readonly user: User }
  /** The password was right, and opens nothing until it is changed. */
  | { readonly kind: "must-change"; readonly user: User };

/** Somebody, or nobody, of whom a password can be checked at once. */
export interface LookedUp {
  readonly user: User | undefined;
  check(password: Secret): Promise<PasswordCheck>;
}

export interface Directory {
  get(id: Subject): Promise<User | undefined>;
  find(username: string): Promise<User | undefined>;
  /**
   * Costs the same for unknown, wrong, disabled and right. Throws Breakage `hashing-busy` (with `retryAfter`) when the
   * queue is full and `directory-unavailable` when the directory cannot answer.
   */
  checkPassword(username: string, password: Secret): Promise<PasswordCheck>;
  /** `find` and one `checkPassword` of the same moment by one reading; the same work for every name. */
  readonly lookUp?: ((username: string) => Promise<LookedUp>) | undefined;
  list(query: PeopleQuery): Promise<PeoplePage>;
  readonly write?: DirectoryWriter | undefined;
  /**
   * Looks whether the directory can be asked, with the rights it needs, and what its configuration lacks: the bind, the
   * base, a certificate that ends. Changes nothing, never throws. Absent where the people live in the server's own store.
   */
  check?: (() => Promise<readonly Finding[]>) | undefined;
  /** Whether others keep this person, and alone can rename or remove them. */
  readonly keptElsewhere?: ((id: Subject) => boolean) | undefined;
  /** Whether we may set the password of this person who is kept elsewhere and has forgotten it. */
  readonly mayReset?: ((id: Subject) => boolean) | undefined;
  /** Where a directory keeps phones itself: those of this person. undefined: they are in our own store. */
  readonly phones?: ((id: Subject) => PhoneBook | undefined) | undefined;
  /** Reads these people anew, in as few operations as it can. */
  readonly look?: ((ids: readonly Subject[]) => Promise<void>) | undefined;
}

/** What a directory says of one person's phones, and how it is told of a change. */
export interface PhoneBook {
  /** Name of the directory. */
  readonly name: string;
  /** Whether it takes changes; where it does not, what is verified here stays here. */
  readonly writable: boolean;
  /** Whether a number that was deleted by hand opens the way to a new one. */
  readonly opensWindow: boolean;
  /** Country of numbers in national writing (ISO 3166-1). */
  readonly country: string | undefined;
  /** As the entry said when it was last read; reads nothing. undefined: not read, or nobody. */
  seen(): SeenPhones | undefined;
  /** Makes it a verified number, in one write that names what it takes the place of. */
  add(number: PhoneNumber): Promise<void>;
  /** Takes away a number as it is written there; gone already is fine. */
  remove(written: string): Promise<void>;
  /** How many people have a number, counted up to `most`. */
  count(most: number): Promise<number>;
}

export interface SeenPhones {
  /** As they are written there. */
  readonly numbers: readonly string[];
  readonly modifiedAt: EpochMs | undefined;
  readonly readAt: EpochMs;
}

export type PeopleOrder = "username" | "createdAt" | "updatedAt" | "inum";

/**
 * A page of people. Pages follow one another by key, never by number: each costs what its own people cost, and nobody
 * is skipped or shown twice because others were added meanwhile. The order, `username`, `email`, `name`, `role` and
 * `external` are served by an index. `status` and `pattern` are not: a page reads people in order until it is full, in the worst case all.
 */
export interface PeopleQuery {
  /** Part of the username, the name or the email address, in any case and normal form; nothing in it is special. */
  readonly pattern?: string | undefined;
  /** All of these hold. Username, email and name as people compare them: in any case. */
  readonly filter?:
    | {
        readonly username?: string | undefined;
        readonly email?: string | undefined;
        /** The whole of it. */
        readonly name?: string | undefined;
        readonly status?: User["status"] | undefined;
        readonly role?: string | undefined;
        readonly external?: ExternalId | undefined;
      }
    | undefined;
  readonly sortBy: PeopleOrder;
  readonly descending?: boolean | undefined;
  /** 1 to 500. */
  readonly limit: number;
  /** `next` of the page before, asked with the same order; anything else is a cursor of nobody and starts over. */
  readonly after?: string | undefined;
  /** People left out before the page begins, for callers that count pages. Costs as much as showing them. */
  readonly skip?: number | undefined;
  /** Counts everybody who fits as well, which costs more with more people. */
  readonly total?: boolean | undefined;
}

export interface PeoplePage {
  readonly users: readonly User[];
  /** Where the next page begins; undefined: this was the last. */
  readonly next?: string | undefined;
  readonly total?: number | undefined;
}

export interface NewUser {
  readonly username: string;
  readonly password: Secret;
  readonly claims?: Claims | undefined;
  readonly status?: User["status"] | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly mustChange?: MustChange | undefined;
  readonly external?: ExternalId | undefined;
}

/**
 * Whether a password has to be changed before it opens anything. A moment: it has, and from then on it is no password at
 * all (one that somebody else has chosen must not lie about for ever).
 */
export type MustChange = boolean | EpochMs;

/** What becomes of a person; what is not named stays. `claims` and `roles` replace all there were. */
export interface PersonChange {
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  readonly status?: User["status"] | undefined;
  readonly claims?: Claims | undefined;
  readonly roles?: readonly string[] | undefined;
  /** A new password needs no change unless this says so. */
  readonly mustChange?: MustChange | undefined;
  /** null: none any more. */
  readonly external?: ExternalId | null | undefined;
}

export type WriteRefusal =
  | { readonly kind: "username-taken" }
  /** The client calls somebody else so. */
  | { readonly kind: "external-id-taken" }
  | { readonly kind: "username-invalid"; readonly why: string }
  | { readonly kind: "password-refused"; readonly why: string }
  | { readonly kind: "role-unknown"; readonly role: string }
  /** Somebody else has changed the person since the version that was named. */
  | { readonly kind: "changed-meanwhile" }
  /** This is kept in a directory that is changed elsewhere. */
  | { readonly kind: "kept-elsewhere" }
  | { readonly kind: "unknown-user" };

type Done = { readonly kind: "done" };
/** What comes of a change by the person: `wrong`: the present password is not the one. */
export type OwnChange = Done | WriteRefusal | { readonly kind: "wrong" };
type DoneWith = { readonly kind: "done"; readonly user: User };

/** Every change takes the version it was made on; without one it holds for whatever is there. */
export interface DirectoryWriter {
  add(user: NewUser): Promise<DoneWith | WriteRefusal>;
  /** All of it or nothing, in one write. */
  change(id: Subject, change: PersonChange, ifVersion?: number): Promise<DoneWith | WriteRefusal>;
  setPassword(id: Subject, password: Secret, ifVersion?: number): Promise<Done | WriteRefusal>;
  /**
   * The same by the person, who knows the present one: by its rules, as a directory has them, and without rights of ours.
   * Absent where nobody but us keeps the password.
   */
  changeOwn?(id: Subject, present: Secret, next: Secret): Promise<OwnChange>;
  rename(id: Subject, username: string, ifVersion?: number): Promise<Done | WriteRefusal>;
  setStatus(id: Subject, status: User["status"], ifVersion?: number): Promise<Done | WriteRefusal>;
  setClaims(id: Subject, claims: Claims, ifVersion?: number): Promise<Done | WriteRefusal>;
  setRoles(id: Subject, roles: readonly string[], ifVersion?: number): Promise<Done | WriteRefusal>;
  /** Deletes the row alone; authenticators, sessions and grants are ended by compose (`removePerson`). */
  remove(id: Subject, ifVersion?: number): Promise<Done | WriteRefusal>;
}
