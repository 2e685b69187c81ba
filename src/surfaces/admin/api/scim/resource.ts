/** A person as a SCIM User (RFC 7643 §4.1), and what is sent as one in the shape our own operations take. */
import { z } from "zod";
import type { User } from "../../../../core/directory.ts";
import type { CustomUser } from "../../contract/users.ts";
import { viewOf as originalView, withAttributes } from "../user-view.ts";

export const USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User";

const text = z.string().max(1000).nullish();
const several = z
  .array(
    z.looseObject({
      value: z.string().max(1000),
      type: z.string().max(50).nullish(),
      primary: z.boolean().nullish(),
    }),
  )
  .max(20)
  .nullish();

/** What may be sent; what is not named here is not kept, as §3.3 lets a server do. */
export const scimUser = z.looseObject({
  schemas: z.array(z.string().max(200)).max(10).nullish(),
  id: text,
  userName: z.string().min(1).max(500),
  name: z.looseObject({ formatted: text, familyName: text, givenName: text, middleName: text }).nullish(),
  displayName: text,
  nickName: text,
  profileUrl: text,
  locale: text,
  timezone: text,
  // Directories that push people write booleans as text.
  active: z.union([z.boolean(), z.string().regex(/^(true|false)$/i)]).nullish(),
  password: z.string().max(1000).nullish(),
  emails: several,
  phoneNumbers: several,
  roles: several,
});
export type ScimUser = z.infer<typeof scimUser>;

/** The person as SCIM shows one. The password is written and never read. */
export function scimView(user: User, base: string) {
  const { id, username, status, claims, roles, createdAt, updatedAt, version } = user;
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

const first = (list: ScimUser["emails"]): string | undefined =>
  (list?.find(({ primary }) => primary === true) ?? list?.[0])?.value;

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
    one("mobile", first(sent.phoneNumbers)),
    ...(sent.roles == null
      ? []
      : [{ name: "jansAdminUIRole", values: sent.roles.map(({ value }) => value) }]),
  ]);
  const status = active === undefined ? (before === undefined ? "active" : view.status) : word(active);
  return {
    ...next,
    inum: before?.id ?? null,
    userId: sent.userName,
    mail: first(sent.emails) ?? null,
    displayName: sent.displayName ?? sent.name?.formatted ?? null,
    givenName: sent.name?.givenName ?? null,
    userPassword: sent.password ?? null,
    status: status ?? null,
    jansStatus: status ?? null,
  };
}

const word = (active: boolean): string => (active ? "active" : "inactive");
