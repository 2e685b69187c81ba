/** How a new password is said on the wire, and how a refusal of one is read. */
import { Attribute, BerWriter, Change } from "ldapts";

/** Password Modify (RFC 3062). */
export const MODIFY_PASSWORD = "1.3.6.1.4.1.4203.1.11.1";
/** What a policy answers with: constraintViolation, unwillingToPerform. */
const POLICY = [19, 53];

export const isPolicy = (code: number): boolean => POLICY.includes(code);

const change = (operation: "add" | "delete" | "replace", type: string, value: string | Buffer) =>
  new Change({ operation, modification: new Attribute({ type, values: [value] as string[] | Buffer[] }) });

/** Active Directory wants it in quotes and UTF-16 (MS-ADTS §3.1.1.3.1.5). */
const quoted = (text: string) => Buffer.from(`"${text}"`, "utf16le");

/** Sets it, whatever it was. */
export const replacing = (type: "userPassword" | "unicodePwd", text: string): Change[] => [
  change("replace", type, type === "unicodePwd" ? quoted(text) : text),
];

/** Changes it, as whoever knows the present one may (MS-ADTS §3.1.1.3.1.5.2). */
export const exchanging = (present: string, next: string): Change[] => [
  change("delete", "unicodePwd", quoted(present)),
  change("add", "unicodePwd", quoted(next)),
];

/** PasswdModifyRequestValue (RFC 3062 §2): whose (none: of whoever asks), the present one, the new one. */
export function passwordValue(parts: { dn?: string; present?: string; next: string }): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  if (parts.dn !== undefined) writer.writeString(parts.dn, 0x80);
  if (parts.present !== undefined) writer.writeString(parts.present, 0x81);
  writer.writeString(parts.next, 0x82);
  writer.endSequence();
  return writer.buffer;
}

/** The policy's own words, as far as they are words. */
export function whyOf(said: string): string {
  const words = said
    .replace(/[\p{C}]/gu, " ")
    .replace(/\s*Code: 0x[0-9a-f]+\s*$/i, "")
    .replace(/^[0-9A-F]{8}: .*?_restrictions: /, "")
    .trim()
    .slice(0, 200);
  // Active Directory says numbers and the names of its source files (MS-ERREF): nobody is helped by those.
  return words === "" || /\bDSID-/.test(words)
    ? "the directory's policy does not take it."
    : `the directory says: ${words}`;
}
