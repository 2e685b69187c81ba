/** People by the hundred: one question and one insert for a list of them. */
import type { BulkPeople, IncomingPerson, TakenIn } from "../../../core/bulk-people.ts";
import { usernameKey } from "../../../core/username.ts";
import type { Clock } from "../../../core/words.ts";
import { takeHash } from "../../../kits/password/foreign.ts";
import type { Database } from "../../../kits/sql/database.ts";
import type { People } from "./people.ts";
import { type PersonRow, toUser } from "./row.ts";
import { searchOf } from "./search.ts";

interface Row extends PersonRow {
  readonly username_key: string;
  readonly search: string | null;
  readonly email_key: string | null;
  readonly hash_form: string | null;
  readonly password_changed_at: number | null;
}

/** Makes the bulk side of the table. */
export function createBulk(database: Database, { told }: People, now: Clock): BulkPeople {
  const table = () => database.kysely<{ people: Row }>();

  async function look(people: readonly IncomingPerson[]): Promise<readonly TakenIn[]> {
    if (people.length === 0) return [];
    const keys = people.map(({ username }) => usernameKey(username));
    const found = await told(() =>
      table()
        .selectFrom("people")
        .select(["id", "username_key"])
        .where((is) =>
          is.or([
            is(
              "id",
              "in",
              people.map(({ id }) => id),
            ),
            is("username_key", "in", keys),
          ]),
        )
        .execute(),
    );
    const ids = new Set(found.map(({ id }) => id));
    const names = new Set(found.map(({ username_key }) => username_key));
    return people.map(({ id }, index): TakenIn => {
      const key = keys[index] ?? "";
      if (ids.has(id)) return "there";
      if (names.has(key)) return "username-taken";
      ids.add(id);
      names.add(key);
      return "new";
    });
  }

  return {
    look,
    async take(people) {
      const seen = await look(people);
      const fresh = people.filter((_, index) => seen[index] === "new");
      if (fresh.length === 0) return seen;
      const rows = fresh.map((person) => toRow(person, now()));
      // Somebody may have come between: whoever is not answered was not inserted.
      const inserted = await told(() =>
        table()
          .insertInto("people")
          .values(rows)
          .onConflict((conflict) => conflict.doNothing())
          .returning("id")
          .execute(),
      );
      const added = new Set(inserted.map(({ id }) => id));
      return people.map(({ id }, index) => {
        const answer = seen[index] ?? "there";
        return answer === "new" && !added.has(id) ? "username-taken" : answer;
      });
    },
    async read(after, limit) {
      const query = table().selectFrom("people").selectAll().orderBy("id").limit(limit);
      const rows = await told(() => (after === undefined ? query : query.where("id", ">", after)).execute());
      return rows.map((row) => ({ user: toUser(row), hash: row.password_hash ?? undefined }));
    },
  };
}

function toRow({ id, username, hash, status, claims, createdAt }: IncomingPerson, at: number): Row {
  const taken = hash === undefined ? undefined : takeHash(hash);
  const { search, emailKey } = searchOf(username, claims);
  return {
    id,
    username,
    username_key: usernameKey(username),
    password_hash: taken !== undefined && "hash" in taken ? taken.hash : null,
    hash_form: taken !== undefined && "hash" in taken ? (taken.form ?? null) : null,
    status,
    claims: JSON.stringify(claims),
    roles: "[]",
    search,
    email_key: emailKey,
    version: 1,
    created_at: createdAt ?? at,
    updated_at: at,
    password_changed_at: null,
  };
}
