/** People in a realm export of Keycloak: one JSON document with `users`, or a list of them. */
import { cutObjects } from "../../../../kits/interchange/json-cut.ts";
import type { Bytes } from "../../../../kits/interchange/lines.ts";
import { asText, type FoundPhone, fieldOf, isTrue, listOf, type Row } from "./person.ts";

const ATTRIBUTES: Readonly<Record<string, string>> = {
  locale: "locale",
  nickname: "nickname",
  middleName: "middle_name",
  birthdate: "birthdate",
  gender: "gender",
  zoneinfo: "zoneinfo",
  website: "website",
  profile: "profile",
  picture: "picture",
};
const PHONES = ["phoneNumber", "phone_number", "mobile", "mobile_number", "phone"];
const VERIFIED = ["phoneNumberVerified", "phone_number_verified", "phone_verified"];

/** Reads person by person. `name`: the list within the document. */
export async function* peopleOfKeycloak(bytes: Bytes, name: string | undefined): AsyncGenerator<Row> {
  for await (const { line, value } of cutObjects(bytes, name)) {
    if (value === undefined)
      yield { kind: "fault", line, why: "this person is no JSON, or larger than 1 MiB" };
    else if (fieldOf(value, "serviceAccountClientId") !== undefined) yield { kind: "other", line };
    else yield personOf(value, line);
  }
}

function personOf(user: unknown, line: number): Row {
  const text = (name: string) => asText(fieldOf(user, name));
  const attributes = fieldOf(user, "attributes");
  const attribute = (name: string) => asText(listOf(fieldOf(attributes, name))[0]);
  const claims: Record<string, string | boolean | undefined> = {
    email: text("email"),
    given_name: text("firstName"),
    family_name: text("lastName"),
  };
  if (fieldOf(user, "emailVerified") !== undefined)
    claims.email_verified = isTrue(fieldOf(user, "emailVerified"));
  for (const [name, claim] of Object.entries(ATTRIBUTES)) claims[claim] = attribute(name);
  const verified = VERIFIED.some((name) => isTrue(attribute(name)));
  const phones: FoundPhone[] = PHONES.flatMap((name) =>
    listOf(fieldOf(attributes, name)).flatMap((value) => {
      const number = asText(value);
      return number === undefined ? [] : [{ number, verified }];
    }),
  );
  claims.phone_number = phones[0]?.number;
  const credentials = listOf(fieldOf(user, "credentials"));
  const password = credentials.find((one) => fieldOf(one, "type") === "password");
  const others = credentials.filter((one) => fieldOf(one, "type") !== "password").length;
  const created = fieldOf(user, "createdTimestamp");
  return {
    kind: "person",
    line,
    id: text("id"),
    username: text("username"),
    hash: password === undefined ? undefined : hashOf(password),
    active: fieldOf(user, "enabled") !== false,
    claims,
    phones,
    createdAt: typeof created === "number" ? created : undefined,
    notes:
      others === 0 ? [] : [`has ${others} further credential(s), which are not taken over (TOTP, passkeys)`],
  };
}

/** Both of Keycloak's shapes: data as text of JSON (`secretData`), and the older fields. An unknown one is named later. */
function hashOf(credential: unknown): string {
  const secret = inner(credential, "secretData");
  const data = inner(credential, "credentialData");
  const tag = asText(fieldOf(secret, "value")) ?? asText(fieldOf(credential, "hashedSaltedValue")) ?? "";
  const salt = asText(fieldOf(secret, "salt")) ?? asText(fieldOf(credential, "salt")) ?? "";
  const algorithm =
    asText(fieldOf(data, "algorithm")) ?? asText(fieldOf(credential, "algorithm")) ?? "pbkdf2";
  const count = fieldOf(data, "hashIterations") ?? fieldOf(credential, "hashIterations");
  const parameters = fieldOf(data, "additionalParameters");
  const parameter = (name: string) => asText(listOf(fieldOf(parameters, name))[0]) ?? "";
  const [, size = "1"] = /^pbkdf2(?:-sha(1|256|512))?$/.exec(algorithm) ?? [];
  const bare = (text: string) => text.replace(/=+$/, "");
  if (algorithm.startsWith("pbkdf2")) return `$pbkdf2-sha${size}$${count}$${bare(salt)}$${bare(tag)}`;
  if (algorithm === "argon2") {
    const version = parameter("version") === "1.0" ? 16 : 19;
    const cost = `m=${parameter("memory")},t=${count},p=${parameter("parallelism")}`;
    return `$argon2${parameter("type") || "id"}$v=${version}$${cost}$${bare(salt)}$${bare(tag)}`;
  }
  return /^(bcrypt|scrypt)$/.test(algorithm) ? tag : `{${algorithm.slice(0, 20)}}`;
}

function inner(credential: unknown, name: string): unknown {
  const value = fieldOf(credential, name);
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
