/** Changes people: add, change, remove. Refuses with a value what policy, other people or another version forbid. */
import { randomUUID } from "node:crypto";
import type {
  DirectoryWriter,
  MustChange,
  PersonChange,
  User,
  WriteRefusal,
} from "../../../core/directory.ts";
import type { ExternalId } from "../../../core/external-id.ts";
import { isRole } from "../../../core/roles.ts";
import type { Secret } from "../../../core/secret.ts";
import { usernameFault, usernameKey } from "../../../core/username.ts";
import type { Clock, EpochMs, Subject } from "../../../core/words.ts";
import type { Hashing } from "../../../kits/password/hashing.ts";
import type { PasswordPolicy } from "../../../kits/password/policy.ts";
import type { People } from "./people.ts";
import { toUser } from "./row.ts";

export interface WriterDeps {
  readonly people: People;
  readonly hashing: Hashing;
  readonly policy: PasswordPolicy;
  readonly now: Clock;
}

type Done = { readonly kind: "done" };

const DONE: Done = { kind: "done" };
const UNKNOWN: WriteRefusal = { kind: "unknown-user" };
const TAKEN: WriteRefusal = { kind: "username-taken" };
const EXTERNAL_TAKEN: WriteRefusal = { kind: "external-id-taken" };
const MEANWHILE: WriteRefusal = { kind: "changed-meanwhile" };
/** Rounds of compare-and-set for a change that names no version. */
const ROUNDS = 20;

/** Makes the writer over the table. */
export function createWriter({ people, hashing, policy, now }: WriterDeps): DirectoryWriter {
  async function hashOf(
    password: Secret,
    words: readonly string[],
  ): Promise<{ readonly hash: string } | WriteRefusal> {
    const judgement = await policy.judge(password, words);
    if (judgement.kind === "refused") return { kind: "password-refused", why: judgement.why };
    return { hash: await hashing.hash(judgement.password) };
  }

  /** Whether the client calls somebody else so: the name is not the only thing that can be taken. */
  async function namesOther(id: Subject | undefined, external: ExternalId | undefined): Promise<boolean> {
    const known = external === undefined ? undefined : await people.externallyKnown(external);
    return known !== undefined && known !== id;
  }

  async function change(
    id: Subject,
    wanted: PersonChange,
    ifVersion?: number,
  ): Promise<{ kind: "done"; user: User } | WriteRefusal> {
    const refusal = faultOf(wanted);
    if (refusal !== undefined) return refusal;
    let hash: string | undefined;
    for (let round = 0; round < ROUNDS; round += 1) {
      const row = await people.byId(id);
      if (row === undefined) return UNKNOWN;
      const { version, mustChange: _before, external: known, ...user } = toUser(row);
      if (ifVersion !== undefined && ifVersion !== version) return MEANWHILE;
      const { username = user.username, status = user.status, claims = user.claims } = wanted;
      const roles = wanted.roles === undefined ? user.roles : inOrder(wanted.roles);
      if (wanted.password !== undefined && hash === undefined) {
        const hashed = await hashOf(wanted.password, [username]);
        if ("kind" in hashed) return hashed;
        hash = hashed.hash;
      }
      const external = wanted.external === undefined ? known : (wanted.external ?? undefined);
      const at = now();
      const key = usernameKey(username);
      const mustChangeUntil =
        wanted.mustChange === undefined && wanted.password === undefined
          ? row.must_change_until
          : untilOf(wanted.mustChange);
      const next = { id, username, key, hash, status, claims, roles, at, mustChangeUntil, external };
      const written = await people.update(version, next);
      if (written === false) return (await namesOther(id, external)) ? EXTERNAL_TAKEN : TAKEN;
      if (written > 0) {
        const changed = { username, status, claims, roles, updatedAt: at, version: version + 1 };
        const must = mustChangeUntil === null ? {} : { mustChange: true as const };
        const named = external === undefined ? {} : { external };
        return { kind: "done", user: { ...user, ...changed, ...must, ...named } };
      }
    }
    return MEANWHILE;
  }

  const plain = async (changed: ReturnType<typeof change>): Promise<Done | WriteRefusal> => {
    const result = await changed;
    return result.kind === "done" ? DONE : result;
  };

  return {
    async add(wanted) {
      const { username, password, claims = {}, status = "active", roles: given = [], mustChange } = wanted;
      const { external } = wanted;
      const refusal = faultOf({ username, roles: given });
      if (refusal !== undefined) return refusal;
      const key = usernameKey(username);
      if (await people.isTaken(key)) return TAKEN;
      if (await namesOther(undefined, external)) return EXTERNAL_TAKEN;
      const hashed = await hashOf(password, [username]);
      if ("kind" in hashed) return hashed;
      const [id, at, roles] = [randomUUID(), now(), inOrder(given)];
      const mustChangeUntil = untilOf(mustChange);
      const row = { id, username, key, ...hashed, status, claims, roles, at, mustChangeUntil, external };
      const added = await people.insert(row);
      if (added === false) return (await namesOther(id, external)) ? EXTERNAL_TAKEN : TAKEN;
      const must = mustChangeUntil === null ? {} : { mustChange: true as const };
      const named = external === undefined ? {} : { external };
      const user = { id, username, status, claims, roles, createdAt: at, updatedAt: at, version: 1 };
      return { kind: "done", user: { ...user, ...must, ...named } };
    },

    change,
    setPassword: (id, password, ifVersion) => plain(change(id, { password }, ifVersion)),
    rename: (id, username, ifVersion) => plain(change(id, { username }, ifVersion)),
    setStatus: (id, status, ifVersion) => plain(change(id, { status }, ifVersion)),
    setClaims: (id, claims, ifVersion) => plain(change(id, { claims }, ifVersion)),
    setRoles: (id, roles, ifVersion) => plain(change(id, { roles }, ifVersion)),

    async remove(id, ifVersion) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const row = await people.byId(id);
        if (row === undefined) return UNKNOWN;
        if (ifVersion !== undefined && ifVersion !== row.version) return MEANWHILE;
        if ((await people.remove(id, row.version)) > 0) return DONE;
      }
      return MEANWHILE;
    },
  };
}

/** What can be refused without looking at the person. */
function faultOf({ username, roles = [] }: PersonChange): WriteRefusal | undefined {
  const why = username === undefined ? undefined : usernameFault(username);
  if (why !== undefined) return { kind: "username-invalid", why };
  const role = roles.find((one) => !isRole(one));
  return role === undefined ? undefined : { kind: "role-unknown", role };
}

const untilOf = (mustChange: MustChange = false): EpochMs | null =>
  typeof mustChange === "number" ? mustChange : mustChange ? Number.MAX_SAFE_INTEGER : null;
const inOrder = (roles: readonly string[]): readonly string[] => [...new Set(roles)].sort();
