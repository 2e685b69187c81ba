/** The statements over the table of people, and what a row means. */
import type { Claims, PeopleQuery, User } from "../../../core/directory.ts";
import { Breakage } from "../../../core/errors.ts";
import type { ExternalId } from "../../../core/external-id.ts";
import type { EpochMs, Subject } from "../../../core/words.ts";
import {
  type Database,
  isDuplicate,
  type Statement,
  statement,
  type Value,
} from "../../../kits/sql/database.ts";
import { listPeople } from "./list.ts";
import { COLUMNS, type PersonRow } from "./row.ts";
import { searchOf } from "./search.ts";

/** As a value: braces in a statement mean something else (kits/sql). */
const NO_CLAIMS = "{}";

/** A person as they are to be written, whole. `hash`: undefined leaves the password as it is. */
export interface PersonValues {
  readonly id: Subject;
  readonly username: string;
  readonly key: string;
  readonly hash?: string | undefined;
  readonly status: User["status"];
  readonly claims: Claims;
  readonly roles: readonly string[];
  readonly at: EpochMs;
  readonly mustChangeUntil: EpochMs | null;
  readonly external?: ExternalId | undefined;
}

const byId = statement<PersonRow>(`select ${COLUMNS} from people where id = $1`);
const keyTaken = statement("select 1 as taken from people where username_key = $1");
// A row comes back in any case, because reading one takes time (P11): nobody's has no id and the decoy for a hash.
const candidate = statement<PersonRow | (Omit<PersonRow, "id"> & { readonly id: null })>(
  `select p.id, coalesce(p.username, $1) as username, coalesce(p.password_hash, $2) as password_hash,
     coalesce(p.status, 'active') as status, coalesce(p.claims, $3) as claims, coalesce(p.roles, '[]') as roles,
     coalesce(p.version, 0) as version, coalesce(p.created_at, 0) as created_at,
     coalesce(p.updated_at, 0) as updated_at, p.must_change_until as must_change_until,
     p.external_id as external_id, p.external_client as external_client
   from (select 1 as one) as nobody left join people as p on p.username_key = $1`,
);
const insert = statement(
  `insert into people (id, username, username_key, password_hash, status, claims, roles, search, email_key,
     name_key, version, created_at, updated_at, password_changed_at, must_change_until, external_id, external_client)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $11, $11, $12, $13, $14)`,
);
// The version is the condition: of two who change one person at once the second finds it gone.
const update = statement(
  `update people set username = $3, username_key = $4, status = $5, claims = $6, roles = $7, search = $8,
     email_key = $9, name_key = $10, updated_at = $11, must_change_until = $12, external_id = $13,
     external_client = $14, version = version + 1
   where id = $1 and version = $2`,
);
const updateWithHash = statement(
  `update people set username = $3, username_key = $4, status = $5, claims = $6, roles = $7, search = $8,
     email_key = $9, name_key = $10, updated_at = $11, must_change_until = $12, external_id = $13,
     external_client = $14, version = version + 1, password_hash = $15, hash_form = null, password_changed_at = $11
   where id = $1 and version = $2`,
);
const byExternalId = statement<{ readonly id: string }>(
  "select id from people where external_id = $1 and external_client = $2",
);
// Only if it is still the hash that was compared: a password changed meanwhile stays changed.
const swapHash = statement(
  "update people set password_hash = $3, hash_form = null where id = $1 and password_hash = $2",
);
// From one form to the next by the index: as many steps as there are forms, however many people there are.
const hashForms = statement<{ readonly form: string }>(
  `with recursive forms (form) as (
     select min(hash_form) from people where hash_form is not null
     union all
     select (select min(hash_form) from people where hash_form is not null and hash_form > forms.form)
     from forms where forms.form is not null)
   select form from forms where form is not null`,
);
const remove = statement("delete from people where id = $1 and version = $2");
const unsearched = statement<Pick<PersonRow, "id" | "username" | "claims">>(
  "select id, username, claims from people where search is null order by id limit 500",
);
const makeSearched = statement(
  "update people set search = $2, email_key = $3, name_key = $4 where id = $1 and search is null",
);

/** The table, with a database that is away told as Breakage `directory-unavailable`. */
export function createPeople(database: Database) {
  async function told<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Breakage) || error.code !== "store-unavailable") throw error;
      const { message, retryAfter } = error;
      throw new Breakage("directory-unavailable", message, {
        cause: error,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      });
    }
  }

  const run = <Row>(what: Statement<Row>, ...values: readonly Value[]) =>
    told(() => database.run(what, ...values));

  /** `false`: another person has the name already, or the external id. */
  async function unlessTaken(act: Promise<{ readonly changes: number }>): Promise<number | false> {
    try {
      return (await act).changes;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  return {
    // PostgreSQL knows no NUL in a text, so nobody has such an id.
    byId: async (id: Subject) => (id.includes("\0") ? undefined : (await run(byId, id)).rows[0]),
    /** Whoever has this key, and for those without a password, or if nobody has it, the decoy as their hash. */
    async candidate(key: string, decoy: string) {
      const [row] = (await run(candidate, key, decoy, NO_CLAIMS)).rows;
      if (row === undefined) throw new Breakage("store-damaged", "The table of people gives no answer.");
      return row;
    },
    isTaken: async (key: string) => (await run(keyTaken, key)).rows.length > 0,
    /** Who has it. */
    externallyKnown: async ({ id, client }: ExternalId) => (await run(byExternalId, id, client)).rows[0]?.id,
    insert: (person: PersonValues & { readonly hash: string }) =>
      unlessTaken(run(insert, person.id, person.username, person.key, person.hash, ...rest(person))),
    /** 0: another version is there, or nobody. */
    update: (version: number, person: PersonValues) => {
      const { id, username, key, hash } = person;
      const values = [id, version, username, key, ...rest(person)];
      return unlessTaken(hash === undefined ? run(update, ...values) : run(updateWithHash, ...values, hash));
    },
    swapHash: async (id: Subject, old: string, hash: string) => (await run(swapHash, id, old, hash)).changes,
    hashForms: async () => (await run(hashForms)).rows.map(({ form }) => form),
    remove: async (id: Subject, version: number) => (await run(remove, id, version)).changes,
    /** Rows from before people could be searched for; each start looks whether there are any. */
    async makeSearchable(): Promise<void> {
      for (;;) {
        const { rows } = await run(unsearched);
        for (const { id, username, claims } of rows) {
          const { search, emailKey, nameKey } = searchOf(username, JSON.parse(claims) as Claims);
          await run(makeSearched, id, search, emailKey, nameKey);
        }
        if (rows.length === 0) return;
      }
    },
    /** For work on many at once (bulk.ts). */
    told,
    list: (query: PeopleQuery) => told(() => listPeople(database, query)),
  };
}

function rest({
  username,
  status,
  claims,
  roles,
  at,
  mustChangeUntil,
  external,
}: PersonValues): readonly Value[] {
  const { search, emailKey, nameKey } = searchOf(username, claims);
  return [
    status,
    JSON.stringify(claims),
    JSON.stringify(roles),
    search,
    emailKey,
    nameKey,
    at,
    mustChangeUntil,
    external?.id ?? null,
    external?.client ?? null,
  ];
}

export type People = ReturnType<typeof createPeople>;
