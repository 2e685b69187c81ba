/** People by the hundred: few statements, prepared once, a transaction for each list. */
import type { BulkPeople, IncomingPerson, TakenIn } from "../../../core/bulk-people.ts";
import { usernameKey } from "../../../core/username.ts";
import type { Clock } from "../../../core/words.ts";
import { takeHash } from "../../../kits/password/foreign.ts";
import {
  ask,
  type Call,
  type Database,
  type Result,
  statement,
  type Value,
} from "../../../kits/sql/database.ts";
import type { People } from "./people.ts";
import { COLUMNS, type PersonRow, toUser } from "./row.ts";
import { searchOf } from "./search.ts";

const find = statement<{ readonly id: string }>(
  "select id from people where id = $1 or username_key = $2 order by id",
);
const findExternal = statement<{ readonly id: string }>(
  "select id from people where external_id = $1 and external_client = $2",
);
// One row a statement: a list as one statement is another text each time, and each stays in memory for a while.
const insert = statement(
  `insert into people (id, username, username_key, password_hash, hash_form, status, claims, roles, search, email_key,
     name_key, version, created_at, updated_at, external_id, external_client)
   values ($1, $2, $3, $4, $5, $6, $7, '[]', $8, $9, $10, 1, $11, $12, $13, $14) on conflict do nothing`,
);
const page = statement<PersonRow>(`select ${COLUMNS} from people where id > $1 order by id limit $2`);

/** Makes the bulk side of the table. */
export function createBulk(database: Database, { told }: People, now: Clock): BulkPeople {
  const all = (
    people: readonly IncomingPerson[],
    each: (person: IncomingPerson) => Generator<Call, TakenIn, Result<unknown>>,
  ): Promise<readonly TakenIn[]> =>
    told(() =>
      database.transact(function* () {
        const answers: TakenIn[] = [];
        for (const person of people) answers.push(yield* each(person));
        return { keep: answers };
      }),
    );

  function* lookFor({ id, username, external }: IncomingPerson): Generator<Call, TakenIn, Result<unknown>> {
    const { rows } = yield* ask(find, id, usernameKey(username));
    if (rows.some((row) => row.id === id)) return "there";
    if (rows.length > 0) return "username-taken";
    if (external === undefined) return "new";
    const others = (yield* ask(findExternal, external.id, external.client)).rows;
    return others.length > 0 ? "external-id-taken" : "new";
  }

  return {
    async look(people) {
      if (people.length === 0) return [];
      const answers = await all(people, lookFor);
      const [ids, names, externals] = [new Set<string>(), new Set<string>(), new Set<string>()];
      return answers.map((answer, index) => {
        const { id = "", username = "", external } = people[index] ?? {};
        const key = usernameKey(username);
        if (answer !== "new") return answer;
        if (ids.has(id)) return "there";
        if (names.has(key)) return "username-taken";
        const outside = external === undefined ? undefined : `${external.client}\0${external.id}`;
        if (outside !== undefined && externals.has(outside)) return "external-id-taken";
        if (outside !== undefined) externals.add(outside);
        ids.add(id);
        names.add(key);
        return "new";
      });
    },
    async take(people) {
      if (people.length === 0) return [];
      return all(people, function* (person) {
        const { changes } = yield* ask(insert, ...valuesOf(person, now()));
        return changes === 1 ? "new" : yield* lookFor(person);
      });
    },
    async read(after, limit) {
      const { rows } = await told(() => database.run(page, after ?? "", limit));
      return rows.map((row) => ({ user: toUser(row), hash: row.password_hash ?? undefined }));
    },
  };
}

function valuesOf(
  { id, username, hash, status, claims, createdAt, external }: IncomingPerson,
  at: number,
): readonly Value[] {
  const taken = hash === undefined ? undefined : takeHash(hash);
  const [own, form] = taken !== undefined && "hash" in taken ? [taken.hash, taken.form] : [];
  const { search, emailKey, nameKey } = searchOf(username, claims);
  const texts = [id, username, usernameKey(username), own ?? null, form ?? null, status];
  const found = [JSON.stringify(claims), search, emailKey, nameKey];
  return [...texts, ...found, createdAt ?? at, at, external?.id ?? null, external?.client ?? null];
}
