/** People in the original's shape. Passwords are written and never read; roles ride as an attribute. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { listQuery, name, paged, pathPart, reason } from "./shapes.ts";

const value = z.union([z.string().max(1000), z.boolean(), z.number()]);

const customAttribute = name(
  "CustomObjectAttribute",
  z.strictObject({
    name: z.string().min(1).max(100),
    multiValued: z.boolean().nullish(),
    values: z.array(value).max(20).nullish(),
    value: value.nullish().describe("The first of values; either is enough"),
    displayValue: z.string().max(1000).nullish(),
  }),
);
export type CustomAttribute = z.infer<typeof customAttribute>;

const text = z.string().max(300).nullish();

export const customUser = name(
  "CustomUser",
  z.strictObject({
    dn: text.describe("inum=…,ou=people,o=jans; ignored when written"),
    inum: z.string().max(200).nullish().describe("The person's id, which is the sub claim"),
    userId: z.string().max(500).nullish().describe("The username"),
    mail: text,
    displayName: text,
    givenName: text,
    userPassword: z.string().max(1000).nullish().describe("Written, never read"),
    passwordMustChange: z
      .boolean()
      .nullish()
      .describe(
        "The password opens nothing until it is changed; ignored when written, post-user-password sets it",
      ),
    status: z
      .string()
      .max(20)
      .nullish()
      .describe("active or inactive; who is inactive can do nothing and every session of theirs has ended"),
    jansStatus: z.string().max(20).nullish().describe("The older name of status"),
    createdAt: z.string().max(40).nullish(),
    updatedAt: z.string().max(40).nullish(),
    customAttributes: z
      .array(customAttribute)
      .max(50)
      .nullish()
      .describe("Further claims under the original's names, and the roles as jansAdminUIRole"),
    customObjectClasses: z.array(z.string().max(100)).max(20).nullish(),
    oxAuthPersistentJwt: z.array(z.string().max(1000)).max(20).nullish(),
    baseDn: text,
  }),
);
export type CustomUser = z.infer<typeof customUser>;

const userPatch = name(
  "UserPatchRequest",
  z.strictObject({
    jsonPatchString: z
      .string()
      .max(20_000)
      .nullish()
      .describe("A JSON Patch (RFC 6902) as text, over the user"),
    customAttributes: z
      .array(customAttribute)
      .max(50)
      .nullish()
      .describe("Each replaces the attribute of its name; without a value it removes it"),
  }),
);
export type UserPatch = z.infer<typeof userPatch>;

const TAG = "Configuration – User Management";
const BASE = "/mgt/configuser";
const inum = z.object({ inum: pathPart("User identifier") });
const nonLdap = z.object({
  removeNonLDAPAttributes: z.boolean().default(true).describe("Of the original; nothing depends on it here"),
});

export const getUsers = operation({
  id: "get-user",
  method: "GET",
  path: BASE,
  tag: TAG,
  summary: "Gets list of users",
  scope: scopes.usersRead,
  query: z.object({
    ...listQuery,
    pattern: z
      .string()
      .max(200)
      .default("")
      .describe("Search pattern: a part of the username, the name or the email address, in any case"),
    sortBy: z
      .enum(["inum", "userId", "createdAt", "updatedAt"])
      .default("inum")
      .describe("Attribute whose value will be used to order the returned response"),
    fieldValuePair: z
      .string()
      .max(1000)
      .default("")
      .describe("Field and value pair for searching: userId, mail, status or role, such as status=active"),
  }),
  status: 200,
  answer: paged("UserPagedResult", customUser),
});
export const putUser = operation({
  id: "put-user",
  method: "PUT",
  path: BASE,
  tag: TAG,
  summary: "Update User",
  scope: scopes.usersWrite,
  query: nonLdap,
  body: customUser,
  status: 200,
  answer: customUser,
  problems: [404, 409, 412],
  etag: true,
});
export const postUser = operation({
  id: "post-user",
  method: "POST",
  path: BASE,
  tag: TAG,
  summary: "Create new User",
  scope: scopes.usersWrite,
  query: nonLdap,
  body: customUser,
  status: 201,
  answer: customUser,
  etag: true,
});
export const getUser = operation({
  id: "get-user-by-inum",
  method: "GET",
  path: `${BASE}/{inum}`,
  tag: TAG,
  summary: "Get User by Inum",
  scope: scopes.usersRead,
  params: inum,
  status: 200,
  answer: customUser,
  problems: [404],
  etag: true,
});
export const deleteUser = operation({
  id: "delete-user",
  method: "DELETE",
  path: `${BASE}/{inum}`,
  tag: TAG,
  summary: "Delete User",
  scope: scopes.usersDelete,
  params: inum,
  query: z.object({ reason: reason.default("") }),
  status: 204,
  problems: [404, 412],
  etag: true,
});
export const postErasure = operation({
  id: "post-user-erasure",
  method: "POST",
  path: `${BASE}/{inum}/erasure`,
  tag: TAG,
  summary:
    "Erase a person: everything kept about them, and of the audit what names them; also after a removal",
  scope: scopes.usersDelete,
  params: inum,
  status: 200,
  answer: name(
    "UserErasure",
    z.object({ events: z.int().describe("Events of the audit that have lost what named the person") }),
  ),
  problems: [404, 412],
});
export const patchUser = operation({
  id: "patch-user-by-inum",
  method: "PATCH",
  path: `${BASE}/{inum}`,
  tag: TAG,
  summary: "Patch user properties by Inum",
  scope: scopes.usersWrite,
  params: inum,
  query: nonLdap,
  body: userPatch,
  status: 200,
  answer: customUser,
  problems: [404, 409, 412],
  etag: true,
});

/** All of this file, in the order they are listed. */
export const userOperations = [
  getUsers,
  putUser,
  postUser,
  getUser,
  deleteUser,
  postErasure,
  patchUser,
] as const;
