/**
 * People for those who administer. LDAP promises no order and no place to go on at, so a list reads what fits, up to
 * `most_listed`, page by page, and is put in order here. Beyond that it says so to the operator instead of guessing.
 */
import { EqualityFilter, type Filter, OrFilter, SubstringFilter } from "ldapts";
import type { PeopleOrder, PeoplePage, PeopleQuery, User } from "../../../core/directory.ts";
import { isRole } from "../../../core/roles.ts";
import { usernameKey } from "../../../core/username.ts";
import { toAttributes } from "./attributes.ts";
import { both } from "./filter.ts";
import type { People } from "./people.ts";

const PAGE = 200;
const LONGEST_PATTERN = 200;

export async function listPeople(
  people: People,
  query: PeopleQuery,
  complain: (text: string) => void,
): Promise<PeoplePage> {
  const after = query.after === undefined ? undefined : cursorOf(query.after, query);
  const filter = filterOf(people, query);
  const users = filter === undefined ? [] : await readAll(people, filter, complain);
  const sign = query.descending === true ? -1 : 1;
  const ordered = users
    .filter((user) => fits(user, query))
    .sort((a, b) => sign * compare(keyOf(a, query.sortBy), keyOf(b, query.sortBy)));
  const begin =
    after === undefined
      ? 0
      : ordered.findIndex((user) => sign * compare(keyOf(user, query.sortBy), after) > 0);
  const rest = begin < 0 ? [] : ordered.slice(begin + (query.skip ?? 0));
  const page = rest.slice(0, query.limit);
  const last = page.at(-1);
  return {
    users: page,
    ...(rest.length > page.length && last !== undefined
      ? { next: cursor(keyOf(last, query.sortBy), query) }
      : {}),
    ...(query.total === true ? { total: ordered.length } : {}),
  };
}

async function readAll(people: People, filter: Filter, complain: (text: string) => void): Promise<User[]> {
  const { config, servers } = people;
  const found = await servers.asReader((link) =>
    link.search(config.base, {
      scope: config.scope,
      filter,
      attributes: people.attributes,
      explicitBufferAttributes: ["objectGUID"],
      sizeLimit: config.most_listed,
      paged: { pageSize: PAGE },
      timeLimit: Math.ceil(config.operation_seconds),
      derefAliases: "never",
    }),
  );
  if (found.length >= config.most_listed)
    complain(
      `directory ${config.name}: a list ends at ${config.most_listed} people; look for a part of the name, or raise most_listed`,
    );
  return found.flatMap((entry) => people.toPerson(toAttributes(entry))?.user ?? []);
}

/** undefined: nobody can fit. */
function filterOf({ config, everybody }: People, { pattern, filter = {} }: PeopleQuery): Filter | undefined {
  const parts: Filter[] = [everybody];
  const { email, name, role, username, external } = filter;
  // Nothing of a provisioning client is written into a directory that others keep.
  if (external !== undefined) return undefined;
  if ([pattern, email, name, role, username].some((text) => text !== undefined && !isText(text)))
    return undefined;
  if (pattern !== undefined && pattern !== "")
    parts.push(
      new OrFilter({
        filters: [
          config.username,
          ...["name", "given_name", "family_name", "email"].flatMap((claim) => config.claims[claim] ?? []),
        ].map((attribute) => new SubstringFilter({ attribute, any: [pattern.normalize("NFKC")] })),
      }),
    );
  if (username !== undefined) {
    const key = usernameKey(username);
    const suffix = usernameKey(config.username_suffix ?? "");
    if (!key.endsWith(suffix)) return undefined;
    parts.push(
      new EqualityFilter({ attribute: config.username, value: key.slice(0, key.length - suffix.length) }),
    );
  }
  if (email !== undefined) {
    const { email: attribute } = config.claims;
    if (attribute === undefined) return undefined;
    parts.push(new EqualityFilter({ attribute, value: email }));
  }
  if (name !== undefined) {
    const { name: attribute } = config.claims;
    if (attribute === undefined) return undefined;
    parts.push(new EqualityFilter({ attribute, value: name }));
  }
  if (role !== undefined) {
    const { roles } = config;
    if (roles === undefined || !isRole(role) || roles[role].length === 0) return undefined;
    parts.push(
      new OrFilter({
        filters: roles[role].map((value) => new EqualityFilter({ attribute: roles.attribute, value })),
      }),
    );
  }
  return both(...parts);
}

const isText = (text: string): boolean =>
  text.length <= LONGEST_PATTERN && !text.includes("\0") && text.isWellFormed();

/** What the server's own rules of comparison may have let through. */
function fits(user: User, { filter = {} }: PeopleQuery): boolean {
  const { username, status, role } = filter;
  return (
    (username === undefined || usernameKey(user.username) === usernameKey(username)) &&
    (status === undefined || user.status === status) &&
    (role === undefined || user.roles.includes(role))
  );
}

type Key = readonly [string | number, string];

function keyOf(user: User, by: PeopleOrder): Key {
  if (by === "username") return [usernameKey(user.username), user.id];
  return [by === "inum" ? user.id : user[by], user.id];
}

const compare = (a: Key, b: Key): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;

const orderOf = ({ sortBy, descending = false }: PeopleQuery): string => `${sortBy} ${descending}`;

const cursor = (key: Key, query: PeopleQuery): string =>
  Buffer.from(JSON.stringify([orderOf(query), ...key])).toString("base64url");

function cursorOf(text: string, query: PeopleQuery): Key {
  try {
    const [order, value, id] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
    if (
      order === orderOf(query) &&
      (typeof value === "string" || typeof value === "number") &&
      typeof id === "string"
    )
      return [value, id];
  } catch {
    // What follows says the same of both.
  }
  throw new RangeError("the cursor is none of this list's");
}
