/**
 * A whole database as one SQLite file, and back. The file is the backup of either engine, so that one can be brought to
 * the other. Called by compose for `backup` and `restore`; it knows no table, only what the file says there is.
 */
import { backup, DatabaseSync } from "node:sqlite";
import { ask, type Database, statement, type Transaction, type Value } from "./database.ts";

/** Rows that are under way at once. */
const AT_ONCE = 500;
/** More pages than any database has: one step, which a writer never makes begin again. */
const ALL_PAGES = 2 ** 30;

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** The column that counts by itself, where there is one. */
  readonly counter: string | undefined;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The tables of a file but the one that says which steps its schema has. */
function tablesOf(file: DatabaseSync): readonly Table[] {
  const names = file
    .prepare(
      "select name, sql from sqlite_master where type = 'table' and name not like 'sqlite_%' and name <> 'schema_migrations' order by name",
    )
    .all() as { name: string; sql: string }[];
  return names.map(({ name, sql }) => {
    const columns = (file.prepare(`pragma table_info(${quoted(name)})`).all() as { name: string }[]).map(
      (column) => column.name,
    );
    const counter = /(\w+) integer primary key autoincrement/i.exec(sql)?.[1];
    return { name, columns, counter };
  });
}

/** Copies a SQLite database while others write to it, by the engine's own online backup; `to` is one file afterwards. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5_000 });
  try {
    await backup(source, to, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to);
  try {
    // The copy comes with the log of its original switched on, and would be three files.
    copy.exec("pragma journal_mode = delete");
  } finally {
    copy.close();
  }
}

/** Copies what is in PostgreSQL at this moment into a file whose schema has the same steps. */
export async function dumpInto(to: string, database: Database): Promise<void> {
  const file = new DatabaseSync(to);
  try {
    const tables = tablesOf(file);
    const cursors = tables.map(({ name, columns }, index) => ({
      declare: statement(
        `declare copy_${index} no scroll cursor for select ${columns.map(quoted).join(", ")} from ${quoted(name)}`,
      ),
      fetch: statement<Record<string, Value>>(`fetch ${AT_ONCE} from copy_${index}`),
    }));
    // One snapshot over all tables: a code's try and its event are both there or neither is.
    const snapshot = statement("set transaction isolation level repeatable read, read only");
    await database.transact(function* (): Transaction<void> {
      // It may run again after a conflict.
      if (file.isTransaction) file.exec("rollback");
      file.exec("begin");
      yield* ask(snapshot);
      for (const [index, { name, columns }] of tables.entries()) {
        const { declare, fetch } = cursors[index] as (typeof cursors)[number];
        const insert = file.prepare(
          insertInto(
            name,
            columns,
            columns.map(() => "?"),
          ),
        );
        yield* ask(declare);
        for (;;) {
          const { rows } = yield* ask(fetch);
          for (const row of rows) insert.run(...columns.map((column) => row[column] ?? null));
          if (rows.length < AT_ONCE) break;
        }
      }
      return { keep: undefined };
    });
    file.exec("commit");
  } finally {
    file.close();
  }
}

/** Puts everything of a file into an empty database whose schema has the same steps: all of it or nothing. */
export async function loadFrom(from: string, database: Database): Promise<void> {
  const file = new DatabaseSync(from, { readOnly: true });
  try {
    const tables = tablesOf(file).map((table) => {
      const marks = table.columns.map((_, index) => `$${index + 1}`);
      return {
        ...table,
        insert: statement(insertInto(table.name, table.columns, marks, " {overriding system value}")),
        goOn:
          table.counter === undefined || database.engine === "sqlite"
            ? undefined
            : statement(
                `select setval(pg_get_serial_sequence('${table.name}', '${table.counter}'),
                 (select coalesce(max(${table.counter}), 0) + 1 from ${quoted(table.name)}), false)`,
              ),
      };
    });
    await database.transact(function* (): Transaction<void> {
      for (const { name, columns, insert, goOn } of tables) {
        const rows = file.prepare(`select ${columns.map(quoted).join(", ")} from ${quoted(name)}`).iterate();
        for (const row of rows as Iterable<Record<string, Value>>)
          yield* ask(insert, ...columns.map((column) => row[column] ?? null));
        if (goOn !== undefined) yield* ask(goOn);
      }
      return { keep: undefined };
    });
  } finally {
    file.close();
  }
}

const insertInto = (name: string, columns: readonly string[], marks: readonly string[], how = ""): string =>
  `insert into ${quoted(name)} (${columns.map(quoted).join(", ")})${how} values (${marks.join(", ")})`;
