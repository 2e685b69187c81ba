/** Pages of people, by key: see PeopleQuery in core/directory.ts for what an index serves and what it cannot. */
import { type SelectQueryBuilder, sql } from "kysely";
import type { PeopleOrder, PeopleQuery } from "../../../core/directory.ts";
import { isExternalId } from "../../../core/external-id.ts";
import { isRole } from "../../../core/roles.ts";
import { usernameFault, usernameKey } from "../../../core/username.ts";
import type { Database } from "../../../kits/sql/database.ts";
import type { PersonRow } from "./row.ts";
import { fold, likeOf } from "./search.ts";

type Row = PersonRow & {
  readonly username_key: string;
  readonly search: string | null;
  readonly email_key: string | null;
  readonly name_key: string | null;
};
type Query<Output> = SelectQueryBuilder<{ people: Row }, "people", Output>;
type Cursor = readonly [order: PeopleOrder, descending: boolean, value: string | number, id: string];

export interface PersonRows {
  readonly rows: readonly PersonRow[];
  readonly next?: string | undefined;
  readonly total?: number | undefined;
}

const COLUMN = {
  username: "username_key",
  createdAt: "created_at",
  updatedAt: "updated_at",
  inum: "id",
} as const;

/** One page; throws RangeError for a cursor that belongs to another order. */
export async function listPeople(database: Database, query: PeopleQuery): Promise<PersonRows> {
  const { sortBy, descending = false, limit, after, skip = 0 } = query;
  const fitting = conditions(query);
  if (fitting === "nobody") return { rows: [], ...(query.total === true ? { total: 0 } : {}) };
  const table = database.kysely<{ people: Row }>().selectFrom("people");
  const column = COLUMN[sortBy];
  const direction = descending ? "desc" : "asc";
  let page = fitting(table.selectAll());
  if (after !== undefined) {
    const [, , value, id] = readCursor(after, sortBy, descending);
    const beyond = sql.raw(descending ? "<" : ">");
    // Times are shared by people who came in one millisecond: the id decides among them.
    page = page.where(sql<boolean>`(${sql.ref(column)}, id) ${beyond} (${value}, ${id})`);
  }
  page = page.orderBy(column, direction);
  if (column !== "id") page = page.orderBy("id", direction);
  const rows = await page
    .limit(limit + 1)
    .offset(skip)
    .execute();
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const total =
    query.total === true
      ? await fitting(table.select(sql<number>`count(*)`.as("n"))).executeTakeFirst()
      : undefined;
  return {
    rows: rows.slice(0, limit),
    ...(last === undefined ? {} : { next: toCursor([sortBy, descending, last[column], last.id]) }),
    ...(total === undefined ? {} : { total: Number(total.n) }),
  };
}

/** Adds who is wanted; `nobody` where that cannot be anybody. */
function conditions({ pattern = "", filter = {} }: PeopleQuery) {
  const { username, email, name, status, role, external } = filter;
  const like = likeOf(pattern);
  if (like === undefined || (role !== undefined && !isRole(role))) return "nobody";
  if (status !== undefined && status !== "active" && status !== "disabled") return "nobody";
  if (username !== undefined && usernameFault(username.trim()) !== undefined) return "nobody";
  if (external !== undefined && !isExternalId(external.id)) return "nobody";
  return <Output>(query: Query<Output>): Query<Output> => {
    let found = query;
    if (pattern !== "") found = found.where(sql<boolean>`search like ${like} escape '\\'`);
    if (username !== undefined) found = found.where("username_key", "=", usernameKey(username));
    if (email !== undefined) found = found.where("email_key", "=", fold(email));
    if (name !== undefined) found = found.where("name_key", "=", fold(name));
    if (status !== undefined) found = found.where("status", "=", status);
    if (external !== undefined)
      found = found.where("external_id", "=", external.id).where("external_client", "=", external.client);
    // The index of the few who have a role is used only where the condition stands there as it was made.
    if (role !== undefined)
      found = found.where(sql<boolean>`roles <> '[]'`).where("roles", "like", `%"${role}"%`);
    return found;
  };
}

const toCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString("base64url");

function readCursor(text: string, sortBy: PeopleOrder, descending: boolean): Cursor {
  const cursor = parse(text);
  const [order, down, value, id] = cursor;
  const type = sortBy === "username" || sortBy === "inum" ? "string" : "number";
  if (order !== sortBy || down !== descending || typeof value !== type || typeof id !== "string")
    throw new RangeError("This cursor belongs to another order of people; begin with the first page.");
  return cursor as unknown as Cursor;
}

function parse(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
