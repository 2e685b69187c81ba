/** The statements over the table of people, and what a row means. */
import type { User } from "../../../core/directory.ts";
import { Breakage } from "../../../core/errors.ts";
import type { EpochMs, Subject } from "../../../core/words.ts";
import { type Database, isDuplicate, statement, type Value } from "../../../kits/sql/database.ts";

/** As a value: braces in a statement mean something else (kits/sql). */
const NO_CLAIMS = "{}";

export interface PersonRow {
  readonly id: Subject;
  readonly username: string;
  readonly password_hash: string | null;
  readonly status: User["status"];
  readonly claims: string;
  readonly updated_at: EpochMs;
}

const COLUMNS = "id, username, password_hash, status, claims, updated_at";
const byId = statement<PersonRow>(`select ${COLUMNS} from people where id = $1`);
const keyTaken = statement("select 1 as taken from people where username_key = $1");
// A row comes back in any case, because reading one takes time (P11): nobody's has no id and the decoy for a hash.
const candidate = statement<PersonRow | (Omit<PersonRow, "id"> & { readonly id: null })>(
  `select p.id, coalesce(p.username, $1) as username, coalesce(p.password_hash, $2) as password_hash,
     coalesce(p.status, 'active') as status, coalesce(p.claims, $3) as claims,
     coalesce(p.updated_at, 0) as updated_at
   from (select 1 as one) as nobody left join people as p on p.username_key = $1`,
);
const insert = statement(
  `insert into people
     (id, username, username_key, password_hash, status, claims, created_at, updated_at, password_changed_at)
   values ($1, $2, $3, $4, 'active', $5, $6, $6, $6)`,
);
const setHash = statement(
  "update people set password_hash = $2, updated_at = $3, password_changed_at = $3 where id = $1",
);
// Only if it is still the hash that was compared: a password changed meanwhile stays changed.
const swapHash = statement("update people set password_hash = $3 where id = $1 and password_hash = $2");
const setName = statement(
  "update people set username = $2, username_key = $3, updated_at = $4 where id = $1",
);
const setState = statement("update people set status = $2, updated_at = $3 where id = $1");

/** The table, with a database that is away told as Breakage `directory-unavailable`. */
export function createPeople(database: Database) {
  async function run<Row>(what: ReturnType<typeof statement<Row>>, ...values: readonly Value[]) {
    try {
      return await database.run(what, ...values);
    } catch (error) {
      if (!(error instanceof Breakage) || error.code !== "store-unavailable") throw error;
      const { message, retryAfter } = error;
      throw new Breakage("directory-unavailable", message, {
        cause: error,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      });
    }
  }

  /** `false`: another person has the name already. */
  async function unlessTaken(act: Promise<{ readonly changes: number }>): Promise<number | false> {
    try {
      return (await act).changes;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  return {
    byId: async (id: Subject) => (await run(byId, id)).rows[0],
    /** Whoever has this key, and for those without a password, or if nobody has it, the decoy as their hash. */
    async candidate(key: string, decoy: string) {
      const [row] = (await run(candidate, key, decoy, NO_CLAIMS)).rows;
      if (row === undefined) throw new Breakage("store-damaged", "The table of people gives no answer.");
      return row;
    },
    isTaken: async (key: string) => (await run(keyTaken, key)).rows.length > 0,
    insert: (person: {
      id: Subject;
      username: string;
      key: string;
      hash: string;
      claims: string;
      at: EpochMs;
    }) =>
      unlessTaken(run(insert, person.id, person.username, person.key, person.hash, person.claims, person.at)),
    setHash: async (id: Subject, hash: string, at: EpochMs) => (await run(setHash, id, hash, at)).changes,
    swapHash: async (id: Subject, old: string, hash: string) => (await run(swapHash, id, old, hash)).changes,
    rename: (id: Subject, username: string, key: string, at: EpochMs) =>
      unlessTaken(run(setName, id, username, key, at)),
    setStatus: async (id: Subject, status: User["status"], at: EpochMs) =>
      (await run(setState, id, status, at)).changes,
  };
}

export type People = ReturnType<typeof createPeople>;

/** The person in a row, without the hash; undefined for nobody's row, which costs the same. */
export function toUser(row: PersonRow): User;
export function toUser(row: Omit<PersonRow, "id"> & { readonly id: string | null }): User | undefined;
export function toUser(row: Omit<PersonRow, "id"> & { readonly id: string | null }): User | undefined {
  const { username, status, claims, updated_at } = row;
  const user = {
    id: row.id ?? "",
    username,
    status,
    updatedAt: updated_at,
    claims: JSON.parse(claims) as User["claims"],
  };
  return row.id === null ? undefined : user;
}
