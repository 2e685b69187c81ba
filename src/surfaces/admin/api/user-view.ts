/**
 * A person between our claims and the original's attributes, both ways. A phone number here (`mobile`) is an address-book
 * entry: no code is ever sent to it and no application is told it is verified; phones that are live in phones.ts.
 */
import type { Claims, PersonChange, User } from "../../../core/directory.ts";
import { isRole } from "../../../core/roles.ts";
import { Secret } from "../../../core/secret.ts";
import type { Fault } from "../../../core/settings.ts";
import type { CustomAttribute, CustomUser } from "../contract/users.ts";
import { originalTime } from "./times.ts";

/** Fields of the original that hold a claim. */
const FIELDS = { mail: "email", displayName: "name", givenName: "given_name" } as const;

/** Its attributes that hold a claim, by the name they are shown under. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  sn: "family_name",
  middleName: "middle_name",
  nickname: "nickname",
  birthdate: "birthdate",
  gender: "gender",
  locale: "locale",
  zoneinfo: "zoneinfo",
  website: "website",
  profile: "profile",
  picture: "picture",
  address: "address",
  mobile: "phone_number",
  emailVerified: "email_verified",
};
/** Other names of the same. */
const ALIASES: Readonly<Record<string, string>> = { telephoneNumber: "mobile", role: "jansAdminUIRole" };
const ROLES = "jansAdminUIRole";
/** The original's name of our `admin`. */
const API_ADMIN = "api-admin";
const IN_FIELDS: readonly string[] = [...Object.keys(FIELDS), "userPassword", "userId", "status"];
const KNOWN = [...Object.keys(ATTRIBUTES), ...Object.keys(ALIASES), ROLES].sort().join(", ");

export const dnOf = (id: string): string => `inum=${id},ou=people,o=jans`;

/** A person as the original shows one. */
export function viewOf(user: User): CustomUser {
  const { id, username, claims, status, roles } = user;
  const dn = dnOf(id);
  const shown = status === "active" ? "active" : "inactive";
  const attributes = Object.entries(ATTRIBUTES).flatMap(([name, claim]) => {
    const value = claims[claim];
    return value === undefined ? [] : [attribute(name, [value])];
  });
  return {
    dn,
    userId: username,
    createdAt: originalTime(user.createdAt),
    updatedAt: originalTime(user.updatedAt),
    customAttributes: [
      ...attributes,
      ...(roles.length === 0
        ? []
        : [
            attribute(
              ROLES,
              roles.map((role) => (role === "admin" ? API_ADMIN : role)),
            ),
          ]),
    ],
    inum: id,
    ...Object.fromEntries(
      Object.entries(FIELDS).flatMap(([field, claim]) =>
        typeof claims[claim] === "string" ? [[field, claims[claim]]] : [],
      ),
    ),
    ...(user.mustChange === true ? { passwordMustChange: true } : {}),
    status: shown,
    jansStatus: shown,
    baseDn: dn,
  };
}

function attribute(name: string, values: readonly (string | boolean)[]): CustomAttribute {
  const [first = ""] = values;
  return {
    name,
    multiValued: values.length > 1,
    values: [...values],
    value: first,
    displayValue: String(first),
  };
}

