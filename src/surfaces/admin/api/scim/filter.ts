/** The part of SCIM's filter language (RFC 7644 §3.4.2.2) that an index serves: `eq`, joined by `and`. */
import type { PeopleQuery, User } from "../../../../core/directory.ts";
import { usernameKey } from "../../../../core/username.ts";

/** What is asked for; `id` is looked up by itself, `externalId` is the caller's. Text: why the filter cannot be taken. */
export type ScimFilter = Omit<NonNullable<PeopleQuery["filter"]>, "external"> & {
  readonly id?: string | undefined;
  readonly externalId?: string | undefined;
};

const LONGEST = 1000;
/**
 * attrPath, `eq`, a JSON text or a boolean; attribute names and operators in any case (§3.4.2.2). One value path is known,
 * by which a directory asks who has an address at work: every address here is one.
 */
const TERM =
  /^\s*([A-Za-z][\w.:-]*(?:\[\s*type\s+eq\s+"work"\s*\]\.value)?)\s+eq\s+("(?:[^"\\]|\\.)*"|true|false)\s*/i;
const USER = "urn:ietf:params:scim:schemas:core:2.0:user:";

/** Reads a filter; none: everybody. */
export function readFilter(text: string | undefined): ScimFilter | string {
  if (text === undefined || text.trim() === "") return {};
  if (text.length > LONGEST) return "is too long";
  const filter: Record<string, string> = {};
  let rest = text;
  for (;;) {
    const term = TERM.exec(rest);
    if (term === null)
      return `can be ATTRIBUTE eq "VALUE", joined by and; it cannot be read from ${JSON.stringify(rest.trim().slice(0, 40))}`;
    const name = (term[1] ?? "").toLowerCase().replace(USER, "");
    const value = givenIn(term[2] ?? "");
    const field = value === undefined ? undefined : fieldOf(name, value);
    if (field === undefined)
      return `cannot ask for ${JSON.stringify(term[1])} in this way; it knows id, userName, externalId, emails.value, active and roles.value`;
    // Two values for one attribute that has one: nobody, which no index has to be asked for.
    if (filter[field[0]] !== undefined && filter[field[0]] !== field[1]) filter.id = "";
    filter[field[0]] ??= field[1];
    rest = rest.slice(term[0].length);
    if (rest === "") return filter;
    const and = /^and\s+/i.exec(rest);
    if (and === null)
      return `knows "and" alone between comparisons, not ${JSON.stringify(rest.slice(0, 40))}`;
    rest = rest.slice(and[0].length);
  }
}

function givenIn(text: string): string | boolean | undefined {
  try {
    return JSON.parse(text.startsWith('"') ? text : text.toLowerCase()) as string | boolean;
  } catch {
    return undefined;
  }
}

function fieldOf(name: string, value: string | boolean): readonly [string, string] | undefined {
  if (name === "active")
    return /^(true|false)$/i.test(String(value))
      ? ["status", String(value).toLowerCase() === "true" ? "active" : "disabled"]
      : undefined;
  if (typeof value === "boolean") return undefined;
  if (name === "id") return ["id", value];
  if (name === "externalid") return ["externalId", value];
  if (name === "username") return ["username", value];
  if (/^emails(\.value|\[.*\]\.value)?$/.test(name)) return ["email", value];
  if (name === "roles" || name === "roles.value") return ["role", value];
  return undefined;
}

/** Whether a person is one of those who are asked for. */
export function isOne(user: User, filter: NonNullable<PeopleQuery["filter"]>): boolean {
  const { username, email, status, role, external } = filter;
  const same = (one: string | undefined, other: unknown) =>
    one === undefined || usernameKey(one) === usernameKey(typeof other === "string" ? other : "");
  return (
    same(username, user.username) &&
    same(email, user.claims.email) &&
    (status === undefined || status === user.status) &&
    (role === undefined || user.roles.includes(role)) &&
    (external === undefined ||
      (external.id === user.external?.id && external.client === user.external.client))
  );
}
