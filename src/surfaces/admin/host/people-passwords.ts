/** `sallyport user password` and `password-ticket` with `--config FILE`: what the admin API does, for whoever owns the data folder. */
import type { PersonChange } from "../../../core/directory.ts";
import type { PasswordOpenings } from "../../../core/password-openings.ts";
import { Secret } from "../../../core/secret.ts";
import { temporaryPassword } from "../../../core/temporary-password.ts";
import type { NewPassword } from "../cli/host-acts.ts";
import { type HostDeps, refusalText, type Said } from "./people.ts";

export interface HostPasswordDeps
  extends Pick<HostDeps, "directory" | "audit" | "notices" | "now" | "endAll"> {
  readonly passwordOpenings: Pick<PasswordOpenings, "ticket" | "voidAll">;
  readonly config: { readonly issuer: URL };
}

const no = (text: string): Said => ({ ok: false, text });

export async function setPassword(
  deps: HostPasswordDeps,
  name: string,
  wanted: NewPassword,
  reason: string,
): Promise<Said> {
  const user = await deps.directory.find(name);
  const { write } = deps.directory;
  if (user === undefined) return no(`There is no user ${name}.`);
  if (write === undefined)
    return no("This directory is read-only; set the password where the people are kept.");
  if ("password" in wanted && wanted.password === "")
    return no("No password came on standard input; pipe it in: sallyport user password NAME < password.txt");
  const made = wanted.how === "temporary" ? temporaryPassword(deps.now()) : undefined;
  const password = "password" in wanted ? new Secret(wanted.password) : made?.password;
  const change: PersonChange = {
    ...(password === undefined ? {} : { password }),
    mustChange: made?.until ?? wanted.how !== "final",
  };
  await deps.audit.append({
    kind: "user-changed",
    at: deps.now(),
    subject: user.id,
    facts: { by: "host", changed: Object.keys(change), reason },
  });
  const done = await write.change(user.id, change, user.version);
  if (done.kind !== "done") return no(refusalText(name, done));
  if (password === undefined) return { ok: true, text: `${name} sets another password at the next sign-in.` };
  await deps.endAll(user.id, "new password");
  await deps.passwordOpenings.voidAll(user.id);
  await deps.notices.send(user.id, { kind: "password-changed" });
  return {
    ok: true,
    text:
      made === undefined
        ? `The password of ${name} is set${wanted.how === "final" ? "" : " and has to be changed at the next sign-in"}; every session of theirs has ended.`
        : `Hand this password to ${name}; it is good for 72 hours, to set another one: ${made.password.reveal()}`,
  };
}

/** A ticket with which the person, and the second factor they have, set a new password, once. */
export async function passwordTicket(deps: HostPasswordDeps, name: string, reason: string): Promise<Said> {
  const { directory } = deps;
  const user = await directory.find(name);
  if (user === undefined) return no(`There is no user ${name}.`);
  if (user.status !== "active") return no(`${name} is disabled; sallyport user enable ${name} comes first.`);
  if (directory.keptElsewhere?.(user.id) === true && directory.mayReset?.(user.id) !== true)
    return no(`${name} is kept in a directory that is changed elsewhere; set the password there.`);
  await deps.audit.append({
    kind: "password-ticket",
    at: deps.now(),
    subject: user.id,
    facts: { by: "host", reason },
  });
  const { ticket } = await deps.passwordOpenings.ticket(user, "host");
  await deps.notices.send(user.id, { kind: "password-ticket" });
  const url = new URL("/forgotten/ticket", deps.config.issuer).href;
  return {
    ok: true,
    text: `Hand this ticket to ${name}; it works once, within an hour, at ${url}: ${ticket.reveal()}`,
  };
}
