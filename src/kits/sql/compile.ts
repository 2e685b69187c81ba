/** Turns the one text of a statement into what an engine reads. Called once per statement and database. */
import { createHash } from "node:crypto";

/** Column types of each engine, for migrations. PostgreSQL's text compares by bytes, as SQLite's does. */
export const COLUMN_TYPES = {
  sqlite: { text: "text", bytes: "blob", integer: "integer", serial: "integer primary key autoincrement" },
  postgres: {
    text: 'text collate "C"',
    bytes: "bytea",
    integer: "bigint",
    serial: "bigint generated always as identity primary key",
  },
} as const;

/** SQLite's text and, for each `?` in it, the index of its value. node:sqlite binds `?` by position and nothing else. */
export function forSqlite(text: string): { readonly text: string; readonly order: readonly number[] } {
  const order: number[] = [];
  const positional = text.replace(/\{[^}]*\}/g, "").replace(/\$(\d+)/g, (_, number: string) => {
    order.push(Number(number) - 1);
    return "?";
  });
  return { text: positional, order };
}

/** PostgreSQL's text and the name under which each connection prepares it once. */
export function forPostgres(text: string): { readonly text: string; readonly name: string } {
  const plain = text.replace(/\{([^}]*)\}/g, "$1");
  return { text: plain, name: `sp_${createHash("sha256").update(plain).digest("hex").slice(0, 24)}` };
}
