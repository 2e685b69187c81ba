/**
 * A password changed by the person, who shows the present one: bound as they are, so that the directory counts it as
 * theirs. Set by an account of ours it would count as reset, and a policy would ask for yet another one, for ever.
 */
import { PasswordPolicyControl, PasswordPolicyError } from "ldapts";
import type { OwnChange } from "../../../core/directory.ts";
import type { Person } from "./entry.ts";
import { type Link, Refused, unavailable } from "./link.ts";
import { exchanging, isPolicy, MODIFY_PASSWORD, passwordValue, replacing, whyOf } from "./password-wire.ts";
import type { People } from "./people.ts";

/** What Active Directory says of a present password that is wrong, and of one it does not take (MS-ERREF). */
const AD_WRONG = /\b0{4,}56\b/;
const BIND_SAYS_NO = [19, 32, 48, 49, 50, 53];

/** `expired`: the present one is right, and the directory lets nobody in by it, not even to change it. */
export async function changeAsPerson(
  people: People,
  person: Person,
  present: string,
  next: string,
): Promise<OwnChange | { readonly kind: "expired" }> {
  const { servers, config } = people;
  // There nobody who has to change it can bind; whoever knows the present one may have it changed all the same.
  if (config.passwordBy === "unicodePwd")
    return servers.asReader((link) =>
      told(people, link, (to) => to.modify(person.dn, exchanging(present, next))),
    );
  return servers.asNobody(async (link) => {
    const policy = new PasswordPolicyControl();
    try {
      await link.bind(person.dn, present, [policy]);
    } catch (problem) {
      if (!(problem instanceof Refused) || !BIND_SAYS_NO.includes(problem.code)) throw problem;
      return { kind: policy.value?.error === PasswordPolicyError.PasswordExpired ? "expired" : "wrong" };
    }
    return told(people, link, (to, controls) =>
      config.passwordBy === "exop"
        ? to.extended(MODIFY_PASSWORD, passwordValue({ present, next }), controls)
        : to.modify(person.dn, replacing("userPassword", next), controls),
    );
  });
}

async function told(
  { config }: People,
  link: Link,
  act: (link: Link, controls: PasswordPolicyControl[]) => Promise<void>,
): Promise<OwnChange> {
  const policy = new PasswordPolicyControl();
  try {
    await act(link, [policy]);
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    const error = policy.value?.error;
    if (problem.code === 32) return { kind: "unknown-user" };
    if (config.passwordBy === "unicodePwd" && AD_WRONG.test(problem.said)) return { kind: "wrong" };
    // The person may not change it here: the site wants it done elsewhere.
    if (problem.code === 50 || error === PasswordPolicyError.PasswordModNotAllowed)
      return { kind: "kept-elsewhere" };
    if (isPolicy(problem.code) || error !== undefined)
      return { kind: "password-refused", why: whyOf(problem.said) };
    throw unavailable(`directory ${config.name}: a new password got result code ${problem.code}`, problem);
  }
  return { kind: "done" };
}
