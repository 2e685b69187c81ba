/** What may be changed of a person from here: the password. Everything else is changed where people are kept. */
import { Attribute, BerWriter, Change, PasswordPolicyControl } from "ldapts";
import type { DirectoryWriter, WriteRefusal } from "../../../core/directory.ts";
import type { Secret } from "../../../core/secret.ts";
import type { Subject } from "../../../core/words.ts";
import type { Person } from "./entry.ts";
import { type Link, Refused, unavailable } from "./link.ts";
import { wireForm } from "./password.ts";
import type { People } from "./people.ts";

const MODIFY_PASSWORD = "1.3.6.1.4.1.4203.1.11.1";
const ELSEWHERE: WriteRefusal = { kind: "kept-elsewhere" };
/** What a policy answers with: constraintViolation, unwillingToPerform, insufficientAccessRights (may not change yet). */
const POLICY = [19, 53];

export function createWriter(people: People): DirectoryWriter {
  const elsewhere = async () => ELSEWHERE;

  async function setPassword(id: Subject, password: Secret, ifVersion?: number) {
    const person = await people.byId(id);
    if (person === undefined) return { kind: "unknown-user" } as const;
    if (ifVersion !== undefined && ifVersion !== person.user.version)
      return { kind: "changed-meanwhile" } as const;
    const text = wireForm(password);
    if (text === undefined)
      return { kind: "password-refused", why: "it is empty, too long, or cannot be written." } as const;
    people.forget(id);
    return people.servers.asReader((link) => set(people, link, person, text));
  }

  return {
    add: elsewhere,
    async change(id, { password, ...rest }, ifVersion) {
      if (password === undefined || Object.values(rest).some((value) => value !== undefined))
        return ELSEWHERE;
      const done = await setPassword(id, password, ifVersion);
      if (done.kind !== "done") return done;
      const person = await people.byId(id);
      return person === undefined ? { kind: "unknown-user" } : { kind: "done", user: person.user };
    },
    setPassword,
    rename: elsewhere,
    setStatus: elsewhere,
    setClaims: elsewhere,
    setRoles: elsewhere,
    remove: elsewhere,
  };
}

async function set({ config }: People, link: Link, { dn }: Person, text: string) {
  const policy = new PasswordPolicyControl();
  try {
    if (config.passwordBy === "exop") await link.extended(MODIFY_PASSWORD, passwordValue(dn, text), [policy]);
    else await link.modify(dn, [replacing(config.passwordBy, text)], [policy]);
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    if (problem.code === 32) return { kind: "unknown-user" } as const;
    if (problem.code === 50)
      throw unavailable(
        `directory ${config.name}: ${config.bind_dn ?? "nobody"} may not set passwords; give it the right, or let people change theirs elsewhere`,
        problem,
      );
    if (POLICY.includes(problem.code) || policy.value?.error !== undefined)
      return { kind: "password-refused", why: whyOf(problem.said) } as const;
    throw unavailable(`directory ${config.name}: a new password got result code ${problem.code}`, problem);
  }
  return { kind: "done" } as const;
}

function replacing(type: "userPassword" | "unicodePwd", text: string): Change {
  // Active Directory wants it in quotes and UTF-16 (MS-ADTS §3.1.1.3.1.5).
  const values = type === "unicodePwd" ? [Buffer.from(`"${text}"`, "utf16le")] : [text];
  return new Change({ operation: "replace", modification: new Attribute({ type, values }) });
}

/** The policy's own words, as far as they are words. */
function whyOf(said: string): string {
  const words = said
    .replace(/[\p{C}]/gu, " ")
    .replace(/\s*Code: 0x[0-9a-f]+\s*$/i, "")
    .trim()
    .slice(0, 200);
  return words === "" ? "the directory's policy does not take it." : `the directory says: ${words}`;
}

/** PasswdModifyRequestValue (RFC 3062 §2): whose, and the new one. */
function passwordValue(dn: string, text: string): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeString(dn, 0x80);
  writer.writeString(text, 0x82);
  writer.endSequence();
  return writer.buffer;
}
