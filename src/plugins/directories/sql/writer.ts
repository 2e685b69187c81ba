/** Changes people: add, set a password, rename, disable. Refuses with a value what policy or other people forbid. */
import { randomUUID } from "node:crypto";
import type { DirectoryWriter, User, WriteRefusal } from "../../../core/directory.ts";
import { usernameFault, usernameKey } from "../../../core/username.ts";
import type { Clock } from "../../../core/words.ts";
import type { Hashing } from "../../../kits/password/hashing.ts";
import type { PasswordPolicy } from "../../../kits/password/policy.ts";
import type { People } from "./people.ts";

export interface WriterDeps {
  readonly people: People;
  readonly hashing: Hashing;
  readonly policy: PasswordPolicy;
  readonly now: Clock;
}

const DONE = { kind: "done" } as const;
const UNKNOWN: WriteRefusal = { kind: "unknown-user" };
const TAKEN: WriteRefusal = { kind: "username-taken" };

/** Makes the writer over the table. */
export function createWriter({ people, hashing, policy, now }: WriterDeps): DirectoryWriter {
  return {
    async add({ username, password, claims = {} }) {
      const why = usernameFault(username);
      if (why !== undefined) return { kind: "username-invalid", why };
      const key = usernameKey(username);
      if (await people.isTaken(key)) return TAKEN;
      const judgement = await policy.judge(password, [username]);
      if (judgement.kind === "refused") return { kind: "password-refused", why: judgement.why };
      const user: User = { id: randomUUID(), username, status: "active", updatedAt: now(), claims };
      const hash = await hashing.hash(judgement.password);
      const { id, updatedAt: at } = user;
      const added = await people.insert({ id, username, key, hash, claims: JSON.stringify(claims), at });
      return added === false ? TAKEN : { kind: "done", user };
    },

    async setPassword(id, password) {
      const person = await people.byId(id);
      if (person === undefined) return UNKNOWN;
      const judgement = await policy.judge(password, [person.username]);
      if (judgement.kind === "refused") return { kind: "password-refused", why: judgement.why };
      const hash = await hashing.hash(judgement.password);
      return (await people.setHash(id, hash, now())) === 0 ? UNKNOWN : DONE;
    },

    async rename(id, username) {
      const why = usernameFault(username);
      if (why !== undefined) return { kind: "username-invalid", why };
      const renamed = await people.rename(id, username, usernameKey(username), now());
      if (renamed === false) return TAKEN;
      return renamed === 0 ? UNKNOWN : DONE;
    },

    async setStatus(id, status) {
      return (await people.setStatus(id, status, now())) === 0 ? UNKNOWN : DONE;
    },
  };
}