/** What was sent, as a change of the person; a claim that is not there goes, a password or roles that are not stay. */
export function readUser(sent: CustomUser, before: User | undefined): PersonChange | readonly Fault[] {
  const faults: Fault[] = [];
  const claims: Record<string, string | boolean> = {};
  const known = new Set([...Object.values(FIELDS), ...Object.values(ATTRIBUTES)]);
  // What no attribute stands for (set on the host) is not this API's to remove.
  for (const [name, value] of Object.entries(before?.claims ?? {}))
    if (!known.has(name) && value !== undefined) claims[name] = value;
  for (const [field, claim] of Object.entries(FIELDS)) {
    const value = sent[field as keyof typeof FIELDS];
    if (value != null && value !== "") claims[claim] = value;
  }
  let roles: readonly string[] | undefined;
  let password = sent.userPassword;
  const seen = new Set<string>();
  for (const [index, one] of (sent.customAttributes ?? []).entries()) {
    const at = `customAttributes[${index}]`;
    const name = ALIASES[one.name] ?? one.name;
    const values = valuesOf(one);
    if (seen.has(name)) faults.push({ path: at, message: `${one.name} stands there twice` });
    seen.add(name);
    if (name === ROLES) roles = rolesOf(values, at, faults);
    else if (one.name === "userPassword") password = String(values[0] ?? "");
    else {
      const claim = ATTRIBUTES[name] ?? FIELDS[name as keyof typeof FIELDS];
      const value = claim === undefined ? refused(one, at, faults) : claimOf(claim, values, one, at, faults);
      if (claim !== undefined && value !== undefined) claims[claim] = value;
    }
  }
  const status = statusOf(sent, before, faults);
  if (faults.length > 0) return faults;
  // Whoever takes another address has not shown that it is theirs; an administrator who knows says so in a second change.
  const { email } = before?.claims ?? {};
  if (
    before !== undefined &&
    claims.email !== email &&
    claims.email_verified === before.claims.email_verified
  )
    delete claims.email_verified;
  return {
    claims: claims as Claims,
    ...(sent.userId == null ? {} : { username: sent.userId }),
    ...(password == null || password === "" ? {} : { password: new Secret(password) }),
    ...(status === undefined ? {} : { status }),
    ...(roles === undefined ? {} : { roles }),
  };
}

/** The view with attributes laid over it, as a patch has them: one without a value is taken away. */
export function withAttributes(view: CustomUser, given: readonly CustomAttribute[]): CustomUser {
  const next: Record<string, unknown> = { ...view };
  let attributes = view.customAttributes ?? [];
  for (const one of given) {
    const values = valuesOf(one);
    const name = ALIASES[one.name] ?? one.name;
    if (IN_FIELDS.includes(name)) {
      next[name] = values.length === 0 ? null : String(values[0]);
      continue;
    }
    const others = attributes.filter((other) => (ALIASES[other.name] ?? other.name) !== name);
    // A claim goes by not being there; roles go by a list of none, and what is unknown is refused later, by name.
    const goes = values.length === 0 && ATTRIBUTES[name] !== undefined;
    attributes = goes ? others : [...others, { ...one, values: [...values] }];
  }
  return { ...(next as CustomUser), customAttributes: attributes };
}

const valuesOf = ({ value, values }: CustomAttribute): readonly (string | boolean | number)[] =>
  values === null ? [] : values !== undefined ? values : value == null ? [] : [value];

function refused({ name }: CustomAttribute, at: string, faults: Fault[]): undefined {
  faults.push({
    path: at,
    message:
      name === "phoneNumberVerified"
        ? "phoneNumberVerified cannot be set: a number is verified by its code, or added with post-user-phone"
        : `${JSON.stringify(name)} is no attribute here; known are ${KNOWN}`,
  });
  return undefined;
}

function claimOf(
  claim: string,
  values: readonly (string | boolean | number)[],
  { name }: CustomAttribute,
  at: string,
  faults: Fault[],
): string | boolean | undefined {
  const [value] = values;
  if (values.length > 1) faults.push({ path: at, message: `${name} has one value here` });
  if (value === undefined || value === "") return undefined;
  if (claim !== "email_verified") return String(value);
  if (/^(true|false)$/i.test(String(value))) return String(value).toLowerCase() === "true";
  faults.push({ path: at, message: `${name} must be true or false` });
  return undefined;
}

function rolesOf(
  values: readonly (string | boolean | number)[],
  at: string,
  faults: Fault[],
): readonly string[] {
  const roles = values.map((value) => (value === API_ADMIN ? "admin" : String(value)));
  for (const role of roles)
    if (!isRole(role))
      faults.push({
        path: at,
        message: `${JSON.stringify(role)} is no role; known are ${API_ADMIN}, helpdesk, auditor`,
      });
  return roles;
}

function statusOf(
  { status, jansStatus }: CustomUser,
  before: User | undefined,
  faults: Fault[],
): User["status"] | undefined {
  // Of the two names the one counts that was changed.
  const shown = before?.status === "active" ? "active" : "inactive";
  const given = [status, jansStatus].flatMap((text) => (text == null ? [] : [text.toLowerCase()]));
  const word = given.find((text) => before !== undefined && text !== shown) ?? given[0];
  if (word === undefined) return undefined;
  if (word === "active") return "active";
  if (word === "inactive" || word === "disabled") return "disabled";
  faults.push({ path: "status", message: "must be active or inactive" });
  return undefined;
}
