/** What a file says of a person, turned into a person this server can have, or into what is wrong with it. */
import { createHash } from "node:crypto";
import type { IncomingPerson } from "../../../../core/bulk-people.ts";
import { type ExternalId, isExternalId } from "../../../../core/external-id.ts";
import type { PhoneNumber } from "../../../../core/secret.ts";
import { usernameFault, usernameKey } from "../../../../core/username.ts";
import { takeHash } from "../../../../kits/password/foreign.ts";
import type { AllowedCountries, Phones } from "../../../../kits/phone/phones.ts";
import type { Found, FoundPhone } from "./person.ts";

/** `verified`: only where the file says so; `trust`: whoever runs this answers for all of them; `none`: nobody's. */
export type PhoneRule = "verified" | "trust" | "none";

export interface CheckDeps {
  readonly phones: Phones;
  readonly countries: AllowedCountries;
  readonly rule: PhoneRule;
  /** Of numbers in national form. */
  readonly country?: string | undefined;
}

/** A person who can be taken in. `notes`: what is not as in the file. */
export interface Checked {
  readonly line: number;
  readonly person: IncomingPerson;
  readonly phone?: { readonly number: PhoneNumber; readonly country: string } | undefined;
  readonly notes: readonly string[];
}

const LONGEST_CLAIM = 1000;
const MOST_CLAIMS = 50;
/** OIDC Core §2: at most 255 ASCII characters; what a URL path or a DN would read otherwise is left out. */
const ID = /^[A-Za-z0-9@!._:|=+~-]{1,200}$/;
/** What tokens say by themselves: no file may say it (T13). */
const OURS =
  /^(sub|iss|aud|exp|iat|nbf|jti|nonce|acr|amr|azp|auth_time|at_hash|c_hash|sid|roles|user_name|updated_at|phone_number_verified|__proto__)$/;
const WHY_NOT = {
  invalid: "is no telephone number",
  "not-mobile": "cannot receive texts",
  "country-not-allowed": "is of a country that the settings do not allow",
} as const;

/** The id of somebody who has none in the file: the same for the same name, so that a second run finds them. */
function idOfName(username: string): string {
  const hex = createHash("sha256")
    .update(`sallyport import\0${usernameKey(username)}`)
    .digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Checks one person; text: why they cannot be taken in. */
export function checkPerson(found: Found, deps: CheckDeps): Checked | string {
  const { line, username, id = username === undefined ? "" : idOfName(username) } = found;
  if (username === undefined) return "has no username";
  const fault = usernameFault(username);
  if (fault !== undefined) return `username: ${fault}`;
  if (!ID.test(id)) return `the id ${JSON.stringify(id.slice(0, 40))} cannot be a sub claim`;
  const notes = [...found.notes];
  const claims = claimsOf(found.claims, notes);
  const taken = found.hash === undefined ? undefined : takeHash(found.hash);
  if (taken === undefined) notes.push("has no password; set one, or let it be set");
  else if ("why" in taken) notes.push(`${taken.why}; the person needs a new password`);
  const { createdAt } = found;
  const made =
    createdAt !== undefined && createdAt > 0 && createdAt < 4e12 ? Math.floor(createdAt) : undefined;
  return {
    line,
    person: {
      id,
      username,
      hash: taken !== undefined && "hash" in taken ? taken.hash : undefined,
      status: found.active ? "active" : "disabled",
      claims,
      createdAt: made,
      external: externalOf(found.external, notes),
    },
    phone: phoneOf(found.phones, deps, notes),
    notes,
  };
}

function externalOf(given: Found["external"], notes: string[]): ExternalId | undefined {
  if (given === undefined) return undefined;
  const { id, client } = given;
  if (client !== undefined && isExternalId(id) && isExternalId(client)) return { id, client };
  notes.push(
    client === undefined
      ? "external_id is left out: external_client has to say whose name it is"
      : "external_id is left out: it, or external_client, is longer than 300 characters or no text",
  );
  return undefined;
}

function claimsOf(given: Found["claims"], notes: string[]): IncomingPerson["claims"] {
  const claims: [string, string | boolean][] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === "") continue;
    const isText = typeof value === "string";
    if (!/^[A-Za-z_][\w:./-]{0,99}$/.test(name) || OURS.test(name))
      notes.push(`the claim ${JSON.stringify(name.slice(0, 40))} is left out: it cannot be given by a file`);
    else if (isText && (value.length > LONGEST_CLAIM || !value.isWellFormed() || value.includes("\0")))
      notes.push(`${name} is left out: it is longer than ${LONGEST_CLAIM} characters or no text`);
    else if (name === "email" && !/^[^@\s]+@[^@\s]+$/.test(String(value)))
      notes.push("email is left out: it is no mail address");
    else if (claims.length >= MOST_CLAIMS) notes.push(`${name} is left out: there are too many claims`);
    else claims.push([name, value]);
  }
  return Object.fromEntries(claims);
}

/** The first number that may be bound; every one that could have been and is not is named by its last digits. */
function phoneOf(all: readonly FoundPhone[], deps: CheckDeps, notes: string[]): Checked["phone"] {
  if (deps.rule === "none") return undefined;
  const wanted = all.filter(({ verified }) => verified || deps.rule === "trust");
  for (const { number, bare } of wanted.slice(0, 20)) {
    const { country, countries: allowedCountries, phones } = deps;
    const given = number.trim();
    const international = /^\d{7,15}$/.test(given) ? [`+${given}`] : [];
    let why: keyof typeof WHY_NOT | undefined;
    for (const text of bare === true ? [...international, given] : [given, ...international]) {
      const parsed = phones.parse(text, { country, allowedCountries });
      if (parsed.kind === "number") return { number: parsed.number, country: parsed.country };
      // Of two readings the one that is a number says more.
      if (why === undefined || why === "invalid") why = parsed.reason;
    }
    notes.push(`the phone ending in ${given.slice(-2)} is not bound: it ${WHY_NOT[why ?? "invalid"]}`);
  }
  if (wanted.length === 0 && all.length > 0)
    notes.push("has a phone that nobody has verified; it is not bound (--phones trust would)");
  return undefined;
}
