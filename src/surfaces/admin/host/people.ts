/**
 * surfaces/admin/host: commands for whoever owns the data folder of this host: they open the store themselves and need
 * no server. Called by main; every act is audited. They never print a password, a code or a full number.
 */

import type { Audit } from "../../../core/audit.ts";
import type { Authenticators } from "../../../core/authenticators.ts";
import type { Directory, WriteRefusal } from "../../../core/directory.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import { type Notice, type Notices, wasOf } from "../../../core/notices.ts";
import { Secret } from "../../../core/secret.ts";
import type { Clock, Subject } from "../../../core/words.ts";

export interface HostDeps {
  readonly directory: Directory;
  readonly audit: Audit;
  readonly enrolment: Enrolment;
  readonly authenticators: Authenticators;
  readonly notices: Notices;
  readonly now: Clock;
  /** Ends sessions and grants of a person. */
  readonly endAll: (subject: Subject, reason: string) => Promise<unknown>;
  /** Forgets the wrong codes counted against a person. */
  readonly forgetFailures: (subject: Subject) => Promise<void>;
}

/** What a command has to say, and whether it did what it was asked for. */
export interface Said {
  readonly ok: boolean;
  readonly text: string;
}

/** Why a change of a person was not made, in a sentence. */
export const refusalText = (name: string, refusal: WriteRefusal): string => {
  switch (refusal.kind) {
    case "username-taken":
      return `There is a user ${name} already; choose another name.`;
    case "external-id-taken":
      return "Somebody else has this external id.";
    case "username-invalid":
      return `${JSON.stringify(name)} cannot be a username: ${refusal.why}`;
    case "password-refused":
      return `The password was refused: ${refusal.why}`;
    case "role-unknown":
      return `${JSON.stringify(refusal.role)} is no role.`;
    case "changed-meanwhile":
      return `${name} was changed by somebody else at this moment; try again.`;
    case "kept-elsewhere":
      return `${name} is kept in a directory that is changed elsewhere; change it there.`;
    case "unknown-user":
      return `There is no user ${name}.`;
  }
};

/** `sallyport user add NAME`, the password on standard input. */
export async function addUser(
  deps: HostDeps,
  name: string,
  password: string,
  claims: Readonly<Record<string, string>>,
): Promise<Said> {
  if (password === "")
    return {
      ok: false,
      text: "No password came on standard input; pipe it in: sallyport user add NAME < password.txt",
    };
  if (claims.email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(claims.email))
    return { ok: false, text: `${JSON.stringify(claims.email)} is no mail address; nothing was added.` };
  const { write } = deps.directory;
  if (write === undefined)
    return { ok: false, text: "This directory is read-only; add the person where it is kept." };
  const added = await write.add({ username: name, password: new Secret(password), claims });
  if (added.kind !== "done") return { ok: false, text: refusalText(name, added) };
  await deps.audit.append({
    kind: "user-added",
    at: deps.now(),
    subject: added.user.id,
    facts: { by: "host" },
  });
  return { ok: true, text: `Added ${name}.` };
}

/** `sallyport user enrolment NAME --window|--ticket --reason TEXT`: lets a person bind a phone once more. */
export async function openEnrolment(
  deps: HostDeps,
  name: string,
  by: "window" | "ticket",
  reason: string,
  told: Partial<Notice> = {},
): Promise<Said> {
  const user = await deps.directory.find(name);
  if (user === undefined) return { ok: false, text: `There is no user ${name}.` };
  if ((await deps.authenticators.list(user.id, "sms")).length > 0)
    return { ok: false, text: `${name} has a phone; for another one: sallyport user reset-phone ${name}` };
  await deps.audit.append({
    kind: "enrolment-opened",
    at: deps.now(),
    subject: user.id,
    facts: { factor: "sms", by, openedBy: "host", reason },
  });
  await deps.notices.send(user.id, { kind: "access-recovered", ...told });
  if (by === "window") {
    await deps.enrolment.openWindow(user.id, "sms", "host", reason);
    return { ok: true, text: `${name} may bind a phone at the next sign-in, once, within 24 hours.` };
  }
  const ticket = await deps.enrolment.openTicket(user.id, "sms", "host", reason);
  return {
    ok: true,
    text: `Hand this ticket to ${name}; it works once, within 24 hours: ${ticket.reveal()}`,
  };
}

/** `sallyport user disable|enable NAME`. */
export async function setStatus(deps: HostDeps, name: string, status: "active" | "disabled"): Promise<Said> {
  const user = await deps.directory.find(name);
  const { write } = deps.directory;
  if (user === undefined || write === undefined)
    return {
      ok: false,
      text: user === undefined ? `There is no user ${name}.` : "This directory is read-only.",
    };
  await deps.audit.append({
    kind: "user-changed",
    at: deps.now(),
    subject: user.id,
    facts: { status, by: "host" },
  });
  await write.setStatus(user.id, status);
  // Also on enabling: what was open before must not come back to life.
  await deps.endAll(user.id, `the account is ${status}`);
  return {
    ok: true,
    text:
      status === "active" ? `${name} can sign in again.` : `${name} is disabled: no sign-in, no new tokens.`,
  };
}

/**
 * `sallyport user reset-phone NAME --window|--ticket --reason TEXT`: removes the phones of a person, forgets the wrong
 * codes, ends what is open and lets a new phone be bound once. The way back for a lost phone and a disabled factor.
 */
export async function resetPhone(
  deps: HostDeps,
  name: string,
  by: "window" | "ticket",
  reason: string,
): Promise<Said> {
  const user = await deps.directory.find(name);
  if (user === undefined) return { ok: false, text: `There is no user ${name}.` };
  const phones = await deps.authenticators.list(user.id, "sms");
  for (const phone of phones) {
    await deps.audit.append({
      kind: "authenticator-unbound",
      at: deps.now(),
      subject: user.id,
      facts: { factor: "sms", by: "host", reason },
    });
    await deps.authenticators.unbind(phone.id, "host", reason);
  }
  await deps.enrolment.closeAll(user.id, "sms");
  await deps.endAll(user.id, reason);
  await deps.forgetFailures(user.id);
  return openEnrolment(deps, name, by, reason, wasOf(phones));
}

/** `sallyport user erase NAME`; with `--id` the random id of somebody who was removed before. */
export async function eraseUser(
  deps: Pick<HostDeps, "directory"> & {
    readonly erasePerson: (
      subject: Subject,
      by: string,
    ) => Promise<
      | { readonly kind: "erased"; readonly events: number }
      | { readonly kind: "nobody" | "read-only" | "changed-meanwhile" }
    >;
  },
  name: string,
  isId: boolean,
): Promise<Said> {
  const subject = isId ? name : (await deps.directory.find(name))?.id;
  const done = subject === undefined ? undefined : await deps.erasePerson(subject, "host");
  if (done === undefined || done.kind === "nobody")
    return { ok: false, text: `There is no user ${name}${isId ? "" : "; of somebody removed, give --id"}.` };
  if (done.kind === "read-only") return { ok: false, text: "This directory is read-only." };
  if (done.kind !== "erased")
    return { ok: false, text: `${name} was changed by somebody else at this moment; try again.` };
  return {
    ok: true,
    text: `Erased ${name}; ${done.events} events of the audit keep what happened and nothing that names anybody.`,
  };
}
