/** What may be changed of a person from here: the password. Everything else is changed where people are kept. */
import { PasswordPolicyControl } from "ldapts";
import type { DirectoryWriter, WriteRefusal } from "../../../core/directory.ts";
import type { Secret } from "../../../core/secret.ts";
import type { Subject } from "../../../core/words.ts";
import type { Person } from "./entry.ts";
import { type Link, Refused, unavailable } from "./link.ts";
import { changeAsPerson } from "./own-password.ts";
import { wireForm } from "./password.ts";
import { isPolicy, MODIFY_PASSWORD, passwordValue, replacing, whyOf } from "./password-wire.ts";
import type { People } from "./people.ts";

const ELSEWHERE: WriteRefusal = { kind: "kept-elsewhere" };
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
    async changeOwn(id, present, next) {
      const person = await people.byId(id);
      if (person === undefined) return { kind: "unknown-user" };
      const texts = { present: wireForm(present), next: wireForm(next) };
      if (texts.present === undefined) return { kind: "wrong" };
      if (texts.next === undefined)
        return { kind: "password-refused", why: "it is empty, too long, or cannot be written." };
      people.forget(id);
      const done = await changeAsPerson(people, person, texts.present, texts.next);
      // So long over that the person can change nothing any more, and right all the same: it is done for them.
      return done.kind === "expired" ? setPassword(id, next) : done;
    },
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
    if (config.passwordBy === "exop")
      await link.extended(MODIFY_PASSWORD, passwordValue({ dn, next: text }), [policy]);
    else await link.modify(dn, replacing(config.passwordBy, text), [policy]);
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    if (problem.code === 32) return { kind: "unknown-user" } as const;
    if (problem.code === 50)
      throw unavailable(
        `directory ${config.name}: ${config.bind_dn ?? "nobody"} may not set passwords; give it the right, or let people change theirs elsewhere`,
        problem,
      );
    if (isPolicy(problem.code) || policy.value?.error !== undefined)
      return { kind: "password-refused", why: whyOf(problem.said) } as const;
    throw unavailable(`directory ${config.name}: a new password got result code ${problem.code}`, problem);
  }
  return { kind: "done" } as const;
}
