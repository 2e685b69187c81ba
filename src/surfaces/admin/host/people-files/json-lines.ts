/** People in lines of JSON: an export of Auth0 (both of its files), and our own form, which is what `users export` writes. */
import { type Bytes, linesOf } from "../../../../kits/interchange/lines.ts";
import { asText, type FoundPhone, fieldOf, isTrue, listOf, type Row } from "./person.ts";

/** Standard claims (OIDC Core §5.1) that a file of ours may name directly. */
export const CLAIMS = [
  "name",
  "given_name",
  "family_name",
  "middle_name",
  "nickname",
  "email",
  "email_verified",
  "birthdate",
  "gender",
  "locale",
  "zoneinfo",
  "website",
  "profile",
  "picture",
  "address",
  "phone_number",
] as const;

/** Reads line by line. */
export async function* peopleOfLines(bytes: Bytes, form: "auth0" | "jsonl"): AsyncGenerator<Row> {
  for await (const { number: line, text, why } of linesOf(bytes)) {
    if (text?.trim() === "") continue;
    const value = text === undefined ? undefined : parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      yield { kind: "fault", line, why: why ?? "is no JSON object" };
    else yield form === "auth0" ? auth0(value, line) : own(value, line);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `user_id` in what its API exports; `_id` and `passwordHash` in the file its support hands out. */
function auth0(user: unknown, line: number): Row {
  const text = (name: string) => asText(fieldOf(user, name));
  const inner = asText(fieldOf(fieldOf(user, "_id"), "$oid")) ?? text("_id");
  const number = text("phone_number");
  return {
    kind: "person",
    line,
    id: text("user_id") ?? (inner === undefined ? undefined : `auth0|${inner}`),
    username: text("username") ?? text("email"),
    hash: text("passwordHash") ?? asText(fieldOf(fieldOf(user, "custom_password_hash"), "hash")),
    active: !isTrue(fieldOf(user, "blocked")),
    claims: {
      email: text("email"),
      email_verified: fieldOf(user, "email_verified") === true,
      name: text("name"),
      given_name: text("given_name"),
      family_name: text("family_name"),
      nickname: text("nickname"),
      picture: text("picture"),
      phone_number: number,
    },
    phones: number === undefined ? [] : [{ number, verified: isTrue(fieldOf(user, "phone_verified")) }],
    createdAt: timeOf(text("created_at")),
    notes: [],
  };
}

const timeOf = (text: string | undefined): number | undefined => {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
};

/** Our own form; CSV has the same names as columns. */
export function own(user: unknown, line: number): Row {
  const text = (name: string) => asText(fieldOf(user, name));
  const claims: Record<string, string | boolean | undefined> = {};
  const given = fieldOf(user, "claims");
  // A site's own claims, as an export of ours has them.
  if (typeof given === "object" && given !== null)
    for (const [name, value] of Object.entries(given))
      if (typeof value === "boolean") claims[name] = value;
      else claims[name] = asText(value);
  for (const name of CLAIMS) claims[name] = text(name) ?? claims[name];
  if (claims.email_verified !== undefined) claims.email_verified = isTrue(claims.email_verified);
  const plain = text("phone");
  const phones: FoundPhone[] = [
    ...listOf(fieldOf(user, "phones")).flatMap((phone) => {
      const number = asText(fieldOf(phone, "number"));
      const verified = isTrue(fieldOf(phone, "verified"));
      return number === undefined ? [] : [{ number, verified }];
    }),
    ...(plain === undefined ? [] : [{ number: plain, verified: isTrue(fieldOf(user, "phone_verified")) }]),
  ];
  claims.phone_number ??= plain;
  const status = text("status");
  const external = text("external_id");
  return {
    kind: "person",
    line,
    id: text("id"),
    username: text("username"),
    hash: text("password_hash"),
    active: status === undefined || /^active$/i.test(status),
    claims,
    phones,
    createdAt: timeOf(text("created_at")),
    ...(external === undefined ? {} : { external: { id: external, client: text("external_client") } }),
    notes:
      listOf(fieldOf(user, "roles")).length === 0
        ? []
        : ["has roles there; give roles here by hand (sallyport user roles)"],
  };
}
