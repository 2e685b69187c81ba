/** SettingsStore in SQL: one row per revision, never changed. Documents arrive sealed. */
import type { Revision, SettingsStore } from "../../../core/settings.ts";
import { type Database, statement } from "../../../kits/sql/database.ts";

interface Row {
  readonly revision: number;
  readonly at: number;
  readonly made_by: string;
  readonly what: string;
}

const newest = statement<{ revision: number | null }>("select max(revision) as revision from settings");
const read = statement<Row & { readonly document: Uint8Array }>(
  "select revision, at, made_by, what, document from settings where revision = $1",
);
const add = statement(
  `insert into settings (revision, at, made_by, what, document) values ($1, $2, $3, $4, $5)
   on conflict (revision) do nothing`,
);
const list = statement<Row>(
  "select revision, at, made_by, what from settings where revision < $1 order by revision desc limit $2",
);

/** Makes the settings store; the tables must be there. */
export function createSqlSettings(database: Database): SettingsStore {
  return {
    newest: async () => Number((await database.run(newest)).rows[0]?.revision ?? 0),
    async read(revision) {
      const [row] = (await database.run(read, revision)).rows;
      return row === undefined ? undefined : { ...toRevision(row), sealed: row.document };
    },
    add: async ({ revision, at, by, what, sealed }) =>
      (await database.run(add, revision, at, by, what, sealed)).changes === 1,
    list: async (limit, before) => (await database.run(list, before, limit)).rows.map(toRevision),
  };
}

const toRevision = ({ revision, at, made_by: by, what }: Row): Revision => ({ revision, at, by, what });
