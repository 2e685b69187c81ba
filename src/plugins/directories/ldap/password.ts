/**
 * Passwords: compared by a bind as the person, never by us; changed by the directory, with its own policy and words. A
 * name that nobody has is compared with the decoy's, so that it costs what a person's costs (P11).
 */
import { PasswordPolicyControl, PasswordPolicyError } from "ldapts";
import type { PasswordCheck } from "../../../core/directory.ts";
import type { Secret } from "../../../core/secret.ts";
import type { Person } from "./entry.ts";
import { Refused, unavailable } from "./link.ts";
import type { People } from "./people.ts";

/** Longer ones are nobody's, and are not sent (P15). */
const LONGEST = 256;
/** Result codes of a bind that say no to this person and this password (RFC 4511 §4.1.9). */
const SAYS_NO = new Set([
  19, // constraintViolation: 389 Directory Server, too many wrong passwords
  32, // noSuchObject
  34, // invalidDNSyntax
  48, // inappropriateAuthentication: an entry without a password
  49, // invalidCredentials
  50, // insufficientAccessRights
  53, // unwillingToPerform: 389 Directory Server, an inactivated account
]);
const CLOSED = new Set([19, 53]);
/** What Active Directory says behind result code 49, in its own numbers (MS-ERREF). */
const AD_MUST_CHANGE = /\bdata (?:532|773)\b/;
const AD_CLOSED = /\bdata (?:533|701|775)\b/;

/** NFC, as keyboards write; undefined: nobody can have it. A NUL would end the password for some servers, perhaps at its beginning. */
export function wireForm(password: Secret): string | undefined {
  const text = password.reveal().normalize("NFC");
  const fits = text !== "" && !text.includes("\0") && text.isWellFormed() && [...text].length <= LONGEST;
  return fits ? text : undefined;
}

/** Compares a password; the entry is read anew unless it was found by this name a moment ago. */
export async function checkPassword(
  people: People,
  username: string,
  password: Secret,
): Promise<PasswordCheck> {
  const person = await people.foundBy(username);
  const text = wireForm(password);
  const verdict = text === undefined ? "wrong" : await compare(people, person, text);
  if (person === undefined) return { kind: "unknown" };
  const { user } = person;
  if (user.status === "disabled" || verdict === "disabled") return { kind: "disabled", user };
  return verdict === "wrong" ? { kind: "wrong" } : { kind: verdict, user };
}

async function compare(
  people: People,
  person: Person | undefined,
  text: string,
): Promise<"right" | "wrong" | "disabled" | "must-change"> {
  const { base, decoy_dn: decoy } = people.config;
  const dn = person?.dn ?? decoy ?? `cn=nobody-${people.config.name},${base}`;
  return people.servers.asNobody(async (link) => {
    const policy = new PasswordPolicyControl();
    try {
      await link.bind(dn, text, [policy]);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (!SAYS_NO.has(problem.code)) throw unavailable(`a bind got result code ${problem.code}`, problem);
      if (policy.value?.error === PasswordPolicyError.PasswordExpired) return "must-change";
      if (problem.code === 49 && AD_MUST_CHANGE.test(problem.said)) return "must-change";
      if (policy.value?.error === PasswordPolicyError.AccountLocked) return "disabled";
      return CLOSED.has(problem.code) || AD_CLOSED.test(problem.said) ? "disabled" : "wrong";
    }
    const { error, graceAuthNsRemaining: grace } = policy.value ?? {};
    // Over, and taken some times more so that it can be changed: this is the time.
    return error === PasswordPolicyError.ChangeAfterReset || grace !== undefined ? "must-change" : "right";
  });
}
