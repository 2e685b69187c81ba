/** From an entry to a person: id, name, state, claims, roles, and what stands there about phones. */
import { EqualityFilter, type Filter } from "ldapts";
import type { Claims, User } from "../../../core/directory.ts";
import { ROLES } from "../../../core/roles.ts";
import type { EpochMs, Subject } from "../../../core/words.ts";
import { type Attributes, bytes, first, values } from "./attributes.ts";
import { nameFilter } from "./filter.ts";
import { phonesOf, type WrittenPhones } from "./phone-values.ts";
import type { LdapConfig } from "./schema.ts";
import { generalizedTime, statusOf, TRUTH_ATTRIBUTES } from "./truth.ts";

/** A person as an entry says, and when it was read. */
export interface Person {
  readonly dn: string;
  readonly user: User;
  readonly phones: WrittenPhones;
  /** undefined: the server keeps no such time. */
  readonly modifiedAt: EpochMs | undefined;
  readonly readAt: EpochMs;
}

const GUID = "objectguid";
const LONGEST_CLAIM = 1000;

/** Every attribute that is ever looked at. */
export function wantedAttributes(config: LdapConfig): string[] {
  return [
    ...new Set([
      config.id,
      config.username,
      ...nameFilter(config.filter).attributes,
      config.times.created,
      config.times.modified,
      ...Object.values(config.claims),
      ...(config.roles === undefined ? [] : [config.roles.attribute]),
      ...(config.disabled === undefined ? [] : [config.disabled.attribute]),
      config.phone.attribute,
      ...config.phone.numbers,
      "objectClass",
      ...TRUTH_ATTRIBUTES,
    ]),
  ];
}

/** undefined: the entry has no id or no name, so nobody could be told apart by it. */
export function toPerson(entry: Attributes, config: LdapConfig, now: EpochMs): Person | undefined {
  const id = idOf(entry, config.id);
  const name = first(entry, config.username);
  if (id === undefined || name === undefined || entry.dn === "") return undefined;
  const modifiedAt = generalizedTime(first(entry, config.times.modified));
  const user: User = {
    id: `${config.subject_prefix}${id}`,
    username: `${name}${config.username_suffix ?? ""}`,
    status: statusOf(entry, now, config.disabled),
    roles: rolesOf(entry, config),
    createdAt: generalizedTime(first(entry, config.times.created)) ?? 0,
    updatedAt: modifiedAt ?? 0,
    version: Math.max(1, Math.floor((modifiedAt ?? 0) / 1000)),
    claims: claimsOf(entry, config),
  };
  return { dn: entry.dn, user, phones: phonesOf(entry, config.phone), modifiedAt, readAt: now };
}

function idOf(entry: Attributes, attribute: string): string | undefined {
  if (attribute.toLowerCase() !== GUID) {
    const id = first(entry, attribute);
    return id !== undefined && isId(id) ? id : undefined;
  }
  const raw = bytes(entry, attribute);
  return raw?.length === 16 ? toGuid(raw) : undefined;
}

/** What an id may look like; anything else is nobody's, and is not asked for. */
const isId = (id: string): boolean => /^[\w.:@!{}-]{1,128}$/.test(id);

/** The filter for whoever has this id; `id` without the prefix. */
export function idFilter(attribute: string, id: string): Filter | undefined {
  if (!isId(id)) return undefined;
  if (attribute.toLowerCase() !== GUID) return new EqualityFilter({ attribute, value: id });
  const value = fromGuid(id);
  return value === undefined ? undefined : new EqualityFilter({ attribute, value });
}

/** The id in a subject of this directory; undefined: it is of another one. */
export const idIn = (subject: Subject, { subject_prefix: prefix }: LdapConfig): string | undefined =>
  subject.startsWith(prefix) ? subject.slice(prefix.length) : undefined;

/** Bytes of an objectGUID as Microsoft writes it: the first three groups are little-endian. */
function toGuid(raw: Buffer): string {
  const hex = Buffer.concat([
    Buffer.from(raw.subarray(0, 4)).reverse(),
    Buffer.from(raw.subarray(4, 6)).reverse(),
    Buffer.from(raw.subarray(6, 8)).reverse(),
    raw.subarray(8),
  ]).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function fromGuid(id: string): Buffer | undefined {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return undefined;
  const raw = Buffer.from(id.replaceAll("-", ""), "hex");
  raw.subarray(0, 4).reverse();
  raw.subarray(4, 6).reverse();
  raw.subarray(6, 8).reverse();
  return raw;
}

function claimsOf(entry: Attributes, config: LdapConfig): Claims {
  const claims: Record<string, string | boolean> = {};
  for (const [claim, attribute] of Object.entries(config.claims)) {
    const value = first(entry, attribute);
    if (value === undefined || value.length > LONGEST_CLAIM) continue;
    claims[claim] = /_verified$/.test(claim) ? value.toUpperCase() === "TRUE" : value;
  }
  return claims;
}

function rolesOf(entry: Attributes, { roles }: LdapConfig): readonly string[] {
  if (roles === undefined) return [];
  const has = new Set(values(entry, roles.attribute).map(asDn));
  return ROLES.filter((role) => roles[role].some((value) => has.has(asDn(value)))).sort();
}

/** DNs are compared without case and without the spaces around their commas. */
const asDn = (value: string): string => value.toLowerCase().replace(/\s*([,=])\s*/g, "$1");
