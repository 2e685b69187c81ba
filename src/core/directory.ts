import type { Secret } from "./secret.ts";
import type { EpochMs, Subject } from "./words.ts";

/** A person as a directory knows them. Phones are authenticators, not part of it (see authenticators.ts). */
export interface User {
  readonly id: Subject;
  readonly username: string;
  readonly status: "active" | "disabled";
  readonly updatedAt: EpochMs;
  /** Standard claims (OIDC Core §5.1) by name, as far as the directory holds them. */
  readonly claims: Readonly<Record<string, string | boolean | undefined>>;
}

/**
 * What came of a password. Only `right` lets anyone go on; the others must look the same from outside (P11), the
 * difference is for the audit alone.
 */
export type PasswordCheck =
  | { readonly kind: "right"; readonly user: User }
  | { readonly kind: "wrong" }
  | { readonly kind: "unknown" }
  | { readonly kind: "disabled"; readonly user: User };

export interface Directory {
  get(id: Subject): Promise<User | undefined>;
  find(username: string): Promise<User | undefined>;
  /**
   * Costs the same for unknown, wrong, disabled and right. Throws Breakage `hashing-busy` (with `retryAfter`) when the
   * queue is full and `directory-unavailable` when the directory cannot answer.
   */
  checkPassword(username: string, password: Secret): Promise<PasswordCheck>;
  readonly write?: DirectoryWriter | undefined;
}

export interface NewUser {
  readonly username: string;
  readonly password: Secret;
  readonly claims?: Readonly<Record<string, string | boolean>> | undefined;
}

export type WriteRefusal =
  | { readonly kind: "username-taken" }
  | { readonly kind: "username-invalid"; readonly why: string }
  | { readonly kind: "password-refused"; readonly why: string }
  | { readonly kind: "unknown-user" };

export interface DirectoryWriter {
  add(user: NewUser): Promise<{ readonly kind: "done"; readonly user: User } | WriteRefusal>;
  setPassword(id: Subject, password: Secret): Promise<{ readonly kind: "done" } | WriteRefusal>;
  rename(id: Subject, username: string): Promise<{ readonly kind: "done" } | WriteRefusal>;
  setStatus(id: Subject, status: User["status"]): Promise<{ readonly kind: "done" } | WriteRefusal>;
}
