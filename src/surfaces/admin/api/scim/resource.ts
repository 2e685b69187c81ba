/** A person as a SCIM User (RFC 7643 §4.1), and what is sent as one in the shape our own operations take. */
import { z } from "zod";
import type { User } from "../../../../core/directory.ts";
import { isExternalId } from "../../../../core/external-id.ts";
import type { CustomUser } from "../../contract/users.ts";
import { viewOf as originalView, withAttributes } from "../user-view.ts";

export const USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User";

const text = z.string().max(1000).nullish();
/** Directories that push people write booleans as text. */
const yesOrNo = z.union([z.boolean(), z.string().regex(/^(true|false)$/i)]).nullish();
const several = z
  .array(z.looseObject({ value: text, type: z.string().max(50).nullish(), primary: yesOrNo }))
  .max(20)
  .nullish();

/** What may be sent; what is not named here is not kept, as §3.3 lets a server do. */
export const scimUser = z.looseObject({
  schemas: z.array(z.string().max(200)).max(10).nullish(),
  id: text,
  externalId: z
    .string()
    .refine((id) => id === "" || isExternalId(id), "must be a text of at most 300 characters")
    .nullish(),
  userName: z.string().min(1).max(500),
  name: z.looseObject({ formatted: text, familyName: text, givenName: text, middleName: text }).nullish(),
  displayName: text,
  nickName: text,
  profileUrl: text,
  locale: text,
  timezone: text,
  active: yesOrNo,
  password: z.string().max(1000).nullish(),
  emails: several,
  phoneNumbers: several,
  roles: several,
});
export type ScimUser = z.infer<typeof scimUser>;

/** The person as SCIM shows one to this client. The password is written and never read. */
export function scimView(user: User, base: string, client: string) {
  const { id, username, status, claims, roles, createdAt, updatedAt, version, external } = user;
  const said = (name: string): string | undefined => {
    const value = claims[name];
    return typeof value === "string" ? value : undefined;
  };
  const names = {
    formatted: said("name"),
    givenName: said("given_name"),
    familyName: said("family_name"),
    middleName: said("middle_name"),
  };
  const email = said("email");
  const phone = said("phone_number");
  return {
    schemas: [USER_SCHEMA],
    id,
    // Of the client that calls the person so, and nobody else's business (RFC 7643 §3.1, §9).
    ...(external?.client === client ? { externalId: external.id } : {}),
    userName: username,
    ...(Object.values(names).every((one) => one === undefined) ? {} : { name: names }),
    displayName: said("name"),
    nickName: said("nickname"),
    profileUrl: said("profile"),
    locale: said("locale"),
    timezone: said("zoneinfo"),
    active: status === "active",
    ...(email === undefined ? {} : { emails: [{ value: email, type: "work", primary: true }] }),
    // An entry of the address book; phones that get codes are none of SCIM's.
    ...(phone === undefined ? {} : { phoneNumbers: [{ value: phone, type: "mobile" }] }),
    ...(roles.length === 0 ? {} : { roles: roles.map((value) => ({ value })) }),
    meta: {
      resourceType: "User",
      created: new Date(createdAt).toISOString(),
      lastModified: new Date(updatedAt).toISOString(),
      version: `W/"${version}"`,
      location: `${base}/Users/${encodeURIComponent(id)}`,
    },
  };
}

/** One is kept: the one that is marked, else of the first kind there is, else any. */
function first(list: ScimUser["emails"], ...kinds: readonly string[]): string | undefined {
  const given = (list ?? []).filter(({ value }) => value != null && value !== "");
  const marked = given.find(({ primary }) => /^true$/i.test(String(primary)));
  const ofKind = kinds.map((kind) => given.find(({ type }) => type?.toLowerCase() === kind));
  return (marked ?? ofKind.find((one) => one !== undefined) ?? given[0])?.value ?? undefined;
}

/** What the client calls the person; null: nothing (any more). */
export const externalIdOf = ({ externalId }: ScimUser): string | null => externalId || null;

/**
 * What was sent, laid over the person as our own operations show one: what SCIM has no name for stays, what it has a name
 * for and was not sent goes (§3.5.1), but for password and roles, which stay unless they are sent.
 */
export function asSent(sent: ScimUser, before: User | undefined): CustomUser {
  const view: CustomUser = before === undefined ? {} : originalView(before);
  const one = (name: string, value: string | null | undefined) => ({
    name,
    values: value == null || value === "" ? [] : [value],
  });
  const active = sent.active == null ? undefined : /^true$/i.test(String(sent.active));
  const next = withAttributes(view, [
    one("sn", sent.name?.familyName),
    one("middleName", sent.name?.middleName),
    one("nickname", sent.nickName),
    one("profile", sent.profileUrl),
    one("locale", sent.locale),
    one("zoneinfo", sent.timezone),
    one("mobile", first(sent.phoneNumbers, "mobile", "work")),
    ...(sent.roles == null
      ? []
      : [{ name: "jansAdminUIRole", values: sent.roles.flatMap(({ value }) => value || []) }]),
  ]);
  const status = active === undefined ? (before === undefined ? "active" : view.status) : word(active);
  return {
    ...next,
    inum: before?.id ?? null,
    userId: sent.userName,
    mail: first(sent.emails, "work") ?? null,
    displayName: sent.displayName ?? sent.name?.formatted ?? null,
    givenName: sent.name?.givenName ?? null,
    userPassword: sent.password ?? null,
    status: status ?? null,
    jansStatus: status ?? null,
  };
}

const word = (active: boolean): string => (active ? "active" : "inactive");
