/**
 * The directory in SQL: people with a username, a password hash, a status and claims, in the table `people` of the
 * server's own database. Opened by compose; asked by the password factor, the protocol surface and the commands of this
 * host. Hashes never leave this folder, and nothing here counts failures: that is core/throttle.ts.
 */
import { z } from "zod";
import type { BulkPeople } from "../../../core/bulk-people.ts";
import type { Directory, DirectoryWriter, LookedUp, PasswordCheck, User } from "../../../core/directory.ts";
import { Breakage } from "../../../core/errors.ts";
import type { Plugin } from "../../../core/plugin.ts";
import type { Secret } from "../../../core/secret.ts";
import { usernameFault, usernameKey } from "../../../core/username.ts";
import type { Clock, Subject } from "../../../core/words.ts";
import { createBlocklist } from "../../../kits/password/blocklist.ts";
import { openBreachedList } from "../../../kits/password/breached.ts";
import { createHashing, type Hashing } from "../../../kits/password/hashing.ts";
import { normalPassword } from "../../../kits/password/normal.ts";
import { createPasswordPolicy, LEAST_ALONE } from "../../../kits/password/policy.ts";
import type { Database, Migration } from "../../../kits/sql/database.ts";
import { createBulk } from "./bulk.ts";
import { createForms } from "./forms.ts";
import { migrations } from "./migrations.ts";
import { createPeople, type People } from "./people.ts";
import { type PersonRow, toUser } from "./row.ts";
import { createWriter } from "./writer.ts";

/** A directory that can be written to, with the figures of its hashing for metrics. */
export interface SqlDirectory extends Directory {
  readonly write: DirectoryWriter;
  readonly bulk: BulkPeople;
  hashingStats(): ReturnType<Hashing["stats"]>;
}

export interface SqlDirectoryDeps {
  /** The schema steps of migrations.ts must have been applied to it. */
  readonly database: Database;
  readonly now: Clock;
  /** Least length of a new password, where it follows the settings; goes before `leastLength`. */
  readonly leastLength?: (() => number) | undefined;
}

const schema = z.strictObject({
  /** Least length of a new password: 15 where a password may stand alone (the default), 8 where a second factor follows. */
  leastLength: z.int().min(8).max(64).optional(),
  /** Words no password may lean on: the product's name, the issuer's host. */
  words: z.array(z.string()).optional(),
  /** File of breached passwords, one per line, in clear or as SHA-1. */
  breachedPasswords: z.string().optional(),
  cost: z.strictObject({ memory: z.int().min(8), passes: z.int().min(1), lanes: z.int().min(1) }).optional(),
  /** See HashingOptions in kits/password/hashing.ts. */
  atOnce: z.int().min(1).max(64).optional(),
  waiting: z.int().min(0).max(10_000).optional(),
  longestWait: z.int().min(100).max(30_000).optional(),
});

export type SqlDirectoryConfig = z.infer<typeof schema>;

/** People in the server's own database; its schema steps go to the store that opens that database. */
export const sqlDirectory: Plugin<SqlDirectory, SqlDirectoryConfig, SqlDirectoryDeps> & {
  readonly migrations: readonly Migration[];
} = {
  type: "sql",
  schema,
  migrations,
  async open({ leastLength: fixed, words, breachedPasswords: file, ...bounds }, deps) {
    const { database, now, leastLength = () => fixed ?? LEAST_ALONE } = deps;
    const breached = file === undefined ? undefined : openBreachedList(file);
    const policy = createPasswordPolicy({
      least: leastLength,
      blocklist: createBlocklist({ words, breached }),
    });
    const hashing = createHashing(bounds);
    const people = createPeople(database);
    await people.makeSearchable();
    return {
      ...createReader(people, hashing, now),
      bulk: createBulk(database, people, now),
      write: createWriter({ people, hashing, policy, now }),
      hashingStats: hashing.stats,
    };
  },
};

function createReader(people: People, hashing: Hashing, now: Clock): Directory {
  const forms = createForms(people.hashForms, now);
  // A name nobody can have is looked up all the same, under a key nobody has: the same work, and no NUL for PostgreSQL.
  const byName = (username: string) =>
    people.candidate(
      usernameFault(username.trim()) === undefined ? usernameKey(username) : "",
      hashing.decoy,
    );

  return {
    async get(id) {
      const row = await people.byId(id);
      return row === undefined ? undefined : toUser(row);
    },

    find: async (username) => toUser(await byName(username)),

    async list(query) {
      const { rows, ...page } = await people.list(query);
      return { users: rows.map((row) => toUser(row)), ...page };
    },

    checkPassword: async (username, password) => (await lookUp(username)).check(password),
    lookUp,
  };

  async function lookUp(username: string): Promise<LookedUp> {
    const row = await byName(username);
    const user = toUser(row);
    return { user, check: (password) => check(row, user, password) };
  }

  async function check(
    row: Pick<PersonRow, "password_hash" | "must_change_until">,
    user: User | undefined,
    password: Secret,
  ): Promise<PasswordCheck> {
    const text = normalPassword(password);
    const stored = row.password_hash ?? hashing.decoy;
    const others = { forms: await forms.beside(stored), typed: password.reveal() };
    const verdict = await hashing.verify(stored, text, others);
    if (user === undefined) return { kind: "unknown" };
    if (user.status === "disabled") return { kind: "disabled", user };
    const until = row.must_change_until;
    // What somebody else has chosen has had its time: it is nobody's password any more.
    if (!verdict.right || (until !== null && until <= now())) return { kind: "wrong" };
    if (verdict.outdated && text !== undefined) await renew(user.id, row.password_hash ?? "", text);
    return { kind: until === null ? "right" : "must-change", user };
  }

  /** P07: the hash at today's cost. A full queue is no reason to turn a right password away; the next sign-in will do. */
  async function renew(id: Subject, old: string, password: string): Promise<void> {
    try {
      await people.swapHash(id, old, await hashing.hash(password));
    } catch (error) {
      if (!(error instanceof Breakage) || error.code !== "hashing-busy") throw error;
    }
  }
}
