/** What this server says of its own SCIM (RFC 7643 §5 to §7): static answers. */
import { USER_SCHEMA } from "./resource.ts";

const text = (name: string, more: object = {}) => ({
  name,
  type: "string",
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: "readWrite",
  returned: "default",
  uniqueness: "none",
  ...more,
});
const many = (name: string) => ({
  ...text(name, { type: "complex", multiValued: true }),
  subAttributes: [text("value"), text("type"), text("primary", { type: "boolean" })],
});

/** The User schema, with what is kept here and nothing else. */
const userSchema = (base: string) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
  id: USER_SCHEMA,
  name: "User",
  description: "A person who can sign in",
  attributes: [
    text("userName", { required: true, uniqueness: "server" }),
    {
      ...text("name", { type: "complex" }),
      subAttributes: ["formatted", "familyName", "givenName", "middleName"].map((name) => text(name)),
    },
    ...["displayName", "nickName", "profileUrl", "locale", "timezone"].map((name) => text(name)),
    text("active", { type: "boolean" }),
    text("password", { mutability: "writeOnly", returned: "never" }),
    many("emails"),
    many("phoneNumbers"),
    many("roles"),
  ],
  meta: { resourceType: "Schema", location: `${base}/Schemas/${USER_SCHEMA}` },
});

const userType = (base: string) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
  id: "User",
  name: "User",
  endpoint: "/Users",
  schema: USER_SCHEMA,
  meta: { resourceType: "ResourceType", location: `${base}/ResourceTypes/User` },
});

const serviceProvider = (base: string, mostPerPage: number) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: mostPerPage },
  changePassword: { supported: true },
  sort: { supported: true },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: "oauthbearertoken",
      name: "OAuth 2.0 bearer token",
      description: "An access token of this server with the scopes of the people operations",
      primary: true,
    },
  ],
  meta: { resourceType: "ServiceProviderConfig", location: `${base}/ServiceProviderConfig` },
});

/** List of everything in one answer (RFC 7644 §3.4.2). */
export const listOfAll = (Resources: readonly unknown[], totalResults: number, startIndex = 1) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
  totalResults,
  startIndex,
  itemsPerPage: Resources.length,
  Resources,
});

/** Path below the base → answer. */
export function staticAnswers(base: string, mostPerPage: number): Readonly<Record<string, unknown>> {
  const [schema, type] = [userSchema(base), userType(base)];
  return {
    "/ServiceProviderConfig": serviceProvider(base, mostPerPage),
    "/ResourceTypes": listOfAll([type], 1),
    "/ResourceTypes/User": type,
    "/Schemas": listOfAll([schema], 1),
    [`/Schemas/${USER_SCHEMA}`]: schema,
  };
}
